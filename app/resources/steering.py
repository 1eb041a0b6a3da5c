"""Which index a page is read by, where the database cannot know it.

SQLite does not count rows before it chooses, and which rows pass two filters it could not count
anyway. So where there are several ways to a page each is tried for some steps, then each for four
times as many, until one has come to its end: whatever the rows are like, that takes a few times
what the best way takes alone. The way that was the first to end is tried first when the same is
asked with other values. PostgreSQL keeps counts of its own and is left alone.

The ways are: for each filter that has an index, to find its rows and then sort them; to walk the
rows in the order that is asked for, till enough have passed; and where that is the order of keys,
to walk the rows of one value, behind which an index has the keys in order.
"""

from collections.abc import Callable, Iterator, Sequence, Sized
from operator import attrgetter
from time import perf_counter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Dialect, Select, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from app.kit.filters import ByParts, Where, among
from app.kit.promptly import is_prompt, take_time
from app.kit.sorting import SortKey
from app.storage.records import LedgerTable
from app.storage.snapshots import Rows as TableRows
from app.storage.steps import TooManySteps

Way = frozenset[str]
"""The columns whose indexes may be used; all others are passed by."""

Given = tuple[str, Where, tuple[BindParameter[Any] | None, ...]]
"""A filter that is given: its name, what it means, and the parts of its value to come."""

Found = TypeVar("Found", bound=Sized)
Fetch = Callable[[Way | None], Callable[[], Found]]
"""Readies a way; what it returns fetches the rows of a page on it."""

AtMost = Callable[[int, Callable[[], Found]], tuple[Found, int]]
"""Does something, and tells how many steps it took; gives it up where they are more than so many.
"""

_STEPS_A_ROW: Final = 200
"""Steps of SQLite's virtual machine that are tried at first for each row of a page."""

_STEPS_AT_LEAST: Final = 2_000
"""Steps that are tried at first for any page: they are counted in whole thousands."""

_STEPS_A_PAGE: Final = 1_000
_SECONDS_A_PAGE: Final = 0.0002
"""What a page without rows may take before another way is looked for."""

_MORE: Final = 4
"""How many times as many steps are tried each time that no way has come to its end."""

_A_MOMENT: Final = 0.02
"""Seconds after which an answer is no longer had at once."""

_LONGEST_PAUSE: Final = 15
"""Questions after which a better way is looked for again, where there was none."""


class Steered:
    """Rows whose columns have no index but those of a way."""

    def __init__(self, rows: TableRows, way: Way) -> None:
        self._rows = rows
        self._way = way

    def column(self, name: str) -> ColumnElement[Any]:
        """Return the column of this name, behind a sign that hides its index."""
        column = self._rows.column(name)
        if name in self._way:
            return column
        return UnaryExpression(column, operator=custom_op("+"), type_=column.type)

    def has_member(self, name: str, values: Sequence[str]) -> ColumnElement[bool]:
        """Return whether the list of this name has any of the values."""
        if name in self._way:
            return self._rows.column("id").in_(self._rows.keys_with_member(name, values))
        return self._rows.has_member(name, values)

    def sources(self, condition: Any) -> Select[Any]:
        """Return the keys of the sources whose licence meets a condition."""
        return self._rows.sources(condition)


class _Ended(NamedTuple, Generic[Found]):
    """A way that came to its end."""

    way: Way | None
    found: Found
    steps: int
    seconds: float


