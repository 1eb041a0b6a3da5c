"""What was worked out of the data at one revision, kept in memory for the requests that follow.

A revision never changes, so what is kept of it is never stale: another revision has another key,
and each database has memory of its own.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy import Engine

from app.storage.database import ReadTransaction, Revision

CHARACTERS_AT_MOST = 8_000_000
"""How much one database keeps: eight megabytes, and little more with the keys."""

_ENTRY = 500
"""About what an entry costs beside its text."""

Work = tuple[Revision, str]
"""What is worked out: the revision, and a name."""


class Kept:
    """Texts by revision, name and part; those longest not asked for make room for others."""

    def __init__(self, at_most: int = CHARACTERS_AT_MOST) -> None:
        self.size = 0
        self._at_most = at_most
        self._texts: OrderedDict[tuple[Work, str], str] = OrderedDict()
        self._lock = Lock()
        self._turns: WeakValueDictionary[Work, Lock] = WeakValueDictionary()

    def parts(
        self,
        at: Revision,
        name: str,
        wanted: Sequence[str],
        make: Callable[[Sequence[str]], Mapping[str, str]],
    ) -> dict[str, str]:
        """Return the texts of the parts wanted. `make` gives those that are not there.

        It may give others beside them. One request at a time makes texts of one name and
        revision; others wait, and then find them.
        """
        work = (at, name)
        found = self._found(work, wanted)
        if len(found) == len(set(wanted)):
            return found
        with self._lock:
            turn = self._turns.setdefault(work, Lock())
        with turn:
            found = self._found(work, wanted)
            if missing := [part for part in wanted if part not in found]:
                made = make(missing)
                self._keep(work, made)
                found |= {part: made[part] for part in missing}
        return found

    def _found(self, work: Work, wanted: Sequence[str]) -> dict[str, str]:
        with self._lock:
            found = {}
            for part in wanted:
                if (text := self._texts.get((work, part))) is not None:
                    self._texts.move_to_end((work, part))
                    found[part] = text
            return found

    def _keep(self, work: Work, made: Mapping[str, str]) -> None:
        with self._lock:
            for part, text in made.items():
                self._drop((work, part))
                self._texts[work, part] = text
                self.size += len(text) + _ENTRY
            while self.size > self._at_most:
                self._drop(next(iter(self._texts)))

    def _drop(self, key: tuple[Work, str]) -> None:
        if (text := self._texts.pop(key, None)) is not None:
            self.size -= len(text) + _ENTRY


_kept: WeakKeyDictionary[Engine, Kept] = WeakKeyDictionary()
_kept_lock = Lock()


def kept_of(transaction: ReadTransaction) -> Kept:
    """Return what is kept of the database that a transaction reads."""
    with _kept_lock:
        return _kept.setdefault(transaction.connection.engine, Kept())
