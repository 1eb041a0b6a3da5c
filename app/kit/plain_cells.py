"""Many cells at once, where it is plain that nothing is wrong with any of them.

To ask each by itself costs many times as much as to ask all of them together. What is not plain is
None: then the type of the field is asked, and says what is wrong, if anything is.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, get_args

from app.kit.fields import LONGEST_TEXT, Count, Text

_DIGITS_AT_MOST = 18
"""So many digits are never more than a whole number of 64 bits."""

_BETWEEN = "|"


def plain_texts(cells: Sequence[str]) -> list[str] | None:
    """Return what `Text` makes of cells that are not empty: themselves."""
    joined = _BETWEEN.join(cells)
    is_plain = (
        joined.isprintable()  # so that no white space is left but the space
        and "#" not in joined
        and not joined.startswith(" ")
        and not joined.endswith(" ")
        and f" {_BETWEEN}" not in joined
        and f"{_BETWEEN} " not in joined
        and max(map(len, cells)) <= LONGEST_TEXT
    )
    return list(cells) if is_plain else None


def plain_counts(cells: Sequence[str]) -> list[int] | None:
    """Return what `Count` makes of cells that are not empty: whole numbers."""
    joined = "".join(cells)
    if joined.isascii() and joined.isdigit() and max(map(len, cells)) <= _DIGITS_AT_MOST:
        return list(map(int, cells))
    return None


def plain_reader(kind: Any) -> Callable[[Sequence[str]], list[Any] | None] | None:
    """Return what reads the cells of a type, or of one that may be None too, if there is one."""
    for known, read in _PLAIN:
        if known == kind or known in get_args(kind):
            return read
    return None


_PLAIN: Final[tuple[tuple[Any, Callable[[Sequence[str]], list[Any] | None]], ...]] = (
    (Text, plain_texts),
    (Count, plain_counts),
)
