"""Cells that hold a list, and its members."""

import csv
from collections.abc import Sequence
from typing import Self

from app.kit.fields import LIST_SEPARATOR


class Members(str):
    """A cell of which the members are known one by one, as those of JSON are.

    It is the text that CSV has for its list, and the members as they were.
    """

    __slots__ = ("members",)

    members: tuple[str, ...]

    def __new__(cls, members: Sequence[str]) -> Self:
        """Make a cell of members."""
        cell = super().__new__(cls, LIST_SEPARATOR.join(members))
        cell.members = tuple(members)
        return cell


def members_of(text: str, separator: str, *, quoted: bool = False) -> list[str]:
    """Return the members of a cell: those of JSON, or what stands between separators.

    With `quoted`, a member with a separator in it stands in quotes, as a field of CSV does. Where
    the quotes are not those of CSV they are letters like others.
    """
    if isinstance(text, Members):
        parts: Sequence[str] = text.members
    elif quoted and '"' in text:
        parts = _unquoted(text, separator)
    else:
        parts = text.split(separator)
    return [part for part in map(str.strip, parts) if part]


def _unquoted(text: str, separator: str) -> list[str]:
    lines = text.strip().splitlines(keepends=True)
    try:
        rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return text.split(separator)
    return rows[0] if len(rows) == 1 else text.split(separator)
