"""Answers sent from where requests are read: what uvicorn would send, but sooner.

A request that came before to the byte need not be read again; any other is read by uvicorn, and
answered here before it is handed to the application: by what is kept, or else, once, by what can
be had at once. Whatever is not quite usual goes on to the application, which asks the same cache.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple

from starlette.types import ASGIApp, Message
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.http.cache import NEVER_KEPT, Asked, Cache, Found, asked_by
from app.http.connections import Connection
from app.http.dispatch import TAKES_TIME
from app.http.middleware import RawHeader
from app.kit.promptly import TakesTime

_NOT_HERE: Final = NEVER_KEPT | {b"x-forwarded-proto"}
"""Behind this point of the way a proxy that is trusted changes the scheme."""

_LONGEST_REQUEST: Final = 2_048
_OF_ONE_PIECE: Final = 2
"""The messages of an answer whose body comes in one piece."""

_NOT_MODIFIED: Final = 304
_LINE_END: Final = b"\r\n"
_LENGTH: Final = b"\r\ncontent-length: "
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_REQUESTS_AT_MOST: Final = 1_000


class _Read(NamedTuple):
    """What was read in a request that keeps its connection open."""

    asked: Asked
    method: str


class EarlyAnswers(Connection):
    """A connection to a client, on which some answers are sent at once."""

    cache: ClassVar[Cache]
    at_once: ClassVar[ASGIApp | None]
    known: ClassVar[dict[bytes, _Read]]
    defaults: ClassVar[tuple[Sequence[RawHeader], bytes]] = ((), b"")
    """The headers that uvicorn adds, another list each second, and as lines."""

    _answered: Sequence[_Read] = ()
    """The first request that was answered here since bytes came last."""

    def data_received(self, data: bytes) -> None:
        between, read = self._between, self.known.get(data)
        if read and between and self._is_free():
            found = self._find(read.asked)
            if found:
                self._read_whole += 1
                self._send_found(found, read.method)
                self.on_response_complete()
                return
        self._begun, self._answered = 0, []
        super().data_received(data)
        alone = between and self._between and self._begun == 1
        if self._answered and alone and len(data) <= _LONGEST_REQUEST:
            if len(self.known) >= _REQUESTS_AT_MOST:
                self.known.clear()
            self.known[data] = self._answered[0]

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        usual = app is self.app and not self.pipeline and not self.flow.write_paused
        usual = usual and not self.config.access_log
        asked = asked_by(cycle.scope, _NOT_HERE) if usual else None
        state = self.cache.state() if asked else None
        if asked is None or state is None or not self._is_sent(cycle, asked, state):
            super()._start(cycle, app)
            return
        cycle.response_started = cycle.response_complete = True
        self.on_response_complete()

    def _is_sent(self, cycle: RequestResponseCycle, asked: Asked, state: int) -> bool:
        """Send the answer to a request, if there is one or it can be had at once."""
        method = cycle.scope["method"]
        found = self._found(asked, state)
        if found:
            self._send_found(found, method, keep_alive=cycle.keep_alive)
            if cycle.keep_alive and not self._answered:
                self._answered = [_Read(asked, method)]
            return True
        # Of several requests in one piece the others come to their turn between those of others.
        at_once = type(self).at_once if self._begun == 1 else None
        if at_once is None or self.cache.comes_again(asked):
            return False
        messages = _had_at_once(at_once, cycle.scope)
        if len(messages) != _OF_ONE_PIECE:
            return False
        start, end = messages
        headers = start["headers"]
        head = _lines_of(headers)
        has_its_length = _LENGTH in head or start["status"] == _NOT_MODIFIED
        if not has_its_length or head.translate(None, _PRINTABLE) != _LINE_END * len(headers):
            return False  # uvicorn says what is wrong with it, if anything
        self._send(start["status"], head, end["body"], keep_alive=cycle.keep_alive)
        return True

    def _is_free(self) -> bool:
        """Return whether no answer is under way, and the reader takes what is sent."""
        is_free = self._is_done() and not self._left and not self._is_over
        return is_free and not self.flow.write_paused and not self.transport.is_closing()

    def _find(self, asked: Asked) -> Found | None:
        state = self.cache.state()
        return self._found(asked, state) if state is not None else None

    def _found(self, asked: Asked, state: int) -> Found | None:
        found = self.cache.find(asked, state)
        return found if isinstance(found, Found) and found.has_its_length else None

    def _send_found(self, found: Found, method: str, *, keep_alive: bool = True) -> None:
        head = found.answer.head(found.headers)
        self._send(found.status, head, found.body(method), keep_alive=keep_alive)

    def _send(self, status: int, head: bytes, body: bytes, *, keep_alive: bool) -> None:
        headers, lines = type(self).defaults
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            lines = _lines_of(headers)
            type(self).defaults = headers, lines
        end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], lines, head, end, body)))
        if not keep_alive:
            self.transport.close()


def _had_at_once(app: ASGIApp, scope: Any) -> list[Message]:
    """Return the messages of an answer that is had without waiting, none where it is not."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    try:
        answering: Any = app(scope, _receive_nothing, send)
        answering.send(None)
        answering.close()  # it would have waited
    except StopIteration:
        return messages
    except TakesTime:
        scope[TAKES_TIME] = True
    except Exception:  # noqa: BLE001, S110  (the application fails likewise, and tells of it)
        pass
    return []


async def _receive_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _lines_of(headers: Sequence[RawHeader]) -> bytes:
    return _LINE_END.join([*map(b": ".join, headers), b""])


def early_answers(cache: Cache, at_once: ASGIApp | None) -> type[EarlyAnswers]:
    """Return the protocol of uvicorn that answers from a cache, or at once, what it can.

    `at_once` serves without ever waiting; None where all that is asked for is waited for.
    """

    class Answers(EarlyAnswers):
        pass

    Answers.cache, Answers.known = cache, {}
    Answers.at_once = staticmethod(at_once) if at_once else None
    return Answers
