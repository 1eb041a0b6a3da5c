"""A trend in a sentence: whose lead it is, what it was and what it is."""

from collections.abc import Mapping

from app.analysis.comparison import Comparison
from app.site import words


def trend_words(comparison: Comparison, names: Mapping[str, str]) -> str | None:
    """Return what the lead does, None where that cannot be told. `names` are those of countries."""
    trend = comparison.trend
    if trend is None:
        return None
    whole = "" if comparison.unit == "percent" else " of the two together"
    first, last = words.period_words(trend.first), words.period_words(trend.last)
    said = words.capital(words.DIRECTIONS[trend.direction])
    if trend.leader is None:
        return f"{said}: the two were level in {first} and in {last}."
    leader = words.with_article(trend.leader, names[trend.leader])
    if trend.direction == "reversed":
        sides = comparison.periods[0].a.country, comparison.periods[0].b.country
        other = next(country for country in sides if country != trend.leader)
        text = (
            f"{said}: {leader} was ahead by {trend.first_lead:.1f} percentage points{whole} in "
            f"{first}, and {words.with_article(other, names[other])} by "
            f"{-trend.last_lead:.1f} in {last}."
        )
    else:
        text = (
            f"{said}: the lead of {leader} was {trend.first_lead:.1f} percentage points{whole} in "
            f"{first} and {trend.last_lead:.1f} in {last}."
        )
    if trend.crossovers:
        *before, newest = map(words.period_words, trend.crossovers)
        between = f" in between, {len(trend.crossovers)} times, the last" if before else ""
        text += f" The lead changed hands{between} in {newest}."
    if not trend.certain:
        text += " What has no country could turn that."
    return text
