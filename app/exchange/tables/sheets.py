"""The cells of a sheet of a workbook, as the texts that its reader sees."""

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Protocol, TypeAlias

from app.exchange.tables.number_formats import NumberFormat, plain_text
from app.exchange.tables.xml_parts import PIECE, Broken, Part, unescaped

Cells: TypeAlias = list[tuple[int, str]]
"""The cells of a row that are not blank: their columns from 0, and their texts."""

Formats: TypeAlias = dict[str, NumberFormat | None]
"""By the number of a style the format of numbers; None where their text is the number."""

NOT_WORKED_OUT = "\udfff"
"""Stands for what a formula comes to, where the workbook does not hold it; no text has it."""

WITHOUT_RESULT = (
    "is a formula, and the workbook does not hold what it comes to (a spreadsheet program saves it)"
)
"""What is wrong with such a cell."""


_COLUMNS_AT_MOST = 16_384
_HELD_AT_MOST = 2**20
_DECLARATION = 200
_DECLARATION_BEGINS = 5  # the first bytes may be those of the XML declaration, after a mark
_OTHER_ENCODING = re.compile(rb"encoding=.(?!utf-8|us-ascii)", re.IGNORECASE)
_NO_ELEMENT = re.compile(rb"<[!?]")
_ROW_ENDS = b"</row>"
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d+)")?(?: t="(n|s|str|b|e)")?'
    r"(?:/>|>(<f[^<>]*(?:/>|>[^<>]*</f>))?(?:<v>([^<>&\r]*)</v>)?</c>)"
)
_ROW = re.compile(
    rb'<row r="(\d{1,7})"(?: [^<>]*)?>((?:%b)*+)</row>'
    % re.sub(r"\((?!\?)", "(?:", _CELL.pattern).encode()
)
_LETTERS = re.compile("[A-Z]{1,3}")
_DIGITS = "0123456789"


class _Columns(dict[str, int]):
    """Columns from 0 by their letters."""

    def __missing__(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise Broken
        place = 0
        for letter in letters:
            place = 26 * place + ord(letter) - ord("A") + 1
        if place > _COLUMNS_AT_MOST:
            raise Broken
        self[letters] = place - 1
        return place - 1


class Texts(Protocol):
    """Texts by number."""

    def __getitem__(self, number: int) -> str: ...


class Sheet(Part):
    """The cells of a sheet, in rows that are to be taken after each piece.

    Rows in the form that spreadsheet programs give them are read by their pattern, several times
    as fast; only what is between them is parsed, and all other rows.
    """

    def __init__(
        self, archive: zipfile.ZipFile, part: str, strings: Texts, formats: Formats
    ) -> None:
        super().__init__(archive, part)
        self.rows: list[tuple[int, Cells]] = []
        self._strings = strings
        self._formats = formats
        self._columns = _Columns()
        self._line = 0
        self._column = -1
        self._row: Cells = []
        self._kind = self._style = self._value = ""
        self._has_formula = False
        self._is_aloud = False
        self._depth_of_rows = -1
        """How many elements are open between two rows; none is where that is not known."""

    def pieces(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yield what is to be parsed: all but the rows that are read by their pattern."""
        held = file.read(PIECE)
        is_in_form = not _OTHER_ENCODING.search(held[:_DECLARATION])
        after = _DECLARATION_BEGINS
        while held:
            end = held.rfind(_ROW_ENDS) + len(_ROW_ENDS)
            is_in_form = is_in_form and not _NO_ELEMENT.search(held, after)
            if not is_in_form or len(held) > _HELD_AT_MOST:
                is_in_form = False
                yield held
                held = b""
            elif end >= len(_ROW_ENDS):
                yield from self._not_in_form(held[:end])
                held = held[end:]
                after = 0
            piece = file.read(PIECE)
            if not piece:
                yield held
                return
            held += piece

    def _not_in_form(self, text: bytes) -> Iterator[bytes]:
        """Take the rows that are in form out of a text that ends with a row; yield the rest."""
        place = 0
        for match in _ROW.finditer(text):
            if match.start() > place:
                yield text[place : match.start()]
            place = match.start()
            if self.depth == self._depth_of_rows:
                self._take(int(match[1]), match[2].decode())
                place = match.end()
        yield text[place:]

    def _take(self, line: int, cells: str) -> None:
        self._line = line
        columns = self._columns
        row = [
            (columns[letters], text)
            for letters, style, kind, formula, value in _CELL.findall(cells)
            if (value or formula)
            and (text := self._shown_or_not(kind, style, value))
            and not text.isspace()
        ]
        self._keep(row)

    def _keep(self, row: Cells) -> None:
        if len(row) > _COLUMNS_AT_MOST:
            raise Broken
        if row:
            self.rows.append((self._line, row))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a cell, its value, or a row; those that do not say where they are go on."""
        self.text.clear()
        match name:
            case "c":
                place = attributes.get("r")
                self._column = self._columns[place.rstrip(_DIGITS)] if place else self._column + 1
                self._kind = attributes.get("t", "")
                self._style = attributes.get("s", "")
                self._value = ""
                self._has_formula = False
            case "f":
                self._has_formula = True
            case "row":
                self._line = int(attributes.get("r", self._line + 1))
                self._column = -1
                self._row = []
            case "rPh":
                self._is_aloud = True
            case "sheetData":
                self._depth_of_rows = self.depth

    def end(self, name: str) -> None:
        """Keep a value, a cell or a row that is whole."""
        match name:
            case "v":
                self._value = "".join(self.text)
            case "t" if not self._is_aloud:
                self._value += "".join(self.text)
            case "c":
                self._end_cell()
            case "row":
                self._keep(self._row)
            case "rPh":
                self._is_aloud = False
            case "sheetData":
                self._depth_of_rows = -1
        self.text.clear()

    def _end_cell(self) -> None:
        if not (self._value or self._has_formula):
            return
        text = self._shown_or_not(self._kind, self._style, self._value)
        if text and not text.isspace():
            self._row.append((self._column, text))
            if len(self._row) > _COLUMNS_AT_MOST:
                raise Broken

    def _shown_or_not(self, kind: str, style: str, value: str) -> str:
        """Return the text of a cell that has a value or a formula."""
        if value:
            return self._shown(kind, style, value)
        return "" if kind == "str" else NOT_WORKED_OUT  # a formula may come to an empty text

    def _shown(self, kind: str, style: str, value: str) -> str:
        """Return the text of a value as its reader sees it."""
        match kind:
            case "" | "n":
                shown = self._formats[style or "0"] if self._formats else None
                number = _number(value)
                return shown.text(number) if shown else plain_text(number)
            case "s":
                return self._strings[int(value)]
            case "b":
                return str(value.strip() in ("1", "true"))
            case "d":
                return _iso(value)
            case "e":
                return value
            case _:
                return unescaped(value)


def _number(value: str) -> float:
    if "_" in value:  # which Python takes for a number
        raise ValueError(value)
    return float(value)


def _iso(value: str) -> str:
    try:
        return datetime.fromisoformat(value).isoformat().removesuffix("T00:00:00")
    except ValueError:
        return value
