"""Observations: one uniform table of every indicator, in the units that a reader asks for.

What cannot be worked out stays in the table without a value, and with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from app.analysis.indicator import COLUMNS, Indicator
from app.analysis.indicators import indicators
from app.analysis.view import DEFAULT_ATTRIBUTION, Attribution, View, year
from app.kit.filters import within
from app.kit.periods import PeriodRange
from app.resources.ledger_lists import PlainRows
from app.resources.reading import Selectable
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters, Number
from app.storage.database import ReadTransaction, Revision

Units = Literal[
    "level",
    "change",
    "percent_change",
    "share",
    "ratio",
    "index",
    "per_capita",
    "per_gdp",
]

_GROUP = ("indicator", "source", "original_source", "scope", "unit", "basis", "period")
"""What two countries' observations have in common when they can stand side by side."""

_SERIES = ("indicator", "country", "source", "original_source", "scope", "unit", "basis")
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

    key = (
        "indicator",
        "country",
        "period_first_day",
        "period_last_day",
        "source",
        "scope",
        "stated_unit",
        "basis",
        "fact",
    )
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
        view = View(transaction, at, self.attribution)
        levels = observed(view, self.indicators)
        rows = levels if self.units == "level" else self._worked_out(view, levels)
        if self.units == "level":
            no_reason = cast(null(), Characters()).label("reason")
            plain = select(*levels.c, no_reason, levels.c.unit.label("stated_unit"))
            rows = plain.subquery("observations")
        return PlainRows(self._newest(rows) if self.latest else rows)

    def _newest(self, rows: FromClause) -> Subquery:
        """Keep the newest observation with a value of each series, within the period asked for."""
        newest = func.row_number().over(
            partition_by=[rows.c[name] for name in _SERIES if name != "unit"]
            + [rows.c.stated_unit],
            order_by=(rows.c.period_first_day.desc(), rows.c.period_last_day.desc(), rows.c.fact),
        )
        ranked = select(*rows.c, newest.label("place")).where(rows.c.value.is_not(None))
        if self.period:
            ranked = ranked.where(within(PlainRows(rows), "period", self.period))
        kept = ranked.subquery()
        shown = (kept.c[name] for name in (*SHOWN, "stated_unit"))
        return select(*shown).where(kept.c.place == 1).subquery("observations")

    def _worked_out(self, view: View, stated: FromClause) -> Subquery:
        levels = _alone(stated)
        source: FromClause = levels
        if self.units in _PER:
            size = _sizes(view, _PER[self.units])
            in_year = year(levels.c.period_first_day, levels.c.period_last_day)
            source = levels.outerjoin(
                size, and_(size.c.country == levels.c.country, size.c.year == in_year)
            )
            value, unit, reason = _per(self.units, levels, size)
        else:
            value, unit, reason = self._formula(levels)
        columns = {name: levels.c[name] for name in COLUMNS}
        columns["value"] = type_coerce(value, Number()).label("value")
        columns["unit"] = unit.label("unit")
        stated_unit = levels.c.unit.label("stated_unit")
        worked = (
            select(*columns.values(), reason.label("missing"), stated_unit)
            .select_from(source)
            .subquery()
        )
        shown = [worked.c[name] for name in COLUMNS]
        why = case((worked.c.value.is_(None), worked.c.missing)).label("reason")
        return select(*shown, why, worked.c.stated_unit).subquery("observations")

    def _formula(
        self, levels: FromClause
    ) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
        """Return the value, its unit, and why it is missing where it is."""
        own, series = levels.c.alone, [levels.c[name] for name in _SERIES]
        of_one_length = [*series, levels.c.length]
        several = levels.c.value.is_not(None) & own.is_(None)
        none: ColumnElement[str]
        there: ColumnElement[int]
        percent = literal("percent", Characters())
        if self.units in ("change", "percent_change"):

            def earlier(column: ColumnElement[Any]) -> ColumnElement[Any]:
                return func.lag(column).over(
                    partition_by=of_one_length,
                    order_by=(levels.c.period_first_day, levels.c.fact),
                )

            before = earlier(own)
            none = case(
                (several | (earlier(levels.c.value).is_not(None) & before.is_(None)), _SEVERAL),
                (before == 0, _ZERO),
                else_=literal("no_earlier_period", Characters()),
            )
            if self.units == "change":
                points = literal("percentage points", Characters())
                unit = case((levels.c.unit == "percent", points), else_=levels.c.unit)
                return own - before, unit, none
            return 100.0 * (own - before) / func.nullif(before, 0), percent, none
        if self.units == "index":
            if self.base_period is None:
                first: ColumnElement[Any] = func.first_value(own).over(
                    partition_by=of_one_length,
                    order_by=(levels.c.period_first_day, levels.c.fact),
                )
                none = case((several | first.is_(None), _SEVERAL), else_=_ZERO)
            else:
                based = levels.c.period == self.base_period
                first = func.max(case((based, own))).over(partition_by=of_one_length)
                there = func.count(case((based, 1))).over(partition_by=of_one_length)
                none = _missing(several, there, first, "no_base_period")
            words = literal(f"index, {self.base_period or 'first period'} = 100", Characters())
            return 100.0 * own / func.nullif(first, 0), words, none
        if self.units == "ratio":
            other, there = _of_country(levels, self.base)
            words = literal(f"ratio to {self.base}", Characters())
            none = _missing(several, there, other, "no_base_country")
            return own / func.nullif(other, 0), words, none
        whole, there = _of_country(levels, _WORLD)
        of_what: ColumnElement[Any] = literal(f"percent of {_WORLD}", Characters())
        if len(self.named) > 1:
            parts = [_of_country(levels, country) for country in sorted(set(self.named))]
            of_named = reduce(add, (part for part, _ in parts))
            each_there = and_(*(count > 0 for _, count in parts))
            together = literal(f"percent of {' + '.join(sorted(set(self.named)))}", Characters())
            of_what = case((there == 0, together), else_=of_what)
            whole = case((there == 0, of_named), else_=whole)
            there = case((there == 0, case((each_there, 1), else_=0)), else_=there)
        adds_up = levels.c.unit != "percent"  # shares of several wholes make no whole
        return (
            case((adds_up, 100.0 * own / func.nullif(whole, 0))),
            of_what,
            case((adds_up, _missing(several, there, whole, "no_whole")), else_=_NO_SUM),
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


_SEVERAL = literal("several_values", Characters())
_ZERO = literal("zero_base", Characters())
_NO_SUM = literal("does_not_add_up", Characters())


_PER = {"per_capita": "population", "per_gdp": "gdp"}
"""The metric of `/statistics` that a figure is divided by: people, or US dollars of the year."""


def _sizes(view: View, metric: str) -> Subquery:
    """Return the sizes of countries by year: `country`, `year`, `size`, how many `figures`."""
    rows = view.rows(STATISTICS).source.c
    of_year = year(rows.period_first_day, rows.period_last_day)
    whole = and_(
        rows.period_first_day == of_year + "-01-01", rows.period_last_day == of_year + "-12-31"
    )
    return (
        select(
            rows.country,
            of_year.label("year"),
            func.max(rows.value).label("size"),
            func.count(func.distinct(rows.value)).label("figures"),
        )
        .where(rows.metric == metric, whole)
        .group_by(rows.country, of_year)
        .subquery("sizes")
    )


def _per(
    units: Units, levels: FromClause, size: FromClause
) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    """Return the value by the size of its country, its unit, and why it is missing."""
    of_one = case((size.c.figures == 1, size.c.size))
    several = or_(levels.c.value.is_not(None) & levels.c.alone.is_(None), size.c.figures > 1)
    by_size = levels.c.alone / func.nullif(of_one, 0)
    none = literal(f"no_{_PER[units]}", Characters())
    missing = case((size.c.figures.is_(None), none), (several, _SEVERAL), else_=_ZERO)
    unit: ColumnElement[str] = literal("percent of GDP", Characters())
    if units == "per_gdp":
        # What is in prices of one year cannot be set against the money of the time.
        money = levels.c.unit == "USD"
        prices = literal("not_comparable_unit", Characters())
        return case((money, 100.0 * by_size)), unit, case((money, missing), else_=prices)
    adds_up = levels.c.unit != "percent"
    unit = levels.c.unit + literal(" per person", Characters())
    return case((adds_up, by_size)), unit, case((adds_up, missing), else_=_NO_SUM)


def _alone(levels: FromClause) -> Subquery:
    """Add the `length` of the period, and the value where it is `alone`: the only one stated."""
    same = [levels.c[name] for name in (*_SERIES, "period")]
    alone = case((func.count().over(partition_by=same) == 1, levels.c.value)).label("alone")
    return select(*levels.c, alone, _length(levels).label("length")).subquery("alone")


def _of_country(levels: FromClause, country: str) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    """Return a country's value in each group, null if it has not just one, and how many it has."""
    partition = [levels.c[name] for name in _GROUP]
    its = levels.c.country == country
    return (
        func.max(case((its, levels.c.alone))).over(partition_by=partition),
        func.count(case((its, 1))).over(partition_by=partition),
    )


def _missing(
    several: ColumnElement[bool], there: ColumnElement[int], base: ColumnElement[Any], none: str
) -> ColumnElement[str]:
    """Return why a value that is set against a base is missing."""
    return case(
        (there == 0, literal(none, Characters())),
        (several | base.is_(None), _SEVERAL),
        else_=_ZERO,
    )


def _length(levels: FromClause) -> ColumnElement[Any]:
    """Return how many months a period covers: only periods of one length follow each other.

    Days follow days; a span that begins or ends on a day has a length of its own.
    """

    def month(day: ColumnElement[str]) -> ColumnElement[int]:
        return cast(func.substr(day, 1, 4), Integer) * 12 + cast(func.substr(day, 6, 2), Integer)

    first, last = levels.c.period_first_day, levels.c.period_last_day
    period = levels.c.period
    return case(
        (func.length(period) == _DAY, literal("day", Characters())),
        (or_(period.like("____-__-__/%"), period.like("%/____-__-__")), period),
        else_=cast(month(last) - month(first), Characters()),
    )
