"""Claims: every source's figure for the same thing, side by side, and why they differ."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from pydantic import BaseModel, Field

from app.analysis.bounds import bounds
from app.analysis.comparison import Shape
from app.analysis.figures import (
    Observation,
    Sources,
    read_observations,
    read_stated,
    read_witnesses,
)
from app.analysis.gaps import compare
from app.analysis.indicator import Indicator, price_base
from app.analysis.view import View
from app.resources.sources import SOURCES

Difference = Literal[
    "scope",
    "unit",
    "price_base",
    "period",
    "qualifier",
    "basis",
    "vintage",
    "counting",
    "restated",
]


class Claim(Shape):
    """What one source says."""

    source: str = Field(description="The source.", examples=["cnbc-2024-03-31"])
    publisher: str = Field(description="Who published it.", examples=["CNBC"])
    published: str | None = Field(description="When, as far as known.", examples=["2024-03-31"])
    url: str | None = Field(description="Where it can be read.", examples=["https://example.org"])
    chain: list[str] = Field(
        description="The sources that it passes the figure on from, the nearest first.",
        examples=[["cbinsights-state-of-ai-2023"]],
    )
    witness: str = Field(
        description="Whose figure it is, the end of that chain: claims with the same one are one "
        "witness.",
        examples=["cbinsights-state-of-ai-2023"],
    )
    country: str = Field(description="The country.", examples=["CN"])
    period: str = Field(description="The period.", examples=["2023"])
    value: float | int = Field(description="The figure.", examples=[2_000_000_000])
    unit: str = Field(description="Its unit.", examples=["USD"])
    qualifier: str = Field(description="How firmly it is stated.", examples=["exact"])
    scope: str | None = Field(description="What it covers.", examples=["ai"])
    part_of: str | None = Field(
        description="The wider scope that its publisher gives too, if any.",
        examples=["ai-private-investment"],
    )
    basis: str = Field(description="Reported, derived or summed.", examples=["reported"])
    fact: str | None = Field(
        description="The key of the fact; null where worked out.", examples=["cn-2023-ai-cnbc"]
    )
    differs_in: list[Difference] = Field(
        description="In what it differs from the first claim on its country and year that is no "
        "part of another (`part_of`), where the data show it: `vintage` where whose figures they "
        "are published at other times, `counting` where both have one scope, unit, period and "
        "basis and, as loosely as they are stated, cannot be the same, `restated` where both are "
        "of one witness.",
        examples=[["scope"]],
    )


class Spread(Shape):
    """How far the claims on one country and year are apart."""

    country: str = Field(description="The country.", examples=["CN"])
    year: str = Field(
        description="The year that their periods lie in, or the years: 2022/2023.",
        examples=["2023"],
    )
    claims: int = Field(
        description="How many claims there are, but for those on parts of a scope that their "
        "publisher gives whole.",
        examples=[5],
        ge=0,
    )
    witnesses: int = Field(description="From how many independent sources.", examples=[3], ge=0)
    unit: str | None = Field(
        description="Their unit; null where they have several, and no spread.", examples=["USD"]
    )
    lowest: float | int | None = Field(description="The lowest figure.", examples=[2_000_000_000])
    highest: float | int | None = Field(description="The highest figure.", examples=[8_770_000_000])
    ratio: float | None = Field(
        description="The highest divided by the lowest; null where that is zero.", examples=[4.4]
    )
    differs_in: list[Difference] = Field(
        description="All in which any of them differs from the first.",
        examples=[["scope", "period", "vintage"]],
    )


class Claims(Shape):
    """Every claim on one indicator."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    claims: list[Claim] = Field(description="By country and year, lowest first.")
    spreads: list[Spread] = Field(description="How far apart they are, by country and year.")
    leaders: dict[str, int] | None = Field(
        description="With just two countries: how many independent sources name which leader; "
        "empty where more is neither ahead nor behind.",
        examples=[{"US": 4}],
    )


