"""Indicators: numbers of a country over a period, reported by a source or worked out from facts.

Each is declared once. Its `observe` is a query that gives observations; lists, comparisons,
charts and documentation follow from the declaration.
"""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, Double, case, cast, func, literal, select

from app.analysis.indicator import Indicator
from app.analysis.kept import kept_of
from app.analysis.listed_rounds import NOT_TAKEN_IN
from app.analysis.observing import (
    ai_models,
    average_qualifier,
    companies,
    rounds,
    statistic,
    summed_qualifier,
    totals,
    use,
)
from app.analysis.units import unless_zero
from app.analysis.view import View
from app.resources.statistics import STATISTICS
from app.storage.columns import Characters, Whole
from app.storage.fetching import fetch

_PARTS = 232_792_560
"""Into so many equal parts an AI model is cut: any number of countries up to 20 divides it."""


def _added(weight: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sum of weights, by whole parts: of fractions it would hang on their order."""
    parts = cast(func.round(weight * _PARTS), Whole)
    return cast(func.sum(parts), Double) / _PARTS


def _above(flop: float) -> Indicator:
    power = f"{flop:.0e}".replace("+", "")
    return Indicator(
        id=f"models-above-{power}-flop",
        name=f"AI models trained with more than {power} FLOP",
        unit="AI models",
        higher_is="ahead",
        method="Counts, of the AI models of a year whose training compute a source states, those "
        f"above {power} floating-point operations; 0 where there are such models, and none is.",
        resource="models",
        basis="derived",
        attributed=True,
        observe=ai_models(
            lambda rows, weight: _added(
                case((rows.training_compute_flop > flop, weight), else_=0.0)
            ),
            only=lambda rows: rows.training_compute_flop.is_not(None),
        ),
    )


_NOT_LENT = (
    "Loans and shares that change hands are left out, as far as the source tells them apart "
    f"({', '.join(NOT_TAKEN_IN)})."
)

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        id="funding-amount",
        name="Funding, total",
        unit="USD",
        higher_is="ahead",
        method="As each source reports it, over all deals of a country and period.",
        resource="funding",
        basis="reported",
        observe=totals(lambda rows: rows.amount_usd, lambda rows: rows.qualifier, "USD"),
    ),
    Indicator(
        id="funding-deals",
        name="Funding, number of deals",
        unit="deals",
        higher_is="ahead",
        method="As each source reports it, over all deals of a country and period.",
        resource="funding",
        basis="reported",
        observe=totals(lambda rows: rows.deals, lambda rows: rows.deals_qualifier, "deals"),
    ),
    Indicator(
        id="funding-average-deal",
        name="Funding, average deal",
        unit="USD per deal",
        higher_is="neither",
        method="The total divided by the number of deals, where one source reports both.",
        adds_up=False,
        resource="funding",
        basis="derived",
        observe=totals(
            lambda rows: cast(rows.amount_usd, Double) / unless_zero(rows.deals),
            average_qualifier,
            "USD per deal",
        ),
    ),
    Indicator(
        id="rounds-amount",
        name="Funding, sum of listed rounds",
        unit="USD",
        higher_is="ahead",
        method="The rounds that one source lists for a year, added up; those without an amount "
        f"bring in nothing. {_NOT_LENT} A basis of its own: never added to totals.",
        resource="funding",
        basis="summed",
        observe=rounds(  # as whole numbers SQLite fails beyond 64 bits
            lambda rows: func.sum(cast(rows.amount_usd, Double)), summed_qualifier, "USD"
        ),
    ),
    Indicator(
        id="rounds-count",
        name="Funding, number of listed rounds",
        unit="rounds",
        higher_is="ahead",
        method=f"The rounds with an amount that one source lists for a year, counted. {_NOT_LENT}",
        resource="funding",
        basis="summed",
        observe=rounds(
            lambda rows: func.sum(rows["count"]),
            lambda _rows: literal("exact", Characters()),
            "rounds",
        ),
    ),
    Indicator(
        id="models-released",
        name="AI models released",
        unit="AI models",
        higher_is="ahead",
        method="Counts the AI models (not families or products) that a source lists for a year, "
        "by the countries of their developers as these are known here, whoever says so (or, with "
        "`licence`, whichever source with such a licence).",
        resource="models",
        basis="derived",
        attributed=True,
        observe=ai_models(lambda _rows, weight: _added(weight)),
    ),
    Indicator(
        id="models-open-share",
        name="Share of AI models with open weights",
        unit="percent",
        higher_is="neither",
        method="The AI models of a year with weights to download, of those whose openness the "
        "source states.",
        resource="models",
        basis="derived",
        adds_up=False,
        attributed=True,
        observe=ai_models(
            lambda rows, weight: (
                100.0 * _added(case((rows.openness == "open", weight), else_=0.0)) / _added(weight)
            ),
            only=lambda rows: rows.openness.is_not(None),
            grows=False,
        ),
    ),
    Indicator(
        id="largest-training-compute",
        name="Largest training compute",
        unit="FLOP",
        higher_is="ahead",
        method="The largest training compute of an AI model of a year.",
        adds_up=False,
        largest_of="training_compute_flop",
        resource="models",
        basis="derived",
        attributed=True,
        observe=ai_models(
            lambda rows, _weight: func.max(rows.training_compute_flop),
            only=lambda rows: rows.training_compute_flop.is_not(None),
        ),
    ),
    *map(_above, (1e23, 1e24, 1e25, 1e26)),
    Indicator(
        id="companies",
        name="Companies named",
        unit="companies",
        higher_is="neither",
        method="Counts the companies of a country whose row here is from a source, when that was "
        "published. It says who is talked about, not how many there are.",
        resource="companies",
        basis="derived",
        observe=companies,
    ),
    Indicator(
        id="users-of-top-product",
        name="Users of the most used product",
        unit="users",
        higher_is="ahead",
        method="The most users that a source reports of one product of a country, where the "
        "figure names its country.",
        adds_up=False,
        resource="adoption",
        basis="reported",
        observe=use("users", largest=True),
    ),
    Indicator(
        id="people-using-ai",
        name="Share of people who use AI",
        unit="percent",
        higher_is="ahead",
        method="As each source reports it.",
        resource="adoption",
        basis="reported",
        observe=use("people_using_ai"),
    ),
    Indicator(
        id="organisations-using-ai",
        name="Share of organisations that use AI",
        unit="percent",
        higher_is="ahead",
        method="As each source reports it.",
        resource="adoption",
        basis="reported",
        observe=use("organisations_using_ai"),
    ),
)


_ALL = "all"
_SIZES = ("population", "gdp")
"""Metrics that say how large a country is, and nothing of the race."""


def statistic_indicator(metric: str, unit: str) -> Indicator:
    """Return the indicator of a metric of `/statistics`, which sources may extend."""
    return Indicator(
        id=metric.replace("_", "-"),
        name=metric.replace("_", " ").replace("-", " ").capitalize(),
        unit=unit,
        higher_is="neither" if metric in _SIZES else "ahead",
        method="As each source reports it.",
        resource="statistics",
        basis="reported",
        observe=statistic,
    )


def indicators(view: View) -> dict[str, Indicator]:
    """Return all indicators by their ids: those declared, and one for each metric reported."""
    kept = kept_of(view.transaction).parts(view.at, __name__, [_ALL], lambda _all: _metrics(view))
    found = {indicator.id: indicator for indicator in INDICATORS}
    for metric, unit in orjson.loads(
        kept[_ALL]
    ):  # a metric cannot take the place of a declared one
        indicator = statistic_indicator(metric, unit)
        found.setdefault(indicator.id, indicator)
    return found


def _metrics(view: View) -> dict[str, str]:
    """Return, as JSON, the metrics that are reported, each with its unit."""
    rows = view.rows(STATISTICS).source.c
    query = select(rows.metric, func.min(rows.unit)).group_by(rows.metric).order_by(rows.metric)
    return {_ALL: orjson.dumps(fetch(view.transaction.connection, query, {})).decode()}
