"""What is kept in memory of a revision: never stale, never another's, bounded, made by one."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from app.analysis import listed_rounds
from app.analysis.kept import Kept
from app.main import create_app
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.storage import database as database_module
from app.storage.database import Database, Revision
from app.storage.ledger import StoredRow
from tests.conftest import Templates
from tests.ledger_rows import company, funding_round, source, statistic, write

NOW = Revision(7, "2026-11-24T00:00:00.000000Z")
GAP = "/gap?indicator=rounds-amount"
ANSWERS = (
    GAP,
    "/gap?indicator=rounds-count&a=GB&b=CN",
    "/observations?indicator=rounds-amount,rounds-count",
    "/observations?indicator=rounds-amount&units=share&country=US,CN",
    "/observations?indicator=rounds-count&country=US&latest=1",
    "/indicators",
    "/race",
)


def a_round(key: str, country: str, amount: int, **fields: Any) -> StoredRow:
    stated = {"country": country, "amount_usd": amount, "qualifier": "exact", **fields}
    return funding_round(key, "maker", **stated)


def begin(database: Database, *rounds: StoredRow) -> None:
    parts = {SOURCES: [source("s"), source("t")], COMPANIES: [company("maker")]}
    write(database, {**parts, FUNDING: rounds})


ROUNDS = (
    a_round("one", "US", 5),
    a_round("two", "US", 7, qualifier="about", period="2023-11"),
    a_round("three", "CN", 4, price_base="constant-2021", original_source="t"),
    a_round("four", "CN", 2**53 + 1, source="t"),
    a_round("five", "GB", 0, period="2022-12/2023-01"),
    a_round("six", "GB", 3, period="2021", original_source="t"),
)


@pytest.fixture
def url(templates: Templates) -> str:
    """The URL of a database with a few rounds."""
    made = templates.empty()
    database = Database(made)
    begin(database, *ROUNDS)
    database.close()
    return made


@pytest.fixture
def writer(url: str) -> Iterator[Database]:
    """The same database, opened a second time."""
    database = Database(url)
    yield database
    database.close()


@contextmanager
def asking(url: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=url, seed=""))) as client:
        yield client


def data(client: TestClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def amounts(client: TestClient, more: str = "") -> dict[str, float]:
    """Return what the gap says of 2023, by country."""
    (comparison,) = data(client, GAP + more)["comparisons"]
    (period,) = comparison["periods"]
    return {side["country"]: side["value"] for side in (period["a"], period["b"])}


@contextmanager
def reading_funding() -> Iterator[list[str]]:
    """Collect the SQL that reads funding."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM funding" in statement:
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


# Answers


def test_rounds_are_added_up_once_in_a_revision(url: str) -> None:
    with asking(url) as client:
        for first, again in (
            (GAP, "/observations?indicator=rounds-count&country=CN&units=change"),
            ("/observations?indicator=rounds-amount", "/gap?indicator=rounds-count&a=GB&b=US"),
            ("/indicators", "/indicators/rounds-amount"),
        ):
            data(client, first)
            with reading_funding() as sent:
                data(client, again)
            assert not sent, again


def test_a_write_is_seen_by_the_next_request(url: str, writer: Database) -> None:
    with asking(url) as client:
        write(writer, {FUNDING: [a_round("cn", "CN", 4)]})
        assert amounts(client) == {"US": 12, "CN": 4}
        catalogue = data(client, "/indicators")
        write(writer, {FUNDING: [a_round("us", "US", 88)], STATISTICS: [statistic("patents")]})
        assert amounts(client) == {"US": 100, "CN": 4}
        write(writer, remove={FUNDING: ["us", "one"]})
        assert amounts(client) == {"US": 7, "CN": 4}
        there = {entry["id"]: entry["observations"] for entry in data(client, "/indicators")}
        assert set(there) - {entry["id"] for entry in catalogue} == {"patents"}
        assert there["patents"] == 1


def test_a_write_of_another_process_is_seen_by_the_next_request(url: str) -> None:
    program = """
import sys
from app.resources.funding import FUNDING
from app.storage.database import Database
from tests.ledger_rows import write
from tests.test_kept import a_round
write(Database(sys.argv[1]), {FUNDING: [a_round("us", "US", int(sys.argv[2]))]})
"""
    with asking(url) as client:
        data(client, GAP)
        for amount in (1, 2):
            subprocess.run([sys.executable, "-c", program, url, str(amount)], check=True)
            (us,) = data(client, "/observations?indicator=rounds-amount&country=US")
            assert us["value"] == 12 + amount


