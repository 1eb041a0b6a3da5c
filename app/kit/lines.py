"""Rows as lines of text, made where the rows are kept: quicker than to hand over each value.

Texts, whole numbers and lists stand in a line as they will be written. Numbers with a fraction, of
which each format has a text of its own, are left out of it and come beside it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, zip_longest
from typing import Any, Protocol, runtime_checkable

from app.kit.tables import Column, Kind

CELL_END = "\x1f"
LINE_END = "\x1e"
LEFT_OUT = "\x1d"
"""What stands between cells, after a line, and in the place of a value that comes beside it."""

_CELL_END, _LINE_END, _LEFT_OUT = CELL_END.encode(), LINE_END.encode(), LEFT_OUT.encode()

IN_LINE = (Kind.TEXT, Kind.WHOLE, Kind.LIST)
"""What stands in a line; of lists those only that are never missing."""


class Form(Enum):
    """How a row is told in a line."""

    CELLS = "its values as they are, the members of lists with `;` between; a missing one is empty"
    JSON = "a JSON object, with a line feed behind it"


@dataclass(frozen=True, slots=True)
class Lines:
    """Some rows as the text of their lines, the columns left out of it, and what reads the rows."""

    text: bytes
    """Encoded as UTF-8, as it is written: to decode a gigabyte takes its time."""
    count: int
    beside: Sequence[Sequence[Any]]
    plain: Callable[[], Sequence[Sequence[Any]]]

    def filled(self, write: Callable[[Any], str]) -> bytes | None:
        """Return the text with the values in their places, None where it is unclear.

        It is so where a text holds what stands for a value.
        """
        if not self.beside:
            return None if _LEFT_OUT in self.text else self.text
        pieces = self.text.split(_LEFT_OUT)
        if len(pieces) != len(self.beside) * self.count + 1:
            return None
        values = chain.from_iterable(zip(*self.beside, strict=True))
        written = (write(value).encode() for value in values)
        return b"".join(chain.from_iterable(zip_longest(pieces, written, fillvalue=b"")))

    def cells(self, columns: Sequence[Column], write: Callable[[Any], str]) -> bytes | None:
        """Return the text of lines in the form of cells, None where a text holds a separator."""
        text = self.filled(write)
        if text is None or text.count(_LINE_END) != self.count:
            return None
        return text if text.count(_CELL_END) == self.count * (len(columns) - 1) else None


@runtime_checkable
class InLines(Protocol):
    """Rows that may also be had as lines."""

    def lines(self, form: Form) -> Iterator[Lines] | None:
        """Return the rows in a form, some at a time; None where they come only as values."""


def lines_of(batches: Any, form: Form) -> Iterator[Lines] | None:
    """Return rows as lines where they may be had so."""
    return batches.lines(form) if isinstance(batches, InLines) else None
