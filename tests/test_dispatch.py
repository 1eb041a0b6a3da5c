"""The short way to a route answers as the router does, to the byte; pages of JSON as rows do."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Integer, bindparam, event, func, literal_column, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.testclient import TestClient

from app.http.dispatch import Dispatch
from app.kit.promptly import AT_ONCE_AT_MOST, TakesTime, promptly
from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.json_pages import read_json_page
from app.resources.queries import list_query
from app.resources.reading import ResourceList, read_page
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.storage import held, steps
from app.storage.compiled import Compiled
from app.storage.database import Database
from tests.answering import ADDRESSES
from tests.conftest import Templates
from tests.ledger_rows import (
    adoption,
    ai_model,
    company,
    funding_round,
    source,
    statistic,
    total,
    write,
)


@dataclass(frozen=True)
class Asked:
    """A request, as bytes."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


Answered = tuple[int, list[tuple[bytes, bytes]], bytes]


def ask(app: FastAPI, asked: Asked) -> Answered:
    """Return the status, the headers and the body that an application answers with."""
    return asyncio.run(_ask(app, asked))


async def _ask(app: FastAPI, asked: Asked) -> Answered:
    told: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": asked.method,
        "path": asked.path,
        "raw_path": asked.path.encode(),
        "query_string": asked.query,
        "root_path": "",
        "headers": list(asked.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        if told and not told[-1].get("more_body"):
            return {"type": "http.disconnect"}
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    start = told[0]
    return start["status"], list(start["headers"]), b"".join(part["body"] for part in told[1:])


def _without_dispatch(app: FastAPI) -> FastAPI:
    layer: Any = app
    while not isinstance(layer, Dispatch):
        layer = next(
            vars(layer)[name] for name in ("front", "app", "_plain") if name in vars(layer)
        )
    assert layer._handlers
    layer._handlers.clear()
    return app


@pytest.fixture(scope="module")
def both_ways(templates: Templates) -> Iterator[tuple[FastAPI, FastAPI]]:
    """The application as it is, and with nothing but the router, over the same data.

    Neither keeps answers: they are to be made each time.
    """
    settings = Settings(database_url=templates.seeded(), cache_bytes=0)
    quick, plain = create_app(settings), _without_dispatch(create_app(settings))
    with TestClient(quick), TestClient(plain):
        yield quick, plain


TABULAR = (".xlsx", ".parquet", ".zip")  # these hold the time at which they were made
PATHS = [path for path in ADDRESSES if not path.endswith(TABULAR)]
NAMES = sorted({name for each in RESOURCES for name in list_query(each).model_fields})
VALUES = [
    *("US", "us,CN", "USA", "Chna", "nowhere", "2023", "2022..2023", "..2023", "2023-13", ""),
    *("id", "-id", "country", "-amount_usd,country", "sideways", "id,country,amount_usd"),
    *("1", "50", "1000", "1001", "0", "-1", "1_0", "99999999999999999999", "1e3", " 5 ", "5.5"),
    *("exact", "about", "total", "round", "open", "none", "anthropic", "amazon,microsoft", "ernie"),
    *("bnn-2024-03-31", "WyI0Il0", "WyI5NGVjZGQ3Mzk3ZTMiLDEsImMxIl0", "%E2%82%AC", "%ff", "%00"),
    *("a%26b", "a=b", "a+b", "%zz", "é", "%F0%9F%98%80", "'; --", "x" * 300),
]
ACCEPTS = [b"*/*", b"application/json", b"text/csv", b"text/html, */*;q=0.1", b"image/png", b"//"]
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just(b"accept"), st.sampled_from(ACCEPTS)),
        st.tuples(
            st.just(b"accept-encoding"),
            st.sampled_from([b"gzip", b"identity", b"gzip;q=0", b"*", b"br, gzip;q=0.5", b""]),
        ),
        st.tuples(st.just(b"if-none-match"), st.sampled_from([b"*", b'"x"', b"", b'W/"2-x-gzip"'])),
        st.tuples(st.just(b"content-length"), st.sampled_from([b"0", b"", b"x", b"99999999999"])),
    ),
    max_size=3,
).map(tuple)
PAIRS = st.tuples(st.sampled_from([*NAMES, "contry", "", "a b"]), st.sampled_from(VALUES))
LIKELY = st.tuples(
    st.sampled_from(["country", "sort", "fields", "limit", "period", "source", "kind"]),
    st.sampled_from(VALUES[:24]),
)
QUERIES = st.one_of(
    st.lists(LIKELY, max_size=2).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs)),
    st.lists(PAIRS, max_size=4).map(lambda pairs: "&".join(f"{n}={v}" for n, v in pairs)),
    st.text("abc=&;%+,.-~01é\x00 ", max_size=12),
).map(lambda text: text.encode())
ODD_PATHS = ["/fundin", "/funding/", "//funding", "/Funding", "/funding\n", "/funding?", "*", ""]
REQUESTS = st.builds(
    Asked,
    st.sampled_from(["GET"] * 6 + ["HEAD", "HEAD", "OPTIONS", "POST", "DELETE", "get", "TRACE"]),
    st.sampled_from([*PATHS, *(each.path for each in RESOURCES), *ODD_PATHS]),
    QUERIES,
    HEADERS,
)


