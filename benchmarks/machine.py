"""What the machine is and what runs on it, for the description beside the figures."""

import os
import platform
import re
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from sqlite3 import sqlite_version as python_sqlite

import psycopg
import pysqlite3.dbapi2 as sqlite

from benchmarks.servers import NGINX, PEERS_BIN, Place
from benchmarks.shared import cores

_OURS = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic", "sqlalchemy")
_PEERS = ("datasette", "django", "djangorestframework", "gunicorn")
_TELL = "import importlib.metadata as m, sys; print(*(m.version(n) for n in sys.argv[1:]))"


def describe(place: Place) -> list[str]:
    """Return what the figures depend on, a line each; nothing that tells which machine it is."""
    databases = f"SQLite {sqlite.sqlite_version} (ours; that of Python is {python_sqlite})"
    return [
        f"{os.cpu_count()} cores, {_processor()}; {cores().words}",
        f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}",
        ", ".join(f"{name} {version(name)}" for name in _OURS),
        f"{databases}, psycopg {version('psycopg')}{_postgresql(place)}",
        ", ".join([*_peers(), *_programs()]),
    ]


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        if found:
            return found[1].strip()
    return platform.machine()


def _postgresql(place: Place) -> str:
    if not place.postgresql:
        return ""
    with psycopg.connect(place.postgresql) as connection:
        number = connection.info.server_version
    return f", PostgreSQL {number // 10_000}.{number % 10_000}"


def _peers() -> list[str]:
    python = PEERS_BIN / "python"
    if not python.exists():
        return []
    told = subprocess.run(  # noqa: S603  (our own environment)
        [str(python), "-c", _TELL, *_PEERS], capture_output=True, text=True, check=True
    )
    return [f"{name} {found}" for name, found in zip(_PEERS, told.stdout.split(), strict=True)]


def _programs() -> list[str]:
    found = []
    for command in (["wrk", "-v"], [NGINX, "-v"]):
        with suppress(OSError):
            said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
            if number := re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr):
                found.append(f"{Path(command[0]).name} {number[0]}")
    return found
