"""`airace serve` as a process of its own, started and stopped as people do it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx2

AIRACE: Final = (sys.executable, "-m", "app.cli")
PATIENCE: Final = 30  # seconds, on a machine that is busy with other tests


class Served:
    """A running service: its process, what it said when it started, the address it named."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        assert process.stdout
        blank = 0
        for line in process.stdout:
            self.said += line
            blank += "Serving on" in self.said and line == "\n"
            if blank == 2:  # one before the addresses and one after them
                break
        found = re.search(r"Serving on (http://\S+)", self.said)
        if not found:
            raise RuntimeError(self.said + process.communicate()[1])
        self.base = found[1]

    def get(self, path: str) -> httpx2.Response:
        """Ask for a path."""
        return httpx2.get(self.base + path, timeout=PATIENCE)

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """Send a signal as a terminal does; return the exit code and what was said in the end."""
        os.killpg(self.process.pid, how)
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out.strip() + errors


@contextmanager
def serving(
    *arguments: str,
    command: Sequence[str] = (*AIRACE, "serve"),
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    **changes: str,
) -> Iterator[Served]:
    """Start the service in a folder, on a free port unless PORT says otherwise; end it anyhow."""
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env={**environment, "PORT": "0", **changes},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield Served(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
