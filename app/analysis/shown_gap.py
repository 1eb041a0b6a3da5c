"""The gap that a standing shows: which source, in which period, sets which countries beside."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from app.analysis.agreement import of_the_whole
from app.analysis.comparison import Comparison, Gap, PeriodGap
from app.analysis.figures import Sources
from app.analysis.indicator import Indicator
from app.analysis.left_out import Names
from app.analysis.newest_said import last_day_of
from app.analysis.sentences import sentence


@dataclass(frozen=True)
class ShownGap:
    """One comparison, in one period, of those countries."""

    comparison: Comparison
    newest: PeriodGap
    countries: frozenset[str]
    sentence: str


def shown_gap(
    indicator: Indicator,
    leader: str | None,
    pairs: Mapping[tuple[str, str], Gap],
    sources: Sources,
    names: Names,
) -> ShownGap | None:
    """Return what to show: the period in which one source sets most countries beside the leader.

    Among those the newest, the newest edition of what one publisher states, an original before one
    that restates, and the closest rival. Without a leader it is one that puts two level.
    """
    editions: dict[tuple[str, str | None, str], str] = {}
    for found in pairs.values():
        for one in found.comparisons:
            for gap in one.periods:
                key = sources.house(one.witness), one.scope, gap.period
                day = sources.published(one.witness) or ""
                editions[key] = max(day, editions.get(key, ""))
    told = [
        (comparison, gap)
        for pair, found in pairs.items()
        if leader is None or leader in pair
        for comparison in of_the_whole(found.comparisons)
        for gap in comparison.periods
        if comparison.periods[-1].leader == gap.leader == leader
    ]
    beside: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for comparison, gap in told:
        beside[_group(comparison, gap)] |= {gap.a.country, gap.b.country}

    def is_newest(comparison: Comparison, gap: PeriodGap) -> bool:
        newest = editions[sources.house(comparison.witness), comparison.scope, gap.period]
        return (sources.published(comparison.witness) or newest) == newest

    def order(found: tuple[Comparison, PeriodGap]) -> tuple[int, str, bool, bool, float, str]:
        comparison, gap = found
        last_day = last_day_of(gap)
        original = comparison.witness == comparison.source
        lead = abs(gap.difference)
        count, is_last = len(beside[_group(*found)]), is_newest(comparison, gap)
        return count, last_day, is_last, original, -lead, comparison.source

    best = max(told, key=order, default=None)
    if best is None:
        return None
    comparison, gap = best
    said = sentence(
        *(indicator, gap, comparison.unit, comparison.source, comparison.scope),
        publisher=comparison.publisher,
        names=names,
    )
    return ShownGap(comparison, gap, frozenset(beside[_group(*best)]), said)


def _group(comparison: Comparison, gap: PeriodGap) -> tuple[object, ...]:
    series = (comparison.source, comparison.witness, comparison.scope, comparison.unit)
    return *series, gap.period
