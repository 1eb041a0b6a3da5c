"""Cells that hold a list whose members are known one by one, as those of JSON are."""

from collections.abc import Sequence
from typing import Self

from app.kit.fields import LIST_SEPARATOR


class Members(str):
    """A cell with the text that CSV has for its list, and the members as they were."""

    __slots__ = ("members",)

    members: tuple[str, ...]

    def __new__(cls, members: Sequence[str]) -> Self:
        """Make a cell of members."""
        cell = super().__new__(cls, LIST_SEPARATOR.join(members))
        cell.members = tuple(members)
        return cell
