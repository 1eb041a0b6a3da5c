"""What workbooks hold besides their cells: shared texts, formats, and where the sheets are."""

import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from app.exchange.tables.number_formats import format_of
from app.exchange.tables.sheets import Cells, Formats, Sheet
from app.exchange.tables.xml_parts import Broken, Part, local_name, soundly, unescaped


class SheetPart(NamedTuple):
    """A sheet of a workbook: its name, and the part of the archive that it is in."""

    name: str
    part: str


class SharedStrings(Part):
    """The texts that cells refer to by number, read as far as they are asked for."""

    def __init__(self, archive: zipfile.ZipFile, part: str | None) -> None:
        super().__init__(archive, part or "")
        self._found: list[str] = []
        self._current: list[str] = []
        self._is_aloud = False
        self._pieces = self.read() if part else iter(())

    def __getitem__(self, number: int) -> str:
        if number < 0:
            raise Broken
        while number >= len(self._found):
            if next(self._pieces, self) is self:
                raise Broken
        return self._found[number]

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  (has none)
        """Begin a text, or how it is said aloud, which is not a part of it."""
        if name == "t":
            self.text.clear()
        elif name == "rPh":
            self._is_aloud = True

    def end(self, name: str) -> None:
        """Keep a text that is whole."""
        if name == "t":
            if not self._is_aloud:
                self._current.append("".join(self.text))
            self.text.clear()
        elif name == "si":
            self._found.append(unescaped("".join(self._current)))
            self._current.clear()
            self.text.clear()
        elif name == "rPh":
            self._is_aloud = False


class _Workbook(Part):
    """The sheets of a workbook, and whether its days begin in 1904."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.is_1904 = False
        self.sheets: list[tuple[str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a sheet with what it is referred to by."""
        self.text.clear()
        match name:
            case "workbookPr":
                self.is_1904 = attributes.get("date1904") in ("1", "true")
            case "sheet":
                given = {local_name(key): value for key, value in attributes.items()}
                self.sheets.append((given["name"], given["id"]))


class _Relations(Part):
    """What the parts of an archive are to another."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take what a part is referred to by, what it is, and where."""
        self.text.clear()
        if name == "Relationship":
            kind = attributes["Type"].rpartition("/")[2]
            self.found.append((attributes["Id"], kind, attributes["Target"]))


class _Styles(Part):
    """The number formats of cells, by the number of the style of a cell."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        super().__init__(archive, part)
        self.codes: dict[int, str] = {}
        self.styles: list[int] = []
        self._is_of_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a format, or what the style of cells refers to."""
        self.text.clear()
        if name == "numFmt":
            self.codes.setdefault(int(attributes["numFmtId"]), attributes["formatCode"])
        elif name == "cellXfs":
            self._is_of_cells = True
        elif name == "xf" and self._is_of_cells:
            self.styles.append(int(attributes.get("numFmtId", 0)))

    def end(self, name: str) -> None:
        """End the styles of cells."""
        if name == "cellXfs":
            self._is_of_cells = False


class Workbook:
    """What a workbook holds besides its cells."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        """Read it. Raises UnreadableTable where it is broken."""
        self._archive = archive
        parts = {name.lower(): name for name in archive.namelist()}
        folder, _, file = part.rpartition("/")
        with soundly():
            book = _Workbook(archive, part).read_whole()
            relations = _Relations(
                archive, parts[f"{folder}/_rels/{file}.rels".lower()]
            ).read_whole()
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

    def _read_formats(self, part: str | None, *, is_1904: bool) -> Formats:
        if part is None:
            return {}
        found = _Styles(self._archive, part).read_whole()
        known = {
            number: format_of(number, found.codes.get(number), is_1904=is_1904)
            for number in set(found.styles)
        }
        return {
            str(place): None if known[style].is_plain else known[style]
            for place, style in enumerate(found.styles)
        }

    def rows(self, sheet: SheetPart) -> Iterator[tuple[int, Cells]]:
        """Yield the rows of a sheet that are not empty, each with its number from 1.

        Raises UnreadableTable where it is broken.
        """
        cells = Sheet(self._archive, sheet.part, self._strings, self._formats)
        for _ in cells.read():
            yield from cells.rows
            cells.rows.clear()


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
