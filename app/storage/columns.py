"""Column types that mean the same on SQLite and on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import BigInteger, Double, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EXACT_INTEGERS_END = 2.0**53


class Characters(TypeDecorator[str]):
    """Text that sorts by code point on every database, so that pages come in one order."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        """The type of its values, which a decorator does not take from what it wraps."""
        return str

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return `text COLLATE "C"` on PostgreSQL; SQLite compares bytes anyway."""
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(Text(collation=collation))


class TextList(TypeDecorator[list[str]]):
    """An ordered list of texts, stored as canonical JSON, so that equal lists are equal text."""

    impl = Text
    cache_ok = True

    @property
    def python_type(self) -> type[list[str]]:
        """The type of its values, which a decorator does not take from what it wraps."""
        return list

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:
        """Return the JSON text of the list."""
        return _write_list(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Return what writes a value, without the layers that a decorator puts around it."""
        return _write_list

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        """Return the list again."""
        return _read_list(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """Return what reads a value, without the layers that a decorator puts around it."""
        return _read_list


def _write_list(value: list[str] | None) -> str | None:
    if value == []:
        return "[]"
    return None if value is None else orjson.dumps(value).decode()


def _read_list(value: str | None) -> list[str] | None:
    return None if value is None else orjson.loads(value)


class Number(TypeDecorator[float]):
    """A double that comes back as an integer where it is one exactly: 1151, not 1151.0."""

    impl = Double
    cache_ok = True

    @property
    def python_type(self) -> type[float]:
        """The type of its values, which a decorator does not take from what it wraps."""
        return float

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        """Return the number, as an integer where nothing is lost by it."""
        return _whole_where_exact(value)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any]:
        """Return what reads a value, without the layers that a decorator puts around it."""
        return _whole_where_exact


def _whole_where_exact(value: float | None) -> float | None:
    if value is None or not -_EXACT_INTEGERS_END < value < _EXACT_INTEGERS_END:
        return value
    whole = int(value)
    return whole if value == whole else value


Whole = BigInteger
"""A whole number of 64 bits: money in dollars, counts, revisions."""
