"""What was refused of a table: where it stands, what is there, and what should be."""

from dataclasses import dataclass

from app.kit.errors import NotAllowed

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Reject:
    """A cell, or a whole row, that was refused: where it stands, what is there, what should be."""

    line: int
    column: str
    found: str
    expected: str


class Refused(Exception):
    """A row that makes no fact: the column, what is there, what should be."""

    def __init__(self, column: str, found: str, expected: str) -> None:
        super().__init__(column, found[:_SHOWN], expected)

    @classmethod
    def because(cls, error: NotAllowed, column: str, found: str) -> "Refused":
        """Return the refusal of a cell that a transform does not take."""
        allowed = f" (such as {', '.join(error.allowed[:5])})" if error.allowed else ""
        near = f"; did you mean {error.nearest}?" if error.nearest else ""
        return cls(column, found, f"{error}{allowed}{near}")

    def at(self, line: int) -> Reject:
        """Return it with the line of its row."""
        return Reject(line, *self.args)
