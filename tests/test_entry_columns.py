"""Rows that are checked by column come to what the entry makes of each of them."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from app.kit.fields import LIST_SEPARATOR, Count, Text
from app.kit.formulas import defuse, restore
from app.kit.plain_cells import plain_counts, plain_texts
from app.resources import entry_columns
from app.resources.entry_columns import EntryColumns
from app.resources.resource import Entry, Resource, list_names
from app.storage.batches import StoredRow
from tests.samples import MADE_UP, make_facts

_ROUNDS = 60
_ODD = (
    *("", " x", "x;x", "a;b", ";", "'=1", "-1", "1.0", "1e3", "9223372036854775808", "٣", "nan"),
    *("2023-13", "2023/2022", "US", "United States", "Atlantis", "Q", "usd", "exact", "total"),
    *("http://example.org", "a\tb", "x" * 2_001),
)


def _cells(fact: Entry, header: Sequence[str]) -> list[str]:
    def cell(value: Any) -> str:
        if value is None:
            return ""
        return LIST_SEPARATOR.join(value) if isinstance(value, list) else str(value)

    return [defuse(cell(getattr(fact, name))) for name in header]


def _one_by_one(
    fact: type[Entry], header: Sequence[str], rows: Sequence[list[str]]
) -> list[StoredRow] | None:
    lists = list_names(fact)

    def given(cells: list[str]) -> dict[str, Any]:
        texts = {name: restore(cell) for name, cell in zip(header, cells, strict=True) if cell}
        return texts | {name: texts[name].split(LIST_SEPARATOR) for name in lists if name in texts}

    try:
        return [fact.model_validate(given(cells)).stored() for cells in rows]
    except ValidationError:
        return None


def _by_row(columns: dict[str, list[Any]] | None) -> list[StoredRow] | None:
    if columns is None:
        return None
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


@pytest.mark.parametrize("resource", MADE_UP, ids=lambda resource: resource.many)
def test_by_column_is_as_by_row(resource: Resource) -> None:
    random = Random(7)
    facts = make_facts(40, random)[resource.many]
    faulty = 0
    for _ in range(_ROUNDS):
        fields = resource.fact.model_fields.items()
        few = random.random() < 0.3  # a file need not have every column
        header = [name for name, field in fields if field.is_required() or not few]
        random.shuffle(header)
        rows = [_cells(fact, header) for fact in random.choices(facts, k=random.randrange(1, 9))]
        if random.random() < 0.7:
            random.choice(rows)[random.randrange(len(header))] = random.choice(_ODD)
        expected = _one_by_one(resource.fact, header, rows)
        faulty += expected is None
        columns = EntryColumns(resource.fact, header, of_cells=True)
        assert _by_row(columns.of_rows(rows)) == expected, (header, rows)
    assert 0 < faulty < _ROUNDS


def test_a_row_that_is_too_short_is_a_fault() -> None:
    fact = MADE_UP[0].fact
    header = ["id", "kind", "publisher", "title"]
    right = ["a", "article", "P", "T"]
    columns = EntryColumns(fact, header, of_cells=True)
    assert columns.of_rows([right, right[:3]]) is None
    assert columns.of_rows([right[:3], right[:3]]) is None
    assert columns.of_rows([right]) is not None


def test_a_check_may_read_fields_by_way_of_others() -> None:
    class Pair(Entry):
        id: Text
        names: list[Text] = Field(default=[])

        def check(self) -> None:
            if self._are_alike():
                raise ValueError("it names itself")

        def _are_alike(self) -> bool:
            return any(name == self.id for name in self.names)

    columns = EntryColumns(Pair, ("id", "names"), of_cells=True)
    assert columns.of_rows([["a", "b;c"], ["b", ""]]) is not None
    assert columns.of_rows([["a", "b;c"], ["b", "c;b"]]) is None


@pytest.mark.parametrize("resource", MADE_UP, ids=lambda resource: resource.many)
def test_what_is_remembered_of_cells_changes_nothing(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(8)
    facts = make_facts(40, random)[resource.many]
    header = list(resource.fact.model_fields)
    monkeypatch.setattr(entry_columns, "_KNOWN_AT_MOST", 15)  # so that it is given up on the way
    columns = EntryColumns(resource.fact, header, of_cells=True)
    faulty = 0
    for _ in range(_ROUNDS):
        rows = [_cells(fact, header) for fact in random.choices(facts, k=random.randrange(1, 9))]
        if random.random() < 0.3:
            random.choice(rows)[random.randrange(len(header))] = random.choice(_ODD)
        expected = _one_by_one(resource.fact, header, rows)
        faulty += expected is None
        assert _by_row(columns.of_rows(rows)) == expected, rows
    assert 0 < faulty < _ROUNDS


@pytest.mark.parametrize(("kind", "read"), [(Text, plain_texts), (Count, plain_counts)])
def test_plain_cells_are_what_their_type_makes_of_them(
    kind: Any, read: Callable[[Sequence[str]], list[Any] | None]
) -> None:
    validate = TypeAdapter(kind).validate_python
    random = Random(9)
    texts = [
        *("a", "a b", "a|b", "|", "7", "007", "0", "9" * 18, "9" * 19, "9223372036854775807"),
        *("x" * 2_000, "x" * 2_001, " ", " a", "a ", "a\u00a0", "\u2003a", "a\tb", "a\u200bb"),
        *("#N/A", "a#", "-1", "+1", "1_0", "1.0", "\u0663", "\u00b2", "\ud800", "é", "中 文"),
    ]
    plain = 0
    for _ in range(2_000):
        cells = random.sample(texts, k=random.randrange(1, 4))
        found = read(cells)
        if found is not None:
            plain += 1
            assert found == [validate(cell) for cell in cells]
            assert [type(one) for one in found] == [type(validate(cell)) for cell in cells]
    assert plain > 50
