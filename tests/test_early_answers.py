"""Answers sent from where requests are read are those of the whole way, to the byte."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from fastapi import FastAPI

from app.http.dispatch import TAKES_TIME
from app.main import create_app
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.answering import CACHED, serving
from tests.conftest import Templates
from tests.ledger_rows import source, write
from tests.raw import Line, request

SERVED: tuple[str, ...] = (*CACHED, "/health", "/nowhere", "/funding?limit=0")
LIST = "/funding?limit=20"


class Spied:
    """An application and how many requests came to it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.asked = 0
        self.scopes: list[dict[str, object]] = []
        front = app.front  # type: ignore[attr-defined]

        async def noting(*arguments: object) -> None:
            self.asked += 1
            self.scopes.append(arguments[0])  # type: ignore[arg-type]
            await front(*arguments)

        app.front = noting  # type: ignore[attr-defined]


class Served:
    """Two servers of one database, with early answers and without any cache."""

    def __init__(self, url: str, stack: ExitStack, root_path: str = "", silence: int = 60) -> None:
        self.database = Database(url)
        # All writes are this process's own, seen at once, and so a slow machine does not matter.
        settings = Settings(database_url=url, cache_milliseconds=60_000, root_path=root_path)
        early = create_app(settings)
        plain = create_app(settings.model_copy(update={"cache_bytes": 0}))
        self.early = stack.enter_context(serving(early, silence=silence))
        self.plain = stack.enter_context(serving(plain, early=False))
        self._spied = Spied(early)
        self._cache = early.state.cache
        self._stack = stack

    @property
    def asked(self) -> int:
        """How many requests came to the application behind the early answers."""
        return self._spied.asked

    @property
    def room(self) -> int:
        """How many bytes the answers take that it keeps."""
        size: int = self._cache.size
        return size

    @property
    def scopes(self) -> list[dict[str, object]]:
        """What came to it."""
        return self._spied.scopes

    def lines(self) -> tuple[Line, Line]:
        """Return a connection to each."""
        lines = Line(self.early), Line(self.plain)
        for line in lines:
            self._stack.callback(line.close)
        return lines

    def warm(self, *addresses: str) -> Line:
        """Return a connection on which some addresses were asked for twice."""
        line, _ = self.lines()
        for address in addresses * 2:
            line.send(request(address))
            line.answer()
        return line

    def keep(self, *addresses: str) -> Line:
        """Return a connection on which some addresses were asked for until they were kept."""
        line, end = self.warm(*addresses), time.monotonic() + 20
        for address in addresses:
            before = -1
            while before != self.asked and time.monotonic() < end:
                before = self.asked
                line.send(request(address))
                line.answer()
        return line


@pytest.fixture
def served(templates: Templates) -> Iterator[Served]:
    """Two servers over the packs that ship, for one test."""
    with ExitStack() as stack:
        found = Served(templates.seeded(), stack)
        yield found
        found.database.close()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_every_answer_is_that_of_the_whole_way(served: Served, encoding: str) -> None:
    for address in SERVED:
        _, plain = served.lines()
        told, expected = f"Accept-Encoding: {encoding}", []
        plain.send(request(address, told))
        found = re.search(rb"etag: ([^\r]+)", plain.answer())
        known = f"If-None-Match: {found[1].decode() if found else '*'}"
        for method in ("GET", "HEAD"):
            for headers in ((told,), (told, known)):
                asked = request(address, *headers, method=method)
                plain.send(asked)
                expected.append((asked, method, plain.answer(method)))
        early, _ = served.lines()
        for asked, method, answer in expected:
            for _ in range(4):
                early.send(asked)
                assert early.answer(method) == answer, asked


def test_what_is_kept_does_not_come_to_the_application(served: Served) -> None:
    line = served.keep(LIST, "/race")
    before = served.asked
    for _ in range(5):
        line.send(request(LIST))
        line.answer()
        line.send(request("/race", "User-Agent: another", "Cookie: a=b"))
        line.answer()
    assert served.asked == before
    line.send(request("/health"))
    line.answer()
    assert served.asked == before + 1


