"""The catalogue: every indicator with what it means and what there is of it."""

from collections import defaultdict

import orjson
from pydantic import Field
from sqlalchemy import func, select

from app.analysis.comparison import Shape
from app.analysis.indicator import Indicator
from app.analysis.indicators import indicators
from app.analysis.kept import kept_of
from app.analysis.observations import observed
from app.analysis.view import View
from app.storage.fetching import fetch

_Group = tuple[str, str, int, str, str]
_ALL = "all"


class IndicatorEntry(Shape):
    """One indicator, and what there is of it."""

    id: str = Field(description="The key of the indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    unit: str = Field(
        description="Its unit; an observation whose prices are of one year says so.",
        examples=["USD"],
    )
    higher_is: str = Field(
        description="What more of it means: ahead, behind, or neither.",
        examples=["ahead"],
        json_schema_extra={"enum": ["ahead", "behind", "neither"]},
    )
    method: str = Field(
        description="How it is worked out.",
        examples=["As each source reports it, over all deals of a country and period."],
    )
    resource: str = Field(description="The resource it comes from.", examples=["funding"])
    basis: str = Field(
        description="Reported by sources, derived from facts, or summed from rounds.",
        examples=["reported"],
        json_schema_extra={"enum": ["reported", "derived", "summed"]},
    )
    attributed: bool = Field(
        description="Whether it counts AI models for countries, so that `attribution` matters.",
        examples=[False],
    )
    observations: int = Field(description="How many observations there are.", examples=[24], ge=0)
    sources: list[str] = Field(description="Who states it.", examples=[["bnn-2024-03-31"]])
    countries: list[str] = Field(description="The countries it is there for.", examples=[["CN"]])
    first_day: str | None = Field(
        description="The first day that an observation covers.", examples=["2019-01-01"]
    )
    last_day: str | None = Field(
        description="The last day that an observation covers.", examples=["2025-05-31"]
    )


def read_catalogue(view: View) -> list[IndicatorEntry]:
    """Return all indicators, in the order of their declaration."""
    work = f"{__name__} {view.rule}"
    kept = kept_of(view.transaction).parts(view.at, work, [_ALL], lambda _missing: _counted(view))
    found: dict[str, list[_Group]] = defaultdict(list)
    for id_, *group in orjson.loads(kept[_ALL]):
        found[id_].append(group)
    return [_entry(indicator, found[indicator.id]) for indicator in indicators(view).values()]


def _counted(view: View) -> dict[str, str]:
    """Return, as JSON, how many observations each source has of each country, and their days."""
    rows = observed(view)
    query = select(
        rows.c.indicator,
        rows.c.source,
        rows.c.country,
        func.count(),
        func.min(rows.c.period_first_day),
        func.max(rows.c.period_last_day),
    ).group_by(rows.c.indicator, rows.c.source, rows.c.country)
    return {_ALL: orjson.dumps(fetch(view.transaction.connection, query, {})).decode()}


def _entry(indicator: Indicator, groups: list[_Group]) -> IndicatorEntry:
    return IndicatorEntry(
        id=indicator.id,
        name=indicator.name,
        unit=indicator.unit,
        higher_is=indicator.higher_is,
        method=indicator.method,
        resource=indicator.resource,
        basis=indicator.basis,
        attributed=indicator.attributed,
        observations=sum(count for _, _, count, _, _ in groups),
        sources=sorted({source for source, *_ in groups}),
        countries=sorted({country for _, country, *_ in groups}),
        first_day=min((first for *_, first, _ in groups), default=None),
        last_day=max((last for *_, last in groups), default=None),
    )
