"""AI models that rows name: the one that is known by key, by name or by alias, or a new one.

Names are those of `Names`. Of AI models that share one the one that the same source states is
meant; where it states several of them, or none, which is meant is not known.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.exchange.kept_keys import free_key
from app.exchange.names import Names, folded
from app.exchange.transforms import slug
from app.kit.errors import NotAllowed
from app.kit.fields import LONGEST_KEY

_SAID_BY_KEYS = re.compile("[a-z0-9+ \u03b1-\u03c9]+")
"""Folded names of which a key leaves nothing out."""

_STANDING = "stands-for-what-is-named"
"""Begins what stands for an AI model: it must not look like the key of the one that names it."""


def key_of_ai_model(name: str) -> str:
    """Return the key that is made of the name of an AI model. Raises NotAllowed where none is."""
    key = slug(name)
    if not key:
        raise NotAllowed("has no Latin letter or digit to make a key of")
    if len(key) > LONGEST_KEY:
        raise NotAllowed(f"makes a key of more than {LONGEST_KEY} characters")
    return key


class NamedAIModels:
    """The AI models that are known, and those that rows name."""

    def __init__(
        self,
        models: Iterable[Mapping[str, Any]],
        source: str,
        replaced: Mapping[str, str],
        *,
        are_described: bool,
        only_own: bool,
    ) -> None:
        """Take the AI models that are known, and what replaced keys that they had.

        `are_described` says that rows of the table describe AI models: then a row may name one
        that comes after it. `only_own` says that a name means one of the same source.
        """
        self._replaced = replaced
        self._are_described = are_described
        self._only_own = only_own
        self._known: dict[str, tuple[str, Sequence[str]]] = {}
        self._foreign: set[str] = set()
        for model in models:
            self._known[model["id"]] = model["name"], model["aliases"]
            if model["source"] != source:
                self._foreign.add(model["id"])
        self._names: Names | None = None
        self._own: dict[str, str | None] = {}
        """By the name of an own one, letter by letter, its key; None where several have it."""

        self._meant: dict[str, tuple[str, str]] = {}
        """By what stands for an AI model its name, and the key that it has if it is new."""

        self._standing: dict[str, str] = {}
        """What stands for an AI model, by its name."""

        self._made: list[str] = []
        """The keys of those that the row that is being read has made."""

        self.names: dict[str, str] = {}
        """The AI models that were named, by key: their names."""

        self.merged: dict[str, str] = {}
        """Other names under which rows named an AI model that was known, and its key."""

    def named(self, name: str, key: str) -> str:
        """Return the key of the AI model of a name or key; where none is known, this key.

        Where rows describe AI models it is what stands for the key till it is settled. Raises
        NotAllowed where it is not known which one is meant.
        """
        if not self._are_described:
            return self._key_of(name, key)
        if name not in self._standing:
            self._standing[name] = f"{_STANDING}-{len(self._meant) + 1}"
            self._meant[self._standing[name]] = name, key
        return self._standing[name]

    def settle(self) -> None:
        """Keep what the rows that were read last have named."""
        self._made.clear()

    def leave(self) -> None:
        """Leave what they have made: they were refused."""
        for key in self._made:
            name, _ = self._known.pop(key)
            del self.names[key]
            if self._own.get(name) == key:
                del self._own[name]
            if self._names:
                self._names.leave(key, [name])
        self._made.clear()

    def describe(self, key: str, name: str, aliases: Sequence[str]) -> None:
        """Take what a row says of an AI model. It comes before anything is settled."""
        key = self._replaced.get(key, key)
        if key not in self._foreign:
            self._known[key] = name, aliases

    def settled_bases(self, key: str, standing: Sequence[str]) -> list[str]:
        """Return the keys of what these stand for, or are, when all rows have described theirs.

        `key` is that of the AI model that is made from them. Raises NotAllowed where it is not
        known which one is meant, or it is that one itself.
        """
        settled = dict.fromkeys(
            self._key_of(*self._meant[one]) if one in self._meant else self._replaced.get(one, one)
            for one in standing
        )
        if self._replaced.get(key, key) in settled:
            raise NotAllowed("is the AI model itself, and none is based on itself")
        return list(settled)

    def may_be_named(self) -> set[str]:
        """Return the keys of all that rows may have named, those that were refused too."""
        found = set(self.names)
        for name, key in self._meant.values():
            try:
                found.add(self._found(name, key) or key)
            except NotAllowed as several:
                found.update(several.allowed)
        return found

    def _key_of(self, name: str, key: str) -> str:
        found = self._found(name, key)
        if found is None:
            found = free_key(self._replaced.get(key, key), self._known, self._replaced)
            self._known[found] = name, ()
            self._enter(found)
            self._made.append(found)
        elif found != name and folded(name) != folded(self._known[found][0]):
            self.merged[name] = found
        self.names.setdefault(found, name)
        return found

    def _found(self, name: str, key: str) -> str | None:
        """Return the key of what is called so; at last, of what has the key that is made of it."""
        if self._names is None:
            self._names = Names()
            for known in self._known:
                self._enter(known)
        as_key = self._replaced.get(name, name)
        if as_key in self._names.first:
            return as_key
        if found := self._own.get(name) or self._names.find(name) or self._own_of(name):
            return found
        key = self._replaced.get(key, key)
        is_said = key in self._known and all(
            _SAID_BY_KEYS.fullmatch(folded(text)) for text in (name, self._known[key][0])
        )
        return key if is_said else None

    def _own_of(self, name: str) -> str | None:
        """Return which of those that share a name this source states, None where none share it."""
        sharers = self._names.sharers(name) if self._names else frozenset()
        own = sharers - self._foreign
        if sharers and len(own) != 1:
            raise NotAllowed(
                "is what several are called; name one by its key", allowed=sorted(own or sharers)
            )
        return next(iter(own), None)

    def _enter(self, key: str) -> None:
        is_own = key not in self._foreign
        if self._names is None or (self._only_own and not is_own):
            return
        name, aliases = self._known[key]
        self._names.enter(key, name, aliases)
        if is_own:
            self._own[name] = key if self._own.get(name, key) == key else None
