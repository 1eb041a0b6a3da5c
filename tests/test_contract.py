"""What is the same for every address: strict parameters, errors, caching, encodings, streams."""

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from app.http import answers
from app.main import create_app
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES, SourceFact
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates

MARK = "zzmarkerzz"
ADDRESSES = [
    *(resource.path for resource in RESOURCES),
    *(f"{resource.path}.{suffix}" for resource in RESOURCES for suffix in ("csv", "ndjson")),
    *(f"{resource.path}/{resource.example}" for resource in RESOURCES),
    *(f"{resource.path}/{resource.example}/history" for resource in RESOURCES),
    *("/revisions", "/revisions.csv", "/changes", "/changes.ndjson"),
    *("/", "/health", "/ready", "/openapi.json", "/docs", "/static/site.css"),
]
CACHED = [address for address in ADDRESSES if address not in {"/health", "/ready"}]
DATA = [address for address in CACHED if not address.startswith(("/openapi", "/docs", "/static"))]


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """Prove that an answer is a problem of the one shape that errors have, and return it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    problem: dict[str, Any] = answer.json()
    assert list(problem) == ["type", "title", "status", "detail", "errors"]
    assert problem["type"].startswith("urn:airace:problem:")
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    for error in problem["errors"]:
        assert list(error) == ["parameter", "detail", "allowed", "nearest"]
        assert isinstance(error["allowed"], list)
    for leak in (MARK, "SELECT", "sqlite", "psycopg", "Traceback", "/app/", ".py", ".db"):
        assert leak not in answer.text, leak
    return problem


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application by uvicorn on a free port; yield its base URL."""
    config = uvicorn.Config(app, log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextmanager
def client_of(app: FastAPI) -> Iterator[TestClient]:
    """Yield a client of an application that answers its own faults."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def sqlite_client(sqlite_templates: Templates) -> Iterator[TestClient]:
    """A client of one database, for what no database has a part in."""
    with client_of(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        yield client


# Parameters


@pytest.mark.parametrize(
    ("query", "named", "nearest"),
    [
        ("contry=US", "contry", "country"),
        ("min_amount=1", "min_amount", "min_amount_usd"),
        ("COUNTRY=US", "COUNTRY", "country"),
        ("limits=1", "limits", "limit"),
        ("xyzzy=1", "xyzzy", None),
        (f"{MARK}%20=1", None, None),
        ("sort=id&sort=id&asof=1", "asof", "as_of"),
    ],
)
def test_an_unknown_parameter_is_an_error_with_the_nearest_spelling(
    sqlite_client: TestClient, query: str, named: str | None, nearest: str | None
) -> None:
    (error,) = is_problem(sqlite_client.get(f"/funding?{query}"), 400)["errors"]
    assert (error["parameter"], error["nearest"]) == (named, nearest)
    assert {"country", "as_of", "limit"} <= set(error["allowed"])


@pytest.mark.parametrize("address", [address for address in DATA if address != "/"])
def test_every_address_refuses_what_it_does_not_know(
    sqlite_client: TestClient, address: str
) -> None:
    problem = is_problem(sqlite_client.get(f"{address}?nonsense={MARK}&other=1"), 400)
    assert [error["parameter"] for error in problem["errors"]] == ["nonsense", "other"]


@pytest.mark.parametrize("name", ["limit", "period", "as_of", "min_amount_usd", "count", "cursor"])
def test_a_single_value_given_twice_is_an_error(sqlite_client: TestClient, name: str) -> None:
    (error,) = is_problem(sqlite_client.get(f"/funding?{name}=1&{name}=1"), 400)["errors"]
    assert error["parameter"] == name


def test_a_list_takes_commas_repeats_and_both(client: TestClient) -> None:
    wanted = client.get("/funding?country=US,CN,GB").json()["data"]
    assert {row["country"] for row in wanted} == {"US", "CN", "GB"}
    for query in ("country=US&country=CN&country=GB", "country=US,CN&country=GB"):
        assert client.get(f"/funding?{query}").json()["data"] == wanted


LARGE = "9" * 20
BAD_VALUES: list[tuple[str, str, str]] = [
    *(("funding", "country", value) for value in ("", "Korea", "XX", MARK, "US,", "US;CN", "U")),
    *(("funding", "kind", value) for value in ("", "totl", MARK, "total,rnd", "TOTAL")),
    *(
        ("funding", "min_amount_usd", value)
        for value in ("", "1_000", "1.0", " 5 ", LARGE, "-1", "1e3", "+1", "0x1", "٣", "1,5", MARK)
    ),
    *(
        ("funding", "period", value)
        for value in (
            "",
            "23",
            "2023-13",
            "2023-02-30",
            "2024..2022",
            "..",
            "2023-Q5",
            "0000",
            MARK,
        )
    ),
    *(
        ("funding", "as_of", value)
        for value in ("", "99", "-1", LARGE, "2999-01-01", "1999-01-01", "today", "1.0", MARK)
    ),
    *(("funding", "limit", value) for value in ("", "0", "-1", "1001", LARGE, "1.0", "1_0", MARK)),
    *(("funding", "sort", value) for value in ("", "amount", "id,id,id,id", "+id", "--id", MARK)),
    *(("funding", "fields", value) for value in ("", "ids", "id,,id", "search", MARK)),
    *(("funding", "count", value) for value in ("", "true", MARK)),
    *(("funding", "cursor", value) for value in ("", "x", MARK)),
    *(("funding", "company", value) for value in ("", "a b", "--", "é", "x" * 101)),
    *(("funding", "currency", value) for value in ("usd", "US", MARK)),
    *(("models", "q", value) for value in ("", " x", "?!", "x" * 2_001)),
    *(
        ("models", "min_training_compute_flop", value)
        for value in ("", "nan", "inf", "-1", "1e999", "1e", "1_0", " 1", LARGE + "e300", MARK)
    ),
    *(("changes", "since", value) for value in ("", "-1", "99", LARGE, MARK)),
    *(("changes", "resource", value) for value in ("", "fundin", MARK)),
]


@pytest.mark.parametrize(("path", "name", "value"), BAD_VALUES)
def test_a_bad_value_is_refused_by_name(
    client: TestClient, path: str, name: str, value: str
) -> None:
    answer = client.get(f"/{path}?{name}={quote(value)}")
    problem = is_problem(answer, 422)
    assert {error["parameter"] for error in problem["errors"]} == {name}
    assert all(error["detail"] for error in problem["errors"])


@pytest.mark.parametrize(
    ("query", "nearest", "allowed"),
    [
        ("country=Unitd%20States", "US", "WLD"),
        ("kind=totl", "total", "round"),
        ("sort=-amount_us", "-amount_usd", "amount_usd"),
        ("fields=amont_usd", "amount_usd", "country"),
        ("count=exct", "exact", "exact"),
        ("qualifier=at_leats", "at_least", "disputed"),
    ],
)
def test_a_bad_value_comes_with_what_is_allowed_and_the_nearest(
    sqlite_client: TestClient, query: str, nearest: str, allowed: str
) -> None:
    (error,) = is_problem(sqlite_client.get(f"/funding?{query}"), 422)["errors"]
    assert error["nearest"] == nearest
    assert allowed in error["allowed"]


@pytest.mark.parametrize(
    "garbled",
    ["%ff", "%00", "a%00b", "%0a", "%0d%0aX-Evil:1", "%1b", "%7f", "%c2%85", "%ed%a0%80", "%c3"],
)
def test_garbled_text_is_refused_wherever_it_stands(client: TestClient, garbled: str) -> None:
    for query in (f"q={garbled}", f"{garbled}=1", f"country=US&as_of={garbled}"):
        is_problem(client.get(f"/companies?{query}"), 400)
        is_problem(client.get(f"/companies.csv?{query}"), 400)
    for path in (f"/companies/{garbled}", f"/companies/{garbled}/history", f"/{garbled}"):
        assert is_problem(client.get(path), 404)


def test_too_many_parameters_are_refused(sqlite_client: TestClient) -> None:
    is_problem(sqlite_client.get("/funding?" + "&".join(["country=US"] * 101)), 400)
    assert sqlite_client.get("/funding?" + "&".join(["country=US"] * 100)).status_code == 200


# Errors


def test_a_key_that_is_not_there_is_not_found(client: TestClient) -> None:
    for resource in RESOURCES:
        for path in (f"/{MARK}", f"/{MARK}/history", f"/{MARK}/history.csv", f"/{'x' * 3000}"):
            is_problem(client.get(f"{resource.path}{path}"), 404)


def test_a_row_that_came_later_or_went_is_not_found_with_its_reason(
    templates: Templates,
) -> None:
    url = templates.seeded()
    database = Database(url)
    with database.write(author="tests", message="gone") as writing:
        writing.remove(_ledger("funding"), ["us-2023-ai-cnbc"])
    with client_of(create_app(Settings(database_url=url))) as client:
        early = is_problem(client.get("/funding/us-2023-ai-cnbc?as_of=1"), 404)
        late = is_problem(client.get("/funding/us-2023-ai-cnbc"), 404)
        assert "added by revision 2" in early["detail"]
        assert "removed by revision 3" in late["detail"]
        assert client.get("/funding/us-2023-ai-cnbc?as_of=2").status_code == 200
        assert client.get("/funding/us-2023-ai-cnbc/history").json()["data"][0]["until"] == 3
        is_problem(client.get("/funding/us-2023-ai-cnbc/history?as_of=1"), 404)
    database.close()


def _ledger(name: str) -> Any:
    return next(resource.ledger for resource in RESOURCES if resource.many == name)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [("/fundin", "/funding"), ("/model", "/models"), ("/revision", "/revisions"), ("/xyzzy", None)],
)
def test_an_unknown_address_comes_with_the_nearest(
    sqlite_client: TestClient, path: str, nearest: str | None
) -> None:
    errors = is_problem(sqlite_client.get(path), 404)["errors"]
    assert [error["nearest"] for error in errors] == ([nearest] if nearest else [])


@pytest.mark.parametrize(
    "address", ["/funding/", "/funding/us-2023-ai-cnbc/", "/docs/", "/funding//"]
)
def test_a_trailing_slash_is_not_redirected(sqlite_client: TestClient, address: str) -> None:
    is_problem(sqlite_client.get(address, follow_redirects=False), 404)


@pytest.mark.parametrize("address", ADDRESSES)
def test_other_methods_are_refused_with_what_is_allowed(
    sqlite_client: TestClient, address: str
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        answer = sqlite_client.request(method, address)
        is_problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    preflight = sqlite_client.options(
        address, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["allow"] == "GET, HEAD, OPTIONS"
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert "if-none-match" in preflight.headers["access-control-allow-headers"].lower()


def test_methods_of_an_unknown_address_are_not_found(sqlite_client: TestClient) -> None:
    for method in ("POST", "OPTIONS", "DELETE"):
        is_problem(sqlite_client.request(method, f"/{MARK}"), 404)
    assert sqlite_client.head(f"/{MARK}").status_code == 404


@pytest.mark.parametrize(
    "accept", ["text/turtle", "image/*", "application/json;q=0", MARK, "a/b/c"]
)
def test_an_accept_header_that_takes_no_format_is_refused(
    sqlite_client: TestClient, accept: str
) -> None:
    for address in ("/funding", "/funding/us-2023-ai-cnbc", "/", "/changes"):
        problem = is_problem(sqlite_client.get(address, headers={"Accept": accept}), 406)
        assert "application/json" in problem["errors"][0]["allowed"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/json;q=0.5, text/csv;q=0.6", "text/csv"),
        ("text/csv;q=0, */*;q=0.1", "application/json"),
    ],
)
def test_the_accept_header_chooses_the_format(
    sqlite_client: TestClient, accept: str, media_type: str
) -> None:
    answer = sqlite_client.get("/funding", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == media_type


def test_a_large_body_is_refused_before_it_is_read(sqlite_client: TestClient) -> None:
    limit = Settings().largest_body
    for length in (str(limit + 1), "9" * 40, "-1", "1_0", "²"):
        headers = {b"Content-Length": length.encode("latin-1")}
        request = sqlite_client.build_request("GET", "/funding", headers=headers)
        is_problem(sqlite_client.send(request), 413)
    assert sqlite_client.request("GET", "/funding", content=b"x" * limit).status_code == 200


def test_a_large_body_in_chunks_is_refused_where_it_is_read(sqlite_templates: Templates) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded(), largest_body=1_000))

    async def echo(request: Request) -> Response:
        return Response(str(len(await request.body())))

    app.add_api_route("/echo", echo, methods=["POST"])

    def chunks(number: int) -> Iterator[bytes]:
        yield from (b"x" * 100 for _ in range(number))

    with serving(app) as base, httpx2.Client(base_url=base) as client:
        assert client.post("/echo", content=chunks(10)).text == "1000"
        is_problem(client.post("/echo", content=chunks(11)), 413)
        # An address that reads no body answers as if there were none, and goes on serving.
        assert client.request("GET", "/health", content=chunks(30)).status_code == 200
        assert client.get("/funding").status_code == 200


def test_a_long_address_is_refused(sqlite_client: TestClient) -> None:
    limit = Settings().largest_address
    is_problem(sqlite_client.get("/funding?q=" + "x" * limit), 414)
    is_problem(sqlite_client.get("/" + "x" * limit), 414)
    assert sqlite_client.get("/companies?id=" + "x," * 40 + "x").status_code == 200


@pytest.fixture
def failing(sqlite_templates: Templates) -> FastAPI:
    """An application with routes that fail in ways nobody foresaw."""
    app = create_app(Settings(database_url=sqlite_templates.seeded()))

    def fail() -> None:
        raise RuntimeError(f"{MARK} SELECT /app/secret.py")

    async def fail_later() -> None:
        fail()

    app.add_api_route("/fails", fail)
    app.add_api_route("/fails-later", fail_later)
    return app


def test_a_fault_of_ours_is_a_problem_and_the_connection_lives_on(
    failing: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, "airace.http"), serving(failing) as base:
        address = base.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as connection:
            for path in ("/fails", "/fails-later", "/health"):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                status, headers, body = _answer(connection)
                assert headers["access-control-allow-origin"] == "*"
                assert headers["x-content-type-options"] == "nosniff"
                assert MARK not in body
                assert status == (200 if path == "/health" else 500)
        with httpx2.Client(base_url=base) as client:
            is_problem(client.get("/fails"), 500)
            assert client.head("/fails").status_code == 500


def _answer(connection: socket.socket) -> tuple[int, dict[str, str], str]:
    """Read one answer that says its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65_536)
    return int(lines[0].split()[1]), headers, body.decode()


