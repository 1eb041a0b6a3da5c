"""Reading the CSV file of one resource: each row is checked, and each fault named by its line."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.kit.errors import Fault, faults_of
from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import restore
from app.kit.text import nearest
from app.resources.entry_columns import EntryColumns
from app.resources.resource import Entry, Resource, list_names
from app.storage.batches import BATCH, Batch, Form, StoredColumns, StoredRow

_FAULTS_AT_MOST = 100
_LARGEST_CELL = 131_072
_AT_ONCE = 1_000
_LINE_END = re.compile(r"\r\n|\r|\n")

Progress = Callable[[int], None]
"""Told how much was done since it was last told: bytes read, or rows written."""


class UnreadablePack(Exception):
    """A pack of which nothing was loaded. Each line says where and what is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_batches(
    resource: Resource, path: Path, form: Form, progress: Progress | None
) -> Iterator[Batch]:
    """Yield the rows of a file as they are stored, by the batch.

    Raises UnreadablePack with its faults, at the end of the file.
    """
    parts = read_table(resource.fact, path, progress)
    while some := list(islice(parts, BATCH // _AT_ONCE)):
        yield form.batch_of_columns(some)


def read_table(
    entry: type[Entry], path: Path, progress: Progress | None
) -> Iterator[StoredColumns]:
    """Yield the rows of a file, each of which is such an entry, some at once and by column.

    Raises UnreadablePack with its faults, at the end of the file.
    """
    faults: list[str] = []
    csv.field_size_limit(_LARGEST_CELL)
    with path.open("rb") as file, TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        told = 0
        try:
            header = next(reader, [])
            _check_header(entry, path, header)
            columns = EntryColumns(entry, header, of_cells=True)
            for before, rows in _some_at_once(reader):
                stored = columns.of_rows(rows)
                if stored is None:
                    one_by_one = _OneByOne(entry, header, path.name)
                    stored = one_by_one.stored(_last_lines(before, rows), rows)
                    faults += one_by_one.faults
                if stored:
                    yield stored
                if progress:
                    progress(file.tell() - told)
                    told = file.tell()
                if len(faults) >= _FAULTS_AT_MOST:
                    break
        except UnicodeDecodeError:
            faults.append(f"{path.name}: after line {reader.line_num}: is not UTF-8 text")
        except csv.Error as error:
            faults.append(f"{path.name}: line {reader.line_num}: is not CSV ({error})")
        if progress:
            progress(file.tell() - told)
    if faults:
        raise UnreadablePack(*faults[:_FAULTS_AT_MOST])


def lines_of(path: Path, key: str) -> list[int]:
    """Return the first two lines on which rows with this key end; both were read before."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text)
        place = next(reader).index("id")
        of_key = (reader.line_num for row in reader if row[place : place + 1] == [key])
        return list(islice(of_key, 2))


def _check_header(entry: type[Entry], path: Path, header: list[str]) -> None:
    columns = entry.model_fields
    faults = [
        Fault(f"column {position}", "is not a column here", tuple(columns), nearest(name, columns))
        for position, name in enumerate(header, 1)
        if name not in columns
    ]
    faults += [Fault(name, "is there twice") for name in columns if header.count(name) > 1] + [
        Fault(name, "is missing")
        for name, field in columns.items()
        if field.is_required() and name not in header
    ]
    if faults:
        raise UnreadablePack(*(f"{path.name}: line 1: {fault}" for fault in faults))


def _some_at_once(reader: Any) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield rows, with the line before the first. Raises after what could be read till then."""
    while True:
        before: int = reader.line_num
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, _AT_ONCE))  # keeps those before a fault
        except (UnicodeDecodeError, csv.Error):
            if rows:
                yield before, rows
            raise
        if not rows:
            return
        yield before, rows


def _last_lines(before: int, rows: Iterable[Sequence[str]]) -> Iterator[int]:
    """Yield the line that each row ends on, of rows that come after a line."""
    for cells in rows:
        before += 1 + sum(len(_LINE_END.findall(cell)) for cell in cells)
        yield before


class _OneByOne:
    """Reads rows that have a fault somewhere, to say where, and what is wrong."""

    def __init__(self, fact: type[Entry], header: Sequence[str], file: str) -> None:
        self.faults: list[str] = []
        self._fact = fact
        self._lists = list_names(fact)
        self._header = header
        self._file = file

    def stored(self, lines: Iterable[int], rows: Iterable[Sequence[str]]) -> StoredColumns:
        """Return the rows that are right, by column."""
        right: list[StoredRow] = []
        for line, cells in zip(lines, rows, strict=True):
            if len(cells) != len(self._header):
                self._note(line, f"has {len(cells)} cells, not {len(self._header)}")
                continue
            given = self._given(cells)
            try:
                right.append(self._fact.model_validate(given).stored())
            except ValidationError as error:
                self._note(line, *map(str, faults_of(error, given)))
        return {name: [row[name] for row in right] for name in (right[0] if right else ())}

    def _given(self, cells: Sequence[str]) -> dict[str, Any]:
        """Return what a row gives, its lists apart."""
        given: dict[str, Any] = {
            name: restore(cell) for name, cell in zip(self._header, cells, strict=True) if cell
        }
        for name in self._lists:
            given[name] = given[name].split(LIST_SEPARATOR) if name in given else []
        return given

    def _note(self, line: int, *faults: str) -> None:
        self.faults += [f"{self._file}: line {line}: {fault}" for fault in faults]
