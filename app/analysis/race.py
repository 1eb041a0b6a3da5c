"""The race on one page: every indicator in a row, with its leader, margin and direction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from pydantic import BaseModel, Field

from app.analysis.agreement import of_the_whole
from app.analysis.bounds import bounds, ratio_qualifier
from app.analysis.comparison import Comparison, Direction, Gap, PeriodGap, Shape, Trend
from app.analysis.figures import (
    Observation,
    Sources,
    Witness,
    read_observations,
    read_witnesses,
)
from app.analysis.gaps import compare
from app.analysis.indicator import Indicator
from app.analysis.indicators import indicators
from app.analysis.left_out import NOTHING, LeftOut, asked_of, read_left_out
from app.analysis.numbers import tidy
from app.analysis.scopes import wider
from app.analysis.sentences import sentence
from app.analysis.view import View
from app.kit.periods import parse_period


class Standing(Shape):
    """Who leads one indicator."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    higher_is: str = Field(description="What more of it means.", examples=["ahead"])
    leader: str | None = Field(
        description="The country that most independent sources put ahead of all others; null "
        "where none can say or they are divided.",
        examples=["US"],
    )
    runner_up: str | None = Field(
        description="The country it is compared with for the margin.", examples=["CN"]
    )
    margin: float | None = Field(
        description="The leader's figure divided by the runner-up's, in the newest period.",
        examples=[11.7],
    )
    margin_qualifier: str | None = Field(
        description="How firmly the two figures let the margin be stated; null where there is "
        "none.",
        examples=["exact"],
        json_schema_extra={"enum": ["exact", "about", "at_least", "up_to", "disputed", None]},
    )
    leader_certain: bool | None = Field(
        description="Whether the leader would stay so, in that period, if all that its source "
        "lists without a country were the runner-up's; null where there is no leader.",
        examples=[True],
    )
    period: str | None = Field(description="The newest period both have.", examples=["2024"])
    source: str | None = Field(description="The source of the margin.", examples=["ai-index-2025"])
    scope: str | None = Field(
        description="What that source's figures cover.", examples=["ai-private-investment"]
    )
    direction: Direction | None = Field(
        description="What the leader's lead does over time, or that it was another's in the "
        "first period (reversed); null where no source can say, or what it lists without a "
        "country could turn it.",
        examples=["widening"],
    )
    not_compared: list[str] = Field(
        description="The countries that no source sets beside another, or that have no figure in "
        "the period of the margin.",
        examples=[["GB"]],
    )
    witnesses_for: int = Field(
        description="Independent sources that name this leader.", examples=[4], ge=0
    )
    witnesses_against: int = Field(
        description="Independent sources that name another one.", examples=[0], ge=0
    )
    witnesses_level: int = Field(
        description="Independent sources that put it level with another one.", examples=[0], ge=0
    )
    refusals: dict[str, int] = Field(
        description="How many answers were refused, by reason.", examples=[{"one_sided": 6}]
    )
    sentence: str | None = Field(
        description="The margin in words.",
        examples=["Funding, total, 2024, says ai-index-2025: 11.7 to 1."],
    )


