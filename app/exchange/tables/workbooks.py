"""XLSX workbooks: one sheet as a table, its values as the texts that its reader sees."""

import zipfile
from collections.abc import Iterator
from itertools import chain, islice

from app.exchange.tables.sheets import NOT_WORKED_OUT, WITHOUT_RESULT, Cells
from app.exchange.tables.table import BadRow, Bounds, Decoding, Row, Table, UnreadableTable
from app.exchange.tables.workbook_xml import SheetPart, Workbook

_PART = "xl/workbook.xml"
_LOOKED_INTO = 100
"""Rows that say in which column a table begins."""


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Return whether a zip archive is an XLSX workbook."""
    return _PART in archive.namelist()


def workbook_table(archive: zipfile.ZipFile, sheet: str | None, bounds: Bounds) -> Table:
    """Return a sheet of a workbook: the one that is named, or the only one that is not empty."""
    _refuse_swollen(archive, bounds)
    workbook = Workbook(archive, _PART)
    name, rows = _only_filled(workbook, sheet)
    start = list(islice(rows, _LOOKED_INTO))
    left = min(column for _, cells in start for column, _ in cells)
    header = _header(start[0][1], left, bounds)
    return Table(
        header,
        _rows(chain(start[1:], rows), left, len(header), bounds),
        "XLSX",
        Decoding("UTF-8"),
        [name],
    )


def _refuse_swollen(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    size = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
    if size > bounds.workbook:
        raise UnreadableTable(f"is a workbook of more than {bounds.workbook:,} bytes: use CSV")
    if size > 16 * 2**20 and size > bounds.ratio * packed:
        raise UnreadableTable(f"becomes more than {bounds.ratio} times larger when it is opened")


def _only_filled(workbook: Workbook, sheet: str | None) -> tuple[str, Iterator[tuple[int, Cells]]]:
    """Return the name and the rows of the sheet that is the table."""
    asked = [one for one in workbook.sheets if sheet in (None, one.name)]
    filled: list[tuple[SheetPart, Iterator[tuple[int, Cells]]]] = []
    for one in asked:
        rows = workbook.rows(one)
        if first := next(rows, None):
            filled.append((one, chain([first], rows)))
    if sheet is None and not filled:
        raise UnreadableTable("is a workbook with nothing in its sheets")
    if len(filled) != 1:
        names = [one.name for one, _ in filled] or [one.name for one in workbook.sheets]
        raise UnreadableTable(_which(sheet, names))
    ((one, rows),) = filled
    return one.name, rows


def _which(sheet: str | None, names: list[str]) -> str:
    there = ", ".join(names)
    if sheet is not None:
        return f"is a workbook without such a sheet, or with nothing in it; there are: {there}"
    return f"is a workbook of several sheets: name one of them ({there})"


def _header(cells: Cells, left: int, bounds: Bounds) -> list[str]:
    if any(text == NOT_WORKED_OUT for _, text in cells):
        raise UnreadableTable(f"has a header of which a cell {WITHOUT_RESULT}")
    named = {column - left: text.strip() for column, text in cells}
    width = max((column + 1 for column, name in named.items() if name), default=0)
    if not width:
        raise UnreadableTable("has no header in its first row")
    if width > bounds.columns:
        raise UnreadableTable(f"has more than {bounds.columns:,} columns")
    return [named.get(column, "") for column in range(width)]


def _rows(
    rows: Iterator[tuple[int, Cells]], left: int, width: int, bounds: Bounds
) -> Iterator[Row | BadRow]:
    """Yield the rows below the header, each as wide as that."""
    for count, (line, found) in enumerate(rows, 1):
        if count > bounds.rows:
            raise UnreadableTable(f"has more than {bounds.rows:,} rows")
        cells = [""] * width
        fault = ""
        for column, text in found:
            if not left <= column < left + width:
                fault = f"has a cell beyond the {width} of the header"
            elif len(text) > bounds.cell:
                fault = f"has a cell of more than {bounds.cell:,} characters"
            elif cells[column - left]:
                fault = "has two cells in one column"
            else:
                cells[column - left] = text
        yield BadRow(line, fault) if fault else Row(line, cells)