def read_claims(
    view: View, indicator: Indicator, countries: Sequence[str], filters: BaseModel | None = None
) -> Claims:
    """Return all claims on an indicator for some countries, by what filters leave."""
    found = read_observations(view, indicator, countries, filters)
    stated = read_stated(view, indicator, countries, filters, found)
    sources = _Sources(view, stated)
    there = sorted({one.country for one in found})
    leaders = None
    if len(there) == 2:  # noqa: PLR2004  (a leader is one of two)
        gap = compare(indicator, there[0], there[1], found, sources.witnesses, stated=stated)
        leaders = gap.agreement.leaders
    same_thing: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for one in sorted(found, key=sources.order):
        same_thing[one.country, _years(one)].append(one)
    claims: dict[tuple[str, str], list[Claim]] = {
        key: [sources.claim(one, sources.whole(group)[0]) for one in group]
        for key, group in sorted(same_thing.items())
    }
    house = sources.stated.house
    return Claims(
        indicator=indicator.id,
        name=indicator.name,
        attribution=view.attribution if indicator.attributed else None,
        claims=[claim for group in claims.values() for claim in group],
        spreads=[
            _spread(country, year, whole_claims(group), house)
            for (country, year), group in claims.items()
        ],
        leaders=leaders,
    )


def whole_claims(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims but for those on parts of a scope that their publisher gives whole."""
    return [one for one in claims if one.part_of is None] or list(claims)


class _Sources:
    """The sources at one revision, with their chains of restatement."""

    def __init__(self, view: View, stated: Sequence[Observation]) -> None:
        columns = ("id", "publisher", "published", "url", "restates")
        query = view.rows(SOURCES).select(columns)
        rows = view.transaction.connection.execute(query).mappings()
        self._by_id = {row["id"]: dict(row) for row in rows}
        self.witnesses = read_witnesses(view)
        self.stated = Sources(self.witnesses, stated)

    def order(self, one: Observation) -> tuple[float, int, str, str, str]:
        """Return what claims are sorted by: the lowest first, then who restates least."""
        return one.value, len(self.stated.chain(one)), one.source, one.period, one.fact or ""

    def whole(self, group: Sequence[Observation]) -> Sequence[Observation]:
        """Return those that are no part of a scope that their publisher gives whole, if any."""
        return [one for one in group if self.stated.part_of(one) is None] or group

    def claim(self, one: Observation, first: Observation) -> Claim:
        source = self._by_id[one.source]
        return Claim(
            source=one.source,
            publisher=source["publisher"],
            published=source["published"],
            url=source["url"],
            chain=self.stated.chain(one),
            witness=self.stated.witness(one),
            country=one.country,
            period=one.period,
            value=one.value,
            unit=one.unit,
            qualifier=one.qualifier,
            scope=one.scope,
            part_of=self.stated.part_of(one),
            basis=one.basis,
            fact=one.fact,
            differs_in=self._differences(one, first),
        )

    def _differences(self, one: Observation, first: Observation) -> list[Difference]:
        unit, first_unit = (price_base(observation.unit) for observation in (one, first))
        roots = [self.stated.witness(observation) for observation in (one, first)]
        days = {self._by_id[root]["published"] for root in roots}
        found: list[tuple[Difference, bool]] = [
            ("scope", one.scope != first.scope),
            ("unit", unit[0] != first_unit[0]),
            ("price_base", unit[1] != first_unit[1]),
            ("period", one.period != first.period),
            ("qualifier", one.qualifier != first.qualifier),
            ("basis", one.basis != first.basis),
            ("vintage", len(days) > 1 and None not in days),
        ]
        terms = {"scope", "unit", "price_base", "period", "basis"}
        alike = not any(differs and name in terms for name, differs in found)
        either = bounds(one.value, one.qualifier).overlap(bounds(first.value, first.qualifier))
        found.append(("counting", alike and not either))
        found.append(("restated", one.source != first.source and len(set(roots)) == 1))
        return [name for name, differs in found if differs]


def _years(one: Observation) -> str:
    first, last = one.first_day[:4], one.last_day[:4]
    return first if first == last else f"{first}/{last}"


def _spread(
    country: str, year: str, claims: Sequence[Claim], house: Callable[[str], str]
) -> Spread:
    units = {claim.unit for claim in claims}
    comparable = len(units) == 1
    lowest, highest = (claims[0].value, claims[-1].value) if comparable else (None, None)
    return Spread(
        country=country,
        year=year,
        claims=len(claims),
        witnesses=len({house(claim.witness) for claim in claims}),
        unit=claims[0].unit if comparable else None,
        lowest=lowest,
        highest=highest,
        ratio=highest / lowest if highest is not None and lowest else None,
        differs_in=[
            difference
            for difference in get_args(Difference)
            if any(difference in claim.differs_in for claim in claims)
        ],
    )
