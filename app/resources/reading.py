"""Reading resources: a page, one row, every version of it, or all of a result in batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, func

from app.kit.errors import Fault, NotAllowed
from app.kit.filters import Filterable, conditions
from app.kit.paging import Cursor
from app.kit.sorting import SortKey, after, total_order
from app.resources.queries import PAGE_SIZE, ListQuery, PageQuery
from app.resources.resource import Resource
from app.storage.database import Database, ReadTransaction, Revision

Item = dict[str, Any]
_BATCH = 1_000


class Selectable(Filterable, Protocol):
    """Rows that can be filtered and selected from."""

    def select(self, names: Sequence[str]) -> Select[Any]:
        """Return a query for these columns of the rows."""


class Listing(Protocol):
    """Anything that can be listed: rows at a revision, in a total order, in named columns."""

    @property
    def name(self) -> str:
        """What tells this list from others, in cursors."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it can show."""

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """The sort words and the columns they stand for."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell its rows apart, `-` for descending: they end every order."""

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the rows as they stood at a revision."""

    def complete(self, transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the items with what can only be looked up for a whole batch."""


@dataclass(frozen=True)
class ResourceList:
    """The rows of a resource."""

    resource: Resource

    key = ("id",)

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.resource.many

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the resource."""
        return self.resource.columns

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """The sort words of the resource."""
        return self.resource.sort_keys

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the rows as they stood at a revision."""
        return transaction.rows(self.resource.ledger, at)

    def complete(self, _transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the items as they are."""
        return items


@dataclass(frozen=True)
class Page:
    """A page of a list, the cursor of the next one if there is one, and the total if counted."""

    items: list[Item]
    next_cursor: str | None
    total: int | None


def pinned_revision(transaction: ReadTransaction, listing: Listing, query: PageQuery) -> Revision:
    """Return the revision a list is read at: that of the cursor, of `as_of`, or the newest."""
    try:
        if query.cursor is None:
            return transaction.revision(query.as_of)
    except NotAllowed as error:
        raise Unanswerable("as_of", error) from None
    return transaction.revision(_cursor(transaction, listing, query).revision)


class Unanswerable(Exception):
    """A parameter that only the data show to be wrong: its name, and why."""

    def __init__(self, name: str, cause: NotAllowed) -> None:
        super().__init__(f"{name} {cause}")
        self.name = name
        self.cause = cause

    @property
    def fault(self) -> Fault:
        """What is wrong, with what is allowed."""
        return Fault(self.name, str(self.cause), self.cause.allowed, self.cause.nearest)


def read_page(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision
) -> Page:
    """Read one page. A cursor goes on at the revision that its first page was read at."""
    limit = query.limit or PAGE_SIZE
    start = _cursor(transaction, listing, query).values if query.cursor else None
    items, last = _read(transaction, listing, query, at, start, limit + 1, limit)
    cursor = Cursor(at.id, last).encode(_identity(listing, query)) if last else None
    total = None
    if query.count == "exact":
        rows = listing.rows(transaction, at)
        every = rows.select(()).add_columns(func.count()).where(*conditions(query, rows))
        total = transaction.connection.scalar(every)
    return Page(items, cursor, total)


def read_all(
    database: Database, listing: Listing, query: PageQuery, at: Revision
) -> Iterator[list[Item]]:
    """Read a whole result in batches, all at one revision, each in a short snapshot of its own."""
    start: tuple[Any, ...] | None = None
    while True:
        with database.read() as transaction:
            items, start = _read(transaction, listing, query, at, start, _BATCH + 1, _BATCH)
        yield items
        if start is None:
            return


def read_one(
    transaction: ReadTransaction, resource: Resource, key: str, at: Revision
) -> Item | None:
    """Read the row of a key as it stood at a revision, None where there was none."""
    rows = transaction.rows(resource.ledger, at)
    query = rows.select(resource.columns).where(rows.column("id") == key)
    row = transaction.connection.execute(query).first()
    return dict(zip(resource.columns, row, strict=True)) if row else None


def shown_columns(listing: Listing, query: PageQuery) -> tuple[str, ...]:
    """Return the columns that an answer shows, in order."""
    chosen = query.fields if isinstance(query, ListQuery) else None
    return tuple(dict.fromkeys(chosen)) if chosen else listing.columns


def _read(
    transaction: ReadTransaction,
    listing: Listing,
    query: PageQuery,
    at: Revision,
    start: tuple[Any, ...] | None,
    fetched: int,
    kept: int,
) -> tuple[list[Item], tuple[Any, ...] | None]:
    """Read up to `kept` rows after `start`; return them and, if more follow, the last's values."""
    rows = listing.rows(transaction, at)
    order = _order(listing, query)
    columns = shown_columns(listing, query)
    marks = [_marked(rows, key) for key in order]
    statement = rows.select(columns).add_columns(*marks).where(*conditions(query, rows))
    if start is not None:
        statement = statement.where(after(order, rows, start))
    statement = statement.order_by(*(key.ordering(rows) for key in order)).limit(fetched)
    found = transaction.connection.execute(statement).all()
    width = len(columns)
    items = [dict(zip(columns, row, strict=False)) for row in found[:kept]]
    last = tuple(found[kept - 1][width:]) if len(found) > kept else None
    return listing.complete(transaction, items), last


def _marked(rows: Selectable, key: SortKey) -> ColumnElement[Any]:
    return rows.column(key.column).label(f"sort_{key.column}")


def _order(listing: Listing, query: PageQuery) -> tuple[SortKey, ...]:
    words = query.sort if isinstance(query, ListQuery) else None
    return total_order(words, listing.sort_keys, listing.key)


def _cursor(transaction: ReadTransaction, listing: Listing, query: PageQuery) -> Cursor:
    rows = listing.rows(transaction, transaction.latest)
    types = [rows.column(key.column).type.python_type for key in _order(listing, query)]
    try:
        cursor = Cursor.decode(query.cursor or "", _identity(listing, query), types)
        transaction.revision(cursor.revision)
    except NotAllowed as error:
        raise Unanswerable("cursor", error) from None
    return cursor


def _identity(listing: Listing, query: BaseModel) -> str:
    """Return what a cursor is tied to: the list, its filters and its order."""
    shape = query.model_dump_json(exclude={"cursor", "limit", "count", "fields"})
    return f"{listing.name}{shape}"
