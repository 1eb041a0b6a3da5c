"""Cursors: opaque marks of a place in a list, good for that list alone."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s

import orjson

from app.kit.errors import NotAllowed
from app.kit.sorting import SortValue

_LARGEST_WHOLE = 2**63 - 1
_MADE_HERE = "is not a cursor that this list gave with these parameters"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: the revision it is read at, and the sort values of the last row.

    Where these are long there is the key of that row instead: an address has only so much room.
    """

    revision: int
    values: tuple[SortValue, ...]
    key: str | None = None

    def encode(self, list_name: str) -> str:
        """Return the cursor as text, tied to the list it belongs to."""
        place = self.values if self.key is None else ([self.key],)
        content = orjson.dumps([_fingerprint(list_name), self.revision, *place])
        return urlsafe_b64encode(content).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, list_name: str, types: Sequence[type]) -> "Cursor":
        """Read a cursor of this list, with one value of each type. Raises NotAllowed."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            fingerprint, revision, *values = orjson.loads(urlsafe_b64decode(padded))
        except (ValueError, TypeError):
            raise not_made_here() from None
        known = type(revision) is int and _fits(revision, int)
        match values:
            case [[str(key)]] if (
                _fits(key, str) and known and fingerprint == _fingerprint(list_name)
            ):
                return cls(revision, (), key)
        fits = len(values) == len(types) and all(map(_fits, values, types))
        if fingerprint != _fingerprint(list_name) or not known or not fits:
            raise not_made_here()
        return cls(revision, tuple(values))


def not_made_here() -> NotAllowed:
    """Return what is wrong with a cursor that a list did not give."""
    return NotAllowed(_MADE_HERE)


def _fits(value: SortValue, kind: type) -> bool:
    """Return whether a column of this type can hold the value, on every database."""
    if isinstance(value, str) and "\0" in value:
        return False
    if isinstance(value, int) and not -_LARGEST_WHOLE <= value <= _LARGEST_WHOLE:
        return False
    return value is None or type(value) is kind or (kind is float and type(value) is int)


def _fingerprint(list_name: str) -> str:
    return blake2s(list_name.encode(), digest_size=6).hexdigest()
