"""What counts for no country: facts of an indicator of which it is not known, or is several.

Beside a comparison it says how much the source lists that the two figures do not have, and whether
that could put the other country ahead.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import orjson

from app.analysis.figures import Observation
from app.analysis.indicator import Indicator
from app.analysis.kept import kept_of
from app.analysis.observations import observed
from app.analysis.view import View
from app.storage.fetching import fetch

Group = tuple[str, str, str, str | None]
"""Source, period, unit and scope."""

LeftOut = Mapping[Group, float]
"""What the facts of a group that count for no country come to, in the unit of the indicator."""

NOTHING: LeftOut = MappingProxyType({})

_COLUMNS = ("indicator", "source", "period", "unit", "scope", "value")


def read_left_out(view: View, wanted: Sequence[Indicator]) -> dict[str, LeftOut]:
    """Return, by indicator, what counts for no country; nothing of those that leave nothing out."""
    names = [indicator.id for indicator in wanted if indicator.leaves_out]
    nobodys = replace(view, countries=None, of_no_country=True)

    def make(missing: Sequence[str]) -> dict[str, str]:
        return _texts(nobodys, missing)

    work = f"{__name__} {view.attribution}"
    kept = kept_of(view.transaction).parts(view.at, work, names, make) if names else {}
    found: dict[str, LeftOut] = {indicator.id: NOTHING for indicator in wanted}
    for name, text in kept.items():
        found[name] = {tuple(group): value for *group, value in orjson.loads(text)}
    return found


def _texts(nobodys: View, names: Sequence[str]) -> dict[str, str]:
    """Return the groups of each indicator as JSON, with their values."""
    rows = observed(nobodys, names)
    query = rows.select().with_only_columns(*(rows.c[name] for name in _COLUMNS))
    groups: dict[str, list[list[object]]] = defaultdict(list)
    found = fetch(nobodys.transaction.connection, query.where(rows.c.value > 0), {})
    for name, *group in found:
        groups[name].append(group)
    return {name: orjson.dumps(groups[name]).decode() for name in names}


def of_group(left_out: LeftOut, one: Observation) -> float | None:
    """Return what is left out beside an observation, None where there is nothing."""
    return left_out.get((one.source, one.period, one.unit, one.scope))


def could_turn(indicator: Indicator, more: float, less: float, left_out: float | None) -> bool:
    """Return whether the country that has less is ahead where all that is left out is its own."""
    if not left_out:
        return False
    return (less + left_out if indicator.adds_up else max(less, left_out)) > more
