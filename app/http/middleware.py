"""What all answers have in common, as plain ASGI: headers, HEAD, encoding, limits, last resort.

A layer that has nothing to do with a request returns what the one behind it returns: to await that
would cost each request a coroutine for each layer.
"""

import logging
from collections.abc import Awaitable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http import problems
from app.http.headers import header_of
from app.http.problems import Problem
from app.kit.formats import TABLE_FORMATS

Mutable = MutableMapping[str, Any]

_log = logging.getLogger("airace.http")
_GZIP_FROM_BYTES = 1_000
_GZIP_LEVEL = 5
_LENGTH_DIGITS = 18
_OF_WHAT_IS_THERE = {200, 304}
_OF_A_BODY = {b"content-length", b"transfer-encoding"}
"""The headers without one of which a request has no body."""

_COMPRESSED = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    *(table.media_type for table in TABLE_FORMATS if not table.is_text),
)
"""What is compressed already and would only cost time."""

RawHeader = tuple[bytes, bytes]
_POLICY = b"content-security-policy"
_COMMON: tuple[RawHeader, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Allow, Retry-After"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept, Accept-Encoding"),
    (_POLICY, b"default-src 'none'; sandbox"),
)
_COMMON_NAMES = {name for name, _ in _COMMON}


@dataclass(frozen=True)
class Mounted:
    """Says where a proxy has mounted the service, whether it passes that part of a path or not."""

    app: ASGIApp
    root_path: str

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] == "http" and self.root_path:
            path = scope["path"]
            if not f"{path}/".startswith(f"{self.root_path}/"):
                path = self.root_path + path
            elif path == self.root_path:  # as it is written by hand
                path += "/"
            scope = {**scope, "root_path": self.root_path, "path": path}
        return self.app(scope, receive, send)


@dataclass(frozen=True)
class CommonHeaders:
    """Adds what every answer says, and answers OPTIONS for pages of other origins."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_common(message["headers"])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def with_common(headers: list[RawHeader]) -> list[RawHeader]:
    """Return the headers of an answer with those that every answer has."""
    if _COMMON_NAMES.isdisjoint([name for name, _ in headers]):
        return [*headers, *_COMMON]
    changed = MutableHeaders(raw=headers)
    for name, value in _COMMON:
        if name != _POLICY or _POLICY.decode() not in changed:
            changed[name.decode()] = value.decode()
    return changed.raw


class _BodyNotWanted(Exception):
    """Raised out of an answer whose headers are all that was asked for."""


@dataclass(frozen=True)
class HeadAsGet:
    """Answers HEAD as GET without the body, wherever there is a GET."""

    app: ASGIApp

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return self._without_body(scope, receive, send)
        return self.app(scope, receive, send)

    async def _without_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_no_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b""})
                if message.get("more_body"):
                    raise _BodyNotWanted

        try:
            await self.app({**scope, "method": "GET"}, receive, send_no_body)
        except _BodyNotWanted:
            return


@dataclass(frozen=True)
class IfMatch:
    """Refuses what is not as whoever asks had it before: If-Match (RFC 9110, 13.1.1).

    Whether it was encoded by gzip then and is now does not matter.
    """

    app: ASGIApp

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] == "http":
            tags = [value for name, value in scope["headers"] if name == b"if-match"]
            if tags:
                return self._compared(b",".join(tags).decode("latin-1"), scope, receive, send)
        return self.app(scope, receive, send)

    async def _compared(self, asked: str, scope: Scope, receive: Receive, send: Send) -> None:
        had = {_plain(tag.strip()) for tag in asked.split(",")}

        async def send_if_it_matches(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _OF_WHAT_IS_THERE:
                etag = MutableHeaders(raw=message["headers"]).get("etag")
                if etag and had.isdisjoint((_plain(etag), "*")):
                    await problems.changed(etag).response()(scope, receive, send)
                    raise _BodyNotWanted
            await send(message)

        with suppress(_BodyNotWanted):
            await self.app(scope, receive, send_if_it_matches)


class Gzip:
    """Encodes answers by gzip where it is accepted, under an ETag of their own (RFC 9110)."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(
            app,
            minimum_size=_GZIP_FROM_BYTES,
            compresslevel=_GZIP_LEVEL,
            exclude_content_types=_COMPRESSED,
        )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] == "http" and accepts_gzip(header_of(scope, b"accept-encoding", "")):
            return self._encoded(scope, receive, send)
        return self._plain(scope, receive, send)  # what was had encoded is another answer

    async def _encoded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of somebody who takes gzip."""
        tags = [value for name, value in scope["headers"] if name == b"if-none-match"]
        asked = b", ".join(tags).decode("latin-1")
        scope = _with_header(scope, b"accept-encoding", "gzip")  # the layer looks for this word
        if asked:
            scope = _with_header(scope, b"if-none-match", _plain(asked))

        async def send_with_own_etag(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                etag = answer.get("etag", "")
                encoded = answer.get("content-encoding") == "gzip"
                had = message["status"] == 304 and _gzipped(etag) in asked  # noqa: PLR2004
                if etag and (encoded or had):
                    answer["etag"] = _gzipped(etag)
            await send(message)

        await self._gzip(scope, receive, send_with_own_etag)


@dataclass(frozen=True)
class LastResort:
    """Turns whatever was not foreseen into an answer, and leaves the connection open for more."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except _BodyNotWanted:
            raise
        except Exception as error:
            if started:  # the only way left to say so is to cut the answer off
                raise
            await _problem_of(error, scope).response()(scope, receive, send)


@dataclass(frozen=True)
class Limits:
    """Refuses bodies and addresses that are too large or garbled, before anything reads them."""

    app: ASGIApp
    largest_body: int
    largest_address: int

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request."""
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.largest_address:
            raise problems.address_too_long(self.largest_address)
        if not scope["path"].isprintable():
            raise problems.not_found("no address here is spelled like this")
        if _OF_A_BODY.isdisjoint([name for name, _ in scope["headers"]]):
            return self.app(scope, receive, send)
        length = header_of(scope, b"content-length", "0")
        if (
            len(length) > _LENGTH_DIGITS
            or not length.isdecimal()
            or int(length) > self.largest_body
        ):
            raise problems.too_large(self.largest_body)
        read, has_begun = 0, False

        async def receive_bounded() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > self.largest_body and not has_begun:
                    raise problems.too_large(self.largest_body)
            return message

        async def note_begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True  # whoever waits for the reader to leave lets the rest of a body go
            await send(message)

        return self.app(scope, receive_bounded, note_begin)


def _problem_of(error: Exception, scope: Scope) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and _is_out(error)):
        _log.warning("the database does not answer", exc_info=error)
        return problems.unavailable()
    _log.error("unforeseen: %s %s", scope["method"], scope["path"], exc_info=error)
    return problems.internal()


def _is_out(error: DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(error, OperationalError)


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether gzip may be used: named, or covered by `*`, with a quality above zero."""
    if not accept_encoding:
        return False
    qualities: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        name, _, value = parameter.partition("=")
        try:
            qualities[coding.strip()] = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            qualities[coding.strip()] = 0.0
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _gzipped(etag: str) -> str:
    return f'{etag[:-1]}-gzip"' if etag else '"'


def _plain(etags: str) -> str:
    return etags.replace('-gzip"', '"')


def _with_header(scope: Scope, name: bytes, value: str) -> Mutable:
    headers = [pair for pair in scope["headers"] if pair[0] != name]
    return {**scope, "headers": [*headers, (name, value.encode("latin-1"))]}
