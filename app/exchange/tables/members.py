"""Cells that hold a list, and its members."""

import re
from collections.abc import Sequence
from functools import cache
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

    With `quoted`, a member with a separator in it stands in quotes, as a field of CSV does. Quotes
    that are not those of CSV are letters like others.
    """
    return [part for part in members_in_place(text, separator, quoted=quoted) if part]


def members_in_place(text: str, separator: str, *, quoted: bool = False) -> list[str]:
    """Return the same, with an empty text for each place that has no member."""
    if isinstance(text, Members):
        parts: Sequence[str] = text.members
    elif quoted and '"' in text:
        parts = _unquoted(text, separator)
    else:
        parts = text.split(separator)
    return [part.strip() for part in parts]


def _unquoted(text: str, separator: str) -> list[str]:
    in_quotes, end = _in_quotes(separator), 0
    found, is_more = [], True
    while is_more:
        if match := in_quotes.match(text, end):
            found.append(match[1].replace('""', '"'))
            end, is_more = match.end(), bool(match[2])
        else:
            mark = text.find(separator, end)
            is_more = mark >= 0
            found.append(text[end:mark] if is_more else text[end:])
            end = mark + len(separator)
    return found


@cache
def _in_quotes(separator: str) -> re.Pattern[str]:
    """Return the pattern of a member in quotes and what ends it: a separator, or nothing."""
    mark = re.escape(separator)
    return re.compile(rf'(?:(?!{mark})\s)*"((?:[^"]|"")*)"(?:(?!{mark})\s)*({mark}|\Z)')