class Composite(Shape):
    """A ranking by weights that the reader gave."""

    country: str = Field(description="The country.", examples=["US"])
    score: float = Field(
        description="The weighted mean of its shares among the countries, from 0 to 100.",
        examples=[91.2],
    )
    stability: float = Field(
        description="The share of other weights, each halved, kept or doubled, under which the "
        "whole order stays, in percent.",
        examples=[100.0],
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
        "countries so that they can be compared, or the sources are divided, or more is neither "
        "ahead nor behind.",
        examples=[["companies"]],
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
        beside = asked_of(left_out[indicator.id], filters)
        standing = _standing(indicator, countries, observations, witnesses, beside)
        standings.append(standing)
        if weights and indicator.id in weights:
            shares[indicator.id] = _shares(
                countries, observations, indicator, witnesses, standing.leader
            )
    usable = {id_: weight for id_, weight in (weights or {}).items() if shares.get(id_)}
    composite = rank(countries, shares, usable) if usable else []
    return Race(
        countries=list(countries),
        attribution=view.attribution,
        standings=standings,
        composite=composite if weights else None,
        unusable_weights=sorted(set(weights or {}) - usable.keys()),
    )


def rank(
    countries: Sequence[str],
    shares: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> list[Composite]:
    """Rank countries by weighted shares, and tell under how many other weights the order holds."""
    scores = _scores(countries, shares, weights)
    order = sorted(countries, key=lambda country: (-scores[country], country))
    names = sorted(weights)[:_SWEPT_AT_MOST]
    held = tried = 0
    for factors in product((0.5, 1.0, 2.0), repeat=len(names)):
        tried += 1
        moved = {**weights, **{n: weights[n] * f for n, f in zip(names, factors, strict=True)}}
        other = _scores(countries, shares, moved)
        held += order == sorted(countries, key=lambda country: (-other[country], country))
    stability = 100 * held / tried
    return [Composite(country=c, score=scores[c], stability=stability) for c in order]


_SWEPT_AT_MOST = 7


def _scores(
    countries: Sequence[str],
    shares: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> dict[str, float]:
    whole = sum(weights.values())
    return {
        country: sum(shares[id_][country] * weight for id_, weight in weights.items()) / whole
        for country in countries
    }


def _shares(
    countries: Sequence[str],
    observations: Sequence[Observation],
    indicator: Indicator,
    witnesses: Mapping[str, Witness],
    leader: str | None,
) -> dict[str, float]:
    """Return each country's share in the newest group that has all of them; empty if none has.

    Only what is compared counts: no part of a scope, nothing that was published before its period
    was over, nothing stated so loosely that two could be the same. Where the sources name no
    leader, all have to be level in it.
    """
    sources = Sources(witnesses, observations)
    groups: dict[tuple[str, bool, str, str, str, str, str], list[Observation]] = {}
    scopes: dict[str, set[str | None]] = defaultdict(set)
    for one in observations:
        scopes[sources.house(sources.witness(one))].add(one.scope)
    for one in observations:
        origin = sources.witness(one)
        is_original = origin == one.source
        key = (one.last_day, is_original, one.source, one.scope or "", one.unit, origin, one.period)
        published = sources.published(one.source)
        is_over = not published or published >= one.last_day
        if is_over and not wider(one.scope, scopes[sources.house(origin)]):
            groups.setdefault(key, []).append(one)
    full = [
        key
        for key, group in groups.items()
        if sorted(one.country for one in group) == sorted(countries) and _are_apart(group)
    ]
    if not full or indicator.higher_is == "neither":
        return {}
    newest = groups[max(full)]
    values = {one.country: one.value for one in newest}
    whole = sum(values.values())
    if not whole or (leader is None and len(set(values.values())) > 1):
        return {}
    found = {country: 100 * value / whole for country, value in values.items()}
    if indicator.higher_is == "behind":
        return {country: 100 - share for country, share in found.items()}
    return found


def _are_apart(group: Sequence[Observation]) -> bool:
    """Return whether no two figures, as loosely as they are stated, could be the same."""
    if all(one.qualifier == "exact" for one in group):
        return True
    stated = [bounds(one.value, one.qualifier) for one in group]
    return not any(one.overlap(other) for one, other in combinations(stated, 2))


def _standing(
    indicator: Indicator,
    countries: Sequence[str],
    observations: Sequence[Observation],
    witnesses: Mapping[str, Witness],
    left_out: LeftOut = NOTHING,
) -> Standing:
    """Return who leads: the country that wins every pair it is compared in by most witnesses."""
    pairs = {}
    for a, b in combinations(countries, 2):
        of_two = [one for one in observations if one.country in (a, b)]
        pairs[a, b] = compare(indicator, a, b, of_two, witnesses, left_out)
    refusals: dict[str, int] = {}
    for gap in pairs.values():
        for refusal in gap.refusals:
            refusals[refusal.reason] = refusals.get(refusal.reason, 0) + 1
    wins: dict[str, set[str]] = {country: set() for country in countries}
    for (a, b), gap in pairs.items():
        named = gap.agreement.leaders
        if named.get(a, 0) != named.get(b, 0):
            winner, loser = (a, b) if named.get(a, 0) > named.get(b, 0) else (b, a)
            wins[winner].add(loser)
    compared = {country for pair, gap in pairs.items() if gap.comparisons for country in pair}
    leaders = [c for c in countries if c in compared and wins[c] == compared - {c}]
    leader = leaders[0] if leaders and indicator.higher_is != "neither" else None
    best = _newest(indicator, leader, pairs) if leader else None
    gaps = [gap for pair, gap in pairs.items() if leader in pair and compared.issuperset(pair)]
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
    beside = best.countries if best else compared
    comparison = best.comparison if best else None
    return Standing(
        indicator=indicator.id,
        name=indicator.name,
        higher_is=indicator.higher_is,
        leader=leader,
        runner_up=other,
        margin=margin,
        margin_qualifier=firmness,
        leader_certain=newest.leader_certain if newest else None,
        period=newest.period if newest else None,
        source=comparison.source if comparison else None,
        scope=comparison.scope if comparison else None,
        direction=_direction(comparison.trend, leader) if comparison else None,
        not_compared=[country for country in countries if country not in beside],
        witnesses_for=agreed,
        witnesses_against=against,
        witnesses_level=max((gap.agreement.leaders.get("equal", 0) for gap in gaps), default=0),
        refusals=dict(sorted(refusals.items())),
        sentence=best.sentence if best else None,
    )


def _direction(trend: Trend | None, leader: str | None) -> Direction | None:
    """Return what the lead of today's leader does, None where the trend is of another's lead.

    Or where what has no country could turn it.
    """
    if trend is None or (trend.leader == leader) == (trend.direction == "reversed"):
        return None
    if not trend.certain:
        return None
    return trend.direction


@dataclass(frozen=True)
class _Best:
    """The gap that a standing shows: one comparison, in one period, of those countries."""

    comparison: Comparison
    newest: PeriodGap
    countries: frozenset[str]
    sentence: str


def _newest(
    indicator: Indicator, leader: str, pairs: Mapping[tuple[str, str], Gap]
) -> _Best | None:
    """Return what to show: the period in which one source sets most countries beside the leader.

    Among those the newest, an original before one that restates, and the closest rival.
    """
    won = [
        (comparison, gap)
        for pair, found in pairs.items()
        if leader in pair
        for comparison in of_the_whole(found.comparisons)
        for gap in comparison.periods
        if comparison.periods[-1].leader == gap.leader == leader
    ]
    rivals: dict[tuple[object, ...], set[str]] = defaultdict(lambda: {leader})
    for comparison, gap in won:
        rivals[_group(comparison, gap)] |= {gap.a.country, gap.b.country}

    def order(found: tuple[Comparison, PeriodGap]) -> tuple[int, str, bool, float, str]:
        comparison, gap = found
        last_day = parse_period(gap.period).last.isoformat()
        original = comparison.witness == comparison.source
        lead = abs(gap.difference)
        return len(rivals[_group(*found)]), last_day, original, -lead, comparison.source

    best = max(won, key=order, default=None)
    if best is None:
        return None
    comparison, gap = best
    said = sentence(indicator, gap, comparison.unit, comparison.source, comparison.scope)
    return _Best(comparison, gap, frozenset(rivals[_group(*best)]), said)


def _group(comparison: Comparison, gap: PeriodGap) -> tuple[object, ...]:
    series = (comparison.source, comparison.witness, comparison.scope, comparison.unit)
    return *series, gap.period
