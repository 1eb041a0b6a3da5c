"""What an indicator is, and the table that its observations make."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, literal

from app.analysis.view import View
from app.storage.columns import Characters

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
    "original_source",
    "basis",
    "fact",
    "revision",
)
"""The columns that each `observe` selects, in order."""

Column = ColumnElement[Any]


_PRICES_OF = " of "
"""What stands between a unit of money and the year of its prices: `USD of 2021`."""


def unit_in_prices_of(unit: str, year: ColumnElement[str]) -> ColumnElement[str]:
    """Return a unit of money whose prices are those of one year."""
    return literal(f"{unit}{_PRICES_OF}", Characters()) + year


def price_base(unit: str) -> tuple[str, str]:
    """Return a unit without the year of its prices, and that year; empty where there is none."""
    plain, _, year = unit.partition(_PRICES_OF)
    return plain, year


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
    adds_up: bool = True
    """Whether figures of two countries can be added: not so averages, or the largest of each."""

    attributed: bool = False
    """Whether it counts AI models for countries, so that the rule of attribution matters."""

    largest_of: str | None = None
    """The field of AI models of which it is the largest of each country, if it is."""

    @property
    def leaves_out(self) -> bool:
        """Whether facts without a country, which count for none, could change who is ahead."""
        return self.higher_is != "neither" and (self.attributed or self.basis == "summed")
