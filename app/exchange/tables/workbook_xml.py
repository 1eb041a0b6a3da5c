"""The XML inside workbooks, read a piece at a time: strings, formats, sheets and their cells.

Nothing is held but what was asked for, so that a small file cannot take much memory.
"""

import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, TypeAlias
from xml.parsers import expat

from app.exchange.tables.number_formats import NumberFormat, format_of, plain_text
from app.exchange.tables.table import UnreadableTable

Cells: TypeAlias = list[tuple[int, str]]
"""The cells of a row that are not empty: their columns from 0, and their texts."""

_PIECE = 2**16
_COLUMNS_AT_MOST = 16_384
_ESCAPED = re.compile("_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")
_LETTERS = re.compile("[A-Z]{1,3}")
_DIGITS = "0123456789"


class _Broken(Exception):
    """What a part of a workbook must not be. The message is for nobody."""


class _LocalNames(dict[str, str]):
    """Names of elements and attributes without the prefix of their namespace."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


class _Columns(dict[str, int]):
    """Columns from 0 by their letters."""

    def __missing__(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise _Broken
        place = 0
        for letter in letters:
            place = 26 * place + ord(letter) - ord("A") + 1
        if place > _COLUMNS_AT_MOST:
            raise _Broken
        self[letters] = place - 1
        return place - 1


class SheetPart(NamedTuple):
    """A sheet of a workbook: its name, and the part of the archive that it is in."""

    name: str
    part: str


class _Part:
    """A part of a workbook, whose elements are told to `start` and `end` as it is read."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self._archive = archive
        self._part = part
        self.local = _LocalNames()
        self.text: list[str] = []
        """Texts since this was last emptied."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def read(self) -> Iterator[None]:
        """Yield after each piece that was read. Raises UnreadableTable for what is broken."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = _refuse_document_type
        with _soundly(), self._archive.open(self._part) as file:
            while piece := file.read(_PIECE):
                parser.Parse(piece)
                yield
            parser.Parse(b"", True)
        yield


class SharedStrings(_Part):
    """The texts that cells refer to by number, read as far as they are asked for."""

    def __init__(self, archive: zipfile.ZipFile, part: str | None) -> None:
        super().__init__(archive, part or "")
        self._found: list[str] = []
        self._current: list[str] = []
        self._is_aloud = False
        self._pieces = self.read() if part else iter(())

    def __getitem__(self, number: int) -> str:
        while number >= len(self._found):
            if next(self._pieces, self) is self:
                raise _Broken
        return self._found[number]

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  (has none)
        """Begin a text, or how it is said aloud, which is not a part of it."""
        kind = self.local[name]
        if kind == "t":
            self.text.clear()
        elif kind == "rPh":
            self._is_aloud = True

    def end(self, name: str) -> None:
        """Keep a text that is whole."""
        kind = self.local[name]
        if kind == "t":
            if not self._is_aloud:
                self._current.append("".join(self.text))
            self.text.clear()
        elif kind == "si":
            self._found.append(unescaped("".join(self._current)))
            self._current.clear()
            self.text.clear()
        elif kind == "rPh":
            self._is_aloud = False


class _Workbook(_Part):
    """The sheets of a workbook, and whether its days begin in 1904."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.is_1904 = False
        self.sheets: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a sheet with what it is referred to by."""
        self.text.clear()
        match self.local[name]:
            case "workbookPr":
                self.is_1904 = attributes.get("date1904") in ("1", "true")
            case "sheet":
                given = {self.local[key]: value for key, value in attributes.items()}
                self.sheets.append((given["name"], given["id"]))


class _Relations(_Part):
    """What the parts of an archive are to another."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take what a part is referred to by, what it is, and where."""
        self.text.clear()
        if self.local[name] == "Relationship":
            kind = attributes["Type"].rpartition("/")[2]
            self.found.append((attributes["Id"], kind, attributes["Target"]))


class _Styles(_Part):
    """The number formats of cells, by the number of the style of a cell."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.codes: dict[int, str] = {}
        self.styles: list[int] = []
        self._is_of_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a format, or what the style of cells refers to."""
        self.text.clear()
        kind = self.local[name]
        if kind == "numFmt":
            self.codes.setdefault(int(attributes["numFmtId"]), attributes["formatCode"])
        elif kind == "cellXfs":
            self._is_of_cells = True
        elif kind == "xf" and self._is_of_cells:
            self.styles.append(int(attributes.get("numFmtId", 0)))

    def end(self, name: str) -> None:
        """End the styles of cells."""
        if self.local[name] == "cellXfs":
            self._is_of_cells = False


