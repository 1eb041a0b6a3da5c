"""The gap between two countries: who leads, by how much, is it closing, and which source says so.

Two observations are compared only where one source states both, of one scope, unit and period.
Everything else is a refusal with its reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from pydantic import BaseModel

from app.analysis.bounds import bounds, ratio_qualifier
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
from app.analysis.figures import (
    Observation,
    Witness,
    read_observations,
    read_witnesses,
    witness_of,
)
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
    "different_origin": "the source passes on the two from different counts",
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
    witnesses: Mapping[str, Witness],
    attribution: str | None = None,
) -> Gap:
    """Return the gap that observations show. Pure: the same observations give the same gap."""
    part_of_whole = contains(a, b) or contains(b, a)
    by_source: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_source[observation.source].append(observation)
    comparisons: list[Comparison] = []
    refusals: list[Refusal] = []
    for _, stated in sorted(by_source.items()):
        if part_of_whole:
            refusals.append(_refusal(stated[0], None, "part_of_whole", ""))
            continue
        found, refused = _compare_source(indicator, a, b, stated, witnesses)
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
        agreement=_agreement(comparisons, indicator.higher_is),
        refusals=refusals,
    )


def _compare_source(
    indicator: Indicator,
    a: str,
    b: str,
    stated: list[Observation],
    witnesses: Mapping[str, Witness],
) -> tuple[list[Comparison], list[Refusal]]:
    """Compare what one source states, a period of one scope, unit and origin at a time."""
    groups: dict[tuple[str, str | None, str, str, str], list[Observation]] = defaultdict(list)
    for observation in stated:
        origin = witness_of(observation, witnesses)
        series = (origin, observation.scope, observation.unit, observation.basis)
        groups[(*series, observation.period)].append(observation)
    gaps: dict[tuple[str, str | None, str, str], list[PeriodGap]] = defaultdict(list)
    firsts: dict[tuple[str, str | None, str, str], Observation] = {}
    refusals = []
    for (origin, scope, unit, basis, period), group in groups.items():
        reason = _why_not(a, b, group, stated, witnesses)
        if reason:
            there = " and ".join(sorted({observation.country for observation in group}))
            refusals.append(_refusal(group[0], period, reason, there))
        else:
            sides = {observation.country: observation for observation in group}
            series = (origin, scope, unit, basis)
            gaps[series].append(_period_gap(indicator, sides[a], sides[b]))
            firsts.setdefault(series, group[0])
    comparisons = []
    for (origin, scope, unit, basis), periods in gaps.items():
        trend = _trend(periods, unit, behind=indicator.higher_is == "behind")
        first = firsts[origin, scope, unit, basis]
        if trend is None:
            refusals.append(_refusal(first, None, "single_period", ""))
        comparisons.append(
            Comparison(
                source=first.source,
                scope=scope,
                unit=unit,
                basis=basis,
                witness=origin,
                periods=periods,
                trend=trend,
                sentence=sentence(indicator, periods[-1], unit, first),
            )
        )
    return comparisons, refusals


def _why_not(
    a: str,
    b: str,
    group: list[Observation],
    stated: list[Observation],
    witnesses: Mapping[str, Witness],
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
        if any(o.scope == here.scope and o.basis == here.basis for o in other):
            return "different_origin"
        return "different_scope" if any(o.scope != here.scope for o in other) else "one_sided"
    source = witnesses.get(group[0].source)
    if source and source.published and source.published < group[0].last_day:
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
    leader = higher = None
    if a.value != b.value:
        more, less = (a, b) if a.value > b.value else (b, a)
        higher = more.country
        leader = {"ahead": more.country, "behind": less.country}.get(indicator.higher_is)
    return PeriodGap(
        period=a.period,
        a=_figure(a, both),
        b=_figure(b, both),
        leader=leader,
        higher=higher,
        difference=a.value - b.value,
        ratio=a.value / b.value if b.value else None,
        ratio_qualifier=ratio_qualifier(a.qualifier, b.qualifier) if b.value else None,
    )


def _figure(observation: Observation, both: float) -> Figure:
    return Figure(
        country=observation.country,
        value=observation.value,
        qualifier=observation.qualifier,
        share=100 * observation.value / both if both else None,
        fact=observation.fact,
    )


def _trend(periods: list[PeriodGap], unit: str, *, behind: bool) -> Trend | None:
    """Return what the lead of the first period's leader does until the last one.

    The leader is who has more or, with `behind`, less.

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
    ahead = [_ahead(gap, behind=behind) for gap in alike]
    leader = ahead[0] or first.a.country
    sign = -1 if behind else 1
    first_lead, last_lead = (sign * _lead(gap, leader, unit) for gap in (first, last))
    moved = last_lead - first_lead if ahead[0] else abs(last_lead)
    direction: Direction = "widening" if moved > 0 else "closing"
    if abs(moved) <= FLAT_POINTS:
        direction = "flat"
    crossed = (
        gap.period
        for gap, (before, after) in zip(alike[1:], pairwise(ahead), strict=True)
        if after and before and after != before
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


def _ahead(gap: PeriodGap, *, behind: bool) -> str | None:
    """Return who has more or, with `behind`, who has less."""
    if not behind or gap.higher is None:
        return gap.higher
    return gap.b.country if gap.higher == gap.a.country else gap.a.country


def _lead(gap: PeriodGap, leader: str, unit: str) -> float:
    lead = (gap.a.share or 0) - (gap.b.share or 0)
    if unit == PERCENT:
        lead = gap.difference
    return lead if leader == gap.a.country else -lead


def _length(period: str) -> int:
    return months(parse_period(period))


def _agreement(comparisons: list[Comparison], higher_is: str) -> Agreement:
    """Count each chain of restatement once, by what it says of its newest period."""
    ahead: dict[str, set[str]] = defaultdict(set)
    higher: dict[str, set[str]] = defaultdict(set)
    for comparison in comparisons:
        newest = comparison.periods[-1]
        ahead[comparison.witness].add(newest.leader or "equal")
        higher[comparison.witness].add(newest.higher or "equal")
    return Agreement(
        witnesses=len(higher),
        leaders={} if higher_is == "neither" else _counted(ahead.values()),
        higher=_counted(higher.values()),
        undecided=sum(len(said) > 1 for said in higher.values()),
    )


def _counted(said: Iterable[set[str]]) -> dict[str, int]:
    """Count what each witness says, where it says one thing."""
    return dict(sorted(Counter(next(iter(one)) for one in said if len(one) == 1).items()))
