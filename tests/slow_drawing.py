"""Drawings that take long, and one whose process dies, as the processes of the tests run them."""

import os
import time
from pathlib import Path

from app.site.charts import Format

DRAWING_SECONDS = 4.0


def slow(_text: str, _format: Format) -> bytes:
    """Take as long as `DRAWING_SECONDS` says."""
    time.sleep(DRAWING_SECONDS)
    return b"slow"


def held(folder: Path, _text: str, _format: Format) -> bytes:
    """Say that it began, and go on when it is told to, or after a minute."""
    (folder / "began").touch()
    end = time.monotonic() + 60
    while not (folder / "go").exists() and time.monotonic() < end:
        time.sleep(0.02)
    return b"held"


def dying(_text: str, _format: Format) -> bytes:
    """Take the process along."""
    os._exit(3)
