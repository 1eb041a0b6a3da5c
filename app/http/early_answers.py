"""Answers that are kept, sent from where requests are read: what uvicorn would send, but sooner.

A request that came before to the byte need not be read again; any other is read by uvicorn, and
answered here before it is handed to the application. Whatever is not quite usual goes on to the
application, which asks the same cache.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, NamedTuple

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.http.cache import NEVER_KEPT, Asked, Cache, Found, asked_by
from app.http.connections import Connection

_NOT_HERE: Final = NEVER_KEPT | {b"x-forwarded-proto"}
"""Behind this point of the way a proxy that is trusted changes the scheme."""

_LONGEST_REQUEST: Final = 2_048
_REQUESTS_AT_MOST: Final = 1_000


class _Read(NamedTuple):
    """What was read in a request that keeps its connection open."""

    asked: Asked
    method: str


class EarlyAnswers(Connection):
    """A connection to a client, on which answers from a cache are sent at once."""

    cache: ClassVar[Cache]
    known: ClassVar[dict[bytes, _Read]]

    _read: Sequence[_Read] = ()
    """The requests that were answered here since bytes came last."""

    def data_received(self, data: bytes) -> None:
        between, read = self._between, self.known.get(data)
        if read and between and self._is_free():
            found = self._find(read.asked)
            if found:
                self._send(found, read.method, self.server_state.default_headers)
                self.on_response_complete()
                return
        self._begun, self._read = 0, []
        super().data_received(data)
        alone = between and self._between and self._begun == 1
        if self._read and alone and len(data) <= _LONGEST_REQUEST:
            if len(self.known) >= _REQUESTS_AT_MOST:
                self.known.clear()
            self.known[data] = self._read[0]

    def _start(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        usual = app is self.app and not self.pipeline and not self.flow.write_paused
        usual = usual and not self.config.access_log
        asked = asked_by(cycle.scope, _NOT_HERE) if usual else None
        found = self._find(asked) if asked else None
        if asked is None or found is None:
            super()._start(cycle, app)
            return
        method = cycle.scope["method"]
        self._send(found, method, cycle.default_headers, keep_alive=cycle.keep_alive)
        cycle.response_started = cycle.response_complete = True
        if cycle.keep_alive:
            self._read = [*self._read, _Read(asked, method)]
        self.on_response_complete()

    def _is_free(self) -> bool:
        """Return whether no answer is under way, and the reader takes what is sent."""
        return self._is_done() and not self.flow.write_paused and not self.transport.is_closing()

    def _find(self, asked: Asked) -> Found | None:
        state = self.cache.state()
        found = self.cache.find(asked, state) if state is not None else None
        return found if isinstance(found, Found) and found.has_its_length else None

    def _send(
        self,
        found: Found,
        method: str,
        defaults: Iterable[tuple[bytes, bytes]],
        *,
        keep_alive: bool = True,
    ) -> None:
        lines = [STATUS_LINE[found.status]]
        for name, value in defaults:
            lines += (name, b": ", value, b"\r\n")
        lines.append(found.answer.head(found.headers))
        lines += (b"" if keep_alive else b"connection: close\r\n", b"\r\n", found.body(method))
        self.transport.write(b"".join(lines))
        if not keep_alive:
            self.transport.close()


def early_answers(cache: Cache) -> type[EarlyAnswers]:
    """Return the protocol of uvicorn that answers from a cache what it can."""

    class Answers(EarlyAnswers):
        pass

    Answers.cache, Answers.known = cache, {}
    return Answers
