"""Filters that carry their own condition, so that a documented filter cannot fail to filter.

A filter is declared as `country: Annotated[list[CountryCode] | None, Where("country", among)]`:
the type says what may be asked, `Where` says what it means for the rows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


Condition = Callable[[Filterable, str, Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Where:
    """What a filter means: a condition on the column of this name."""

    column: str
    condition: Condition


def among(rows: Filterable, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Keep rows whose column is one of the values."""
    return rows.column(name).in_(values)


def any_member(rows: Filterable, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Keep rows whose list has at least one of the values."""
    return rows.has_member(name, values)


def at_least(rows: Filterable, name: str, value: float) -> ColumnElement[bool]:
    """Keep rows whose column is the value or more."""
    return rows.column(name) >= value


def at_most(rows: Filterable, name: str, value: float) -> ColumnElement[bool]:
    """Keep rows whose column is the value or less."""
    return rows.column(name) <= value


def within(rows: Filterable, name: str, days: PeriodRange) -> ColumnElement[bool]:
    """Keep rows whose whole period lies in the range; the days stand beside the period."""
    condition: ColumnElement[bool] = true()
    if days.first:
        condition = and_(condition, rows.column(f"{name}_first_day") >= days.first.isoformat())
    if days.last:
        condition = and_(condition, rows.column(f"{name}_last_day") <= days.last.isoformat())
    return condition


def has_words(rows: Filterable, name: str, text: str) -> ColumnElement[bool]:
    """Keep rows where every word begins a word of the column (made by `search_text`)."""
    return and_(
        true(), *(rows.column(name).contains(f" {word}", autoescape=True) for word in words(text))
    )


def conditions(filters: BaseModel, rows: Filterable) -> Iterator[ColumnElement[bool]]:
    """Yield the condition of each filter that was given."""
    for name, field in type(filters).model_fields.items():
        value = getattr(filters, name)
        if value is None:
            continue
        for where in field.metadata:
            if isinstance(where, Where):
                yield where.condition(rows, where.column, value)
