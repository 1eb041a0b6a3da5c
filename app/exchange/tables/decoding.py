"""Bytes as text: which encoding a file is in, and what happens to bytes that are not in it."""

import codecs
import io
from collections.abc import Sequence
from itertools import count
from typing import Any

from charset_normalizer import from_bytes

from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import Decoding, UnreadableTable

REPLACEMENT = "\ufffd"
"""Stands where bytes are text in no encoding that is known for the file."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_NAMES = {"mac_roman": "Mac Roman", "cp1252": "Windows-1252", "latin_1": "ISO 8859-1"}
_GUESSED = (
    ["cp1252", "mac_roman"],  # what spreadsheets of the West write
    ["cp1250", "cp1251", "gb18030", "shift_jis", "big5"],
)
_NOT_TABLES = (
    (b"%pdf", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "a workbook of the old .xls form; save it as .xlsx or CSV"),
    (b"sqlite format 3", "an SQLite database"),
    (b"par1", "a Parquet file"),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml", b"<head")
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


def decoded(stream: Bytes, fallbacks: Sequence[str] | None) -> tuple[io.TextIOWrapper, Decoding]:
    """Return a stream as text with its line ends as they are, and how it was read.

    Without a byte-order mark it is UTF-8. Bytes that are not are read by the first of
    `fallbacks`, which a mapping declares for its file; where none are declared (None) the
    encoding is told from the bytes; where there are none for the file (empty) they become
    REPLACEMENT, so that their row can be refused by its line.
    """
    sample = stream.peek(2**18)
    refuse_what_is_no_table(sample)
    encoding, name = _mark(sample) or ("utf-8", "UTF-8")
    fallback = None
    if encoding == "utf-8":
        fallback = _guess(sample) if fallbacks is None else next(iter(fallbacks), None)
    found = Decoding(name, fallback and _NAMES.get(fallback, fallback))
    handler = _handler(found, fallback)
    text = io.TextIOWrapper(stream, encoding=encoding, errors=handler, newline="")
    return text, found


def _mark(sample: bytes) -> tuple[str, str] | None:
    for mark, encoding, name in _MARKS:
        if sample.startswith(mark):
            return encoding, name
    return None


def _guess(sample: bytes) -> str | None:
    """Return the encoding of the lines that are not UTF-8, None where all are or none fits."""
    lines = [line for line in sample.splitlines() if not line.isascii()]
    strange = [line for line in lines if not _is_utf8(line)]
    if 2 * len(strange) <= len(lines):  # UTF-8 that is broken in places, or all of it UTF-8
        return None
    text = b"\n".join(strange[:1000])
    found = (from_bytes(text, cp_isolation=guessed).best() for guessed in _GUESSED)
    return next((best.encoding for best in found if best), None)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _handler(found: Decoding, fallback: str | None) -> str:
    """Register what is done with bytes that are not of the encoding; return its name."""

    def decode(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        data: Any = error.object[error.start : error.end]
        found.strange_bytes += len(data)
        if fallback is None:
            return REPLACEMENT, error.end
        return bytes(data).decode(fallback, "replace"), error.end

    name = f"airace-{next(_handlers)}"
    codecs.register_error(name, decode)
    return name
