"""The gap between two countries: who leads, by how much, is it closing, and which source says so.

Two observations are compared only where one source states both, of one scope, unit and period.
Everything else is a refusal with its reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from types import MappingProxyType

from pydantic import BaseModel

from app.analysis.agreement import agreement
from app.analysis.bounds import Bounds, bounds, ratio_qualifier
from app.analysis.comparison import (
    Comparison,
    Figure,
    Gap,
    PeriodGap,
    Reason,
    Refusal,
)
from app.analysis.countries_told import CountriesTold, read_countries_told
from app.analysis.figures import (
    Observation,
    Sources,
    Witness,
    read_observations,
    read_stated,
    read_witnesses,
)
from app.analysis.indicator import Indicator
from app.analysis.left_out import (
    NOTHING,
    LeftOut,
    Names,
    asked_of,
    beside,
    is_certain,
    names_of,
    no_names,
    read_left_out,
    sources_of,
)
from app.analysis.numbers import tidy
from app.analysis.sentences import sentence
from app.analysis.trends import PERCENT, NoTrend, trend_of
from app.analysis.view import View
from app.kit.countries import contains

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
    "zero_sum": "both are 0 in the last period or in all before it, so that there is no lead",
    "without_country": "the source lists such facts, and none of a country of the two",
    "licence": "the source has no licence of those that were asked for",
    "different_period": "the source gives the two for different periods",
}


class _Stated:
    """What one source states, to be looked up: of whom, when, in which scope and unit."""

    def __init__(self, stated: Iterable[Observation]) -> None:
        self._then: defaultdict[tuple[str, str], list[Observation]] = defaultdict(list)
        self._alike: dict[tuple[str, str | None, str], set[tuple[str, str]]] = defaultdict(set)
        for one in stated:
            self._then[one.country, one.period].append(one)
            self._alike[one.country, one.scope, one.unit].add((one.first_day, one.last_day))

    def why_one_sided(self, here: Observation, country: str) -> Reason:
        """Return why a figure has no counterpart: what its source gives of the other country."""
        then = self._then.get((country, here.period), ())
        if units := [other.unit for other in then if other.scope == here.scope]:
            return "different_origin" if here.unit in units else "not_comparable_unit"
        own = {one.scope for one in self._then[here.country, here.period]}
        if any(other.scope not in own for other in then):
            return "different_scope"
        overlapping = (
            first_day <= here.last_day and here.first_day <= last_day
            for first_day, last_day in self._alike.get((country, here.scope, here.unit), ())
        )
        return "different_period" if any(overlapping) else "one_sided"


def read_gap(
    view: View, indicator: Indicator, a: str, b: str, filters: BaseModel | None = None
) -> Gap:
    """Compare two countries on an indicator."""
    observations = read_observations(view, indicator, (a, b), filters)
    stated = read_stated(view, indicator, (a, b), filters, observations)
    witnesses = read_witnesses(view)
    attribution = view.attribution if indicator.attributed else None
    left_out = asked_of(view, read_left_out(view, [indicator])[indicator.id], filters)
    return compare(
        *(indicator, a, b, observations, witnesses, left_out),
        attribution=attribution,
        stated=stated,
        names=names_of(view, indicator),
        told=read_countries_told(view, (a, b)) if indicator.attributed else {},
    )


def compare(
    indicator: Indicator,
    a: str,
    b: str,
    observations: Iterable[Observation],
    witnesses: Mapping[str, Witness],
    left_out: LeftOut = NOTHING,
    *,
    attribution: str | None = None,
    stated: Sequence[Observation] | None = None,
    names: Names = no_names,
    told: CountriesTold = MappingProxyType({}),
) -> Gap:
    """Return the gap that observations show, beside what counts for no country.

    `stated` is all that their sources state, where that is more; `told` says which others tell the
    countries of the AI models that a source lists. Pure: the same observations give
    the same gap, but for the names in its sentences.
    """
    part_of_whole = contains(a, b) or contains(b, a)
    by_source: dict[str, list[Observation]] = defaultdict(list)
    observations = list(observations)
    sources = Sources(witnesses, observations if stated is None else stated)
    for observation in observations:
        by_source[observation.source].append(observation)
    comparisons: list[Comparison] = []
    refusals: list[Refusal] = []
    for _, of_one in sorted(by_source.items()):
        if part_of_whole:
            refusals.append(_refusal(of_one[0], None, "part_of_whole", ""))
            continue
        found, refused = _compare_source(*(indicator, a, b, of_one, sources, left_out, names, told))
        comparisons += found
        refusals += refused
    for source, scope in sources_of(left_out):
        if source not in by_source:
            refusals.append(_refused(source, scope, None, "without_country"))
    for source, scope in sorted({(one.source, one.scope) for one in stated or ()}, key=str):
        if source not in by_source:
            refusals.append(_refused(source, scope, None, "licence"))
    return Gap(
        indicator=indicator.id,
        name=indicator.name,
        higher_is=indicator.higher_is,
        a=a,
        b=b,
        attribution=attribution,
        comparisons=comparisons,
        agreement=agreement(comparisons, indicator.higher_is, sources),
        refusals=refusals,
    )


def _compare_source(
    indicator: Indicator,
    a: str,
    b: str,
    stated: list[Observation],
    sources: Sources,
    left_out: LeftOut,
    names: Names,
    told: CountriesTold,
) -> tuple[list[Comparison], list[Refusal]]:
    """Compare what one source states, a period of one scope, unit and origin at a time."""
    groups: dict[tuple[str, str | None, str, str, str], list[Observation]] = defaultdict(list)
    for one in stated:
        groups[sources.witness(one), one.scope, one.unit, one.basis, one.period].append(one)
    gaps: dict[tuple[str, str | None, str, str], list[PeriodGap]] = defaultdict(list)
    firsts: dict[tuple[str, str | None, str, str], Observation] = {}
    refusals = []
    to_look_up = _Stated(stated)
    for (origin, scope, unit, basis, period), group in groups.items():
        reason = _why_not(a, b, group, to_look_up, sources)
        if reason:
            there = " and ".join(sorted({observation.country for observation in group}))
            refusals.append(_refusal(group[0], period, reason, there))
        else:
            sides = {observation.country: observation for observation in group}
            series = (origin, scope, unit, basis)
            gaps[series].append(_period_gap(indicator, sides[a], sides[b], left_out))
            firsts.setdefault(series, group[0])
    comparisons = []
    for (origin, scope, unit, basis), periods in gaps.items():
        trend = trend_of(
            periods,
            unit,
            behind=indicator.higher_is == "behind",
            adds_up=indicator.adds_up,
        )
        first = firsts[origin, scope, unit, basis]
        if isinstance(trend, NoTrend):
            refusals.append(_refusal(first, None, trend.reason, ""))
        comparisons.append(
            Comparison(
                source=first.source,
                publisher=sources.publisher(first.source),
                scope=scope,
                part_of=sources.part_of(first),
                unit=unit,
                basis=basis,
                witness=origin,
                countries_from=list(told.get(first.source, ())),
                periods=periods,
                trend=None if isinstance(trend, NoTrend) else trend,
                sentence=sentence(
                    *(indicator, periods[-1], unit, first.source, scope),
                    publisher=sources.publisher(first.source),
                    names=names,
                ),
            )
        )
    return comparisons, refusals


def _why_not(
    a: str,
    b: str,
    group: list[Observation],
    stated: _Stated,
    sources: Sources,
) -> Reason | None:
    """Return why the observations of one source, scope, unit and period cannot be compared."""
    countries = {observation.country for observation in group}
    if len(group) > len(countries):
        return "several_values"
    if len(countries) == 1:
        return stated.why_one_sided(group[0], b if a in countries else a)
    published = sources.published(group[0].source)
    if published and published < group[0].last_day:
        return "incomplete_period"
    first, second = map(_bounds, group)
    exactly = all(observation.qualifier == "exact" for observation in group)
    return "qualifier_overlap" if not exactly and first.overlap(second) else None


def _refusal(observation: Observation, period: str | None, reason: Reason, there: str) -> Refusal:
    more = f" ({there})" if reason == "one_sided" else ""
    return _refused(observation.source, observation.scope, period, reason, more)


def _refused(
    source: str, scope: str | None, period: str | None, reason: Reason, more: str = ""
) -> Refusal:
    return Refusal(
        source=source,
        scope=scope,
        period=period,
        reason=reason,
        detail=f"{_SENTENCES[reason]}{more}",
    )


def _period_gap(
    indicator: Indicator, a: Observation, b: Observation, left_out: LeftOut
) -> PeriodGap:
    # Shares of two wholes make no whole, nor do averages or the largest of each.
    both = a.value + b.value if indicator.adds_up and a.unit != PERCENT else 0
    leader = higher = None
    more, less = (a, b) if a.value >= b.value else (b, a)
    if a.value != b.value:
        higher = more.country
        leader = {"ahead": more.country, "behind": less.country}.get(indicator.higher_is)
    return PeriodGap(
        period=a.period,
        a=_figure(a, both),
        b=_figure(b, both),
        leader=leader,
        higher=higher,
        without_country=beside(left_out, a),
        leader_certain=is_certain(indicator, left_out, more, less),
        difference=tidy(a.value - b.value),
        ratio=tidy(a.value / b.value) if b.value else None,
        ratio_qualifier=ratio_qualifier(a.qualifier, b.qualifier) if b.value else None,
        ratio_least=_quotient(_bounds(a).least, _bounds(b).most),
        ratio_most=_quotient(_bounds(a).most, _bounds(b).least),
    )


def _bounds(observation: Observation) -> Bounds:
    return bounds(observation.value, observation.qualifier)


def _quotient(above: float, below: float) -> float | None:
    """Return a quotient, null where there is none or it has no end."""
    return tidy(above / below) if below and isfinite(above) and isfinite(below) else None


def _figure(observation: Observation, both: float) -> Figure:
    return Figure(
        country=observation.country,
        value=observation.value,
        qualifier=observation.qualifier,
        share=tidy(100 * observation.value / both) if both else None,
        fact=observation.fact,
    )
