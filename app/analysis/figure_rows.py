"""The figures of all facts in one form, for checks that compare them with each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Double, FromClause, Select, cast, func, literal, select

from app.analysis.view import View
from app.resources.adoption import ADOPTION
from app.resources.funding import FUNDING
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters

_NAMES = (
    *("id", "measure", "unit", "scope", "subject", "country", "period"),
    *("value", "qualifier", "source"),
)


@dataclass(frozen=True)
class Figures:
    """Figures of one resource: each with what it measures, of whom, and how firmly it is stated.

    `rows` selects `id`, `measure`, `unit`, `scope`, `subject` (whom it is about, beside the
    country), `country`, `period`, `value`, `qualifier` and `source`; what is not there is empty.
    """

    resource: str
    rows: Select[Any]
    adds_up: bool
    """Whether those of countries are parts of those of groups, where their unit allows it."""


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
        yield Figures(FUNDING.many, totals.where(funding.c.kind == "total"), adds_up=True)
    rounds = _selected(
        funding,
        measure=literal("amount_usd"),
        unit=dollars,
        scope=funding.c.round_type,
        subject=funding.c.company,
        value=funding.c.amount_usd,
    )
    of_a_sort = funding.c.kind == "round", funding.c.round_type.is_not(None)
    yield Figures(FUNDING.many, rounds.where(*of_a_sort), adds_up=False)
    adoption = view.rows(ADOPTION).source
    whom = _or_empty(adoption.c.model).concat("/").concat(_or_empty(adoption.c.company))
    used = _selected(adoption, measure=adoption.c.metric, subject=whom)
    yield Figures(ADOPTION.many, used, adds_up=True)
    statistics = view.rows(STATISTICS).source
    yield Figures(STATISTICS.many, _selected(statistics, measure=statistics.c.metric), adds_up=True)


def _selected(rows: FromClause, **given: ColumnElement[Any]) -> Select[Any]:
    """Return the query of figures: columns of the rows, but for those given in another form."""
    found: dict[str, ColumnElement[Any]] = {"subject": literal("")}
    found |= {name: rows.c[name] for name in _NAMES if name in rows.c}
    found |= given
    value = found.pop("value")
    columns: list[Any] = [_or_empty(found[name]).label(name) for name in _NAMES if name != "value"]
    return select(*columns, cast(value, Double).label("value")).where(value.is_not(None))


def _or_empty(column: ColumnElement[Any]) -> ColumnElement[str]:
    return func.coalesce(cast(column, Characters), "")
