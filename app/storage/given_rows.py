"""Rows that the application has in hand, as a table that a query can read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeEngine


class MembersOfJson(GenericFunction[Any]):
    """The SQL function that gives the members of a JSON array, a row each."""

    inherit_cache = True


@compiles(MembersOfJson, "sqlite")
def _on_sqlite(element: MembersOfJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(MembersOfJson, "postgresql")
def _on_postgresql(element: MembersOfJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS json))"


class TextsOfJson(GenericFunction[Any]):
    """The SQL function that gives the texts in a JSON array, a row each."""

    inherit_cache = True


@compiles(TextsOfJson, "sqlite")
def _texts_on_sqlite(element: TextsOfJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(TextsOfJson, "postgresql")
def _texts_on_postgresql(element: TextsOfJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json))"


class TextOfRow(GenericFunction[str]):
    """The SQL function that makes of values a text: a JSON array, another one for other values."""

    type = Text()
    inherit_cache = True


@compiles(TextOfRow, "sqlite")
def _text_on_sqlite(element: TextOfRow, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **options)})"


@compiles(TextOfRow, "postgresql")
def _text_on_postgresql(element: TextOfRow, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(json_build_array({compiler.process(element.clauses, **options)}) AS text)"


def given_texts(name: str) -> Select[str]:
    """Return the query of texts that will be given, under a name, as a JSON array of them."""
    given = TextsOfJson(bindparam(name, type_=Text())).table_valued("value")
    return select(given.c.value)


def given_rows(rows: str, columns: Mapping[str, TypeEngine[Any]]) -> Select[Any]:
    """Return the query of rows that are given as one text: a JSON array with an array for each."""
    given = MembersOfJson(bindparam(None, rows, type_=Text())).table_valued("value")
    return select(
        *(
            cast(given.c.value.op("->>")(literal_column(str(place))), type_).label(name)
            for place, (name, type_) in enumerate(columns.items())
        )
    )