def test_a_database_that_is_gone_is_unavailable(
    templates: Templates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "airace.http")
    url = templates.seeded()
    never_there = {
        "sqlite": f"sqlite:///{tmp_path}/nowhere/{MARK}.db",
        "postgresql": f"postgresql://user:{MARK}@127.0.0.1:1/nowhere",
    }[url.split(":")[0]]
    with client_of(create_app(Settings(database_url=never_there))) as client:
        for address in ("/funding", "/funding.csv", "/changes", "/ready", "/"):
            answer = client.get(address)
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert client.get("/health").status_code == 200


def test_a_database_that_goes_is_unavailable_until_it_comes_back(
    postgresql_templates: Templates,
    postgresql_server: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "airace.http")
    url = postgresql_templates.seeded()
    name = url.split("?")[0].rsplit("/", 1)[1]
    admin_url = postgresql_server.format(name="postgres").replace(":", "+psycopg:", 1)
    admin = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    with client_of(create_app(Settings(database_url=url))) as client, admin.connect() as server:
        assert client.get("/funding").status_code == 200
        server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        server.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        is_problem(client.get("/funding"), 503)
        server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        assert client.get("/funding").status_code == 200
    admin.dispose()


# HEAD, validators, encodings


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_is_get_without_the_body(
    sqlite_client: TestClient, address: str, encoding: str
) -> None:
    headers = {"Accept-Encoding": encoding}
    get = sqlite_client.get(address, headers=headers)
    head = sqlite_client.head(address, headers=headers)
    assert get.status_code == head.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert get.content
    assert head.content == b""


