"""uvicorn that answers every request with the bytes of a file: `bare.py PORT FILE`."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

Message = dict[str, Any]


def constant(body: bytes) -> Callable[..., Awaitable[None]]:
    """Return an application that answers with the same bytes whatever it is asked."""
    start: Message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
    }
    whole: Message = {"type": "http.response.body", "body": body}

    async def app(
        scope: Message, _receive: Any, send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http":
            await send(start)
            await send(whole)

    return app


if __name__ == "__main__":
    uvicorn.run(
        constant(Path(sys.argv[2]).read_bytes()),
        port=int(sys.argv[1]),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
