"""Opening a table, by what its bytes are; by its name only where NDJSON has no object at first."""

import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from app.exchange.tables.decoding import encoding_name
from app.exchange.tables.delimited import delimited_table
from app.exchange.tables.json_lines import json_lines_table
from app.exchange.tables.streams import BoundedStream, Bytes, Progress, ToldStream
from app.exchange.tables.table import BOUNDS, BadRow, Bounds, Row, Table, UnreadableTable
from app.exchange.tables.workbooks import is_workbook, workbook_table

_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_PIECE = 2**20
_JSON_LINES = (".ndjson", ".jsonl")


@contextmanager
def open_table(
    path: Path,
    *,
    fallbacks: Sequence[str] = (),
    sheet: str | None = None,
    bounds: Bounds = BOUNDS,
    progress: Progress | None = None,
) -> Iterator[Table]:
    """Open a CSV, NDJSON or XLSX file, plain, as .gz, or alone in a .zip.

    `fallbacks` are encodings for bytes that are not UTF-8 (see `decoded`); of several the first
    that reads the whole file is used. Raises UnreadableTable, with what the file is instead; also
    after the last row, where the file is not as it was when it was opened.
    """
    fallback = next(iter(fallbacks), None)
    if len(fallbacks) > 1:
        fallback = _first_that_reads(path, fallbacks, sheet, bounds)
    with path.open("rb") as opened:
        file = ToldStream(opened, progress)
        with _unwrapped(file, path, fallback, sheet, bounds) as table:
            table.file = file
            table.rows = _while_it_stays(table.rows, file, path)
            yield table


def _first_that_reads(
    path: Path, fallbacks: Sequence[str], sheet: str | None, bounds: Bounds
) -> str:
    """Return the first encoding that leaves no bytes of a file out. Raises UnreadableTable."""
    for fallback in fallbacks:
        with open_table(path, fallbacks=(fallback,), sheet=sheet, bounds=bounds) as table:
            found = table.decoding
            if found.fallback is None:
                return fallback  # the file says what it is in
            next((row for row in table.rows if found.has_lost_bytes), None)
            if not found.has_lost_bytes:
                return fallback
    names = ", ".join(map(encoding_name, fallbacks))
    raise UnreadableTable(
        f"has bytes that are not UTF-8, and none of the encodings that the mapping names for them "
        f"reads all of it: {names}"
    )


def _while_it_stays(
    rows: Iterator[Row | BadRow], file: ToldStream, path: Path
) -> Iterator[Row | BadRow]:
    yield from rows
    file.refuse_what_has_changed(path)


@contextmanager
def _unwrapped(
    file: ToldStream, path: Path, fallback: str | None, sheet: str | None, bounds: Bounds
) -> Iterator[Table]:
    told = io.BufferedReader(file, 2**18)
    start = told.peek(4)[:4]
    if start.startswith(_GZIP):
        with gzip.GzipFile(fileobj=told) as opened:
            stream = _bounded(opened, bounds, file.size)
            with _inner(stream, path.stem, fallback, sheet, bounds) as table:
                yield table
    elif start == _ZIP:
        with _archive(told) as archive:
            if is_workbook(archive):
                yield workbook_table(archive, sheet, bounds)
                return
            name = _only_table(archive)
            with _member(archive, name) as member:
                packed = archive.getinfo(name).compress_size
                stream = _bounded(member, bounds, packed)
                with _inner(stream, name, fallback, sheet, bounds) as table:
                    table.parts.insert(0, name)
                    yield table
    else:
        yield _plain(_bounded(told, bounds, None), path.name, fallback, bounds)


@contextmanager
def _inner(
    stream: Bytes, name: str, fallback: str | None, sheet: str | None, bounds: Bounds
) -> Iterator[Table]:
    """Give the table that was wrapped; a workbook is written out, as it is read here and there."""
    start = stream.peek(4)[:4]
    if start.startswith(_GZIP):
        raise UnreadableTable("is compressed twice: unpack it once")
    if start != _ZIP:
        yield _plain(stream, name, fallback, bounds)
        return
    with TemporaryFile(prefix="airace-") as file:
        size = 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > bounds.workbook:
                raise UnreadableTable(
                    f"is a workbook of more than {bounds.workbook:,} bytes: use CSV"
                )
            file.write(piece)
        with _archive(file) as archive:
            if not is_workbook(archive):
                raise UnreadableTable("is an archive in another one: unpack it once")
            yield workbook_table(archive, sheet, bounds)


def _bounded(stream: object, bounds: Bounds, compressed: int | None) -> Bytes:
    return io.BufferedReader(BoundedStream(stream, bounds, compressed), 2**18)


def _plain(stream: Bytes, name: str, fallback: str | None, bounds: Bounds) -> Table:
    starts_as_object = stream.peek(64).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")
    if starts_as_object or name.lower().endswith(_JSON_LINES):
        return json_lines_table(stream, fallback, bounds)
    return delimited_table(stream, fallback, bounds)


@contextmanager
def _archive(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableTable(f"is a zip archive, and broken ({type(error).__name__})") from None
    with archive:
        yield archive


@contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    try:
        opened = archive.open(name)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise UnreadableTable(f"is a zip archive, and broken ({type(error).__name__})") from None
    with opened:
        yield opened


def _only_table(archive: zipfile.ZipFile) -> str:
    """Return the name of the one file in an archive, leaving out what systems add of their own."""
    names = [
        entry.filename
        for entry in archive.infolist()
        if not entry.is_dir()
        and not entry.filename.startswith("__MACOSX/")
        and not Path(entry.filename).name.startswith(".")
    ]
    if len(names) != 1:
        raise UnreadableTable(f"is a zip archive of {len(names)} files and not of one table")
    if archive.getinfo(names[0]).flag_bits & 1:
        raise UnreadableTable("is a zip archive that is encrypted")
    return names[0]
