"""What is kept because it may be wanted again, in a bounded size and not by count."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class KeptBySize(MutableMapping[Key, Value], Generic[Key, Value]):
    """Values by key, of so much size at the most; those used longest ago go first.

    One that would take more than a quarter of the room is not kept.
    """

    def __init__(self, most: int, size_of: Callable[[Value], int]) -> None:
        self._most = most
        self._size_of = size_of
        self._found: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()
        self.size = 0
        """The size of all values together."""

    def __getitem__(self, key: Key) -> Value:
        """Return the value of a key, and have it stay."""
        with self._lock:
            value, _ = self._found[key]
            self._found.move_to_end(key)
            return value

    def __setitem__(self, key: Key, value: Value) -> None:
        """Keep a value, unless it is too large."""
        size = self._size_of(value)
        with self._lock:
            self._drop(key)
            if size > self._most // 4:
                return
            self._found[key] = value, size
            self.size += size
            while self.size > self._most:
                self._drop(next(iter(self._found)))

    def __delitem__(self, key: Key) -> None:
        """Leave a value."""
        with self._lock:
            if key not in self._found:
                raise KeyError(key)
            self._drop(key)

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys."""
        return iter(list(self._found))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    def _drop(self, key: Key) -> None:
        _, size = self._found.pop(key, (None, 0))
        self.size -= size
