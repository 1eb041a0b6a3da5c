"""The cache in front of everything else: what was answered is answered again while it holds.

An answer is kept as it leaves, for one state of the data. It is kept only where it says that
anyone may keep it (`Cache-Control: public`) and has an ETag; errors and streams without an end
in sight are not. One that was had at once is kept only if it was asked for before: most such
questions come once, and to keep their answers would cost a tenth of what it takes to make them.
"""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.dispatch import AT_ONCE
from app.http.kept_answers import KeptAnswer, KeptAnswers, Key, RawHeaders
from app.http.middleware import accepts_gzip
from app.storage.freshness import Watch

_TOLD: Final = frozenset((b"host", b"accept", b"accept-encoding", b"if-none-match"))
_VARIES: Final = frozenset((b"", b"accept", b"accept-encoding"))
"""The headers that an answer may say that it depends on."""

NEVER_KEPT: Final = frozenset(
    (
        b"authorization",
        b"content-length",
        b"transfer-encoding",
        b"range",
        b"if-match",
        b"if-range",
        b"if-modified-since",
        b"if-unmodified-since",
        b"expect",
        b"upgrade",
    )
)
"""A request with one of these is answered anew, whether it matters today or not."""

_REMEMBERED_AT_MOST: Final = 200
_OK: Final = 200
_NOT_MODIFIED: Final = 304


class Asked(NamedTuple):
    """A request for which an answer may be kept."""

    key: Key
    if_none_match: bytes | None


class Found(NamedTuple):
    """An answer that holds, with the status and the headers that a request gets of it."""

    answer: KeptAnswer
    status: int
    headers: RawHeaders

    @property
    def has_its_length(self) -> bool:
        """Whether it says how long it is, or has no body."""
        return self.status == _NOT_MODIFIED or self.answer.has_its_length

    def body(self, method: str) -> bytes:
        """Return the body that a method gets."""
        return self.answer.body if self.status == _OK and method == "GET" else b""


class Cache:
    """Answers that are kept, and whether the data are still those that they were made from."""

    def __init__(self, watch: Watch, most: int) -> None:
        self._watch = watch
        self._answers = KeptAnswers(most)

    @property
    def size(self) -> int:
        """How many bytes the answers take."""
        return self._answers.size

    @property
    def largest(self) -> int:
        """The most bytes that one answer may take."""
        return self._answers.largest

    def state(self) -> int | None:
        """Return the state of the data, None where it is not known just now."""
        return self._watch.current()

    def find(self, asked: Asked, state: int) -> Found | KeptAnswer | None:
        """Return what a request gets, or the answer alone where a 304 of it is still to be seen."""
        kept = self._answers.get(asked.key, state)
        if kept is None or asked.if_none_match is None:
            return kept and Found(kept, _OK, kept.headers)
        known = kept.is_known_by(asked.if_none_match)
        if known is False:
            return Found(kept, _OK, kept.headers)
        return Found(kept, _NOT_MODIFIED, kept.unchanged) if known and kept.unchanged else kept

    def comes_again(self, asked: Asked) -> bool:
        """Note that there is no answer to a request; return whether it came before."""
        return self._answers.comes_again(asked.key)

    def keep(self, answer: KeptAnswer, state: int) -> None:
        """Keep an answer that was asked for when the data were in a state."""
        self._answers.put(answer, state)

    def close(self) -> None:
        """End the watch."""
        self._watch.close()


