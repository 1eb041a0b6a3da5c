"""What differs between two states of the data: rows added and removed, and each changed cell.

Only what was written between the two is read, by the indexes on `revision` and `until`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, create_model
from sqlalchemy import ColumnElement, func, or_, select, union_all

from app.kit.errors import NotAllowed, choose
from app.kit.fields import LIST_SEPARATOR
from app.kit.filters import Filterable, Where, among, conditions
from app.resources.difference_rows import difference_rows
from app.resources.ledger_lists import PlainRows
from app.resources.queries import DetailQuery, Moment, PageQuery
from app.resources.reading import Item, Selectable, Unanswerable
from app.resources.registry import BY_NAME, NAMES, RESOURCES, ResourceName
from app.resources.resource import Key
from app.storage.database import ReadTransaction, Revision

_FIELDS = tuple(
    dict.fromkeys(name for resource in RESOURCES for name in resource.pack_columns if name != "id")
)


def _stated_by(rows: Filterable, _name: str, values: Sequence[str]) -> ColumnElement[bool]:
    """Keep what one of the sources states at either end."""
    return or_(*(rows.column(f"{end}_source").in_(values) for end in ("old", "new")))


class DiffFilters(BaseModel):
    """What differences can be asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    resource: Annotated[
        list[ResourceName] | None,
        Where("resource", among),
        Field(description="Only differences of these resources.", examples=[["funding"]]),
    ] = None
    source: Annotated[
        list[Key] | None,
        Where("source", _stated_by),
        Field(
            description="Only rows that these sources state at either end, and the sources "
            "themselves.",
            examples=[["dcd-2024-03"]],
        ),
    ] = None
    id: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]] | None,
        Where("id", among),
        Field(description="Only rows of these keys.", examples=[["anthropic"]]),
    ] = None
    field: Annotated[
        list[
            Annotated[
                str,
                AfterValidator(partial(choose, choices=_FIELDS, what="a field of a fact")),
                WithJsonSchema({"type": "string", "enum": list(_FIELDS)}),
            ]
        ]
        | None,
        Where("field", among),
        Field(
            description="Only changed cells of these fields; rows added or removed as a whole "
            "are then left out.",
            examples=[["country"]],
        ),
    ] = None


_ENDS: dict[str, Any] = {  # `from` is a word of Python and no name in a class
    "from": (
        Moment,
        Field(
            description="The state to begin with: a revision, or an instant (UTC where no zone is "
            "given). It may be the later one: the answer is then the reverse.",
            examples=["0"],
        ),
    ),
    "to": (
        Moment | None,
        Field(
            default=None,
            description="The state to compare it with; without it the newest, or that of `as_of`.",
            examples=["1"],
        ),
    ),
}
Query = TypeVar("Query", bound=DetailQuery)


def diff_query(name: str, base: type[Query]) -> type[Query]:
    """Return a query for differences: the two ends, the filters, and what its base asks."""
    bases: Any = (base, DiffFilters)
    return cast("type[Query]", create_model(name, __base__=bases, **_ENDS))


DiffQuery = diff_query("DiffQuery", PageQuery)
"""What differences can be asked for, and how to have them."""


