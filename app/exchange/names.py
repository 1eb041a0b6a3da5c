"""Names by which what is known is found: the same words, whatever their case and accents.

Nothing is matched by likeness, and a name that several share leads to none of them.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

_CACHED = 65_536
_SIGNS = "+#"
"""The signs that tell names apart."""

_PARTS = re.compile(rf"[A-Za-z0-9{_SIGNS}]+")


class Names:
    """What companies, or AI models, are called: by each name the key that it leads to."""

    def __init__(self) -> None:
        self.first: dict[str, str] = {}
        """By each key that is known what it is called first, folded."""

        self._called: dict[str, str | None] = {}
        self._all: dict[str, str | None] = {}
        """The same as `_called` with the aliases."""

        self._sharers: defaultdict[str, set[str]] = defaultdict(set)

    def enter(self, key: str, name: str, aliases: Iterable[str]) -> None:
        """Enter the names of a key."""
        self.enter_unnamed(key, name)
        self._enter(self._called, name, key)
        for text in (name, *aliases):
            self._enter(self._all, text, key)

    def enter_unnamed(self, key: str, name: str) -> None:
        """Enter a key whose name does not lead to it."""
        self.first[key] = folded(name)

    def leave(self, key: str, texts: Iterable[str]) -> None:
        """Leave a key that was entered last, under these names."""
        del self.first[key]
        for plain in map(folded, texts):
            self._sharers.get(plain, set()).discard(key)
            for names in (self._called, self._all):
                if names.get(plain) == key:
                    del names[plain]

    def find(self, name: str) -> str | None:
        """Return the key that a name leads to: of those called so, else of those with an alias."""
        plain = folded(name)
        return self._called.get(plain) or self._all.get(plain)

    def called(self, name: str) -> str | None:
        """Return the key of what is called so first."""
        return self._called.get(folded(name))

    def all_called(self, name: str) -> AbstractSet[str]:
        """Return the keys of all that are called so first, also where several are."""
        plain = folded(name)
        if called := self._called.get(plain):
            return {called}
        return {key for key in self._sharers.get(plain, ()) if self.first[key] == plain}

    def sharers(self, name: str) -> AbstractSet[str]:
        """Return the keys of those that share a name."""
        return self._sharers.get(folded(name), frozenset())

    def _enter(self, names: dict[str, str | None], text: str, key: str) -> None:
        plain = folded(text)
        first = names.setdefault(plain, key)
        if first != key:
            names[plain] = None
            self._sharers[plain] |= {key, *([first] if first else [])}


@lru_cache(_CACHED)
def folded(name: str) -> str:
    """Return what of a name tells apart what has it: `C++` is not `C`, but `Café` is `CAFE`.

    Case and the accents of Latin letters do not, and of signs only plus and number signs do.
    """
    if name.isascii():
        return " ".join(_PARTS.findall(name.lower())) or name
    plain = "".join(char if _tells(char) else " " for char in _without_accents(name).casefold())
    return " ".join(plain.split()) or name


def _tells(char: str) -> bool:
    return char.isalnum() or char in _SIGNS or unicodedata.category(char).startswith("M")


def _without_accents(name: str) -> str:
    """Return a name whose Latin letters have no accents; in other scripts marks make letters."""
    kept = []
    is_latin = False
    for char in unicodedata.normalize("NFKD", name):
        if not unicodedata.combining(char):
            is_latin = unicodedata.name(char, "").startswith("LATIN")
        elif is_latin:
            continue
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))
