"""Periods: when a figure holds, in the notation of its source, with its first and last day.

A period is a year `2023`, a quarter `2023-Q1`, a month `2024-03`, a day `2024-03-27`, or a
span of two of these, `2023-01/2023-11` (the notation of ISO 8601, with quarters added). The same
days have one text: a span that is a year, a quarter or a month is written as that.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from app.kit.errors import NotAllowed

FORMS = ("2023", "2023-Q1", "2024-03", "2024-03-27", "2023-01/2023-11")
_ONE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?))?"
)


@dataclass(frozen=True, slots=True)
class Period:
    """A period in its one text, and the first and the last day that belong to it."""

    text: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PeriodRange:
    """The days from `first` to `last`, both included; None leaves that end open."""

    first: date | None
    last: date | None


# The days of decades and what is made of them are few; a large import has them a million times.
@lru_cache(maxsize=20_000)
def parse_period(text: str) -> Period:
    """Read one period. Raises NotAllowed for any other text."""
    start, slash, end = text.partition("/")
    first, last = _days(start)
    if slash:
        end_first, last = _days(end)
        if end_first <= first:
            raise NotAllowed("is a span whose end does not come after its start", allowed=FORMS)
        text = _text(first, last)
    return Period(text, first, last)


def months(period: Period) -> int:
    """Return how many months a period covers; 0 for days: periods of one length can be compared."""
    whole = period.first.day == 1 and period.last.day == monthrange(*_month(period.last))[1]
    years = period.last.year - period.first.year
    return 12 * years + period.last.month - period.first.month + 1 if whole else 0


def parse_period_range(text: str) -> PeriodRange:
    """Read a period, or a range of periods `2022..2023` that may be open at one end."""
    start, dots, end = text.partition("..")
    if not dots:
        period = parse_period(text)
        return PeriodRange(period.first, period.last)
    if not start and not end:
        raise _not_a_period()
    first = parse_period(start).first if start else None
    last = parse_period(end).last if end else None
    if first and last and last < first:
        raise NotAllowed("is a range whose end comes before its start", allowed=["2022..2023"])
    return PeriodRange(first, last)


def _days(text: str) -> tuple[date, date]:
    match = _ONE.fullmatch(text)
    if not match:
        raise _not_a_period()
    year, quarter, month, day = (int(part) if part else None for part in match.groups())
    if not year:
        raise _not_a_period()
    if quarter:
        return date(year, 3 * quarter - 2, 1), _month_end(year, 3 * quarter)
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    try:
        if day is None:
            return date(year, month, 1), _month_end(year, month)
        return date(year, month, day), date(year, month, day)
    except ValueError:
        raise NotAllowed("is not a day of the calendar", allowed=FORMS) from None


def _text(first: date, last: date) -> str:
    """Return the text of a span: what it is the whole of, else two of the longest that fit."""
    if first.day > 1 or last.day < monthrange(*_month(last))[1]:
        return f"{first.isoformat()}/{last.isoformat()}"
    start, end = (day.isoformat() for day in (first, last))
    if start.endswith("-01-01") and end.endswith("-12-31"):
        length = len("2023")
    elif start[:4] == end[:4] and first.month % 3 == 1 and last.month == first.month + 2:
        return f"{start[:4]}-Q{last.month // 3}"
    else:
        length = len("2023-01")
    one, other = start[:length], end[:length]
    return one if one == other else f"{one}/{other}"


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _not_a_period() -> NotAllowed:
    return NotAllowed("is not a period", allowed=FORMS)
