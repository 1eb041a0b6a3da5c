"""The check that parts do not add up to more than their whole."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import CTE, Select, and_, column, func, select, text

from app.analysis.figure_rows import ROUNDING, Figures, figures, least_of, most_of
from app.analysis.finding_columns import finding, keys_of, text_of, words_of
from app.analysis.view import View
from app.kit.countries import GROUPS, members_of
from app.resources.countries import COUNTRIES
from app.storage.columns import Characters

_MEMBERS = (
    text(  # a construct of values would have the whole query compiled each time
        "SELECT column1 AS whole, column2 AS part FROM (VALUES "  # noqa: S608  (our own words)
        + ", ".join(f"('{group}', '{part}')" for group in GROUPS for part in members_of(group))
        + ") AS pairs"
    )
    .columns(column("whole", Characters), column("part", Characters))
    .cte("members")
)
_STATES = ("index", "ratio", "rank", "score", "years")
"""Units, beside percent, of which a whole is not the sum of its parts."""


def parts_exceed_whole(view: View, kind: str, _today: str) -> Iterator[Select[Any]]:
    """Find figures of a group that what one source states of its members cannot add up to.

    Compared is what the figures can stand for as firmly as they are stated: the least of the
    parts, each country once, with the most of the whole.
    """
    parts = _parts(view)
    for figure in figures(view):
        yield _exceeding(figure, parts, kind)


def _parts(view: View) -> CTE:
    """Return the countries of each group; of the world all that are no group."""
    countries = view.rows(COUNTRIES).source
    of_world = select(text_of("WLD"), countries.c.id).where(countries.c.id.not_in(GROUPS))
    return select(*_MEMBERS.c).union_all(of_world).cte("parts")


def _exceeding(figure: Figures, parts: CTE, kind: str) -> Select[Any]:
    rows, whole, stating = (figure.rows.alias() for _ in range(3))
    shared = ("source", "measure", "unit", "scope", "subject", "period")
    stated = select(stating.c.source, stating.c.country).where(stating.c.country.in_(GROUPS))
    of_wholes = stated.distinct().subquery()
    keys = [*(rows.c[name] for name in shared), parts.c.whole]
    each_once = (
        select(*keys, func.min(least_of(rows)).label("least"))
        .join_from(of_wholes, parts, parts.c.whole == of_wholes.c.country)
        .join(rows, and_(rows.c.source == of_wholes.c.source, rows.c.country == parts.c.part))
        .group_by(*keys, rows.c.country)
        .subquery()
    )
    keys = [each_once.c[name] for name in (*shared, "whole")]
    sums = func.sum(each_once.c.least).label("least"), func.count().label("count")
    summed = select(*keys, *sums).group_by(*keys).subquery()
    told = (whole.c.value, summed.c.least, summed.c.count, whole.c.measure, whole.c.period)
    return (
        finding(
            kind,
            figure.resource,
            id_=whole.c.id,
            part=whole.c.measure,
            ids=keys_of(whole.c.id),
            source=whole.c.source,
            told=words_of(whole.c.country, *told),
        )
        .join_from(whole, summed, and_(*(summed.c[name] == whole.c[name] for name in shared)))
        .where(
            whole.c.country == summed.c.whole,
            whole.c.unit.not_in(_STATES),
            ~whole.c.unit.startswith("percent"),
            summed.c.least > most_of(whole) * ROUNDING,
        )
    )
