"""Arithmetic with days in queries, where they are ISO 8601 text on both databases."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import Characters


class DayAfter(GenericFunction[str]):
    """The day that is a whole number of days (the second argument) after another."""

    type = Characters()
    inherit_cache = True


@compiles(DayAfter, "sqlite")
def _on_sqlite(element: DayAfter, compiler: SQLCompiler, **options: Any) -> str:
    day, count = (compiler.process(clause, **options) for clause in element.clauses)
    return f"date({day}, {count} || ' days')"


@compiles(DayAfter, "postgresql")
def _on_postgresql(element: DayAfter, compiler: SQLCompiler, **options: Any) -> str:
    day, count = (compiler.process(clause, **options) for clause in element.clauses)
    return f"to_char(CAST({day} AS date) + CAST({count} AS integer), 'YYYY-MM-DD')"
