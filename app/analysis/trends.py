"""Trends: whether a lead widens or closes, where the figures are firm enough to say."""

from dataclasses import dataclass
from itertools import pairwise

from app.analysis.bounds import Bounds, bounds
from app.analysis.comparison import Direction, Figure, PeriodGap, Reason, Trend
from app.analysis.numbers import tidy
from app.kit.periods import months, parse_period

PERCENT = "percent"
FLAT_POINTS = 1.0
"""A lead that moved by no more than this many percentage points is flat."""

_MEASURES = (
    "the lead in percentage points of the two together",
    "the difference in percentage points",
)


@dataclass(frozen=True)
class NoTrend:
    """Why no trend can be told."""

    reason: Reason


def trend_of(
    periods: list[PeriodGap], unit: str, *, behind: bool, adds_up: bool = True
) -> Trend | NoTrend:
    """Return what the lead of the first period's leader, or else the last one's, does meanwhile.

    Where the other one leads at the end for certain it is reversed, and neither wider nor closer.

    The leader is who has more or, with `behind`, less.

    Amounts are compared over periods of one length, by share of the two together: the length of
    the newest period or, where only that one has it, the commonest. What is in percent is a state
    and not a sum: its periods need not be of one length, and the lead is the difference itself.
    """
    alike = periods if unit == PERCENT else _of_one_length(periods)
    if len(alike) < 2:  # noqa: PLR2004  (a trend has two ends)
        return NoTrend("single_period")
    if unit != PERCENT and None in {gap.a.share for gap in (alike[0], alike[-1])}:
        return NoTrend("zero_sum" if adds_up else "does_not_add_up")
    ahead = [_ahead(gap, behind=behind) for gap in alike]
    leader = ahead[0] or ahead[-1] or alike[0].a.country
    ends = alike[0], alike[-1]
    first, last = (_lead(gap, leader, unit, behind=behind) for gap in ends)
    directions = _directions(first, last, is_level=ahead[0] is None)
    if len(directions) > 1:
        return NoTrend("qualifier_overlap")
    wide = (_lead(gap, leader, unit, behind=behind, rest=gap.without_country or 0) for gap in ends)
    crossings = _crossings(alike, ahead)
    return Trend(
        direction=next(iter(directions)),
        certain=_directions(*wide, is_level=ahead[0] is None) == directions,
        leader=ahead[0] or ahead[-1],
        measure=_MEASURES[unit == PERCENT],
        first=alike[0].period,
        last=alike[-1].period,
        first_lead=tidy(first.said),
        last_lead=tidy(last.said),
        crossover=crossings[-1] if crossings else None,
        crossovers=crossings,
    )


def _of_one_length(periods: list[PeriodGap]) -> list[PeriodGap]:
    lengths = [months(parse_period(gap.period)) for gap in periods]
    wanted = lengths[-1]
    if lengths.count(wanted) == 1:
        wanted = max(sorted(set(lengths)), key=lengths.count)
    return [gap for gap, length in zip(periods, lengths, strict=True) if length == wanted]


def _directions(first: "_Lead", last: "_Lead", *, is_level: bool) -> set[Direction]:
    """Return what a lead can have done, from what it may have been to what it may be."""
    if first.least > 0 > last.most:
        return {"reversed"}
    if is_level:  # from level, any lead is a wider one
        return {_direction(abs(lead - first.said)) for lead in (last.least, last.said, last.most)}
    moved = (last.least - first.most, last.said - first.said, last.most - first.least)
    return set(map(_direction, moved))


def _direction(points: float) -> Direction:
    if abs(points) <= FLAT_POINTS:
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


def _lead(gap: PeriodGap, leader: str, unit: str, *, behind: bool, rest: float = 0) -> _Lead:
    """Return the lead of a country; `rest` is what may be added to either one."""
    own, other = (gap.a, gap.b) if leader == gap.a.country else (gap.b, gap.a)
    if behind:
        own, other = other, own
    points = _difference if unit == PERCENT else _share_lead
    mine, theirs = _bounds(own), _bounds(other)
    return _Lead(
        points(own.value, other.value),
        points(mine.least, theirs.most + rest),
        points(mine.most + rest, theirs.least),
    )


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
