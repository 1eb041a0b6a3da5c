"""The check that figures of periods do not contradict that of a longer one that holds them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import CTE, Select, Subquery, and_, case, func, literal, or_, select, union_all

from app.analysis.figure_rows import Figures, figures, least_of, most_of
from app.analysis.finding_columns import Column, finding, keys_of, text_of, words_of
from app.analysis.view import View
from app.storage.days import DayNumber

_SERIES = ("source", "original_source", "measure", "unit", "scope", "subject", "country")
"""What a figure has in common with that of a longer period that it is a part of."""

_OF_WHOLE = ("id", "source", "measure", "period", "value", "least", "most", "first", "last")
_OF_PART = ("period", "first", "last", "least", "most")
_ALONE, _OF_A_LENGTH, _ALL = "1 ", "2 ", "3"
"""How the groups of parts are named; the first that contradicts a whole is what is told of it."""

_ROUNDED = 1.01
"""Sources round what they publish: quarters of 0.1 billion each do not add up to the year's."""

_MONTH = 28
"""The days of the shortest month, by which lengths are told apart: a quarter has three of them."""


def periods_contradict_whole(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find figures of a period that what one source states of periods in it cannot add up to.

    One part is more than the whole; or parts that do not overlap add up to more; or parts that
    leave no gap either add up to less. Compared is what the figures can stand for as firmly as
    they are stated, each period once. A source can give a year in quarters and in months too: parts
    of one length are added up, and all parts where no two of them overlap. Of each whole there is
    one finding, on the single part where that is enough.
    """
    for figure in figures(view):
        if figure.is_flow:
            yield _contradicting(figure, kind)


def _contradicting(figure: Figures, kind: str) -> Select[Any]:
    sums = _sums(_placed(_parts(figure)))
    is_more = sums.c.parts_least > sums.c.most * _ROUNDED
    is_less = and_(
        sums.c.widest_gap == 0,
        sums.c.parts_last == sums.c.last,
        sums.c.parts_most * _ROUNDED < sums.c.least,
    )
    place = func.row_number().over(partition_by=sums.c.id, order_by=sums.c.group)
    is_found = sums.c.narrowest_gap >= 0, or_(is_more, is_less)
    way = case((is_more, literal("more")), else_=literal("less"))
    sum_ = case((is_more, sums.c.parts_least), else_=sums.c.parts_most)
    found = (
        select(*sums.c, way.label("way"), sum_.label("sum"), place.label("place"))
        .where(*is_found)
        .subquery()
    )
    stated = found.c.way, found.c.sum, found.c.value, found.c.measure, found.c.period
    parts = found.c.count, found.c.part, found.c.parts_first, found.c.parts_last
    return finding(
        kind,
        figure.resource,
        id_=found.c.id,
        part=found.c.measure,
        ids=keys_of(found.c.id),
        source=found.c.source,
        told=words_of(*stated, *parts),
    ).where(found.c.place == 1)


def _parts(figure: Figures) -> CTE:
    """Return each whole with each period of its series that lies in it."""
    rows, whole = figure.rows.alias(), figure.rows.alias()
    keys = [rows.c[name] for name in (*_SERIES, "period", "first", "last")]
    most = case((func.count(most_of(rows)) == func.count(), func.max(most_of(rows))))
    part = (
        select(*keys, func.min(least_of(rows)).label("least"), most.label("most"))
        .group_by(*keys)
        .subquery()
    )
    bounds = least_of(whole).label("least"), most_of(whole).label("most")
    wholes = *(whole.c[name] for name in _OF_WHOLE if name in whole.c), *bounds
    return (
        select(*wholes, *(part.c[name].label(f"part_{name}") for name in _OF_PART))
        .join_from(whole, part, and_(*(part.c[name] == whole.c[name] for name in _SERIES)))
        .where(
            whole.c.first < whole.c.last,
            part.c.first >= whole.c.first,
            part.c.last <= whole.c.last,
            part.c.period != whole.c.period,
        )
        .cte()
    )


def _placed(parts: CTE) -> Subquery:
    """Return the parts in the groups that are added up, each with the days from the one before."""
    days = DayNumber(parts.c.part_last) - DayNumber(parts.c.part_first) + 1
    grouped = union_all(
        select(parts, literal(_ALONE).concat(parts.c.part_period).label("group")).where(
            parts.c.part_least > parts.c.most * _ROUNDED
        ),
        select(parts, literal(_OF_A_LENGTH).concat(text_of(days // _MONTH)).label("group")),
        select(parts, text_of(_ALL).label("group")),
    ).subquery()
    before = func.lag(DayNumber(grouped.c.part_last)).over(
        partition_by=(grouped.c.id, grouped.c.group), order_by=grouped.c.part_first
    )
    begin = func.coalesce(before, DayNumber(grouped.c.first) - 1)
    gap = DayNumber(grouped.c.part_first) - begin - 1
    return select(*grouped.c, gap.label("gap")).subquery()


def _sums(placed: Subquery) -> Subquery:
    """Return what the parts of each group add up to."""
    keys: list[Column] = [placed.c[name] for name in (*_OF_WHOLE, "group")]
    return (
        select(
            *keys,
            func.count().label("count"),
            func.min(placed.c.part_period).label("part"),
            func.min(placed.c.part_first).label("parts_first"),
            func.max(placed.c.part_last).label("parts_last"),
            func.sum(placed.c.part_least).label("parts_least"),
            case(
                (func.count(placed.c.part_most) == func.count(), func.sum(placed.c.part_most))
            ).label("parts_most"),
            func.min(placed.c.gap).label("narrowest_gap"),
            func.max(placed.c.gap).label("widest_gap"),
        )
        .group_by(*keys)
        .subquery()
    )
