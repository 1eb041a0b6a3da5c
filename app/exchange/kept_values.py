"""What is made of the texts of a column, kept by the text, as most columns have few."""

from collections.abc import Callable, Sequence
from typing import Any

from app.exchange.rejects import Refused
from app.exchange.tables.members import Members

_KEPT_AT_MOST = 16_384
_LONGEST_KEPT = 200

Make = Callable[[str], Any]
"""Makes a value of a text. Raises Refused."""


class KeptValues:
    """What a function makes of texts and how it refuses them, kept for the first of them.

    Where hardly any text comes again, as in a column of keys, nothing is kept any more.
    """

    def __init__(self, make: Make) -> None:
        self._make = make
        self._kept: dict[str, Any] = {}
        self._refused: dict[str, tuple[str, str, str]] = {}
        self._asked = self._missed = 0

    def values_of(self, texts: Sequence[str]) -> list[Any]:
        """Return what is made of each text. Raises Refused for the first that is refused."""
        if self._asked >= _KEPT_AT_MOST and self._missed > self._asked // 2:
            return list(map(self._make, texts))
        self._asked += len(texts)
        kept = self._kept
        return [kept[text] if text in kept else self._made(text) for text in texts]

    def lists_of(self, texts: Sequence[str]) -> list[Any]:
        """Return the same of texts that may have members: those are more than the text tells."""
        if any(isinstance(text, Members) for text in texts):
            return list(map(self._make, texts))
        return self.values_of(texts)

    def _made(self, text: str) -> Any:
        self._missed += 1
        if text in self._refused:
            raise Refused(*self._refused[text])
        is_few = len(self._kept) + len(self._refused) < _KEPT_AT_MOST
        is_worth_it = is_few and len(text) <= _LONGEST_KEPT
        try:
            made = self._make(text)
        except Refused as refused:
            if is_worth_it:
                self._refused[text] = refused.args
            raise
        if is_worth_it:
            self._kept[text] = made
        return made
