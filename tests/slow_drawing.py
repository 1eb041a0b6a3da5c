"""A drawing that takes long, and one whose process dies, as the processes of the tests run them."""

import os
import time

from app.site.charts import Format


def slow(_text: str, _format: Format) -> bytes:
    """Take three seconds."""
    time.sleep(3)
    return b"slow"


def dying(_text: str, _format: Format) -> bytes:
    """Take the process along."""
    os._exit(3)
