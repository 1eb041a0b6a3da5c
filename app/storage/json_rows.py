"""Rows that the database itself makes JSON of, to the byte as they are made here."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Label, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import Characters, TextList

_WRITTEN_ALIKE = (Characters, Text, BigInteger, TextList)
"""Types that every database writes as we do. Floating-point numbers it writes its own way."""


class JsonRow(GenericFunction[str]):
    """The SQL function that makes a JSON object of columns, under their names."""

    type = Text()
    inherit_cache = True


def json_row(columns: Sequence[ColumnElement[Any]]) -> JsonRow | None:
    """Return the JSON object of a row, None where a database would write it another way."""
    if all(isinstance(column.type, _WRITTEN_ALIKE) for column in columns):
        return JsonRow(*columns)
    return None


@compiles(JsonRow, "sqlite")
def _on_sqlite(element: JsonRow, compiler: SQLCompiler, **options: Any) -> str:
    pairs = (
        f"'{name}', {value}" for name, value in _written(element, compiler, "json(%s)", options)
    )
    return f"json_object({', '.join(pairs)})"


@compiles(JsonRow, "postgresql")
def _on_postgresql(element: JsonRow, compiler: SQLCompiler, **options: Any) -> str:
    named = _written(element, compiler, "(%s)::json", options)
    shown = ", ".join(f"{value} AS {compiler.preparer.quote(name)}" for name, value in named)
    return f"(SELECT row_to_json(shown)::text FROM (SELECT {shown}) AS shown)"  # noqa: S608  (names)


def _written(
    element: JsonRow, compiler: SQLCompiler, as_json: str, options: dict[str, Any]
) -> list[tuple[str, str]]:
    """Return the columns by name, as SQL; lists, which are stored as JSON, are read as such."""
    options["within_columns_clause"] = False
    written = []
    for column in element.clauses:
        inner = column.element if isinstance(column, Label) else column
        value = compiler.process(inner, **options)
        is_list = isinstance(column.type, TextList)
        written.append((column.name, as_json.replace("%s", value) if is_list else value))
    return written
