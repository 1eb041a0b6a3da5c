"""Serving by uvicorn, and what it says when it starts."""

import gc
import socket
import sys
from contextlib import suppress
from typing import Final

import click
import uvicorn

from app.http.connections import Connection
from app.http.early_answers import early_answers
from app.main import create_app
from app.settings import Settings

_A_TURN: Final = 0.0005
"""Seconds that a thread which writes a workbook or works out a report may keep the others waiting.

An answer waits for its turn several times: with the usual 5 ms each it took forty meanwhile.
"""


class UnusableAddress(OSError):
    """Nothing can be served at an address; the message says why, for a person."""


class _Server(uvicorn.Server):
    """A server that says where it can be reached, once it can."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        for listening in sockets or ():
            host, port = listening.getsockname()[:2]
            _say(f"http://{f'[{host}]' if ':' in host else host}:{port}")


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until interrupted. Raises UnusableAddress."""
    app = create_app(settings)
    early = settings.cache_bytes and settings.early_answers
    config = uvicorn.Config(
        app,
        http=early_answers(app.state.cache, app.state.at_once) if early else Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    sys.setswitchinterval(_A_TURN)
    gc.freeze()  # nor is it looked through while it serves
    gc.enable()
    with _listen(host, port) as listening, suppress(KeyboardInterrupt):
        _Server(config).run([listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0].lower()
        raise UnusableAddress(
            f"cannot serve on {host}, port {port}: {reason}; HOST and PORT name another address"
        ) from None


def _say(base: str) -> None:
    click.echo(f"""
Serving on {base}  (stop with Ctrl+C)

  {base}/                                  who leads the race, on one page
  {base}/docs                              the API, to try out
  {base}/funding?country=US                what the US took in
  {base}/funding.csv?country=US,CN         the same for a spreadsheet
  {base}/companies   /models   /adoption   companies, AI models, use
  {base}/revisions                         what was changed, and when
""")
