"""Tables read back by other programs than those that wrote them."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from arro3.core import Table
from arro3.io import read_parquet
from python_calamine import CalamineWorkbook

from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import restore

Cells = tuple[list[str], list[list[Any]]]
"""The names of the columns, and the rows."""


def csv_table(content: bytes) -> Cells:
    """Return a CSV file as texts."""
    names, *rows = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    return names, [[restore(cell) for cell in row] for row in rows]


def ndjson_table(content: bytes) -> Cells:
    """Return lines of JSON objects that all have the same names."""
    rows = [json.loads(line) for line in content.splitlines()]
    names = list(rows[0]) if rows else []
    assert all(list(row) == names for row in rows)
    return names, [list(row.values()) for row in rows]


def parquet_table(content: bytes) -> Cells:
    """Return a Parquet file."""
    table = arrow(content)
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [list(row) for row in zip(*columns, strict=True)]


def arrow(content: bytes) -> Table:
    """Return a Parquet file as Arrow."""
    return read_parquet(io.BytesIO(content)).read_all()


def xlsx_table(content: bytes) -> Cells:
    """Return the one sheet of a workbook; what is missing is an empty text."""
    (sheet,) = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    names, *rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    width = len(names)
    texts = [[restore(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    return [str(name) for name in names], [row + [""] * (width - len(row)) for row in texts]


READERS: dict[str, Callable[[bytes], Cells]] = {
    "csv": csv_table,
    "ndjson": ndjson_table,
    "parquet": parquet_table,
    "xlsx": xlsx_table,
}


def typed(cell: Any, value: Any) -> Any:
    """Read a cell as the type that the JSON value has."""
    if cell is None or cell == "":
        return [] if isinstance(value, list) else None
    if isinstance(cell, str) and isinstance(value, list):
        return cell.split(LIST_SEPARATOR)
    if isinstance(cell, str) and isinstance(value, dict):
        return json.loads(cell)
    if isinstance(value, bool):
        return cell in (True, "true")
    if isinstance(value, int | float):
        return type(value)(cell)
    return cell
