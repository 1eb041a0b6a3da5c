"""Lines that the database makes: the same bytes as the values one by one, however odd they are."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.kit.fields import LIST_SEPARATOR, is_list
from app.kit.formats import CSV, NDJSON, PARQUET, TableFormat
from app.kit.lines import CELL_END, LEFT_OUT, LINE_END, Form, Lines, lines_of
from app.kit.queries import read_query
from app.resources import results
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.queries import list_query
from app.resources.reading import ResourceList, pinned_revision, table_columns
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.results import read_rows
from app.resources.sources import SOURCES, SourceFact
from app.resources.statistics import STATISTICS, StatisticFact
from app.storage.database import Database

ODD_TEXTS = [
    *(
        '"',
        '""',
        ",",
        "a,b",
        "a\nb",
        "a\r\nb",
        "\r",
        "\t",
        " ",
        "'",
        "'=",
        "=1+1",
        "+1",
        "-1",
        "@a",
    ),
    *("\\", "a\\", "\\n", '\\"', "[]", '["a"]', "[a", "a]", "{}", "null", "true", "1", "-0.0"),
    *(CELL_END, LINE_END, LEFT_OUT, "\x01", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff"),
    *("é", "中文", "😀", "a😀,", "\U0010ffff", "e\u0301", "x" * 3000),
]
ODD_NUMBERS = [
    *(0.0, -0.0, 1.0, 0.1, 1 / 3, 1e15, 1e16, 123456789012345680.0, 1e22, 1e25, 5.0e25, 2.0**53),
    *(2.0**53 - 1, 5e-324, 1e-5, 1e-4, 1.7e299, 9.3859586774234884, 767157629147.96204, 26.3),
]
each_format = pytest.mark.parametrize("table", [CSV, NDJSON, PARQUET], ids=lambda table: table.name)


@pytest.fixture
def odd(empty: Database) -> Database:
    """Return a database with a company of each odd text and a statistic of each odd number."""
    source = SourceFact(id="s", kind="report", publisher="P", title="T").stored()
    company = CompanyFact(id="c", name="C", source="s").stored()
    statistic = StatisticFact.model_validate(
        {"id": "n", "metric": "m", "country": "CN", "value": 1, "unit": "u", "period": "2023"}
        | {"qualifier": "exact", "source": "s"}
    ).stored()
    draw = random.Random(1)
    with empty.write(author="tests", message="odd values") as writing:
        writing.put(SOURCES.ledger, [source])
        for number, text in enumerate(ODD_TEXTS):
            others = draw.sample([other for other in ODD_TEXTS if LIST_SEPARATOR not in other], 2)
            odd = {"name": text, "aliases": [text], "note": others[0]}
            rows = [{**company, **odd, "id": f"c{number}"}]
            rows += [{**company, "aliases": others, "id": f"l{number}"}]
            writing.put(COMPANIES.ledger, rows)
        for number, value in enumerate(ODD_NUMBERS):
            writing.put(STATISTICS.ledger, [{**statistic, "value": value, "id": f"n{number}"}])
    return empty


def both(
    database: Database, resource: Resource, table: TableFormat, **asked: str
) -> tuple[bytes, bytes]:
    """Return a table made of lines, and made of the values one by one."""
    query = read_query(list_query(resource), asked.items())
    listing = ResourceList(resource)
    with database.read() as transaction:
        at = pinned_revision(transaction, listing, query)
        columns = table_columns(transaction, listing, query, at)
    rows = read_rows(database, listing, query, at)
    return b"".join(table.write(columns, rows)), b"".join(table.write(columns, iter(rows)))


@each_format
def test_lines_of_odd_texts_are_the_same_bytes(odd: Database, table: TableFormat) -> None:
    keys = [f"c{number},l{number}" for number in range(len(ODD_TEXTS))]
    for asked in ({}, *({"id": key} for key in keys)):
        in_lines, plain = both(odd, COMPANIES, table, **asked)
        assert in_lines == plain, asked


@each_format
def test_lines_of_odd_numbers_are_the_same_bytes(odd: Database, table: TableFormat) -> None:
    for asked in ({}, {"sort": "-id"}, *({"id": f"n{n}"} for n in range(len(ODD_NUMBERS)))):
        in_lines, plain = both(odd, STATISTICS, table, **asked)
        assert in_lines == plain, asked


@each_format
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
def test_lines_are_the_same_bytes_however_they_are_asked(
    seeded: Database, resource: Resource, table: TableFormat
) -> None:
    words = [f"-{word}" for word in resource.sort_keys]
    asked: list[dict[str, str]] = [{}, {"as_of": "1"}, {"as_of": "0"}]
    asked += [{"sort": word} for word in words]
    asked += [{"fields": name} for name in resource.columns]
    asked += [{"fields": ",".join(reversed(resource.columns)), "sort": words[-1]}]
    if "licence" in resource.filters.model_fields:
        asked += [{"licence": "open,none"}]
    for query in asked:
        in_lines, plain = both(seeded, resource, table, **query)
        assert in_lines == plain, query


def _unread() -> Any:
    raise AssertionError("the values were read one by one")


@pytest.mark.parametrize("form", Form)
def test_what_is_not_odd_is_read_in_lines(
    seeded: Database, monkeypatch: pytest.MonkeyPatch, form: Form
) -> None:
    """Else every table would be right, and none quick."""
    table = CSV if form is Form.CELLS else NDJSON

    def quick(batches: Any, asked: Form) -> Iterator[Lines]:
        assert asked is form
        found = lines_of(batches, asked)
        assert found is not None
        return (Lines(part.text, part.count, part.beside, _unread) for part in found)

    monkeypatch.setattr("app.kit.formats.lines_of", quick)
    for resource in RESOURCES:
        assert both_in_lines(seeded, resource, table)


def both_in_lines(database: Database, resource: Resource, table: TableFormat) -> bytes:
    """Return a table made of lines."""
    listing, query = ResourceList(resource), list_query(resource)()
    with database.read() as transaction:
        at = transaction.latest
        columns = table_columns(transaction, listing, query, at)
    return b"".join(table.write(columns, read_rows(database, listing, query, at)))


def test_a_result_of_many_parts_is_the_same_bytes(empty: Database) -> None:
    """Of lines read thousands at a time, in an order with ties and missing values."""
    with empty.write(author="tests", message="many") as writing:
        fact = SourceFact(id="s", kind="report", publisher="P", title="T").stored()
        writing.put(SOURCES.ledger, [fact])
        rows = [
            CompanyFact(id=f"c{n}", name="=1" if n == 7_003 else f"C{n % 7}", source="s").stored()
            for n in range(12_003)
        ]
        writing.put(COMPANIES.ledger, rows)
    for asked in ({}, {"sort": "name"}, {"sort": "-name,id"}):
        in_lines, plain = both(empty, COMPANIES, CSV, **asked)
        assert in_lines == plain
        assert in_lines.count(b"\n") == len(rows) + 1


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
def test_rows_that_are_found_by_their_keys_are_those_of_the_query(
    seeded: Database, resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them fit the first batch, which is found by the query; then only some of them do."""
    words = [f"{sign}{word}" for word in resource.sort_keys for sign in ("", "-")]
    asked = [{"sort": word, **at} for word in words for at in ({}, {"as_of": "1"})]
    asked += [{"sort": f"{one},{two}"} for one in words[:4] for two in words[-4:]]
    if "source" in resource.filters.model_fields:
        sources = "bnn-2024-03-31,cnbc-2024-03-31"
        asked += [{"source": sources, **more} for more in ({}, {"as_of": "1"}, {"sort": "-id"})]
    at_once = [both(seeded, resource, NDJSON, **query) for query in asked]
    monkeypatch.setattr(results, "_BATCH", 3)
    monkeypatch.setattr(results, "_LINES_A_BATCH", 3)
    by_keys = [both(seeded, resource, NDJSON, **query) for query in asked]
    for query, found, wanted in zip(asked, by_keys, at_once, strict=True):
        assert found == wanted, query
    assert max(found.count(b"\n") for found, _ in by_keys) > 3


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
def test_no_fact_has_an_empty_text_or_a_missing_list(resource: Resource) -> None:
    """A line tells no empty text from a missing one, and no missing list from an empty one."""
    for column in resource.record.__table__.columns:
        assert not (column.type.python_type is list and column.nullable), column.name
    for field in resource.fact.model_fields.values():
        with pytest.raises(ValidationError):
            TypeAdapter(field.rebuild_annotation()).validate_python([""] if is_list(field) else "")
