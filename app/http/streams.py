"""Answers that leave as they are made."""

from collections.abc import Generator, Mapping
from itertools import chain

import anyio
import anyio.to_thread
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Stream(StreamingResponse):
    """An answer in pieces. The first is made here, before the headers go out.

    Where nobody wants the rest, what makes it is ended: it may hold a thread or a file.
    """

    def __init__(
        self,
        pieces: Generator[bytes, None, None],
        *,
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        first = next(pieces, b"")
        super().__init__(chain([first], pieces), headers=headers, media_type=media_type)
        self._pieces = pieces

    def close(self) -> None:
        """End what makes it, where it is not to be sent."""
        self._pieces.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self.close)
