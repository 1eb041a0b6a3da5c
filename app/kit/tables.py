"""What a column of a table holds: known from its declaration, whatever rows come."""

from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel


class Kind(Enum):
    """What the values of a column are; each may also be missing."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    LIST = "list of texts"
    OBJECT = "JSON object"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, and what it holds."""

    name: str
    kind: Kind


def columns_of(shape: type[BaseModel]) -> tuple[Column, ...]:
    """Return the columns of a shape, a field each."""
    fields = shape.model_fields.items()
    return tuple(Column(name, kind_of(field.annotation)) for name, field in fields)


def kind_of(annotation: Any) -> Kind:
    """Return what values of a type are in a table."""
    kinds = _plain_types(annotation) - {NoneType}
    for kind, types in _TYPES:
        if kinds and kinds <= types:
            return kind
    return Kind.TEXT


_TYPES: tuple[tuple[Kind, set[Any]], ...] = (
    (Kind.FLAG, {bool}),
    (Kind.WHOLE, {int}),
    (Kind.NUMBER, {int, float}),
    (Kind.LIST, {list}),
    (Kind.OBJECT, {dict, object}),  # object: what has no type in SQL, an item of its own
)


def _plain_types(annotation: Any) -> set[Any]:
    """Return the types that an annotation is made of, without what they hold."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return {annotation}
    origin = get_origin(annotation)
    if origin in (list, dict):
        return {origin}
    if hasattr(annotation, "__metadata__"):
        return _plain_types(annotation.__origin__)
    return set().union(*map(_plain_types, get_args(annotation))) or {str}