@settings(max_examples=400)
@given(asked=REQUESTS)
def test_the_short_way_answers_as_the_router_does(
    both_ways: tuple[FastAPI, FastAPI], asked: Asked
) -> None:
    short, plain = both_ways
    answer = ask(short, asked)
    assert answer == ask(plain, asked)
    if etag := dict(answer[1]).get(b"etag"):
        known = Asked(
            asked.method, asked.path, asked.query, (*asked.headers, (b"if-none-match", etag))
        )
        assert ask(short, known) == ask(plain, known)


def test_pages_are_walked_alike_both_ways(both_ways: tuple[FastAPI, FastAPI]) -> None:
    short, plain = both_ways
    for resource in RESOURCES:
        for sort in [word for key in resource.sort_keys for word in (key, f"-{key}")]:
            following: str | None = f"{resource.path}?limit=7&sort={sort}"
            for _ in range(4):
                if not following:
                    break
                path, _, query = following.partition("?")
                answer = ask(short, Asked("GET", path, query.encode()))
                assert answer[0] == 200
                assert answer == ask(plain, Asked("GET", path, query.encode()))
                following = orjson.loads(answer[2])["links"]["next"]


# Pages as the database writes them

ODD = [
    *('a "quoted" word', "back\\slash", "a/b", "tab\there", "line\nfeed", "\x01\x1f", "\x7f", "'"),
    *("Zoë, 中文, 😀", "\u2028\u2029", "{}[],:", "null", " ", "%s %(x)s ?", "\ud7ff\uffff"),
]
NUMBERS = [0, 1, 5, 0.1, 1 / 3, 5.0e25, 1e16, 2.0**53, 123456789.125, 1e-7, 1e22, 1e23]
SOME_EACH: dict[Resource, list[Any]] = {
    SOURCES: [source("s", licence="CC BY 4.0"), source("t")],
    COMPANIES: [company("c1", country="US", aliases=["C One", "C-1"]), company("c2")],
    AI_MODELS: [ai_model("m1", developers=["c1", "c2"]), ai_model("m2")],
    FUNDING: [
        *(
            {**funding_round(f"f{n:02}", "c1", investors=["c2", "c1"][: n % 3]), "note": text}
            for n, text in enumerate(ODD)
        ),
        *(
            total(f"t{n}", amount_usd=n % 3, qualifier="exact", amount=n, currency="USD")
            for n in range(6)
        ),
        *(total(f"u{n}", deals=n % 2, deals_qualifier="about", source="t") for n in range(6)),
    ],
    ADOPTION: [adoption("a1", value=5, unit="users"), adoption("a2")],
    STATISTICS: [statistic(f"n{n:02}", value=value) for n, value in enumerate(NUMBERS)],
}


@pytest.fixture(scope="module")
def odd(templates: Templates) -> Iterator[Database]:
    """A database of texts and numbers that are hard to write."""
    database = Database(templates.empty())
    write(database, SOME_EACH)
    yield database
    database.close()


def _queries(resource: Resource) -> Iterator[dict[str, Any]]:
    yield {}
    yield {"fields": [resource.columns[-1], "id"]}
    yield {"fields": ["revision", "recorded_at"]}
    if "source" in resource.filters.model_fields:
        yield {"source": ["s", "t", "x"]}
        yield {"licence": ["none"]}
    keys = list(resource.sort_keys)
    for first in keys:
        yield {"sort": [first]}
        yield {"sort": [f"-{first}"]}
        yield {"sort": [f"-{first}", *(key for key in keys[-2:] if key != first)]}


