"""Answers that are kept, sent from where requests are read: what uvicorn would send, but sooner.

It steps in once uvicorn has read a request and is about to hand it to the application. Whatever
is not quite usual goes on to the application, where the same cache is asked again.
"""

from typing import Final

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.http.cache import NEVER_KEPT, Cache, Found, asked_by

_NOT_HERE: Final = NEVER_KEPT | {b"x-forwarded-proto"}
"""Behind this point of the way a proxy that is trusted changes the scheme."""


def early_answers(cache: Cache) -> type[HttpToolsProtocol]:
    """Return the protocol of uvicorn that answers from a cache what it can."""

    class EarlyAnswers(HttpToolsProtocol):
        def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
            # Those in a queue start each other, and would go ever deeper if none of them waited.
            usual = app is self.app and not (
                self.pipeline or self.flow.write_paused or cycle.access_log
            )
            asked = asked_by(cycle.scope, _NOT_HERE) if usual else None
            state = cache.state() if asked else None
            if asked and state is not None:
                found = cache.find(asked, state)
                if isinstance(found, Found) and found.has_its_length:
                    self._answer(cycle, found)
                    return
            super()._start_asgi_task(cycle, app)

        def _answer(self, cycle: RequestResponseCycle, found: Found) -> None:
            lines = [STATUS_LINE[found.status]]
            for name, value in cycle.default_headers:
                lines += (name, b": ", value, b"\r\n")
            lines.append(found.answer.head(found.headers))
            if not cycle.keep_alive:
                lines.append(b"connection: close\r\n")
            lines += (b"\r\n", found.body(cycle.scope["method"]))
            self.transport.write(b"".join(lines))
            cycle.response_started = cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

    return EarlyAnswers
