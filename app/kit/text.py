"""Words as people type them: folding, splitting, and the nearest known spelling."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from app.kit.promptly import take_time

_LENGTHS_WITH_WRONG_LETTERS = (4, 8)
"""How long a word is in which one letter may be wrong, and in which two may."""

_LONGEST = 100
"""How much of a word is compared with others to find the nearest one."""

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
    matches = get_close_matches(fold(word[:_LONGEST]), by_fold, n=1, cutoff=0.6)
    return by_fold[matches[0]] if matches else None


def ordinal(number: int) -> str:
    """Return a number as the place that it counts: `1st`, `2nd`, `3rd`, `11th`."""
    tens, ones = divmod(number % 100, 10)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(ones, "th") if tens != 1 else "th"
    return f"{number}{ending}"


def letters_wrong(given: Sequence[str], words_of_name: Sequence[str]) -> int | None:
    """Return how many letters of a name are wrong, None where it is another name.

    Then it has other words: in a short one no letter may be wrong, in a long one two.
    """
    if len(given) != len(words_of_name):
        return None
    wrong = 0
    for one, right in zip(given, words_of_name, strict=True):
        may_be_wrong = bisect_right(_LENGTHS_WITH_WRONG_LETTERS, len(right))
        if one == right:
            continue
        if abs(len(one) - len(right)) > may_be_wrong:
            return None
        wrong += _letters_apart(one, right)
        if not 0 < wrong <= may_be_wrong:
            return None
    return wrong


def _letters_apart(one: str, other: str) -> int:
    """Return how many letters are to be put in, left out, replaced or swapped with the next."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, last, row = row, before, [place]
        for at, right in enumerate(other, 1):
            apart = min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != right))
            is_swapped = place > 1 < at and letter == other[at - 2] and one[place - 2] == right
            row.append(min(apart, last[at - 2] + 1) if is_swapped else apart)
    return row[-1]


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 row`, `3,000 rows`, `2 companies`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