class Cached:
    """Answers from the cache, and else lets others answer and keeps what they say.

    Who asks for what is being made waits for that: it is made once, however many ask.
    """

    def __init__(self, app: ASGIApp, cache: Cache) -> None:
        self.app = app
        self._cache = cache
        self._making: dict[_Place, _Making] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        asked = asked_by(scope) if scope["type"] == "http" else None
        state = self._cache.state() if asked else None
        if asked is None or state is None:
            await self.app(scope, receive, send)
            return
        found = self._cache.find(asked, state)
        if found is None and (making := self._making.get((asked.key, state))):
            await making.end()
            found = self._cache.find(asked, state)
        if isinstance(found, Found):
            headers = list(found.headers)  # others may add to them
            start = {"type": "http.response.start", "status": found.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": found.body(scope["method"])})
        elif found:
            await self.app(scope, receive, _noting_304(found, asked, send))
        elif scope["method"] == "GET":
            await self._made(asked, state, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _made(
        self, asked: Asked, state: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let others answer, and have those who ask the same meanwhile wait for it."""
        place = asked.key, state
        making = _Making()
        self._making.setdefault(place, making)
        copying = _Copying(self._cache, asked.key, state, making, send)
        if not self._cache.comes_again(asked):
            scope[AT_ONCE] = copying.leave_it
        try:
            await self.app(scope, receive, copying)
        finally:
            making.ends()
            if self._making.get(place) is making:
                del self._making[place]


class _Making:
    """An answer in the making, and those who wait until it is kept or is known not to be."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._has_ended = False

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits for it."""
        return bool(self._waiting)

    async def end(self) -> None:
        """Wait until there is no more to wait for."""
        if not self._has_ended:
            self._waiting.append(asyncio.get_running_loop().create_future())
            await self._waiting[-1]

    def ends(self) -> None:
        """Let nobody wait any more."""
        self._has_ended = True
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()


_Place = tuple[Key, int]


class _Copying:
    """Sends an answer on, and keeps it if it can be kept once it is whole."""

    def __init__(self, cache: Cache, key: Key, state: int, making: _Making, send: Send) -> None:
        self._cache = cache
        self._key = key
        self._state = state
        self._making = making
        self._send = send
        self._headers: RawHeaders = ()
        self._etag: bytes | None = None
        self._start: Message | None = None
        self._pieces: list[bytes] = []
        self._room = cache.largest
        self._is_left = False

    def leave_it(self) -> None:
        """Do not keep the answer that is to come, unless somebody waits for it."""
        self._is_left = not self._making.is_awaited

    async def __call__(self, message: Message) -> None:
        """Send a message on. It is kept before: whoever takes it in slowly holds up nobody."""
        if not self._is_left:
            self._look_at(message)
            if message["type"] == "http.response.start" and self._etag is not None:
                self._start = message  # it goes with the first piece of the body
                return
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)
        await self._send(message)

    def _look_at(self, message: Message) -> None:
        """Take what is to be kept from a message."""
        more = message.get("more_body", False)
        if message["type"] == "http.response.start":
            self._headers = tuple(message["headers"])
            self._etag = _etag_to_keep(self._headers) if message["status"] == _OK else None
        elif self._etag is not None and message["type"] == "http.response.body":
            self._add(self._etag, message.get("body", b""), is_last=not more)
        if self._etag is None or more:
            self._making.ends()

    def _add(self, etag: bytes, body: bytes, *, is_last: bool) -> None:
        """Add a piece of the body, and keep the answer where that was the last."""
        self._pieces.append(body)
        self._room -= len(body)
        if self._room < 0:
            self._etag = None
            self._pieces.clear()
        elif is_last:
            whole = b"".join(self._pieces)
            self._cache.keep(KeptAnswer(self._key, self._headers, whole, etag), self._state)
            self._etag = None


def _noting_304(kept: KeptAnswer, asked: Asked, send: Send) -> Send:
    """Return a way to send on, which notes what the 304 of an answer says."""

    async def note(message: Message) -> None:
        await send(message)
        if (
            message["type"] == "http.response.start"
            and message["status"] == _NOT_MODIFIED
            and asked.if_none_match
            and kept.is_known_by(asked.if_none_match)
            and (b"etag", kept.etag) in message["headers"]
        ):
            kept.unchanged = tuple(message["headers"])

    return note


def asked_by(scope: Mapping[str, Any], never_kept: frozenset[bytes] = NEVER_KEPT) -> Asked | None:
    """Return what a request asks for, None where its answer is to be made anew.

    Two requests have one key only where path, query and all headers that answers depend on are
    the same to the byte; of Accept-Encoding that is whether it takes gzip.
    """
    raw_path = scope.get("raw_path")
    if scope["method"] not in {"GET", "HEAD"} or raw_path is None:
        return None
    told: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _TOLD:
            if name in told:  # which line counts is not for the cache to say
                return None
            told[name] = value
        elif name in never_kept:
            return None
    key = (
        scope["path"],
        raw_path,
        scope["query_string"],
        scope["scheme"],
        scope.get("root_path"),
        told.get(b"host"),
        told.get(b"accept"),
        _takes_gzip(told.get(b"accept-encoding", b"")),
    )
    return Asked(key, told.get(b"if-none-match"))


def _takes_gzip(accept_encoding: bytes) -> bool:
    if len(accept_encoding) > _REMEMBERED_AT_MOST:  # nobody sends this by habit
        return accepts_gzip(accept_encoding.decode("latin-1"))
    return _takes_gzip_by_habit(accept_encoding)


@lru_cache(256)
def _takes_gzip_by_habit(accept_encoding: bytes) -> bool:
    return accepts_gzip(accept_encoding.decode("latin-1"))


def _etag_to_keep(headers: RawHeaders) -> bytes | None:
    """Return the ETag of an answer that may be kept, None where it may not."""
    told: dict[bytes, bytes] = {}
    for name, value in headers:
        told[name.lower()] = value
        if (
            name.lower() == b"vary"
            and not {part.strip() for part in value.lower().split(b",")} <= _VARIES
        ):
            return None
    if b"set-cookie" in told or not told.get(b"cache-control", b"").startswith(b"public"):
        return None
    return told.get(b"etag")
