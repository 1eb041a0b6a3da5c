"""Requests are bounded and made sure of where they are read, whatever else the server does."""

import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.responses import Response, StreamingResponse

from app.http import connections
from app.http.connections import LARGEST_HEAD, Connection
from app.main import create_app
from app.settings import Settings
from tests.answering import serving
from tests.conftest import Templates
from tests.raw import Line, request

LIST = "/funding?limit=20"


@pytest.fixture(scope="module", params=["early", "plain"])
def base(request: pytest.FixtureRequest, sqlite_templates: Templates) -> Iterator[str]:
    """A server with early answers, and one without any cache."""
    early = request.param == "early"
    settings = Settings(database_url=sqlite_templates.seeded())
    if not early:
        settings = settings.model_copy(update={"cache_bytes": 0})
    with serving(create_app(settings), early=early) as found:
        yield found


@pytest.fixture
def line(base: str) -> Iterator[Line]:
    """A connection."""
    found = Line(base)
    yield found
    found.close()


def is_refused(answer: bytes, status: int, kind: str) -> bool:
    """Return whether an answer is a problem, as all are, after which the connection ends."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return (
        head.startswith(b"HTTP/1.1 %d " % status)
        and b"content-type: application/problem+json" in head
        and b"access-control-allow-origin: *" in head
        and b"connection: close" in head
        and f"urn:airace:problem:{kind}".encode() in body
    )


@pytest.mark.parametrize(
    "head",
    [
        b"GET /funding?q=" + b"x" * 200_000,
        b"GET /funding HTTP/1.1\r\nHost: x\r\nAccept: " + b"x" * 200_000,
        b"GET /funding HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 40_000,
        b"GET /funding HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 12_000 + b"\r\n",
        b"GET /funding HTTP/1.1\r\nHost: x\r\nAccept: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large_is_refused(line: Line, head: bytes) -> None:
    line.send(request(LIST))
    line.answer()
    line.send(head)
    assert is_refused(line.answer(), 431, "head-too-large")
    assert line.rest() == b""


@pytest.mark.parametrize("path", ["/companies.csv", "/companies.ndjson", "/export.zip", LIST])
def test_a_client_that_knows_no_chunks_gets_none(base: str, path: str) -> None:
    first = Line(base)
    first.send(request(path))
    wanted = first.answer().partition(b"\r\n\r\n")[2]
    for method in ("HEAD", "GET"):
        second = Line(base)
        second.send(request(path, method=method, version="1.0"))
        head, _, body = second.rest().partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"transfer-encoding" not in head
        assert b"connection: close" in head
        assert body == (wanted if method == "GET" else b"")
        second.close()
    first.close()


@pytest.mark.parametrize(
    "target", ["http://other", "http://other?countries=US,CN", "http://other/"]
)
def test_a_whole_address_may_have_no_path(line: Line, target: str) -> None:
    line.send(request(target))
    answer = line.answer()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"resources"' in answer


def test_a_head_that_grows_is_refused_when_it_is_too_large(line: Line) -> None:
    line.send(b"GET /funding HTTP/1.1\r\nHost: x\r\n")
    for _ in range(LARGEST_HEAD // 4_096 + 1):
        line.send(b"A: " + b"b" * 4_091 + b"\r\n")
    assert is_refused(line.answer(), 431, "head-too-large")


def _go_on(line: Line, data: bytes) -> None:
    for _ in range(2_000):
        line.send(data)
        time.sleep(0.005)


def test_who_goes_on_sending_a_head_is_cut_off(line: Line) -> None:
    line.send(b"GET /funding HTTP/1.1\r\nHost: x\r\nA: ")
    with pytest.raises(ConnectionError):
        _go_on(line, b"b" * 65_536)


def test_a_head_that_is_nearly_too_large_is_read(line: Line) -> None:
    for pause in (0, 0.01):
        start = b"GET /health HTTP/1.1\r\nHost: x\r\nA: "
        rest = LARGEST_HEAD - len(start) - 4
        line.send(start)
        time.sleep(pause)
        line.send(b"b" * (rest // 2))
        time.sleep(pause)
        line.send(b"b" * (rest - rest // 2), b"\r\n\r\n")
        assert line.answer().startswith(b"HTTP/1.1 200 ")


def test_a_long_address_is_told_apart_from_a_large_head(line: Line) -> None:
    line.send(request("/funding?q=" + "x" * 60_000))
    assert b"urn:airace:problem:address-too-long" in line.answer()
    line.send(request("/health"))
    assert line.answer().startswith(b"HTTP/1.1 200 ")


def test_requests_before_a_head_that_is_too_large_have_their_answers(line: Line) -> None:
    line.send(request(LIST) * 3, request("/race"), b"GET / HTTP/1.1\r\nA: " + b"b" * 200_000)
    for _ in range(4):
        assert line.answer().startswith(b"HTTP/1.1 200 ")
    assert is_refused(line.answer(), 431, "head-too-large")
    assert line.rest() == b""


def test_any_number_of_requests_may_come_in_one_piece(line: Line) -> None:
    number = 3 * LARGEST_HEAD // len(request("/health"))
    line.send(request("/health") * number)
    for _ in range(number):
        assert line.answer().startswith(b"HTTP/1.1 200 ")


def test_a_body_does_not_count_for_the_head(line: Line) -> None:
    body = b"x" * (5 * LARGEST_HEAD)
    for pieces in (1, 7):
        line.send(request("/health", f"Content-Length: {len(body)}"))
        size = len(body) // pieces + 1
        for start in range(0, len(body), size):
            line.send(body[start : start + size])
        assert line.answer().startswith(b"HTTP/1.1 200 ")
    line.send(request("/health", f"Content-Length: {len(body)}") + body + request("/health"))
    for _ in range(2):
        assert line.answer().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("rest", [b"5;" + b"x" * 200_000, b"0\r\n" + b"A: b\r\n" * 40_000])
def test_what_is_neither_head_nor_body_has_the_same_bound(line: Line, rest: bytes) -> None:
    line.send(request("/nowhere", "Transfer-Encoding: chunked"), b"1\r\nx\r\n")
    line.answer()
    with pytest.raises(ConnectionError):
        _go_on(line, rest)


def test_an_address_that_is_not_encoded_is_told_how_it_would_be(line: Line) -> None:
    line.send(request("/health") + "GET /funding?country=Türkiye HTTP/1.1\r\n".encode())
    line.send(b"Host: here\r\n\r\n")
    assert line.answer().startswith(b"HTTP/1.1 200 ")
    answer = line.answer()
    assert is_refused(answer, 400, "unreadable-request")
    assert "percent-encoded, such as T%C3%BCrkiye for Türkiye" in answer.decode()


def test_what_is_no_request_is_a_problem(line: Line) -> None:
    for odd in (b"\x16\x03\x01 hello\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\x01b\r\n\r\n"):
        found = Line(line.base)
        found.send(odd)
        answer = found.answer()
        assert is_refused(answer, 400, "unreadable-request")
        assert re.search(rb"\r\ncontent-length: \d+\r\n", answer)
        assert found.rest() == b""
        found.close()


# Which host is meant


def asked(path: str, *lines: str, version: str = "1.1") -> bytes:
    """Return a request with these header lines alone."""
    return "\r\n".join([f"GET {path} HTTP/{version}", *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Host: here", "Host: here"),
        ("Host: here", "Host: there"),
        *(
            (f"Host: {odd}",)
            for odd in ("a b", "a@b", "a/b", "a\xe9", "a:b", "a:1:2", "[::1", "a?b")
        ),
        ("Host: a\tb",),
        ("Host: a#b",),
    ],
)
@pytest.mark.parametrize("path", ["/race", LIST, "/health", "/nowhere", "http://there/race"])
def test_a_request_that_does_not_name_its_host_is_refused(
    line: Line, path: str, lines: tuple[str, ...]
) -> None:
    for _ in range(3):
        line.send(asked(path, "Host: here"))
        line.answer()
        line.send(asked(path, *lines))
        answer = line.answer()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"urn:airace:problem:unreadable-request" in answer
        assert b"access-control-allow-origin: *" in answer


@pytest.mark.parametrize(
    "host",
    ["here", "here:8000", "127.0.0.1", "[::1]:80", "my_host", "xn--bcher-kva.example", "", "a:"],
)
def test_a_request_that_names_its_host_is_answered(line: Line, host: str) -> None:
    line.send(asked("/funding", f"Host: {host}"))
    assert line.answer().startswith(b"HTTP/1.1 200 ")


def test_http_1_0_need_not_name_a_host_but_http_1_1_must(base: str) -> None:
    for _ in range(3):
        for version, status in (("1.0", b" 200 "), ("1.1", b" 400 ")):
            line = Line(base)
            line.send(asked("/race", version=version))
            assert status in line.answer()[:20]
            line.close()


def test_the_host_in_the_target_goes_before_that_in_the_header(line: Line) -> None:
    for _ in range(3):
        line.send(asked("/race", "Host: here"))
        assert b"http://here/race" in line.answer()
        line.send(asked("http://there:81/race", "Host: here"))
        assert b"http://there:81/race" in line.answer()
    line.send(asked("http://a@there/race", "Host: here"))
    assert line.answer().startswith(b"HTTP/1.1 400 ")


def test_requests_that_wait_for_their_turn_are_refused_in_it(line: Line) -> None:
    line.send(request(LIST), asked(LIST), request(LIST), asked("/health"), request("/health"))
    statuses = [line.answer()[9:12] for _ in range(5)]
    assert statuses == [b"200", b"400", b"200", b"400", b"200"]


# The end of the service


def test_what_is_not_answered_when_the_service_stops_is_told_so(
    sqlite_templates: Templates, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded()))

    def pieces() -> Iterator[bytes]:
        yield b"first"
        time.sleep(3)
        yield b"last"

    def long() -> Response:
        time.sleep(3)
        return Response("late")

    def streamed() -> Response:
        return StreamingResponse(pieces())

    app.add_api_route("/long", long)
    app.add_api_route("/streamed", streamed)
    config = uvicorn.Config(
        app, http=Connection, log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    log = logging.getLogger("uvicorn.error")
    log.addHandler(caplog.handler)  # servers of other tests may have kept it to themselves
    at_level = caplog.at_level(logging.WARNING, log.name)
    with socket.create_server(("127.0.0.1", 0)) as listening, at_level:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        waiting, reading = Line(base), Line(base)
        waiting.send(asked("/long", "Host: here"))
        reading.send(asked("/streamed", "Host: here"))
        time.sleep(0.3)
        server.should_exit = True
        assert is_refused(waiting.answer(), 503, "stopping")
        assert reading.rest().endswith(b"first\r\n")
        thread.join()
        waiting.close()
        reading.close()
    log.removeHandler(caplog.handler)
    assert {record.message.split()[0] for record in caplog.records} == {"Cancel"}


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0, websocket"])
def test_another_protocol_is_offered_in_vain(line: Line, protocol: str) -> None:
    line.send(request(LIST))
    plain = line.answer()
    offer: tuple[str, ...] = ("Connection: Upgrade", f"Upgrade: {protocol}")
    if protocol == "websocket":
        offer += ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
    for _ in range(2):  # made, then kept
        offering = Line(line.base)
        offering.send(request(LIST, *offer))
        assert offering.answer().replace(b"connection: close\r\n", b"") == plain
        assert offering.rest() == b"", "a connection that goes on in nothing else ends"
        offering.close()
    line.send(request(LIST))
    assert line.answer() == plain


@pytest.mark.parametrize("address", [LIST, "/race", "/funding.csv", "/nowhere"])
@pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "Content-Length: {}"])
@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize("before", [0, 2])
def test_no_body_is_read_as_a_request(
    line: Line, address: str, length: str, pieces: int, before: int
) -> None:
    """Another client of a proxy would have the answer to what stands in the body of this one."""
    hidden = request("/health")
    offer = ("Connection: Upgrade", "Upgrade: h2c", length.format(len(hidden)))
    asked = request(address, *offer)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    body = chunked if "chunked" in length else hidden
    waiting = request(LIST) * before
    if pieces > 1:
        line.send(waiting + asked)
        time.sleep(0.05)
        with suppress(OSError):  # the answer may have gone, and the connection with it
            line.send(body)
    else:
        line.send(waiting + asked + body)
    for _ in range(before + 1):
        assert line.answer()
    assert b"HTTP/1.1" not in line.rest()


def test_who_offers_another_protocol_and_sends_nothing_more_is_answered(line: Line) -> None:
    line.send(request("/race", "Connection: Upgrade", "Upgrade: h2c"))
    line.end()
    assert line.answer().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("address", [LIST, "/race?countries=US,CN", "/nowhere"])
def test_after_a_large_body_that_nobody_reads_the_connection_goes_on(
    line: Line, address: str
) -> None:
    for _ in range(2):
        line.send(request(address, "Content-Length: 500000") + b"x" * 500_000)
        assert line.answer().startswith(b"HTTP/1.1 ")
    line.send(request("/health"))
    assert line.answer().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("address", ["/export.zip", "/funding.csv", "/models.parquet"])
def test_a_body_that_grows_too_large_ends_no_answer_that_has_begun(
    base: str, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    plain, sending = Line(base), Line(base)
    plain.send(request(address))
    expected = plain.answer()
    sending.send(request(address, "Transfer-Encoding: chunked"))
    with suppress(OSError):
        for _ in range(40):
            sending.send(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
        sending.send(b"0\r\n\r\n")
    answer = sending.answer()
    assert is_refused(answer, 413, "too-large") or answer == expected
    assert "Traceback" not in caplog.text
    plain.close()
    sending.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: here\r\n"])
def test_who_does_not_come_to_the_end_of_a_request_is_closed(
    base: str, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connections, "_SECONDS_TO_ASK", 0.3)
    for before in ([], [LIST]):
        line, other = Line(base), Line(base)
        for address in before:
            line.send(request(address))
            assert line.answer().startswith(b"HTTP/1.1 200 ")
        line.send(begun)
        for _ in range(4):
            other.send(request(LIST))
            assert other.answer().startswith(b"HTTP/1.1 200 "), "who asks stays"
            time.sleep(0.2)
        assert line.rest() == b""
        line.close()
        other.close()


@pytest.mark.parametrize("address", [LIST, "/race", "/funding.csv", "/companies?limit=3", "/docs"])
def test_who_sends_nothing_more_has_the_answers_nevertheless(base: str, address: str) -> None:
    for count in (1, 3):
        line = Line(base)
        line.send(*[request(address)] * count)
        line.end()
        for _ in range(count):
            assert line.answer().startswith(b"HTTP/1.1 200 ")
        assert line.rest() == b""
        line.close()
    idle = Line(base)
    idle.send(request(address))
    idle.answer()
    idle.end()
    assert idle.rest() == b""
    idle.close()


def test_who_ends_in_the_middle_of_a_request_has_none(line: Line) -> None:
    for part in (b"", b"GET /funding HTT", request(LIST)[:-2]):
        ended = Line(line.base)
        ended.send(part)
        ended.end()
        assert ended.rest() == b""
        ended.close()
