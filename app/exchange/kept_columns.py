"""The fields that a table has no columns for: rows that are here keep what they have there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.exchange.mapping import TableMapping
from app.exchange.places import Columns
from app.storage.batches import StoredRow
from app.storage.ledger import Writing

_SAID_OTHERWISE = {"id", "source"}
"""The key is always there, and the source may be given beside the table."""


class KeptColumns:
    """What rows that are here have in such fields."""

    def __init__(self, names: Sequence[str], rows: Iterable[StoredRow]) -> None:
        self.names = tuple(names)
        self._rows = {row["id"]: tuple(row[name] for name in self.names) for row in rows}

    def of(self, key: str) -> Mapping[str, Any]:
        """Return the fields of a row of today's key, without those that have nothing."""
        values = self._rows.get(key, ())
        named = zip(self.names, values, strict=False)
        return {name: value for name, value in named if value is not None}

    def columns(self, keys: Sequence[str]) -> Columns:
        """Return the same of several rows by field, None where there is nothing."""
        rows = [self.of(key) for key in keys]
        return {name: [row.get(name) for row in rows] for name in self.names}

    def are_of(self, keys: Iterable[str]) -> bool:
        """Return whether any row of these keys has something in such a field."""
        return any(value not in (None, []) for key in keys for value in self._rows.get(key, ()))


def kept_columns(writing: Writing, mapping: TableMapping) -> KeptColumns | None:
    """Return those of a table; None where it says all of its rows, or has a column for each."""
    resource = mapping.resource
    fed = mapping.content.fields.keys() | _SAID_OTHERWISE
    names = [name for name in resource.fact.model_fields if name not in fed]
    if not (mapping.keeps and names):
        return None
    return KeptColumns(names, writing.rows(resource.ledger, ("id", *names)))
