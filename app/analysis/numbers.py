"""Numbers that were worked out, without the noise of binary fractions."""

_DIGITS = 12


def tidy(value: float) -> float:
    """Return a number to twelve significant digits; a negative zero becomes zero.

    A whole number is exact, and stays as it is.
    """
    if isinstance(value, int):
        return value
    return float(f"{value:.{_DIGITS}g}") + 0.0
