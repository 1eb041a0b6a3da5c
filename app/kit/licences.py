"""Licences: which of those that sources name let everybody reuse their figures."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import Field
from sqlalchemy import ColumnElement, and_, func, literal, or_

from app.kit.filters import Filterable, Where, by_parts

OPEN = (
    *("cc0", "cc0 1.0", "public domain", "pddl 1.0"),
    *("cc by 3.0", "cc by 4.0", "cc by-sa 3.0", "cc by-sa 4.0"),
    *("odc-by 1.0", "odbl 1.0", "ogl 3.0", "mit", "apache-2.0"),
)
"""Open licences by the names that sources give them, in small letters (opendefinition.org)."""

Reuse = Literal["open", "other", "none"]


_KINDS: tuple[Reuse, ...] = get_args(Reuse)


def _asked(values: Sequence[Reuse]) -> tuple[Literal[1] | None, ...]:
    return tuple(1 if kind in values else None for kind in _KINDS)


def _is_meant(licence: ColumnElement[Any], asked: Sequence[Any]) -> ColumnElement[bool]:
    is_open = func.lower(licence).in_([literal(known) for known in OPEN])
    meant = (is_open, and_(licence.is_not(None), ~is_open), licence.is_(None))
    return or_(*(each for each, part in zip(meant, asked, strict=True) if part is not None))


def licence_of(kinds: Sequence[Reuse]) -> Callable[[ColumnElement[Any]], ColumnElement[bool]]:
    """Return what tells whether a licence is of one of these kinds."""
    return lambda licence: _is_meant(licence, _asked(kinds))


@by_parts(_asked)
def reusable(rows: Filterable, name: str, asked: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose source has a licence that is open, is another one, or is not stated."""
    return rows.column(name).in_(rows.sources(lambda licence: _is_meant(licence, asked)))


@by_parts(_asked)
def licensed(rows: Filterable, name: str, asked: Sequence[Any]) -> ColumnElement[bool]:
    """Keep rows whose own licence is open, is another one, or is not stated."""
    return _is_meant(rows.column(name), asked)


ByLicence = Annotated[
    list[Reuse] | None,
    Where("source", reusable),
    Field(
        description="Only what may be reused by everybody (open), what has another licence to "
        "read first (other), or what has none that is stated.",
        examples=[["open"]],
    ),
]
"""A filter of what sources state."""
