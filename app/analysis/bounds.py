"""What a figure with a qualifier can stand for, and whether one country can be said to lead."""

import math
from dataclasses import dataclass

ABOUT = 0.1
"""How far from a figure that is said to be `about` it the truth may lie: a tenth of it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a figure can stand for."""

    least: float
    most: float

    def overlap(self, other: "Bounds") -> bool:
        """Return whether the two can stand for the same value."""
        return self.least <= other.most and other.least <= self.most


def ratio_qualifier(above: str, below: str) -> str:
    """Return how firmly a ratio is stated whose two sides are stated so.

    A ratio that is `at_least` or `up_to` so much is still only about that where a side is.
    """
    pair = {above, below}
    if "disputed" in pair:
        return "disputed"
    if pair == {"exact"}:
        return "exact"
    if above in _UPWARD and below in _DOWNWARD and pair & _OPEN:
        return "at_least"
    if above in _DOWNWARD and below in _UPWARD and pair & _OPEN:
        return "up_to"
    return "about"


_UPWARD = frozenset({"exact", "about", "at_least"})
_DOWNWARD = frozenset({"exact", "about", "up_to"})
_OPEN = frozenset({"at_least", "up_to"})


def bounds(value: float, qualifier: str | None) -> Bounds:
    """Return what a value that is not negative can stand for under its qualifier."""
    match qualifier:
        case "about":
            return Bounds(value * (1 - ABOUT), value * (1 + ABOUT))
        case "at_least":
            return Bounds(value, math.inf)
        case "up_to":
            return Bounds(0, value)
        case "disputed":
            return Bounds(0, math.inf)
        case _:
            return Bounds(value, value)
