"""What the cache keeps and what it does not: its room, its parts, and what must be made anew."""

import tracemalloc
from collections.abc import Mapping, MutableMapping
from functools import partial
from typing import Any

import anyio
import pytest

from app.http import kept_answers
from app.http.cache import Asked, Cache, Cached
from app.http.dispatch import AT_ONCE
from app.http.kept_answers import KeptAnswer, KeptAnswers

Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, bytes]
MOST = 1_000_000
SAYS: Headers = [
    (b"cache-control", b"public, no-cache"),
    (b"etag", b'"e"'),
    (b"vary", b"Accept, Accept-Encoding"),
]


class StubWatch:
    """A watch that says what it is told."""

    def __init__(self) -> None:
        self.state: int | None = 1

    def current(self) -> int | None:
        return self.state

    def close(self) -> None:
        """Hold nothing."""


class Service:
    """An application behind a cache: what it answers, and how often it was asked."""

    def __init__(self, most: int = MOST) -> None:
        self.watch = StubWatch()
        self.asked = 0
        self.status = 200
        self.headers: Headers = SAYS
        self.pieces = [b"body"]
        self.is_prompt = False
        self.takes_long = False
        self.at_work = self.most_at_work = 0
        self.fails = False
        self.cache = Cache(self.watch, most)
        self._cached = Cached(self._answer, self.cache)

    async def _answer(self, scope: Any, _receive: Any, send: Any) -> None:
        self.asked += 1
        if self.takes_long:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
            await anyio.sleep(0.05)
            self.at_work -= 1
        if self.fails:
            raise RuntimeError("it failed")
        if self.is_prompt and AT_ONCE in scope:
            scope[AT_ONCE]()
        known = dict(scope["headers"]).get(b"if-none-match") == b'"e"'
        status = 304 if known and self.status == 200 else self.status
        await send({"type": "http.response.start", "status": status, "headers": [*self.headers]})
        pieces = [b""] if status == 304 or scope["method"] == "HEAD" else self.pieces
        for number, piece in enumerate(pieces, 1):
            more = number < len(pieces)
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    def get(
        self, path: str = "/", headers: Mapping[bytes, bytes] | None = None, **scope: Any
    ) -> Answer:
        """Ask for a path; return the status and the body."""
        return anyio.run(partial(self.ask, path, headers, **scope))

    def get_at_once(self, *paths: str) -> list[Answer]:
        """Ask for paths, all at the same time; return the answers in that order."""
        return anyio.run(self._ask_at_once, *paths)

    async def _ask_at_once(self, *paths: str) -> list[Answer]:
        answers = dict[int, Answer]()

        async def ask(number: int, path: str) -> None:
            answers[number] = await self.ask(path)

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for number, path in enumerate(paths):
                    group.start_soon(ask, number, path)
        return [answers[number] for number in sorted(answers)]

    async def ask(
        self,
        path: str = "/",
        headers: Mapping[bytes, bytes] | None = None,
        taken: anyio.Event | None = None,
        **scope: Any,
    ) -> Answer:
        """Ask for a path; return the status and the body, which may be taken late."""
        sent: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            if taken:
                await taken.wait()
            sent.append(message)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        asked = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [*(headers or {}).items()],
            **scope,
        }
        await self._cached(asked, receive, send)
        return sent[0]["status"], b"".join(message["body"] for message in sent[1:])

    def is_asked_by(self, *paths: str, **rest: Any) -> bool:
        """Return whether any of some requests comes to the application."""
        before = self.asked
        for path in paths or ("/",):
            self.get(path, **rest)
        return self.asked > before


# What is kept


def test_an_answer_is_made_once_while_the_data_stay() -> None:
    service = Service()
    assert [service.get() for _ in range(5)] == [(200, b"body")] * 5
    assert service.asked == 1
    service.watch.state = 2
    assert service.is_asked_by("/")
    assert not service.is_asked_by("/")


def test_what_many_ask_for_at_once_is_made_once() -> None:
    service = Service()
    service.takes_long = True
    assert service.get_at_once(*["/"] * 20) == [(200, b"body")] * 20
    assert service.asked == 1
    service.watch.state = 2
    assert service.get_at_once("/", "/other", "/", "/other", "/") == [(200, b"body")] * 5
    assert service.asked == 3
    service.watch.state, service.is_prompt = 3, True  # nobody has it made anew for himself
    assert service.get_at_once("/third", "/third", "/third") == [(200, b"body")] * 3
    assert service.asked == 4


def test_what_is_not_kept_is_waited_for_once_only() -> None:
    service = Service()
    service.takes_long, service.status = True, 404
    assert service.get_at_once(*["/"] * 20) == [(404, b"body")] * 20
    assert service.asked == 20
    service.get_at_once(*["/"] * 20)
    assert service.most_at_work >= 19, "they were answered one after the other"


