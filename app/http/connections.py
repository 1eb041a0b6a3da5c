"""Connections to clients: requests are bounded as they come, and say which host they mean."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
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

Not counted are those that were read in one piece with the end of the request before.
"""

PIECE: Final = 4_096
"""The most bytes that are read before others have their turn: many a request would fit in more."""

_SECONDS_TO_READ: Final = 1.0
"""How long one that was refused may go on sending: it could not read the reason otherwise."""

_SECONDS_TO_ASK: Final = 30.0
"""How long a connection may be without a request that is whole; up to twice as long at the most.

After an answer it is closed sooner where nothing at all comes, as uvicorn does.
"""

_HOST: Final = re.compile(
    rb"([A-Za-z0-9._~!$&'()*+,;=%-]{0,255}|\[[A-Za-z0-9:._~%-]{2,255}\])(:[0-9]{0,5})?"
)
_NO_HOST: Final = (
    "HTTP/1.1 wants one Host header, with a name or an address, and a port if need be; "
    "such as example.org:8000"
)
_NOT_ASCII: Final = re.compile(rb"^[A-Z]+ [^ \r\n]*[\x80-\xff]", re.MULTILINE)
_TO_ENCODE: Final = (
    "the address has a letter that is not ASCII: it stands there percent-encoded, such as "
    "T%C3%BCrkiye for T\u00fcrkiye"
)
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class _Flow(FlowControl):
    """Takes nothing more from a client of whom there is something left to be read."""

    is_held = False

    def resume_reading(self) -> None:
        """Take more, unless that is to wait."""
        if not self.is_held:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """A connection on which no request holds more than a head of bounded size and its body.

    Requests that come without waiting for answers are read a piece at a time, the next once the
    requests of the last one are being answered: so they hold neither memory nor the other clients.

    A request that does not say which host it means, as HTTP/1.1 wants it to, has no other answer.
    """

    flow: _Flow

    _between = True
    """Whether the last request was read to its end and no other has begun."""

    _begun = 0
    """How many requests have begun since this was set."""

    _held = 0
    """How many bytes came since a request, or a part of a body, was read to its end."""

    _piece = b""
    """What was read last."""

    _refusal: Problem | None = None
    """What is to be told once all requests before are answered."""

    _is_over = False
    """Whether whatever comes is let go."""

    _offers = False
    """Whether the last request that is read offers another protocol."""

    _read_whole = 0
    """How many requests were read to their end."""

    _running: RequestResponseCycle | None = None
    """What is being answered, or was answered last."""

    _is_to_go_on = False
    """Whether more is going to be read soon."""

    _is_at_end = False
    """Whether the client has said that it sends nothing more."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._left = bytearray()
        self._look_again(read_before=0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Have whatever is under way end."""
        self._look.cancel()
        self._left.clear()
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read bytes: a piece now, and the others in their turn."""
        if self._is_over:
            return
        if len(data) <= PIECE and not self._left and not self.pipeline:
            self._read(data)
        else:
            self._left += data
            self._go_on()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether to stay: a client that sends nothing more may wait for an answer."""
        is_read = not self._is_over or self._offers
        self._is_at_end = self._between and is_read and not self._is_idle()
        return self._is_at_end

    def _look_again(self, read_before: int) -> None:
        """Look after a while whether a request has come."""
        look = self._close_unless_asked
        self._look = self.loop.call_later(_SECONDS_TO_ASK, look, read_before)

    def _close_unless_asked(self, read_before: int) -> None:
        """Close a connection on which no request has come to its end since, and none is answered.

        Whoever begins many requests and ends none would else hold what others need to connect.
        """
        if self._is_done() and self._read_whole == read_before:
            self.transport.close()
        else:
            self._look_again(self._read_whole)

    def _is_idle(self) -> bool:
        """Return whether nothing is under way, and nothing that came is left."""
        return self._is_done() and not self.pipeline and not self._left

    def _go_on(self) -> None:
        """Read a piece of what is left, once no request waits for the answers to others."""
        self._is_to_go_on = False
        if self._left and not self.pipeline and not self.transport.is_closing():
            piece = bytes(self._left[:PIECE])
            del self._left[:PIECE]
            self._read(piece)
        self._hold()
        if self._is_at_end and self._is_idle():
            self.transport.close()
        elif self._left and not self.pipeline:
            self._go_on_soon()

    def _go_on_soon(self) -> None:
        if not self._is_to_go_on:
            self._is_to_go_on = True
            self.loop.call_soon(self._go_on)

    def _hold(self) -> None:
        """Take more from the client or not."""
        self.flow.is_held = bool(self._left or self.pipeline)
        if self.flow.is_held:
            self.flow.pause_reading()
        elif self._is_done() or len(self.cycle.body) <= HIGH_WATER_LIMIT:
            self.flow.resume_reading()

    def _read(self, data: bytes) -> None:
        """Read a piece, and refuse a request whose head becomes too large."""
        if self._held + len(data) < LARGEST_HEAD:
            self._held += len(data)
            self._piece = data
            super().data_received(data)
            return
        while data and not self._is_over and not self.transport.is_closing():
            room = LARGEST_HEAD - self._held
            piece, data = data[:room], data[room:]
            self._held += len(piece)
            self._piece = piece
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
            if absolute and not self.url.startswith(b"/", absolute.end()):  # (RFC 9110, 4.2.3)
                self.url = absolute[0] + b"/" + self.url[absolute.end() :]
            if absolute and names_its_host(self.headers, self.parser.get_http_version()):
                others = [pair for pair in self.headers if pair[0] != b"host"]
                self.headers[:] = [(b"host", absolute[1]), *others]
        if self.parser.should_upgrade():  # what comes next may be its body, or another protocol
            self._offers = self._is_over = True
            self._left.clear()
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cycle.scope
        if self._offers and not self.pipeline:  # it is the last one
            cycle.keep_alive = False
        if names_its_host(scope["headers"], scope["http_version"]):
            self._start(cycle, app)
        else:
            refusing: Any = CommonHeaders(problems.unreadable_request(_NO_HOST).response())
            self._start(cycle, refusing)

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Begin to answer a request that says which host it means, or to refuse another."""
        self._running = cycle

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["http_version"] == "1.0":
                send = _to_the_end(cycle, send)
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
        self._read_whole += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, or tell why there is none."""
        super().on_response_complete()
        if self._refusal and self._is_done():
            self._tell(self._refusal)
        elif self._is_at_end and self._is_idle():
            self.transport.close()
        elif self.flow.is_held and not self.pipeline:
            self._go_on_soon()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, as uvicorn asks."""
        is_plain = _NOT_ASCII.search(self._piece) is None
        said = msg[:1].lower() + msg[1:].rstrip(".") if is_plain else _TO_ENCODE
        self._refuse(problems.unreadable_request(said))

    def _unsupported_upgrade_warning(self) -> None:
        """Answer in HTTP/1.1: whoever offers another protocol is ready for that (RFC 9110, 7.8).

        It is the last request of its connection: the parser does not read its body as such.
        """

    def _is_done(self) -> bool:
        """Return whether no answer is under way."""
        done: bool = getattr(self.cycle, "response_complete", True)  # there is none at first
        return done

    def _refuse(self, problem: Problem) -> None:
        """Read no more; tell why as soon as the requests before have their answers."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle and (self._between or cycle.scope is not self.scope):
            cycle = None  # its head is not read to the end
        self._is_over, self._between, self._held = True, False, LARGEST_HEAD
        self._left.clear()
        if cycle and self.pipeline and cycle is self.pipeline[0][0]:
            self.pipeline.popleft()
            assert self._running  # noqa: S101  (others wait for nothing else)
            self.cycle = self.pipeline[0][0] if self.pipeline else self._running
            self._refusal = problem
        elif cycle and cycle.response_started:  # it is too late to say anything else
            self.transport.close()
        elif cycle or self._is_done():
            if cycle:
                cycle.disconnected = True
                cycle.message_event.set()
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
        self.flow.is_held = False
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(_SECONDS_TO_READ, self.transport.close)


def _to_the_end(cycle: RequestResponseCycle, send: Any) -> Any:
    """Return a way to send to a client that knows no chunks: to the end of the connection.

    That is how an answer ends that does not say how long it is (RFC 9112, 6.1 and 6.3).
    """
    is_open = False

    async def send_on(message: Any) -> None:
        nonlocal is_open
        if message["type"] == "http.response.start":
            is_open = all(name.lower() != b"content-length" for name, _ in message["headers"])
            if is_open:
                cycle.chunked_encoding = False
        elif is_open:  # each piece is as long as it is said to be
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    return send_on


def names_its_host(headers: Iterable[tuple[bytes, bytes]], version: str) -> bool:
    """Return whether a request says which host it means, once (RFC 9112, 3.2), or need not."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) == 1:
        return _HOST.fullmatch(hosts[0]) is not None
    return not hosts and version == "1.0"
