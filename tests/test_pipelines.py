"""Requests that come without waiting for answers hold up nobody, and hold no memory."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import pysqlite3.dbapi2 as sqlite
import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from app.http.connections import PIECE, Connection
from app.http.early_answers import early_answers
from app.main import create_app
from app.settings import Settings
from tests.answering import serving
from tests.conftest import Templates
from tests.raw import Line, request

LIST = "/companies?limit=1"
MANY = 5_000
A_WHILE = 20
"""Seconds: a file that is not free is waited for a minute."""


class Client(asyncio.Transport):
    """The side of a client: what it was sent, and whether it may send."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.is_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Count answers by their first lines."""
        self.answers += bytes(data).count(b"HTTP/1.1 ")

    def pause_reading(self) -> None:
        """Send nothing more."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Send again."""
        self.is_paused = False

    def is_closing(self) -> bool:
        """Return that it stays."""
        return False

    def close(self) -> None:
        """Stay nevertheless."""


async def connected(app: Any, http: type[Connection]) -> tuple[Connection, Client]:
    """Return a connection to an application, and its client."""
    config = uvicorn.Config(app, http=http, ws="none", log_level="critical", access_log=False)
    config.load()
    client, connection = Client(), http(config, ServerState(), {})
    connection.connection_made(client)
    return connection, client


async def until(is_so: Callable[[], bool]) -> int:
    """Wait until something is so; return after how many turns of the loop."""
    end, turns = time.monotonic() + 30, 0
    while not is_so():
        assert time.monotonic() < end
        turns += 1
        await asyncio.sleep(0)
    return turns


def test_others_have_their_turn_between_answers_that_are_kept(templates: Templates) -> None:
    app = create_app(Settings(database_url=templates.seeded(), cache_milliseconds=60_000))
    one = request(LIST, method="HEAD")
    at_once = PIECE // len(one) + 1

    async def flood() -> None:
        http = early_answers(app.state.cache, app.state.at_once)
        connection, client = await connected(app, http)
        for _ in range(5):
            before = client.answers
            connection.data_received(request(LIST))
            await until(lambda: client.answers > before)  # noqa: B023
        before = client.answers
        connection.data_received(one * MANY)
        assert client.answers - before <= at_once
        assert client.is_paused
        longest = 0
        while client.answers - before < MANY:
            seen = client.answers
            await until(lambda: client.answers > seen)  # noqa: B023
            longest = max(longest, client.answers - seen)
        assert longest <= at_once
        await until(lambda: not client.is_paused)
        assert client.answers - before == MANY
        connection.connection_lost(None)

    asyncio.run(flood())


def test_requests_that_wait_for_their_turn_are_not_read() -> None:
    free = asyncio.Event()
    begun = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        waiting = asyncio.ensure_future(receive())  # as what streams does, to see a client leave
        await asyncio.sleep(0)
        await free.wait()
        waiting.cancel()
        await Response("here")(scope, receive, send)

    async def flood() -> None:
        connection, client = await connected(app, Connection)
        one, sent = request("/"), 0
        while not client.is_paused:
            connection.data_received(one * MANY)
            sent += MANY
            await asyncio.sleep(0)
        for _ in range(100):
            assert client.is_paused
            await asyncio.sleep(0)
        assert sent <= 2 * MANY
        assert begun == 1
        assert len(connection.pipeline) <= PIECE // len(one) + 1
        free.set()
        while client.answers < sent:
            await asyncio.sleep(0)
            assert len(connection.pipeline) <= PIECE // len(one) + 1
        await until(lambda: not client.is_paused)
        assert (client.answers, begun) == (sent, sent)
        connection.connection_lost(None)

    asyncio.run(flood())


def test_requests_that_come_little_by_little_are_not_read_before_their_turn_either() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        await Response("here")(scope, receive, send)

    async def send_many() -> None:
        connection, client = await connected(app, Connection)
        one, sent, longest = request("/"), 0, 0
        for _ in range(2_000):
            if not client.is_paused:
                connection.data_received(one * 50)
                sent += 50
            longest = max(longest, len(connection.pipeline))
            await asyncio.sleep(0)
        assert longest <= PIECE // len(one) + 1
        await until(lambda: client.answers == sent)
        connection.connection_lost(None)

    asyncio.run(send_many())


