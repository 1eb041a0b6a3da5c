"""XLSX workbooks: one sheet as a table, its values as the text that a CSV would have."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import BadRow, Bounds, Decoding, Row, Table, UnreadableTable

_LIKE_WORKBOOKS = "xl/workbook.xml"


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Return whether a zip archive is an XLSX workbook."""
    return _LIKE_WORKBOOKS in archive.namelist()


def workbook_table(
    file: Bytes, archive: zipfile.ZipFile, sheet: str | None, bounds: Bounds
) -> Table:
    """Return a sheet of a workbook: the one that is named, or the only one that is not empty."""
    _refuse_swollen(archive, bounds)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(file)
        sheets = {
            name: workbook.get_sheet_by_name(name)
            for name in workbook.sheet_names
            if sheet in (None, name)
        }
    except (CalamineError, OSError, ValueError) as error:
        reason = type(error).__name__
        raise UnreadableTable(f"is a workbook, and broken ({reason})") from None
    filled = {name: found for name, found in sheets.items() if found.height}
    if len(filled) != 1:
        raise UnreadableTable(_which(sheet, list(filled or workbook.sheet_names)))
    ((name, found),) = filled.items()
    if found.width > bounds.columns or found.height > bounds.rows:
        raise UnreadableTable(f"has more than {bounds.columns:,} columns or {bounds.rows:,} rows")
    values = iter(found.iter_rows())
    header = [_text(value).strip() for value in next(values)]
    while header and not header[-1]:
        header.pop()
    if not header:
        raise UnreadableTable("has no header in its first row")
    first = (found.start or (0, 0))[0] + 2
    rows = _rows(values, first, len(header), bounds)
    return Table(header, rows, "XLSX", Decoding("UTF-8"), [name])


def _refuse_swollen(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    size = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
    if size > bounds.workbook:
        raise UnreadableTable(f"is a workbook of more than {bounds.workbook:,} bytes: use CSV")
    if size > 16 * 2**20 and size > bounds.ratio * packed:
        raise UnreadableTable(f"becomes more than {bounds.ratio} times larger when it is opened")


def _which(sheet: str | None, names: list[str]) -> str:
    there = ", ".join(names)
    if sheet is not None:
        return f"is a workbook without such a sheet, or with nothing in it; there are: {there}"
    return f"is a workbook of several sheets: name one of them ({there})"


def _rows(
    values: Iterator[list[Any]], first: int, width: int, bounds: Bounds
) -> Iterator[Row | BadRow]:
    for line, row in enumerate(values, first):
        cells = [_text(value) for value in row]
        if any(cells[width:]):
            yield BadRow(line, f"has a cell beyond the {width} of the header")
        elif any(len(cell) > bounds.cell for cell in cells):
            yield BadRow(line, f"has a cell of more than {bounds.cell:,} characters")
        elif any(cells):
            yield Row(line, (cells + [""] * width)[:width])


def _text(value: Any) -> str:
    """Return a cell as a CSV file would have it: whole numbers without a point, ISO dates."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**63:
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case _:
            return str(value)
