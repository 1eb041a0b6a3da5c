"""Trends: whether a lead widens or closes, where the figures are firm enough to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.analysis.bounds import Bounds, bounds
from app.analysis.comparison import Direction, Figure, PeriodGap, Reason, Trend
from app.analysis.numbers import tidy
from app.kit.periods import months, parse_period

PERCENT = "percent"
FLAT_POINTS = 1.0
"""A lead that moved by no more than this many percentage points is flat."""

OF_BOTH: Final = "the lead in percentage points of the two together"
DIFFERENCE: Final = "the difference in percentage points"
BELOW: Final = "by how many percent the other one is below"
"""What is compared of amounts, of what is in percent, and of what does not add up."""


@dataclass(frozen=True)
class NoTrend:
    """Why no trend can be told."""

    reason: Reason


def trend_of(
    periods: list[PeriodGap], unit: str, *, behind: bool, adds_up: bool = True
) -> Trend | NoTrend:
    """Return what the lead of the first period's leader, or else the last one's, does meanwhile.

    Where the other one leads at the end for certain it is reversed, and neither wider nor closer.
    A later first period may tell another direction: that is told too.

    The leader is who has more or, with `behind`, less.

    Amounts are compared over periods of one length, by share of the two together: the length of
    the newest period or, where only that one has it, the commonest. Of what does not add up, such
    as averages, it is by how much the other one is below. What is in percent is a state and not a
    sum: periods of other lengths that overlap none of those count too, so that no part is set
    beside its whole, and the lead is the difference itself. Where both have nothing there is no
    lead, so no trend begins there.
    """
    alike = _apart(periods) if unit == PERCENT else _of_one_length(periods)
    if len(alike) < 2:  # noqa: PLR2004  (a trend has two ends)
        return NoTrend("single_period")
    if unit != PERCENT:
        *before, last = alike
        alike = [*filter(_has_any, before), last]
        if len(alike) == 1 or not _has_any(last):
            return NoTrend("zero_sum")
    measure = _Measure(unit, behind=behind, adds_up=adds_up)
    ahead = [_ahead(gap, behind=behind) for gap in alike]
    leader = ahead[0] or ahead[-1] or alike[0].a.country
    ends = alike[0], alike[-1]
    directions = measure.directions(*ends, leader, is_level=ahead[0] is None)
    if len(directions) > 1:
        return NoTrend("qualifier_overlap")
    (direction,) = directions
    later = _later(measure, alike, ahead)
    wide = measure.directions(*ends, leader, is_level=ahead[0] is None, with_nobodys=True)
    is_certain = wide == directions
    told = [direction if is_certain else None, *later]
    recent, since = _recent(told)
    crossings = _crossings(alike, ahead)
    return Trend(
        direction=direction,
        certain=is_certain,
        leader=ahead[0] or ahead[-1],
        measure=measure.words,
        first=alike[0].period,
        last=alike[-1].period,
        first_lead=tidy(measure.lead(alike[0], leader).said),
        last_lead=tidy(measure.lead(alike[-1], leader).said),
        recent=recent,
        recent_since=None if since is None else alike[since].period,
        by_first={gap.period: one for gap, one in zip(alike[:-1], told, strict=True)},
        depends_on_first=_differ(told),
        crossover=crossings[-1] if crossings else None,
        crossovers=crossings,
    )


def _has_any(gap: PeriodGap) -> bool:
    return bool(gap.a.value or gap.b.value)


def _of_one_length(periods: Sequence[PeriodGap]) -> list[PeriodGap]:
    lengths = [_length(gap) for gap in periods]
    wanted = lengths[-1]
    if lengths.count(wanted) == 1:
        wanted = max(sorted(set(lengths)), key=lengths.count)
    return [gap for gap, length in zip(periods, lengths, strict=True) if length == wanted]


def _length(gap: PeriodGap) -> int:
    """Return how many months a period covers or, below zero, of how many days it is."""
    period = parse_period(gap.period)
    return months(period) or (period.first - period.last).days - 1


def _apart(periods: Sequence[PeriodGap]) -> list[PeriodGap]:
    """Return the periods of one length, and those of others that overlap none that is there."""
    found = _of_one_length(periods)
    for gap in periods:
        if not any(_overlap(gap, other) for other in found):
            found.append(gap)
    return [gap for gap in periods if gap in found]


def _overlap(gap: PeriodGap, other: PeriodGap) -> bool:
    one, two = parse_period(gap.period), parse_period(other.period)
    return one.first <= two.last and two.first <= one.last


def _later(
    measure: "_Measure", gaps: Sequence[PeriodGap], ahead: Sequence[str | None]
) -> list[Direction | None]:
    """Return the direction from each period between the first and the last to the last one.

    None where it cannot be told, or what is of no country could turn it.
    """
    told: list[Direction | None] = []
    for gap, who in zip(gaps[1:-1], ahead[1:-1], strict=True):
        leader = who or ahead[-1] or gap.a.country
        found = measure.directions(gap, gaps[-1], leader, is_level=who is None)
        if len(found) == 1 and (gap.without_country or gaps[-1].without_country):
            found |= measure.directions(
                gap, gaps[-1], leader, is_level=who is None, with_nobodys=True
            )
        told.append(found.pop() if len(found) == 1 else None)
    return told


def _recent(told: Sequence[Direction | None]) -> tuple[Direction | None, int | None]:
    """Return the last of some directions, and from which one on all are the same."""
    recent, since = told[-1], len(told) - 1
    if recent is None:
        return None, None
    while since and told[since - 1] == recent:
        since -= 1
    return recent, since


def _differ(told: Sequence[Direction | None]) -> bool:
    """Return whether directions contradict each other; to be flat for a while is none."""
    moved = {*told} - {None, "flat"}
    return len(moved) > 1 or (told[0] == "flat" and bool(moved))


def _directions(first: "_Lead", last: "_Lead", *, is_level: bool) -> set[Direction]:
    """Return what a lead can have done, from what it may have been to what it may be."""
    if first.least > 0 > last.most:
        return {"reversed"}
    if is_level:  # from level, any lead is a wider one
        return {_direction(abs(lead - first.said)) for lead in (last.least, last.said, last.most)}
    moved = (last.least - first.most, last.said - first.said, last.most - first.least)
    return set(map(_direction, moved))


def _direction(points: float) -> Direction:
    if tidy(abs(points)) <= FLAT_POINTS:
        return "flat"
    return "widening" if points > 0 else "closing"


def _crossings(gaps: list[PeriodGap], ahead: list[str | None]) -> list[str]:
    """Return the periods with another leader than the last period that had one."""
    led = [(gap.period, leader) for gap, leader in zip(gaps, ahead, strict=True) if leader]
    return [period for (_, before), (period, after) in pairwise(led) if after != before]


def _ahead(gap: PeriodGap, *, behind: bool) -> str | None:
    """Return who has more or, with `behind`, who has less."""
    if not behind or gap.higher is None:
        return gap.higher
    return gap.b.country if gap.higher == gap.a.country else gap.a.country


@dataclass(frozen=True)
class _Lead:
    """A lead in percentage points: as the figures say, and the least and most they allow."""

    said: float
    least: float
    most: float


class _Measure:
    """How a lead is measured, in percentage points."""

    def __init__(self, unit: str, *, behind: bool, adds_up: bool) -> None:
        self._behind = behind
        self._adds_up = adds_up
        if unit == PERCENT:
            self.words, self._points = DIFFERENCE, _difference
        elif adds_up:
            self.words, self._points = OF_BOTH, _share_lead
        else:
            self.words, self._points = BELOW, _below

    def lead(self, gap: PeriodGap, leader: str, *, with_nobodys: bool = False) -> _Lead:
        """Return the lead of a country; what is of nobody may be of either one."""
        own, other = (gap.a, gap.b) if leader == gap.a.country else (gap.b, gap.a)
        if self._behind:
            own, other = other, own
        mine, theirs = _bounds(own), _bounds(other)
        rest = (gap.without_country or 0) if with_nobodys else 0
        return _Lead(
            self._points(own.value, other.value),
            self._points(mine.least, self._with(theirs.most, rest)),
            self._points(self._with(mine.most, rest), theirs.least),
        )

    def directions(
        self,
        first: PeriodGap,
        last: PeriodGap,
        leader: str,
        *,
        is_level: bool,
        with_nobodys: bool = False,
    ) -> set[Direction]:
        """Return what the lead of a country can have done from one period to another."""
        ends = [self.lead(gap, leader, with_nobodys=with_nobodys) for gap in (first, last)]
        found = _directions(*ends, is_level=is_level)
        if with_nobodys and any(lead.least < 0 < lead.most for lead in ends):
            return found | {"widening", "reversed"}  # either one could have been ahead
        return found

    def _with(self, most: float, rest: float) -> float:
        """Return the most that a figure can be if what is of nobody is its country's."""
        return most + rest if self._adds_up else max(most, rest)


def _bounds(figure: Figure) -> Bounds:
    return bounds(figure.value, figure.qualifier)


def _difference(own: float, other: float) -> float:
    return own - other


def _share_lead(own: float, other: float) -> float:
    """Return by how many percentage points of the two together one is ahead of the other."""
    if own == other:
        return 0.0
    if float("inf") in (own, other):
        return 100.0 if own > other else -100.0
    return 100 * (own - other) / (own + other)


def _below(own: float, other: float) -> float:
    """Return by how many percent the other is below one, negative where one is below the other."""
    if own == other:
        return 0.0
    return 100 * (1 - other / own) if own > other else -100 * (1 - own / other)
