"""What counts for no country: facts of an indicator of which it is not known, or is several.

Beside a comparison it says how much the source lists that the two figures do not have, and whether
that could put the other country ahead.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import Select, select

from app.analysis.figures import Observation
from app.analysis.indicator import Indicator
from app.analysis.kept import kept_of
from app.analysis.listed_rounds import rounds_of_no_country
from app.analysis.observations import observed
from app.analysis.view import View, sources_with, year
from app.kit.periods import parse_period
from app.resources.ai_models import AI_MODELS
from app.storage.fetching import fetch

Group = tuple[str, str, str, str | None, str]
"""Source, period, unit, scope and country: `NOBODYS`, or one for which some of that counts too."""

LeftOut = Mapping[Group, float]
"""What the facts of a group that count for no country come to, in the unit of the indicator.

An AI model can be partly of a country that is known, and count for that one by the rule `any`: so
much of what is left out cannot be added to it again.
"""

NOBODYS = ""
NOTHING: LeftOut = MappingProxyType({})

_ANY = "any"
_COLUMNS = ("indicator", "source", "period", "unit", "scope", "country", "value")


def read_left_out(view: View, wanted: Sequence[Indicator]) -> dict[str, LeftOut]:
    """Return, by indicator, what counts for no country; nothing of those that leave nothing out."""
    names = [indicator.id for indicator in wanted if indicator.leaves_out]
    nobodys = replace(view, countries=None, of_no_country=True)

    def make(missing: Sequence[str]) -> dict[str, str]:
        of_models = [one.id for one in wanted if one.id in missing and one.attributed]
        of_rounds = [one.id for one in wanted if one.id in missing and not one.attributed]
        there: list[str] = []
        for some, facts in ((of_models, _ai_models), (of_rounds, rounds_of_no_country)):
            if some and _is_any(nobodys, facts):
                there += some
        return dict.fromkeys(missing, "[]") | _texts(nobodys, there)

    work = f"{__name__} {view.rule}"
    kept = kept_of(view.transaction).parts(view.at, work, names, make) if names else {}
    found: dict[str, LeftOut] = {indicator.id: NOTHING for indicator in wanted}
    for name, text in kept.items():
        found[name] = {tuple(group): value for *group, value in orjson.loads(text)}
    return found


def _is_any(nobodys: View, facts: Callable[[View], Select[Any]]) -> bool:
    """Return whether there are such facts: to work them out costs more than to see that."""

    def make(_missing: Sequence[str]) -> dict[str, str]:
        found = fetch(nobodys.transaction.connection, facts(nobodys).limit(1), {})
        return {_ANY: "yes" if found else ""}

    work = f"{facts.__name__} {nobodys.rule}"
    return bool(kept_of(nobodys.transaction).parts(nobodys.at, work, [_ANY], make)[_ANY])


def _ai_models(nobodys: View) -> Select[Any]:
    """Return the query of the AI models that count for no country."""
    return select(nobodys.attributed().c.id)


def _texts(nobodys: View, names: Sequence[str]) -> dict[str, str]:
    """Return the groups of each indicator as JSON, with their values."""
    if not names:
        return {}
    rows = observed(nobodys, names)
    query = rows.select().with_only_columns(*(rows.c[name] for name in _COLUMNS))
    groups: dict[str, list[list[object]]] = defaultdict(list)
    found = fetch(nobodys.transaction.connection, query.where(rows.c.value > 0), {})
    for name, *group in found:
        groups[name].append(group)
    return {name: orjson.dumps(groups[name]).decode() for name in names}


def asked_of(view: View, left_out: LeftOut, filters: BaseModel | None) -> LeftOut:
    """Return what is left out of what was asked for: of some sources and scopes, in a period."""
    sources, scopes, range_, licences = (
        getattr(filters, name, None) for name in ("source", "scope", "period", "licence")
    )
    if licences and left_out:
        licensed = sources_with(view, licences)
        left_out = {group: value for group, value in left_out.items() if group[0] in licensed}

    def is_asked(group: Group) -> bool:
        source, period, _, scope, _ = group
        if (sources and source not in sources) or (scopes and scope not in scopes):
            return False
        days = parse_period(period)
        is_early = range_ and range_.first and days.first < range_.first
        is_late = range_ and range_.last and days.last > range_.last
        return not (is_early or is_late)

    return {group: value for group, value in left_out.items() if is_asked(group)}


def sources_of(left_out: LeftOut) -> list[tuple[str, str | None]]:
    """Return whose it is, each source and scope once."""
    return sorted({(source, scope) for source, _, _, scope, _ in left_out}, key=str)


def beside(left_out: LeftOut, one: Observation) -> float | None:
    """Return what is left out beside an observation, None where there is nothing."""
    return left_out.get((one.source, one.period, one.unit, one.scope, NOBODYS))


Names = Callable[[str, str, float], Sequence[str]]
"""Tells what a source calls those that are the largest without a country, by period and value."""


def no_names(_source: str, _period: str, _value: float) -> Sequence[str]:
    """Tell none."""
    return ()


def names_of(view: View, indicator: Indicator) -> Names:
    """Return what tells the AI models that are the largest without a country."""
    if indicator.largest_of is None:
        return no_names
    field = indicator.largest_of
    models = view.rows(AI_MODELS)

    def names(source: str, period: str, value: float) -> Sequence[str]:
        of_year = year(*(models.column(f"released_{end}_day") for end in ("first", "last")))
        query = models.select(("id", "name")).where(
            *(models.column("source") == source, models.column("kind") == "model"),
            *(models.column(field) == value, of_year == period),
        )
        rows = view.transaction.connection.execute(query)
        found: dict[str, str] = {row.id: row.name for row in rows}
        pairs = view.countries_of_ai_models()
        those = select(pairs.c.id, pairs.c.value).where(pairs.c.id.in_(found))
        countries: defaultdict[str, set[str | None]] = defaultdict(set)
        for id_, country in view.transaction.connection.execute(those):
            countries[id_].add(country)
        nobodys = {name for id_, name in found.items() if None in countries.get(id_, {None})}
        return sorted(nobodys)

    return names


def is_certain(
    indicator: Indicator, left_out: LeftOut, more: Observation, less: Observation
) -> bool:
    """Return whether one stays ahead of another where all that is left out is the other's."""
    rest = beside(left_out, more)
    if not rest:
        return True
    if not indicator.adds_up:
        return max(less.value, rest) < more.value
    own = left_out.get((less.source, less.period, less.unit, less.scope, less.country), 0)
    return less.value + rest - own < more.value