@pytest.mark.parametrize("size", [PIECE - 10, PIECE, PIECE + 1, 70_000, 200_000])
def test_a_body_in_pieces_is_whole(size: int) -> None:
    bodies = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive()).get("more_body") or message.get("body"):
            body += message["body"]
            await asyncio.sleep(0)
            if not message["more_body"]:
                break
        bodies.append(body)
        await Response("here")(scope, receive, send)

    async def send_two() -> None:
        connection, client = await connected(app, Connection)
        body = bytes(range(256)) * (size // 256 + 1)
        sent = request("/", f"Content-Length: {len(body)}", method="POST") + body
        connection.data_received(sent * 2)
        await until(lambda: client.answers == 2)
        await until(lambda: not client.is_paused)
        assert bodies == [body, body]
        connection.connection_lost(None)

    asyncio.run(send_two())


def test_a_body_that_nobody_reads_is_not_taken_in() -> None:
    free = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await free.wait()
        await Response("here")(scope, receive, send)

    async def send_much() -> None:
        connection, client = await connected(app, Connection)
        connection.data_received(request("/", "Content-Length: 100000000", method="POST"))
        sent = 0
        for _ in range(1_000):
            if not client.is_paused:
                connection.data_received(b"x" * 50_000)
                sent += 50_000
            await asyncio.sleep(0)
        assert sent <= 200_000
        free.set()
        await until(lambda: client.answers == 1)
        connection.connection_lost(None)

    asyncio.run(send_much())


@pytest.mark.parametrize("early", [True, False])
def test_requests_before_a_broken_body_have_their_answers(
    sqlite_templates: Templates, *, early: bool
) -> None:
    broken = b"POST /funding HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
    before = [request("/revisions"), request(f"{LIST}&count=exact")]
    with serving(create_app(Settings(database_url=sqlite_templates.seeded())), early=early) as base:
        for count in range(3):
            line = Line(base)
            line.send(*before[:count], broken)
            for _ in range(count):
                assert line.answer().startswith(b"HTTP/1.1 200 ")
            assert line.answer().startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 405 "))
            line.close()


def test_who_hangs_up_leaves_nothing_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal ended
        await asyncio.sleep(0.05)
        await Response("here" * 100_000)(scope, receive, send)
        ended += 1

    async def leave() -> None:
        connection, client = await connected(app, Connection)
        connection.data_received(request("/") * 3)
        await asyncio.sleep(0.01)
        monkeypatch.setattr(client, "write", broken)
        connection.connection_lost(None)
        await asyncio.sleep(0.2)

    def broken(_data: object) -> None:
        raise RuntimeError("unable to perform operation on a closed transport")

    with caplog.at_level(logging.ERROR):
        asyncio.run(leave())
    assert ended == 1
    assert not caplog.records


@pytest.mark.parametrize("cache_bytes", [0, 50_000_000])
def test_a_file_that_is_not_free_keeps_no_one_waiting_who_does_not_need_it(
    sqlite_templates: Templates, cache_bytes: int
) -> None:
    url = sqlite_templates.seeded()
    other = sqlite.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    settings = Settings(database_url=url, cache_bytes=cache_bytes)
    with serving(create_app(settings), early=bool(cache_bytes)) as base:
        for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE"):
            other.execute(statement).fetchall()
        waiting, line = Line(base), Line(base)
        began = time.monotonic()
        for _ in range(5):
            line.send(request("/health"))
            assert line.answer().startswith(b"HTTP/1.1 200 ")
            waiting.send(request("/companies"))
        assert time.monotonic() - began < A_WHILE
        other.execute("ROLLBACK")
        other.close()
        for _ in range(5):
            assert waiting.answer().startswith(b"HTTP/1.1 200 ")
        waiting.close()
        line.close()
