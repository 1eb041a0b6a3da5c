"""Claims: every source's figure for the same thing, side by side, and why they differ."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from app.analysis.comparison import Shape
from app.analysis.figures import Observation, read_observations, read_witnesses
from app.analysis.gaps import compare
from app.analysis.indicator import Indicator
from app.analysis.view import View
from app.kit.periods import PeriodRange
from app.resources.sources import SOURCES

Difference = Literal["scope", "unit", "period", "qualifier", "basis", "counting", "restated"]


class Claim(Shape):
    """What one source says."""

    source: str = Field(description="The source.", examples=["cnbc-2024-03-31"])
    publisher: str = Field(description="Who published it.", examples=["CNBC"])
    published: str | None = Field(description="When, as far as known.", examples=["2024-03-31"])
    url: str | None = Field(description="Where it can be read.", examples=["https://example.org"])
    chain: list[str] = Field(
        description="The sources that it restates, the nearest first.",
        examples=[["cbinsights-state-of-ai-2023"]],
    )
    witness: str = Field(
        description="The end of that chain: claims with the same one are one witness.",
        examples=["cbinsights-state-of-ai-2023"],
    )
    country: str = Field(description="The country.", examples=["CN"])
    period: str = Field(description="The period.", examples=["2023"])
    value: float | int = Field(description="The figure.", examples=[2_000_000_000])
    unit: str = Field(description="Its unit.", examples=["USD"])
    qualifier: str = Field(description="How firmly it is stated.", examples=["exact"])
    scope: str | None = Field(description="What it covers.", examples=["ai"])
    basis: str = Field(description="Reported, derived or summed.", examples=["reported"])
    fact: str | None = Field(
        description="The key of the fact; null where worked out.", examples=["cn-2023-ai-cnbc"]
    )
    differs_in: list[Difference] = Field(
        description="In what it differs from the claim before it, where the data show it; "
        "`counting` where all else is the same and the figure is not.",
        examples=[["scope"]],
    )


class Spread(Shape):
    """How far the claims of one country are apart."""

    country: str = Field(description="The country.", examples=["CN"])
    claims: int = Field(description="How many claims there are.", examples=[5], ge=0)
    witnesses: int = Field(description="From how many independent sources.", examples=[3], ge=0)
    lowest: float | int = Field(description="The lowest figure.", examples=[2_000_000_000])
    highest: float | int = Field(description="The highest figure.", examples=[8_770_000_000])
    ratio: float | None = Field(
        description="The highest divided by the lowest; null where that is zero.", examples=[4.4]
    )
    same_terms: bool = Field(
        description="Whether all claims have one scope, unit, period and basis.", examples=[False]
    )


class Claims(Shape):
    """Every claim on one indicator."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    claims: list[Claim] = Field(description="By country, lowest first.")
    spreads: list[Spread] = Field(description="How far apart they are, by country.")
    leaders: dict[str, int] | None = Field(
        description="With just two countries: how many independent sources name which leader.",
        examples=[{"US": 4}],
    )


def read_claims(
    view: View, indicator: Indicator, countries: Sequence[str], period: PeriodRange | None
) -> Claims:
    """Return all claims on an indicator for some countries, within a period if one is given."""
    found = read_observations(view, indicator, countries)
    if period:
        found = [one for one in found if _lies_in(one, period)]
    sources = _Sources(view)
    there = sorted({one.country for one in found})
    leaders = None
    if len(there) == 2:  # noqa: PLR2004  (a leader is one of two)
        gap = compare(indicator, there[0], there[1], found, sources.witnesses)
        leaders = gap.agreement.leaders
    found.sort(key=lambda one: (one.country, one.value, one.source, one.period, one.fact or ""))
    claims: list[Claim] = []
    for place, one in enumerate(found):
        before = found[place - 1] if place and found[place - 1].country == one.country else None
        claims.append(sources.claim(one, before))
    return Claims(
        indicator=indicator.id,
        name=indicator.name,
        attribution=view.attribution if indicator.attributed else None,
        claims=claims,
        spreads=[
            _spread(country, [c for c in claims if c.country == country]) for country in there
        ],
        leaders=leaders,
    )


class _Sources:
    """The sources at one revision, with their chains of restatement."""

    def __init__(self, view: View) -> None:
        columns = ("id", "publisher", "published", "url", "restates")
        query = view.rows(SOURCES).select(columns)
        rows = view.transaction.connection.execute(query).mappings()
        self._by_id = {row["id"]: dict(row) for row in rows}
        self.witnesses = read_witnesses(view)

    def claim(self, one: Observation, before: Observation | None) -> Claim:
        source = self._by_id[one.source]
        chain = self._chain(one.source)
        return Claim(
            source=one.source,
            publisher=source["publisher"],
            published=source["published"],
            url=source["url"],
            chain=chain,
            witness=self.witnesses[one.source].root,
            country=one.country,
            period=one.period,
            value=one.value,
            unit=one.unit,
            qualifier=one.qualifier,
            scope=one.scope,
            basis=one.basis,
            fact=one.fact,
            differs_in=self._differences(one, before) if before else [],
        )

    def _chain(self, key: str) -> list[str]:
        chain: list[str] = []
        seen = {key}
        while (key := self._by_id[key]["restates"]) and key not in seen:
            seen.add(key)
            chain.append(key)
        return chain

    def _differences(self, one: Observation, before: Observation) -> list[Difference]:
        found: list[Difference] = []
        if one.scope != before.scope:
            found.append("scope")
        if one.unit != before.unit:
            found.append("unit")
        if one.period != before.period:
            found.append("period")
        if one.qualifier != before.qualifier:
            found.append("qualifier")
        if one.basis != before.basis:
            found.append("basis")
        roots = {self.witnesses[source].root for source in (one.source, before.source)}
        if one.source != before.source and len(roots) == 1:
            found.append("restated")
        if one.value != before.value and not found:
            found.append("counting")
        return found


def _lies_in(one: Observation, period: PeriodRange) -> bool:
    early = period.first is not None and one.first_day < period.first.isoformat()
    late = period.last is not None and one.last_day > period.last.isoformat()
    return not (early or late)


def _spread(country: str, claims: Sequence[Claim]) -> Spread:
    lowest, highest = claims[0].value, claims[-1].value
    return Spread(
        country=country,
        claims=len(claims),
        witnesses=len({claim.witness for claim in claims}),
        lowest=lowest,
        highest=highest,
        ratio=highest / lowest if lowest else None,
        same_terms=len({(c.scope, c.unit, c.period, c.basis) for c in claims}) == 1,
    )
