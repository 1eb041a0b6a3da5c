"""The check that no figure is a thousandfold from what others like it come to."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from app.analysis.figure_rows import figures
from app.analysis.finding_columns import finding, keys_of, words_of
from app.analysis.view import View
from app.resources.funding import FUNDING
from app.storage.columns import Whole

THOUSANDFOLD = 1_000
_SERIES_AT_LEAST = 3
"""A median of fewer figures says nothing of any of them."""

_ONE_IN = 20
"""One in so many rounds can be far from the others, or wrong."""


def outlier(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find figures a thousandfold above or below the median of their series; rounds by their edges.

    The series is the country's (or company's) own where it has at least three figures of one
    measure, unit and scope; else that of all of them together.
    """
    yield _far_rounds(view, kind)
    for figure in figures(view):
        rows = figure.rows
        all_ = ("measure", "unit", "scope")
        own = (*all_, "subject", "country")
        mine, common = _medians(rows, own), _medians(rows, all_)
        median = func.coalesce(mine.c.median, common.c.median)
        count = func.coalesce(mine.c.count, common.c.count)
        which = case((mine.c.median.is_not(None), literal("own")), else_=literal("all"))
        yield (
            finding(
                kind,
                figure.resource,
                id_=rows.c.id,
                part=rows.c.measure,
                ids=keys_of(rows.c.id),
                source=rows.c.source,
                told=words_of(rows.c.value, median, count, which, rows.c.measure, rows.c.unit),
            )
            .select_from(rows)
            .outerjoin(mine, and_(*(mine.c[name] == rows.c[name] for name in own)))
            .outerjoin(common, and_(*(common.c[name] == rows.c[name] for name in all_)))
            .where(
                rows.c.value > 0,
                or_(
                    rows.c.value >= median * THOUSANDFOLD,
                    rows.c.value * THOUSANDFOLD <= median,
                ),
            )
        )


def _medians(rows: CTE, names: tuple[str, ...]) -> Subquery:
    """Return the median of each series that is long enough, with its number of figures."""
    series = [rows.c[name] for name in names]
    placed = select(
        *series,
        rows.c.value,
        func.row_number().over(partition_by=series, order_by=rows.c.value).label("place"),
        func.count().over(partition_by=series).label("count"),
    )
    ranked = placed.where(rows.c.value > 0).subquery()
    twice = ranked.c.place * 2
    middle = and_(twice >= ranked.c.count, twice <= ranked.c.count + 2)
    named = [ranked.c[name] for name in names]
    return (
        select(
            *named,
            ranked.c.count,
            func.avg(ranked.c.value).label("median"),
        )
        .where(ranked.c.count >= _SERIES_AT_LEAST, middle)
        .group_by(*named, ranked.c.count)
        .subquery()
    )


def _far_rounds(view: View, kind: str) -> Select[Any]:
    """Find rounds a thousandfold beyond nearly all rounds of their company, or of their source.

    Amounts of rounds spread over six orders of magnitude: a seed of some thousands of dollars and a
    round of billions are each a thousandfold from the median, and both in order. So a round is
    compared with the edges of the others and not with their middle: with the most and the least
    that they come to when one at each end, and of many one in twenty, is left out. One that is
    wrong, or a few of many, do not move these edges. Three rounds of one company are enough, since
    they are alike; of one source it takes ten. What is beyond both is told of the company, which
    says more of it.
    """
    rows = _rounds(view).subquery()
    company, source = _edges(_of_uneven(view), "company", 3), _edges(_rounds(view), "source", 10)
    of_company, of_source = _is_beyond(rows, company), _is_beyond(rows, source)
    most, least = (
        case((of_company, company.c[name]), else_=source.c[name]) for name in ("most", "least")
    )
    edge = case((rows.c.value > most, most), else_=least)
    count = case((of_company, company.c.count), else_=source.c.count)
    which = case((of_company, literal("company")), else_=literal("source"))
    measure = literal("amount_usd")
    return (
        finding(
            kind,
            FUNDING.many,
            id_=rows.c.id,
            part=measure,
            ids=keys_of(rows.c.id),
            source=rows.c.source,
            told=words_of(rows.c.value, edge, count, which, measure, literal("USD")),
        )
        .select_from(rows)
        .outerjoin(company, company.c.company == rows.c.company)
        .outerjoin(source, source.c.source == rows.c.source)
        .where(or_(of_company, of_source))
    )


def _rounds(view: View) -> Select[Any]:
    rows = view.rows(FUNDING).source
    value = cast(rows.c.amount_usd, Double).label("value")
    found = select(rows.c.id, rows.c.company, rows.c.source, value)
    # Asked of the number and not of the column: SQLite would look up most of the table by an index.
    return found.where(rows.c.kind == "round", value > 0)


def _of_uneven(view: View) -> Select[Any]:
    """Return the rounds of companies that have some a thousandfold apart: of the others none is."""
    each, rows = _rounds(view).subquery(), _rounds(view).subquery()
    uneven = (
        select(each.c.company)
        .group_by(each.c.company)
        .having(func.max(each.c.value) >= func.min(each.c.value) * THOUSANDFOLD)
    )
    return select(*rows.c).where(rows.c.company.in_(uneven))


def _edges(rounds: Select[Any], of: str, at_least: int) -> Subquery:
    """Return the least and the most that nearly all rounds of each company or source come to."""
    rows = rounds.subquery()
    alike = func.count().label("alike")  # many come to the same: what is put in order is less
    amounts = select(rows.c[of], rows.c.value, alike).group_by(rows.c[of], rows.c.value).subquery()
    each = amounts.c[of]
    up_to = func.sum(amounts.c.alike).over(partition_by=each, order_by=amounts.c.value)
    count = func.sum(amounts.c.alike).over(partition_by=each)
    placed = select(
        each,
        amounts.c.value,
        cast(up_to, Whole).label("up_to"),
        cast(count, Whole).label("count"),
    ).subquery()
    left_out = placed.c.count // _ONE_IN + 1
    least = case((placed.c.up_to > left_out, placed.c.value))
    most = case((placed.c.up_to >= placed.c.count - left_out, placed.c.value))
    return (
        select(
            placed.c[of],
            placed.c.count,
            func.min(least).label("least"),
            func.min(most).label("most"),
        )
        .where(placed.c.count >= at_least)
        .group_by(placed.c[of], placed.c.count)
        .subquery()
    )


def _is_beyond(rows: Subquery, edges: Subquery) -> ColumnElement[bool]:
    return or_(
        rows.c.value >= edges.c.most * THOUSANDFOLD,
        rows.c.value * THOUSANDFOLD <= edges.c.least,
    )
