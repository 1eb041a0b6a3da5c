"""What spreadsheets make of texts: formulas, which go out defused and come back, and errors.

A text goes out with an apostrophe before it where it begins with a sign that begins a formula, or
with apostrophes before such a sign. So the first apostrophe before a sign is always ours, and
taking it away gives the text back exactly.
"""

import re

from app.kit.errors import NotAllowed

SIGNS = "=+-@\t\r"
"""What a spreadsheet takes for the beginning of a formula."""

_DANGEROUS = re.compile(f"'*[{re.escape(SIGNS)}]")
_DEFUSED = re.compile(f"'+[{re.escape(SIGNS)}]")


_ERRORS = frozenset(
    {
        *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
        *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!"),
    }
)
"""What a spreadsheet writes where it has no value; it says nothing of what a row is about."""


def refuse_error(text: str) -> None:
    """Raise NotAllowed for what a spreadsheet writes where it has no value."""
    if text.startswith("#") and text in _ERRORS:
        raise NotAllowed("is an error of a spreadsheet and no text")


def defuse(text: str) -> str:
    """Return a text as it may stand in a spreadsheet, where nothing takes it for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restore(cell: str) -> str:
    """Return the text that `defuse` made a cell of."""
    return cell[1:] if _DEFUSED.match(cell) else cell
