"""The composite: a ranking by the reader's weights, and how firm its order is."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

from pydantic import Field

from app.analysis.bounds import bounds
from app.analysis.comparison import Shape
from app.analysis.figures import Observation, Sources, Witness
from app.analysis.indicator import Indicator
from app.analysis.scopes import is_projection
from app.kit.countries import contains


class Composite(Shape):
    """A ranking by weights that the reader gave."""

    country: str = Field(description="The country.", examples=["US"])
    score: float = Field(
        description="The weighted mean, over indicators, of its figure in percent of those of all "
        "the countries, from 0 to 100: a common scale, and for what does not add up no share of "
        "anything.",
        examples=[91.2],
    )
    stability: float = Field(
        description="The share of other weights, each halved, kept or doubled, under which the "
        "whole order stays, in percent.",
        examples=[100.0],
    )


def rank(
    countries: Sequence[str],
    shares: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> list[Composite]:
    """Rank countries by weighted shares, and tell under how many other weights the order holds."""
    scores = _scores(countries, shares, weights)
    order = sorted(countries, key=lambda country: (-scores[country], country))
    names = sorted(weights)[:_SWEPT_AT_MOST]
    held = tried = 0
    for factors in product((0.5, 1.0, 2.0), repeat=len(names)):
        tried += 1
        moved = {**weights, **{n: weights[n] * f for n, f in zip(names, factors, strict=True)}}
        other = _scores(countries, shares, moved)
        held += order == sorted(countries, key=lambda country: (-other[country], country))
    stability = 100 * held / tried
    return [Composite(country=c, score=scores[c], stability=stability) for c in order]


_SWEPT_AT_MOST = 7
_Key = tuple[bool, str, bool, str, str, str, str, str]


def _scores(
    countries: Sequence[str],
    shares: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> dict[str, float]:
    whole = sum(weights.values())
    return {
        country: sum(shares[id_][country] * weight for id_, weight in weights.items()) / whole
        for country in countries
    }


def shares_of(
    countries: Sequence[str],
    observations: Sequence[Observation],
    indicator: Indicator,
    witnesses: Mapping[str, Witness],
    leader: str | None,
) -> dict[str, float]:
    """Return each country's share in the newest group that has all of them; empty if none has.

    Only what is compared counts: no country beside a group that it is in, no part of a scope,
    nothing that was published before its period was over, nothing stated so loosely that two could
    be the same. The leader has to be ahead in it, and where the sources name none, all level; a
    publisher of which the newest such group says otherwise has none.
    """
    if indicator.higher_is == "neither":
        return {}
    if any(contains(one, other) for one in countries for other in countries):
        return {}
    sources = Sources(witnesses, observations)
    groups: dict[_Key, list[Observation]] = {}
    for one in observations:
        origin = sources.witness(one)
        is_original = origin == one.source
        key = (
            *(not is_projection(one.scope), one.last_day, is_original),
            *(one.source, one.scope or "", one.unit, origin, one.period),
        )
        published = sources.published(one.source)
        is_over = not published or published >= one.last_day
        if is_over and not sources.part_of(one):
            groups.setdefault(key, []).append(one)
    full = [
        key
        for key, group in groups.items()
        if sorted(one.country for one in group) == sorted(countries) and _are_apart(group)
    ]
    newest: dict[tuple[str, str | None], _Key] = {}
    for key in sorted(full):
        one = groups[key][0]
        newest[sources.house(sources.witness(one)), one.scope] = key
    agreeing = [key for key in newest.values() if _agrees(groups[key], leader, indicator)]
    values = {one.country: one.value for one in groups[max(agreeing)]} if agreeing else {}
    whole = sum(values.values())
    if not whole:
        return {}
    found = {country: 100 * value / whole for country, value in values.items()}
    if indicator.higher_is == "behind":
        return {country: 100 - share for country, share in found.items()}
    return found


def _agrees(group: Sequence[Observation], leader: str | None, indicator: Indicator) -> bool:
    """Return whether nobody is ahead of the leader or, without one, all are level."""
    values = {one.country: one.value for one in group}
    if leader is None:
        return len(set(values.values())) == 1
    best = min if indicator.higher_is == "behind" else max
    return values[leader] == best(values.values())


def _are_apart(group: Sequence[Observation]) -> bool:
    """Return whether no two figures, as loosely as they are stated, could be the same."""
    if all(one.qualifier == "exact" for one in group):
        return True
    stated = [bounds(one.value, one.qualifier) for one in group]
    return not any(one.overlap(other) for one, other in combinations(stated, 2))
