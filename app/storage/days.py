"""Arithmetic with days in queries, where they are ISO 8601 text on both databases."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import Characters

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
