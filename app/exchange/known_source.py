"""A source that is here, and what a mapping says of it: which of the two holds, field by field.

What a mapping says takes the place of what the same mapping said before, and fills what is empty.
What a pack, a hand or another mapping has said since stays, and the report says so.
"""

from collections.abc import Iterable
from typing import Any

from app.exchange.source_notes import plain_note, with_plain_note
from app.resources.sources import SOURCES, SourceFact
from app.storage.batches import StoredRow
from app.storage.ledger import Writing

SourceKept = list[tuple[str, str, str | None, str]]
"""Fields that stay: the source, the field, what it has, and what the mapping says."""

_SAID = ("kind", "publisher", "title", "url", "licence", "note")
"""The fields that a mapping states of a source as they are."""


class KnownSource:
    """The row of a source, with the origins of what its fields hold."""

    def __init__(self, row: StoredRow, versions: Iterable[StoredRow]) -> None:
        """Take the row, and all versions of it: the first one first."""
        self.row = row
        self._came_by: dict[str, str | None] = {}
        before: StoredRow | None = None
        for version in versions:
            for name in (*_SAID, "restates"):
                if before is None or _value(before, name) != _value(version, name):
                    self._came_by[name] = version["origin"]
            before = version

    def came_by(self, name: str, mapping: str) -> bool:
        """Return whether what a field holds came by a mapping, and nothing has changed it since."""
        return self._came_by.get(name) == mapping

    def told_by(
        self, mapping: str, source: SourceFact, kept: SourceKept, *, fills: bool
    ) -> SourceFact:
        """Return the source as it is to be, by what a mapping says; enter what stays.

        `fills` says whether what it says is of this source, so that it fills empty fields.
        """
        found: dict[str, Any] = {name: self.row[name] for name in SourceFact.model_fields}
        for name in _SAID:
            here, told = _value(self.row, name), getattr(source, name)
            if self.came_by(name, mapping) or (here is None and fills):
                found[name] = told
            elif told not in (None, here):
                kept.append((source.id, name, here, told))
        if found["note"] != self.row["note"]:
            found["note"] = with_plain_note(self.row["note"], found["note"])
        return SourceFact(**found)


def known_source(writing: Writing, row: StoredRow) -> KnownSource:
    """Return the row of a source with how it came about."""
    return KnownSource(row, writing.versions(SOURCES.ledger, row["id"]))


def _value(row: StoredRow, name: str) -> Any:
    return plain_note(row["note"]) if name == "note" else row[name]
