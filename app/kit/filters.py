"""Filters that carry their own condition, so that a documented filter cannot fail to filter.

A filter is declared as `country: Annotated[list[CountryCode] | None, Where("country", among)]`:
the type says what may be asked, `Where` says what it means for the rows.

Most conditions are made of the parts of a value, each of which stands for itself in the SQL. The
parts may come later than the condition, so that one query serves all values of one shape.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, true

from app.kit.periods import PeriodRange
from app.kit.text import words


class Filterable(Protocol):
    """Rows that can be asked for a column, and for the members of a list."""

    def column(self, name: str) -> ColumnElement[Any]:
        """Return the column of this name."""

    def has_member(self, name: str, values: Sequence[str]) -> ColumnElement[bool]:
        """Return whether the list of this name has any of the values."""

    def sources(self, condition: Callable[[ColumnElement[Any]], ColumnElement[bool]]) -> Any:
        """Return a query of the keys of the sources whose licence meets a condition."""


Condition = Callable[[Filterable, str, Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Where:
    """What a filter means: a condition on the column of this name."""

    column: str
    condition: Condition


Part = str | int | float | None
Parts = tuple[Part, ...]
PartsOf = Callable[[Any], Parts]
Meaning = Callable[[Filterable, str, Sequence[Any]], ColumnElement[bool]]


@dataclass(frozen=True)
class ByParts:
    """A condition on the parts of a value: themselves, or what is bound to them later.

    Which parts are None is not left for later: it belongs to the shape of the condition.
    """

    parts: PartsOf
    meaning: Meaning

    def __call__(self, rows: Filterable, name: str, value: Any) -> ColumnElement[bool]:
        """Return the condition for a value."""
        return self.meaning(rows, name, self.parts(value))


def by_parts(parts: PartsOf) -> Callable[[Meaning], ByParts]:
    """Make a condition of what a function says of the parts of a value."""
    return lambda meaning: ByParts(parts, meaning)


def _members(values: Sequence[str]) -> Parts:
    """Return the values, the last repeated up to a power of two: lists have few lengths then."""
    values = tuple(dict.fromkeys(values))
    length = 1 << (len(values) - 1).bit_length()
    return (*values, *[values[-1]] * (length - len(values)))


def _days(days: PeriodRange) -> Parts:
    return tuple(day.isoformat() if day else None for day in (days.first, days.last))


def _itself(value: float) -> Parts:
    return (value,)


def _beginnings(text: str) -> Parts:
    return tuple(f" {word}" for word in words(text))  # no word has a wildcard of LIKE in it


@by_parts(_members)
def among(rows: Filterable, name: str, values: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose column is one of the values."""
    return rows.column(name).in_(values)


@by_parts(_members)
def any_member(rows: Filterable, name: str, values: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose list has at least one of the values."""
    return rows.has_member(name, values)


@by_parts(_itself)
def at_least(rows: Filterable, name: str, value: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose column is the value or more."""
    condition: ColumnElement[bool] = rows.column(name) >= value[0]
    return condition


@by_parts(_itself)
def at_most(rows: Filterable, name: str, value: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose column is the value or less."""
    condition: ColumnElement[bool] = rows.column(name) <= value[0]
    return condition


@by_parts(_days)
def within(rows: Filterable, name: str, days: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose whole period lies in the range; the days stand beside the period."""
    first, last = days
    condition: ColumnElement[bool] = true()
    if first is not None:
        condition = and_(condition, rows.column(f"{name}_first_day") >= first)
    if last is not None:
        # That it begins before the end as well is no more than that, but has an index.
        begins = rows.column(f"{name}_first_day") <= last
        condition = and_(condition, begins, rows.column(f"{name}_last_day") <= last)
    return condition


@by_parts(_beginnings)
def has_words(rows: Filterable, name: str, beginnings: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows where every word begins a word of the column (made by `search_text`)."""
    return and_(true(), *(rows.column(name).contains(beginning) for beginning in beginnings))


@cache
def meanings(filters: type[BaseModel]) -> tuple[tuple[str, Where], ...]:
    """Return the filters of a query model with what each means."""
    return tuple(
        (name, where)
        for name, field in filters.model_fields.items()
        for where in field.metadata
        if isinstance(where, Where)
    )


def has_filters(filters: BaseModel) -> bool:
    """Return whether any filter was given."""
    return any(getattr(filters, name) is not None for name, _ in meanings(type(filters)))


def conditions(filters: BaseModel, rows: Filterable) -> Iterator[ColumnElement[bool]]:
    """Yield the condition of each filter that was given."""
    for name, where in meanings(type(filters)):
        value = getattr(filters, name)
        if value is not None:
            yield where.condition(rows, where.column, value)