SHAPES = (
    "/funding?min_amount_usd={}",
    "/funding?country=US&min_amount_usd={}&fields=id,period",
    "/funding?sort=-amount_usd&limit=3&max_amount_usd={}",
    "/companies?q=open%C3%A9{}",
    "/models?limit={}",
    "/adoption?source=s{}",
)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("header", ["X: y", "Accept-Encoding: gzip", 'If-None-Match: "a-gzip"'])
def test_what_was_never_asked_for_is_had_at_once(served: Served, method: str, header: str) -> None:
    early, plain = served.lines()

    def compare(numbers: range) -> None:
        for shape in SHAPES:
            for number in numbers:
                asked = request(shape.format(number), header, method=method)
                early.send(asked)
                plain.send(asked)
                assert early.answer(method) == plain.answer(method), asked

    compare(range(1, 9))  # the queries of a shape are made in a thread, for the first who asks
    before = served.asked
    compare(range(9, 19))
    if served.database.is_file:
        assert served.asked == before
    else:  # whom a server keeps waiting is not given up for that
        assert all(TAKES_TIME not in scope for scope in served.scopes)


def test_what_was_asked_for_once_takes_no_room(served: Served) -> None:
    line, _ = served.lines()

    def ask(numbers: range) -> None:
        for number in numbers:
            line.send(request(SHAPES[0].format(number)))
            line.answer()

    ask(range(1, 9))
    before = served.room
    ask(range(9, 29))
    assert served.room == before
    ask(range(9, 29))
    assert served.room > before


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_the_client_has_it_is_told_at_once(served: Served, encoding: str) -> None:
    early, plain = served.lines()
    told, before = f"Accept-Encoding: {encoding}", 0
    for number in range(1, 19):
        plain.send(request(SHAPES[0].format(number), told))
        found = re.search(rb"etag: ([^\r]+)", plain.answer())
        assert found
        before = served.asked
        known = f"If-None-Match: {found[1].decode()}"
        for line in (early, plain):
            line.send(request(SHAPES[0].format(number), told, known))
        answer = early.answer()
        assert answer == plain.answer()
        assert answer.startswith(b"HTTP/1.1 304 ")
    if served.database.is_file:
        assert served.asked == before


@pytest.mark.parametrize("root_path", ["", "/ai"])
def test_addresses_are_those_behind_a_proxy(templates: Templates, root_path: str) -> None:
    with ExitStack() as stack:
        served = Served(templates.seeded(), stack, root_path=root_path)
        early, plain = served.lines()
        for path in ("/funding", "/ai/funding", "/ai", "/aifunding", "/ai/ai/funding"):
            for number in range(1, 5):
                for line in (early, plain):
                    line.send(request(f"{path}?limit={number}"))
                answer = early.answer()
                assert answer == plain.answer(), path
                is_here = path in {"/funding", f"{root_path}/funding"}
                assert is_here == answer.startswith(b"HTTP/1.1 200 ")
        served.database.close()


def test_what_cannot_be_had_at_once_comes_to_the_application_once(served: Served) -> None:
    early, plain = served.lines()
    served.warm("/funding?limit=5")
    for number, address in enumerate(
        (
            "/funding?limit={}&count=exact",
            "/race?base={}",
            "/funding?limit=-{}",
            "/nowhere{}",
            f"/funding?country={'US,' * 4_000}US&limit={{}}",
        )
    ):
        before = served.asked
        asked = request(address.format(number + 2))
        early.send(asked)
        plain.send(asked)
        assert early.answer() == plain.answer(), asked
        assert served.asked == before + 1


def test_of_requests_in_one_piece_one_is_answered_before_others_have_their_turn(
    served: Served,
) -> None:
    early, plain = served.lines()
    for shape in SHAPES[:3]:
        served.warm(*(shape.format(number) for number in range(1, 9)))
        before = served.asked
        asked = [request(shape.format(number)) for number in range(20, 40)]
        for line in (early, plain):
            line.send(b"".join(asked))
        for _ in asked:
            assert early.answer() == plain.answer()
        assert served.asked - before >= len(asked) - 1


