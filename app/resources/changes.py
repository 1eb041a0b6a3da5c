"""What each revision changed: the list by which another service keeps a copy."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any, TypeAlias

from pydantic import Field
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    exists,
    literal,
    null,
    select,
    union_all,
)

from app.kit.fields import Count
from app.kit.filters import Filterable, Where, among
from app.resources.ledger_lists import PlainRows
from app.resources.queries import PageQuery
from app.resources.reading import Item, Selectable
from app.resources.registry import BY_NAME, RESOURCES, ResourceName
from app.resources.resource import Resource
from app.storage.columns import Characters
from app.storage.database import ReadTransaction, Revision
from app.storage.records import RevisionRecord
from app.storage.replacements import replaced_in

_NOTHING = cast(null(), Characters)
Chosen: TypeAlias = Callable[[ColumnElement[int], ColumnElement[str]], ColumnElement[bool]]
"""Of a change's revision and key, whether it is one of those that are wanted."""

Stretch: TypeAlias = tuple[Selectable, Sequence[str]]
"""Rows, and the columns that they are to be sorted by."""


def _greater(rows: Filterable, name: str, value: int) -> ColumnElement[bool]:
    return rows.column(name) > value


class ChangeQuery(PageQuery):
    """What changes can be asked for."""

    since: Annotated[
        Count | None,
        Where("revision", _greater),
        Field(
            description="Only changes after this revision: pass the `meta.revision` of your copy. "
            "Without it, all from the beginning, with the countries that revision 0 brought.",
            examples=[1],
        ),
    ] = None
    resource: Annotated[
        list[ResourceName] | None,
        Where("resource", among),
        Field(description="Only changes to these resources.", examples=[["funding"]]),
    ] = None


@dataclass(frozen=True)
class ChangeList:
    """What each revision added, changed and removed, in the order in which a copy can follow.

    Within a revision the resources come in the order of their references, so that whoever
    applies the changes one by one never meets a reference to what is still to come.
    """

    name = "changes"
    columns = ("revision", "resource", "id", "action", "item", "replaced_by")
    key = ("revision", "place", "id")

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Changes come in one order only."""
        return {}

    def rows(self, _transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the changes up to a revision."""
        return _all_between(-1, at.id)

    def stretches(
        self,
        transaction: ReadTransaction,
        query: PageQuery,
        at: Revision,
        start: tuple[Any, ...] | None,
        size: int,
    ) -> Iterator[Stretch]:
        """Yield the changes after a place, in order, by parts that cost what they are long.

        A revision that changed more than is asked for goes resource by resource, where an index
        has its rows in order; smaller ones go together.
        """
        since = query.since if isinstance(query, ChangeQuery) else None
        names = query.resource if isinstance(query, ChangeQuery) else None
        done = -1 if since is None else since
        if start is not None and start[0] > done:
            done, place, key = start
            yield from _within(done, place, key, names)
        while following := _sizes(transaction, done, at, size):
            sums = list(accumulate(count for _, count in following))
            together = max(1, sum(total <= size for total in sums))
            (first, count), (last, _) = following[0], following[together - 1]
            if count > size:
                yield from _within(first, -1, "", names)
            else:
                yield _all_between(done, last), self.key
            done = last

    def complete(self, transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the changes with the rows as each left them."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for item in items:
            if item["action"] != "removed":
                wanted[item["resource"]].append(item["id"])
        found: dict[tuple[str, str, int], Item] = {}
        for name, ids in wanted.items():
            resource = BY_NAME[name]
            versions = transaction.versions(resource.ledger, transaction.latest, ids)
            for row in transaction.connection.execute(versions.select(resource.own_columns)):
                version = dict(zip(resource.own_columns, row, strict=True))
                found[name, version["id"], version["revision"]] = version
        return [
            {**item, "item": found.get((item["resource"], item["id"], item["revision"]))}
            for item in items
        ]


def _sizes(
    transaction: ReadTransaction, done: int, at: Revision, size: int
) -> Sequence[tuple[int, int]]:
    """Return revisions after one, enough to fill a size, and how many rows each changed."""
    table = RevisionRecord.__table__
    count = table.c.added + table.c.changed + table.c.removed
    query = select(table.c.id, count).where(table.c.id > done, table.c.id <= at.id)
    found = transaction.connection.execute(query.order_by(table.c.id).limit(size + 1))
    return [(id_, rows) for id_, rows in found]


def _all_between(done: int, last: int) -> PlainRows:
    """Return the changes of the revisions after one, up to another."""

    def chosen(revision: ColumnElement[int], _id: ColumnElement[str]) -> ColumnElement[bool]:
        return and_(revision > done, revision <= last)

    parts = [
        part
        for place, resource in enumerate(RESOURCES)
        for part in _changes(resource, place, chosen)
    ]
    return PlainRows(union_all(*parts).subquery("changes"))


def _within(number: int, place: int, key: str, names: Sequence[str] | None) -> Iterator[Stretch]:
    """Yield the changes of one revision after a place in it, by resource."""

    def following(revision: ColumnElement[int], id_: ColumnElement[str]) -> ColumnElement[bool]:
        return and_(revision == number, id_ > key)

    def every(revision: ColumnElement[int], _id: ColumnElement[str]) -> ColumnElement[bool]:
        return revision == number

    for each, resource in enumerate(RESOURCES):
        if each >= place and (names is None or resource.many in names):
            parts = _changes(resource, each, following if each == place else every)
            yield PlainRows(union_all(*parts).subquery("changes")), ("id",)


def _changes(resource: Resource, place: int, chosen: Chosen) -> list[Select[Any]]:
    """Return the queries of the changes to one resource: what came to be, and what went."""
    current, history = resource.ledger.current, resource.ledger.history
    before = history.alias()
    after, now = history.alias(), current.alias()

    def change(
        revision: ColumnElement[int],
        id_: ColumnElement[str],
        action: Any,
        replaced_by: ColumnElement[Any] = _NOTHING,
    ) -> Select[Any]:
        return select(
            revision.label("revision"),
            literal(place).label("place"),
            literal(resource.many).label("resource"),
            id_.label("id"),
            action.label("action"),
            literal(None).label("item"),
            replaced_by.label("replaced_by"),
        ).where(chosen(revision, id_))

    def came(rows: FromClause) -> Select[Any]:
        replaced = exists().where(before.c.id == rows.c.id, before.c.until == rows.c.revision)
        action = case((replaced, "changed"), else_="added")
        return change(rows.c.revision, rows.c.id, action)

    went = replaced_in(resource.ledger.name, history.c.id, history.c.until)
    gone = change(history.c.until, history.c.id, literal("removed"), went).where(
        ~exists().where(after.c.id == history.c.id, after.c.revision == history.c.until),
        ~exists().where(now.c.id == history.c.id, now.c.revision == history.c.until),
    )
    return [came(current), came(history), gone]
