"""Formats of tables as text: the one place that says how a value is written in each.

A new format is one entry of `TABLE_FORMATS`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.kit.fields import LIST_SEPARATOR

Batches = Iterable[Sequence[Mapping[str, Any]]]
"""Rows in the order of the table, a batch at a time."""


@dataclass(frozen=True)
class TableFormat:
    """A way to write a table: its suffix, its media type, and what writes it."""

    suffix: str
    media_type: str
    description: str
    write: Callable[[Sequence[str], Batches], Iterator[bytes]]


def write_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """Yield a header and the rows as CSV (RFC 4180 with line feeds), a chunk a batch."""
    for number, batch in enumerate(batches):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if number == 0:
            writer.writerow(columns)
        writer.writerows([_cell(row[column]) for column in columns] for row in batch)
        yield text.getvalue().encode()


def write_ndjson(_columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """Yield the rows as JSON objects, one a line, a chunk a batch."""
    for batch in batches:
        yield b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in batch)


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return LIST_SEPARATOR.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value


CSV = TableFormat(
    "csv",
    "text/csv",
    f"A header, then a row each; members of a list are joined by `{LIST_SEPARATOR}`.",
    write_csv,
)
NDJSON = TableFormat("ndjson", "application/x-ndjson", "A JSON object a line.", write_ndjson)
TABLE_FORMATS = (CSV, NDJSON)
