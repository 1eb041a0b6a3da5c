"""NDJSON: a JSON object a line. The header is that of the first object."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson

from app.exchange.tables.decoding import REPLACEMENT, decoded, shown
from app.exchange.tables.members import Members
from app.exchange.tables.streams import Bytes
from app.exchange.tables.table import BadRow, Bounds, Decoding, Row, Table, UnreadableTable

_NAME = re.compile(r'"\s*:')
_MANY_DIGITS = re.compile("[0-9]{19}")


def json_lines_table(stream: Bytes, fallback: str | None, bounds: Bounds) -> Table:
    """Return a table of JSON objects; lists become cells with `;` between their members."""
    text, decoding = decoded(stream, fallback)
    lines = _lines(text, bounds)
    first = next(lines, None)
    if first is None:
        raise UnreadableTable("is empty")
    try:
        names = _read(first[1])
    except ValueError as error:
        raise UnreadableTable(f"has a first line that is {error}") from None
    if len(names) > bounds.columns:
        raise UnreadableTable(f"has more than {bounds.columns:,} columns")
    header = list(names)
    rows = _rows(chain([first], lines), header, decoding, bounds)
    return Table(header, rows, "NDJSON", decoding)


def _lines(text: io.TextIOWrapper, bounds: Bounds) -> Iterator[tuple[int, str]]:
    longest = 16 * bounds.cell
    number = 0
    while line := text.readline(longest):
        number += 1
        if len(line) >= longest and not line.endswith(("\n", "\r")):
            raise UnreadableTable(f"has more than {longest:,} characters in line {number}")
        if number > bounds.rows:
            raise UnreadableTable(f"has more than {bounds.rows:,} rows")
        if line.strip():
            yield number, line


def _rows(
    lines: Iterator[tuple[int, str]], header: list[str], decoding: Decoding, bounds: Bounds
) -> Iterator[Row | BadRow]:
    place = {name: number for number, name in enumerate(header)}
    for number, line in lines:
        try:
            found = _read(line)
        except ValueError as error:
            is_strange = REPLACEMENT in line
            yield BadRow(number, decoding.wanted if is_strange else f"is {error}")
            continue
        unknown = found.keys() - place.keys()
        if unknown:
            yield BadRow(number, "has a name that the first object has not")
            continue
        cells = [found.get(name, "") for name in header]
        if REPLACEMENT in line:
            strange = next((name for name in header if REPLACEMENT in found.get(name, "")), "")
            yield BadRow(number, decoding.wanted, strange, shown(found.get(strange, "")))
            continue
        if any(len(cell) > bounds.cell for cell in cells):
            yield BadRow(number, f"has a cell of more than {bounds.cell:,} characters")
            continue
        yield Row(number, cells)


def _read(line: str) -> dict[str, str]:
    """Return the cells of an object by name. Raises ValueError with what the line is instead."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ValueError("not JSON") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  (a fault of the text)
    cells = {name: _cell(value) for name, value in found.items()}
    if len(_NAME.findall(line)) > len(found):
        _refuse_names_that_come_twice(line)
    if _MANY_DIGITS.search(line):  # of a number that is so long only the first digits were read
        cells |= {name: _cell(value) for name, value in json.loads(line).items()}
    return cells


def _refuse_names_that_come_twice(line: str) -> None:
    """Raise ValueError where an object has a name more than once: which value is meant?

    It has no other object in it.
    """
    pairs: list[tuple[str, Any]] = json.loads(line, object_pairs_hook=list)
    names = Counter(name for name, _ in pairs)
    if twice := next((name for name, count in names.items() if count > 1), None):
        raise ValueError(f"an object that has {twice} more than once")


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value)
        case list() if all(isinstance(member, str) for member in value):
            return Members(value)
        case int() | float():
            return repr(value)
        case _:
            raise ValueError("an object whose values are not all texts, numbers or lists of texts")
