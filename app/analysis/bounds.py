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
