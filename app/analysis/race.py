"""The race on one page: every indicator in a row, with its leader, margin and direction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from pydantic import BaseModel, Field

from app.analysis.bounds import ratio_qualifier
from app.analysis.comparison import Direction, Gap, Shape
from app.analysis.composite import Composite, rank, shares_of
from app.analysis.figures import (
    Observation,
    Sources,
    Witness,
    read_observations,
    read_stated,
    read_witnesses,
)
from app.analysis.gaps import compare
from app.analysis.indicator import Indicator
from app.analysis.indicators import indicators
from app.analysis.left_out import (
    NOTHING,
    LeftOut,
    Names,
    asked_of,
    names_of,
    no_names,
    read_left_out,
)
from app.analysis.newest_said import (
    crossover_of,
    direction_of,
    directions_of,
    margins_of,
    newest_said,
)
from app.analysis.numbers import tidy
from app.analysis.shown_gap import shown_gap
from app.analysis.view import View


class Standing(Shape):
    """Who leads one indicator."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    higher_is: str = Field(description="What more of it means.", examples=["ahead"])
    leader: str | None = Field(
        description="The country that most independent sources put ahead of all others; null "
        "where none can say, they are divided, each puts another one ahead of it somewhere, or "
        "they put those that they compare level (`witnesses_level` is above 0 then).",
        examples=["US"],
    )
    runner_up: str | None = Field(
        description="The country it is compared with for the margin: of those that it is compared "
        "with in that period, the closest one; of several as close one with a trend, then the "
        "first by its code. Null without a leader.",
        examples=["CN"],
    )
    margin: float | None = Field(
        description="The leader's figure divided by the runner-up's, in the newest period; null "
        "where there is no leader, or the runner-up has nothing.",
        examples=[11.7],
    )
    margin_qualifier: str | None = Field(
        description="How firmly the two figures let the margin be stated; null where there is "
        "none.",
        examples=["exact"],
        json_schema_extra={"enum": ["exact", "about", "at_least", "up_to", "disputed", None]},
    )
    margin_least: float | None = Field(
        description="The least margin over the runner-up that a publisher gives in the newest "
        "period it has of both, in whatever it counts; null where there is none.",
        examples=[8.5],
    )
    margin_most: float | None = Field(
        description="The largest such margin; null where it is only known to be no less.",
        examples=[15.5],
    )
    leader_certain: bool | None = Field(
        description="Whether the leader would stay so, in that period, if all that its source "
        "lists without a country were the runner-up's; null where there is no leader.",
        examples=[True],
    )
    period: str | None = Field(
        description="The newest period both have: the leader and the runner-up or, where none "
        "leads, two that are level.",
        examples=["2024"],
    )
    source: str | None = Field(
        description="The source of the margin, which puts no country ahead of the leader, or that "
        "puts the two level.",
        examples=["ai-index-2025"],
    )
    publisher: str | None = Field(
        description="Who published that source.", examples=["Stanford HAI"]
    )
    scope: str | None = Field(
        description="What that source's figures cover.", examples=["ai-private-investment"]
    )
    direction: Direction | None = Field(
        description="What the leader's lead over the runner-up does over time, or that it was "
        "another's in the first period (reversed), as the source of the margin says; where that "
        "cannot say, as all others say that can. Null where none can, they differ, or what a "
        "source lists without a country could turn it.",
        examples=["widening"],
    )
    direction_source: str | None = Field(
        description="The source that says so.", examples=["ai-index-2025"]
    )
    direction_since: str | None = Field(
        description="The first period that this direction is told from.", examples=["2015"]
    )
    crossover: str | None = Field(
        description="The newest period of that in which another country was ahead than before, as "
        "the source of the direction says. Null where there is no direction or none such, or "
        "what a source lists without a country could move it.",
        examples=["2016"],
    )
    recent_direction: Direction | None = Field(
        description="What the lead does of late, by that source: seen from `recent_since` or from "
        "any period after it. Null where that cannot be told.",
        examples=["widening"],
    )
    recent_since: str | None = Field(
        description="The earliest period from which, and from each after it, the direction is the "
        "recent one; the first one where no later one tells another.",
        examples=["2016"],
    )
    depends_on_first: bool | None = Field(
        description="Whether another first period would give another direction (flat for a while "
        "is none); null where there is no direction.",
        examples=[True],
    )
    directions: dict[str, int] = Field(
        description="How many independent sources tell which direction, each by the newest of its "
        "figures.",
        examples=[{"closing": 1, "widening": 2}],
    )
    not_compared: list[str] = Field(
        description="The countries that no source sets beside another in the period of the margin; "
        "where none leads, in that of those that are level or, without any, in any period.",
        examples=[["GB"]],
    )
    witnesses_for: int = Field(
        description="Independent sources that name this leader.", examples=[4], ge=0
    )
    witnesses_against: int = Field(
        description="Independent sources that name another one.", examples=[0], ge=0
    )
    witnesses_level: int = Field(
        description="Independent sources that put it level with another one; where none leads, "
        "that put level all that they compare, and 0 where they are divided.",
        examples=[0],
        ge=0,
    )
    refusals: dict[str, int] = Field(
        description="How many answers were refused, by reason.", examples=[{"one_sided": 6}]
    )
    sentence: str | None = Field(
        description="The margin in words, or the two figures where they are level.",
        examples=["Funding, total, 2024, says Stanford HAI (ai-index-2025): 11.7 to 1."],
    )


