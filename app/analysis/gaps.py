"""The gap between two countries: who leads, by how much, is it closing, and which source says so.

Two observations are compared only where one source states both, of one scope, unit and period.
Everything else is a refusal with its reason.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from pydantic import BaseModel

from app.analysis.bounds import bounds
from app.analysis.comparison import (
    Agreement,
    Comparison,
    Direction,
    Figure,
    Gap,
    PeriodGap,
    Reason,
    Refusal,
    Trend,
)
from app.analysis.figures import Observation, Witness, read_observations, read_witnesses
from app.analysis.indicator import Indicator
from app.analysis.sentences import sentence
from app.analysis.view import View
from app.kit.countries import contains
from app.kit.periods import months, parse_period

PERCENT = "percent"
FLAT_POINTS = 1.0
"""A lead that moved by no more than this many percentage points is flat."""

_SENTENCES = {
    "part_of_whole": "one of the two is a part of the other",
    "one_sided": "the source gives a figure for only one of the two",
    "different_scope": "the source gives the two in different scopes",
    "incomplete_period": "the period was not over when the source was published",
    "not_comparable_unit": "the source gives the two in different units or prices",
    "qualifier_overlap": "the two figures, as loosely as they are stated, could be the same",
    "several_values": "the source gives more than one figure for the same thing",
    "single_period": "there are not two periods of one length to compare",
}


def read_gap(
    view: View, indicator: Indicator, a: str, b: str, filters: BaseModel | None = None
) -> Gap:
    """Compare two countries on an indicator."""
    observations = read_observations(view, indicator, (a, b), filters)
    witnesses = read_witnesses(view)
    attribution = view.attribution if indicator.attributed else None
    return compare(indicator, a, b, observations, witnesses, attribution)


def compare(
    indicator: Indicator,
    a: str,
    b: str,
    observations: Iterable[Observation],
    witnesses: dict[str, Witness],
    attribution: str | None = None,
) -> Gap:
    """Return the gap that observations show. Pure: the same observations give the same gap."""
    part_of_whole = contains(a, b) or contains(b, a)
    by_source: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_source[observation.source].append(observation)
    comparisons: list[Comparison] = []
    refusals: list[Refusal] = []
    for source, stated in sorted(by_source.items()):
        if part_of_whole:
            refusals.append(_refusal(stated[0], None, "part_of_whole", ""))
            continue
        witness = witnesses.get(source, Witness(source, None))
        found, refused = _compare_source(indicator, a, b, stated, witness)
        comparisons += found
        refusals += refused
    return Gap(
        indicator=indicator.id,
        name=indicator.name,
        higher_is=indicator.higher_is,
        a=a,
        b=b,
        attribution=attribution,
        comparisons=comparisons,
        agreement=_agreement(comparisons),
        refusals=refusals,
    )


def _compare_source(
    indicator: Indicator, a: str, b: str, stated: list[Observation], witness: Witness
) -> tuple[list[Comparison], list[Refusal]]:
    """Compare what one source states, a period of one scope and unit at a time."""
    groups: dict[tuple[str | None, str, str, str], list[Observation]] = defaultdict(list)
    for observation in stated:
        series = (observation.scope, observation.unit, observation.basis)
        groups[(*series, observation.period)].append(observation)
    gaps: dict[tuple[str | None, str, str], list[PeriodGap]] = defaultdict(list)
    refusals = []
    for (scope, unit, basis, period), group in groups.items():
        reason = _why_not(a, b, group, stated, witness)
        if reason:
            there = " and ".join(sorted({observation.country for observation in group}))
            refusals.append(_refusal(group[0], period, reason, there))
        else:
            sides = {observation.country: observation for observation in group}
            gaps[scope, unit, basis].append(_period_gap(indicator, sides[a], sides[b]))
    comparisons = []
    for (scope, unit, basis), periods in gaps.items():
        trend = _trend(periods, unit)
        first = next(observation for observation in stated if observation.scope == scope)
        if trend is None:
            refusals.append(_refusal(first, None, "single_period", ""))
        comparisons.append(
            Comparison(
                source=first.source,
                scope=scope,
                unit=unit,
                basis=basis,
                witness=witness.root,
                periods=periods,
                trend=trend,
                sentence=sentence(indicator, periods[-1], unit, first),
            )
        )
    return comparisons, refusals


def _why_not(
    a: str, b: str, group: list[Observation], stated: list[Observation], witness: Witness
) -> Reason | None:
    """Return why the observations of one source, scope, unit and period cannot be compared."""
    countries = [observation.country for observation in group]
    if len(countries) > len(set(countries)):
        return "several_values"
    if set(countries) != {a, b}:
        here = group[0]
        other = [
            observation
            for observation in stated
            if observation.country not in countries and observation.period == here.period
        ]
        if any(o.scope == here.scope and o.unit != here.unit for o in other):
            return "not_comparable_unit"
        return "different_scope" if any(o.scope != here.scope for o in other) else "one_sided"
    if witness.published and witness.published < group[0].last_day:
        return "incomplete_period"
    first, second = (bounds(observation.value, observation.qualifier) for observation in group)
    exactly = all(observation.qualifier == "exact" for observation in group)
    return "qualifier_overlap" if not exactly and first.overlap(second) else None


def _refusal(observation: Observation, period: str | None, reason: Reason, there: str) -> Refusal:
    detail = _SENTENCES[reason] + (f" ({there})" if reason == "one_sided" else "")
    return Refusal(
        source=observation.source,
        scope=observation.scope,
        period=period,
        reason=reason,
        detail=detail,
    )


def _period_gap(indicator: Indicator, a: Observation, b: Observation) -> PeriodGap:
    both = 0 if a.unit == PERCENT else a.value + b.value  # shares of two wholes make no whole
    leader = None
    if a.value != b.value:
        more, less = (a, b) if a.value > b.value else (b, a)
        leader = (less if indicator.higher_is == "behind" else more).country
    return PeriodGap(
        period=a.period,
        a=_figure(a, both),
        b=_figure(b, both),
        leader=leader,
        difference=a.value - b.value,
        ratio=a.value / b.value if b.value else None,
    )


def _figure(observation: Observation, both: float) -> Figure:
    return Figure(
        country=observation.country,
        value=observation.value,
        qualifier=observation.qualifier,
        share=100 * observation.value / both if both else None,
        fact=observation.fact,
    )


def _trend(periods: list[PeriodGap], unit: str) -> Trend | None:
    """Return what the lead of the first period's leader does until the last one.

    Amounts are compared over periods of the commonest length, by share of the two together. What
    is in percent is a state and not a sum: its periods need not be of one length, and the lead is
    the difference itself.
    """
    alike = periods
    if unit != PERCENT:
        lengths = [_length(gap.period) for gap in periods]
        usual = max(sorted(set(lengths)), key=lengths.count)
        alike = [gap for gap in periods if _length(gap.period) == usual and gap.a.share is not None]
    if len(alike) < 2:  # noqa: PLR2004  (a trend has two ends)
        return None
    first, last = alike[0], alike[-1]
    leader = first.leader or first.a.country
    first_lead, last_lead = _lead(first, leader, unit), _lead(last, leader, unit)
    moved = last_lead - first_lead if first.leader else abs(last_lead)
    direction: Direction = "widening" if moved > 0 else "closing"
    if abs(moved) <= FLAT_POINTS:
        direction = "flat"
    crossed = (
        after.period
        for before, after in pairwise(alike)
        if after.leader and before.leader and after.leader != before.leader
    )
    return Trend(
        direction=direction,
        measure=_MEASURES[unit == PERCENT],
        first=first.period,
        last=last.period,
        first_lead=first_lead,
        last_lead=last_lead,
        crossover=next(crossed, None),
    )


_MEASURES = (
    "the lead in percentage points of the two together",
    "the difference in percentage points",
)


def _lead(gap: PeriodGap, leader: str, unit: str) -> float:
    lead = (gap.a.share or 0) - (gap.b.share or 0)
    if unit == PERCENT:
        lead = gap.difference
    return lead if leader == gap.a.country else -lead


def _length(period: str) -> int:
    return months(parse_period(period))


def _agreement(comparisons: list[Comparison]) -> Agreement:
    """Count each chain of restatement once, by the leader of its newest period."""
    named: dict[str, set[str]] = defaultdict(set)
    for comparison in comparisons:
        named[comparison.witness].add(comparison.periods[-1].leader or "equal")
    leaders: dict[str, int] = defaultdict(int)
    for said in named.values():
        if len(said) == 1:
            leaders[next(iter(said))] += 1
    undecided = sum(len(said) > 1 for said in named.values())
    return Agreement(
        witnesses=len(named), leaders=dict(sorted(leaders.items())), undecided=undecided
    )
