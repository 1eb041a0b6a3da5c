"""Rows as lines of text that the database makes (`app.kit.lines`)."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, LargeBinary, Select, Text, case, func, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.kit.fields import LIST_SEPARATOR
from app.kit.lines import CELL_END, IN_LINE, LEFT_OUT, LINE_END, Form
from app.kit.tables import Kind, kind_of
from app.storage.columns import Characters


class JoinedLines(GenericFunction[bytes]):
    """The SQL function of texts one after the other, in the order in which their rows come.

    They are encoded as UTF-8.
    """

    type = LargeBinary()
    inherit_cache = True


@compiles(JoinedLines, "sqlite")
def _joined_on_sqlite(element: JoinedLines, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(group_concat({compiler.process(element.clauses, **options)}, '') AS BLOB)"


@compiles(JoinedLines, "postgresql")
def _joined_on_postgresql(element: JoinedLines, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert_to(string_agg({compiler.process(element.clauses, **options)}, ''), 'UTF8')"


class JsonOfRows(GenericFunction[str]):
    """The SQL function of the values of some columns: of each row a JSON array, a line each."""

    type = Text()
    inherit_cache = True


@compiles(JsonOfRows, "sqlite")
def _json_rows_on_sqlite(element: JsonOfRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat(json_array({compiler.process(element.clauses, **options)}), char(10))"


@compiles(JsonOfRows, "postgresql")
def _json_rows_on_postgresql(element: JsonOfRows, compiler: SQLCompiler, **options: Any) -> str:
    values = f"json_build_array({compiler.process(element.clauses, **options)})"
    return f"string_agg({values}::text, chr(10))"


class JsonText(GenericFunction[str]):
    """The SQL function of the JSON of a text or a whole number, escaped as orjson does."""

    type = Characters()
    inherit_cache = True


@compiles(JsonText, "sqlite")
def _on_sqlite(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_quote({compiler.process(element.clauses, **options)})"


@compiles(JsonText, "postgresql")
def _on_postgresql(element: JsonText, compiler: SQLCompiler, **options: Any) -> str:
    return f"coalesce(to_json({compiler.process(element.clauses, **options)})::text, 'null')"


def _json(column: ColumnElement[Any]) -> ColumnElement[Any]:
    is_list = kind_of(column.type.python_type) is Kind.LIST
    return column if is_list else JsonText(column)  # a list is JSON as it is stored


def _cell(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if kind_of(column.type.python_type) is not Kind.LIST:
        return column
    stored = type_coerce(column, Characters())
    members = func.substr(stored, 3, func.length(stored) - 4)
    return case(
        (stored == "[]", ""),
        (func.replace(stored, "\\", "") != stored, LEFT_OUT),  # something is escaped: unclear
        else_=func.replace(members, '","', LIST_SEPARATOR),
    )


_IN_FORM = {Form.CELLS: _cell, Form.JSON: _json}


def stands_in_line(column: ColumnElement[Any]) -> bool:
    """Return whether the values of a column stand in a line; others come beside it."""
    return kind_of(column.type.python_type) in IN_LINE


def together(lines: Select[Any]) -> Select[bytes, str]:
    """Return all lines of a query as one row: their text, and the other columns as `JsonOfRows`.

    To make a row of each for Python costs more than to make the lines, and meanwhile no other
    thread has its turn.
    """
    found = lines.subquery()
    text, *others = found.columns
    return select(JoinedLines(text), JsonOfRows(*others))


def is_exact_in_json(column: ColumnElement[Any]) -> bool:
    """Return whether a value that a database writes as JSON is read as the same value."""
    return kind_of(column.type.python_type) in (Kind.TEXT, Kind.WHOLE)


def line(names: Sequence[str], columns: Sequence[ColumnElement[Any]], form: Form) -> Any:
    """Return the line of a row with these columns under these names."""
    parts: list[Any] = []
    for name, column in zip(names, columns, strict=True):
        label = f"{',' if parts else '{'}{orjson.dumps(name).decode()}:"
        before = label if form is Form.JSON else CELL_END if parts else ""
        parts += [before, _IN_FORM[form](column) if stands_in_line(column) else LEFT_OUT]
    return func.concat(*parts, "}\n" if form is Form.JSON else LINE_END, type_=Characters())
