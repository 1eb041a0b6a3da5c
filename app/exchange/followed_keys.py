"""Rows of a table whose keys, or those that they name, were replaced here: they go on as the new.

A publisher goes on naming a row as before, whatever its key is here.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from app.storage.batches import StoredColumns
from app.storage.records import LedgerTable
from app.storage.replacements import Replaced


class FollowedKeys:
    """What replaced the keys that the rows of a table have and name, and whose they are."""

    def __init__(self, replaced: Replaced, table: LedgerTable, of_others: AbstractSet[str]) -> None:
        """Take what was replaced, by the name of the table whose keys these were.

        And the keys of the rows that other sources state.
        """
        self._of_others = of_others
        named = {name: replaced[target] for name, target in table.naming() if target in replaced}
        self._own = replaced.get(table.name, {})
        self._lists = {name: keys for name, keys in named.items() if name in table.members}
        self._places = {name: keys for name, keys in named.items() if name not in table.members}
        if self._own:
            self._places["id"] = self._own

    def key(self, key: str) -> str:
        """Return the key that a row has here."""
        return self._own.get(key, key)

    def are_of_others(self, keys: Iterable[str]) -> bool:
        """Return whether a row of any of these keys is one that another source states."""
        return bool(self._of_others) and not self._of_others.isdisjoint(map(self.key, keys))

    def columns(self, rows: StoredColumns) -> StoredColumns:
        """Return rows, by column, that have the new keys wherever they had old ones."""
        if not (self._places or self._lists):
            return rows
        found = dict(rows)
        for name, keys in self._places.items():
            found[name] = [keys.get(key, key) for key in rows[name]]
        for name, keys in self._lists.items():
            found[name] = [
                list(dict.fromkeys(keys.get(key, key) for key in members)) for members in rows[name]
            ]
        return found
