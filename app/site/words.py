"""What the page says in words: countries, periods, days, margins, reasons of refusals."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from app.analysis.race import Standing
from app.analysis.sentences import QUALIFIER_WORDS, number_words
from app.kit.text import counted

# English says "the" before these, and only these, of the names that figures are stated for.
_WITH_ARTICLE: Final = frozenset(
    {"US", "GB", "NL", "AE", "PH", "EU", "WLD", "CZ", "DO", "BS", "GM", "MV", "SC", "CF", "KM"}
)
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_QUARTER: Final = re.compile(r"(\d{4})-Q(\d)")
_NONE_AFTER_POINT: Final = re.compile(r"\.0 to 1$")

REASONS: Final = {
    "part_of_whole": "one is a part of the other",
    "one_sided": "its sources give only one side",
    "different_scope": "the two sides are given in different scopes",
    "different_origin": "the two sides are passed on from different counts",
    "incomplete_period": "the period was not over when the source was published",
    "not_comparable_unit": "the two sides are given in different units or prices",
    "qualifier_overlap": "the figures are stated so loosely that they could be the same",
    "without_country": "a source lists such facts, and none of a country of these",
    "licence": "a source has no licence of those asked for",
    "several_values": "a source gives several figures for the same thing",
}
"""Why nobody can be said to lead. `single_period` is not among them: it is about direction."""

DIRECTIONS: Final = {
    "widening": "widening",
    "closing": "closing",
    "flat": "steady",
    "reversed": "taken over",
}
DIFFERENCES: Final = {
    "scope": "coverage",
    "unit": "unit",
    "price_base": "year of prices",
    "period": "period",
    "qualifier": "firmness",
    "basis": "basis",
    "vintage": "date of publication",
    "counting": "way of counting",
}
"""In what a claim can differ. `restated` is told by the chain itself."""


def listed(words: Iterable[str]) -> str:
    """Return words as English lists them: `a`, `a and b`, `a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def with_article(code: str, name: str) -> str:
    """Return the name of a country as it stands inside a sentence."""
    return f"the {name}" if code in _WITH_ARTICLE else name


def capital(text: str) -> str:
    """Return a text with its first letter as a sentence begins."""
    return text[:1].upper() + text[1:]


def day_words(recorded_at: str) -> str:
    """Return the day of an instant."""
    day = date.fromisoformat(recorded_at[:10])
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def period_words(period: str) -> str:
    """Return a period as people write it: `May 2025` for `2025-05`."""
    start, slash, end = period.partition("/")
    if not slash:
        return _one_period(period)
    first, last = _one_period(start), _one_period(end)
    if start[:4] == end[:4]:
        first = first.removesuffix(f" {start[:4]}")
    return f"{first}\u2013{last}"


def _one_period(text: str) -> str:
    if quarter := _QUARTER.fullmatch(text):
        return f"Q{quarter[2]} {quarter[1]}"
    year, *rest = text.split("-")
    if not rest:
        return year
    month = f"{_MONTHS[int(rest[0]) - 1]} {year}"
    return f"{int(rest[1])} {month}" if len(rest) > 1 else month


def figure_words(value: float, unit: str, qualifier: str) -> str:
    """Return a figure as its source states it: `about 250 million USD`."""
    return f"{QUALIFIER_WORDS.get(qualifier, '')}{number_words(value)} {unit}"


def margin_words(standing: Standing) -> str:
    """Return by how much the leader leads, as firmly as the sentence of the standing says it."""
    margin, is_told, _ = (standing.sentence or "").rpartition(" to 1.")
    if is_told:
        return _NONE_AFTER_POINT.sub(" to 1", f"{margin.rpartition(', ')[2]} to 1")
    return "all to none" if standing.margin is None else f"{standing.margin:,.1f} to 1"


_LONG: Final = 1e12
"""From here on a ratio is told by its power of ten."""


def range_words(standing: Standing) -> str | None:
    """Return between what the margins of its sources lie, None where they say the same."""
    least, most = standing.margin_least, standing.margin_most
    if least is None:
        return None
    first, last, told = (
        _tenths(one, is_bound=one == standing.margin and standing.margin_qualifier == "at_least")
        for one in (least, most or least, standing.margin or least)
    )
    if most is None:
        return f"by source from {first}" if first != told else None
    return f"by source {first} to {last}" if first != last else None


def scope_words(scope: str | None) -> str | None:
    """Return what figures cover in words: `AI private investment`."""
    if not scope:
        return None
    return " ".join("AI" if word == "ai" else word for word in scope.split("-"))


def _tenths(ratio: float, *, is_bound: bool) -> str:
    """Return a ratio to a tenth, rounded as the margin itself is."""
    if ratio >= _LONG:
        return f"{ratio:.3g}"
    rounding = ROUND_FLOOR if is_bound else ROUND_HALF_EVEN
    tenths = Decimal(repr(ratio)).quantize(Decimal("0.1"), rounding)
    return f"{tenths:,}".removesuffix(".0")


def headline(countries: Sequence[tuple[str, str]], standings: Sequence[Standing]) -> str:
    """Return who leads, as a headline. Indicators are counted, never weighed.

    `countries` are codes with names.
    """
    names = {code: with_article(code, name) for code, name in countries}
    told = [standing.leader for standing in standings if standing.leader]
    won = {code: told.count(code) for code in names if code in told}
    if not won:
        return f"No source can say who leads, {' or '.join(names.values())}"
    every = counted(len(told), "indicator")
    best = max(won.values())
    ahead = [code for code, count in won.items() if count == best]
    if len(won) == 1:
        others = listed(name for code, name in names.items() if code not in won)
        how = {1: "the one indicator", 2: "both indicators"}.get(len(told), f"all {every}")
        return capital(f"{names[ahead[0]]} leads {others} on {how} that can be compared")
    if len(ahead) > 1:
        each = counted(best, "indicator")
        rest = [f"{names[c]} on {n}" for c, n in won.items() if c not in ahead]
        start = f"{listed(names[code] for code in ahead)} lead on {each} each"
        return capital(", ".join([start, *([listed(rest)] if rest else [])]))
    rest = [f"{names[code]} on {count}" for code, count in won.items() if code not in ahead]
    return capital(f"{names[ahead[0]]} leads on {best} of {every}, {listed(rest)}")
