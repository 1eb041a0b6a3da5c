"""What publishers say of two countries: the newest of each, its margin and its direction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from app.analysis.bounds import ratio_qualifier
from app.analysis.comparison import Comparison, Direction, PeriodGap, Trend
from app.analysis.figures import Sources
from app.analysis.numbers import tidy
from app.analysis.scopes import is_projection
from app.kit.periods import parse_period


def of_the_whole(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Return the comparisons but for those of a part of a scope that their publisher gives whole.

    A country can be behind in a part, and nobody contradicts himself by that. What was projected
    speaks only where nothing was counted.
    """
    whole = [one for one in comparisons if one.part_of is None]
    return [one for one in whole if not is_projection(one.scope)] or whole


def newest_said(
    comparisons: Iterable[Comparison], sources: Sources
) -> list[tuple[str, Comparison]]:
    """Return what publishers say of two: of each and each scope the comparisons that are newest.

    Those are of its newest period, and of that what it published last.
    """
    found: dict[tuple[str, str | None], list[Comparison]] = defaultdict(list)
    for one in of_the_whole(comparisons):
        found[sources.house(one.witness), one.scope].append(one)
    return [
        (house, one)
        for (house, _), these in found.items()
        for one in _newest_of(these, sources.published)
    ]


def _newest_of(
    these: Sequence[Comparison], published: Callable[[str], str | None]
) -> list[Comparison]:
    """Return those of the newest period; an edition before another one corrects nothing.

    All are of one publisher and scope; `published` tells the day of a source, if it is known.
    """
    last_days = [parse_period(one.periods[-1].period).last for one in these]
    latest = [one for one, day in zip(these, last_days, strict=True) if day == max(last_days)]
    days = [published(one.witness) for one in latest]
    newest = max((day for day in days if day), default=None)
    return [one for one, day in zip(latest, days, strict=True) if day in (None, newest)]


def last_day_of(gap: PeriodGap) -> str:
    """Return the last day of the period of a gap, in ISO 8601."""
    return parse_period(gap.period).last.isoformat()


def margins_of(
    said: Iterable[tuple[str, Comparison]], leader: str | None
) -> tuple[float | None, float | None]:
    """Return the least and the largest margin of a leader, None where that has no end."""
    found = []
    for _, comparison in said:
        newest = comparison.periods[-1]
        ahead, behind = newest.a, newest.b
        if ahead.country != leader:
            ahead, behind = behind, ahead
        if newest.leader == leader and behind.value:
            firmness = ratio_qualifier(ahead.qualifier, behind.qualifier)
            found.append((tidy(ahead.value / behind.value), firmness))
    if not found:
        return None, None
    margins = [margin for margin, _ in found]
    has_end = all(firmness != "at_least" for _, firmness in found)
    return min(margins), max(margins) if has_end else None


def directions_of(
    said: Iterable[tuple[str, Comparison]], leader: str | None
) -> dict[Direction, list[Comparison]]:
    """Return by direction the comparisons that tell it, of publishers that tell one alone."""
    found: dict[str, dict[Direction, Comparison]] = defaultdict(dict)
    for house, comparison in said:
        if direction := direction_of(comparison.trend, leader):
            found[house].setdefault(direction, comparison)
    told: dict[Direction, list[Comparison]] = defaultdict(list)
    for by_direction in found.values():
        if len(by_direction) == 1:
            for direction, comparison in by_direction.items():
                told[direction].append(comparison)
    return told


def direction_of(trend: Trend | None, leader: str | None) -> Direction | None:
    """Return what the lead of today's leader does, None where the trend is of another's lead.

    Or where what has no country could turn it.
    """
    if trend is None or (trend.leader == leader) == (trend.direction == "reversed"):
        return None
    if not trend.certain:
        return None
    return trend.direction


def crossover_of(comparison: Comparison) -> str | None:
    """Return the newest period of a trend with another leader than before, None if none.

    Or where what has no country could move it.
    """
    trend = comparison.trend
    if trend is None or trend.crossover is None:
        return None
    certain = {gap.period for gap in comparison.periods if gap.leader_certain}
    periods = [*trend.by_first, trend.last]
    from_before = periods[periods.index(trend.crossover) - 1 :]
    return trend.crossover if certain.issuperset(from_before) else None
