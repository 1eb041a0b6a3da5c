"""The ledger: the one module that writes.

Every write is one revision in one transaction. A row that changes or goes is first copied into
the history of its table with the revision that ends it; the database refuses any other way.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, delete, exists, insert, literal, select
from sqlalchemy.engine import Dialect

from app.kit.memory import cycles_left_alone
from app.storage import batches
from app.storage.aside import ForeignKeysAside, IndexesAside
from app.storage.batches import Batch, Form, Values
from app.storage.batches import StoredRow as StoredRow  # noqa: PLC0414  (part of what this offers)
from app.storage.records import (
    LEDGER,
    LedgerTable,
    ReplacementRecord,
    RevisionRecord,
    WriteLockRecord,
)
from app.storage.replacements import come_back, redirected, referring, replacement

Item = TypeVar("Item")

BATCH = 10_000
"""How many rows are written at once."""

MEMBER_COLUMNS = ("id", "position", "member")
"""The columns of the tables of members, without the revision."""

_COUNTED_FROM = 10_000
_NAMED_AT_MOST = 20
_NOTED_AT_MOST = 100_000


class LedgerRefusal(Exception):
    """Something that may not be written. The message says what, in one sentence."""


class RepeatedKey(LedgerRefusal):
    """The same key was written twice in one revision."""


class DanglingReference(LedgerRefusal):
    """A row names another one that does not exist."""


class ReplacedKey(LedgerRefusal):
    """A row comes under a key that was replaced by another, and so never has a row again."""


class Writing:
    """One revision in the making. Its number is taken when its turn to write has come.

    One that is alone with its server, as is said of it, may have others wait.
    """

    def __init__(self, connection: Connection, *, is_alone: bool = False) -> None:
        lock = WriteLockRecord.__table__
        connection.execute(select(lock.c.id).with_for_update())
        newest = select(RevisionRecord.id, RevisionRecord.recorded_at)
        newest = newest.order_by(RevisionRecord.id.desc()).limit(1)
        number, self._last_recorded_at = connection.execute(newest).one()
        self.revision: int = number + 1
        self.added = self.changed = self.removed = 0
        self._connection = connection
        self._is_alone = is_alone and connection.dialect.name == "postgresql"
        self._foreign_keys = ForeignKeysAside(connection) if self._is_alone else None
        self._touched: dict[str, LedgerTable] = {}
        self._left_alone: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._named: defaultdict[str, set[str | None]] = defaultdict(set)

    @property
    def dialect(self) -> Dialect:
        """How the database that it writes to speaks."""
        return self._connection.dialect

    def put(self, table: LedgerTable, rows: Iterable[StoredRow]) -> None:
        """Add the rows, or change those whose key is there already; equal rows stay as they are.

        Raises RepeatedKey where a key comes twice.
        """
        form = Form(self._connection.dialect, table)
        self.put_batches(table, map(form.batch, in_batches(rows)))

    def put_batches(self, table: LedgerTable, made: Iterable[Batch]) -> None:
        """Do the same with rows that have been brought into the form in which they are stored."""
        self.put_tables((table, batch) for batch in made)

    def put_tables(self, made: Iterable[tuple[LedgerTable, Batch]]) -> None:
        """Do the same with batches of several tables, in the order in which they come.

        What others name goes before those that name it, or the database searches for these as
        each comes.
        """
        tables: dict[str, tuple[LedgerTable, tuple[str, ...], IndexesAside]] = {}
        with cycles_left_alone():
            for table, batch in made:
                if table.name not in tables:
                    columns = Form(self._connection.dialect, table).columns
                    indexes = IndexesAside(self._connection, table.name, is_alone=self._is_alone)
                    tables[table.name] = table, columns, indexes
                _, columns, indexes = tables[table.name]
                if batch.values:
                    growing = tables.keys() - {table.name}
                    refers = {column for _, column, to in table.references() if to in growing}
                    indexes.after(self._put_batch(table, columns, batch), refers)
        for table, _, indexes in tables.values():
            indexes.put_back()
            if indexes.written >= _COUNTED_FROM:
                batches.count_anew(self._connection, table)
            self._refuse_left_alone_twice(table)

    def remove(self, table: LedgerTable, ids: Iterable[str]) -> None:
        """Remove the rows of these keys.

        Raises RepeatedKey where a key comes twice, LedgerRefusal for a key that has no row.
        """
        for batch in in_batches(ids):
            present = self._present(table, ("id", "revision"), batch)
            self._refuse_repeated(table, batch, present)
            self._left_alone[table.name].extend(map(hash, batch))
            self._refuse_left_alone_twice(table)
            if missing := sorted(set(batch) - present.keys()):
                raise LedgerRefusal(f"{table.name}: there is no {_named(missing)} to remove")
            self._supersede(table, batch)
            self._connection.execute(delete(table.current).where(table.current.c.id.in_(batch)))
            self.removed += len(batch)
            self._touched.update(LEDGER)

    def rename(self, table: LedgerTable, old: str, new: str) -> None:
        """Let a row go on under another key, and every row that refers to it refer to that one.

        The old key is removed and never has a row again. Raises LedgerRefusal where there is no
        row to rename, or the new key has or had one; RepeatedKey where this revision has written
        the row, or one that refers to it, already.
        """
        current = table.current
        found = self._some(select(current).where(current.c.id.in_((old, new))))
        rows = {row["id"]: row for row in found}
        if old not in rows:
            gone = replacement(self._connection, table, old, self.revision)
            where = f": it was replaced by {gone}" if gone else ""
            raise LedgerRefusal(f"{table.name}: there is no {old} to rename{where}")
        if new in rows:
            same = "is its key already" if new == old else "is the key of another row"
            raise LedgerRefusal(f"{table.name}: {new} {same}")
        self._refuse_replaced(table, new)
        renamed = redirected({**rows[old], "id": new}, table, table, old, new)
        self.put(table, [renamed])
        for other in LEDGER.values():
            query = referring(other, table, old)
            while query is not None and (found := self._some(query)):
                self.put(other, [redirected(row, other, table, old, new) for row in found])
        self.remove(table, [old])
        place = {"resource": table.name, "id": old, "replaced_by": new}
        self._connection.execute(insert(ReplacementRecord), {**place, "revision": self.revision})

    def rows(self, table: LedgerTable, columns: Sequence[str]) -> Iterator[StoredRow]:
        """Yield columns of the current rows, as they are at this point of the revision."""
        query = select(*(table.current.c[name] for name in columns))
        for row in self._connection.execute(query).mappings():
            yield dict(row)

    def keys_of_others(self, table: LedgerTable, ids: Sequence[str], source: str) -> set[str]:
        """Return those of the keys whose rows are what another source states."""
        stated = batches.find(self._connection, table.name, ("id", "source"), ids)
        return {key for key, found in stated.values() if found != source}

    def knows_origin(self, origin: str) -> bool:
        """Return whether a revision of this origin has been recorded before."""
        query = select(exists().where(RevisionRecord.origin == origin))
        return bool(self._connection.scalar(query))

    def record(self, *, author: str, message: str, origin: str | None, recorded_at: str) -> None:
        """End the revision: prove its references and enter it in the list of revisions.

        `origin` names what it was loaded from, such as a pack.

        Raises DanglingReference; then nothing of the revision may be committed.
        """
        if self._touched:
            self._prove_references()
            self._enter(author=author, message=message, origin=origin, recorded_at=recorded_at)
        if self._foreign_keys:
            self._foreign_keys.put_back()

    def _enter(self, *, author: str, message: str, origin: str | None, recorded_at: str) -> None:
        """Enter the revision in the list of revisions."""
        for table in self._touched.values():
            if key := self._connection.scalar(come_back(table, self.revision).limit(1)):
                self._refuse_replaced(table, key)
        self._connection.execute(
            insert(RevisionRecord),
            {
                "id": self.revision,
                # Revisions are in order of time too, where the clock of a machine is behind.
                "recorded_at": max(recorded_at, self._last_recorded_at),
                "author": author,
                "message": message,
                "origin": origin,
                "added": self.added,
                "changed": self.changed,
                "removed": self.removed,
            },
        )

    def _put_batch(self, table: LedgerTable, columns: Sequence[str], batch: Batch) -> int:
        """Write what differs of a batch; return how many rows that is."""
        keys = [row[0] for row in batch.values]
        present = self._present(table, (*columns, "revision"), keys)
        self._refuse_repeated(table, keys, present)
        added, changed = batch.values, list[Values]()
        if present:
            changed = [row for row in added if row[0] in present and present[row[0]][:-1] != row]
            added = [row for row in added if row[0] not in present]
        if changed:
            self._supersede(table, [row[0] for row in changed])
        for write, rows in ((batches.update, changed), (batches.insert, added)):
            write(self._connection, table.name, columns, rows, self.revision)
        count = len(added) + len(changed)
        written = None if count == len(keys) else {row[0] for row in (*added, *changed)}
        if count:
            links = self._add_members(table, batch, written)
            self._note_references(table, columns, (*added, *changed), links)
            self._touched[table.name] = table
            self.added += len(added)
            self.changed += len(changed)
        if written is not None:
            self._left_alone[table.name].extend(hash(key) for key in keys if key not in written)
        return count

    def _present(
        self, table: LedgerTable, columns: Sequence[str], ids: Sequence[str]
    ) -> dict[str, Values]:
        return batches.find(self._connection, table.name, columns, ids)

    def _refuse_repeated(
        self, table: LedgerTable, ids: Sequence[str], present: Mapping[str, Values]
    ) -> None:
        """Raise RepeatedKey for keys that come twice here, or were written in this revision."""
        again = {key for key, following in pairwise(sorted(ids)) if key == following}
        again |= {key for key, row in present.items() if row[-1] == self.revision}
        self._refuse_again(table, again)

    def _refuse_left_alone_twice(self, table: LedgerTable) -> None:
        """Raise RepeatedKey for keys whose rows were left as they are, and that came again.

        Of a million such keys only their hashes are kept. Where two are the same, the rows that
        have this hash are looked up: where there are fewer of them, one came twice.
        """
        counts = Counter(
            number
            for number, following in pairwise(sorted(self._left_alone[table.name]))
            if number == following
        )
        if not counts:
            return
        keys: defaultdict[int, list[str]] = defaultdict(list)
        for key in self._connection.scalars(select(table.current.c.id)):
            if hash(key) in counts:
                keys[hash(key)].append(key)
        again = [keys[number] for number, more in counts.items() if more >= len(keys[number])]
        self._refuse_again(table, {key for of_one in again for key in of_one})

    def _refuse_again(self, table: LedgerTable, keys: set[str]) -> None:
        if keys:
            raise RepeatedKey(f"{table.name}: {_named(sorted(keys))} comes more than once")

    def _some(self, query: Select[Any]) -> list[StoredRow]:
        """Return some rows of a query, as `put` takes them."""
        rows = self._connection.execute(query.limit(BATCH)).mappings()
        return [{name: row[name] for name in row if name != "revision"} for row in rows]

    def _refuse_replaced(self, table: LedgerTable, key: str) -> None:
        if gone := replacement(self._connection, table, key, self.revision):
            raise ReplacedKey(f"{table.name}: {key} was replaced by {gone} and does not come back")

    def _supersede(self, table: LedgerTable, ids: Sequence[str]) -> None:
        """Copy rows and their members into history; take the members out of the current ones."""
        ended = select(*table.current.c, literal(self.revision)).where(table.current.c.id.in_(ids))
        columns = [column.name for column in table.history.c]
        self._connection.execute(insert(table.history).from_select(columns, ended))
        for members in table.members.values():
            of_these = members.current.c.id.in_(ids)
            copied = insert(members.history).from_select(
                [column.name for column in members.history.c],
                select(*members.current.c).where(of_these),
            )
            self._connection.execute(copied)
            self._connection.execute(delete(members.current).where(of_these))

    def _add_members(
        self, table: LedgerTable, batch: Batch, written: set[str] | None
    ) -> dict[str, list[Values]]:
        """Enter the members of rows of a batch, of those of these keys or of all; return them."""
        entered: dict[str, list[Values]] = {}
        for name, members in table.members.items():
            links = batch.members[name]
            if written is not None:
                links = [link for link in links if link[0] in written]
            into = members.current.name
            batches.insert(self._connection, into, MEMBER_COLUMNS, links, self.revision)
            entered[into] = links
        return entered

    def _note_references(
        self,
        table: LedgerTable,
        columns: Sequence[str],
        rows: Sequence[Values],
        links: Mapping[str, Sequence[Values]],
    ) -> None:
        """Take note of the keys that rows and their members name, while those are not too many."""
        for source, column, target in table.references():
            named = self._named[target]
            if len(named) < _NOTED_AT_MOST:
                of_rows = source is table.current
                found = rows if of_rows else links[source.name]
                place = (columns if of_rows else MEMBER_COLUMNS).index(column)
                named.update(map(itemgetter(place), found))

    def _are_there(self) -> bool:
        """Return whether it is certain that all rows that were named are there."""
        if self.removed:
            return False
        for target, named in self._named.items():
            if len(named) >= _NOTED_AT_MOST:
                return False
            for keys in in_batches(key for key in named if key is not None):
                if len(self._present(LEDGER[target], ("id",), keys)) < len(keys):
                    return False
        return True

    def _prove_references(self) -> None:
        if self._are_there():
            return
        for table in self._touched.values():
            for source, column, target in table.references():
                keys = LEDGER[target].current.alias().c.id
                named = source.c[column]
                query = select(source.c.id, named).where(
                    named.is_not(None), ~exists().where(keys == named)
                )
                if not self.removed:
                    query = query.where(source.c.revision == self.revision)
                found = self._connection.execute(query.limit(_NAMED_AT_MOST)).all()
                if found:
                    missing = [f"{key} -> {name}" for key, name in found]
                    raise DanglingReference(
                        f"{table.name}: {source.name}.{column} names {target} that do not exist: "
                        f"{', '.join(missing)}"
                    )


def _named(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED_AT_MOST} more" if len(keys) > _NAMED_AT_MOST else ""
    return ", ".join(keys[:_NAMED_AT_MOST]) + more


def in_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Yield the items in lists of as many as are written at once."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
