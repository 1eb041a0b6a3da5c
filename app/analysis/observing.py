"""How observations are made of facts: a query for each sort of indicator."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Double,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)

from app.analysis.indicator import (
    COLUMNS,
    Basis,
    Column,
    Indicator,
    Observe,
    unit_in_prices_of,
)
from app.analysis.listed_rounds import listed_rounds
from app.analysis.view import View, year
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters, Number


def _observation(
    indicator: str | Column,
    *,
    country: Column,
    period: Column,
    days: tuple[Column, Column],
    value: Column,
    unit: str | Column,
    qualifier: Column,
    scope: Column,
    source: Column,
    original_source: Column,
    basis: Basis,
    fact: Column,
    revision: Column,
) -> Select[Any]:
    parts = (
        indicator,
        country,
        period,
        *days,
        type_coerce(cast(value, Double), Number),
        unit,
        qualifier,
        scope,
        source,
        original_source,
        basis,
        fact,
        revision,
    )
    return select(
        *(
            (literal(part, Characters()) if isinstance(part, str) else part).label(name)
            for name, part in zip(COLUMNS, parts, strict=True)
        )
    )


_NOTHING = cast(null(), Characters())


def totals(
    value: Callable[[Any], Column], qualifier: Callable[[Any], Column], unit: str
) -> Observe:
    """Observe the totals that sources report; prices of one year are a unit of their own."""

    def observe(view: View, indicator: Indicator) -> Select[Any]:
        rows = view.rows(FUNDING).source.c
        return _observation(
            indicator.id,
            country=rows.country,
            period=rows.period,
            days=(rows.period_first_day, rows.period_last_day),
            value=value(rows),
            unit=unit if unit == "deals" else _priced(rows, unit),
            qualifier=qualifier(rows),
            scope=rows.scope,
            source=rows.source,
            original_source=rows.original_source,
            basis=indicator.basis,
            fact=rows.id,
            revision=rows.revision,
        ).where(rows.kind == "total", value(rows).is_not(None), qualifier(rows).is_not(None))

    return observe


def _priced(rows: Any, unit: str) -> Column:
    """Return a unit of money, with the year of its prices where they are of one year."""
    constant = func.substr(rows.price_base, len("constant-") + 1)
    return case(
        (rows.price_base.like("constant-%"), unit_in_prices_of(unit, constant)),
        else_=literal(unit, Characters()),
    )


def average_qualifier(rows: Any) -> Column:
    """Return how firm amount / deals is; null where the two bounds pull in both directions."""
    return quotient_qualifier(rows.qualifier, rows.deals_qualifier)


def quotient_qualifier(above: Column, below: Column) -> Column:
    """Return how firm above / below, or above - below, is.

    Null where the two bounds pull in both directions. As `ratio_qualifier` in Python.
    """
    firm = ("exact", "about")
    return case(
        (or_(above == "disputed", below == "disputed"), "disputed"),
        (and_(above == "exact", below == "exact"), "exact"),
        (and_(above.in_(firm), below.in_(firm)), "about"),
        (and_(above.in_((*firm, "at_least")), below.in_((*firm, "up_to"))), "at_least"),
        (and_(above.in_((*firm, "up_to")), below.in_((*firm, "at_least"))), "up_to"),
    )


def summed_qualifier(rows: Any) -> Column:
    """Return how firm a sum is: as firm as the least firm of what it adds up."""

    def some(qualifier: str) -> Column:
        return func.sum(case((rows.qualifier == qualifier, 1), else_=0)) > 0

    return case(
        (some("disputed"), "disputed"),
        (and_(some("at_least"), some("up_to")), "about"),
        (some("at_least"), "at_least"),
        (some("up_to"), "up_to"),
        (some("about"), "about"),
        else_="exact",
    )


def _so_far(qualifier: Column, is_over: Column, *, grows: bool) -> Column:
    """Return how firm a count is of a year that was not over when its source came out.

    What can only grow is at least so much.
    """
    firm = ("exact", "about") if grows else ()
    return case(
        (or_(is_over, qualifier.in_(("at_least", "disputed"))), qualifier),
        (qualifier.in_(firm), "at_least"),
        else_="about",
    )


def _grouped(
    indicator: Indicator,
    *,
    country: Column,
    of_year: Column,
    value: Column,
    unit: Column | None = None,
    qualifier: Column,
    published: Column,
    grows: bool = True,
    scope: Column = _NOTHING,
    source: Column,
    original_source: Column = _NOTHING,
    revision: Column,
) -> Select[Any]:
    """Return one observation for each country, year, source and, if given, unit.

    `published` is the last day on which the source can have come out, null where that is not known.
    """
    last_day = of_year + "-12-31"
    came_out = func.max(published)
    is_over = or_(came_out.is_(None), came_out >= last_day)
    return _observation(
        indicator.id,
        country=country,
        period=of_year,
        days=(of_year + "-01-01", last_day),
        value=value,
        unit=indicator.unit if unit is None else unit,
        qualifier=_so_far(qualifier, is_over, grows=grows),
        scope=scope,
        source=source,
        original_source=original_source,
        basis=indicator.basis,
        fact=_NOTHING,
        revision=func.max(revision),
    ).group_by(country, of_year, source, *(() if unit is None else (unit,)))


def _later(one: Column, other: Column) -> Column:
    """Return the later of two revisions; the first where there is no other."""
    return case((other > one, other), else_=one)


def _shared(key: Column) -> Column:
    """Return the key that all rows of a group have, null where they do not have one in common."""
    of_all = and_(func.count(key) == func.count(), func.min(key) == func.max(key))
    return case((of_all, func.min(key)))


def rounds(
    value: Callable[[Any], Column], qualifier: Callable[[Any], Column], unit: str
) -> Observe:
    """Observe what the rounds that a source lists add up to in a year, in prices of one sort."""

    def observe(view: View, indicator: Indicator) -> Select[Any]:
        listed, stated = listed_rounds(view), view.rows(SOURCES).source
        rows: Any = listed.c
        query = _grouped(
            indicator,
            country=rows.country,
            of_year=rows.year,
            value=value(rows),
            unit=None if unit == "rounds" else _priced(rows, unit),
            qualifier=qualifier(rows),
            published=stated.c.published_last_day,
            scope=literal("listed-rounds", Characters()),
            source=rows.source,
            original_source=_shared(rows.original_source),
            revision=_later(rows.revision, stated.c.revision),
        )
        return query.select_from(listed).outerjoin(stated, stated.c.id == rows.source)

    return observe


def ai_models(
    value: Callable[[Any, Column], Column],
    only: Callable[[Any], Column] | None = None,
    *,
    grows: bool = True,
) -> Observe:
    """Observe the AI models that a source lists, by country of their developers and year.

    `grows` says that while a year lasts it can only become more.
    """

    def observe(view: View, indicator: Indicator) -> Select[Any]:
        source, stated = view.rows(AI_MODELS).source, view.rows(SOURCES).source
        rows, counted = source.c, view.attributed()
        of_year = year(rows.released_first_day, rows.released_last_day)
        newest = _later(_later(rows.revision, counted.c.told), stated.c.revision)
        query = (
            _grouped(
                indicator,
                country=counted.c.country,
                of_year=of_year,
                value=value(rows, counted.c.weight),
                qualifier=literal("exact", Characters()),
                published=stated.c.published_last_day,
                grows=grows,
                source=rows.source,
                revision=newest,
            )
            .select_from(source)
            .join(counted, counted.c.id == rows.id)
            .outerjoin(stated, stated.c.id == rows.source)
            .where(rows.kind == "model", of_year.is_not(None))
        )
        return query if only is None else query.where(only(rows))

    return observe


def companies(view: View, indicator: Indicator) -> Select[Any]:
    """Observe how many companies of a country each source names, when it was published."""
    named, stated = view.rows(COMPANIES).source, view.rows(SOURCES).source
    rows, published = named.c, stated.c
    return (
        _observation(
            indicator.id,
            country=rows.country,
            period=published.published,
            days=(published.published_first_day, published.published_last_day),
            value=func.count(),
            unit=indicator.unit,
            qualifier=literal("exact", Characters()),
            scope=_NOTHING,
            source=rows.source,
            original_source=_NOTHING,
            basis=indicator.basis,
            fact=_NOTHING,
            revision=func.max(_later(rows.revision, published.revision)),
        )
        .select_from(named)
        .join(stated, published.id == rows.source)
        .where(rows.country.is_not(None), published.published.is_not(None))
        .group_by(
            rows.country,
            rows.source,
            published.published,
            published.published_first_day,
            published.published_last_day,
        )
    )


def use(metric: str, *, largest: bool = False) -> Observe:
    """Observe a figure of use; with `largest`, only that of the product that has most."""

    def observe(view: View, indicator: Indicator) -> Select[Any]:
        source = view.rows(ADOPTION).source
        rows = source.c
        place = func.row_number().over(
            partition_by=(rows.country, rows.period, rows.source, rows.scope, rows.unit),
            order_by=(rows.value.desc(), rows.id),
        )
        ranked = select(*source.c, place.label("place")).where(
            rows.metric == metric, rows.country.is_not(None), rows.value.is_not(None)
        )
        kept = ranked.subquery().c
        observed = _observation(
            indicator.id,
            country=kept.country,
            period=kept.period,
            days=(kept.period_first_day, kept.period_last_day),
            value=kept.value,
            unit=kept.unit,
            qualifier=func.coalesce(kept.qualifier, "exact"),
            scope=kept.scope,
            source=kept.source,
            original_source=kept.original_source,
            basis=indicator.basis,
            fact=kept.id,
            revision=kept.revision,
        )
        return observed.where(kept.place == 1) if largest else observed

    return observe


def statistic(view: View, indicator: Indicator) -> Select[Any]:
    """Observe the statistics of one metric."""
    rows = view.rows(STATISTICS).source.c
    return _observation(
        indicator.id,
        country=rows.country,
        period=rows.period,
        days=(rows.period_first_day, rows.period_last_day),
        value=rows.value,
        unit=rows.unit,
        qualifier=rows.qualifier,
        scope=rows.scope,
        source=rows.source,
        original_source=rows.original_source,
        basis=indicator.basis,
        fact=rows.id,
        revision=rows.revision,
    ).where(func.replace(rows.metric, "_", "-") == indicator.id)
