"""Formats of tables: the one place that says how a value is written in each.

A new format is one entry of `TABLE_FORMATS`.
"""

import csv
import io
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.kit.errors import NotAllowed
from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import SIGNS, defuse
from app.kit.lines import CELL_END, LINE_END, Form, Lines, lines_of
from app.kit.tables import Column, Kind

Row = Sequence[Any]
"""The values of a row, in the order of the columns."""

Batches = Iterable[Sequence[Row]]
"""Rows in the order of the table, a batch at a time."""

_ROWS_A_CHUNK = 1_000


class DoesNotFit(NotAllowed):
    """A table that a format cannot hold; the message completes a sentence about the table."""


@dataclass(frozen=True)
class TableFormat:
    """A way to write a table: its suffix, its media type, and what writes it.

    The writer yields the bytes in pieces and may raise DoesNotFit before the first of them.
    """

    name: str
    suffix: str
    media_type: str
    description: str
    write: Callable[[Sequence[Column], Batches], Generator[bytes, None, None]]
    is_text: bool = True
    rows_at_most: int | None = None
    """How many rows a table may have, where there is a bound."""

    @property
    def content_type(self) -> str:
        """The media type with its character set, where it is text."""
        return f"{self.media_type}; charset=utf-8" if self.is_text else self.media_type


def write_csv(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    """Yield a header and the rows as CSV (RFC 4180 with line feeds), a chunk a thousand rows.

    Texts that a spreadsheet would take for formulas are defused.
    """
    header = _csv([[column.name for column in columns]])
    places = [place for place, column in enumerate(columns) if column.kind in _OWN_TEXTS]
    lines = lines_of(batches, Form.CELLS)
    for part in _chunks(batches) if lines is None else lines:
        table = _csv_of_lines(columns, part) if isinstance(part, Lines) else None
        if table is None:
            rows = part.plain() if isinstance(part, Lines) else part
            table = _csv(_with_texts(rows, places))
        yield header + table
        header = b""


def _csv_of_lines(columns: Sequence[Column], part: Lines) -> bytes | None:
    """Return lines as CSV, None where one has what must be looked at cell by cell."""
    text = part.cells(columns, _cell)
    if text is None:
        return None
    # A row of one empty cell is quoted, so that it is a row.
    if len(columns) == 1 or any(sign in text for sign in _QUOTED):
        rows = text.decode().split(LINE_END)[:-1]
        table = _plain_csv([row.split(CELL_END) for row in rows])
    else:
        table = text.translate(_TO_CSV)
    return None if _may_have_formulas(table) else table


_QUOTED = (b'"', b",", b"\n", b"\r")
_TO_CSV = bytes.maketrans(f"{CELL_END}{LINE_END}".encode(), b",\n")


def _cell(value: Any) -> str:
    """Return the text of a value as the csv module has it."""
    text = as_text(value) if isinstance(value, list | dict | bool) else value
    return "" if text is None else str(text)


def _csv(rows: Sequence[Row]) -> bytes:
    table = _plain_csv(rows)
    if _may_have_formulas(table):
        table = _plain_csv([[_defused(value) for value in row] for row in rows])
    return table


def _plain_csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


_ONE_SIGN = bytes.maketrans(f"{SIGNS}'\n".encode(), b"=" * len(SIGNS) + b"=,")


def _may_have_formulas(table: bytes) -> bool:
    """Return whether any cell could begin with a sign: much quicker than looking at each cell."""
    return b",=" in b"," + table.translate(_ONE_SIGN, b'"')


_OWN_TEXTS = (Kind.LIST, Kind.OBJECT, Kind.FLAG)
"""What the csv module would write in the words of Python."""


def _with_texts(rows: Sequence[Row], places: Sequence[int]) -> Sequence[Row]:
    """Return the rows with the values in some places as texts."""
    if not places:
        return rows
    changed = [list(row) for row in rows]
    for place in places:
        for row in changed:
            row[place] = as_text(row[place])
    return changed


def as_text(value: Any) -> Any:
    """Return the text of a list, an object or a truth value; anything else as it is."""
    if isinstance(value, list):
        return LIST_SEPARATOR.join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value


def _defused(value: Any) -> Any:
    return defuse(value) if isinstance(value, str) else value


def write_ndjson(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    """Yield the rows as JSON objects, one a line, a chunk a thousand rows."""
    names = [column.name for column in columns]
    lines = lines_of(batches, Form.JSON)
    for part in _chunks(batches) if lines is None else lines:
        text = part.filled(_json) if isinstance(part, Lines) else None
        if text is None:
            rows = part.plain() if isinstance(part, Lines) else part
            yield b"".join(
                [
                    orjson.dumps(
                        dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE
                    )
                    for row in rows
                ]
            )
        else:
            yield text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _chunks(batches: Batches) -> Iterator[Sequence[Row]]:
    """Cut batches into chunks that are made quickly, so that others get their turn between."""
    for batch in batches:
        for start in range(0, len(batch) or 1, _ROWS_A_CHUNK):
            yield batch[start : start + _ROWS_A_CHUNK]


def _write_parquet(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    from app.kit.parquet import write_parquet  # its library is loaded when it is first needed

    return write_parquet(columns, batches)


def _write_workbook(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    from app.kit.workbook import write_workbook  # the same

    return write_workbook(columns, batches)


_FORMULAS = "A text that a spreadsheet would take for a formula has an apostrophe before it."
CSV = TableFormat(
    "CSV",
    "csv",
    "text/csv",
    f"A header, then a row each; members of a list are joined by `{LIST_SEPARATOR}`. {_FORMULAS}",
    write_csv,
)
NDJSON = TableFormat(
    "NDJSON", "ndjson", "application/x-ndjson", "A JSON object a line.", write_ndjson
)
PARQUET = TableFormat(
    "Parquet",
    "parquet",
    "application/vnd.apache.parquet",
    "Columns keep their types whatever rows there are; lists are lists of texts.",
    _write_parquet,
    is_text=False,
)
XLSX = TableFormat(
    "XLSX",
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "One sheet of at most 1,048,575 rows. Numbers are numbers, but whole numbers above 2^53 are "
    f"text; members of a list are joined by `{LIST_SEPARATOR}`. {_FORMULAS}",
    _write_workbook,
    is_text=False,
    rows_at_most=1_048_575,
)
TABLE_FORMATS = (CSV, NDJSON, PARQUET, XLSX)
