"""Parameters are read strictly, and errors have one shape, whatever the address."""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI
from psycopg import Error as PsycopgError
from psycopg.errors import AdminShutdown, QueryCanceled, SerializationFailure
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from app.kit.queries import read_query
from app.main import create_app
from app.resources.ledger_lists import RevisionQuery
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.answering import ADDRESSES, DATA, MARK, client_of, is_problem, serving
from tests.conftest import Templates
from tests.ledger_rows import source


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


@pytest.mark.parametrize(
    ("given", "members"),
    [
        ("a,b", ["a", "b"]),
        (r"a\, b,c", ["a, b", "c"]),
        (r"a\\,b", ["a\\", "b"]),
        (r"a\\\,b", [r"a\,b"]),
        ("a\\b,\\", ["a\\b", "\\"]),
        (r"\,", [","]),
        (r",\,,", ["", ",", ""]),
        ("a\n\\,b", ["a\n,b"]),
    ],
)
def test_a_comma_that_belongs_to_a_member_has_a_backslash(given: str, members: list[str]) -> None:
    assert read_query(RevisionQuery, [("author", given)]).model_dump()["author"] == members


def test_revisions_are_found_by_an_author_with_a_comma(templates: Templates) -> None:
    settings = Settings(database_url=templates.empty())
    database = Database(settings.database_url)
    with database.write(author="Doe, Jane", message="a source") as writing:
        writing.put(SOURCES.ledger, [source()])
    database.close()
    with client_of(create_app(settings)) as client:
        for author, found in ((r"Doe\, Jane", [1]), (r"x,Doe\, Jane", [1]), ("Doe, Jane", [])):
            revisions = client.get("/revisions", params={"author": author}).json()["data"]
            assert [one["id"] for one in revisions] == found, author


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
        for value in ("", "nan", "inf", "-1", "1e999", "1e", "1_0", " 1", LARGE + "e80", MARK)
    ),
    *(
        ("adoption", "max_value", value)
        for value in ("1e100", "9e-101", "0.0001e-97", "1e-400", "-1e-400")
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
    for length in (str(limit + 1), "9" * 40, "-1", "1_0", "+5"):
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


@pytest.mark.parametrize("error", [QueryCanceled, AdminShutdown, SerializationFailure])
def test_a_database_that_breaks_off_is_unavailable(
    sqlite_templates: Templates, caplog: pytest.LogCaptureFixture, error: type[PsycopgError]
) -> None:
    caplog.set_level(logging.CRITICAL, "airace.http")
    app = create_app(Settings(database_url=sqlite_templates.seeded()))

    def break_off() -> None:
        raise OperationalError(f"SELECT '{MARK}'", {}, error(MARK))

    app.add_api_route("/breaks-off", break_off)
    with client_of(app) as client:
        is_problem(client.get("/breaks-off"), 503)


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
