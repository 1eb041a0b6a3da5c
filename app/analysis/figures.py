"""Observations as comparisons need them, and the witnesses that state them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Select

from app.analysis.indicator import Indicator
from app.analysis.observations import observed
from app.analysis.view import View
from app.kit.filters import conditions
from app.resources.ledger_lists import PlainRows
from app.resources.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of an indicator, as comparisons need it."""

    country: str
    period: str
    first_day: str
    last_day: str
    value: float
    unit: str
    qualifier: str
    scope: str | None
    source: str
    basis: str
    fact: str | None
    original_source: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """Where a source's words come from, and until when it can know."""

    root: str
    published: str | None


def witness_of(observation: Observation, witnesses: Mapping[str, Witness]) -> str:
    """Return whose figure it is: as its fact says, or else the end of its source's chain."""
    if observation.original_source:
        return observation.original_source
    source = observation.source
    return witnesses[source].root if source in witnesses else source


_FIELDS = (
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
    "original_source",
)


def read_observations(
    view: View, indicator: Indicator, countries: Sequence[str], filters: BaseModel | None = None
) -> list[Observation]:
    """Read the observations of some countries, oldest first."""
    rows = PlainRows(observed(view, [indicator.id]))
    query: Select[Any] = rows.select(_FIELDS).where(
        rows.column("country").in_(countries), rows.column("value").is_not(None)
    )
    if filters is not None:
        query = query.where(*conditions(filters, rows))
    order = ("period_first_day", "period_last_day", "source", "scope", "unit", "fact")
    query = query.order_by(*(rows.column(name) for name in order))
    return [Observation(*row) for row in view.transaction.connection.execute(query)]


def read_witnesses(view: View) -> dict[str, Witness]:
    """Return, for each source, the end of its chain of restatement and its publication day."""
    rows = view.rows(SOURCES)
    query = rows.select(("id", "restates", "published_last_day"))
    found = {key: (up, day) for key, up, day in view.transaction.connection.execute(query)}

    def root(key: str) -> str:
        seen = {key}
        while (up := found[key][0]) and up in found and up not in seen:
            seen.add(up)
            key = up
        return key

    return {key: Witness(root(key), day) for key, (_, day) in found.items()}
