"""Texts that a spreadsheet would take for a formula: how they go out, and how they come back.

A text goes out with an apostrophe before it where it begins with a sign that begins a formula, or
with apostrophes before such a sign. So the first apostrophe before a sign is always ours, and
taking it away gives the text back exactly.
"""

import re

SIGNS = "=+-@\t\r"
"""What a spreadsheet takes for the beginning of a formula."""

_DANGEROUS = re.compile(f"'*[{re.escape(SIGNS)}]")
_DEFUSED = re.compile(f"'+[{re.escape(SIGNS)}]")


def defuse(text: str) -> str:
    """Return a text as it may stand in a spreadsheet, where nothing takes it for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restore(cell: str) -> str:
    """Return the text that `defuse` made a cell of."""
    return cell[1:] if _DEFUSED.match(cell) else cell
