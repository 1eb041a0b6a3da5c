"""CSV and its kin: commas, semicolons, tabs or bars between cells."""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from app.exchange.tables.decoding import REPLACEMENT, decoded, shown
from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import BadRow, Bounds, Decoding, Row, Table, UnreadableTable

if TYPE_CHECKING:
    import _csv

_QUOTED = re.compile(r'(?:^|(?<=[,;\t|\r\n]))"[^"]*(?:""[^"]*)*("?)')
SEMICOLONS = "CSV with semicolons"
_DELIMITERS = {",": "CSV", ";": SEMICOLONS, "\t": "CSV with tabs", "|": "CSV with bars"}
DELIMITED = frozenset(_DELIMITERS.values())
"""What such tables are called."""


def delimited_table(stream: Bytes, fallback: str | None, bounds: Bounds) -> Table:
    """Return a table of cells between delimiters, told by its header."""
    text, decoding = decoded(stream, fallback)
    lines = _Lines(text, bounds)
    delimiter = max(_DELIMITERS, key=lambda one: len(_cells(lines.first, one)))
    csv.field_size_limit(bounds.cell)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UnreadableTable(f"has a first line that is not CSV ({error})") from None
    if not any(header):
        raise UnreadableTable("has no header in its first line")
    if len(header) > bounds.columns:
        raise UnreadableTable(f"has more than {bounds.columns:,} columns")
    rows = _rows(reader, lines, header, decoding, bounds)
    return Table(header, rows, _DELIMITERS[delimiter], decoding)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


class _Lines:
    """The lines, each within what a row of the largest cells could need."""

    def __init__(self, text: io.TextIOWrapper, bounds: Bounds) -> None:
        self._text = text
        self._longest = 16 * bounds.cell
        self._most = bounds.lines
        self._number = 0
        self.row: list[str] = []
        """Those of the row that is being read."""

        self.first = self._next()
        self._lines = chain([self.first], iter(self._next, ""))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.row.append(line)
        if len(self.row) > self._most:
            raise UnreadableTable(
                f"has a quote in {self._quoted()} whose cell goes on for more than {self._most} "
                "lines: it may not be closed where it should be"
            )
        return line

    def _next(self) -> str:
        line = self._text.readline(self._longest)
        self._number += bool(line)
        if len(line) >= self._longest and not line.endswith(("\n", "\r")):
            raise UnreadableTable(
                f"has more than {self._longest:,} characters in line {self._number}"
            )
        return line

    def refuse_what_may_be_several_rows(self) -> None:
        """Raise UnreadableTable where a row that is not CSV could have others in it."""
        is_open = any(not match[1] for match in _QUOTED.finditer("".join(self.row)))
        if is_open or len(self.row) > 1:
            raise UnreadableTable(
                f"has a quote in {self._quoted()} that is not closed at the end of its cell: "
                "where the rows after it begin is not certain"
            ) from None

    def _quoted(self) -> str:
        """Return in which line the last quote of the row stands that its line does not close."""
        text = "".join(self.row)
        opened = 0
        for match in _QUOTED.finditer(text):
            if "\n" in match[0] or "\r" in match[0] or not match[1]:
                opened = match.start()
        ends = accumulate(map(len, self.row))
        number = self._number - len(self.row) + bisect_right(list(ends), opened)
        return f"line {number + 1}"


def _rows(
    reader: "_csv.Reader", lines: _Lines, header: list[str], decoding: Decoding, bounds: Bounds
) -> Iterator[Row | BadRow]:
    """Yield the rows that are not blank; a line that is not CSV is a row that cannot be read."""
    width, count = len(header), 0
    while True:
        line = reader.line_num + 1
        lines.row.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            lines.refuse_what_may_be_several_rows()
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
                yield BadRow(line, decoding.wanted, header[strange], shown(cells[strange]))
            elif text:
                yield Row(line, cells)
        elif any(cells):
            yield BadRow(line, f"has {len(cells)} cells, and the header {width}")
        count += 1
        if count > bounds.rows:
            raise UnreadableTable(f"has more than {bounds.rows:,} rows")
