"""What was refused of a table: where it stands, what is there, and what should be."""

import re
from dataclasses import dataclass

from app.kit.errors import NotAllowed

_SHOWN = 100
_OF_ONE_ROW = re.compile(r" \(such as |; did you mean |: line [0-9]")
"""Where in what was expected begins what may differ from row to row."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A cell, or a whole row, that was refused: where it stands, what is there, what should be."""

    line: int
    column: str
    found: str
    expected: str

    @property
    def kind(self) -> str:
        """What sort of refusal it is, to count those of a sort."""
        expected = _OF_ONE_ROW.split(self.expected, maxsplit=1)[0]
        return f"{self.column}: {expected}" if self.column else expected


class Refused(Exception):
    """A row that makes no fact: the column, what is there, what should be."""

    def __init__(self, column: str, found: str, expected: str) -> None:
        super().__init__(column, found[:_SHOWN], expected)
        self.column, self.found, self.expected = self.args

    @classmethod
    def because(cls, error: NotAllowed, column: str, found: str) -> "Refused":
        """Return the refusal of a cell that a transform does not take."""
        allowed = f" (such as {', '.join(error.allowed[:5])})" if error.allowed else ""
        near = f"; did you mean {error.nearest}?" if error.nearest else ""
        return cls(column, found, f"{error}{allowed}{near}")

    def at(self, line: int) -> Reject:
        """Return it with the line of its row."""
        return Reject(line, *self.args)


class Waits(Refused):
    """A row of which it is known only after all others what it makes."""

    def __init__(self) -> None:
        super().__init__("", "", "the rows after it")
