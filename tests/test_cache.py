"""The cache: what it gives is what would be made anew, and no write is missed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from select import select
from typing import Any, ClassVar

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.http.cache import NEVER_KEPT
from app.main import create_app
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database, instant
from tests.answering import CACHED, client_of, is_problem
from tests.conftest import Templates
from tests.ledger_rows import company, source, total, write
from tests.random_writes import write_at_random
from tests.support import ROOT

Clients = tuple[TestClient, TestClient, Database]


@contextmanager
def _both(url: str, **changes: Any) -> Iterator[Clients]:
    """Yield clients of two applications over one database, with the cache and without, and it."""
    database = Database(url)
    cached = create_app(Settings(database_url=url, **changes))
    plain = create_app(Settings(database_url=url, **{**changes, "cache_bytes": 0}))
    with client_of(cached) as first, client_of(plain) as second:
        yield first, second, database
    database.close()


@pytest.fixture(scope="module")
def unwritten(sqlite_templates: Templates) -> Iterator[Clients]:
    """The same over a file that nobody writes to."""
    with _both(sqlite_templates.seeded()) as clients:
        yield clients


@pytest.fixture(scope="module")
def both(templates: Templates) -> Iterator[Clients]:
    """Clients with the cache and without, over a database that this file writes to."""
    url = templates.empty()
    database = Database(url)
    write(database, {SOURCES: [source("s"), source("t")]})
    write_at_random(database, Random(0))
    database.close()
    with _both(url) as clients:
        yield clients


def _told(answer: httpx2.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content


# What is kept is what would be made


QUERIES = st.sampled_from(
    [
        *("", "limit=2", "limit=1&count=exact", "as_of=1", "as_of=2", "sort=-id", "fields=id"),
        *("as_of=2024-01-01T00:00:00Z", "as_of=2999-01-01T00:00:00Z", "as_of=99999"),
        *("country=US", "country=US,CN", "country=US&country=CN", "country=CN,US", "country=us"),
        *("country=", "country=Nowhere", "unknown=1", "limit=0", "limit=2&limit=3", "&limit=2"),
        *("q=c0", "q=%63%30", "q=C0", "q=c0+", "q=c0%20", "q=c0%2B", "q=%ff", "a=b;limit=2"),
        *("citation=bibtex", "citation=text", "indicator=funding-amount&a=US&b=CN", "kind=total"),
    ]
)
PATHS = st.sampled_from(
    [
        *("/funding", "/funding.csv", "/funding.xlsx", "/funding/f0", "/funding/f0/history"),
        *(
            "/companies",
            "/companies.ndjson",
            "/companies/c0",
            "/models",
            "/models/m0",
            "/models/m1",
        ),
        *("/revisions", "/changes", "/changes.parquet", "/checks", "/indicators", "/gap", "/race"),
        *("/observations", "/claims", "/diff", "/export.zip", "/", "/docs", "/openapi.json"),
        *("/charts/funding-amount.vl.json", "/nowhere", "/fund%69ng", "/funding/", "/health"),
    ]
)
REQUESTS = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "GET", "GET", "HEAD"]),
        "path": PATHS,
        "query": QUERIES,
        "headers": st.fixed_dictionaries(
            {"Accept-Encoding": st.sampled_from(["gzip", "identity", "gzip;q=0, *", "br, gzip"])},
            optional={
                "Accept": st.sampled_from(["text/csv", "text/html", "*/*", "image/png", "a;b", ""]),
                "Host": st.sampled_from(["here", "there:81", "odd/host", "a b", ""]),
                "If-None-Match": st.sampled_from(["its", "weak", "plain", '"x"', "*", "its, x"]),
                "Cookie": st.just("a=b"),
                "Range": st.just("bytes=0-1"),
                "Origin": st.sampled_from(["https://example.org", "null"]),
            },
        ),
    }
)
STEPS = st.lists(st.one_of(REQUESTS, REQUESTS, REQUESTS, st.integers(0, 2**20)), max_size=12)


@settings(max_examples=60)
@given(steps=STEPS)
def test_what_is_kept_equals_what_is_made_anew(both: Clients, steps: list[Any]) -> None:
    """Over random requests and random writes, to the byte, headers and all."""
    cached, plain, database = both
    tags: dict[str, str] = {}
    for step in steps:
        if isinstance(step, int):
            write_at_random(database, Random(step))
            continue
        address = f"{step['path']}?{step['query']}"
        headers = dict(step["headers"])
        if asked := headers.get("If-None-Match"):
            tag = tags.get(address, '"none"')
            known = {"its": tag, "weak": f"W/{tag}", "plain": tag.replace('-gzip"', '"')}
            headers["If-None-Match"] = known.get(asked, asked.replace("its", tag))
        expected = _told(plain.request(step["method"], address, headers=headers))
        for _ in range(3):  # made, kept on trial, kept
            answer = cached.request(step["method"], address, headers=headers)
            assert _told(answer) == expected, (address, headers)
            tags[address] = answer.headers.get("etag", '"none"')


@pytest.mark.parametrize("address", CACHED)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_every_address_is_answered_alike_each_time(
    unwritten: Clients, address: str, encoding: str
) -> None:
    cached, plain, _ = unwritten
    headers = {"Accept-Encoding": encoding}
    expected = _told(plain.get(address, headers=headers))
    tag = {"If-None-Match": dict(expected[1])["etag"]}
    unchanged = _told(plain.get(address, headers=headers | tag))
    assert (expected[0], unchanged[0]) == (200, 304)
    for _ in range(3):
        assert _told(cached.get(address, headers=headers)) == expected
        assert _told(cached.get(address, headers=headers | tag)) == unchanged
        head = _told(cached.head(address, headers=headers))
        assert head == (200, expected[1], b"")


POISONED = [
    *(("/companies?q=a%2Bb", "/companies?q=a+b"), ("/companies?limit=1", "/companies?limit=%31")),
    *(("/companies?sort=id,name", "/companies?sort=name,id"), ("/companies", "/companies?")),
    *(("/companies?limit=1&limit=2", "/companies?limit=2&limit=1"), ("/companies", "/Companies")),
    *(("/companies?country=", "/companies?country"), ("/companies", "/companies/")),
    *(("/companies?q=", "/companies?Q="), ("/%63ompanies", "/companies"), ("/", "//")),
    *(("/companies?q=%00", "/companies?q=0"), ("/companies.csv", "/companies%2Ecsv")),
    *(("/companies?q=é", "/companies?q=e%CC%81"), ("/companies;a=b", "/companies?a=b")),
]


@pytest.mark.parametrize("addresses", [*POISONED, *(pair[::-1] for pair in POISONED)])
def test_no_address_is_answered_with_what_another_one_means(
    both: Clients, addresses: tuple[str, str]
) -> None:
    cached, plain, _ = both
    for _ in range(3):
        cached.get(addresses[0])
    assert _told(cached.get(addresses[1])) == _told(plain.get(addresses[1]))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("Accept", "text/csv")], [("Accept", "application/json")]),
        ([("Accept", "text/csv")], [("Accept", "application/json"), ("Accept", "text/csv")]),
        ([("Accept", "text/csv;q=0.1, */*")], [("Accept", "text/csv, */*;q=0.1")]),
        ([("Host", "evil.example")], [("Host", "race.example")]),
        ([("Host", "evil.example")], []),
        ([("Accept-Encoding", "gzip")], [("Accept-Encoding", "gzip;q=0")]),
        ([("Accept-Encoding", "gzip")], [("Accept-Encoding", "br"), ("Accept-Encoding", "gzip")]),
        ([("X-Forwarded-Host", "evil.example")], []),
        ([("X-HTTP-Method-Override", "DELETE")], []),
        ([("Cookie", "a=b")], []),
        ([("Origin", "https://evil.example")], [("Origin", "https://race.example")]),
    ],
)
def test_no_header_of_one_changes_the_answer_of_another(
    both: Clients, first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    cached, plain, _ = both
    address = "/race?countries=US,CN"
    for _ in range(3):
        cached.get(address, headers=first)
    assert _told(cached.get(address, headers=second)) == _told(plain.get(address, headers=second))


def test_addresses_with_and_without_the_prefix_of_a_proxy_stay_apart(
    sqlite_templates: Templates,
) -> None:
    with _both(sqlite_templates.seeded(), root_path="/airace") as (cached, plain, _):
        for address in ("/funding", "/airace/funding", "/airace/airace/funding") * 2:
            assert _told(cached.get(address)) == _told(plain.get(address))


class _Name(bytes):
    """The name of a header of a request, which notes what it is compared with."""

    noted: ClassVar[set[str]] = set()
    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, bytes):
            self.noted.add(bytes.decode(other))
        return bytes.__eq__(self, other)


def test_answers_are_made_from_no_header_that_the_cache_does_not_know(
    sqlite_templates: Templates,
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded(), cache_bytes=0))
    front = app.front  # type: ignore[attr-defined]

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        _Name.noted.clear()
        if scope["type"] == "http":
            scope["headers"] = [(_Name(name), value) for name, value in scope["headers"]]
        await front(scope, receive, send)
        read.update(_Name.noted)

    app.front = noting  # type: ignore[attr-defined]
    read: set[str] = set()
    with client_of(app) as client:
        for address in CACHED:
            assert client.get(address, headers={"If-None-Match": '"a"'}).status_code == 200
    keyed = {"host", "accept", "accept-encoding", "if-none-match"}
    assert keyed <= read
    # FastAPI takes cookies apart for routes that declare some; none of ours does.
    assert read <= keyed | {"content-length", "transfer-encoding", "if-match", "cookie"}
    assert b"if-match" in NEVER_KEPT


# Writes


def test_a_write_of_this_process_is_seen_by_the_next_request(both: Clients) -> None:
    cached, plain, database = both
    for turn in range(20):
        cached.get("/companies/c0")
        cached.get("/companies/c0")
        write(database, {COMPANIES: [company("c0", note=f"turn {turn}")]})
        assert cached.get("/companies/c0").json()["data"]["note"] == f"turn {turn}"
        assert _told(cached.get("/companies")) == _told(plain.get("/companies"))


def test_a_rename_and_a_removal_are_seen_by_the_next_request(both: Clients) -> None:
    cached, _, database = both
    write(database, {COMPANIES: [company("before")]})
    for _ in range(2):
        assert cached.get("/companies/before").status_code == 200
        assert cached.get("/companies/after").status_code == 404
    with database.write(author="tests", message="another key") as writing:
        writing.rename(COMPANIES.ledger, "before", "after")
    assert cached.get("/companies/before", follow_redirects=False).status_code == 308
    assert cached.get("/companies/after").status_code == 200
    write(database, remove={COMPANIES: ["after"]})
    is_problem(cached.get("/companies/after"), 404)


OTHER = """
import sys, time
from app.resources.companies import COMPANIES
from app.storage.database import Database
from tests.ledger_rows import company, write
database = Database(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    write(database, {COMPANIES: [company("far", note=line.strip())]})
    print(time.monotonic(), flush=True)
"""


def test_a_write_of_another_process_is_seen_within_the_bound(templates: Templates) -> None:
    url = templates.empty()
    bound = 0.005 if url.startswith("sqlite") else 0.2
    command = [sys.executable, "-c", OTHER, url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with _both(url) as (cached, _, database), subprocess.Popen(command, cwd=ROOT, **pipes) as other:
        assert other.stdin
        assert other.stdout
        write(database, {SOURCES: [source("s")], COMPANIES: [company("far", note="none")]})
        assert other.stdout.readline() == "ready\n"
        for turn in range(5):
            other.stdin.write(f"{turn}\n")
            other.stdin.flush()
            # Asked without rest until the other has written, so that the old answer is kept to
            # the last, and from then on until some requests came after the bound.
            written, after = float("inf"), list[str]()
            while len(after) < 3:
                asked = time.monotonic()
                note = cached.get("/companies/far").json()["data"]["note"]
                if asked >= written + bound:
                    after.append(note)
                elif written == float("inf") and select([other.stdout], [], [], 0)[0]:
                    written = float(other.stdout.readline())
            assert set(after) == {str(turn)}
        other.stdin.close()


# Errors, and what depends on the time


def test_an_error_is_not_kept(both: Clients) -> None:
    cached, _, database = both
    for _ in range(3):
        is_problem(cached.get("/funding/not-yet"), 404)
    write(database, {FUNDING: [total("not-yet")]})
    assert cached.get("/funding/not-yet").status_code == 200


def test_an_instant_that_was_to_come_is_answered_once_it_has(both: Clients) -> None:
    cached, plain, _ = both
    soon = instant(datetime.now(UTC) + timedelta(seconds=1))
    address = f"/funding?as_of={soon}"
    for _ in range(3):
        is_problem(cached.get(address), 422)
    time.sleep(1.1)
    assert _told(cached.get(address)) == _told(plain.get(address))
    assert cached.get(address).status_code == 200
