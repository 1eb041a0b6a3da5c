"""Reading the CSV file of one resource: each row is checked, and each fault named by its line."""

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.kit.errors import Fault, faults_of
from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import restore
from app.kit.text import nearest
from app.resources.resource import Entry, Resource, list_names
from app.storage.ledger import StoredRow

_FAULTS_AT_MOST = 100
_LARGEST_CELL = 131_072
_TOLD_EVERY = 1_000

Progress = Callable[[int], None]
"""Told how much was done since it was last told: bytes read, or rows written."""


class UnreadablePack(Exception):
    """A pack of which nothing was loaded. Each line says where and what is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def read_table(resource: Resource, path: Path, progress: Progress | None) -> Iterator[StoredRow]:
    """Yield the rows of a file. Raises UnreadablePack with its faults, at the end of the file."""
    fact = resource.fact
    faults: list[str] = []
    csv.field_size_limit(_LARGEST_CELL)
    with path.open("rb") as file, TextIOWrapper(file, encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, strict=True)
        told = 0
        try:
            header = next(reader, [])
            _check_header(resource, path, header)
            read = partial(_read_row, fact, list_names(fact), header, path.name)
            for number, cells in enumerate(reader):
                try:
                    yield read(reader.line_num, cells).stored()
                except UnreadablePack as fault:
                    faults.extend(fault.faults)
                if len(faults) >= _FAULTS_AT_MOST:
                    break
                if progress and number % _TOLD_EVERY == 0:
                    progress(file.tell() - told)
                    told = file.tell()
        except UnicodeDecodeError:
            faults.append(f"{path.name}: after line {reader.line_num}: is not UTF-8 text")
        except csv.Error as error:
            faults.append(f"{path.name}: line {reader.line_num}: is not CSV ({error})")
        if progress:
            progress(file.tell() - told)
    if faults:
        raise UnreadablePack(*faults[:_FAULTS_AT_MOST])


def _check_header(resource: Resource, path: Path, header: list[str]) -> None:
    columns = resource.fact.model_fields
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


def _read_row(
    fact: type[Entry],
    lists: Sequence[str],
    header: Sequence[str],
    file: str,
    line: int,
    cells: Sequence[str],
) -> Entry:
    if len(cells) != len(header):
        raise UnreadablePack(f"{file}: line {line}: has {len(cells)} cells, not {len(header)}")
    given: dict[str, Any] = {
        name: restore(cell) if cell[0] == "'" else cell
        for name, cell in zip(header, cells, strict=True)
        if cell
    }
    for name in lists:
        given[name] = given[name].split(LIST_SEPARATOR) if name in given else []
    try:
        return fact.model_validate(given)
    except ValidationError as error:
        faults = faults_of(error)
        raise UnreadablePack(*(f"{file}: line {line}: {fault}" for fault in faults)) from None
