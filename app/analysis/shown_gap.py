"""The gap that a standing shows: which source, in which period, sets which two beside."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from app.analysis.comparison import Comparison, Gap, PeriodGap
from app.analysis.figures import Sources
from app.analysis.indicator import Indicator
from app.analysis.left_out import Names
from app.analysis.newest_said import last_day_of, newest_said, of_the_whole
from app.analysis.sentences import sentence


@dataclass(frozen=True)
class ShownGap:
    """One comparison, in one period, and which countries are compared in that by any source."""

    comparison: Comparison
    newest: PeriodGap
    compared: frozenset[str]
    sentence: str


@dataclass(frozen=True)
class _Told:
    """What one source tells of two in a period."""

    comparison: Comparison
    gap: PeriodGap
    count: int
    """How many countries the source has of which it tells so in that period."""

    is_clear: bool
    """Whether no other one could be ahead of the leader, or is level, in that period."""


def shown_gap(
    indicator: Indicator,
    leader: str | None,
    pairs: Mapping[tuple[str, str], Gap],
    sources: Sources,
    names: Names,
) -> ShownGap | None:
    """Return the closest rival in the period in which one source sets most beside the leader.

    Of such periods that is the newest, and those in which the source has another country that could
    be ahead come last. A rival is told of by the source that has most countries, then by the newest
    edition of what one publisher states, and by an original before one that restates. Who puts
    another one ahead tells nothing: None if all do. Without a leader it is one that puts two level.
    """
    gaps = [gap for pair, gap in pairs.items() if leader is None or leader in pair]
    told = _told(leader, gaps, sources)
    if not told:
        return None
    first = max(told, key=lambda one: (one.is_clear, one.count, last_day_of(one.gap)))
    period = first.gap.period
    closest = _closest(
        (one for one in told if (one.is_clear, one.gap.period) == (first.is_clear, period)),
        sources,
        _editions(pairs.values(), sources),
    )
    comparison, gap = closest.comparison, closest.gap
    said = sentence(
        *(indicator, gap, comparison.unit, comparison.source, comparison.scope),
        publisher=comparison.publisher,
        names=names,
    )
    return ShownGap(comparison, gap, _compared(pairs, period), said)


def _told(leader: str | None, gaps: Collection[Gap], sources: Sources) -> list[_Told]:
    """Return what names the leader, of publishers that put no other one ahead of it."""
    against = {
        house
        for found in gaps
        for house, one in newest_said(found.comparisons, sources)
        if one.periods[-1].leader not in (leader, None)
    }
    unclear = _unclear(leader, gaps)
    told = [
        (comparison, gap)
        for found in gaps
        for comparison in of_the_whole(found.comparisons)
        if sources.house(comparison.witness) not in against
        for gap in comparison.periods
        if comparison.periods[-1].leader == gap.leader == leader
    ]
    beside: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for comparison, gap in told:
        beside[_group(comparison, gap)] |= {gap.a.country, gap.b.country}
    return [
        _Told(
            comparison=comparison,
            gap=gap,
            count=len(beside[_group(comparison, gap)]),
            is_clear=(comparison.source, comparison.scope, gap.period) not in unclear,
        )
        for comparison, gap in told
    ]


def _group(comparison: Comparison, gap: PeriodGap) -> tuple[object, ...]:
    series = (comparison.source, comparison.witness, comparison.scope, comparison.unit)
    return *series, gap.period


def _unclear(leader: str | None, gaps: Collection[Gap]) -> set[tuple[str, str | None, str | None]]:
    """Return the sources, scopes and periods in which another one is level, or could be ahead."""
    compared = {
        (one.source, one.scope, gap.period)
        for found in gaps
        for one in found.comparisons
        for gap in one.periods
        if gap.leader != leader
    }
    loose = {
        (refusal.source, refusal.scope, refusal.period)
        for found in gaps
        for refusal in found.refusals
        if refusal.reason == "qualifier_overlap"
    }
    return compared | loose


def _closest(
    told: Iterable[_Told], sources: Sources, editions: Mapping[tuple[object, ...], str]
) -> _Told:
    """Return what is told of the two that are closest, each two by the source that goes first."""

    def order(one: _Told) -> tuple[int, bool, bool, float, str]:
        comparison = one.comparison
        newest = editions[_edition(comparison, one.gap, sources)]
        is_last = (sources.published(comparison.witness) or newest) == newest
        is_original = comparison.witness == comparison.source
        lead = abs(one.gap.difference)
        return one.count, is_last, is_original, -lead, comparison.source

    best: dict[tuple[str, str], _Told] = {}
    for one in sorted(told, key=order, reverse=True):
        best.setdefault((one.gap.a.country, one.gap.b.country), one)
    return min(best.values(), key=_distance)


def _distance(one: _Told) -> tuple[float, bool, list[str]]:
    """Return how far apart two are; of those as close, who have a trend go first, then by name.

    In which order countries are asked for decides nothing.
    """
    countries = sorted((one.gap.a.country, one.gap.b.country))
    return _margin(one.gap), one.comparison.trend is None, countries


def _margin(gap: PeriodGap) -> float:
    """Return how many times the smaller figure the larger one is."""
    smaller, larger = sorted((gap.a.value, gap.b.value))
    if smaller == larger:
        return 1.0
    return larger / smaller if smaller else float("inf")


def _editions(gaps: Iterable[Gap], sources: Sources) -> dict[tuple[object, ...], str]:
    """Return when the newest edition of what one publisher states of a period came out."""
    editions: dict[tuple[object, ...], str] = {}
    for found in gaps:
        for one in found.comparisons:
            for gap in one.periods:
                key = _edition(one, gap, sources)
                day = sources.published(one.witness) or ""
                editions[key] = max(day, editions.get(key, ""))
    return editions


def _edition(comparison: Comparison, gap: PeriodGap, sources: Sources) -> tuple[object, ...]:
    return sources.house(comparison.witness), comparison.scope, gap.period


def _compared(pairs: Mapping[tuple[str, str], Gap], period: str) -> frozenset[str]:
    """Return the countries that a source sets beside another one in a period."""
    return frozenset(
        country
        for pair, found in pairs.items()
        if any(
            gap.period == period for one in of_the_whole(found.comparisons) for gap in one.periods
        )
        for country in pair
    )
