"""Lists of what the ledger keeps: the versions of a row, the revisions, and the changes."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
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
from app.resources.queries import PageQuery, query_model
from app.resources.reading import Item, Selectable
from app.resources.registry import RESOURCES, ResourceName
from app.resources.resource import Resource
from app.storage.columns import Characters
from app.storage.database import ReadTransaction, Revision
from app.storage.records import RevisionRecord
from app.storage.replacements import replaced_in

_BY_NAME = {resource.many: resource for resource in RESOURCES}
_NOTHING = cast(null(), Characters)


@dataclass(frozen=True)
class PlainRows:
    """Rows of something that is no ledgered table: a table or a subquery."""

    source: FromClause

    def column(self, name: str) -> ColumnElement[Any]:
        """Return the column of this name."""
        return self.source.c[name]

    def has_member(self, name: str, values: Sequence[str]) -> ColumnElement[bool]:
        """Raise LookupError: these rows have no lists."""
        raise LookupError(f"{name} is not a list that could have any of {len(values)} values")

    def sources(
        self, condition: Callable[[ColumnElement[Any]], ColumnElement[bool]]
    ) -> Select[Any]:
        """Raise LookupError: no source states these rows."""
        raise LookupError(f"no source has a licence here for {condition.__name__}")

    def select(self, names: Sequence[str]) -> Select[Any]:
        """Return a query for these columns of the rows."""
        return select(*(self.source.c[name] for name in names)).select_from(self.source)


@dataclass(frozen=True)
class VersionList:
    """Every version of one row, oldest first."""

    resource: Resource
    id: str

    key = ("revision",)

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Versions come in one order only."""
        return {}

    @property
    def name(self) -> str:
        """The row that the versions are of."""
        return f"{self.resource.many}/{self.id}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the resource, what ended the version, and the key that came after."""
        return (*self.resource.columns, "until", "replaced_by")

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the versions that were known at a revision."""
        return transaction.versions(self.resource.ledger, at, [self.id], as_ended=True)


class RevisionFilters(BaseModel):
    """What revisions can be asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    author: Annotated[
        list[str] | None,
        Where("author", among),
        Field(description="Only revisions of these authors.", examples=[["AI Race Indicators"]]),
    ] = None
    origin: Annotated[
        list[str] | None,
        Where("origin", among),
        Field(description="Only revisions made from these packs.", examples=[["cross-check"]]),
    ] = None


@dataclass(frozen=True)
class RevisionList:
    """The commits to the data, newest first."""

    name = "revisions"
    columns = ("id", "recorded_at", "author", "message", "origin", "added", "changed", "removed")
    key = ("-id",)

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Revisions are sorted by their number."""
        return {"id": "id"}

    def rows(self, _transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the revisions up to one."""
        table = RevisionRecord.__table__
        return PlainRows(select(table).where(table.c.id <= at.id).subquery("revisions_until"))


RevisionQuery = query_model("RevisionQuery", RevisionFilters, ("id",), RevisionList.columns)
"""What revisions can be asked for, and how to have them."""


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
        parts = [
            part
            for place, resource in enumerate(RESOURCES)
            for part in _changes(resource, place, at.id)
        ]
        return PlainRows(union_all(*parts).subquery("changes"))

    def complete(self, transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the changes with the rows as each left them."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for item in items:
            if item["action"] != "removed":
                wanted[item["resource"]].append(item["id"])
        found: dict[tuple[str, str, int], Item] = {}
        for name, ids in wanted.items():
            resource = _BY_NAME[name]
            versions = transaction.versions(resource.ledger, transaction.latest, ids)
            for row in transaction.connection.execute(versions.select(resource.columns)):
                version = dict(zip(resource.columns, row, strict=True))
                found[name, version["id"], version["revision"]] = version
        return [
            {**item, "item": found.get((item["resource"], item["id"], item["revision"]))}
            for item in items
        ]


def _changes(resource: Resource, place: int, until: int) -> list[Select[Any]]:
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
        ).where(revision <= until)

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
