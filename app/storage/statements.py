"""The statements that SQLAlchemy compiled, kept in a bounded number of bytes and not by count.

One over all indicators takes as much memory as a hundred of those that read a list.
"""

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from threading import Lock
from typing import Any, Final

TEXT_AT_MOST: Final = 400_000
"""So many characters of SQL are kept. With its parts, a statement takes some 20 bytes for each."""


class KeptStatements(MutableMapping[Any, Any]):
    """Compiled statements by what they were made from; those used longest ago go first."""

    def __init__(self, most: int = TEXT_AT_MOST) -> None:
        self._most = most
        self._found: OrderedDict[Any, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()
        self.size = 0
        """How many characters of SQL it holds."""

    def __getitem__(self, key: Any) -> Any:
        """Return the statement of a key, and have it stay."""
        with self._lock:
            statement, _ = self._found[key]
            self._found.move_to_end(key)
            return statement

    def __setitem__(self, key: Any, statement: Any) -> None:
        """Keep a statement, unless it is larger than a quarter of all there may be."""
        size = len(statement.string or "")
        with self._lock:
            self._drop(key)
            if size > self._most // 4:
                return
            self._found[key] = statement, size
            self.size += size
            while self.size > self._most:
                self._drop(next(iter(self._found)))

    def __delitem__(self, key: Any) -> None:
        """Leave a statement."""
        with self._lock:
            if key not in self._found:
                raise KeyError(key)
            self._drop(key)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the keys."""
        return iter(list(self._found))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._found)

    def _drop(self, key: Any) -> None:
        _, size = self._found.pop(key, (None, 0))
        self.size -= size
