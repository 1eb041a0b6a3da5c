"""What the page says in words: countries, periods, days, margins, reasons of refusals."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from app.analysis.race import Standing
from app.analysis.sentences import QUALIFIER_WORDS, number_words
from app.kit.text import counted

# English says "the" before these, and only these, of the names that figures are stated for.
_WITH_ARTICLE: Final = frozenset(
    (
        *("US", "GB", "NL", "AE", "PH", "EU", "WLD", "CZ", "DO", "BS", "GM", "MV"),
        *("SC", "CF", "KM", "RU", "VA", "AX", "CC", "CK", "FK", "FO", "IO", "KY"),
        *("MH", "MP", "SB", "TC", "TF", "UM", "VG", "VI"),
    )
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


def is_level(standing: Standing) -> bool:
    """Return whether nobody leads because those that are compared are level."""
    return standing.leader is None and standing.witnesses_level > 0


def headline(countries: Sequence[tuple[str, str]], standings: Sequence[Standing]) -> str:
    """Return who leads, as a headline. Indicators are counted, never weighed.

    Those where the countries are level count too. `countries` are codes with names.
    """
    names = {code: with_article(code, name) for code, name in countries}
    told = [one for one in standings if one.leader or is_level(one)]
    if not told:
        return f"No source can say who leads, {' or '.join(names.values())}"
    compared = {code: sum(code not in one.not_compared for one in told) for code in names}
    parts = [_ahead(names, told, compared), _beside(names, compared, len(told))]
    leaders = {one.leader for one in told if one.leader}
    level = [one for one in told if not one.leader]
    if leaders and level:
        named = leaders | {code for code, count in compared.items() if count == len(told)}
        is_of_them = len(named) > 1 and not any(leaders & {*one.not_compared} for one in level)
        parts.insert(1, f"{'they' if is_of_them else 'those compared'} are level on {len(level)}")
    return capital("; ".join(filter(None, parts)))


def _ahead(names: Mapping[str, str], told: Sequence[Standing], compared: Mapping[str, int]) -> str:
    """Return who leads on how many indicators, over those that all of these compare."""
    leaders = [one.leader for one in told if one.leader]
    won = {code: leaders.count(code) for code in names if code in leaders}
    best = max(won.values(), default=0)
    ahead = [code for code, count in won.items() if count == best]
    every = counted(len(told), "indicator")
    how = {1: "the one indicator", 2: "both indicators"}.get(len(told), f"all {every}")
    others = [code for code in names if code not in won and compared[code] == len(told)]
    others_named = listed(names[code] for code in others)
    if not won:
        those = others_named if len(others) > 1 else "those compared"
        return f"{those} are level on {how} that can be compared"
    if len(won) == 1:
        how = how if best == len(told) else f"{best} of {every}"
        over = f" {others_named}" if others else ""
        return f"{names[ahead[0]]} leads{over} on {how} that can be compared"
    if len(ahead) > 1:
        each = counted(best, "indicator")
        rest = [f"{names[c]} on {n}" for c, n in won.items() if c not in ahead]
        start = f"{listed(names[code] for code in ahead)} lead on {each} each"
        return ", ".join([start, *([listed(rest)] if rest else [])])
    rest = [f"{names[code]} on {count}" for code, count in won.items() if code not in ahead]
    return f"{names[ahead[0]]} leads on {best} of {every}, {listed(rest)}"


def _beside(names: Mapping[str, str], compared: Mapping[str, int], every: int) -> str:
    """Return which countries are not compared on all of the indicators, empty where all are."""
    none = [names[code] for code, count in compared.items() if not count]
    some = {names[code]: count for code, count in compared.items() if 0 < count < every}
    counts = {*some.values()}
    on = f"{min(counts)} of them" if len(counts) == 1 else "some of them"
    if none and some:
        return f"{_are(none)} compared on none and {listed(some)} on {on}"
    if none:
        return f"{_are(none)} compared on none"
    return f"{_are(some)} compared on {on}" if some else ""


def _are(names: Collection[str]) -> str:
    """Return names with the verb that they take: `France is`, `France and China are`."""
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'}"
