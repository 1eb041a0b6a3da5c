"""A trend in a sentence: whose lead it is, what it was and what it is."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final

from app.analysis.comparison import Comparison, Direction, Trend
from app.analysis.trends import BELOW, DIFFERENCE, OF_BOTH
from app.site import words

_STRETCHES_AT_MOST: Final = 4
_OF: Final = {OF_BOTH: " of the two together", DIFFERENCE: ""}


def trend_words(comparison: Comparison, names: Mapping[str, str]) -> str | None:
    """Return what the lead does, None where that cannot be told. `names` are those of countries."""
    trend = comparison.trend
    if trend is None:
        return None
    first, last = words.period_words(trend.first), words.period_words(trend.last)
    said = words.capital(words.DIRECTIONS[trend.direction])
    if trend.leader is None:
        return f"{said}: the two were level in {first} and in {last}."
    sides = comparison.periods[0].a.country, comparison.periods[0].b.country
    other = next(country for country in sides if country != trend.leader)
    one, another = (words.with_article(code, names[code]) for code in (trend.leader, other))
    turned = trend.direction == "reversed"
    then = f"{trend.first_lead:.1f}"
    now = f"{-trend.last_lead if turned else trend.last_lead:.1f}"
    if trend.measure == BELOW:
        what = f"{one} {now} percent below {another}" if turned else f"{now} percent"
        text = f"{said}: {another} was {then} percent below {one} in {first}, and {what} in {last}."
    elif turned:
        text = (
            f"{said}: {one} was ahead by {then} percentage points{_OF[trend.measure]} in {first}, "
            f"and {another} by {now} in {last}."
        )
    else:
        lead = f"{then} percentage points{_OF[trend.measure]} in {first}"
        text = f"{said}: the lead of {one} was {lead} and {now} in {last}."
    if trend.depends_on_first:
        text += _by_first(trend, f"that of {another}" if turned else "it")
    if trend.crossovers:
        *before, newest = map(words.period_words, trend.crossovers)
        between = f" in between, {len(trend.crossovers)} times, the last" if before else ""
        text += f" The lead changed hands{between} in {newest}."
    if not trend.certain:
        text += " What has no country could turn that."
    return text


def _by_first(trend: Trend, whose: str) -> str:
    """Return what the lead of who is ahead today does seen from later periods than the first."""
    later = list(trend.by_first.items())[1:]
    stretches = [(direction, [*some]) for direction, some in groupby(later, itemgetter(1))]
    told = []
    for direction, some in stretches:
        periods = [words.period_words(period) for period, _ in some]
        whole = f"from any of {periods[0]} to {periods[-1]}"
        which = f"from {' or '.join(periods)}" if len(periods) <= 2 else whole  # noqa: PLR2004
        told.append(f"{which} {_what(direction, whose)}")
    if len(told) > _STRETCHES_AT_MOST:
        told = [told[-1], "from others it differs"]
    return f" Seen {words.listed(told)}."


def _what(direction: Direction | None, whose: str) -> str:
    if direction is None:
        return "it cannot be told"
    if direction == "reversed":
        return "the other one was ahead"
    return f"{whose} is {words.DIRECTIONS[direction]}"