def test_who_waits_for_what_fails_or_grows_too_large_asks_himself() -> None:
    service = Service(most=32_000)
    service.takes_long, service.pieces = True, [b"x" * 900, b"y" * 900]
    assert service.get_at_once("/", "/", "/") == [(200, b"x" * 900 + b"y" * 900)] * 3
    assert service.asked == 3
    service.fails = True
    with pytest.raises(ExceptionGroup) as told:
        service.get_at_once("/other", "/other")
    assert len(told.value.exceptions) >= 1
    service.fails = False
    assert service.get_at_once("/other", "/other")[1][0] == 200


@pytest.mark.parametrize("pieces", [[b"body"], [b"bo", b"dy"]])
def test_who_takes_an_answer_in_slowly_holds_up_nobody(pieces: list[bytes]) -> None:
    service = Service()
    service.takes_long, service.pieces = True, pieces

    async def ask() -> None:
        taken = anyio.Event()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(partial(service.ask, "/", taken=taken))
                await anyio.sleep(0.01)
                assert await service.ask("/") == (200, b"body")
                taken.set()

    anyio.run(ask)


def test_what_was_changed_meanwhile_is_not_waited_for() -> None:
    service = Service()
    service.takes_long = True

    async def ask() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(service.ask, "/")
            await anyio.sleep(0.01)
            service.watch.state, service.pieces = 2, [b"new"]
            assert await service.ask("/") == (200, b"new")

    anyio.run(ask)
    assert service.get() == (200, b"new")
    assert service.asked == 2


def test_an_answer_that_was_had_at_once_is_kept_when_it_is_asked_for_again() -> None:
    service = Service()
    service.is_prompt = True
    assert [service.is_asked_by("/") for _ in range(4)] == [True, True, False, False]
    service.watch.state = 2
    assert [service.is_asked_by("/") for _ in range(2)] == [True, False], "it is known still"


def test_an_answer_that_takes_long_is_kept_at_once_among_many_that_do_not() -> None:
    service = Service()
    service.is_prompt = True
    for number in range(30):
        service.get(f"/{number}")
    assert service.cache.size == 0
    service.is_prompt = False
    assert [service.is_asked_by("/") for _ in range(2)] == [True, False]


def test_what_was_asked_for_is_known_for_some_thousand_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_answers, "_ASKED_AT_MOST", 100)
    answers = KeptAnswers(MOST)
    assert [answers.comes_again((number,)) for number in range(100)] == [False] * 100
    assert [answers.comes_again((number,)) for number in range(100)] == [True] * 100
    assert not any(answers.comes_again((number,)) for number in range(100, 350))
    assert not answers.comes_again((0,)), "those of long ago are forgotten"
    assert len(answers._asked) + len(answers._asked_before) <= 200


def test_a_304_is_made_once_too() -> None:
    service = Service()
    service.get()
    for _ in range(3):
        assert service.get(headers={b"if-none-match": b'"e"'}) == (304, b"")
    assert service.asked == 2
    assert service.get(headers={b"if-none-match": b'"of before"'}) == (200, b"body")
    assert service.asked == 2


def test_head_is_answered_from_what_get_was() -> None:
    service = Service()
    assert service.is_asked_by(method="HEAD")
    assert service.get() == (200, b"body")
    assert service.get(method="HEAD") == (200, b"")
    assert service.asked == 2


def test_an_answer_that_comes_in_pieces_is_kept_whole() -> None:
    service = Service()
    service.pieces = [b"a", b"", b"b", b"c"]
    assert service.get() == service.get() == (200, b"abc")
    assert service.asked == 1


def test_nothing_is_used_while_the_state_of_the_data_is_not_known() -> None:
    service = Service()
    service.get()
    service.watch.state = None
    assert service.is_asked_by("/")
    service.watch.state = 1
    assert not service.is_asked_by("/")


def test_what_was_read_before_a_write_is_not_kept_after_it() -> None:
    service = Service()
    keep = service.cache.keep

    def keep_late(kept: KeptAnswer, state: int) -> None:
        service.watch.state = state + 1
        service.cache.find(Asked((), None), state + 1)  # another request notices the write
        keep(kept, state)

    service.cache.keep = keep_late  # type: ignore[assignment, method-assign]
    service.get()
    service.cache.keep = keep  # type: ignore[method-assign]
    assert service.is_asked_by("/")
    assert not service.is_asked_by("/")


# What is not


