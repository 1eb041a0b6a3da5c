"""How charts look: themes, countries that differ in grey too, numbers as newspapers write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

ThemeName = Literal["light", "dark"]

FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The renderer brings the first; browsers have one of the next two, whose letters are as wide."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a chart."""

    background: str
    text: str
    muted: str
    grid: str
    countries: tuple[str, ...]
    """Told apart by colour-blind readers, and in grey by lightness."""


THEME: Final[Mapping[ThemeName, Theme]] = {
    "light": Theme(
        background="#ffffff",
        text="#14181d",
        muted="#565d66",
        grid="#dfe3e8",
        countries=("#0b3c7d", "#d9480f", "#14181d", "#8e2a8b", "#0f766e", "#a58600"),
    ),
    "dark": Theme(
        background="#14181d",
        text="#f0f2f4",
        muted="#a9b1bb",
        grid="#343b44",
        countries=("#9ecbff", "#f26b38", "#f4f1e8", "#e5a1db", "#32b7a5", "#9c7d17"),
    ),
}
MOST_COUNTRIES: Final = 6
_DASHES: Final = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2])
_SHAPES: Final = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
_FIXED: Final = ("US", "CN")
"""Countries that look the same in every chart."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a country is drawn: never by its colour alone."""

    colour: str
    dash: list[int]
    shape: str


def looks(countries: Sequence[str], theme: Theme) -> dict[str, Look]:
    """Return how each country is drawn; US and CN look the same whoever stands beside them."""
    free = [place for place in range(MOST_COUNTRIES) if place >= len(_FIXED)]
    free += [place for place, code in enumerate(_FIXED) if code not in countries]
    found = {}
    for code in countries[:MOST_COUNTRIES]:
        place = _FIXED.index(code) if code in _FIXED else free.pop(0)
        found[code] = Look(theme.countries[place], _DASHES[place], _SHAPES[place])
    return found


SIGNS: Final[Mapping[str, str]] = {"about": "≈ ", "at_least": "≥ ", "up_to": "≤ ", "disputed": "? "}
QUALIFIERS: Final[Mapping[str, str]] = {
    "about": "about",
    "at_least": "at least",
    "up_to": "up to",
    "disputed": "disputed",
}
_SIZES: Final = ((1e12, "T", "trillion"), (1e9, "B", "billion"), (1e6, "M", "million"))
_WORDS_END: Final = 1e15
_WHOLE_FROM: Final = 1_000


def short(value: float) -> str:
    """Return a number of three digits and a letter: `31 B`, `1,151`, `26.9 M`, `5e25`."""
    if value >= _WORDS_END:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    for size, letter, _ in _SIZES:
        if value >= size:
            return f"{_three_digits(value / size)} {letter}"
    return _three_digits(value) if value % 1 else f"{value:,.0f}"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_FROM - 0.5 else f"{value:.3g}"


def letters(values: Sequence[float]) -> str:
    """Return what the letters of these numbers stand for: `B: billion, M: million`."""
    said = [
        f"{letter}: {word}"
        for _, letter, word in _SIZES
        if any(short(value).endswith(f" {letter}") for value in values)
    ]
    return ", ".join(said)


_WIDTHS: Final = {
    **dict.fromkeys("ijl'", 0.222),
    **dict.fromkeys(" !,./:;I[]\\ft|", 0.278),
    **dict.fromkeys("()-`r{}", 0.333),
    **dict.fromkeys('"*', 0.37),
    **dict.fromkeys("Jcksvxyz", 0.5),
    **dict.fromkeys("FTZ", 0.611),
    **dict.fromkeys("ABEKPSVXY&", 0.667),
    **dict.fromkeys("CDHNRUw", 0.722),
    **dict.fromkeys("GOQ", 0.778),
    **dict.fromkeys("Mm", 0.833),
    **dict.fromkeys("W%@", 0.95),
}
_USUAL_WIDTH: Final = 0.58
_WIDE_FROM: Final = "\u2e80"
"""From here on letters are as wide as high."""


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels wide a text is, a little too many rather than too few."""
    ems = sum(_WIDTHS.get(c, 1.0 if c >= _WIDE_FROM else _USUAL_WIDTH) for c in text)
    return ems * size * (1.08 if bold else 1.0)


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than a width; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(word, width, size, bold=bold))
    return lines


def cut(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return the text, shortened by an ellipsis where it is wider than a width."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip(' ,;')}…"
