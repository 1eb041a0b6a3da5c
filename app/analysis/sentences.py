"""Gaps in words that a journalist can check against the source."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from app.analysis.bounds import ratio_qualifier
from app.analysis.comparison import Figure, PeriodGap
from app.analysis.indicator import Indicator
from app.analysis.left_out import Names, no_names

_NAMED_AT_MOST = 2
QUALIFIER_WORDS = {
    "about": "about ",
    "at_least": "at least ",
    "up_to": "up to ",
    "disputed": "a disputed ",
}


def sentence(
    indicator: Indicator,
    gap: PeriodGap,
    unit: str,
    source: str,
    scope: str | None,
    *,
    publisher: str | None = None,
    names: Names = no_names,
) -> str:
    """Say a gap so that each word can be checked against the source."""
    who = f"{publisher} ({source})" if publisher else source
    named: Sequence[str] = ()
    if gap.without_country and not indicator.adds_up:
        named = names(source, gap.period, gap.without_country)
    return _margin(indicator, gap, unit, who, scope) + _left_out(indicator, gap, unit, named)


def _left_out(indicator: Indicator, gap: PeriodGap, unit: str, names: Sequence[str]) -> str:
    """Say what counts for no country, and of whom it would have to be to change who is ahead."""
    if not gap.without_country:
        return ""
    few = gap.without_country == 1 or not indicator.adds_up
    figure = f"{number_words(gap.without_country)} {_of(gap.without_country, unit)}"
    called = f" ({' or '.join(names)})" if 0 < len(names) <= _NAMED_AT_MOST else ""
    what = f"{'' if indicator.adds_up else 'One of '}{figure}{called} {'is' if few else 'are'}"
    partly = "wholly or partly " if indicator.attributed else ""
    more, less = (gap.a, gap.b) if gap.a.value >= gap.b.value else (gap.b, gap.a)
    then = (
        f"{less.country} would be" if more.value == less.value else f"{more.country} would not be"
    )
    whose = f"if {'all' if indicator.adds_up else 'it'} were of {less.country}, {then} ahead"
    return (
        f" {what} {partly}of no country that is known{'' if gap.leader_certain else f': {whose}'}."
    )


def _margin(indicator: Indicator, gap: PeriodGap, unit: str, source: str, scope: str | None) -> str:
    """Say the two figures and their ratio."""
    more, less = (gap.a, gap.b) if gap.a.value >= gap.b.value else (gap.b, gap.a)
    covers = f", scope {scope}" if scope else ""
    by = "says" if indicator.basis == "reported" else "worked out here from the data of"
    start = f"{indicator.name}, {gap.period}{covers}, {by} {source}: "
    figures = f"{_said(more, less, unit)} against {_said(less, more, unit)}"
    if not less.value or more.value == less.value:
        return f"{start}{figures}."
    qualifier = ratio_qualifier(more.qualifier, less.qualifier)
    firmly = QUALIFIER_WORDS.get(qualifier, "")
    if qualifier == "at_least" and "about" in (more.qualifier, less.qualifier):
        firmly = "at least about "
    return f"{start}{figures}, {firmly}{_times(more.value / less.value, qualifier)} to 1."


def _times(ratio: float, qualifier: str) -> str:
    """Return a ratio above 1 to a tenth, or as many digits as show that it is not 1.

    A bound is rounded to the side on which it holds.
    """
    rounding = {"at_least": ROUND_FLOOR, "up_to": ROUND_CEILING}.get(qualifier, ROUND_HALF_EVEN)
    exact = Decimal(repr(ratio))
    if exact >= _WRITTEN_OUT_BELOW:
        return f"{Context(4, rounding).create_decimal(exact):g}"
    rounded = (exact.quantize(Decimal(1).scaleb(-digits), rounding) for digits in range(1, 16))
    return f"{next((text for text in rounded if text != 1), exact):,}"


def _said(figure: Figure, other: Figure, unit: str) -> str:
    """Return a figure in words that differ from those of another figure."""
    firmly = QUALIFIER_WORDS.get(figure.qualifier, "")
    digits = 4
    while (
        figure.value != other.value
        and digits < _DIGITS_AT_MOST
        and number_words(figure.value, digits) == number_words(other.value, digits)
    ):
        digits += 1
    number = number_words(figure.value, digits)
    return f"{figure.country} {firmly}{number} {_of(figure.value, unit)}"


def _of(value: float, unit: str) -> str:
    """Return a unit as it stands behind a number: one AI model, two AI models."""
    return unit.removesuffix("s") if value == 1 else unit


_DIGITS_AT_MOST = 16
_WRITTEN_OUT_BELOW = Decimal(10) ** 15
_THOUSAND = 1_000
_POWERS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def number_words(value: float, digits: int = 4) -> str:
    """Return a number as readers know it: 31 billion, 2.1e+25."""
    if value >= 1e18:  # noqa: PLR2004  (beyond the words that readers know)
        return f"{value:.{max(2, digits - 2)}g}"
    rounded = float(f"{value:.{digits}g}")
    for size, word in _POWERS:
        if rounded >= size:
            return f"{value / size:,.{digits}g} {word}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.{digits if value < _THOUSAND else max(digits, 10)}g}"