@pytest.mark.parametrize("status", [201, 204, 206, 303, 308, 400, 404, 406, 410, 422, 500, 503])
def test_only_a_200_is_kept(status: int) -> None:
    service = Service()
    service.status = status
    for _ in range(3):
        assert service.is_asked_by("/")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"cache-control", b"no-store"), *SAYS[1:]],
        [(b"cache-control", b"private, max-age=60"), *SAYS[1:]],
        SAYS[1:],
        [SAYS[0], SAYS[2]],
        [*SAYS, (b"set-cookie", b"a=b")],
        [*SAYS[:2], (b"vary", b"Accept, Cookie")],
        [*SAYS, (b"Vary", b"*")],
    ],
)
def test_an_answer_that_does_not_say_that_anyone_may_keep_it_is_not(headers: Headers) -> None:
    service = Service()
    service.headers = headers
    for _ in range(3):
        assert service.is_asked_by("/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"authorization", b"Bearer x"),
        (b"content-length", b"3"),
        (b"content-length", b"0"),
        (b"transfer-encoding", b"chunked"),
        (b"range", b"bytes=0-1"),
        (b"if-range", b'"e"'),
        (b"if-match", b'"e"'),
        (b"if-modified-since", b"Tue, 24 Nov 2026 00:00:00 GMT"),
        (b"if-unmodified-since", b"Tue, 24 Nov 2026 00:00:00 GMT"),
        (b"expect", b"100-continue"),
        (b"upgrade", b"websocket"),
    ],
)
def test_a_request_with_more_to_it_is_answered_anew(name: bytes, value: bytes) -> None:
    service = Service()
    service.get()
    assert service.is_asked_by(headers={name: value})
    assert not service.is_asked_by("/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
def test_another_method_is_answered_anew(method: str) -> None:
    service = Service()
    service.get()
    assert service.is_asked_by(method=method)


def test_a_path_that_is_not_known_to_the_byte_is_answered_anew() -> None:
    service = Service()
    for _ in range(3):
        assert service.is_asked_by(raw_path=None)


@pytest.mark.parametrize(
    "other",
    [
        {"scheme": "https"},
        {"root_path": "/airace"},
        {"query_string": b"a"},
        {"raw_path": b"/%2F"},
        {"headers": {b"host": b"there"}},
        {"headers": {b"accept": b"text/csv"}},
        {"headers": {b"accept": b""}},
        {"headers": {b"accept-encoding": b"gzip"}},
    ],
)
def test_what_an_answer_depends_on_makes_it_another_one(other: dict[str, Any]) -> None:
    service = Service()
    service.get()
    assert service.is_asked_by(**other)
    assert not service.is_asked_by(**other)
    assert not service.is_asked_by("/")


# Room


def _answer(number: int, size: int = 5_000) -> KeptAnswer:
    return KeptAnswer((f"/{number}",), [(b"a", b"b")], bytes(size), b'"e"')


def test_the_room_is_counted_in_bytes() -> None:
    service = Service()
    service.pieces = [b"x" * 20_000]
    for number in range(300):
        service.get(f"/{number}")
        service.get(f"/{number % 7}")
        assert service.cache.size <= MOST
    assert service.cache.size > MOST / 2


def test_what_is_counted_is_what_python_takes() -> None:
    headers = [(b"name-%d" % number, b"value" * 20) for number in range(12)]
    kept = KeptAnswers(MOST)
    kept.get((), 1)
    tracemalloc.start()
    try:
        for number in range(2_000):
            key = ("/path", b"/path", b"query=%d" % number, "http", "", b"host", None, True)
            copies = [(bytes([*name]), bytes([*value])) for name, value in headers]
            answer = KeptAnswer(key, copies, bytes(300), b'"e"')
            answer.head(answer.headers)
            answer.unchanged = copies[:8]
            answer.head(answer.unchanged)
            kept.put(answer, 1)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 1.1 * MOST


def test_an_answer_that_takes_much_of_the_room_is_not_kept() -> None:
    service = Service()
    service.pieces = [b"x" * 10_000] * 4
    assert service.cache.largest < 40_000
    for _ in range(3):
        assert service.get() == (200, b"x" * 40_000)
    assert service.asked == 3
    assert service.cache.size == 0


def test_questions_that_come_once_leave_alone_what_is_asked_for_again() -> None:
    service = Service()
    wanted = [f"/wanted/{number}" for number in range(10)]
    for path in wanted * 2:
        service.get(path)
    for number in range(2_000):
        service.get(f"/odd/{number}")
    assert not service.is_asked_by(*wanted)


def test_what_is_asked_for_now_and_then_outlasts_questions_that_come_twice() -> None:
    service = Service()
    for number in range(2_000):
        service.get("/wanted")
        for _ in range(2):
            service.get(f"/odd/{number}")
    before = service.asked
    service.get("/wanted")
    assert service.asked == before
    assert before == 2_001


def test_the_least_recently_asked_for_goes_first() -> None:
    kept = KeptAnswers(MOST)
    kept.get((), 1)
    for number in range(100):
        kept.put(_answer(number), 1)
        kept.get(("/0",), 1)
    kept.put(_answer(1), 1)
    for number in range(100, 400):
        kept.put(_answer(number), 1)
    assert kept.get(("/0",), 1)
    assert kept.get(("/399",), 1)
    assert kept.get(("/100",), 1) is None
