"""Observations for spreadsheets: a row for each period, with a column for each country."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, RootModel
from sqlalchemy import Select

from app.kit.errors import NotAllowed
from app.kit.tables import Column, Kind
from app.resources.reading import Unanswerable

ROW = ("indicator", "period", "source", "original_source", "licence", "scope", "unit", "basis")
WORDS = ("qualifiers", "reasons")
"""What is said of single countries: `US about; CN at_least`, `CN no_earlier_period`."""

CELLS_AT_MOST = 50_000


class WideObservations(RootModel[list[dict[str, Any]]]):
    """Rows of the columns of `ROW`, and one for each country."""

    root: list[dict[str, Any]] = Field(
        description="The rows; a country without a value has null. `qualifiers` names the figures "
        "that are not exact, `reasons` why a figure is missing.",
        examples=[
            [
                {
                    "indicator": "funding-amount",
                    "period": "2023",
                    "source": "bnn-2024-03-31",
                    "original_source": None,
                    "licence": None,
                    "scope": "generative-ai",
                    "unit": "USD",
                    "basis": "reported",
                    "qualifiers": None,
                    "reasons": None,
                    "CN": 2_000_000_000,
                    "US": 31_000_000_000,
                }
            ]
        ],
    )


def widen(observations: Iterable[Mapping[Any, Any]], named: Sequence[str]) -> WideObservations:
    """Return observations, given as mappings in order, as wide rows.

    The countries named have a column in the order in which they are, whether they have a figure
    or not; others follow. Where a source gives several figures for the same thing, each has a row
    of its own.
    """
    rows: list[dict[str, Any]] = []
    open_rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    countries: set[str] = set()
    for number, observation in enumerate(observations):
        if number >= CELLS_AT_MOST:
            cause = NotAllowed(f"wide has more than {CELLS_AT_MOST} figures here: ask for fewer")
            raise Unanswerable("shape", cause)
        key = tuple(observation[name] for name in ROW)
        country = observation["country"]
        countries.add(country)
        if key not in open_rows or country in open_rows[key]:
            open_rows[key] = {**dict(zip(ROW, key, strict=True)), **dict.fromkeys(WORDS, "")}
            rows.append(open_rows[key])
        row = open_rows[key]
        row[country] = observation["value"]
        if observation["reason"]:
            row["reasons"] = _listed(row["reasons"], country, observation["reason"])
        elif observation["qualifier"] != "exact":
            row["qualifiers"] = _listed(row["qualifiers"], country, observation["qualifier"])
    ordered = [*dict.fromkeys(named), *sorted(countries - set(named))]
    whole = [
        {name: row[name] or None if name in WORDS else row[name] for name in (*ROW, *WORDS)}
        | {name: row.get(name) for name in ordered}
        for row in rows
    ]
    return WideObservations(whole)


def _listed(before: str, country: str, word: str) -> str:
    return f"{before}; {country} {word}".removeprefix("; ")


def wide_columns(found: WideObservations) -> list[Column]:
    """Return the columns of wide rows: texts, and a figure for each country."""
    texts = (*ROW, *WORDS)
    names = found.root[0] if found.root else texts
    return [Column(name, Kind.TEXT if name in texts else Kind.NUMBER) for name in names]


def wide_order(query: Select[Any], columns: Any) -> Select[Any]:
    """Order a query of observations for `widen`; as in lists, what lacks a value comes last."""
    names = ("indicator", "period_first_day", "period_last_day", *ROW[2:], "country", "fact")
    return query.order_by(*(columns.column(name).nulls_last() for name in names))