class Difference(BaseModel):
    """A row that was added or removed, or a cell that changed."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    resource: str = Field(description="The resource of the row.", examples=["companies"])
    id: str = Field(description="The key of the row.", examples=["amazon"])
    action: str = Field(
        description="What happened to the row, or to its cell, from one end to the other.",
        examples=["changed"],
        json_schema_extra={"enum": ["added", "changed", "removed"]},
    )
    field: str | None = Field(
        description="The field that changed; null where the row was added or removed as a whole.",
        examples=["country"],
    )
    old: str | None = Field(
        description="The value before, as a pack has it in its cell (lists joined by `;`); of a "
        "row that was removed, the row as JSON; null where there was none.",
        examples=["GB"],
    )
    new: str | None = Field(
        description="The value after, in the same form; of a row that was added, the row as JSON; "
        "null where there is none.",
        examples=["US"],
    )


@dataclass(frozen=True)
class DiffList:
    """The differences from one state of the data to another, net: what came and went is none.

    A row that was added or removed is one item whose `new` or `old` is the row as JSON. Each
    changed cell of a row that is there at both ends is one item, as a pack would have the cell.
    """

    query: Any
    """What was asked: a `DiffQuery`, or another with its ends and its filter by resource."""

    name = "diff"
    shape = Difference
    columns = tuple(Difference.model_fields)
    key = ("place", "id", "number")

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Differences come in one order only: by resource, row and field."""
        return {}

    def ends(self, transaction: ReadTransaction, at: Revision) -> tuple[Revision, Revision]:
        """Return the two states as revisions. Raises Unanswerable for what is not known at `at`."""
        found = []
        for name in ("from", "to"):
            moment = getattr(self.query, name)
            try:
                end = at if moment is None else transaction.revision(moment)
            except NotAllowed as error:
                raise Unanswerable(name, error) from None
            if end.id > at.id:
                allowed = [f"0 to {at.id}"]
                cause = NotAllowed("comes after the revision that is read", allowed=allowed)
                raise Unanswerable(name, cause)
            found.append(end)
        return found[0], found[1]

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the differences; `old` and `new` are the revisions of the versions compared."""
        start, end = self.ends(transaction, at)
        asked = self.query.resource or NAMES
        parts = [
            part
            for place, resource in enumerate(RESOURCES)
            if resource.many in asked
            for part in difference_rows(resource, place, start.id, end.id)
        ]
        return PlainRows(union_all(*parts).subquery("differences"))

    def complete(self, transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the items with the values of the versions that they compare."""
        versions = _versions(transaction, items)
        return [
            {
                **item,
                **{
                    end: _shown(versions.get((item["resource"], item["id"], item[end])), item)
                    for end in ("old", "new")
                },
            }
            for item in items
        ]


class DiffCount(BaseModel):
    """How often one thing happened between two states of the data."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    resource: str = Field(description="The resource.", examples=["funding"])
    action: str = Field(
        description="Rows added, rows removed, or cells changed.",
        examples=["changed"],
        json_schema_extra={"enum": ["added", "changed", "removed"]},
    )
    field: str | None = Field(
        description="The field whose cells changed; null for rows added or removed.",
        examples=["amount_usd"],
    )
    count: int = Field(description="How many rows or cells.", examples=[3], ge=1)


def count_differences(
    transaction: ReadTransaction, at: Revision, query: BaseModel
) -> list[DiffCount]:
    """Return how many rows were added and removed and cells changed, by resource and field."""
    rows = DiffList(query).rows(transaction, at)
    named = [rows.column(name) for name in ("resource", "action", "field")]
    order = [rows.column(name) for name in ("place", "number", "action")]
    counted = (
        select(*named, func.count().label("count"))
        .where(*conditions(query, rows))
        .group_by(*named, *order)
        .order_by(*order)
    )
    found = transaction.connection.execute(counted).mappings()
    return [DiffCount.model_validate(dict(row)) for row in found]


def _versions(
    transaction: ReadTransaction, items: Iterable[Item]
) -> dict[tuple[str, str, int], Item]:
    """Return the versions of the rows of items, by resource, key and revision."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for item in items:
        wanted[item["resource"]].add(item["id"])
    found: dict[tuple[str, str, int], Item] = {}
    for name, ids in wanted.items():
        resource = BY_NAME[name]
        columns = (*resource.pack_columns, "revision")
        versions = transaction.versions(resource.ledger, transaction.latest, sorted(ids))
        for row in transaction.connection.execute(versions.select(columns)):
            *values, revision = row
            version = dict(zip(resource.pack_columns, values, strict=True))
            found[name, version["id"], revision] = version
    return found


def _shown(version: Item | None, item: Item) -> str | None:
    """Return a row as JSON or, where an item is of one field, its value as a cell."""
    if version is None:
        return None
    if item["field"] is None:
        return orjson.dumps(version).decode()
    value = version[item["field"]]
    if isinstance(value, list):
        return LIST_SEPARATOR.join(value) or None
    return None if value is None else str(value)
