"""Numbers as people write them: which sign is before the decimals, and which between thousands.

A text alone does not always say: `1.200` is 1200 in one country and 1.2 in another. A mapping does.
"""

import re

from app.kit.errors import NotAllowed

_PLAIN = r"[0-9]+(?:\{1}[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_PARTED = r"[1-9][0-9]{{0,2}}(?:\{0}[0-9]{{3}})+(?:\{1}[0-9]+)?"
_FORM = rf"[+-]?(?:{_PLAIN}|{_PARTED})\s*%?"
_FORMS = {",": re.compile(_FORM.format(".", ",")), ".": re.compile(_FORM.format(",", "."))}
_EXAMPLES = {",": ["1.200", "26,3"], ".": ["1,200", "26.3"]}
_HAS_COMMA = re.compile(r"[+-]?[0-9][0-9.]*,[0-9][0-9.,]*\s*%?")
_IS_UNCLEAR = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+\s*%?")
_WAY = 'say in the mapping which sign is before decimals, by decimal = "," or decimal = "."'


def with_point(text: str, decimal: str) -> str:
    """Return a number with a point before its decimals and nothing between thousands.

    Raises NotAllowed where it is not written so with that sign before its decimals.
    """
    if not _FORMS[decimal].fullmatch(text):
        message = f"is not a number that has {decimal} before its decimals"
        raise NotAllowed(message, allowed=_EXAMPLES[decimal])
    other = "." if decimal == "," else ","
    return text.replace(other, "").replace(decimal, ".")


def clear_number(text: str) -> str:
    """Return a number of a file with semicolons, as those write who have commas before decimals.

    Raises NotAllowed where its points could be between thousands.
    """
    if _IS_UNCLEAR.fullmatch(text):
        raise NotAllowed(f"is not clear, as its point may be one between thousands: {_WAY}")
    return text


def refuse_comma(text: str) -> None:
    """Raise NotAllowed for a number with commas, of which nobody says what they are."""
    if _HAS_COMMA.fullmatch(text):
        raise NotAllowed(f"is not a number whose comma is clear: {_WAY}")