def test_a_page_that_the_database_writes_is_the_page_of_its_rows(odd: Database) -> None:
    for resource in RESOURCES:
        listing, model = ResourceList(resource), list_query(resource)
        for given_ in _queries(resource):
            query = model.model_validate({"limit": "4", "count": "exact", **given_})
            seen = 0
            while True:
                with odd.read() as transaction:
                    at = transaction.latest
                    page = read_page(transaction, listing, query, at)
                    written = read_json_page(transaction, listing, query, at)
                assert orjson.dumps(written.rows) == orjson.dumps(page.items)
                assert written.count == len(page.items)
                assert written.total == page.total
                assert written.next_cursor == page.next_cursor
                seen += written.count
                if not written.next_cursor:
                    break
                query = query.model_copy(update={"cursor": written.next_cursor})
            assert seen == page.total or "limit" not in model.model_fields


# What takes its time


@pytest.fixture(scope="module")
def url(sqlite_templates: Templates) -> str:
    """The URL of an SQLite file with the packs that ship."""
    return sqlite_templates.seeded()


@pytest.fixture
def app(url: str) -> Iterator[FastAPI]:
    """The application over it, which makes each answer anew."""
    app = create_app(Settings(database_url=url, cache_bytes=0))
    with TestClient(app):
        yield app


