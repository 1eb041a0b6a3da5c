"""What an indicator is, and the table that its observations make."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select

from app.analysis.view import View

Basis = Literal["reported", "derived", "summed"]
HigherIs = Literal["ahead", "behind", "neither"]
Observe = Callable[[View, "Indicator"], Select[Any]]

COLUMNS = (
    "indicator",
    "country",
    "period",
    "period_first_day",
    "period_last_day",
    "value",
    "unit",
    "qualifier",
    "scope",
    "source",
    "basis",
    "fact",
    "revision",
)
"""The columns that each `observe` selects, in order."""

Column = ColumnElement[Any]


@dataclass(frozen=True)
class Indicator:
    """An indicator: what it is called, what more of it means, and where it comes from."""

    id: str
    name: str
    unit: str
    higher_is: HigherIs
    method: str
    resource: str
    basis: Basis
    observe: Observe
    attributed: bool = False
    """Whether it counts AI models for countries, so that the rule of attribution matters."""
