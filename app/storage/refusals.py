"""What the ledger refuses to write, and how the rows are named for which it does."""

from collections.abc import Sequence
from typing import Final

NAMED_AT_MOST: Final = 20
"""How many rows a message names."""


class LedgerRefusal(Exception):
    """Something that may not be written. The message says what, in one sentence."""


class RepeatedKey(LedgerRefusal):
    """The same key was written twice in one revision."""

    def __init__(self, table: str, keys: Sequence[str]) -> None:
        super().__init__(f"{table}: {listed(keys)} comes more than once")
        self.table = table
        self.keys = keys


class DanglingReference(LedgerRefusal):
    """A row names another one that does not exist."""


class ReplacedKey(LedgerRefusal):
    """A row comes under a key that was replaced by another, and so never has a row again."""


def listed(keys: Sequence[str]) -> str:
    """Return the keys as a message names them: the first, and how many more."""
    more = f" and {len(keys) - NAMED_AT_MOST} more" if len(keys) > NAMED_AT_MOST else ""
    return ", ".join(keys[:NAMED_AT_MOST]) + more