def _readers(app: FastAPI, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the names of the threads in which the pages of an answer were read.

    It was asked for before: what is new is made ready in a thread.
    """
    assert ask(app, asked)[0] == 200
    seen = set()

    def noting(*arguments: Any) -> Any:
        seen.add(threading.current_thread().name)
        return read_json_page(*arguments)

    monkeypatch.setattr("app.http.answers.read_json_page", noting)
    assert ask(app, asked)[0] == 200
    monkeypatch.undo()
    return seen


def test_a_short_read_stays_in_the_event_loop(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _readers(app, Asked("GET", "/funding", b"country=US"), monkeypatch) == {"MainThread"}


@pytest.mark.parametrize("query", [b"limit=1000", b"as_of=1", b"count=exact", b"limit=101"])
def test_what_may_be_long_is_read_in_a_thread(
    app: FastAPI, query: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "MainThread" not in _readers(app, Asked("GET", "/funding", query), monkeypatch)


def test_a_read_that_turns_out_to_be_long_is_given_up_and_read_in_a_thread(
    app: FastAPI, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked("GET", "/funding", b"country=US")
    answer = ask(app, asked)
    monkeypatch.setattr(held, "_STEPS_AT_MOST", 0)
    monkeypatch.setattr(held, "BETWEEN_LOOKS", 100)
    monkeypatch.setattr(steps, "BETWEEN_LOOKS", 100)
    other = create_app(Settings(database_url=url, cache_bytes=0))
    with TestClient(other):
        assert ask(other, asked) == answer


def test_a_snapshot_that_must_be_prompt_is_given_up_when_it_lasts(templates: Templates) -> None:
    database = Database(templates.seeded())
    long = 100_000 if database.is_file else 1_000_000

    def read(size: int) -> int:
        with database.read() as transaction:
            found = transaction.connection.exec_driver_sql(
                f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {size}) "
                "SELECT count(*) FROM n"
            )
            return int(found.scalar_one())

    assert promptly(read, 10) == 10
    with pytest.raises(TakesTime):
        promptly(read, long)
    assert read(long) == long
    assert promptly(read, 10) == 10, "what is held is of use again"
    database.close()


def test_what_was_written_during_a_read_is_not_mixed_into_it(templates: Templates) -> None:
    url = templates.seeded()
    database, other = Database(url), Database(url)

    def read(name: str) -> tuple[int, int]:
        with database.read() as transaction:
            at = transaction.latest.id
            if name:
                write(other, {SOURCES: [source("s")], COMPANIES: [company(name)]})
                if name == "wrong":
                    raise ValueError(name)
            rows = transaction.rows(COMPANIES.ledger, transaction.latest).select(["id"])
            return at, len(transaction.connection.execute(rows).all())

    at, count = promptly(read, "")
    for name in ("late", "wrong"):
        with pytest.raises(TakesTime):
            promptly(read, name)
    assert promptly(read, "") == (at + 2, count + 2)
    other.close()
    database.close()


@pytest.fixture(scope="module")
def on_server(postgresql_templates: Templates) -> str:
    """The URL of a PostgreSQL database with the packs that ship."""
    return postgresql_templates.seeded()


def test_a_server_is_never_waited_for_in_the_event_loop(
    on_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(database_url=on_server, cache_bytes=0))
    with TestClient(app):
        readers = _readers(app, Asked("GET", "/funding", b"country=US"), monkeypatch)
    assert readers
    assert all("ThreadPoolExecutor" in name for name in readers)


def test_a_page_of_a_server_is_one_statement(on_server: str) -> None:
    app = create_app(Settings(database_url=on_server, cache_bytes=0))
    asked = Asked("GET", "/funding", b"country=US&sort=-amount_usd&limit=2")
    statements = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with TestClient(app):
        expected = ask(app, asked), ask(app, asked)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert ask(app, asked) == expected[0] == expected[1]
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert "row_to_json" in statements[0]


def test_a_page_read_in_a_state_that_had_passed_is_read_again(on_server: str) -> None:
    database, other = Database(on_server), Database(on_server)
    listing, model = ResourceList(COMPANIES), list_query(COMPANIES)

    def read(name: str) -> tuple[int, int]:
        with database.read() as transaction:
            at = transaction.latest
            if name:
                write(other, {SOURCES: [source("s")], COMPANIES: [company(name)]})
            query = model.model_validate({"limit": "100"})
            return at.id, read_json_page(transaction, listing, query, at).count

    read("")  # what is new is made ready where nobody waits
    at, count = promptly(read, "")
    assert promptly(read, "") == (at, count)
    with pytest.raises(TakesTime):
        promptly(read, "late")
    assert promptly(read, "") == (at + 1, count + 1)
    other.close()
    database.close()


def test_what_is_held_on_a_server_cannot_write(on_server: str) -> None:
    database = Database(on_server)

    def remove(_: None) -> None:
        with database.read() as transaction:
            transaction.connection.exec_driver_sql("DELETE FROM funding")

    with pytest.raises(SQLAlchemyError, match="read-only"):
        promptly(remove, None)
    database.close()


def test_a_connection_that_was_lost_is_opened_anew(on_server: str) -> None:
    database = Database(on_server)

    def process(_: None) -> int:
        with database.read() as transaction:
            found = transaction.connection.exec_driver_sql("SELECT pg_backend_pid()")
            return int(found.scalar_one())

    lost = promptly(process, None)
    assert promptly(process, None) == lost
    with database.migrating() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({lost})")
    with pytest.raises(TakesTime):
        promptly(process, None)
    assert promptly(process, None) != lost
    database.close()


def test_compiled_queries_of_a_server_have_one_cursor_a_connection(on_server: str) -> None:
    database = Database(on_server)
    one = bindparam("one", type_=Integer())
    twice = select(func.pg_backend_pid(), one + one, literal_column("'100% %(one)s'"))

    def ask(values: dict[str, Any]) -> tuple[Any, object]:
        with database.read() as transaction:
            connection = transaction.connection
            compiled = Compiled(twice, connection.dialect)
            assert "$1::INTEGER + $1::INTEGER" in compiled.text
            (row,) = compiled.fetch(connection, values)
            return row, next(iter(connection.info.values()))

    (process, *rest), cursor = promptly(ask, {"one": 21})
    assert rest == [42, "100% %(one)s"]
    again, same = promptly(ask, {"one": 2})
    assert ((again[0], again[1]), same) == ((process, 4), cursor)
    with pytest.raises(DBAPIError, match="out of range"):
        promptly(ask, {"one": 2**31 - 1})
    assert promptly(ask, {"one": 3})[0][:2] == (process, 6), "a refusal leaves it of use"
    with database.migrating() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({process})")
    with pytest.raises(TakesTime):
        promptly(ask, {"one": 1})
    (other, *_), another = promptly(ask, {"one": 5})
    assert other != process
    assert another is not cursor
    database.close()


def test_more_reads_than_are_held_take_their_time(templates: Templates) -> None:
    database = Database(templates.seeded())

    def read_within(depth: int) -> int:
        with database.read():
            return read_within(depth - 1) if depth else 0

    held_at_once = 1 if database.is_file else AT_ONCE_AT_MOST
    assert promptly(read_within, held_at_once - 1) == 0
    with pytest.raises(TakesTime):
        promptly(read_within, held_at_once)
    assert promptly(read_within, held_at_once - 1) == 0, "all were given back"
    database.close()
