"""Figures of one country as they follow each other in time: what changed, and from a base on.

What a formula needs of other rows is put beside each level first, and each window is taken once:
by columns alone, as an expression with values in it makes a window of its own wherever it stands.
"""

from typing import Any, TypedDict

from sqlalchemy import (
    Double,
    FromClause,
    Integer,
    Numeric,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
    true,
    union_all,
)

from app.analysis.observing import quotient_qualifier
from app.analysis.units import (
    EXACT,
    SERIES,
    SEVERAL,
    ZERO,
    Column,
    Worked,
    is_one_of_several,
    missing,
    month,
    unless_zero,
    word,
)
from app.storage.days import DayNumber

_FIGURE = ("value", "alone", "alone_qualifier")
"""What is taken of an earlier figure."""


class _Over(TypedDict):
    """The rows among which something is looked for: those of a series, in an order."""

    partition_by: list[Column]
    order_by: list[Column]


def with_earlier(levels: FromClause) -> Subquery:
    """Add what there is of the period before, which ends as this begins: `earlier_value`, ….

    That is the one as long as this; days follow days. What is in percent is a state however long
    its period: where none is as long, the last one to begin of those that end the day before.
    """
    found = _with_as_long(_with_adjoining(levels))
    added = {
        f"earlier_{name}": case(
            (found.c.has_as_long, found.c[f"as_long_{name}"]),
            else_=found.c[f"adjoining_{name}"],
        )
        for name in _FIGURE
    }
    return _with(found, **added)


def _with_as_long(levels: FromClause) -> Subquery:
    """Add the figure of the period before of those as long, and whether there is one.

    Quarters that begin each month are three series: in each, one ends as the next begins.
    """
    first, last = month(levels.c.period_first_day), month(levels.c.period_last_day)
    placed = _with(levels, month=first, phase=first % (last - first + 1))
    over = _over(placed, "length", "phase")
    day_before = func.lag(placed.c.period_last_day).over(**over)
    adjoins = or_(placed.c.length == "day", placed.c.month - month(day_before) == 1)
    figures = {f"as_long_{name}": func.lag(placed.c[name]).over(**over) for name in _FIGURE}
    return _with(placed, has_as_long=and_(day_before.is_not(None), adjoins), **figures)


def _with_adjoining(levels: FromClause) -> Subquery:
    """Add the figure in percent of the last to begin of those that end the day before.

    For that each figure in percent stands there twice, as it begins and as it ends.
    """
    rows = select(levels).cte()
    both = union_all(select(false().label("ends")), select(true())).subquery()
    first, last = DayNumber(rows.c.period_first_day), DayNumber(rows.c.period_last_day)
    day = case((both.c.ends, last + 1), else_=first)
    each = select(*rows.c, both.c.ends, day.label("day")).join_from(rows, both, true())
    twice = each.where(rows.c.unit == "percent").subquery()
    over = _over(twice, "day")
    over["order_by"] = [twice.c.ends.desc(), twice.c.period_first_day.desc()]
    last_to_begin = {
        f"adjoining_{name}": func.first_value(case((twice.c.ends, twice.c[name]))).over(**over)
        for name in _FIGURE
    }
    found = _with(twice, **last_to_begin)
    names = (*levels.c.keys(), *last_to_begin)
    percents = select(*(found.c[name] for name in names)).where(~found.c.ends)
    return _beside_others(percents, rows, *(null() for _ in last_to_begin))


def change(levels: FromClause, *, in_percent: bool) -> Worked:
    """Return what changed since the period before, of levels `with_earlier` ones."""
    before = levels.c.earlier_alone
    there = levels.c.earlier_value.is_not(None)
    several = or_(is_one_of_several(levels), and_(there, before.is_(None)))
    none = case((several, SEVERAL), (before == 0, ZERO), else_=word("no_earlier_period"))
    firmness = quotient_qualifier(levels.c.alone_qualifier, levels.c.earlier_alone_qualifier)
    changed = levels.c.alone - before
    if in_percent:
        return Worked(100.0 * changed / unless_zero(before), word("percent"), firmness, none)
    is_percent = levels.c.unit == "percent"
    # As many digits as two percentages have, and none that binary fractions make of them.
    points = cast(func.round(cast(changed, Numeric()), 9), Double)
    unit = case((is_percent, word("percentage points")), else_=levels.c.unit)
    return Worked(case((is_percent, points), else_=changed), unit, firmness, none)


