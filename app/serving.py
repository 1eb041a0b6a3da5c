"""Serving by uvicorn, and what it says when it starts."""

import click
import uvicorn

from app.main import create_app
from app.settings import Settings


class _Server(uvicorn.Server):
    """A server that says where it can be reached, once it can."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        if not self.started:
            return
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                _say(f"http://{f'[{host}]' if ':' in host else host}:{port}")


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until interrupted."""
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    _Server(config).run()


def _say(base: str) -> None:
    click.echo(f"""
Serving on {base}  (stop with Ctrl+C)

  {base}/docs                              the API, to try out
  {base}/funding?country=US                what the US took in
  {base}/funding.csv?country=US,CN         the same for a spreadsheet
  {base}/companies   /models   /adoption   companies, AI models, use
  {base}/revisions                         what was changed, and when
""")
