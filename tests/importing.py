"""What tests of imports share: loading a file as the command does, without its words."""

from pathlib import Path
from typing import Any

from app.exchange.generic import GENERIC, generic_mapping
from app.exchange.import_report import Asked, Report
from app.exchange.importing import import_table
from app.exchange.mapping import TableMapping, find_mapping, recognise
from app.exchange.tables import open_table
from app.storage.database import Database


def load(database: Database, path: Path, mapping: str | None = None, **asked: Any) -> Report:
    """Load a file by a mapping, or by the one that recognises it."""
    resource = asked.pop("resource", None)
    with open_table(path, fallbacks=()) as table:
        found: TableMapping
        if mapping == GENERIC:
            found = generic_mapping(table, resource)
        else:
            found = find_mapping(mapping) if mapping else recognise(table.header)
    with open_table(path, fallbacks=found.content.file.fallback_encodings) as table:
        return import_table(database, table, found, Asked(**asked), name=path.name)
