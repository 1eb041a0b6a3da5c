"""Bytes as text: which encoding a file is in, and what happens to bytes that are not in it."""

import codecs
import io
from itertools import count
from typing import Any

from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import Decoding, UnreadableTable

REPLACEMENT = "\ufdd0"
"""Stands where bytes are text in no encoding that is known for the file: no text has this."""

_UNKNOWN = "\ufffd"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NAMES = {"mac_roman": "Mac Roman", "cp1252": "Windows-1252", "latin_1": "ISO 8859-1"}
_NOT_TABLES = (
    (b"%pdf", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "a workbook of the old .xls form; save it as .xlsx or CSV"),
    (b"sqlite format 3", "an SQLite database"),
    (b"par1", "a Parquet file"),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml", b"<head")
_LONGEST_LINE = 2**23  # bytes
_ASCII_AT_MOST = 0x7F
_handlers = count(1)


def refuse_what_is_no_table(sample: bytes) -> None:
    """Raise UnreadableTable where the first bytes are those of something else."""
    start = sample.removeprefix(codecs.BOM_UTF8).lstrip()[:64].lower()
    if start.startswith(_PAGES):
        raise UnreadableTable(
            "is a web page and not a table: a download may have saved the page under this name"
        )
    for magic, what in _NOT_TABLES:
        if start.startswith(magic):
            raise UnreadableTable(f"is {what}")
    if not start:
        raise UnreadableTable("is empty")
    if not _mark(sample) and b"\0" in sample:
        raise UnreadableTable("is not text")


def decoded(stream: Bytes, fallback: str | None) -> tuple[io.TextIOWrapper, Decoding]:
    """Return a stream as text with its line ends as they are, and how it was read.

    Without a byte-order mark it is UTF-8. Bytes that are not are read by `fallback`, which a
    mapping declares for its file: one by one, or with their line where the encoding has several
    for a character. Where they are none of that either, or none is declared, they become
    REPLACEMENT, so that their row can be refused by its line: from bytes alone an encoding is not
    certain.
    """
    sample = stream.peek(2**18)
    refuse_what_is_no_table(sample)
    encoding, name = _mark(sample) or ("utf-8", "UTF-8")
    if encoding != "utf-8":
        fallback = None
    found = Decoding(name, fallback and encoding_name(fallback))
    if fallback and _has_several_bytes(fallback):
        stream = io.BufferedReader(_LinesAsUtf8(stream, fallback, found), 2**18)
        fallback = None
    handler = _handler(found, fallback)
    text = io.TextIOWrapper(stream, encoding=encoding, errors=handler, newline="")
    return text, found


def shown(text: str) -> str:
    """Return text as people are shown it, with the usual sign for what is not known."""
    return text.replace(REPLACEMENT, _UNKNOWN)


def encoding_name(encoding: str) -> str:
    """Return the name of an encoding in a report."""
    return _NAMES.get(encoding, encoding)


def _mark(sample: bytes) -> tuple[str, str] | None:
    for mark, encoding, name in _MARKS:
        if sample.startswith(mark):
            return encoding, name
    return None


def _has_several_bytes(encoding: str) -> bool:
    """Return whether characters of an encoding can have several bytes.

    Raises UnreadableTable for what is none, or writes letters other than UTF-8 does: a line in
    UTF-16 would be found to be in it by chance alone.
    """
    try:
        writes_letters_alike = "a,\n".encode(encoding) == b"a,\n"
        decoder = codecs.getincrementaldecoder(encoding)
    except LookupError:
        raise UnreadableTable(
            f"cannot be read: the mapping names the encoding {encoding}, which is none"
        ) from None
    if not writes_letters_alike:
        raise UnreadableTable(
            f"cannot be read: the mapping names the encoding {encoding}, which goes with no other "
            "one; a file that is in it begins with a byte-order mark"
        )
    return any(decoder("replace").decode(bytes([byte])) == "" for byte in range(256))


class _LinesAsUtf8(io.RawIOBase):
    """A stream whose lines that are not UTF-8 are read in another encoding, as a whole."""

    def __init__(self, stream: Bytes, encoding: str, found: Decoding) -> None:
        super().__init__()
        self._stream = stream
        self._encoding = encoding
        self._found = found
        self._line = b""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; a line that is in neither encoding stays as it is."""
        line = self._line or self._stream.readline(_LONGEST_LINE)
        if not self._line and not line.isascii():
            line = self._as_utf8(line)
        size = min(len(line), len(buffer))
        buffer[:size] = line[:size]
        self._line = line[size:]
        return size

    def _as_utf8(self, line: bytes) -> bytes:
        try:
            line.decode()
        except UnicodeDecodeError:
            pass
        else:
            return line
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError:
            return line
        self._found.strange_bytes += sum(byte > _ASCII_AT_MOST for byte in line)
        return text.encode()


def _handler(found: Decoding, fallback: str | None) -> str:
    """Register what is done with bytes that are not of the encoding; return its name."""

    def decode(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        data: Any = error.object[error.start : error.end]
        found.strange_bytes += len(data)
        text = bytes(data).decode(fallback, "replace") if fallback else _UNKNOWN
        found.has_lost_bytes |= _UNKNOWN in text
        return text.replace(_UNKNOWN, REPLACEMENT), error.end

    name = f"airace-{next(_handlers)}"
    codecs.register_error(name, decode)
    return name