def test_what_was_and_what_is_are_kept_apart(url: str, writer: Database) -> None:
    with asking(url) as client:
        before = {address: data(client, address) for address in ANSWERS}
        more = [a_round("us", "US", 88), a_round("cn", "CN", 9, period="2024")]
        write(writer, {FUNDING: more}, {FUNDING: ["three"]})
        now = {address: data(client, address) for address in ANSWERS}
        assert all(now[address] != before[address] for address in (GAP, "/indicators"))
    with asking(url) as client:  # in any order, also where nothing was kept while it was new
        for address in ANSWERS:
            mark = "&" if "?" in address else "?"
            assert data(client, f"{address}{mark}as_of=1") == before[address]
            assert data(client, address) == now[address]
            assert data(client, f"{address}{mark}as_of=2") == now[address]


def test_two_databases_with_revisions_alike_are_kept_apart(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "instant", lambda _moment: "2026-11-24T00:00:00.000000Z")
    urls = templates.empty(), templates.empty()
    for url, amount in zip(urls, (5, 6), strict=True):
        database = Database(url)
        begin(database, a_round("us", "US", amount), a_round("cn", "CN", 1))
        database.close()
    with asking(urls[0]) as one, asking(urls[1]) as other:
        for _ in range(2):
            assert amounts(one) == {"US": 5, "CN": 1}
            assert amounts(other) == {"US": 6, "CN": 1}
            assert one.get("/race").json()["meta"] == other.get("/race").json()["meta"]


@pytest.mark.parametrize("most", [0, 1, 4])
def test_where_there_are_too_many_sums_to_keep_the_answers_are_the_same(
    url: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asking(url) as client:
        kept = {address: client.get(address).content for address in ANSWERS}
    monkeypatch.setattr(listed_rounds, "SUMS_AT_MOST", most)
    with asking(url) as client:
        assert {address: client.get(address).content for address in ANSWERS} == kept


# Keeping


def test_what_is_kept_is_bounded_by_its_size() -> None:
    kept = Kept(at_most=10_000)
    for number in range(200):
        found = kept.parts(NOW, f"work {number % 7}", [str(number)], lambda parts: {parts[0]: "x"})
        assert found == {str(number): "x"}
        assert kept.size <= 10_000
    assert kept.size > 9_000
    large = kept.parts(NOW, "large", ["a"], lambda _parts: {"a": "x" * 20_000})
    assert large == {"a": "x" * 20_000}
    assert kept.size <= 10_000


def test_what_was_asked_for_last_stays() -> None:
    kept = Kept(at_most=3_000)
    made: list[str] = []

    def make(parts: Sequence[str]) -> dict[str, str]:
        made.extend(parts)
        return dict.fromkeys(parts, "x" * 300)

    for part in ("often", "a", "often", "b", "often", "c", "often", "d", "often"):
        kept.parts(NOW, "work", [part], make)
    assert made == ["often", "a", "b", "c", "d"]


def test_of_some_parts_only_those_missing_are_made() -> None:
    kept = Kept()
    kept.parts(NOW, "work", ["a"], lambda parts: dict.fromkeys([*parts, "beside"], "1"))
    found = kept.parts(NOW, "work", ["a", "b", "beside"], lambda parts: dict.fromkeys(parts, "2"))
    assert found == {"a": "1", "b": "2", "beside": "1"}
    for at, work in (
        (NOW, "another"),
        (Revision(8, NOW.recorded_at), "work"),
        (Revision(7, "2026-11-25T00:00:00.000000Z"), "work"),
    ):
        assert kept.parts(at, work, ["a"], lambda _parts: {"a": "3"}) == {"a": "3"}


def test_one_request_makes_and_the_others_wait_for_it() -> None:
    kept = Kept()
    together = threading.Barrier(8)
    made: list[str] = []
    slow = threading.Event()

    def make(parts: Sequence[str]) -> dict[str, str]:
        made.extend(parts)
        slow.wait(0.2)
        return dict.fromkeys(parts, "x")

    def ask() -> None:
        together.wait()
        assert kept.parts(NOW, "work", ["a"], make) == {"a": "x"}

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["a"]


def test_what_could_not_be_made_is_made_by_the_next() -> None:
    kept = Kept()

    def fail(_parts: Sequence[str]) -> dict[str, str]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        kept.parts(NOW, "work", ["a"], fail)
    assert kept.parts(NOW, "work", ["a"], lambda _parts: {"a": "x"}) == {"a": "x"}