def test_head_over_a_real_connection_leaves_it_in_order(live_server: str) -> None:
    with httpx2.Client(base_url=live_server) as client:
        for address in ("/funding.csv", "/countries.ndjson", "/funding", "/docs"):
            head, get = client.head(address), client.get(address)
            volatile = {"date", "transfer-encoding"}
            assert {
                name: value for name, value in head.headers.items() if name not in volatile
            } == {name: value for name, value in get.headers.items() if name not in volatile}


@pytest.mark.parametrize("address", CACHED)
def test_a_known_answer_is_not_sent_again(client: TestClient, address: str) -> None:
    answer = client.get(address)
    etag = answer.headers["etag"]
    assert etag.startswith('"')
    plain = etag.replace('-gzip"', '"')
    for names in (etag, f"W/{etag}", f'"x", {etag}', f'W/"x" ,W/{etag}', "*"):
        again = client.get(address, headers={"If-None-Match": names})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] in {etag, plain}
        for name in ("cache-control", "vary", "access-control-allow-origin"):
            assert again.headers[name] == answer.headers[name]
        assert "content-length" not in again.headers
        assert client.head(address, headers={"If-None-Match": names}).status_code == 304
    for names in ('"x"', etag.strip('"'), "", plain.replace('"', "'")):
        assert client.get(address, headers={"If-None-Match": names}).status_code == 200


