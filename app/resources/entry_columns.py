"""Many rows of an entry checked at once, a column at a time.

To make a model of each row costs several times as much as all else that is done to load it. Here
each value of a column is checked once, however many rows have it. A fault ends it: to say what is
wrong in which row is the work of the entry itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import TypeAdapter

from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import restore
from app.kit.plain_cells import plain_reader
from app.resources.resource import (
    Entry,
    first_and_last_day,
    list_names,
    names_one_twice,
    period_names,
    words_to_search,
)
from app.storage.batches import StoredColumns

_KNOWN_AT_MOST = 5_000
"""So many texts of a column are remembered, with what they come to."""

Cells = Sequence[str]
Reader = Callable[[Sequence[Any]], list[Any]]
"""Makes the values of a field of what stands in a column; raises ValueError for a fault."""


class EntryColumns:
    """Checks columns: fields of the entry, each once, all that are required."""

    def __init__(self, fact: type[Entry], header: Sequence[str], *, of_cells: bool) -> None:
        """Take columns of cells, as packs have them, or of values, None where there is none."""
        self._fact = fact
        self._header = tuple(header)
        lists = list_names(fact)
        reader = _cell_reader if of_cells else _value_reader
        self._readers = {name: reader(fact, name, is_list=name in lists) for name in header}
        self._left_out = {
            name: field.get_default(call_default_factory=True)
            for name, field in fact.model_fields.items()
            if name not in header
        }
        self._has_rules = fact.check is not Entry.check

    def of_rows(self, rows: Sequence[Cells]) -> StoredColumns | None:
        """Return the columns to store of rows, None where there is any fault in them.

        They are what the rows come to that the entry makes of the same cells.
        """
        try:
            return self.stored(dict(zip(self._header, zip(*rows, strict=True), strict=True)))
        except ValueError:  # rows of different lengths
            return None

    def stored(self, given: Mapping[str, Sequence[Any]]) -> StoredColumns | None:
        """Return the same of what stands in each column, for one row at least."""
        count = len(next(iter(given.values())))
        try:
            columns = {name: read(given[name]) for name, read in self._readers.items()}
            columns |= {name: [default] * count for name, default in self._left_out.items()}
            if self._has_rules:
                self._check(columns)
        except ValueError:  # as ValidationError is one
            return None
        for name in period_names(self._fact):
            days = list(map(first_and_last_day, columns[name]))
            columns[f"{name}_first_day"] = [first for first, _ in days]
            columns[f"{name}_last_day"] = [last for _, last in days]
        if self._fact.searched:
            searched = zip(*(columns[name] for name in self._fact.searched), strict=True)
            columns["search"] = list(map(words_to_search, searched))
        return columns

    def _check(self, columns: StoredColumns) -> None:
        names = tuple(self._fact.model_fields)
        row = object.__new__(self._fact)
        for values in zip(*(columns[name] for name in names), strict=True):
            # As Pydantic fills the models that it makes, but one after the other the same.
            object.__setattr__(row, "__dict__", dict(zip(names, values, strict=True)))
            row.check()


class _Cells:
    """Reads the cells of a field: each text once, where the field has few that are different."""

    def __init__(self, fact: type[Entry], name: str, *, is_list: bool) -> None:
        field = fact.model_fields[name]
        self._is_required = field.is_required()
        self._default = field.get_default(call_default_factory=True)
        self._is_list = is_list
        self._validate = _validator(fact, name)
        self._read_plain = None if is_list or field.metadata else plain_reader(field.annotation)
        self._known: dict[str, Any] | None = {} if self._is_required else {"": self._default}
        """What texts come to, until they are too many to remember."""

    def read(self, cells: Cells) -> list[Any]:
        """Return the values of cells. Raises ValueError for a fault."""
        known = self._known
        if known is None:
            return self._read_many(cells)
        if new := list(set(cells).difference(known)):
            known.update(zip(new, self._values(new), strict=True))
            if len(known) > _KNOWN_AT_MOST:
                self._known = None
        return list(map(known.__getitem__, cells))

    def _read_many(self, cells: Cells) -> list[Any]:
        texts = dict.fromkeys(cells)
        if not self._is_required:
            texts.pop("", None)
        values = self._values(list(texts))
        if len(texts) == len(cells):
            return values
        made = dict(zip(texts, values, strict=True))
        made.setdefault("", self._default)
        return list(map(made.__getitem__, cells))

    def _values(self, texts: list[str]) -> list[Any]:
        if "" in texts:  # where a value is required
            raise ValueError
        given: list[Any] = texts
        if "'" in "".join(texts):
            given = list(map(restore, given))
        if self._is_list:
            given = [text.split(LIST_SEPARATOR) for text in given]
        if self._read_plain and given:
            values = self._read_plain(given)
            if values is not None:
                return values
        values = self._validate(given)
        if self._is_list:
            _refuse_members_that_come_twice(values)
        return values


def _cell_reader(fact: type[Entry], name: str, *, is_list: bool) -> Reader:
    return _Cells(fact, name, is_list=is_list).read


def _value_reader(fact: type[Entry], name: str, *, is_list: bool) -> Reader:
    field = fact.model_fields[name]
    validate = _validator(fact, name)
    default = field.get_default(call_default_factory=True)

    def read_lists(given: Sequence[Any]) -> list[Any]:
        values = validate([default if one is None else one for one in given])
        _refuse_members_that_come_twice(values)
        return values

    def read(given: Sequence[Any]) -> list[Any]:
        different = dict.fromkeys(given)
        if None in different:
            if field.is_required():
                raise ValueError
            del different[None]
        values = validate(list(different))
        if len(different) == len(given):
            return values
        made = dict(zip(different, values, strict=True))
        made[None] = default
        return [made[one] for one in given]

    return read_lists if is_list else read


def _validator(fact: type[Entry], name: str) -> Callable[[list[Any]], list[Any]]:
    """Return what checks many values of a field. It raises ValidationError, a ValueError."""
    field = fact.model_fields[name]
    kind: Any = field.annotation
    for mark in field.metadata:
        kind = Annotated[kind, mark]
    return TypeAdapter(list[kind]).validate_python


def _refuse_members_that_come_twice(lists: list[list[str]]) -> None:
    if any(map(names_one_twice, lists)):
        raise ValueError
