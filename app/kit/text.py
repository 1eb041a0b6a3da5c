"""Words as people type them: folding, splitting, and the nearest known spelling."""

import re
import unicodedata
from collections.abc import Iterable

from app.kit.promptly import take_time

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Return the text without accents and case, so that `Türkiye` equals `turkiye`."""
    if text.isascii():  # most text is, and has nothing to take apart
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def words(text: str) -> list[str]:
    """Return the folded words of a text in order; what is neither letter nor digit separates."""
    return _WORD.findall(fold(text).replace("_", " "))


def search_text(texts: Iterable[str]) -> str:
    """Return the words of all texts with a space before each, ready for a search by word start."""
    return "".join(f" {word}" for text in texts for word in words(text))


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is spelled most like the word, or None where none is near."""
    from difflib import get_close_matches

    take_time()
    by_fold = {fold(choice): choice for choice in choices}
    matches = get_close_matches(fold(word), by_fold, n=1, cutoff=0.6)
    return by_fold[matches[0]] if matches else None


def ordinal(number: int) -> str:
    """Return a number as the place that it counts: `1st`, `2nd`, `3rd`, `11th`."""
    tens, ones = divmod(number % 100, 10)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(ones, "th") if tens != 1 else "th"
    return f"{number}{ending}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 row`, `3,000 rows`, `2 companies`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
