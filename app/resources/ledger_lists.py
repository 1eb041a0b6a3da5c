"""Lists of what the ledger keeps: the versions of a row, and the revisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, FromClause, Select, select

from app.kit.filters import Where, among
from app.resources.queries import query_model
from app.resources.reading import Selectable
from app.resources.resource import Resource
from app.storage.database import ReadTransaction, Revision
from app.storage.records import RevisionRecord


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
        Field(
            description="Only revisions made from these packs, or from tables by these mappings.",
            examples=[["cross-check"]],
        ),
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
