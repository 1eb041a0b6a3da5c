"""Observations for spreadsheets: a row for each period, with a column for each country."""

from typing import Any

from pydantic import Field, RootModel
from sqlalchemy import Select

from app.kit.errors import NotAllowed
from app.kit.tables import Column, Kind
from app.resources.reading import Unanswerable

ROW = ("indicator", "period", "source", "original_source", "scope", "unit", "basis")
CELLS_AT_MOST = 50_000


class WideObservations(RootModel[list[dict[str, Any]]]):
    """Rows of the columns of `ROW`, and one for each country."""

    root: list[dict[str, Any]] = Field(
        description="The rows; a country without a value has null.",
        examples=[
            [
                {
                    "indicator": "funding-amount",
                    "period": "2023",
                    "source": "bnn-2024-03-31",
                    "original_source": None,
                    "scope": "generative-ai",
                    "unit": "USD",
                    "basis": "reported",
                    "CN": 2_000_000_000,
                    "US": 31_000_000_000,
                }
            ]
        ],
    )


def widen(transaction_rows: Any) -> WideObservations:
    """Return observations, given as mappings in order, as wide rows.

    Where a source gives several figures for the same thing, each has a row of its own.
    """
    rows: list[dict[str, Any]] = []
    open_rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    countries: set[str] = set()
    for number, observation in enumerate(transaction_rows):
        if number >= CELLS_AT_MOST:
            cause = NotAllowed(f"wide has more than {CELLS_AT_MOST} figures here: ask for fewer")
            raise Unanswerable("shape", cause)
        key = tuple(observation[name] for name in ROW)
        country = observation["country"]
        countries.add(country)
        if key not in open_rows or country in open_rows[key]:
            open_rows[key] = dict(zip(ROW, key, strict=True))
            rows.append(open_rows[key])
        open_rows[key][country] = observation["value"]
    ordered = sorted(countries)
    whole = [
        {name: row[name] for name in ROW} | {name: row.get(name) for name in ordered}
        for row in rows
    ]
    return WideObservations(whole)


def wide_columns(found: WideObservations) -> list[Column]:
    """Return the columns of wide rows: texts, and a figure for each country."""
    names = found.root[0] if found.root else ROW
    return [Column(name, Kind.TEXT if name in ROW else Kind.NUMBER) for name in names]


def wide_order(query: Select[Any], columns: Any) -> Select[Any]:
    """Order a query of observations for `widen`."""
    names = ("indicator", "period_first_day", "period_last_day", *ROW[2:], "country", "fact")
    return query.order_by(*(columns.column(name) for name in names))