def test_if_none_match_may_come_in_several_lines(sqlite_client: TestClient) -> None:
    etag = sqlite_client.get("/funding").headers["etag"]
    headers = [("If-None-Match", '"x"'), ("If-None-Match", etag)]
    assert sqlite_client.get("/funding", headers=headers).status_code == 304


def test_a_write_changes_the_etag(templates: Templates) -> None:
    url = templates.seeded()
    database = Database(url)
    with client_of(create_app(Settings(database_url=url))) as client:
        addresses = ["/funding", "/funding.csv", "/funding/us-2023-ai-cnbc", "/changes", "/"]
        before = {address: client.get(address).headers["etag"] for address in addresses}
        pinned = client.get("/funding?as_of=2").headers["etag"]
        fact = CompanyFact(id="new", name="New", source="bnn-2024-03-31")
        with database.write(author="tests", message="one more") as writing:
            writing.put(COMPANIES.ledger, [fact.stored()])
        for address, etag in before.items():
            answer = client.get(address, headers={"If-None-Match": etag})
            assert answer.status_code == 200
            assert answer.headers["etag"] != etag
        assert client.get("/funding?as_of=2").headers["etag"] == pinned
    database.close()


def test_an_etag_is_that_of_one_format_and_one_encoding(sqlite_client: TestClient) -> None:
    asked = [
        *(
            {"Accept": accept}
            for accept in ("application/json", "text/csv", "application/x-ndjson")
        ),
        {"Accept": "application/json", "Accept-Encoding": "gzip"},
        {"Accept": "text/csv", "Accept-Encoding": "gzip"},
    ]
    tags = []
    for headers in asked:
        answer = sqlite_client.get("/countries", headers={"Accept-Encoding": "identity", **headers})
        tags.append(answer.headers["etag"])
        assert ("content-encoding" in answer.headers) == (headers.get("Accept-Encoding") == "gzip")
    assert len(set(tags)) == len(asked)
    # Each is known again when asked for as before.
    for headers, etag in zip(asked, tags, strict=True):
        asking = {"Accept-Encoding": "identity", **headers, "If-None-Match": etag}
        again = sqlite_client.get("/countries", headers=asking)
        assert (again.status_code, again.headers["etag"]) == (304, etag)


