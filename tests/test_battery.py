"""What every resource promises, tried on each of the registry: a new one is tested at once."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from random import Random
from threading import current_thread
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.kit.filters import Where, among, any_member, at_least, at_most, has_words, within
from app.kit.formats import TABLE_FORMATS, TableFormat
from app.kit.licences import OPEN, licensed, reusable
from app.kit.periods import parse_period_range
from app.kit.text import words
from app.main import create_app
from app.resources.changes import ChangeQuery
from app.resources.ledger_lists import RevisionFilters, RevisionList
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.settings import Settings
from app.storage.database import Database
from app.storage.freshness import WATCH
from tests.answering import ANEW
from tests.conftest import Templates
from tests.reading_tables import READERS, typed
from tests.samples import MADE_UP, fill, is_list, references, words_of

Row = dict[str, Any]
ROWS = 120

each = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
each_made_up = pytest.mark.parametrize("resource", MADE_UP, ids=lambda resource: resource.many)


@pytest.fixture(scope="module")
def made_up(templates: Templates) -> Iterator[TestClient]:
    """A client over made-up facts that use every column, with rows changed and removed."""
    url = templates.empty()
    database = Database(url)
    fill(database, ROWS)
    database.close()
    settings = Settings(database_url=url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def rows_of(client: TestClient, path: str, **parameters: Any) -> list[Row]:
    """Return all rows of a list, by NDJSON."""
    answer = client.get(f"{path}.ndjson", params=parameters)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def keys_of(client: TestClient, path: str, **parameters: Any) -> list[str]:
    """Return the keys of all rows of a list, in their order."""
    return [row["id"] for row in rows_of(client, path, **parameters, fields="id")]


@each
def test_list_detail_and_history_answer(client: TestClient, resource: Resource) -> None:
    page = client.get(resource.path).json()
    assert page["meta"]["count"] == len(page["data"]) > 0, "no pack of seed/ has rows of it"
    answer = client.get(f"{resource.path}/{resource.example}")
    assert answer.status_code == 200, f"no pack of seed/ has its example, {resource.example}"
    detail = answer.json()
    assert detail["data"]["id"] == resource.example
    history = client.get(detail["links"]["history"]).json()
    # A version keeps what was worked out from other rows when it was recorded.
    worked_out = {name: history["data"][-1][name] for name in resource.ledger.derived}
    still = {"until": None, "replaced_by": None}
    assert history["data"][-1] == {**detail["data"], **worked_out, **still}
    assert client.get(detail["links"]["list"]).json()["data"] == page["data"]


@each
def test_list_items_equal_detail_items_and_keep_to_their_shape(
    client: TestClient, made_up: TestClient, resource: Resource
) -> None:
    for chosen in (client, made_up):
        rows = rows_of(chosen, resource.path)
        for row in rows:
            resource.item.model_validate_json(json.dumps(row), strict=True)
            assert list(row) == list(resource.columns)
        for row in rows[:: max(1, len(rows) // 8)]:
            assert chosen.get(f"{resource.path}/{row['id']}").json()["data"] == row


@each
def test_every_column_is_stored_or_derived(resource: Resource) -> None:
    stored = {column.name for column in resource.ledger.current.columns}
    derived = {*resource.ledger.derived, "recorded_at", "licence"}
    assert set(resource.columns) <= stored | derived
    assert set(resource.fact.model_fields) <= stored
    assert set(resource.fact.model_fields) <= set(resource.columns)
    assert stored - set(resource.columns) <= {"search"}


@each_made_up
def test_history_tells_every_version(made_up: TestClient, resource: Resource) -> None:
    path = f"{resource.path}/{resource.many}-0000"
    versions = made_up.get(f"{path}/history").json()["data"]
    assert len(versions) >= 2
    assert all(one["until"] == next_["revision"] for one, next_ in pairwise(versions))
    shape = {**versions[0]}
    del shape["until"], shape["replaced_by"]
    assert made_up.get(path, params={"as_of": versions[0]["revision"]}).json()["data"] == shape


# Filters


def _plain_words(row: Row, resource: Resource) -> list[str]:
    texts = [row[name] for name in resource.fact.searched]
    return words(" ".join(" ".join(text) if isinstance(text, list) else text for text in texts))


def _in_a_list(value: Any) -> str:
    return str(value).replace("\\", "\\\\").replace(",", "\\,")


def _asked_for(listed: str) -> list[str]:
    members = re.split(r"(?<!\\),", listed)
    return [one.replace("\\,", ",").replace("\\\\", "\\") for one in members]


def keeps(where: Where, resource: Resource, asked: str, row: Row) -> bool:  # noqa: PLR0911  (a line a condition)
    """Say in plain Python whether a filter keeps a row: what the SQL must agree with."""
    value = row.get(where.column)
    if where.condition is among:
        return value in _asked_for(asked)
    if where.condition is any_member:
        return bool({*(value or [])} & {*_asked_for(asked)})
    if where.condition in {at_least, at_most}:
        if value is None:
            return False
        number = (
            float(asked) if isinstance(value, float) or "." in asked or "e" in asked else int(asked)
        )
        return bool(value >= number if where.condition is at_least else value <= number)
    if where.condition is within:
        days = parse_period_range(asked)
        first, last = row[f"{where.column}_first_day"], row[f"{where.column}_last_day"]
        return (not days.first or (first or "") >= days.first.isoformat()) and (
            not days.last or (last or "9") <= days.last.isoformat()
        )
    if where.condition is has_words:
        there = _plain_words(row, resource)
        return all(any(word.startswith(begun) for word in there) for begun in words(asked))
    if where.condition in (reusable, licensed):
        licence = row["licence"]
        kind = "none" if licence is None else "open" if licence.lower() in OPEN else "other"
        return kind in asked.split(",")
    raise LookupError(f"say here in plain Python what {where.condition.__name__} keeps")


def asked_values(where: Where, resource: Resource, rows: list[Row], random: Random) -> list[str]:
    """Return values to ask a filter for: such as the rows have, and pairs of them."""
    if where.condition is within:
        given = sorted({row[where.column] for row in rows if row[where.column]})
        return [*given[:4], "2023", "2022..2023", "2023-Q1..", "..2022", "1999"]
    if where.condition is has_words:
        there = sorted({word for row in rows for word in _plain_words(row, resource)})
        some = random.sample(there, min(5, len(there)))
        return [*some, *(word[:2].upper() for word in some), " ".join(some[:2])]
    if where.condition in (reusable, licensed):
        return ["open", "other", "none", "open,none"]
    listed = (row[where.column] for row in rows)
    flat = {part for value in listed for part in (value if isinstance(value, list) else [value])}
    plain = sorted((part for part in flat if part is not None), key=str)
    is_list = where.condition in {among, any_member}
    text = _in_a_list if is_list else str
    some = [text(value) for value in random.sample(plain, min(6, len(plain)))]
    some += [_in_a_list(value) for value in plain if is_list and "," in str(value)]
    return some + ([",".join((some[0], some[-1]))] if is_list and some else [])


def where_of(filters: type[BaseModel], name: str) -> Where:
    """Return what a filter means."""
    found = [mark for mark in filters.model_fields[name].metadata if isinstance(mark, Where)]
    assert len(found) == 1, f"{name} says {len(found)} times what it means"
    return found[0]


FILTERS = [
    pytest.param(resource, name, id=f"{resource.many}-{name}")
    for resource in RESOURCES
    for name in resource.filters.model_fields
]


@pytest.mark.parametrize(("resource", "name"), FILTERS)
def test_each_filter_keeps_what_it_says(made_up: TestClient, resource: Resource, name: str) -> None:
    where = where_of(resource.filters, name)
    rows = rows_of(made_up, resource.path)
    values = asked_values(where, resource, rows, Random(name))
    assert values, f"the made-up rows have no {where.column} to ask for"
    proper = 0
    for asked in values:
        expected = [row["id"] for row in rows if keeps(where, resource, asked, row)]
        assert keys_of(made_up, resource.path, **{name: asked}) == expected, asked
        proper += 0 < len(expected) < len(rows)
    assert proper, "no value told some rows from others"


@each
def test_filters_together_keep_what_each_keeps(made_up: TestClient, resource: Resource) -> None:
    random = Random(resource.many)
    rows = rows_of(made_up, resource.path)
    names = list(resource.filters.model_fields)
    for _ in range(12):
        chosen = random.sample(names, 2)
        asked = {}
        for name in chosen:
            where = where_of(resource.filters, name)
            asked[name] = random.choice(asked_values(where, resource, rows, random))
        apart = [set(keys_of(made_up, resource.path, **{name: asked[name]})) for name in chosen]
        assert set(keys_of(made_up, resource.path, **asked)) == apart[0] & apart[1], asked


@pytest.mark.parametrize(
    "filters",
    [*(resource.filters for resource in RESOURCES), RevisionFilters],
    ids=lambda filters: filters.__name__,
)
def test_every_filter_says_what_it_means(filters: type[BaseModel]) -> None:
    for name in filters.model_fields:
        where_of(filters, name)


@each
def test_no_key_or_code_is_without_a_filter(resource: Resource) -> None:
    """A reader can ask for every column that holds a key, a code or a word of a vocabulary."""
    filters = resource.filters.model_fields
    asked_for = {where_of(resource.filters, name).column for name in filters}
    # Where one filter understands the other column's codes: `id=USA` is `id=US`.
    understood = {"countries": {"iso3"}}.get(resource.many, set())
    codes = {
        name
        for name, field in resource.fact.model_fields.items()
        if words_of(field.annotation) or "pattern=" in repr(field) or name in references(resource)
    }
    codes |= set(resource.ledger.derived)
    assert codes - understood - asked_for == set()


@pytest.mark.parametrize("spelling", ["US", "us", "USA", "United States", "united states", "U.S."])
def test_countries_are_understood_in_each_spelling(client: TestClient, spelling: str) -> None:
    for resource in RESOURCES:
        name = "country" if "country" in resource.filters.model_fields else "id"
        if (
            resource.many in {"countries", "sources"}
            and name == "id"
            and resource.many != "countries"
        ):
            continue
        by_code = rows_of(client, resource.path, **{name: "US"})
        assert by_code
        assert rows_of(client, resource.path, **{name: spelling}) == by_code


@each
def test_a_known_country_without_data_is_an_empty_list(
    client: TestClient, resource: Resource
) -> None:
    if "country" not in resource.filters.model_fields:
        return
    answer = client.get(resource.path, params={"country": "Antarctica"})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    table = client.get(f"{resource.path}.csv", params={"country": "AQ"})
    assert table.text.splitlines() == [",".join(resource.columns)]
    assert client.get(f"{resource.path}.ndjson", params={"country": "AQ"}).text == ""


@each
def test_words_are_found_whatever_their_accents_and_case(
    client: TestClient, made_up: TestClient, resource: Resource
) -> None:
    if not resource.fact.searched:
        assert "q" not in resource.filters.model_fields
        return
    name = resource.fact.searched[0]
    for chosen in (client, made_up):
        for row in rows_of(chosen, resource.path)[:15]:
            text = row[name].replace("+", " ")
            bare = "".join(
                char
                for char in unicodedata.normalize("NFD", text)
                if not unicodedata.combining(char)
            )
            for spelled in (text.upper(), text.lower(), bare):
                assert row["id"] in keys_of(chosen, resource.path, q=spelled), spelled


@each
def test_as_of_the_first_revision_there_is_the_article_alone(
    client: TestClient, resource: Resource
) -> None:
    rows = rows_of(client, resource.path, as_of=1)
    assert all(row["revision"] <= 1 for row in rows)
    if resource.many == "sources":
        assert {row["id"] for row in rows} == {"bnn-2024-03-31", "cnbc-2024-03-31"}
    elif "source" in resource.columns:
        assert {row["source"] for row in rows} <= {"bnn-2024-03-31"}


# Order and columns

SORTS = [
    pytest.param(resource, word, column, id=f"{resource.many}-{word}")
    for resource in RESOURCES
    for word, column in resource.sort_keys.items()
]


def ordered(
    rows: list[Row], column: str, *, descending: bool, ties_descending: bool = False
) -> list[str]:
    """Return the keys of rows sorted in plain Python: nulls last, ties by key."""
    by_key = sorted(rows, key=lambda row: str(row["id"]), reverse=ties_descending)
    there = [row for row in by_key if row[column] is not None]
    there.sort(key=lambda row: row[column], reverse=descending)
    return [row["id"] for row in there + [row for row in by_key if row[column] is None]]


@pytest.mark.parametrize(("resource", "word", "column"), SORTS)
def test_each_sort_key_sorts_both_ways_with_nulls_last(
    made_up: TestClient, resource: Resource, word: str, column: str
) -> None:
    rows = rows_of(made_up, resource.path)
    up, down = (keys_of(made_up, resource.path, sort=sort) for sort in (word, f"-{word}"))
    assert up == ordered(rows, column, descending=False)
    assert down == ordered(rows, column, descending=True, ties_descending=True)


@each
def test_several_sort_keys_sort_within_each_other(made_up: TestClient, resource: Resource) -> None:
    (first, one), (second, two) = (
        list(resource.sort_keys.items())[-1],
        next(iter(resource.sort_keys.items())),
    )
    rows = {row["id"]: row for row in rows_of(made_up, resource.path)}
    found = keys_of(made_up, resource.path, sort=f"-{first},{second}")
    expected = ordered(
        [rows[key] for key in ordered(list(rows.values()), two, descending=False)],
        one,
        descending=True,
    )
    assert found == expected


@each
def test_fields_pick_the_columns_and_their_order(made_up: TestClient, resource: Resource) -> None:
    random = Random(resource.many)
    whole = rows_of(made_up, resource.path, limit=20)
    for _ in range(8):
        chosen = random.sample(resource.columns, random.randint(1, len(resource.columns)))
        expected = [{name: row[name] for name in chosen} for row in whole]
        found = rows_of(made_up, resource.path, limit=20, fields=",".join(chosen))
        assert [list(row.items()) for row in found] == [list(row.items()) for row in expected]
        table = made_up.get(f"{resource.path}.csv", params={"fields": chosen, "limit": 1})
        assert table.text.splitlines()[0] == ",".join(chosen)


# Formats


LISTS = [
    *(resource.path for resource in RESOURCES),
    *(f"{resource.path}/{resource.many}-0000/history" for resource in MADE_UP),
    "/revisions",
    "/changes",
]


@pytest.mark.parametrize("table", TABLE_FORMATS, ids=lambda table: table.suffix)
@pytest.mark.parametrize("path", LISTS)
def test_all_formats_carry_the_same_values(
    made_up: TestClient, path: str, table: TableFormat
) -> None:
    data = made_up.get(path, params={"limit": 1000}).json()["data"]
    assert data
    accepted = f"{table.media_type};q=0.9, application/json;q=0.1"
    for address, accept in ((f"{path}.{table.suffix}", "*/*"), (path, accepted)):
        answer = made_up.get(address, headers={"Accept": accept})
        assert answer.headers["content-type"] == table.content_type
        assert f".{table.suffix}" in answer.headers["content-disposition"]
        names, rows = READERS[table.suffix](answer.content)
        assert names == list(data[0])
        for cells, row in zip(rows[:1000], data, strict=True):
            given = [typed(*pair) for pair in zip(cells, row.values(), strict=True)]
            assert given == list(row.values())


def test_whole_numbers_are_written_without_a_fraction(client: TestClient) -> None:
    figure = '"value":100000000,'
    assert figure in client.get("/adoption?id=ernie-bot-users-bnn").text
    assert figure in client.get("/adoption.ndjson?id=ernie-bot-users-bnn").text
    table = client.get("/adoption.csv?id=ernie-bot-users-bnn&fields=value").text
    assert table.splitlines() == ["value", "100000000"]


def test_the_suffix_of_the_address_comes_before_the_accept_header(client: TestClient) -> None:
    answer = client.get("/funding.csv", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


# The number of SQL statements


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SQL that answers take, but for what begins a transaction."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN") and current_thread().name != WATCH:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _counted(client: TestClient, path: str) -> int:
    client.get(path, headers=ANEW)  # the first of a connection asks the server what it is
    counts = []
    for _ in range(3):  # one that takes more than a moment, on a busy machine, is asked again
        with statements() as sent:
            assert client.get(path, headers=ANEW).status_code == 200
        counts.append(len(sent))
    return min(counts)


@each
def test_the_number_of_statements_does_not_grow_with_the_rows(
    client: TestClient, made_up: TestClient, resource: Resource
) -> None:
    keys = {client: resource.example, made_up: f"{resource.many}-0000"}
    if resource not in MADE_UP:
        keys[made_up] = resource.example
    for chosen, key in keys.items():
        count = partial(_counted, chosen)
        path = resource.path
        # The newest revision is kept, on SQLite, where the file is as it was.
        assert 1 <= count(f"{path}?limit=1") <= count(f"{path}?limit=1000") <= 2
        assert count(f"{path}?limit=1000&count=exact&sort=-id") == 3
        assert count(f"{path}?as_of=1&limit=1000") == 3
        assert count(f"{path}/{key}") == 2
        assert count(f"{path}/{key}/history") == 3
        # A table is read 1,000 rows at a time, each time in a short snapshot of two statements.
        assert count(f"{path}.ndjson") == 3
        # Of made-up rows a thousand are read again, for texts that a line cannot hold.
        assert count(f"{path}.csv") <= (3 if chosen is client else 5)


def test_the_lists_of_the_ledger_take_few_statements(
    client: TestClient, made_up: TestClient
) -> None:
    for chosen in (client, made_up):
        assert _counted(chosen, "/") == 2
        assert _counted(chosen, "/revisions") == 2
        assert _counted(chosen, "/changes?limit=1") == 4
        one_page = _counted(chosen, "/changes?limit=1000")
        assert one_page <= 4 + 2 * len(RESOURCES), "two a resource, whatever the rows"
        assert _counted(chosen, "/health") == 0


# Changes


def test_a_copy_that_follows_the_changes_becomes_the_data(made_up: TestClient) -> None:
    copy: dict[tuple[str, str], Row] = {}
    address = "/changes?since=0&limit=100"
    while address:
        page = made_up.get(address).json()
        for change in page["data"]:
            place = (change["resource"], change["id"])
            if change["action"] == "removed":
                assert change["item"] is None
                del copy[place]
            else:
                assert (place in copy) == (change["action"] == "changed")
                copy[place] = change["item"]
        address = page["links"]["next"]
    for resource in MADE_UP:
        rows = rows_of(made_up, resource.path)
        copied = [item for (name, _), item in copy.items() if name == resource.many]
        # What is worked out from other rows may change without a change of the row itself.
        for row in rows:
            for name in (*resource.ledger.derived, "licence"):
                if resource.many != "sources":  # whose own it is
                    row.pop(name, None)
        assert sorted(copied, key=lambda item: str(item["id"])) == rows


FOLLOWED: dict[str, Callable[[TestClient], Any]] = {
    "since": lambda client: {row["revision"] for row in rows_of(client, "/changes", since=2)},
    "resource": lambda client: {
        row["resource"] for row in rows_of(client, "/changes", resource="funding")
    },
}


def test_changes_and_revisions_can_be_asked_for_by_each_filter(made_up: TestClient) -> None:
    assert set(ChangeQuery.model_fields) - {"as_of", "limit", "cursor", "count"} == set(FOLLOWED)
    assert FOLLOWED["since"](made_up) == {3}
    assert FOLLOWED["resource"](made_up) == {"funding"}
    whole = rows_of(made_up, "/revisions")
    assert [row["id"] for row in whole] == sorted((row["id"] for row in whole), reverse=True)
    assert list(whole[0]) == list(RevisionList.columns)
    assert {row["author"] for row in rows_of(made_up, "/revisions", author="tests")} == {"tests"}
    assert rows_of(made_up, "/revisions", origin="cross-check") == []


def test_lists_are_lists_in_every_shape() -> None:
    """`is_list` decides how packs and samples read a cell; it must agree with the columns."""
    for resource in RESOURCES:
        lists = {name for name, field in resource.item.model_fields.items() if is_list(field)}
        assert set(resource.ledger.members) | set(resource.ledger.derived) <= lists
