"""The columns that every query of findings selects.

`told` holds the words that the reason is made from, with spaces between: keys, numbers and periods
have none.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, cast, literal, null, select, type_coerce

from app.storage.columns import Characters, TextList

COLUMNS = (
    "kind",
    "resource",
    "id",
    "part",
    "ids",
    "sources",
    "source",
    "other_source",
    "told",
)
Column = ColumnElement[Any]
NOTHING = cast(null(), Characters)


def text_of(value: Column | str) -> Column:
    """Return a value as text."""
    return cast(literal(value) if isinstance(value, str) else value, Characters)


def words_of(*parts: Column | str) -> Column:
    """Return the parts as one text, with spaces between."""
    joined = text_of(parts[0])
    for part in parts[1:]:
        joined = joined.concat(literal(" ", Characters())).concat(text_of(part))
    return joined


def keys_of(*ids: Column) -> Column:
    """Return keys as a list: they have no character that JSON escapes."""
    text: Column = literal('["', Characters())
    for place, id_ in enumerate(ids):
        text = text.concat(literal('","', Characters())).concat(id_) if place else text.concat(id_)
    return type_coerce(text.concat(literal('"]', Characters())), TextList)


def finding(
    kind: str,
    resource: Column | str,
    *,
    id_: Column,
    part: Column | str = "",
    ids: Column,
    source: Column,
    other_source: Column | None = None,
    told: Column,
) -> Select[Any]:
    """Return the query of these values under the names of the columns, from what they stand in."""
    other = NOTHING if other_source is None else other_source
    sources = keys_of(source) if other_source is None else keys_of(source, other_source)
    begin = text_of(kind), text_of(resource), id_, text_of(part), ids
    values = *begin, sources, source, other, told
    return select(*(value.label(name) for value, name in zip(values, COLUMNS, strict=True)))
