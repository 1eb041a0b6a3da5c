"""Number formats of spreadsheets: what the reader of a sheet sees of the number in a cell."""

import operator
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from app.kit.shown_numbers import ALL_DIGITS, is_whole, without_noise

_BUILT_IN = MappingProxyType(
    {
        9: "0%",
        10: "0.00%",
        **dict.fromkeys((*range(14, 18), *range(27, 37), *range(50, 59)), "yyyy-mm-dd"),
        **dict.fromkeys((18, 19, 20, 21, 45, 47), "hh:mm:ss"),
        22: "yyyy-mm-dd hh:mm",
        46: "[h]:mm:ss",
    }
)
"""Formats that a workbook uses by number, where it does not say what they are."""

_TO_NUMBERS_AT_MOST = 3
"""Sections of a format that are about numbers: positive, negative, zero."""

_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.', re.DOTALL)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)\]")
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_OF_DATES = frozenset("dmyhs")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_DIGITS = 15
"""Digits of a number that spreadsheets show: beyond them it is noise of floating point."""

_DAY = 86_400_000  # milliseconds
_YEAR, _MONTH = len("2024"), len("2024-03")
_FIRST_OF_MARCH_1900 = 61
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  (spreadsheets know no time zones)
_EPOCH_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001  (the same)


class NumberFormat:
    """A number format, made ready to give the text of numbers."""

    def __init__(self, code: str, *, is_1904: bool) -> None:
        plain = _LITERAL.sub("", code)
        self._code = code
        self._is_1904 = is_1904
        sections = plain.split(";")[:_TO_NUMBERS_AT_MOST]
        self._percents = [section.count("%") for section in sections]
        self._conditions = [_CONDITION.search(section) for section in sections]
        first = sections[0]
        self._is_elapsed = bool(_ELAPSED.search(first))
        self._has = frozenset(_IN_BRACKETS.sub("", first).lower())
        is_of_dates = not self._has.isdisjoint(_OF_DATES)
        self._is_date = is_of_dates and "general" not in first.lower()
        self._has_all_digits = code == ALL_DIGITS
        is_other = any(self._percents) or self._is_date or self._is_elapsed
        self.is_plain = not (is_other or self._has_all_digits)
        """Whether the text of a number is the number, as far as this format goes."""

    def text(self, number: float) -> str:
        """Return a number as its reader sees it, in all its digits: `26.3%`, `2024-03-27`."""
        if self._has_all_digits:
            return _digits(number)
        if self._is_elapsed or (self._is_date and number >= 0):
            try:
                return self._moment(number)
            except OverflowError:  # more days than there are in spreadsheets
                return plain_text(number)
        percents = self._percents_of(number)
        if percents is None:
            return f"{plain_text(number)} in the format {self._code}"
        return percent_text(number, percents) if percents else plain_text(number)

    def _percents_of(self, number: float) -> int | None:
        """Return how many percent signs follow a number, None where that is not certain."""
        signs = self._percents
        if len(set(signs)) == 1:
            return signs[0]
        if not any(self._conditions):
            place = 1 if number < 0 else 2 if number == 0 else 0
            return signs[place if place < len(signs) else 0]
        for count, condition in zip(signs, self._conditions, strict=True):
            if condition is None:
                return None
            if _COMPARED[condition[1]](number, float(condition[2])):
                return count
        return None

    def _moment(self, number: float) -> str:
        """Return a number of days as an ISO date, or a time where it is less than a day.

        Of a date whose day is not shown it is the month or the year.
        """
        passed = timedelta(milliseconds=round(number * _DAY))
        if self._is_elapsed:
            return _elapsed(passed)
        if self._is_1904:
            moment = _EPOCH_OF_1904 + passed
        else:
            early = timedelta(days=number < _FIRST_OF_MARCH_1900 - 1)
            moment = _EPOCH + passed + early
        if number < 1:
            return moment.time().isoformat()
        if self._has.isdisjoint("dhs") and "y" in self._has:
            return moment.date().isoformat()[: _MONTH if "m" in self._has else _YEAR]
        return moment.isoformat().removesuffix("T00:00:00")


def format_of(number: int, code: str | None, *, is_1904: bool) -> NumberFormat:
    """Return the format of a number in a workbook, with the code that it gives, if it does."""
    return NumberFormat(code or _BUILT_IN.get(number, "General"), is_1904=is_1904)


def _elapsed(passed: timedelta) -> str:
    """Return hours, minutes and seconds; the hours may be more than a day has."""
    sign = "-" if passed < timedelta() else ""
    minutes, seconds = divmod(round(abs(passed).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}"


def plain_text(number: float) -> str:
    """Return a number as a CSV file would have it: whole ones without a point, and no noise."""
    return _digits(without_noise(number))


def _digits(number: float) -> str:
    return str(int(number)) if is_whole(number) else str(number)


def percent_text(number: float, signs: int) -> str:
    """Return a number in percent: 0.263 is `26.3%`."""
    scaled = Decimal(f"{number:.{_DIGITS}g}").scaleb(2 * signs)
    text = f"{scaled:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + signs * "%"
