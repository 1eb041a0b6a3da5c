"""Licences: which of those that sources name let everybody reuse their figures."""

from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_

from app.kit.filters import Filterable

OPEN = (
    *("cc0", "cc0 1.0", "public domain", "pddl 1.0"),
    *("cc by 3.0", "cc by 4.0", "cc by-sa 3.0", "cc by-sa 4.0"),
    *("odc-by 1.0", "odbl 1.0", "ogl 3.0", "mit", "apache-2.0"),
)
"""Open licences by the names that sources give them, in small letters (opendefinition.org)."""

Reuse = Literal["open", "other", "none"]


def reusable(rows: Filterable, name: str, values: list[Reuse]) -> ColumnElement[bool]:
    """Keep rows whose licence is open, is another one, or is not stated."""
    licence = rows.column(name)
    is_open = func.lower(licence).in_(OPEN)
    meant = {
        "open": is_open,
        "other": and_(licence.is_not(None), ~is_open),
        "none": licence.is_(None),
    }
    return or_(*(meant[value] for value in values))
