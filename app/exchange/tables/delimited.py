"""CSV and its kin: commas, semicolons, tabs or bars between cells."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.exchange.tables.decoding import REPLACEMENT, decoded
from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import BadRow, Bounds, Row, Table, UnreadableTable

if TYPE_CHECKING:
    import _csv

_NOT_TEXT = "text in the encoding of the file"
_DELIMITERS = {",": "CSV", ";": "CSV with semicolons", "\t": "CSV with tabs", "|": "CSV with bars"}


def delimited_table(stream: Bytes, fallbacks: Sequence[str] | None, bounds: Bounds) -> Table:
    """Return a table of cells between delimiters, told by its header."""
    text, decoding = decoded(stream, fallbacks)
    lines = _lines(text, bounds)
    first = next(lines, "")
    delimiter = max(_DELIMITERS, key=lambda one: len(_cells(first, one)))
    csv.field_size_limit(bounds.cell)
    reader = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UnreadableTable(f"has a first line that is not CSV ({error})") from None
    if not any(header):
        raise UnreadableTable("has no header in its first line")
    if len(header) > bounds.columns:
        raise UnreadableTable(f"has more than {bounds.columns:,} columns")
    rows = _rows(reader, header, bounds)
    return Table(header, rows, _DELIMITERS[delimiter], decoding)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _lines(text: io.TextIOWrapper, bounds: Bounds) -> Iterator[str]:
    """Yield the lines, each within what a row of the largest cells could need."""
    longest = 16 * bounds.cell
    number = 0
    while line := text.readline(longest):
        number += 1
        if len(line) >= longest and not line.endswith(("\n", "\r")):
            raise UnreadableTable(f"has more than {longest:,} characters in line {number}")
        yield line


def _chained(first: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield from lines


def _rows(reader: "_csv.Reader", header: list[str], bounds: Bounds) -> Iterator[Row | BadRow]:
    """Yield the rows that are not blank; a line that is not CSV is a row that cannot be read."""
    width, count = len(header), 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BadRow(line, f"is not CSV ({error})")
            continue
        if cells is None:
            return
        if len(cells) > width and not any(cells[width:]):
            del cells[width:]  # spreadsheets leave empty cells behind
        if len(cells) == width:
            text = "".join(cells)
            if REPLACEMENT in text:
                strange = next(place for place, cell in enumerate(cells) if REPLACEMENT in cell)
                yield BadRow(line, _NOT_TEXT, header[strange], cells[strange])
            elif text:
                yield Row(line, cells)
        elif any(cells):
            yield BadRow(line, f"has {len(cells)} cells, and the header {width}")
        count += 1
        if count > bounds.rows:
            raise UnreadableTable(f"has more than {bounds.rows:,} rows")
