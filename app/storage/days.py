"""Arithmetic with days in queries, where they are ISO 8601 text on both databases."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import Characters, Whole

_LAST_DAY = "9999-12-31"


class DayAfter(GenericFunction[str]):
    """The day that is a whole number of days (the second argument) after another.

    The years have four digits: what would be later is the last day that they can write.
    """

    type = Characters()
    inherit_cache = True


@compiles(DayAfter, "sqlite")
def _on_sqlite(element: DayAfter, compiler: SQLCompiler, **options: Any) -> str:
    day, count = (compiler.process(clause, **options) for clause in element.clauses)
    return f"coalesce(date({day}, {count} || ' days'), '{_LAST_DAY}')"


@compiles(DayAfter, "postgresql")
def _on_postgresql(element: DayAfter, compiler: SQLCompiler, **options: Any) -> str:
    day, count = (compiler.process(clause, **options) for clause in element.clauses)
    later = f"CAST({day} AS date) + CAST({count} AS integer)"
    return f"to_char(least({later}, date '{_LAST_DAY}'), 'YYYY-MM-DD')"


class DayNumber(GenericFunction[int]):
    """A number for each day, one more than that of the day before it."""

    type = Whole()
    inherit_cache = True


@compiles(DayNumber, "sqlite")
def _number_on_sqlite(element: DayNumber, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(julianday({compiler.process(element.clauses, **options)}) AS INTEGER)"


@compiles(DayNumber, "postgresql")
def _number_on_postgresql(element: DayNumber, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST({compiler.process(element.clauses, **options)} AS date) - date '0001-01-01')"
