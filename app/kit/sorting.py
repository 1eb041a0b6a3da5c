"""Sort orders: `-amount_usd,id` and what they mean for rows, with a total order always."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, UnaryExpression, and_, false, or_, true

from app.kit.filters import Filterable

SortValue = str | int | float | None
Bound = BindParameter[Any] | None
"""A value to come, None where there is none."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column to sort by. Rows without a value come last in both directions."""

    column: str
    descending: bool = False

    def ordering(self, rows: Filterable) -> UnaryExpression[Any]:
        """Return the ORDER BY term."""
        column = rows.column(self.column)
        ordered = column.desc() if self.descending else column.asc()
        return ordered.nulls_last() if _may_be_null(column) else ordered

    def beyond(self, rows: Filterable, value: Bound) -> ColumnElement[bool]:
        """Return whether a row comes after those with this value."""
        column = rows.column(self.column)
        if value is None:
            return false()
        after = column < value if self.descending else column > value
        return or_(after, column.is_(None)) if _may_be_null(column) else after

    def same(self, rows: Filterable, value: Bound) -> ColumnElement[bool]:
        """Return whether a row has this value."""
        column = rows.column(self.column)
        return column.is_(None) if value is None else column == value


def total_order(
    words: Sequence[str] | None, columns: Mapping[str, str], ending: Sequence[str]
) -> tuple[SortKey, ...]:
    """Return the sort keys for `-name` words, completed by those that tell rows apart.

    Where the last word is descending these are too: an index read backwards has both.
    """
    keys: dict[str, SortKey] = {}
    down = False
    for word in words or ():
        column, down = columns[word.removeprefix("-")], word.startswith("-")
        keys.setdefault(column, SortKey(column, descending=down))
    for word in ending:
        column = word.removeprefix("-")
        keys.setdefault(column, SortKey(column, descending=down or word.startswith("-")))
    return tuple(keys.values())


def after(
    keys: Sequence[SortKey], rows: Filterable, values: Sequence[Bound]
) -> ColumnElement[bool]:
    """Return whether a row comes after the row that has these values, one for each key."""
    first, rest = keys[0], keys[1:]
    beyond = first.beyond(rows, values[0])
    if not rest:
        return beyond
    tied = and_(first.same(rows, values[0]), after(rest, rows, values[1:]))
    if values[0] is None or _may_be_null(rows.column(first.column)):
        return or_(beyond, tied)
    column = rows.column(first.column)  # the bound that an index can seek to
    bound = column <= values[0] if first.descending else column >= values[0]
    return and_(bound, or_(beyond, tied))


class Stage(Enum):
    """A stretch of the rows that come after a row, or of all of them.

    Each is in an index in one piece, where a condition for all of them together is not.
    """

    ALL = "all rows, where none can lack a value of the first key"
    VALUED = "all rows that have a value of the first key"
    TIED = "rows that have the same value of the first key, after the row"
    BEYOND = "rows that have a value of the first key which comes after that of the row"
    MISSING = "rows that have no value of the first key"


def stages(
    keys: Sequence[SortKey], rows: Filterable, missing: Sequence[bool] | None
) -> tuple[Stage, ...]:
    """Return the stretches, in order, that make up the rows after a row, or all of them.

    `missing` says which values of the row are missing; None is for all rows.
    """
    ending = (Stage.MISSING,) if _may_be_null(rows.column(keys[0].column)) else ()
    if missing is None:
        return (Stage.VALUED, *ending) if ending else (Stage.ALL,)
    tied = (Stage.TIED,) if keys[1:] else ()
    return tied if missing[0] else (*tied, Stage.BEYOND, *ending)


def staged(
    stage: Stage, keys: Sequence[SortKey], rows: Filterable, values: Sequence[Bound]
) -> tuple[ColumnElement[bool], list[UnaryExpression[Any]]]:
    """Return the condition of a stretch after the row that has these values, and its order."""
    first, rest = keys[0], keys[1:]
    column = rows.column(first.column)
    ordered = column.desc() if first.descending else column.asc()
    others = [key.ordering(rows) for key in rest]
    match stage:
        case Stage.ALL:
            return true(), [ordered, *others]
        case Stage.VALUED:
            return column.is_not(None), [ordered, *others]
        case Stage.MISSING:
            return column.is_(None), others
        case Stage.TIED:
            return and_(first.same(rows, values[0]), after(rest, rows, values[1:])), others
        case Stage.BEYOND:
            beyond = column < values[0] if first.descending else column > values[0]
            return beyond, [ordered, *others]


def _may_be_null(column: ColumnElement[Any]) -> bool:
    return bool(getattr(column, "nullable", True))
