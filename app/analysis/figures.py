"""Observations as comparisons need them, and the witnesses that state them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import Select

from app.analysis.indicator import Indicator
from app.analysis.observations import observed
from app.analysis.scopes import wider
from app.analysis.view import ObservedRows, View, sources_with
from app.kit.filters import conditions
from app.resources.sources import SOURCES
from app.storage.fetching import fetch


class Observation(NamedTuple):
    """One value of an indicator, as comparisons need it: `_FIELDS` of its row, in order."""

    country: str
    period: str
    first_day: str
    last_day: str
    value: float
    unit: str
    qualifier: str
    scope: str | None
    source: str
    basis: str
    fact: str | None
    original_source: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """Where a source's words come from, and until when it can know."""

    root: str
    published: str | None
    chain: tuple[str, ...] = ()
    """The sources that it restates, the nearest first; `root` is the last of them, or itself."""

    publisher: str | None = None
    """Who publishes it, as `house_of` has it."""


class Sources:
    """The sources that state observations: whose figures they are, and when they came out."""

    def __init__(
        self, witnesses: Mapping[str, Witness], observations: Iterable[Observation]
    ) -> None:
        self._witnesses = witnesses
        stated = list(observations)
        self._origins = {
            (one.source, one.country, one.period): one.original_source
            for one in stated
            if one.original_source
        }
        self._scopes: dict[str, set[str | None]] = defaultdict(set)
        for one in stated:
            self._scopes[self.house(self.witness(one))].add(one.scope)

    def witness(self, one: Observation) -> str:
        """Return whose figure it is: as its fact says, or that of the source that it restates.

        Else it is the end of its source's chain.
        """
        if one.original_source:
            return one.original_source
        stating = self._witnesses.get(one.source)
        if stating is None:
            return one.source
        if stating.chain and (restated := self._restated_fact(one)):
            return self._origins[restated, one.country, one.period]
        return stating.root

    def house(self, witness: str) -> str:
        """Return who stands behind a witness: its publisher, as far as known.

        Two editions of a report, or two tables of one institute, are no two voices.
        """
        return self._of(witness).publisher or witness

    def part_of(self, one: Observation) -> str | None:
        """Return the wider scope that a figure's publisher gives too, None if there is none."""
        return wider(one.scope, self._scopes[self.house(self.witness(one))])

    def chain(self, one: Observation) -> list[str]:
        """Return the sources that a figure was passed on through, the nearest first."""
        restated, end = self._of(one.source).chain, self.witness(one)
        if end == one.source:
            return []
        if end in restated:
            return list(restated[: restated.index(end) + 1])
        if one.original_source:
            return [end]
        through = self._restated_fact(one)
        return [*restated[: restated.index(through) + 1 if through else None], end]

    def publisher(self, source: str) -> str | None:
        """Return who published a source, as far as known."""
        return self._of(source).publisher

    def published(self, source: str) -> str | None:
        """Return the last day on which a source can have come out, as far as known."""
        return self._of(source).published

    def _of(self, source: str) -> Witness:
        return self._witnesses.get(source, Witness(source, None))

    def _restated_fact(self, one: Observation) -> str | None:
        """Return the nearest source in the chain whose own fact says whose figure it is."""
        key = (one.country, one.period)
        chain = self._of(one.source).chain
        return next((restated for restated in chain if (restated, *key) in self._origins), None)


_FIELDS = (
    "country",
    "period",
    "period_first_day",
    "period_last_day",
    "value",
    "unit",
    "qualifier",
    "scope",
    "source",
    "basis",
    "fact",
    "original_source",
)


def read_observations(
    view: View, indicator: Indicator, countries: Sequence[str], filters: BaseModel | None = None
) -> list[Observation]:
    """Read the observations of some countries, those first whose period ended first."""
    of_these = replace(view, countries=tuple(countries))
    rows = ObservedRows(observed(of_these, [indicator.id]), of_these)
    query: Select[Any] = rows.select(_FIELDS).where(
        rows.column("country").in_(countries), rows.column("value").is_not(None)
    )
    if filters is not None:
        query = query.where(*conditions(filters, rows))
    order = ("period_last_day", "period_first_day", "source", "scope", "unit", "fact")
    query = query.order_by(*(rows.column(name) for name in order))
    return list(map(Observation._make, fetch(view.transaction.connection, query, {})))


def read_stated(
    view: View,
    indicator: Indicator,
    countries: Sequence[str],
    filters: BaseModel | None,
    found: list[Observation],
) -> list[Observation]:
    """Return what sources state, whatever its licence; `found` is what filters leave of it.

    A part of a scope is no whole where the whole may not be reused. Of what has a licence that is
    asked for there is no more than was found, though AI models count for more countries where the
    companies' rows of all sources are asked.
    """
    licences = getattr(filters, "licence", None)
    if filters is None or licences is None:
        return found
    of_all, unlimited = replace(view, licences=()), filters.model_copy(update={"licence": None})
    licensed = sources_with(view, licences)
    stated = read_observations(of_all, indicator, countries, unlimited)
    return [*found, *(one for one in stated if one.source not in licensed)]


def house_of(publisher: str) -> str:
    """Return a publisher without how it was read: `Stanford HAI (via CIOL)` is Stanford HAI."""
    return publisher.partition(" (")[0]


def read_witnesses(view: View) -> dict[str, Witness]:
    """Return, for each source, the end of its chain of restatement, its day and its publisher."""
    rows = view.rows(SOURCES)
    query = rows.select(("id", "restates", "published_last_day", "publisher"))
    found = {key: rest for key, *rest in view.transaction.connection.execute(query)}

    def witness(key: str, day: str | None, publisher: str) -> Witness:
        chain: list[str] = []
        here = key
        while (up := found[here][0]) and up in found and up not in (key, *chain):
            chain.append(up)
            here = up
        # Sources that restate each other in a circle are one witness all the same.
        root = min(key, *chain) if up and up in found else here
        return Witness(root, day, tuple(chain), house_of(publisher))

    return {key: witness(key, day, who) for key, (_, day, who) in found.items()}
