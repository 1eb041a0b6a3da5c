"""Connections to clients: requests are bounded as they come, and say which host they mean."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.http import problems
from app.http.middleware import CommonHeaders, with_common
from app.http.problems import Problem

LARGEST_HEAD: Final = 65_536
"""The most bytes of a request line and the header lines after it.

Not counted are those that came in one piece with the end of the request before.
"""

_SECONDS_TO_READ: Final = 1.0
"""How long one that was refused may go on sending: it could not read the reason otherwise."""


_HOST: Final = re.compile(
    rb"([A-Za-z0-9._~!$&'()*+,;=%-]{0,255}|\[[A-Za-z0-9:._~%-]{2,255}\])(:[0-9]{0,5})?"
)
_NO_HOST: Final = (
    "HTTP/1.1 wants one Host header, with a name or an address, and a port if need be; "
    "such as example.org:8000"
)
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class Connection(HttpToolsProtocol):
    """A connection on which no request holds more than a head of bounded size and its body.

    A request that does not say which host it means, as HTTP/1.1 wants it to, has no other answer.
    """

    _between = True
    """Whether the last request was read to its end and no other has begun."""

    _begun = 0
    """How many requests have begun since this was set."""

    _held = 0
    """How many bytes came since a request, or a part of a body, was read to its end."""

    _refusal: Problem | None = None
    """What is to be told once all requests before are answered."""

    _is_over = False
    """Whether whatever comes is let go."""

    def data_received(self, data: bytes) -> None:
        """Read bytes, and refuse a request whose head becomes too large."""
        if self._held + len(data) < LARGEST_HEAD:
            self._held += len(data)
            super().data_received(data)
            return
        while data and not self._is_over and not self.transport.is_closing():
            room = LARGEST_HEAD - self._held
            piece, data = data[:room], data[room:]
            self._held += len(piece)
            super().data_received(piece)
            if self._held >= LARGEST_HEAD:
                self._refuse(problems.head_too_large(LARGEST_HEAD))

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._between = False
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take the host from the target where it has one: that goes before the header."""
        if not self.url.startswith(b"/"):
            absolute = _ABSOLUTE.match(self.url)
            if absolute and names_its_host(self.headers, self.parser.get_http_version()):
                others = [pair for pair in self.headers if pair[0] != b"host"]
                self.headers[:] = [(b"host", absolute[1]), *others]
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cycle.scope
        if names_its_host(scope["headers"], scope["http_version"]):
            self._start(cycle, app)
        else:
            refusing: Any = CommonHeaders(problems.unreadable_request(_NO_HOST).response())
            self._start(cycle, refusing)

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Begin to answer a request that says which host it means, or to refuse another."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:  # only where the service stops, which uvicorn logs
                if cycle.response_started:
                    cycle.disconnected = True
                    self.transport.close()
                else:
                    await CommonHeaders(problems.stopping().response())(scope, receive, send)

        super()._start_asgi_task(cycle, answer)

    def on_body(self, body: bytes) -> None:
        """Take in a part of a body: others bound that."""
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that a request ends."""
        self._between, self._held = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, or tell why there is none."""
        super().on_response_complete()
        if self._refusal and self._is_done():
            self._tell(self._refusal)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, as uvicorn asks."""
        self._refuse(problems.unreadable_request(msg[:1].lower() + msg[1:].rstrip(".")))

    def _unsupported_upgrade_warning(self) -> None:
        """Go on in HTTP/1.1: whoever offers another protocol is ready for that (RFC 9110, 7.8)."""

    def _is_done(self) -> bool:
        """Return whether no answer is under way."""
        done: bool = getattr(self.cycle, "response_complete", True)  # there is none at first
        return done

    def _refuse(self, problem: Problem) -> None:
        """Read no more; tell why as soon as the requests before have their answers."""
        is_answered = bool(self.cycle) and self.cycle.scope is self.scope and not self._between
        self._is_over, self._between, self._held = True, False, LARGEST_HEAD
        if is_answered:  # it is too late to say anything else of this request
            self.transport.close()
        elif self._is_done():
            self._tell(problem)
        else:
            self._refusal = problem

    def _tell(self, problem: Problem) -> None:
        """Send a problem as the last answer."""
        self._refusal = None
        if self.transport.is_closing():
            return
        answer = problem.response()
        headers = [*self.server_state.default_headers, *with_common(answer.raw_headers)]
        lines = [STATUS_LINE[answer.status_code]]
        for name, value in (*headers, (b"connection", b"close")):
            lines += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*lines, b"\r\n", answer.body)))
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_SECONDS_TO_READ, self.transport.close)


def names_its_host(headers: Iterable[tuple[bytes, bytes]], version: str) -> bool:
    """Return whether a request says which host it means, once (RFC 9112, 3.2), or need not."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) == 1:
        return _HOST.fullmatch(hosts[0]) is not None
    return not hosts and version == "1.0"