class Ways:
    """The ways to the rows of pages that differ in values only, and what was learnt of them."""

    def __init__(self, ways: Sequence[Way | None]) -> None:
        self._ways = tuple(ways)
        self._steps = 0
        self._wants_time = False
        self._wait = self._pause = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._ways)

    def quickest(
        self, fetch: Fetch[Found], at_most: AtMost[Found], rows: int
    ) -> tuple[Way | None, Found]:
        """Return the way that ends first, and the rows that it fetches: so many at the most.

        `at_most` gives up what takes more steps than it is told. Raises TakesTime where others
        wait, and what was asked last took long.
        """
        if len(self._ways) == 1:
            return self._ways[0], self._only(fetch)
        at_first = max(_STEPS_AT_LEAST, _STEPS_A_ROW * (rows + 1))
        if self._wants_time or self._steps > at_first:
            take_time()
        # The best till now is given as many as it took twice over, within a bound: for these values
        # another may be the shorter by far.
        most = max(at_first, min(2 * self._steps, at_first * _MORE**3))
        ended = _ended(self._ways[0], fetch, at_most, most)
        tries = self._tries(at_first)
        while ended is None:
            way, most = next(tries)
            ended = _ended(way, fetch, at_most, most)
        self._learn(ended, fetch, at_most)
        return ended.way, ended.found

    def _only(self, fetch: Fetch[Found]) -> Found:
        """Fetch on the one way, in a thread where that took more than a moment the last time."""
        if self._wants_time:
            take_time()
        began = perf_counter()
        try:
            return fetch(self._ways[0])()
        finally:
            self._wants_time = perf_counter() - began > _A_MOMENT

    def _tries(self, most: int) -> Iterator[tuple[Way | None, int]]:
        """Yield ways without an end, and the steps to try each; the best was tried before."""
        yield from ((other, most) for other in self._ways[1:])
        self._wants_time = True
        take_time()
        while True:
            most *= _MORE
            yield from ((way, most) for way in self._ways)

    def _learn(self, ended: _Ended[Found], fetch: Fetch[Found], at_most: AtMost[Found]) -> None:
        """Let a way be the first from now on, or another that turns out to be quicker.

        The others are tried where it took many steps for few rows, and ever less often in vain.
        """
        best = ended
        self._wants_time = False
        is_long = ended.steps > _STEPS_A_ROW * len(ended.found) + _STEPS_A_PAGE
        if is_long and ended.seconds > _SECONDS_A_PAGE:
            self._wait -= 1
            if self._wait < 0 and is_prompt():
                self._wants_time = True  # to try them the next time
            elif self._wait < 0:
                for way in self._ways:
                    if way != ended.way and (other := _ended(way, fetch, at_most, ended.steps)):
                        best = min(best, other, key=attrgetter("seconds"))
                in_vain = best is ended
                self._pause = min(2 * self._pause + 1, _LONGEST_PAUSE) if in_vain else 0
                self._wait = self._pause
        self._steps = best.steps
        if best.way != self._ways[0]:
            self._ways = (best.way, *(way for way in self._ways if way != best.way))


def _ended(
    way: Way | None, fetch: Fetch[Found], at_most: AtMost[Found], most: int
) -> _Ended[Found] | None:
    """Return what is fetched on a way, None where it takes more steps than so many."""
    fetch_rows = fetch(way)  # to ready it takes long, but once
    began = perf_counter()
    try:
        found, steps = at_most(most, fetch_rows)
    except TooManySteps:
        return None
    return _Ended(way, found, steps, perf_counter() - began)


def ways(
    table: LedgerTable, filters: tuple[Given, ...], order: Sequence[SortKey], dialect: Dialect
) -> Ways:
    """Return the ways to a page; None among them is the one that the database takes by itself."""
    indexed = [given for given in filters if indexes_of(table, given[1])]
    if dialect.name != "sqlite" or not indexed:
        return Ways([None])
    ordered = frozenset(key.column for key in order)
    found = []
    for _, where, parts in indexed:
        way = indexes_of(table, where)
        is_one_value = where.condition is among and parts[1:] == ()
        found.append(ordered | way if is_one_value and ordered == {"id"} else way)
    return Ways(list(dict.fromkeys((*found, ordered))))


def meaning_of(where: Where) -> Any:
    """Return what makes the condition of a filter of the parts of its value."""
    assert isinstance(where.condition, ByParts)  # noqa: S101  (as all are that have a shape)
    return where.condition.meaning


def indexes_of(table: LedgerTable, where: Where) -> Way:
    """Return the columns by whose index a filter can find its rows; none where there is none."""
    name = where.column
    if name in table.members:
        return frozenset({name, "id"})
    for column in (name, f"{name}_first_day"):
        if column == "id" or any(
            column == index.columns.keys()[0] for index in table.current.indexes
        ):
            return frozenset({column})
    return frozenset()