class Workbook:
    """What a workbook holds besides its cells."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        """Read it. Raises UnreadableTable where it is broken."""
        self._archive = archive
        parts = {name.lower(): name for name in archive.namelist()}
        folder, _, file = part.rpartition("/")
        with _soundly():
            book = _Workbook(archive, part)
            deque(book.read(), maxlen=0)
            relations = _Relations(archive, parts[f"{folder}/_rels/{file}.rels".lower()])
            deque(relations.read(), maxlen=0)
            where = {
                key: (kind, parts.get(_path(folder, target).lower()))
                for key, kind, target in relations.found
            }
            of_kind = dict(where.values())
            self.sheets = [
                SheetPart(name, found)
                for name, key in book.sheets
                for kind, found in (where[key],)
                if kind == "worksheet" and found
            ]
            self._formats = self._read_formats(of_kind.get("styles"), is_1904=book.is_1904)
        self._strings = SharedStrings(archive, of_kind.get("sharedStrings"))

    def _read_formats(self, part: str | None, *, is_1904: bool) -> list[NumberFormat | None]:
        if part is None:
            return []
        found = _Styles(self._archive, part)
        deque(found.read(), maxlen=0)
        known = {
            number: format_of(number, found.codes.get(number), is_1904=is_1904)
            for number in set(found.styles)
        }
        return [None if known[style].is_plain else known[style] for style in found.styles]

    def rows(self, sheet: SheetPart) -> Iterator[tuple[int, Cells]]:
        """Yield the rows of a sheet that are not empty, each with its number from 1.

        Raises UnreadableTable where it is broken.
        """
        cells = _Sheet(self._archive, sheet.part, self._strings, self._formats)
        for _ in cells.read():
            yield from cells.rows
            cells.rows.clear()


class _Sheet(_Part):
    """The cells of a sheet, in rows that are to be taken after each piece."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        part: str,
        strings: SharedStrings,
        formats: list[NumberFormat | None],
    ) -> None:
        super().__init__(archive, part)
        self.rows: list[tuple[int, Cells]] = []
        self._strings = strings
        self._formats = formats
        self._columns = _Columns()
        self._line = 0
        self._column = -1
        self._row: Cells = []
        self._kind: str | None = None
        self._style = "0"
        self._value = ""
        self._is_aloud = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a cell, its value, or a row; those that do not say where they are go on."""
        kind = self.local[name]
        if kind == "v":
            self.text.clear()
        elif kind == "c":
            get = attributes.get
            place = get("r")
            self._column = self._columns[place.rstrip(_DIGITS)] if place else self._column + 1
            self._kind = get("t")
            self._style = get("s", "0")
            self._value = ""
        elif kind == "t":
            self.text.clear()
        elif kind == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._column = -1
            self._row = []
        elif kind == "rPh":
            self._is_aloud = True

    def end(self, name: str) -> None:
        """Keep a value, a cell or a row that is whole."""
        kind = self.local[name]
        if kind == "v":
            self._value = "".join(self.text)
        elif kind == "c":
            if self._value and (text := self._shown(self._value)):
                self._row.append((self._column, text))
        elif kind == "row":
            if self._row:
                self.rows.append((self._line, self._row))
        elif kind == "t":
            if not self._is_aloud:
                self._value += "".join(self.text)
        elif kind == "rPh":
            self._is_aloud = False
        self.text.clear()
        if len(self._row) > _COLUMNS_AT_MOST:
            raise _Broken

    def _shown(self, value: str) -> str:
        """Return the text of a cell as its reader sees it."""
        kind = self._kind
        if kind is None or kind == "n":
            shown = self._formats[int(self._style)] if self._formats else None
            number = float(value)
            return shown.text(number) if shown else plain_text(number)
        if kind == "s":
            return self._strings[int(value)]
        if kind == "b":
            return str(value.strip() in ("1", "true"))
        if kind == "d":
            return _iso(value)
        return value if kind == "e" else unescaped(value)


def unescaped(text: str) -> str:
    """Return a text of a workbook with the characters that it writes by their number."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _iso(value: str) -> str:
    try:
        return datetime.fromisoformat(value).isoformat().removesuffix("T00:00:00")
    except ValueError:
        return value


def _path(folder: str, target: str) -> str:
    """Return the path of what a part in a folder refers to."""
    if target.startswith("/"):
        return target[1:]
    steps: list[str] = []
    for step in f"{folder}/{target}".split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _refuse_document_type(*_declared: object) -> None:
    raise _Broken


@contextmanager
def _soundly() -> Iterator[None]:
    """Raise UnreadableTable for whatever a broken workbook raises."""
    try:
        yield
    except (
        _Broken,
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        LookupError,
        OverflowError,
        RuntimeError,
    ) as error:
        reason = type(error).__name__.strip("_")
        raise UnreadableTable(f"is a workbook, and broken ({reason})") from None