class Race(Shape):
    """All indicators, and the composite where weights were given."""

    countries: list[str] = Field(description="The countries compared.", examples=[["US", "CN"]])
    attribution: str = Field(
        description="How AI models count for countries, where an indicator counts them.",
        examples=["any"],
    )
    standings: list[Standing] = Field(description="A row for each indicator.")
    composite: list[Composite] | None = Field(
        description="The ranking by `weights`, best first; null without them: what matters more "
        "is the reader's to say."
    )
    unusable_weights: list[str] = Field(
        description="Indicators that were given a weight, and for which no source has all of the "
        "countries so that they can be compared, and the leader ahead of them, or one country is a "
        "part of another, or the sources are divided, or more is neither ahead nor behind.",
        examples=[["companies"]],
    )
    uncertain_weights: list[str] = Field(
        description="Indicators of the composite whose leader is not certain: what a source lists "
        "without a country could put another one ahead, so that the score could be another.",
        examples=[["models-released"]],
    )


def read_race(
    view: View,
    countries: Sequence[str],
    weights: Mapping[str, float] | None = None,
    filters: BaseModel | None = None,
) -> Race:
    """Compare countries on every indicator that any two of them have, by what filters leave."""
    witnesses = read_witnesses(view)
    standings = []
    known = indicators(view).values()
    left_out = read_left_out(view, [*known])
    shares: dict[str, dict[str, float]] = {}
    for indicator in known:
        observations = read_observations(view, indicator, countries, filters)
        stated = read_stated(view, indicator, countries, filters, observations)
        beside = asked_of(view, left_out[indicator.id], filters)
        standing = _standing(
            *(indicator, countries, observations, witnesses, beside),
            stated=stated,
            names=names_of(view, indicator),
        )
        standings.append(standing)
        if weights and indicator.id in weights:
            shares[indicator.id] = shares_of(
                countries, observations, indicator, witnesses, standing.leader
            )
    usable = {id_: weight for id_, weight in (weights or {}).items() if shares.get(id_)}
    composite = rank(countries, shares, usable) if any(usable.values()) else []
    return Race(
        countries=list(countries),
        attribution=view.attribution,
        standings=standings,
        composite=composite if weights else None,
        unusable_weights=sorted(set(weights or {}) - usable.keys()),
        uncertain_weights=sorted(
            one.indicator
            for one in standings
            if one.indicator in usable and one.leader_certain is False
        ),
    )


