"""The figures of facts in one form, for checks that compare them with each other.

Listed rounds are none of them: each stands for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Select,
    case,
    cast,
    func,
    literal,
    select,
)

from app.analysis.bounds import ABOUT
from app.analysis.view import View
from app.resources.adoption import ADOPTION
from app.resources.funding import FUNDING
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters

_NAMES = (
    *("id", "measure", "unit", "scope", "subject", "country", "period"),
    *("value", "qualifier", "source", "original_source", "first", "last"),
)

ROUNDING = 1.001
"""By so much may rounded figures add up to more than their whole, and mean nothing by it."""


@dataclass(frozen=True)
class Figures:
    """Figures of one resource: each with what it measures, of whom, and how firmly it is stated.

    `rows` has `id`, `measure`, `unit`, `scope`, `subject` (whom it is about, beside the
    country), `country`, `period` with its `first` and `last` day, `value`, `qualifier`, `source`
    and `original_source`; what is not there is empty. Whoever compares them with each other takes
    them by several names, `alias()`: they are read once for all of these. SQLite would else read
    them anew for each and, of a past revision, look through all of them for every one.
    """

    resource: str
    rows: CTE
    is_flow: bool = False
    """Whether those of periods are parts of that of a longer one: so it is with what comes in, and
    not with what there is. Of statistics and of use that is not known."""


def figures(view: View) -> Iterator[Figures]:
    """Yield the figures of funding, adoption and statistics."""
    funding = view.rows(FUNDING).source
    dollars = literal("USD ").concat(_or_empty(funding.c.price_base))
    for measure, unit, qualifier in (
        ("amount_usd", dollars, funding.c.qualifier),
        ("deals", literal("deals"), funding.c.deals_qualifier),
    ):
        totals = _selected(
            funding,
            measure=literal(measure),
            unit=unit,
            value=funding.c[measure],
            qualifier=qualifier,
        )
        yield Figures(FUNDING.many, totals.where(funding.c.kind == "total").cte(), is_flow=True)
    adoption = view.rows(ADOPTION).source
    whom = _or_empty(adoption.c.model).concat("/").concat(_or_empty(adoption.c.company))
    used = _selected(adoption, measure=adoption.c.metric, subject=whom)
    yield Figures(ADOPTION.many, used.cte())
    statistics = view.rows(STATISTICS).source
    yield Figures(STATISTICS.many, _selected(statistics, measure=statistics.c.metric).cte())


def _selected(rows: FromClause, **given: ColumnElement[Any]) -> Select[Any]:
    """Return the query of figures: columns of the rows, but for those given in another form."""
    found: dict[str, ColumnElement[Any]] = {"subject": literal("")}
    found |= {name: rows.c[name] for name in _NAMES if name in rows.c}
    found |= {"first": rows.c.period_first_day, "last": rows.c.period_last_day, **given}
    value = found.pop("value")
    columns: list[Any] = [_or_empty(found[name]).label(name) for name in _NAMES if name != "value"]
    return select(*columns, cast(value, Double).label("value")).where(value.is_not(None))


def _or_empty(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.coalesce(cast(column, Characters), "")


def least_of(rows: FromClause) -> ColumnElement[float]:
    """Return the least that figures can stand for."""
    return case(
        (rows.c.qualifier.in_(("exact", "at_least")), rows.c.value),
        (rows.c.qualifier == "about", rows.c.value * (1 - ABOUT)),
        else_=0.0,
    )


def most_of(rows: FromClause) -> ColumnElement[float]:
    """Return the most that figures can stand for, null where there is no bound."""
    return case(
        (rows.c.qualifier.in_(("exact", "up_to")), rows.c.value),
        (rows.c.qualifier == "about", rows.c.value * (1 + ABOUT)),
    )
