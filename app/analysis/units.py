"""Units of observations: what a figure is beside another one, and how firm that is.

Each formula reads the table of levels that `alone` makes, and gives a value, its unit, how firmly
it can be stated, and why there is none where there is none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
)

from app.analysis.observing import quotient_qualifier
from app.analysis.view import View, year
from app.kit.countries import contains
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters

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
Column = ColumnElement[Any]

WORLD = "WLD"
GROUP = ("indicator", "source", "original_source", "scope", "unit", "basis", "period")
"""What two countries' observations have in common when they can stand side by side."""

SERIES = ("indicator", "country", "source", "original_source", "scope", "unit", "basis")
"""What one country's observations have in common when they follow each other in time."""

SIZES = {"per_capita": ("population", "people"), "per_gdp": ("gdp", "USD")}
"""The metric of `/statistics` that a figure is divided by, in the one unit in which it is taken:
people, or US dollars of the year. One in millions of them is another unit, and no size; one with a
scope is of a part, as those of working age are of a population."""

_DAY = len("2024-03-27")


def word(text: str) -> Column:
    return literal(text, Characters())


EXACT, SEVERAL, ZERO = word("exact"), word("several_values"), word("zero_base")
_NO_SUM, _OVERLAP = word("does_not_add_up"), word("qualifier_overlap")


@dataclass(frozen=True)
class Worked:
    """What is worked out of a level: a value, its unit, its qualifier, why it is missing."""

    value: Column
    unit: Column
    qualifier: Column
    missing: Column

    @property
    def reason(self) -> Column:
        """Why there is no value: as it says, or because bounds pull in both directions."""
        loose = and_(self.value.is_not(None), self.qualifier.is_(None))
        return case((loose, _OVERLAP), (self.value.is_(None), self.missing))


def alone(levels: FromClause, published: Column) -> Subquery:
    """Add what formulas need: value and qualifier where they are the only ones, and of the period.

    That is its `length`, and whether it `is_over` when its source came out, on the day `published`.
    """
    same = [levels.c[name] for name in (*SERIES, "period")]
    one = func.count().over(partition_by=same) == 1
    return select(
        *levels.c,
        case((one, levels.c.value)).label("alone"),
        case((one, levels.c.qualifier)).label("alone_qualifier"),
        _length(levels).label("length"),
        func.coalesce(published >= levels.c.period_last_day, true()).label("is_over"),
    ).subquery("alone")


def ratio(levels: FromClause, base: str) -> Worked:
    """Return figures by that of one country."""
    of_base = _Country.of(levels, base)
    none = missing(is_one_of_several(levels), of_base.there, of_base.value, "no_base_country")
    return Worked(
        levels.c.alone / unless_zero(of_base.value),
        word(f"ratio to {base}"),
        of_base.firmness(levels, base),
        none,
    )


def share(levels: FromClause, named: Sequence[str], no_sums: Collection[str]) -> Worked:
    """Return figures in percent of those of the countries named, or of the world's.

    Where one of those named has all others in it, that is the whole.
    """
    several = is_one_of_several(levels)
    countries = sorted(set(named))
    adds_up = _adds_up(levels, no_sums)
    group = next((one for one in countries if _is_whole(one, countries)), None)
    if any(contains(one, other) for one in countries for other in countries) and not group:
        of_what = word(f"percent of {' + '.join(countries)}")
        return Worked(cast(null(), Double), of_what, levels.c.qualifier, word("part_of_whole"))
    if len(countries) > 1 and not group:
        parts = [_Country.of(levels, country) for country in countries]
        whole: Column = reduce(add, (part.value for part in parts))
        there: Column = case((and_(*(part.there > 0 for part in parts)), 1), else_=0)
        of_what = word(f"percent of {' + '.join(countries)}")
        firmness = quotient_qualifier(levels.c.qualifier, _rest_qualifier(levels, countries))
    else:
        one = group or WORLD
        of_one = _Country.of(levels, one)
        whole, there, of_what = of_one.value, of_one.there, word(f"percent of {one}")
        firmness = of_one.firmness(levels, one)
    return Worked(
        case((adds_up, 100.0 * levels.c.alone / unless_zero(whole))),
        of_what,
        firmness,
        case((adds_up, missing(several, there, whole, "no_whole")), else_=_NO_SUM),
    )


def _is_whole(group: str, countries: Sequence[str]) -> bool:
    """Return whether a group has all others of several countries in it."""
    others = [country for country in countries if country != group]
    return bool(others) and all(contains(group, country) for country in others)


def sizes(view: View, metric: str, unit: str) -> Subquery:
    """Return the sizes of countries by year: `country`, `year`, `size`, `figures`, `firmness`."""
    rows = view.rows(STATISTICS).source.c
    of_year = year(rows.period_first_day, rows.period_last_day)
    return (
        select(
            rows.country,
            of_year.label("year"),
            func.max(rows.value).label("size"),
            func.count(func.distinct(rows.value)).label("figures"),
            func.max(rows.qualifier).label("firmness"),
        )
        .where(
            rows.metric == metric,
            rows.unit == unit,
            rows.scope.is_(None),
            _is_whole_year(rows, of_year),
        )
        .group_by(rows.country, of_year)
        .subquery("sizes")
    )


