"""Keys that are made of names, and stay those of their names."""

from collections.abc import Container, Mapping
from unicodedata import normalize

from app.kit.fields import LONGEST_KEY

_NUMBER = 8
"""Characters that a number at the end of a key may take."""


def free_key(key: str, *taken: Container[str]) -> str:
    """Return a key, with a number where it is taken."""
    found, number = key, 1
    while any(found in keys for keys in taken):
        number += 1
        found = f"{key[: LONGEST_KEY - _NUMBER].strip('-')}-{number}"
    return found


class KeptKeys:
    """The keys of a source's rows by their names, so that a name keeps its key for good.

    Names that differ in the case of letters only, or in signs, would make one key: the second
    gets a number. Those that differ in how letters with accents are encoded are one name.
    """

    def __init__(self, keys: Mapping[str, str], replaced: Mapping[str, str]) -> None:
        """Take the keys of names, and what replaced keys that rows had."""
        self._keys = {normalize("NFC", name): key for name, key in keys.items()}
        self._replaced = replaced
        self._taken = set(self._keys.values())
        """The keys that rows of names have here."""

    def known(self, name: str | None) -> str | None:
        """Return the key that a name has, None where it has none yet."""
        return self._keys.get(normalize("NFC", name)) if name else None

    def of(self, name: str, key: str) -> str:
        """Return the key of a name, which is `key` where that is free.

        Where it was replaced, the row of its name goes on, unless that one has another name here.
        """
        name = normalize("NFC", name)
        kept = self._keys.get(name)
        if kept is None:
            is_taken = self._here(key) in self._taken
            kept = free_key(key, self._taken, self._replaced) if is_taken else key
            self._keys[name] = kept
            self._taken.add(self._here(kept))
        return kept

    def _here(self, key: str) -> str:
        return self._replaced.get(key, key)


class StatedKeys(KeptKeys):
    """The keys of rows that state them, whatever their names."""

    def __init__(self) -> None:
        super().__init__({}, {})

    def of(self, name: str, key: str) -> str:  # noqa: ARG002  (others go by it)
        """Return the key that a row states."""
        return key
