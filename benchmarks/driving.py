"""Driving servers by wrk, and what came of it."""

import json
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from benchmarks.shared import Cores

CONNECTIONS: Final = 8
_SCRIPT: Final = Path(__file__).with_name("driving.lua")


@dataclass(frozen=True)
class Driven:
    """What came of driving a server once: requests a second, and milliseconds for one of them."""

    rate: float
    half_within: float
    most_within: float
    """The time that 99 of 100 took at most."""


def missing() -> str:
    """Return why nothing can be driven on this machine, empty where it can."""
    return (
        "" if shutil.which("wrk") else "wrk is not installed (Debian and Ubuntu: apt install wrk)"
    )


def started(
    port: int,
    addresses: Sequence[str],
    file: Path,
    *,
    seconds: float,
    core: int | None,
    headers: Mapping[str, str] | None = None,
) -> subprocess.Popen[str]:
    """Start wrk on a core: one address again and again, or several one after the other."""
    named = "-"
    if len(addresses) > 1:
        file.write_text("\n".join(addresses), encoding="ascii")
        named = str(file)
    given = [part for header in (headers or {}).items() for part in header]
    url = f"http://127.0.0.1:{port}{addresses[0]}"
    command = Cores.pinned(
        core, "wrk", "-t1", f"-c{CONNECTIONS}", "--timeout", "30s", f"-d{ceil(seconds)}s"
    )
    return subprocess.Popen(  # noqa: S603  (wrk)
        [*command, "-s", str(_SCRIPT), url, "--", named, *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: subprocess.Popen[str], addresses: Sequence[str], *, seconds: float) -> Driven:
    """Wait for wrk and return what came of it. Requests that fail, or come twice, end it all."""
    if seconds < 1:  # wrk counts in whole seconds, and tells what it has when it is interrupted
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
    said, _ = process.communicate()
    lines = [line for line in said.splitlines() if line.startswith('{"requests"')]
    if process.returncode or not lines:
        raise SystemExit(f"wrk has failed:\n{said}")
    found = json.loads(lines[-1])
    if not found["requests"]:
        raise SystemExit("the server answered nothing in the time that it was given")
    if found["failed"]:
        raise SystemExit(f"{found['failed']} of {found['requests']} requests failed")
    if 1 < len(addresses) < found["requests"]:
        raise SystemExit("the server answered more requests than were prepared: raise SLICE")
    return Driven(found["requests"] / found["seconds"], found["p50"], found["p99"])


@dataclass(frozen=True)
class Summary:
    """Several times the same: their median, and the least and the most."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: Sequence[float]) -> "Summary":
        """Return the summary of some values."""
        return Summary(statistics.median(values), min(values), max(values))
