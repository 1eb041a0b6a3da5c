"""What spreadsheets show of numbers: fifteen digits at most, so that none sees what is beyond.

What they work out often has noise of floating point there: 4.35 * 100 is 434.99999999999994, and
is shown as 435. Numbers that somebody states in sixteen or seventeen digits are no noise.
"""

from typing import Final

ALL_DIGITS: Final = "General;-General"
"""The number format of cells in our workbooks whose number would be taken for noise: it is shown
like any other, and read with all its digits."""

_SHOWN = 15
_CERTAIN = 12
"""Digits of what a number comes to without its noise: more could be what somebody states."""

_LONGEST_WITHOUT = len("0.") + _SHOWN - 1
_EXACT_BELOW = 2**63


def without_noise(number: float) -> float:
    """Return the short number that is shown where noise is all that is beyond, else the same."""
    if len(repr(number)) <= _LONGEST_WITHOUT or is_whole(number):
        return number
    shown = float(f"{number:.{_SHOWN}g}")
    return shown if shown == float(f"{number:.{_CERTAIN}g}") else number


def is_whole(number: float) -> bool:
    """Return whether a number is whole, and not so large that nobody counts so far."""
    return number.is_integer() and abs(number) < _EXACT_BELOW