def _standing(
    indicator: Indicator,
    countries: Sequence[str],
    observations: Sequence[Observation],
    witnesses: Mapping[str, Witness],
    left_out: LeftOut = NOTHING,
    *,
    stated: Sequence[Observation] | None = None,
    names: Names = no_names,
) -> Standing:
    """Return who leads: the country that wins every pair it is compared in by most witnesses.

    Where all pairs that are compared are level, it is what puts two of them so.
    """
    pairs = {}
    for a, b in combinations(countries, 2):
        of_two = [one for one in observations if one.country in (a, b)]
        all_of_two = [one for one in stated or observations if one.country in (a, b)]
        pairs[a, b] = compare(*(indicator, a, b, of_two, witnesses, left_out), stated=all_of_two)
    refusals = Counter(refusal.reason for gap in pairs.values() for refusal in gap.refusals)
    answered = {pair: gap for pair, gap in pairs.items() if gap.comparisons}
    leader = _leader(countries, answered) if indicator.higher_is != "neither" else None
    is_level = bool(answered) and all(map(_is_level, answered.values()))
    sources = Sources(witnesses, ())
    best = None
    if leader or is_level:
        best = shown_gap(indicator, leader, pairs, sources, names)
    if best is None:
        leader, is_level = None, False
    gaps = [gap for pair, gap in answered.items() if is_level or leader in pair]
    agreed = min((gap.agreement.leaders.get(leader or "", 0) for gap in gaps), default=0)
    against = max(
        (
            sum(
                count
                for named, count in gap.agreement.leaders.items()
                if named not in (leader, "equal")
            )
            for gap in gaps
        ),
        default=0,
    )
    newest = best.newest if best else None
    other = None
    margin = firmness = None
    if newest and leader:
        ahead, behind = (newest.a, newest.b) if newest.a.country == leader else (newest.b, newest.a)
        other = behind.country
        if behind.value:
            margin = tidy(ahead.value / behind.value)
            firmness = ratio_qualifier(ahead.qualifier, behind.qualifier)
    of_both = (gap for pair, gap in answered.items() if {*pair} == {leader, other})
    said = [found for gap in of_both for found in newest_said(gap.comparisons, sources)]
    least, most = margins_of(said, leader)
    directions = directions_of(said, leader)
    compared = best.compared if best else {country for pair in answered for country in pair}
    comparison = best.comparison if best else None
    told_by = comparison
    direction = direction_of(comparison.trend, leader) if comparison and leader else None
    if direction is None and len(directions) == 1:
        ((direction, (told_by, *_)),) = directions.items()
    trend = told_by.trend if told_by and direction else None
    return Standing(
        indicator=indicator.id,
        name=indicator.name,
        higher_is=indicator.higher_is,
        leader=leader,
        runner_up=other,
        margin=margin,
        margin_qualifier=firmness,
        margin_least=least,
        margin_most=most,
        leader_certain=newest.leader_certain if newest and leader else None,
        period=newest.period if newest else None,
        source=comparison.source if comparison else None,
        publisher=comparison.publisher if comparison else None,
        scope=comparison.scope if comparison else None,
        direction=direction,
        direction_source=told_by.source if told_by and direction else None,
        direction_since=trend.first if trend else None,
        crossover=crossover_of(told_by) if told_by and trend else None,
        recent_direction=trend.recent if trend else None,
        recent_since=trend.recent_since if trend else None,
        depends_on_first=trend.depends_on_first if trend else None,
        directions={name: len(tellers) for name, tellers in sorted(directions.items())},
        not_compared=[country for country in countries if country not in compared],
        witnesses_for=agreed,
        witnesses_against=against,
        witnesses_level=max((gap.agreement.leaders.get("equal", 0) for gap in gaps), default=0),
        refusals=dict(sorted(refusals.items())),
        sentence=best.sentence if best else None,
    )


def _leader(countries: Sequence[str], answered: Mapping[tuple[str, str], Gap]) -> str | None:
    """Return the country that wins every pair it is compared in, if it is compared with all."""
    wins: dict[str, set[str]] = {country: set() for country in countries}
    for (a, b), gap in answered.items():
        named = gap.agreement.leaders
        if named.get(a, 0) != named.get(b, 0):
            winner, loser = (a, b) if named.get(a, 0) > named.get(b, 0) else (b, a)
            wins[winner].add(loser)
    compared = {country for pair in answered for country in pair}
    return next((one for one in countries if {one} | wins[one] == compared), None)


def _is_level(gap: Gap) -> bool:
    """Return whether all sources that say who is ahead of two put them level."""
    return gap.agreement.leaders.keys() == {"equal"}
