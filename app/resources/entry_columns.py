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
from app.resources.resource import (
    Entry,
    first_and_last_day,
    list_names,
    names_one_twice,
    period_names,
    words_to_search,
)
from app.storage.batches import StoredColumns

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


def _cell_reader(fact: type[Entry], name: str, *, is_list: bool) -> Reader:
    field = fact.model_fields[name]
    validate = _validator(fact, name)
    default = field.get_default(call_default_factory=True)

    def read(cells: Cells) -> list[Any]:
        texts = dict.fromkeys(cells)
        if "" in texts:
            if field.is_required():
                raise ValueError
            del texts[""]
        given: list[Any] = [restore(text) if text[0] == "'" else text for text in texts]
        if is_list:
            given = [text.split(LIST_SEPARATOR) for text in given]
        values = validate(given)
        if is_list:
            _refuse_members_that_come_twice(values)
        if len(texts) == len(cells):
            return values
        made = dict(zip(texts, values, strict=True))
        made[""] = default
        return [made[text] for text in cells]

    return read


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
