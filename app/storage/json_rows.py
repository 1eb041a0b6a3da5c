"""Rows that the database itself makes JSON of, to the byte as they are made here.

All rows of a query come as one: to fetch each by itself costs as much as to make JSON of it.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, ColumnElement, Label, Select, Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import Characters, TextList

_WRITTEN_ALIKE: Final = (Characters, Text, BigInteger, TextList)
"""Types that every database writes as we do. Floating-point numbers it writes its own way."""

_BETWEEN: Final = "\n"
"""What is between the rows in one text; in JSON it is never more than white space."""


class JsonRow(GenericFunction[str]):
    """The SQL function that makes a JSON object of columns, under their names."""

    type = Text()
    inherit_cache = True


class Lines(GenericFunction[str]):
    """The SQL function that makes one text of all texts of a column, with line ends between."""

    type = Text()
    inherit_cache = True


class JsonValues(GenericFunction[str]):
    """The SQL function that makes a JSON array of the values of a column."""

    type = Text()
    inherit_cache = True


def is_written_alike(columns: Sequence[ColumnElement[Any]]) -> bool:
    """Return whether the databases write columns in JSON as we do."""
    return all(isinstance(column.type, _WRITTEN_ALIKE) for column in columns)


def joined(
    rows: Select[Any], columns: Sequence[ColumnElement[Any]], marks: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    """Return a query of one row for all that a query finds: `JoinedRows` reads it.

    That has the JSON objects of columns, and the values of others for each of them.
    """
    named = [mark.label(f"mark_{place}") for place, mark in enumerate(marks)]
    found = rows.add_columns(JsonRow(*columns).label("json"), *named).subquery("found")
    values = [JsonValues(found.c[mark.name]) for mark in named]
    return select(Lines(found.c.json)).add_columns(*values)


class JoinedRows:
    """Rows as `joined` gives them, of one query after another."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._marks: list[list[Any]] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._marks[0]) if self._marks else 0

    def add_text(self, text: str | None, marks: Sequence[str]) -> None:
        """Add those that a query has found, if any."""
        if text is None:
            return
        self._texts.append(text)
        found = list(map(orjson.loads, marks))
        if self._marks:
            found = [before + more for before, more in zip(self._marks, found, strict=True)]
        self._marks = found

    def leave_last(self) -> list[Any]:
        """Leave the last of several rows out; return the marks of the one before it."""
        self._texts = [_BETWEEN.join(self._texts).rpartition(_BETWEEN)[0]]
        for values in self._marks:
            values.pop()
        return [values[-1] for values in self._marks]

    def json(self) -> str:
        """Return the JSON array of them."""
        return f"[{_BETWEEN.join(self._texts).replace(_BETWEEN, ',')}]"


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


@compiles(Lines, "sqlite")
def _lines_on_sqlite(element: Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, char(10))"


@compiles(Lines, "postgresql")
def _lines_on_postgresql(element: Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, chr(10))"


@compiles(JsonValues, "sqlite")
def _values_on_sqlite(element: JsonValues, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(JsonValues, "postgresql")
def _values_on_postgresql(element: JsonValues, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})::text"


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
