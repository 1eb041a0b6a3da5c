"""The XML in workbooks, read a piece at a time, so that a small file cannot take much memory."""

import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Self
from xml.parsers import expat

from app.exchange.tables.table import UnreadableTable

PIECE = 2**16
_DEEPEST = 64
_ESCAPED = re.compile("_x((?![Dd][89A-Fa-f])[0-9A-Fa-f]{4})_")


class Broken(Exception):
    """What a part of a workbook must not be. The message is for nobody."""


class _LocalNames(dict[str, str]):
    """Names of elements without the prefix of their namespace."""

    def __missing__(self, name: str) -> str:
        self[name] = local = local_name(name)
        return local


class Part:
    """A part of a workbook, whose elements are told to `start` and `end` as it is read."""

    def __init__(self, archive: zipfile.ZipFile, part: str) -> None:
        self._archive = archive
        self._part = part
        self.depth = 0
        """Elements that are open."""

        self.text: list[str] = []
        """Texts since this was last emptied."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def pieces(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yield what is to be parsed of the part."""
        while piece := file.read(PIECE):
            yield piece

    def read(self) -> Iterator[None]:
        """Yield after each piece that was read. Raises UnreadableTable for what is broken."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        self._be_told_by(parser)
        with soundly(), self._archive.open(self._part) as file:
            for piece in self.pieces(file):
                parser.Parse(piece)
                yield
            parser.Parse(b"", True)
        yield

    def read_whole(self) -> Self:
        """Return it when all of it was read."""
        deque(self.read(), maxlen=0)
        return self

    def _be_told_by(self, parser: expat.XMLParserType) -> None:
        names = _LocalNames()

        def start(name: str, attributes: dict[str, str]) -> None:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise Broken
            self.start(names[name], attributes)

        def end(name: str) -> None:
            self.depth -= 1
            self.end(names[name])

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = self.text.append
        parser.StartDoctypeDeclHandler = _refuse_document_type


def local_name(name: str) -> str:
    """Return the name of an element or attribute without the prefix of its namespace."""
    return name.rpartition(":")[2]


def unescaped(text: str) -> str:
    """Return a text of a workbook with the characters that it writes by their number."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _refuse_document_type(*_declared: object) -> None:
    raise Broken


@contextmanager
def soundly() -> Iterator[None]:
    """Raise UnreadableTable for whatever a broken workbook raises."""
    try:
        yield
    except (
        Broken,
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
        reason = type(error).__name__
        raise UnreadableTable(f"is a workbook, and broken ({reason})") from None
