"""The queries behind the checks on data: one for each kind of finding, all work in the database.

Each selects the same columns (`COLUMNS`).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
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
    type_coerce,
    union_all,
)

from app.analysis.bounds import ABOUT
from app.analysis.finding_columns import NOTHING, Column, finding, keys_of, text_of, words_of
from app.analysis.outliers import outlier
from app.analysis.part_findings import parts_exceed_whole
from app.analysis.period_findings import periods_contradict_whole
from app.analysis.view import View
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.resource import period_names
from app.resources.sources import SOURCES
from app.storage.columns import TextList
from app.storage.days import DayAfter, DayNumber
from app.storage.snapshots import TextListOf

NEAR_DAYS = 45
"""Rounds of one company that are no farther apart than this can be the same."""

LISTED_AT_MOST = 10
"""So many keys are named of all facts of a source that lack something."""


def same_round_twice(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find two rounds of one company, of two sources, near in time and within a tenth.

    To compare each round with each of its company would take days where companies have thousands.
    Days are cut into stretches as long as the distance that counts, and a round is compared with
    those that begin in a stretch that it reaches. Rounds of companies that one source alone
    states are none to look at.
    """
    rounds = _rounds(view)
    early, late = _stretched(rounds), rounds.alias("late")
    amount, other_amount = (cast(rows.c.amount_usd, Double) for rows in (early, late))
    larger = case((amount > other_amount, amount), else_=other_amount)
    is_first = early.c.id < late.c.id

    def one(name: str) -> Column:
        return case((is_first, early.c[name]), else_=late.c[name])

    def other(name: str) -> Column:
        return case((is_first, late.c[name]), else_=early.c[name])

    yield finding(
        kind,
        FUNDING.many,
        id_=one("id"),
        part=other("id"),
        ids=keys_of(one("id"), other("id")),
        source=one("source"),
        other_source=other("source"),
        told=words_of(
            early.c.company,
            one("source"),
            one("amount_usd"),
            other("source"),
            other("amount_usd"),
        ),
    ).where(
        late.c.company == early.c.company,
        late.c.stretch == early.c.stretch,
        late.c.source != early.c.source,
        func.abs(amount - other_amount) <= larger * ABOUT,
        or_(
            late.c.period_first_day > early.c.period_first_day,
            and_(late.c.period_first_day == early.c.period_first_day, late.c.id > early.c.id),
        ),
        late.c.period_first_day <= DayAfter(early.c.period_last_day, NEAR_DAYS),
    )


_OF_A_ROUND = ("id", "company", "source", "amount_usd", "period_first_day", "period_last_day")


def _rounds(view: View) -> CTE:
    """Return the rounds that can be two of one, each with the stretch of days it begins in."""
    rows, stating = (view.rows(FUNDING).source.alias(name) for name in ("rounds", "stating"))
    of_two_sources = (
        select(stating.c.company)
        .where(stating.c.kind == "round")
        .group_by(stating.c.company)
        .having(func.min(stating.c.source) != func.max(stating.c.source))
    )
    found = select(
        *(rows.c[name] for name in _OF_A_ROUND),
        _stretch(rows.c.period_first_day).label("stretch"),
    )
    of_these = rows.c.company.in_(of_two_sources)
    return found.where(rows.c.kind == "round", rows.c.amount_usd > 0, of_these).cte("some_rounds")


def _stretched(rounds: CTE) -> CTE:
    """Return the rounds once for each stretch that one near enough may begin in."""
    last = (_stretch(rounds.c.period_last_day) + 1).label("last_stretch")
    reached = select(*rounds.c, last).cte("reached", recursive=True)
    further = (column for column in reached.c if column.name not in {"stretch", "last_stretch"})
    return reached.union_all(
        select(*further, reached.c.stretch + 1, reached.c.last_stretch).where(
            reached.c.stretch < reached.c.last_stretch
        )
    )


def _stretch(day: Column) -> Column:
    return DayNumber(day) // NEAR_DAYS


def future_period(view: View, kind: str, today: str) -> Iterator[Select[Any]]:
    """Find periods that begin after their source came out or, where that is not known, today."""
    for resource in RESOURCES:
        rows = view.rows(resource).source
        source = rows.c.id if resource is SOURCES else rows.c.get("source")
        if source is None:
            continue
        said = view.rows(SOURCES).source.alias("said")
        published = NOTHING if resource is SOURCES else said.c.published_last_day
        end = func.coalesce(published, text_of(today))
        by = case((published.is_(None), literal("today")), else_=literal("published"))
        for name in period_names(resource.fact):
            found = finding(
                kind,
                resource.many,
                id_=rows.c.id,
                part=name,
                ids=keys_of(rows.c.id),
                source=source,
                told=words_of(name, rows.c[name], by, end),
            )
            joined = found.join_from(rows, said, said.c.id == source)
            yield joined.where(rows.c[f"{name}_first_day"] > end)


def no_licence(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find sources that state no licence."""
    rows = view.rows(SOURCES).source
    yield finding(
        kind,
        SOURCES.many,
        id_=rows.c.id,
        ids=keys_of(rows.c.id),
        source=rows.c.id,
        told=words_of(rows.c.id),
    ).where(rows.c.licence.is_(None))


def no_locator(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find sources whose facts do not all say where in them they stand: one finding for each."""
    for resource in RESOURCES:
        if "locator" not in resource.pack_columns:
            continue
        rows = view.rows(resource).source
        place = func.row_number().over(partition_by=rows.c.source, order_by=rows.c.id)
        each = select(rows.c.id, rows.c.source, place.label("place"))
        lacking = each.where(rows.c.locator.is_(None)).subquery()
        summed = (
            select(
                lacking.c.source,
                func.min(lacking.c.id).label("id"),
                func.count().label("count"),
            )
            .group_by(lacking.c.source)
            .subquery()
        )
        first = select(TextListOf(lacking.c.id, lacking.c.place)).where(
            lacking.c.source == summed.c.source, lacking.c.place <= LISTED_AT_MOST
        )
        yield finding(
            kind,
            resource.many,
            id_=summed.c.id,
            ids=type_coerce(first.scalar_subquery(), TextList),
            source=summed.c.source,
            told=words_of(summed.c.count),
        )


Find = Callable[[View, str, str], Iterator[Select[Any]]]
KINDS: dict[str, Find] = {
    find.__name__: find
    for find in (
        parts_exceed_whole,
        periods_contradict_whole,
        same_round_twice,
        outlier,
        future_period,
        no_licence,
        no_locator,
    )
}
"""Every kind of finding, and what gives its queries: for the rows at a revision, and a day."""


def findings(view: View, kinds: Sequence[str], today: str) -> Subquery:
    """Return the findings of these kinds as one table, with a row for each."""
    parts = [part for kind in kinds for part in KINDS[kind](view, kind, today)]
    return union_all(*parts).subquery("findings")
