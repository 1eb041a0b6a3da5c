"""Rows as the rules of a mapping see them, and what reads and makes something of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

Columns = dict[str, list[Any]]
"""Values of fields: of each a list, with one for each row and None where there is none."""


@dataclass(slots=True)
class Places:
    """Rows, or one figure of a row, as rules see them."""

    cells: Sequence[Sequence[str]]
    more: Mapping[str, str]
    """What the name of a spread column says, and its text: then there is one row."""

    values: Columns
    """By field the values that are made, one for each row."""


Read = Callable[[Places], list[str]]
Feed = Callable[[Places], list[Any]]


def joined(feeds: Sequence[Feed]) -> Feed:
    """Return what makes one list of the members that several make, None where there is none."""

    def feed(places: Places) -> list[Any]:
        rows = zip(*[each(places) for each in feeds], strict=True)
        return [
            list(dict.fromkeys(chain.from_iterable(map(_members, row)))) or None for row in rows
        ]

    return feed


def _members(made: Any) -> Sequence[Any]:
    if made is None:
        return ()
    return made if isinstance(made, list) else (made,)


def always(text: str) -> Read:
    return lambda places: [text] * len(places.cells)
