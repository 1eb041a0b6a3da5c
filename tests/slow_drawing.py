"""A drawing that takes long, and one whose process dies, as the processes of the tests run them."""

import os
import time

from app.site.charts import Format

DRAWING_SECONDS = 4.0


def slow(_text: str, _format: Format) -> bytes:
    """Take as long as `DRAWING_SECONDS` says."""
    time.sleep(DRAWING_SECONDS)
    return b"slow"


def dying(_text: str, _format: Format) -> bytes:
    """Take the process along."""
    os._exit(3)
