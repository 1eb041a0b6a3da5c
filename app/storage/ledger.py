"""The ledger: the one module that writes.

Every write is one revision in one transaction. A row that changes or goes is first copied into
the history of its table with the revision that ends it; the database refuses any other way.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from sqlalchemy import Connection, Select, delete, exists, insert, literal, or_, select
from sqlalchemy.engine import Dialect

from app.kit.memory import cycles_left_alone
from app.storage import batches
from app.storage.aside import ForeignKeysAside, IndexesAside
from app.storage.batches import BATCH, MEMBER_COLUMNS, Batch, Form, Values, in_batches
from app.storage.batches import StoredRow as StoredRow  # noqa: PLC0414  (part of what this offers)
from app.storage.records import (
    LEDGER,
    LedgerTable,
    ReplacementRecord,
    RevisionRecord,
    WriteLockRecord,
)
from app.storage.references import References, named_beside
from app.storage.refusals import LedgerRefusal, RepeatedKey, ReplacedKey, listed
from app.storage.replacements import (
    Replaced,
    all_replaced,
    come_back,
    redirected,
    referring,
    replacement,
)
from app.storage.revisions import newest_revision
from app.storage.versions import versions

_revisions = RevisionRecord.__table__
_COUNTED_FROM = 10_000


class Writing:
    """One revision in the making. Its number is taken when its turn to write has come.

    One that is alone with its server, as is said of it, may have others wait.
    """

    def __init__(self, connection: Connection, *, is_alone: bool = False) -> None:
        lock = WriteLockRecord.__table__
        connection.execute(select(lock.c.id).with_for_update())
        ((number, self._last_recorded_at),) = newest_revision(connection.dialect).fetch(
            connection, {}
        )
        self.revision: int = number + 1
        self.added = self.changed = self.removed = 0
        self._connection = connection
        self._is_alone = is_alone and connection.dialect.name == "postgresql"
        self._foreign_keys = ForeignKeysAside(connection) if self._is_alone else None
        self._touched: dict[str, LedgerTable] = {}
        self._left_alone: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._references = References(connection, self.revision)

    @property
    def differs(self) -> bool:
        """Whether anything came to be different, so that there will be a revision."""
        return bool(self._touched)

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
                raise LedgerRefusal(f"{table.name}: there is no {listed(missing)} to remove")
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
        if self._connection.scalar(select(exists().where(table.history.c.id == new))):
            raise LedgerRefusal(f"{table.name}: {new} was the key of a row that went")
        renamed = redirected({**rows[old], "id": new}, table, {table.name: {old: new}})
        self.put(table, [renamed])
        self._move({table.name: {old: new}})

    def note_replaced(self, replaced: Replaced) -> None:
        """Let keys have been replaced by others, which have rows here, as another database says.

        A row that is still here under such an old key is removed, and every row that refers to it
        refers to the other. What is known already changes nothing. Raises ReplacedKey where it is
        known otherwise, or where this revision has written a row under an old key or one that
        refers to it; LedgerRefusal where there is no row to go on under.
        """
        unknown = {name: self._not_noted(LEDGER[name], keys) for name, keys in replaced.items()}
        for name, keys in unknown.items():
            there = self.with_rows(LEDGER[name], keys.values()) - keys.keys()
            if missing := sorted(set(keys.values()) - there):
                raise LedgerRefusal(f"{name}: there is no {listed(missing)} to replace another")
        try:
            self._move(unknown)
        except RepeatedKey as again:
            told = f"{again}, where a key that was replaced still has a row or is named"
            raise ReplacedKey(told) from None
        for name, known in replaced.items():
            for old, new in known.items():
                gone = replacement(self._connection, LEDGER[name], old, self.revision)
                if gone != new:
                    raise ReplacedKey(f"{name}: {old} was replaced by {gone}, not by {new}")

    def _not_noted(self, table: LedgerTable, keys: Mapping[str, str]) -> dict[str, str]:
        """Return those of the keys, with what replaced each, that were not replaced here."""
        here = self._connection, table
        return {old: new for old, new in keys.items() if not replacement(*here, old, self.revision)}

    def with_rows(self, table: LedgerTable, ids: Iterable[str]) -> set[str]:
        """Return those of the keys that have a row."""
        return {key for some in in_batches(ids) for key in self._present(table, ("id",), some)}

    def _move(self, replaced: Replaced) -> None:
        """Remove the rows of old keys, let what refers to them refer to the new, and note it."""
        moved: dict[str, dict[str, str]] = {}
        for name, keys in replaced.items():
            there = sorted(self.with_rows(LEDGER[name], keys))
            moved[name] = {old: keys[old] for old in there}
            self.remove(LEDGER[name], there)
        for name, keys in moved.items():
            for old, table in product(keys, LEDGER.values()):
                query = referring(table, LEDGER[name], old)
                while query is not None and (found := self._some(query)):
                    self.put(table, [redirected(row, table, moved) for row in found])
        for name, keys in replaced.items():
            same = {"resource": name, "revision": self.revision}
            for some in in_batches(keys.items()):
                self._connection.execute(
                    insert(ReplacementRecord),
                    [{**same, "id": old, "replaced_by": new} for old, new in some],
                )
                self._touched[name] = LEDGER[name]

    def rows(
        self, table: LedgerTable, columns: Sequence[str], *, source: str | None = None
    ) -> Iterator[StoredRow]:
        """Yield columns of the current rows, or of those of a source, as they are by now."""
        query = select(*(table.current.c[name] for name in columns))
        if source is not None:
            query = query.where(table.current.c.source == source)
        for row in self._connection.execute(query).mappings():
            yield dict(row)

    def versions(self, table: LedgerTable, key: str) -> list[StoredRow]:
        """Return the versions of a row before this revision, each with the `origin` of its own."""
        return versions(self._connection, table, key)

    def replaced(self) -> Replaced:
        """Return the keys that were replaced before this revision, by the name of their table."""
        here = self._connection
        found = {name: all_replaced(here, LEDGER[name], self.revision - 1) for name in LEDGER}
        return {name: keys for name, keys in found.items() if keys}

    def keys_of_others(self, table: LedgerTable, source: str) -> frozenset[str]:
        """Return the keys of the rows that other sources than one state."""
        rows = table.current.c
        others = or_(rows.source < source, rows.source > source)  # as an index has it
        return frozenset(self._connection.scalars(select(rows.id).where(others)))

    def named_beside(self, table: LedgerTable, ids: Collection[str]) -> set[str]:
        """Return those of the keys that would be missed, were the rows of all of them removed.

        Others name them, or rows that would stay for this reason themselves.
        """
        return named_beside(self._connection, table, ids)

    def of_other_origins(self, table: LedgerTable, ids: Iterable[str], origin: str) -> set[str]:
        """Return those of the keys whose rows came by other origins, and never by this one.

        Under the keys, too, that these replaced.
        """
        now = {key: key for key in ids}
        replaced = all_replaced(self._connection, table, self.revision)
        now |= {old: new for old, new in replaced.items() if new in now}
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for some, rows in product(in_batches(now), (table.current, table.history)):
            query = select(rows.c.id, _revisions.c.origin).distinct()
            known = query.join(_revisions, _revisions.c.id == rows.c.revision).where(
                rows.c.id.in_(some), _revisions.c.origin.is_not(None)
            )
            for key, came_by in self._connection.execute(known):
                found[came_by == origin].add(now[key])
        return found[False] - found[True]

    def knows_origin(self, origin: str) -> bool:
        """Return whether a revision of this origin has been recorded before."""
        query = select(exists().where(_revisions.c.origin == origin))
        return bool(self._connection.scalar(query))

    def record(
        self, *, author: str, message: str, origin: str | None, now: Callable[[], str]
    ) -> None:
        """End the revision: prove its references and enter it in the list of revisions.

        `origin` names what it was loaded from, such as a pack; `now` is asked late, so that little
        is between the instant it gives and the moment that others see it.

        Raises DanglingReference; then nothing of the revision may be committed.
        """
        if self.differs:
            self._references.prove(self._touched.values(), is_removed=self.removed > 0)
            for table in self._touched.values():
                if key := self._connection.scalar(come_back(table, self.revision).limit(1)):
                    self._refuse_replaced(table, key)
            self._enter(author=author, message=message, origin=origin, recorded_at=now())
        if self._foreign_keys:
            self._foreign_keys.put_back()

    def _enter(self, *, author: str, message: str, origin: str | None, recorded_at: str) -> None:
        """Enter the revision in the list of revisions."""
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
            self._references.note(table, columns, (*added, *changed), links)
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
            raise RepeatedKey(table.name, sorted(keys))

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
