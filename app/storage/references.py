"""The references of what a revision writes, and the proof that the rows are there that it names."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter

from sqlalchemy import Connection, exists, select

from app.storage import batches
from app.storage.batches import MEMBER_COLUMNS, Values, in_batches
from app.storage.records import LEDGER, LedgerTable
from app.storage.refusals import NAMED_AT_MOST, DanglingReference

_NOTED_AT_MOST = 100_000


def named_beside(connection: Connection, table: LedgerTable, ids: Collection[str]) -> set[str]:
    """Return those of the keys of a table that rows name which are not of the same keys.

    Or rows of such a key that is named by others itself.
    """
    namers: defaultdict[str, list[str | None]] = defaultdict(list)
    for one in LEDGER.values():
        for source, column, target in one.references():
            if target != table.name:
                continue
            named = source.c[column]
            for some in in_batches(ids):
                query = select(named, source.c.id).where(named.in_(some))
                for key, namer in connection.execute(query):
                    namers[key].append(namer if one is table else None)
    missed = set[str]()
    before = None
    while before != len(missed):
        before = len(missed)
        missed.update(
            key
            for key, of_key in namers.items()
            if any(namer is None or namer in missed or namer not in ids for namer in of_key)
        )
    return missed


class References:
    """The keys that rows of one revision name, as far as these are not too many to remember."""

    def __init__(self, connection: Connection, revision: int) -> None:
        self._connection = connection
        self._revision = revision
        self._named: defaultdict[str, set[str | None]] = defaultdict(set)

    def note(
        self,
        table: LedgerTable,
        columns: Sequence[str],
        rows: Sequence[Values],
        links: Mapping[str, Sequence[Values]],
    ) -> None:
        """Take note of the keys that rows and their members name."""
        for source, column, target in table.references():
            named = self._named[target]
            if len(named) < _NOTED_AT_MOST:
                of_rows = source is table.current
                found = rows if of_rows else links[source.name]
                place = (columns if of_rows else MEMBER_COLUMNS).index(column)
                named.update(map(itemgetter(place), found))

    def prove(self, written: Iterable[LedgerTable], *, is_removed: bool) -> None:
        """Raise DanglingReference where rows of the tables written name one that is not there.

        `is_removed` says that rows went too, which others may have named.
        """
        if not is_removed and self._are_there():
            return
        for table in written:
            for source, column, target in table.references():
                keys = LEDGER[target].current.alias().c.id
                named = source.c[column]
                query = select(source.c.id, named).where(
                    named.is_not(None), ~exists().where(keys == named)
                )
                if not is_removed:
                    query = query.where(source.c.revision == self._revision)
                found = self._connection.execute(query.limit(NAMED_AT_MOST)).all()
                if found:
                    missing = [f"{key} -> {name}" for key, name in found]
                    raise DanglingReference(
                        f"{table.name}: {source.name}.{column} names {target} that do not exist: "
                        f"{', '.join(missing)}"
                    )

    def _are_there(self) -> bool:
        """Return whether it is certain that all rows that were named are there."""
        for target, named in self._named.items():
            if len(named) >= _NOTED_AT_MOST:
                return False
            for keys in in_batches(key for key in named if key is not None):
                found = batches.find(self._connection, target, ("id",), keys)
                if len(found) < len(keys):
                    return False
        return True
