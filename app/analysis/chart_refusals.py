"""What of a chart cannot be compared, and whom that is about where it has several countries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from app.analysis.comparison import Gap, Refusal
from app.analysis.figures import Observation, Witness
from app.analysis.gaps import compare
from app.analysis.indicator import Indicator

Pair = tuple[str, str]
_Place = tuple[str, str | None, str | None]
"""A source, a scope and a period."""


def refusals_of(
    indicator: Indicator,
    countries: Sequence[str],
    found: Sequence[Observation],
    witnesses: Mapping[str, Witness],
) -> list[Refusal]:
    """Return what cannot be compared between the first country and each other.

    Of more than two it is told who they are, and what two others lack where the first has no
    figure. What has no counterpart is told only where no two of
    them can be compared, with those of whom there is no figure.
    """
    gaps: dict[Pair, Gap] = {}
    for pair in combinations(countries, 2):
        rows = [row for row in found if row.country in pair]
        gaps[pair] = compare(indicator, *pair, rows, witnesses)
    if len(gaps) <= 1:
        return [refusal for gap in gaps.values() for refusal in gap.refusals]
    return [*_without_counterpart(countries, gaps, found), *_with_the_first(countries[0], gaps)]


def _without_counterpart(
    countries: Sequence[str], gaps: Mapping[Pair, Gap], found: Iterable[Observation]
) -> list[Refusal]:
    stated: dict[_Place, set[str]] = defaultdict(set)
    for row in found:
        stated[row.source, row.scope, row.period].add(row.country)
    compared = {
        (comparison.source, comparison.scope, gap.period)
        for one in gaps.values()
        for comparison in one.comparisons
        for gap in comparison.periods
    }
    refused: dict[_Place, Refusal] = {}
    lacking: dict[_Place, set[str]] = defaultdict(set)
    for pair, one in gaps.items():
        for refusal in one.refusals:
            place = _place(refusal)
            if refusal.reason == "one_sided" and place not in compared:
                refused[place] = refusal
                lacking[place] |= {*pair} - stated[place]
    return [
        refusal.model_copy(
            update={"detail": f"the source gives no figure of {_any_of(countries, lacking[place])}"}
        )
        for place, refusal in refused.items()
    ]


def _with_the_first(first: str, gaps: Mapping[Pair, Gap]) -> list[Refusal]:
    """Return why others are not compared with the first, and each other where it has no figure."""
    others: dict[tuple[Refusal, str], list[str]] = defaultdict(list)
    told: set[tuple[_Place, str]] = set()
    for (a, b), one in gaps.items():
        for refusal in one.refusals:
            known = (_place(refusal), refusal.reason)
            if refusal.reason != "one_sided" and (a == first or known not in told):
                others[refusal, a].append(b)
        if a == first:
            told |= {(_place(refusal), refusal.reason) for refusal in one.refusals}
    return [
        refusal.model_copy(update={"detail": f"{refusal.detail} ({who} with {', '.join(whom)})"})
        for (refusal, who), whom in others.items()
    ]


def _place(refusal: Refusal) -> _Place:
    return refusal.source, refusal.scope, refusal.period


def _any_of(countries: Iterable[str], these: set[str]) -> str:
    """Return some of the countries in their order: `CN, GB or FR`."""
    *before, last = [code for code in countries if code in these]
    return f"{', '.join(before)} or {last}" if before else last
