"""The servers that are measured: how each is started, over which tables, and what it needs."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.shared import Cores

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / "benchmarks" / "peers"
PEERS_BIN: Final = ROOT / ".venv-bench" / "bin"
BODY: Final = "page.json"
PATIENCE: Final = 60.0
# Where Debian puts it, people other than root do not look.
NGINX: Final = shutil.which("nginx") or "/usr/sbin/nginx"

_NGINX_SETTINGS: Final = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    default_type application/json;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location / {{ try_files /{body} =404; }}
    }}
}}
"""


@dataclass(frozen=True)
class Place:
    """What servers are started over: a folder, and the tables in two databases."""

    folder: Path
    database: Path
    """The SQLite file."""
    postgresql: str = ""
    """The URL of the same tables on PostgreSQL, empty where they are not made."""

    @property
    def sqlite_url(self) -> str:
        """The SQLite file as a URL."""
        return f"sqlite:///{self.database}"

    @property
    def psycopg_url(self) -> str:
        """The PostgreSQL database as SQLAlchemy wants it named."""
        return self.postgresql.replace("postgresql:", "postgresql+psycopg:", 1)


Command = Callable[[Place, int], list[str]]


@dataclass(frozen=True)
class Server:
    """A way to serve: its command on a port, and what it sets in the environment."""

    name: str
    command: Command
    environment: Callable[[Place, int], Mapping[str, str]] = lambda _place, _port: {}
    needs: tuple[str | Path, ...] = field(default=())
    """The programs that must be there, by name or path."""

    def missing(self) -> str:
        """Return why it cannot be started on this machine, empty where it can."""
        gone = [Path(need).name for need in self.needs if not shutil.which(need)]
        return f"{' and '.join(gone)} is not installed" if gone else ""


def ours(name: str, *, on_postgresql: bool = False, **settings: str) -> Server:
    """Return the product as the README starts it, with settings by environment variables."""

    def environment(place: Place, port: int) -> Mapping[str, str]:
        url = place.postgresql if on_postgresql else place.sqlite_url
        return {"AIRACE_DATABASE_URL": url, "AIRACE_SEED": "", "PORT": str(port), **settings}

    airace = str(Path(sys.executable).with_name("airace"))
    return Server(name, lambda _place, _port: [airace, "serve"], environment, (airace,))


def _python(script: str, *arguments: Callable[[Place], str]) -> Command:
    """Return the command of a peer that is a script of this folder."""
    return lambda place, port: [
        *(sys.executable, str(PEERS / script), str(port)),
        *(argument(place) for argument in arguments),
    ]


def _nginx(place: Place, port: int) -> list[str]:
    settings = place.folder / "nginx.conf"
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0  # the folder is closed to others
    user = "user root root;" if as_root else ""
    settings.write_text(
        _NGINX_SETTINGS.format(user=user, folder=place.folder, port=port, body=BODY)
    )
    return [NGINX, "-c", str(settings), "-p", str(place.folder), "-e", "stderr"]


def _datasette(place: Place, port: int) -> list[str]:
    return [str(PEERS_BIN / "datasette"), "serve", str(place.database), "--port", str(port)]


def _django(_place: Place, port: int) -> list[str]:
    # One thread for the one core: with four, which wait for each other, it answers less.
    threads = ("--workers", "1", "--worker-class", "gthread", "--threads", "1")
    served = f"127.0.0.1:{port}"
    application = ("--chdir", str(PEERS), "django_rest:application")
    return [str(PEERS_BIN / "gunicorn"), *threads, "--bind", served, *application]


BARE: Final = Server("bare", _python("bare.py", lambda place: str(place.folder / BODY)))
EMPTY: Final = Server("empty", _python("empty.py"))
EMPTY_WITH_SQLALCHEMY: Final = Server(
    "empty with SQLAlchemy", _python("empty.py", lambda _place: "sqlalchemy")
)
SERVERS: Final = (
    BARE,
    Server("nginx", _nginx, needs=(NGINX,)),
    Server("by_hand", _python("by_hand.py", lambda place: str(place.database))),
    Server("orm", _python("fastapi_orm.py", lambda place: place.sqlite_url)),
    Server("orm_postgresql", _python("fastapi_orm.py", lambda place: place.psycopg_url)),
    Server("datasette", _datasette, needs=(PEERS_BIN / "datasette",)),
    Server(
        "django",
        _django,
        lambda place, _port: {"BENCHMARK_DATABASE": str(place.database)},
        needs=(PEERS_BIN / "gunicorn",),
    ),
    ours("ours"),
    ours("ours_postgresql", on_postgresql=True),
)


@dataclass(frozen=True)
class Running:
    """A server that answers: where, and its process."""

    port: int
    process: int
    seconds: float
    """From its start to its first answer."""

    def get(self, address: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Return the status and the body of an address, without any compression."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", address, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def header(self, address: str, name: str) -> str:
        """Return a header of the answer of an address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", address)
            return connection.getresponse().getheader(name) or ""
        finally:
            connection.close()


@contextmanager
def running(
    server: Server, place: Place, core: int | None = None, *, first: str = "/"
) -> Iterator[Running]:
    """Start a server on a core and give it once it answers `first`; end it and its children."""
    port = _free_port()
    log = place.folder / f"{server.name}-{port}.log"
    command = Cores.pinned(core, *server.command(place, port))
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  (the commands above)
            command,
            cwd=ROOT,
            env={**os.environ, **server.environment(place, port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started = Running(port, process.pid, 0.0)
        try:
            while not _answers(started, first):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    said = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
                    raise SystemExit(f"{server.name} does not serve:\n{said}")
                time.sleep(0.002)
            yield Running(port, process.pid, time.perf_counter() - began)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            _end(process)


def _answers(started: Running, address: str) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return bool(started.get(address)[0])
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