def by_size(units: Units, levels: FromClause, size: FromClause, no_sums: Collection[str]) -> Worked:
    """Return figures by the size of their country in their year."""
    of_one = case((size.c.figures == 1, size.c.size))
    several = or_(is_one_of_several(levels), size.c.figures > 1)
    value = levels.c.alone / unless_zero(of_one)
    none = word(f"no_{SIZES[units][0]}")
    missing = case((size.c.figures.is_(None), none), (several, SEVERAL), else_=ZERO)
    firmness = quotient_qualifier(levels.c.qualifier, size.c.firmness)
    adds_up = _adds_up(levels, no_sums)
    if units == "per_capita":
        unit = levels.c.unit + word(" per person")
        reason = case((adds_up, missing), else_=_NO_SUM)
        return Worked(case((adds_up, value)), unit, firmness, reason)
    # What is in prices of one year cannot be set against the money of the time, nor what part of
    # a year brought in against what the whole did.
    money = levels.c.unit == "USD"
    whole = _is_whole_year(levels.c, func.substr(levels.c.period_first_day, 1, 4))
    reason = case(
        (~adds_up, _NO_SUM),
        (~money, word("not_comparable_unit")),
        (~whole, word("incomplete_period")),
        else_=missing,
    )
    percent = case((and_(adds_up, money, whole), 100.0 * value))
    return Worked(percent, word("percent of GDP"), firmness, reason)


def _is_whole_year(columns: Any, of_year: Column) -> ColumnElement[bool]:
    return and_(
        columns.period_first_day == of_year + "-01-01",
        columns.period_last_day == of_year + "-12-31",
    )


@dataclass(frozen=True)
class _Country:
    """One country's figure in each group: null where it has not just one, and how many it has."""

    value: Column
    qualifier: Column
    there: Column

    @classmethod
    def of(cls, levels: FromClause, country: str) -> "_Country":
        partition = [levels.c[name] for name in GROUP]
        its = levels.c.country == country
        return cls(
            func.max(case((its, levels.c.alone))).over(partition_by=partition),
            func.max(case((its, levels.c.alone_qualifier))).over(partition_by=partition),
            func.count(case((its, 1))).over(partition_by=partition),
        )

    def firmness(self, levels: FromClause, country: str) -> Column:
        """Return how firm a figure divided by this one is; by itself it is exactly 1."""
        divided = quotient_qualifier(levels.c.qualifier, self.qualifier)
        return case((levels.c.country == country, EXACT), else_=divided)


def _rest_qualifier(levels: FromClause, countries: Sequence[str]) -> Column:
    """Return how firm the sum of the other countries' figures is."""
    partition = [levels.c[name] for name in GROUP]

    def others(qualifier: str) -> Column:
        stated = levels.c.qualifier == qualifier
        among = and_(levels.c.country.in_(countries), stated)
        all_of_them = func.count(case((among, 1))).over(partition_by=partition)
        return all_of_them - case((among, 1), else_=0)

    return case(
        (others("disputed") > 0, word("disputed")),
        (and_(others("at_least") > 0, others("up_to") > 0), word("disputed")),
        (others("at_least") > 0, word("at_least")),
        (others("up_to") > 0, word("up_to")),
        (others("about") > 0, word("about")),
        else_=EXACT,
    )


def _adds_up(levels: FromClause, no_sums: Collection[str]) -> ColumnElement[bool]:
    """Return whether figures of countries make a sum: percentages of several wholes do not."""
    return and_(levels.c.unit != "percent", levels.c.indicator.not_in(sorted(no_sums)))


def unless_zero(divisor: Column) -> Column:
    """Return a divisor, null where it is 0. Without its type PostgreSQL has but 15 digits of it."""
    return func.nullif(divisor, 0, type_=Double())


def is_one_of_several(levels: FromClause) -> ColumnElement[bool]:
    return and_(levels.c.value.is_not(None), levels.c.alone.is_(None))


def missing(several: ColumnElement[bool], there: Column, base: Column, none: str) -> Column:
    """Return why a value that is set against a base is missing."""
    return case(
        (there == 0, word(none)),
        (or_(several, base.is_(None)), SEVERAL),
        else_=ZERO,
    )


def month(day: Column) -> Column:
    return cast(func.substr(day, 1, 4), Integer) * 12 + cast(func.substr(day, 6, 2), Integer)


def _length(levels: FromClause) -> Column:
    """Return how many months a period covers: only periods of one length follow each other.

    Days follow days; a span that begins or ends on a day has a length of its own.
    """
    first, last = levels.c.period_first_day, levels.c.period_last_day
    period = levels.c.period
    return case(
        (func.length(period) == _DAY, word("day")),
        (or_(period.like("____-__-__/%"), period.like("%/____-__-__")), period),
        else_=cast(month(last) - month(first), Characters()),
    )
