"""Gaps in words that a journalist can check against the source."""

from app.analysis.bounds import ratio_qualifier
from app.analysis.comparison import Figure, PeriodGap
from app.analysis.figures import Observation
from app.analysis.indicator import Indicator

QUALIFIER_WORDS = {
    "about": "about ",
    "at_least": "at least ",
    "up_to": "up to ",
    "disputed": "a disputed ",
}


def sentence(indicator: Indicator, gap: PeriodGap, unit: str, of: Observation) -> str:
    """Say the newest gap so that each word can be checked against the source."""
    more, less = (gap.a, gap.b) if gap.a.value >= gap.b.value else (gap.b, gap.a)
    scope = f", scope {of.scope}" if of.scope else ""
    start = f"{indicator.name}, {gap.period}{scope}, says {of.source}: "
    figures = f"{_said(more, unit)} against {_said(less, unit)}"
    if not less.value or more.value == less.value:
        return f"{start}{figures}."
    times = f"{_firmness(more, less)}{more.value / less.value:,.1f} to 1"
    return f"{start}{figures}, {times}."


def _firmness(more: Figure, less: Figure) -> str:
    """Return how firmly the larger figure is so many times the smaller one."""
    qualifier = ratio_qualifier(more.qualifier, less.qualifier)
    if qualifier == "at_least" and "about" in (more.qualifier, less.qualifier):
        return "at least about "
    return QUALIFIER_WORDS.get(qualifier, "")


def _said(figure: Figure, unit: str) -> str:
    firmly = QUALIFIER_WORDS.get(figure.qualifier, "")
    return f"{figure.country} {firmly}{number_words(figure.value)} {unit}"


def number_words(value: float) -> str:
    """Return a number as readers know it: 31 billion, 2.1e+25."""
    if value >= 1e18:  # noqa: PLR2004  (beyond the words that readers know)
        return f"{value:.2g}"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:,.4g} {word}"
    return f"{value:,.4g}" if value < 1 else f"{value:,.10g}"