def test_what_names_its_revision_may_be_kept_longer(client: TestClient) -> None:
    cursor = client.get("/funding?limit=1").json()["links"]["next"]
    current = client.get("/funding").headers["cache-control"]
    assert "no-cache" in current
    for address in ("/funding?as_of=1", "/funding.csv?as_of=1", "/models/llama?as_of=1", cursor):
        kept = client.get(address).headers["cache-control"]
        assert "max-age=" in kept
        assert "no-cache" not in kept


@pytest.mark.parametrize(
    ("accepted", "encoded"),
    [
        ("gzip", True),
        ("gzip;q=0.1", True),
        ("br, GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("identity", False),
        ("identity;q=1, *;q=0", False),
        ("deflate", False),
        ("", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("xgzip", False),
    ],
)
def test_gzip_is_sent_where_it_is_accepted(
    sqlite_client: TestClient, accepted: str, *, encoded: bool
) -> None:
    for address in ("/countries", "/countries.csv"):
        headers = {"Accept-Encoding": accepted}
        with sqlite_client.stream("GET", address, headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
        assert (answer.headers.get("content-encoding") == "gzip") == encoded
        plain = sqlite_client.get(address, headers={"Accept-Encoding": "identity"}).content
        assert (gzip.decompress(raw) if encoded else raw) == plain


@pytest.mark.parametrize("address", [*ADDRESSES, "/nowhere", "/funding?x=1"])
def test_every_answer_says_what_it_depends_on_and_who_may_read_it(
    sqlite_client: TestClient, address: str
) -> None:
    headers = sqlite_client.get(address, headers={"Origin": "https://example.org"}).headers
    varies = {name.strip().lower() for name in headers["vary"].split(",")}
    assert {"accept", "accept-encoding"} <= varies
    assert headers["access-control-allow-origin"] == "*"
    assert {"ETag", "Link"} <= set(headers["access-control-expose-headers"].split(", "))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"]


# Links


def test_a_list_links_to_its_next_page_and_its_other_formats(client: TestClient) -> None:
    answer = client.get("/funding?country=US,CN&sort=-amount_usd&limit=2")
    links = answer.links
    assert links["next"]["url"] == answer.json()["links"]["next"]
    found = [part for part in answer.headers["link"].split(", <") if 'rel="alternate"' in part]
    assert len(found) == 2
    for part in found:
        address = part.removeprefix("<").split(">")[0]
        other = client.get(address)
        assert other.status_code == 200
        assert other.headers["content-type"].split(";")[0] == part.split('type="')[1].rstrip('"')
    assert answer.json()["links"]["self"] == "/funding?country=US,CN&sort=-amount_usd&limit=2"
    table = client.get("/funding.csv?limit=2")
    following = client.get(table.links["next"]["url"])
    assert following.headers["content-type"].startswith("text/csv")
    assert "next" not in client.get("/funding?limit=1000").links
    assert (
        client.get("/companies?q=%3E%22%3Cx&limit=1").headers["link"].count('rel="alternate"') == 2
    )


@pytest.mark.parametrize("root", ["/airace", "/a", "/data/v1"])
def test_links_begin_where_a_proxy_has_mounted_the_service(
    sqlite_templates: Templates, root: str
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded(), root_path=root))
    with client_of(app) as client:
        for path in ("/funding", "/adoption", "/funding/us-2023-ai-cnbc/history", "/changes"):
            # A proxy passes the path with its prefix, or without.
            for asked in (path, f"{root}{path}"):
                answer = client.get(f"{asked}?limit=1")
                links = answer.json()["links"]
                assert links["self"] == f"{root}{path}?limit=1"
                assert links["next"] is None or links["next"].startswith(f"{root}{path}?")
                assert f"<{root}{path}.csv?limit=1>" in answer.headers["link"]
        detail = client.get("/funding/us-2023-ai-cnbc").json()["links"]
        assert all(address.startswith(f"{root}/funding") for address in detail.values())
        map_ = client.get("/").json()
        addresses = [*map_["links"].values(), *(entry["url"] for entry in map_["resources"])]
        for address in addresses:
            assert address.startswith(f"{root}/")
            assert client.get(address).status_code == 200
        assert client.get("/openapi.json").json()["servers"] == [{"url": root}]
        page = client.get("/docs").text
        assert f'"{root}/' in page
        assert '"/static' not in page


# Streams


def _failing_after(batches: int) -> Callable[..., Iterator[list[dict[str, Any]]]]:
    def read_all(*_args: Any) -> Iterator[list[dict[str, Any]]]:
        for _ in range(batches):
            yield [dict.fromkeys(COMPANIES.columns, "x")] * 1000
        raise RuntimeError(MARK)

    return read_all


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_stream_that_fails_is_cut_off(
    sqlite_templates: Templates, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    monkeypatch.setattr(answers, "read_all", _failing_after(2))
    headers = {"Accept-Encoding": encoding}
    with serving(app) as base, httpx2.Client(base_url=base, headers=headers) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/companies.csv")
        assert client.get("/health").status_code == 200


def test_a_stream_that_fails_at_once_is_a_problem(
    sqlite_templates: Templates,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "airace.http")
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    monkeypatch.setattr(answers, "read_all", _failing_after(0))
    with serving(app) as base, httpx2.Client(base_url=base) as client:
        is_problem(client.get("/companies.csv"), 500)


def test_an_export_is_one_revision_while_others_write(templates: Templates) -> None:
    """Several thousand rows, read batch by batch while every row keeps changing its mark."""
    url = templates.empty()
    database = Database(url)

    def write(number: int) -> None:
        named = {"name": f"mark {number}", "source": "made-up"}
        rows = [CompanyFact.model_validate({"id": f"c{row}", **named}) for row in range(3500)]
        with database.write(author="tests", message=f"mark {number}") as writing:
            writing.put(COMPANIES.ledger, [row.stored() for row in rows])

    with database.write(author="tests", message="source") as writing:
        fact = SourceFact(id="made-up", kind="report", publisher="P", title="T")
        writing.put(SOURCES.ledger, [fact.stored()])
    write(0)
    written, stop = threading.Event(), threading.Event()

    def keep_writing() -> None:
        number = 1
        while not stop.is_set():
            write(number)
            number += 1
            written.set()

    app = create_app(Settings(database_url=url))
    with serving(app) as base, httpx2.Client(base_url=base, timeout=60) as client:
        writer = threading.Thread(target=keep_writing)
        writer.start()
        try:
            for path in ("/companies.ndjson", "/companies.ndjson?sort=-name"):
                with client.stream(
                    "GET", f"{path}{'&' if '?' in path else '?'}fields=id,name"
                ) as answer:
                    lines = answer.iter_lines()
                    first = json.loads(next(lines))
                    written.clear()
                    assert written.wait(60), "the writer goes on while the export is read"
                    rows = [first, *(json.loads(line) for line in lines)]
                assert len({row["id"] for row in rows}) == len(rows) == 3500
                assert len({row["name"] for row in rows}) == 1
        finally:
            stop.set()
            writer.join()
    database.close()
