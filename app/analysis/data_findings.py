"""The queries behind the checks on data: one for each kind of finding, all work in the database.

Each selects the same columns (`COLUMNS`). `told` holds the words that the reason is made from,
with spaces between: keys, numbers and periods have none.
"""

from collections.abc import Callable, Iterator, Sequence
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
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from app.analysis.bounds import ABOUT
from app.analysis.figure_rows import Figures, figures
from app.analysis.view import View
from app.kit.countries import GROUPS, members_of
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.resource import period_names
from app.resources.sources import SOURCES
from app.storage.columns import Characters, TextList
from app.storage.days import DayAfter, DayNumber
from app.storage.snapshots import TextListOf

NEAR_DAYS = 45
"""Rounds of one company that are no farther apart than this can be the same."""

THOUSANDFOLD = 1_000
_SERIES_AT_LEAST = 3
"""A median of fewer figures says nothing of any of them."""

LISTED_AT_MOST = 10
"""So many keys are named of all facts of a source that lack something."""

COLUMNS = (
    "kind",
    "resource",
    "id",
    "part",
    "ids",
    "sources",
    "source",
    "other_source",
    "told",
)
Column = ColumnElement[Any]
_NOTHING = cast(null(), Characters)
_ROUNDING = 1 + 1e-9
_STATES = ("index", "ratio", "rank", "score", "years")
"""Units, beside percent, of which a whole is not the sum of its parts."""


def _text(value: Column | str) -> Column:
    return cast(literal(value) if isinstance(value, str) else value, Characters)


def _words(*parts: Column | str) -> Column:
    joined = _text(parts[0])
    for part in parts[1:]:
        joined = joined.concat(literal(" ", Characters())).concat(_text(part))
    return joined


def _keys(*ids: Column) -> Column:
    """Return keys as a list: they have no character that JSON escapes."""
    text: Column = literal('["', Characters())
    for place, id_ in enumerate(ids):
        text = text.concat(literal('","', Characters())).concat(id_) if place else text.concat(id_)
    return type_coerce(text.concat(literal('"]', Characters())), TextList)


def _finding(
    kind: str,
    resource: Column | str,
    *,
    id_: Column,
    part: Column | str = "",
    ids: Column,
    source: Column,
    other_source: Column | None = None,
    told: Column,
) -> Select[Any]:
    other = _NOTHING if other_source is None else other_source
    sources = _keys(source) if other_source is None else _keys(source, other_source)
    values = (_text(kind), _text(resource), id_, _text(part), ids, sources, source, other, told)
    return select(*(value.label(name) for value, name in zip(values, COLUMNS, strict=True)))


def parts_exceed_whole(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find figures of a group that what one source states of its members cannot add up to.

    Compared is what the figures can stand for as firmly as they are stated: the least of the
    parts, each country once, with the most of the whole.
    """
    for figure in figures(view):
        if figure.adds_up:
            for group in GROUPS:
                yield _exceeding(figure, group, kind)


def _exceeding(figure: Figures, group: str, kind: str) -> Select[Any]:
    rows, whole, stating = (figure.rows.subquery() for _ in range(3))
    members = members_of(group)
    is_part = rows.c.country.not_in(GROUPS) if members is None else rows.c.country.in_(members)
    least = case(
        (rows.c.qualifier.in_(("exact", "at_least")), rows.c.value),
        (rows.c.qualifier == "about", rows.c.value * (1 - ABOUT)),
        else_=0.0,
    )
    most = case(
        (whole.c.qualifier.in_(("exact", "up_to")), whole.c.value),
        (whole.c.qualifier == "about", whole.c.value * (1 + ABOUT)),
    )
    shared = ("source", "measure", "unit", "scope", "subject", "period")
    of_a_whole = select(stating.c.source).where(stating.c.country == group)
    keys = [rows.c[name] for name in shared]
    each = select(*keys, func.min(least).label("least"))
    each_once = (
        each.where(is_part, rows.c.source.in_(of_a_whole)).group_by(*keys, rows.c.country)
    ).subquery()
    keys = [each_once.c[name] for name in shared]
    sums = func.sum(each_once.c.least).label("least"), func.count().label("count")
    summed = select(*keys, *sums).group_by(*keys).subquery()
    told = (whole.c.value, summed.c.least, summed.c.count, whole.c.measure, whole.c.period)
    return (
        _finding(
            kind,
            figure.resource,
            id_=whole.c.id,
            part=whole.c.measure,
            ids=_keys(whole.c.id),
            source=whole.c.source,
            told=_words(group, *told),
        )
        .join_from(whole, summed, and_(*(summed.c[name] == whole.c[name] for name in shared)))
        .where(
            whole.c.country == group,
            whole.c.unit.not_in(_STATES),
            ~whole.c.unit.startswith("percent"),
            summed.c.least > most * _ROUNDING,
        )
    )


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

    yield _finding(
        kind,
        FUNDING.many,
        id_=one("id"),
        part=other("id"),
        ids=_keys(one("id"), other("id")),
        source=one("source"),
        other_source=other("source"),
        told=_words(
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


def outlier(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find figures a thousandfold above or below the median of their series.

    The series is the country's (or company's) own where it has at least three figures of one
    measure, unit and scope; else that of all of them together.
    """
    for figure in figures(view):
        rows = figure.rows.subquery()
        all_ = ("measure", "unit", "scope")
        own = (*all_, "subject", "country")
        mine, common = _medians(rows, own), _medians(rows, all_)
        median = func.coalesce(mine.c.median, common.c.median)
        count = func.coalesce(mine.c.count, common.c.count)
        which = case((mine.c.median.is_not(None), literal("own")), else_=literal("all"))
        yield (
            _finding(
                kind,
                figure.resource,
                id_=rows.c.id,
                part=rows.c.measure,
                ids=_keys(rows.c.id),
                source=rows.c.source,
                told=_words(rows.c.value, median, count, which, rows.c.measure, rows.c.unit),
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


def _medians(rows: Subquery, names: tuple[str, ...]) -> Subquery:
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


def future_period(view: View, kind: str, today: str) -> Iterator[Select[Any]]:
    """Find periods that begin after their source came out or, where that is not known, today."""
    for resource in RESOURCES:
        rows = view.rows(resource).source
        source = rows.c.id if resource is SOURCES else rows.c.get("source")
        if source is None:
            continue
        said = view.rows(SOURCES).source.alias("said")
        published = _NOTHING if resource is SOURCES else said.c.published_last_day
        end = func.coalesce(published, _text(today))
        by = case((published.is_(None), literal("today")), else_=literal("published"))
        for name in period_names(resource.fact):
            found = _finding(
                kind,
                resource.many,
                id_=rows.c.id,
                part=name,
                ids=_keys(rows.c.id),
                source=source,
                told=_words(name, rows.c[name], by, end),
            )
            joined = found.join_from(rows, said, said.c.id == source)
            yield joined.where(rows.c[f"{name}_first_day"] > end)


def no_licence(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find sources that state no licence."""
    rows = view.rows(SOURCES).source
    yield _finding(
        kind,
        SOURCES.many,
        id_=rows.c.id,
        ids=_keys(rows.c.id),
        source=rows.c.id,
        told=_words(rows.c.id),
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
        yield _finding(
            kind,
            resource.many,
            id_=summed.c.id,
            ids=type_coerce(first.scalar_subquery(), TextList),
            source=summed.c.source,
            told=_words(summed.c.count),
        )


Find = Callable[[View, str, str], Iterator[Select[Any]]]
KINDS: dict[str, Find] = {
    find.__name__: find
    for find in (
        parts_exceed_whole,
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
