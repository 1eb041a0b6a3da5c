"""The queries behind a difference: what came, what went and which cells differ, of one resource."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    false,
    literal,
    null,
    or_,
    select,
    union_all,
)

from app.resources.resource import Resource
from app.storage.columns import Characters, Whole


def difference_rows(resource: Resource, place: int, start: int, end: int) -> list[Select[Any]]:
    """Return the queries of the differences of one resource: of rows that came, and that went.

    Their columns: `place` (of the resource), `resource`, `id`, `action`, `field` with its `number`
    (null and 0 for a whole row), the revisions of the versions compared as `old` and `new`, and
    their sources as `old_source` and `new_source`.
    """
    low, high = min(start, end), max(start, end)
    current, history = resource.ledger.current, resource.ledger.history
    before, later = history.alias("before"), history.alias("later")
    added, removed = ("added", "removed") if start <= end else ("removed", "added")
    fields = _field_names(resource)
    stood = and_(before.c.revision <= low, before.c.until > low)

    def part(
        action: ColumnElement[str],
        earlier: FromClause | None,
        newer: FromClause | None,
    ) -> Select[Any]:
        id_ = (newer if newer is not None else before).c.id
        ends = (earlier, newer) if start <= end else (newer, earlier)
        revisions = [cast(null(), Whole) if rows is None else rows.c.revision for rows in ends]
        sources = [_source(resource, rows) for rows in ends]
        return select(
            literal(place).label("place"),
            literal(resource.many, Characters()).label("resource"),
            id_.label("id"),
            action.label("action"),
            fields.c.name.label("field"),
            fields.c.number.label("number"),
            *(value.label(name) for name, value in zip(("old", "new"), revisions, strict=True)),
            *(
                value.label(name)
                for name, value in zip(("old_source", "new_source"), sources, strict=True)
            ),
        )

    def came(newer: FromClause) -> Select[Any]:
        differ = {
            number: before.c[name].is_distinct_from(newer.c[name])
            for number, name in enumerate(_compared(resource), 1)
        }
        cell = case(differ, value=fields.c.number, else_=false())
        is_shown = case((before.c.id.is_(None), fields.c.number == 0), else_=cell)
        action = case((before.c.id.is_(None), literal(added)), else_=literal("changed"))
        joined = newer.outerjoin(before, and_(before.c.id == newer.c.id, stood))
        return (
            part(action, before, newer)
            .select_from(joined.join(fields, is_shown))
            .where(_between(newer.c.revision, low, high))
        )

    still_there = or_(
        exists().where(current.c.id == before.c.id, current.c.revision <= high),
        exists().where(later.c.id == before.c.id, later.c.revision <= high, later.c.until > high),
    )
    gone = (
        part(literal(removed), before, None)
        .select_from(before.join(fields, fields.c.number == 0))
        .where(before.c.revision <= low, _between(before.c.until, low, high), ~still_there)
    )
    superseded = history.alias("superseded")
    return [came(current), came(superseded).where(superseded.c.until > high), gone]


def _between(column: ColumnElement[int], low: int, high: int) -> ColumnElement[bool]:
    """Return whether a revision is after `low` and not after `high`.

    One revision is asked for by equality: an index then gives its rows in the order of keys.
    """
    return column == high if high == low + 1 else and_(column > low, column <= high)


def _compared(resource: Resource) -> tuple[str, ...]:
    return tuple(name for name in resource.pack_columns if name != "id")


def _field_names(resource: Resource) -> Subquery:
    """Return the fields of a resource by number, with 0 for the row as a whole."""
    names: list[tuple[int, ColumnElement[Any]]] = [(0, cast(null(), Characters))]
    names += [
        (number, literal(name, Characters())) for number, name in enumerate(_compared(resource), 1)
    ]
    numbered = (select(literal(place).label("number"), name.label("name")) for place, name in names)
    return union_all(*numbered).subquery("fields")


def _source(resource: Resource, rows: FromClause | None) -> ColumnElement[Any]:
    """Return the source of a row: of a source itself, its own key; of a country, none."""
    column = "source" if "source" in resource.pack_columns else "id"
    if rows is None or (column == "id" and resource.many != "sources"):
        return cast(null(), Characters)
    return rows.c[column]
