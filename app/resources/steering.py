"""Which index a page is read by, where the database cannot know it.

SQLite does not count rows before it chooses. So a page that would not come at once is steered:
of the filters that have an index, each is counted up to a bound. Where one of them leaves few
rows, these are found by its index and then sorted; where all leave many, the rows are walked in
the order that is asked for, and the first that pass are soon together. PostgreSQL keeps counts
of its own and is left alone.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Dialect,
    Integer,
    Select,
    UnaryExpression,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.sql.operators import custom_op

from app.kit.filters import ByParts, Where, among
from app.kit.sorting import SortKey
from app.storage.compiled import Compiled
from app.storage.database import ReadTransaction
from app.storage.records import LEDGER, LedgerTable
from app.storage.snapshots import Rows, current_rows

Way = frozenset[str]
"""The columns whose indexes may be used; all others are passed by."""

Given = tuple[str, Where, tuple[BindParameter[Any] | None, ...]]
"""A filter that is given: its name, what it means, and the parts of its value to come."""

FEW: Final = 2_000
"""Rows that are quickly found and sorted."""

MANY: Final = 200_000
"""Entries of an index that are still counted within some milliseconds."""


class Steered:
    """Rows whose columns have no index but those of a way."""

    def __init__(self, rows: Rows, way: Way) -> None:
        self._rows = rows
        self._way = way

    def column(self, name: str) -> ColumnElement[Any]:
        """Return the column of this name, behind a sign that hides its index."""
        column = self._rows.column(name)
        if name in self._way:
            return column
        return UnaryExpression(column, operator=custom_op("+"), type_=column.type)

    def has_member(self, name: str, values: Sequence[str]) -> ColumnElement[bool]:
        """Return whether the list of this name has any of the values."""
        if name in self._way:
            return self._rows.column("id").in_(self._rows.keys_with_member(name, values))
        return self._rows.has_member(name, values)

    def sources(self, condition: Any) -> Select[Any]:
        """Return the keys of the sources whose licence meets a condition."""
        return self._rows.sources(condition)


def steer(
    transaction: ReadTransaction,
    table: LedgerTable,
    filters: tuple[Given, ...],
    order: Sequence[SortKey],
    values: dict[str, Any],
) -> Way | None:
    """Return the way to the rows that pass filters, None where the database knows best."""
    dialect = transaction.connection.dialect
    indexed = [given for given in filters if indexes_of(table, given[1])]
    if dialect.name != "sqlite" or not indexed:
        return None

    def fewest(among_these: Sequence[Given], most: int) -> tuple[int, Given]:
        counts = []
        for place, given in enumerate(among_these):
            counting = _counting(table.name, given, dialect)
            ((count,),) = counting.fetch(transaction.connection, {**values, "most": most})
            counts.append((count, place))
        count, place = min(counts)
        return count, among_these[place]

    count, given = fewest(indexed, FEW)
    if count < FEW:
        return indexes_of(table, given[1])
    ordered = frozenset(key.column for key in order)
    # Behind each value of an index stand its keys in order: the rows of one value are walked.
    of_one_value = [
        given for given in indexed if given[1].condition is among and given[2][1:] == ()
    ]
    if ordered == {"id"} and of_one_value:
        _, given = fewest(of_one_value, MANY) if of_one_value[1:] else (0, of_one_value[0])
        return ordered | indexes_of(table, given[1])
    return ordered


@lru_cache(maxsize=512)
def _counting(name: str, given: Given, dialect: Dialect) -> Compiled:
    """Return the query that counts the rows that pass a filter, up to `most`."""
    _, where, parts = given
    table = LEDGER[name]
    rows = current_rows(table)
    some = rows.select(()).add_columns(literal(1))
    some = some.where(
        meaning_of(where)(Steered(rows, indexes_of(table, where)), where.column, parts)
    )
    some = some.limit(bindparam("most", type_=Integer()))
    return Compiled(select(func.count()).select_from(some.subquery()), dialect)


def meaning_of(where: Where) -> Any:
    """Return what makes the condition of a filter of the parts of its value."""
    assert isinstance(where.condition, ByParts)  # noqa: S101  (as all are that have a shape)
    return where.condition.meaning


def indexes_of(table: LedgerTable, where: Where) -> Way:
    """Return the columns by whose index a filter can find its rows; none where there is none."""
    name = where.column
    if name in table.members:
        return frozenset({name, "id"})
    for column in (name, f"{name}_first_day"):
        if column == "id" or any(
            column == index.columns.keys()[0] for index in table.current.indexes
        ):
            return frozenset({column})
    return frozenset()
