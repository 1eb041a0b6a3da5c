"""XLSX: one sheet, made in a temporary file row by row, then handed on and removed.

Every text is written as a string, which no spreadsheet reads as a formula by itself. It is defused
as in CSV all the same: so it stays harmless where the sheet is saved as CSV or the cell is edited,
and one rule (`app.kit.formulas.restore`) reads both formats back.
"""

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.kit.formats import XLSX, Batches, DoesNotFit, as_text
from app.kit.formulas import defuse
from app.kit.shown_numbers import ALL_DIGITS, without_noise
from app.kit.tables import Column

_BYTES_A_CHUNK = 65_536
_LONGEST_CELL = 32_767
_EXACT_INTEGERS_END = 2**53
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""When every workbook says that it was made: the same rows are the same bytes."""


class _Exact(float):
    """A number that is written with all its digits: the library would stop at sixteen."""

    def __format__(self, _form: str) -> str:
        return repr(float(self))


def write_workbook(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    """Yield a table as XLSX, with its header bold and frozen. Raises DoesNotFit before all else."""
    with TemporaryDirectory(prefix="airace-") as folder:
        path = Path(folder) / "table.xlsx"
        with closing(Workbook(str(path), {**_OPTIONS, "tmpdir": folder})) as workbook:
            workbook.set_properties({"created": _MADE.replace(tzinfo=None)})
            sheet = workbook.add_worksheet()
            sheet.freeze_panes(1, 0)
            bold = workbook.add_format({"bold": True})
            for place, column in enumerate(columns):
                sheet.write_string(0, place, defuse(column.name), bold)
            _fill(sheet, batches, workbook.add_format({"num_format": ALL_DIGITS}))
        with path.open("rb") as file:
            while chunk := file.read(_BYTES_A_CHUNK):
                yield chunk


def _fill(sheet: Worksheet, batches: Batches, all_digits: Format) -> None:
    number = 0
    for batch in batches:
        for row in batch:
            number += 1
            if number > (XLSX.rows_at_most or number):
                raise DoesNotFit(f"has more than {XLSX.rows_at_most} rows")
            for place, value in enumerate(row):
                if value is not None:
                    _write(sheet, number, place, value, all_digits)


def _write(sheet: Worksheet, row: int, place: int, value: Any, all_digits: Format) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, float):
        form = all_digits if without_noise(value) != value else None
        sheet.write_number(row, place, _Exact(value), form)
    elif isinstance(value, int):
        if abs(value) <= _EXACT_INTEGERS_END:
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, str(value))
    elif text := defuse(as_text(value)):
        if len(text) > _LONGEST_CELL:
            raise DoesNotFit(f"has a cell of more than {_LONGEST_CELL} characters")
        sheet.write_string(row, place, text)
