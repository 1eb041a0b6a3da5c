"""Pages of JSON: as `read_page` reads them, but made by the database, by queries that are kept.

The values of one answer hardly ever become objects here. A query is compiled once for each shape:
which filters have how many values, what it is sorted by, which columns it shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol

import orjson
from sqlalchemy import BindParameter, ColumnElement, Dialect, Integer, bindparam, literal_column
from sqlalchemy.types import TypeEngine

from app.kit.filters import ByParts, Part, PartsOf, meanings
from app.kit.keeping import KeptBySize
from app.kit.promptly import take_time
from app.kit.sorting import SortKey, Stage, staged, stages, total_order
from app.resources.queries import PAGE_SIZE, ListQuery, PageQuery
from app.resources.reading import (
    Listing,
    ResourceList,
    cursor_after,
    cursor_of,
    read_page,
    read_total,
    shown_columns,
)
from app.resources.steering import Given, Steered, Way, indexes_of, meaning_of, ways
from app.storage.columns import Characters, Number, Whole
from app.storage.compiled import Compiled, Rows
from app.storage.database import ReadTransaction, Revision
from app.storage.json_rows import JoinedRows, is_written_alike, joined
from app.storage.revisions import state_seen
from app.storage.snapshots import current_rows

_PARTS_AT_MOST: Final = 30_000
"""So many columns and parts of values are kept, in all shapes; each takes some 700 bytes."""

_PROMPT_ROWS_AT_MOST: Final = 100
_TYPES: Final[dict[type, Any]] = {str: Characters(), int: Whole(), float: Number()}

FilterShape = tuple[str, tuple[type, ...]]
"""A filter that is given: its name, and the types of the parts of its value."""


@dataclass(slots=True)
class JsonPage:
    """A page of a list: its rows as a JSON array, and how many there are."""

    rows: orjson.Fragment
    count: int
    next_cursor: str | None
    total: int | None


class Shape(NamedTuple):
    """What the queries of a page depend on, but for the values in them."""

    listing: ResourceList
    filters: tuple[FilterShape, ...]
    columns: tuple[str, ...] | None
    sort: tuple[str, ...] | None
    missing: tuple[bool, ...] | None
    """Which of the sort values of the row before the page are missing; None on the first page."""

    @property
    def size(self) -> int:
        """How many columns and parts of values its queries have, at the least."""
        shown = len(self.columns or self.listing.columns)
        return shown + len(self.sort or ()) + sum(1 + len(types) for _, types in self.filters)


class _Found(Protocol):
    """Rows of a page, of one query after another."""

    def __len__(self) -> int:
        """Return how many there are."""

    def add(self, rows: Rows) -> object:
        """Add what a query gave; return the state of the data that it saw, None if none."""

    def leave_last(self) -> Sequence[Any]:
        """Leave the last of several rows out; return the sort values of the one before it."""

    def json(self) -> str | bytes:
        """Return the JSON array of them."""


class _Joined(JoinedRows):
    """Rows that come as JSON: all of one query in one row, with the state that it saw."""

    def add(self, rows: Rows) -> object:
        ((text, *marks, state),) = rows
        self.add_text(text, marks)
        return state


class _Columns:
    """Rows that come as columns, which databases write their own ways.

    Behind the columns are the state that was seen, and the sort values.
    """

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._rows: Rows = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: Rows) -> object:
        self._rows += rows
        return rows[-1][len(self._columns)] if rows else None

    def leave_last(self) -> Sequence[Any]:
        self._rows.pop()
        return self._rows[-1][len(self._columns) + 1 :]

    def json(self) -> bytes:
        return orjson.dumps([dict(zip(self._columns, row, strict=False)) for row in self._rows])


@dataclass(frozen=True, slots=True)
class Kept:
    """The queries of a page, one for each stretch of rows: they are run until it is full."""

    queries: tuple[Compiled, ...]
    columns: tuple[str, ...] | None
    """The columns that they give, None where they give JSON."""

    def nothing(self) -> _Found:
        """Return what holds their rows, without any yet."""
        return _Joined() if self.columns is None else _Columns(self.columns)


def read_json_page(
    transaction: ReadTransaction, listing: Listing, query: PageQuery, at: Revision
) -> JsonPage:
    """Read one page as JSON: the same rows, to the byte, as `read_page` reads."""
    start = cursor_of(transaction, listing, query).values if query.cursor else None
    limit = query.limit or PAGE_SIZE
    values: dict[str, Any] = {}
    shape = _shape(listing, query, start, values) if at == transaction.latest else None
    if shape is None:
        page = read_page(transaction, listing, query, at)
        rows = orjson.Fragment(orjson.dumps(page.items))
        return JsonPage(rows, len(page.items), page.next_cursor, page.total)
    pages = pages_of(shape, transaction.connection.dialect)
    seen: object = None

    def fetch(way: Way | None) -> Callable[[], _Found]:
        return partial(fetch_by, pages.kept(way))

    def fetch_by(kept: Kept) -> _Found:
        nonlocal seen
        found = kept.nothing()
        for part in kept.queries:
            if left := limit + 1 - len(found):
                values["size"] = left
                seen = found.add(part.fetch(transaction.connection, values))
        return found

    _, found = pages.ways.quickest(fetch, transaction.within_steps, limit)
    if transaction.confirm and seen and query.count is None:
        transaction.confirm(seen)
    cursor = None
    if len(found) > limit:
        cursor = cursor_after(listing, query, at, tuple(found.leave_last()))
    total = read_total(transaction, listing, query, at)
    return JsonPage(orjson.Fragment(found.json()), len(found), cursor, total)


def may_be_prompt(listing: Listing, query: PageQuery) -> bool:
    """Return whether a page is likely to be read within a moment: by a query that is kept."""
    return (
        isinstance(listing, ResourceList)
        and query.as_of is None
        and query.count is None
        and (query.limit or PAGE_SIZE) <= _PROMPT_ROWS_AT_MOST
        and _filters_in(query) is not None
    )


def _shape(
    listing: Listing, query: PageQuery, start: tuple[Part, ...] | None, values: dict[str, Any]
) -> Shape | None:
    """Return the shape of a query and note its values, None where it is not known by a shape."""
    if not isinstance(listing, ResourceList) or not isinstance(query, ListQuery):
        return None
    if (given := _filters_in(query)) is None:
        return None
    filters = []
    for name, parts_of in given:
        if (value := getattr(query, name)) is None:
            continue
        parts = parts_of(value)
        filters.append((name, tuple(map(type, parts))))
        for place, part in enumerate(parts):
            values[f"given_{name}_{place}"] = part
    for place, part in enumerate(start or ()):
        values[f"after_{place}"] = part
    return Shape(
        listing,
        tuple(filters),
        shown_columns(listing, query) if query.fields else None,
        tuple(query.sort) if query.sort else None,
        None if start is None else tuple(part is None for part in start),
    )


def _filters_in(query: PageQuery) -> Sequence[tuple[str, PartsOf]] | None:
    """Return the filters that a query gives, None where one is not made of parts."""
    return _filters_of(type(query), frozenset(query.model_fields_set))


@lru_cache(maxsize=1_000)
def _filters_of(
    query: type[PageQuery], given: frozenset[str]
) -> Sequence[tuple[str, PartsOf]] | None:
    meant = [(name, where.condition) for name, where in meanings(query) if name in given]
    found = [(name, each.parts) for name, each in meant if isinstance(each, ByParts)]
    return found if len(found) == len(meant) else None


def _ordered(shape: Shape) -> tuple[SortKey, ...]:
    return total_order(shape.sort, shape.listing.resource.sort_keys, shape.listing.key)


class Pages:
    """All pages of one shape: the ways to their rows, and the queries of each that was gone."""

    def __init__(self, shape: Shape, dialect: Dialect) -> None:
        self._shape = shape
        self._dialect = dialect
        self._kept: dict[Way | None, Kept] = {}
        self.ways = ways(shape.listing.resource.ledger, _given(shape), _ordered(shape), dialect)
        self.size = shape.size * self.ways.count

    def kept(self, way: Way | None) -> Kept:
        """Return the queries that find the rows on a way."""
        found = self._kept.get(way)
        if found is None:
            take_time()  # once: to compile them takes longer than to run them
            found = self._kept[way] = _compiled(self._shape, way, self._dialect)
        return found


_pages: Final = KeptBySize[tuple[Shape, str], Pages](_PARTS_AT_MOST, attrgetter("size"))


def pages_of(shape: Shape, dialect: Dialect) -> Pages:
    """Return the pages of a shape, the same as before where they were kept."""
    key = shape, dialect.name
    found = _pages.get(key)
    if found is None:
        found = _pages[key] = Pages(shape, dialect)
    return found


def _compiled(shape: Shape, way: Way | None, dialect: Dialect) -> Kept:
    resource = shape.listing.resource
    given = _given(shape)
    rows = current_rows(resource.ledger)
    found_by = rows if way is None else Steered(rows, way)
    columns = shape.columns or resource.columns
    shown = [rows.column(name) for name in columns]
    order = _ordered(shape)
    marks = [rows.column(key.column) for key in order]
    is_json = is_written_alike([*shown, *marks])
    selected = rows.select(()).where(
        *(meaning_of(where)(found_by, where.column, parts) for _, where, parts in given)
    )
    size: ColumnElement[int] = bindparam("size", type_=Integer())
    if dialect.name == "sqlite":
        # A bare parameter has SQLite plan the query anew for each number, with what it then knows.
        size = size + literal_column("0")
    values = [
        None if gone else bindparam(f"after_{place}", type_=rows.column(key.column).type)
        for place, (key, gone) in enumerate(zip(order, shape.missing or (), strict=False))
    ]
    valued = frozenset[str]().union(*(indexes_of(resource.ledger, where) for _, where, _ in given))
    queries = []
    for stage in stages(order, rows, shape.missing):
        if stage is Stage.MISSING and order[0].column in valued:
            continue  # rows without a value do not pass a filter that asks for one
        condition, ordering = staged(stage, order, found_by, values)
        statement = selected.where(condition).order_by(*ordering).limit(size)
        if is_json:
            statement = joined(statement, shown, marks).add_columns(state_seen())
        else:
            named = [mark.label(f"sort_{mark.name}") for mark in marks]
            statement = statement.add_columns(*shown, state_seen(), *named)
        queries.append(Compiled(statement, dialect))
    return Kept(tuple(queries), None if is_json else columns)


def _given(shape: Shape) -> tuple[Given, ...]:
    """Return the filters of a shape, with the parts of their values to come."""
    by_name = dict(meanings(shape.listing.resource.filters))
    return tuple(
        (
            name,
            by_name[name],
            tuple(_to_come(f"given_{name}_{place}", type_) for place, type_ in enumerate(types)),
        )
        for name, types in shape.filters
    )


def _to_come(name: str, part: type) -> BindParameter[Any] | None:
    type_: TypeEngine[Any] | None = _TYPES.get(part)
    return bindparam(name, type_=type_) if type_ else None