def test_a_write_is_seen_by_the_next_request(served: Served) -> None:
    line = served.warm("/sources/late")
    for turn in range(20):
        for _ in range(3):
            line.send(request("/sources?limit=1000"))
            line.answer()
        write(served.database, {SOURCES: [source("late", title=f"turn {turn}")]})
        line.send(request("/sources?limit=1000"))
        assert f"turn {turn}".encode() in line.answer()


@pytest.mark.parametrize(
    "requests",
    [
        (request(LIST), request("/race"), request(LIST)),
        (request(LIST), request("/funding?limit=3"), request("/race"), request("/nowhere")),
        (request("/funding?limit=4"), request(LIST), request("/health"), request(LIST)),
        (request(LIST),) * 40,
    ],
)
def test_requests_in_one_piece_are_answered_in_their_order(
    served: Served, requests: Sequence[bytes]
) -> None:
    served.warm(LIST, "/race")
    early, plain = served.lines()
    for _ in range(3):
        for line in (early, plain):
            line.send(*requests)
        assert [early.answer() for _ in requests] == [plain.answer() for _ in requests]


def test_a_request_in_many_pieces_is_one(served: Served) -> None:
    line = served.warm(LIST)
    line.send(request(LIST))
    expected = line.answer()
    for cut in (1, 4, 30, len(request(LIST)) - 1):
        line.send(request(LIST)[:cut])
        time.sleep(0.02)
        line.send(request(LIST)[cut:])
        assert line.answer() == expected
        line.send(request(LIST), request(LIST)[:cut])
        time.sleep(0.02)
        line.send(request(LIST)[cut:])
        assert [line.answer(), line.answer()] == [expected] * 2


def test_bytes_that_look_like_a_request_inside_a_body_are_none(served: Served) -> None:
    served.warm(LIST)
    early, plain = served.lines()
    inner = request(LIST)
    for line in (early, plain):
        line.send(request(LIST, f"Content-Length: {len(inner)}"))
        time.sleep(0.02)
        line.send(inner)
        line.send(request("/health"))
    for _ in range(2):
        assert early.answer() == plain.answer()


@pytest.mark.parametrize(
    "asked",
    [
        request(LIST, "Connection: close"),
        request(LIST, version="1.0"),
        request(LIST, "Connection: close", method="HEAD"),
        request("/funding?limit=7", "Connection: close"),
        request("/funding?limit=8", version="1.0"),
        request("/funding?limit=9", "Connection: keep-alive", version="1.0"),
    ],
)
def test_a_connection_that_is_to_end_ends(served: Served, asked: bytes) -> None:
    served.warm(LIST)
    for _ in range(3):
        early, plain = served.lines()
        for line in (early, plain):
            line.send(asked)
        method = asked.split()[0].decode()
        assert early.answer(method) == plain.answer(method)
        assert early.rest() == plain.rest() == b""


def test_a_proxy_that_is_trusted_says_which_scheme_was_asked_for(served: Served) -> None:
    asked = request("/race", "X-Forwarded-Proto: https")
    line = served.warm("/race")
    for _ in range(3):
        line.send(asked)
        assert b"https://here/race" in line.answer()
        line.send(request("/race"))
        assert b"https://here/race" not in line.answer()


def test_a_reader_that_takes_nothing_does_not_fill_the_memory(served: Served) -> None:
    line = served.keep(LIST)
    before = served.asked
    line.send_until_stuck(request(LIST) * 50, at_most=4_000)
    end = time.monotonic() + 10
    while served.asked == before and time.monotonic() < end:
        time.sleep(0.02)
    assert served.asked > before, "where the reader does not follow, uvicorn waits for it"


def test_a_connection_that_is_silent_is_closed_in_its_time(templates: Templates) -> None:
    with ExitStack() as stack:
        served = Served(templates.seeded(), stack, silence=2)
        line = served.keep(LIST)
        before, began = served.asked, time.monotonic()
        line.send(request(LIST))
        line.answer()
        assert line.rest() == b""
        assert time.monotonic() - began > 1
        assert served.asked == before, "it was answered early"
        served.database.close()