def with_base(levels: FromClause, base_period: str | None) -> Subquery:
    """Add the figure that is 100 in an index, and whether a row `is_base`: `base_alone`, ….

    That is the figure of the period named, else of the first one as long. What is in percent has
    one base however long its periods are: but where periods of a series overlap, such as a year
    and its quarters, the first of each length begins anew.
    """
    if base_period is None:
        return _with_first(_with_overlaps(levels))
    is_base = levels.c.period == base_period
    rows = _with(levels, length_of_sums=_length_of_sums(levels), is_base=is_base)
    whole = _over(rows, "length_of_sums")["partition_by"]
    found = {
        "base_alone": func.max(case((rows.c.is_base, rows.c.alone))),
        "base_qualifier": func.max(case((rows.c.is_base, rows.c.alone_qualifier))),
        "base_there": func.count(case((rows.c.is_base, 1))),
        "base_is_over": func.min(case((rows.c.is_base, cast(rows.c.is_over, Integer)))),
    }
    return _with(rows, **{name: one.over(partition_by=whole) for name, one in found.items()})


def _with_overlaps(levels: FromClause) -> Subquery:
    """Add whether any two periods of a series in percent overlap: then some two in turn do."""
    rows = select(levels).cte()
    percents = select(rows).where(rows.c.unit == "percent").subquery()
    over = _over(percents)
    is_another = func.lag(percents.c.period).over(**over) != percents.c.period
    overlaps = func.lag(percents.c.period_last_day).over(**over) >= percents.c.period_first_day
    pairs = _with(percents, overlaps=case((and_(is_another, overlaps), 1), else_=0))
    several = func.max(pairs.c.overlaps).over(partition_by=_over(pairs)["partition_by"])
    names = levels.c.keys()
    found = select(*(pairs.c[name] for name in names), (several == 1).label("has_overlaps"))
    return _beside_others(found, rows, false())


def _with_first(levels: FromClause) -> Subquery:
    """Add the figure of the first period of its series."""
    length = case((levels.c.has_overlaps, levels.c.length), else_=_length_of_sums(levels))
    rows = _with(levels, series_length=length)
    over = _over(rows, "series_length")
    return _with(
        rows,
        is_base=rows.c.period == func.first_value(rows.c.period).over(**over),
        base_alone=func.first_value(rows.c.alone).over(**over),
        base_qualifier=func.first_value(rows.c.alone_qualifier).over(**over),
    )


def index(levels: FromClause, base_period: str | None) -> Worked:
    """Return figures with one period, else the first one, as 100, of levels `with_base`."""
    several = is_one_of_several(levels)
    base: Column = levels.c.base_alone
    if base_period is None:
        none: Column = case((or_(several, base.is_(None)), SEVERAL), else_=ZERO)
    else:
        none = missing(several, levels.c.base_there, base, "no_base_period")
        none = case((levels.c.base_is_over == 0, word("incomplete_period")), else_=none)
        base = case((levels.c.base_is_over == 1, base))
    divided = quotient_qualifier(levels.c.qualifier, levels.c.base_qualifier)
    firmness = case((levels.c.is_base, EXACT), else_=divided)
    words = word(f"index, {base_period or 'first period stated'} = 100")
    return Worked(100.0 * levels.c.alone / unless_zero(base), words, firmness, none)


def _with(levels: FromClause, **columns: Column) -> Subquery:
    """Add columns to levels."""
    added = (column.label(name) for name, column in columns.items())
    return select(*levels.c, *added).subquery()


def _over(levels: FromClause, *others: str) -> _Over:
    """Return the rows of the same series, and of the same of other columns, in order of time."""
    order: list[Column] = [levels.c.period_first_day, levels.c.period_last_day]
    return {"partition_by": [levels.c[name] for name in (*SERIES, *others)], "order_by": order}


def _beside_others(percents: Select[Any], rows: FromClause, *columns: Column) -> Subquery:
    """Return what was found of figures in percent, and all other rows with these columns."""
    others = select(*rows.c, *columns).where(rows.c.unit != "percent")
    return union_all(percents, others).subquery()


def _length_of_sums(levels: FromClause) -> Column:
    """Return the length of a period; null for what is in percent, a state however long it is."""
    return case((levels.c.unit != "percent", levels.c.length))
