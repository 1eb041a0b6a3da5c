"""Keys that are made of names, and stay those of their names."""

from unicodedata import normalize


class KeptKeys:
    """The keys of a source's rows by their names, so that a name keeps its key for good.

    Names that differ in the case of letters only, or in signs, would make one key: the second
    gets a number. Those that differ in how letters with accents are encoded are one name.
    """

    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = {normalize("NFC", name): key for name, key in keys.items()}
        self._names = {key: name for name, key in self._keys.items()}

    def known(self, name: str | None) -> str | None:
        """Return the key that a name has, None where it has none yet."""
        return self._keys.get(normalize("NFC", name)) if name else None

    def of(self, name: str, key: str) -> str:
        """Return the key of a name, which is `key` where that is free."""
        name = normalize("NFC", name)
        kept = self._keys.get(name)
        if kept is None:
            kept, number = key, 1
            while kept in self._names:
                number += 1
                kept = f"{key}-{number}"
            self._keys[name] = kept
            self._names[kept] = name
        return kept


class StatedKeys(KeptKeys):
    """The keys of rows that state them, whatever their names."""

    def __init__(self) -> None:
        super().__init__({})

    def of(self, name: str, key: str) -> str:  # noqa: ARG002  (others go by it)
        """Return the key that a row states."""
        return key
