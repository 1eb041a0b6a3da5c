"""The command line: airace serve | migrate | load | mappings | export | diff | rename | check.

Each command imports what it needs when it runs, so that asking for help is quick.
"""

from app.cli import data_in, data_out, running
from app.cli.group import main

__all__ = ["data_in", "data_out", "main", "running"]
