"""Observations: one uniform table of every indicator, in the units that a reader asks for.

What cannot be worked out stays in the table without a value, and with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Subquery,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from app.analysis.indicator import COLUMNS, Indicator
from app.analysis.indicators import indicators
from app.analysis.view import DEFAULT_ATTRIBUTION, Attribution, View
from app.kit.filters import within
from app.kit.periods import PeriodRange
from app.resources.ledger_lists import PlainRows
from app.resources.reading import Item, Selectable
from app.storage.columns import Characters, Number
from app.storage.database import ReadTransaction, Revision

Units = Literal["level", "change", "percent_change", "share", "ratio", "index"]
UNITS: tuple[Units, ...] = get_args(Units)

_GROUP = ("indicator", "source", "scope", "unit", "basis", "period")
"""What two countries' observations have in common when they can stand side by side."""

_SERIES = ("indicator", "country", "source", "scope", "unit", "basis")
"""What one country's observations have in common when they follow each other in time."""

_WORLD = "WLD"
_DAY = len("2024-03-27")
SHOWN = (*COLUMNS, "reason")


@dataclass(frozen=True)
class Observations:
    """What observations are asked for, beside the filters on their columns."""

    units: Units = "level"
    base: str = "US"
    base_period: str | None = None
    named: tuple[str, ...] = ()
    """The countries asked for: the whole of a share where no source gives the world."""

    indicators: tuple[str, ...] = ()
    period: PeriodRange | None = None
    latest: bool = False
    attribution: Attribution = DEFAULT_ATTRIBUTION

    key = ("indicator", "country", "period_first_day", "source", "scope", "unit", "basis", "fact")
    name = "observations"
    columns = SHOWN

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """What may be sorted by."""
        return {
            "indicator": "indicator",
            "country": "country",
            "period": "period_first_day",
            "value": "value",
            "source": "source",
        }

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the observations at a revision."""
        levels = observed(View(transaction, at, self.attribution), self.indicators)
        rows = levels if self.units == "level" else self._worked_out(levels)
        if self.units == "level":
            plain = select(*levels.c, cast(null(), Characters()).label("reason"))
            rows = plain.subquery("observations")
        return PlainRows(self._newest(rows) if self.latest else rows)

    def complete(self, _transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the items as they are."""
        return items

    def _newest(self, rows: FromClause) -> Subquery:
        """Keep the newest observation with a value of each series, within the period asked for."""
        newest = func.row_number().over(
            partition_by=[rows.c[name] for name in _SERIES],
            order_by=(rows.c.period_first_day.desc(), rows.c.period_last_day.desc(), rows.c.fact),
        )
        ranked = select(*rows.c, newest.label("place")).where(rows.c.value.is_not(None))
        if self.period:
            ranked = ranked.where(within(PlainRows(rows), "period", self.period))
        kept = ranked.subquery()
        shown = (kept.c[name] for name in SHOWN)
        return select(*shown).where(kept.c.place == 1).subquery("observations")

    def _worked_out(self, levels: FromClause) -> Subquery:
        value, unit, reason = self._formula(levels)
        columns = {column.name: column for column in levels.c}
        columns["value"] = type_coerce(value, Number()).label("value")
        columns["unit"] = unit.label("unit")
        worked = select(*columns.values(), reason.label("missing")).subquery()
        shown = [worked.c[name] for name in COLUMNS]
        why = case((worked.c.value.is_(None), worked.c.missing)).label("reason")
        return select(*shown, why).subquery("observations")

    def _formula(
        self, levels: FromClause
    ) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
        """Return the value, its unit, and why it is missing where it is."""
        own = levels.c.value
        percent = literal("percent", Characters())
        if self.units in ("change", "percent_change"):
            before = func.lag(own).over(
                partition_by=[*(levels.c[name] for name in _SERIES), _length(levels)],
                order_by=(levels.c.period_first_day, levels.c.fact),
            )
            none = literal("no_earlier_period", Characters())
            if self.units == "change":
                return own - before, levels.c.unit, none
            return 100.0 * (own - before) / func.nullif(before, 0), percent, none
        if self.units == "index":
            series = [levels.c[name] for name in _SERIES]
            if self.base_period is None:
                first: ColumnElement[Any] = func.first_value(own).over(
                    partition_by=series, order_by=(levels.c.period_first_day, levels.c.fact)
                )
            else:
                first = _one(levels, _SERIES, levels.c.period == self.base_period)
            words = literal(f"index, {self.base_period or 'first period'} = 100", Characters())
            none = literal("no_base_period", Characters())
            return 100.0 * own / func.nullif(first, 0), words, none
        if self.units == "ratio":
            other = _one(levels, _GROUP, levels.c.country == self.base)
            words = literal(f"ratio to {self.base}", Characters())
            none = literal("no_base_country", Characters())
            return own / func.nullif(other, 0), words, none
        whole = _one(levels, _GROUP, levels.c.country == _WORLD)
        among = levels.c.country.in_(self.named) if self.named else false()
        partition = [levels.c[name] for name in _GROUP]
        there = func.count(case((among, levels.c.country))).over(partition_by=partition)
        summed = func.sum(case((among, own))).over(partition_by=partition)
        of_named = case((there == max(len(self.named), 1), summed))
        return (
            100.0 * own / func.nullif(func.coalesce(whole, of_named), 0),
            percent,
            literal("no_whole", Characters()),
        )


def observed(view: View, wanted: Sequence[str] = ()) -> FromClause:
    """Return the observations of some indicators, or of all, as a table of `COLUMNS`."""
    known = indicators(view)
    chosen = [known[id_] for id_ in wanted if id_ in known] if wanted else list(known.values())
    parts = [indicator.observe(view, indicator) for indicator in chosen]
    if not parts:
        any_one: Indicator = next(iter(known.values()))
        parts = [any_one.observe(view, any_one).where(false())]
    return (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("observed")


def _one(
    levels: FromClause, names: Sequence[str], condition: ColumnElement[bool]
) -> ColumnElement[Any]:
    """Return the value of the one row of a group that meets a condition, null if not just one."""
    partition = [levels.c[name] for name in names]
    met = case((condition, levels.c.value))
    count = func.count(met).over(partition_by=partition)
    return case((count == 1, func.max(met).over(partition_by=partition)))


def _length(levels: FromClause) -> ColumnElement[Any]:
    """Return how many months a period covers: only periods of one length follow each other."""

    def month(day: ColumnElement[str]) -> ColumnElement[int]:
        return cast(func.substr(day, 1, 4), Integer) * 12 + cast(func.substr(day, 6, 2), Integer)

    first, last = levels.c.period_first_day, levels.c.period_last_day
    return case((func.length(levels.c.period) == _DAY, -1), else_=month(last) - month(first))
