"""What a table is once it is opened, whatever file it came in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.exchange.tables.streams import ToldStream


class UnreadableTable(Exception):
    """A file of which no row can be trusted. The message says why, in one sentence."""


@dataclass(frozen=True)
class Bounds:
    """How large a file may be, told before and while it is read."""

    bytes: int = 8 * 2**30
    """Of the table as text, after decompression."""

    rows: int = 50_000_000
    columns: int = 1_000
    cell: int = 131_072
    """Characters of one cell."""

    lines: int = 500
    """Of one row, whose cells may have several: a quote that is not closed takes in all others."""

    ratio: int = 200
    """How many times larger the text may be than the compressed file."""

    workbook: int = 512 * 2**20
    """Bytes of a workbook, unpacked."""


BOUNDS = Bounds()


class Row(NamedTuple):
    """A row: the line it begins on, and a text for each column."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: the line it stands on, why, and where in it, if that is known."""

    line: int
    fault: str
    column: str = ""
    found: str = ""


@dataclass
class Decoding:
    """How bytes were read as text, for the report; complete when the last row has been read."""

    name: str
    fallback: str | None = None
    strange_bytes: int = 0
    """Bytes that were read by `fallback`, as they are none of the encoding `name`."""

    has_lost_bytes: bool = False
    """Whether there are bytes that are text in neither."""

    @property
    def wanted(self) -> str:
        """What a row has to be whose bytes are in no encoding that is known for the file."""
        if self.fallback:
            return f"text in {self.name} or {self.fallback}"
        way = "save the file as UTF-8, or name its encoding in a mapping, by fallback_encodings"
        return f"text in {self.name} ({way})"

    def __str__(self) -> str:
        if not self.strange_bytes:
            return self.name
        counted = f"{self.strange_bytes:,} byte{'s' * (self.strange_bytes != 1)}"
        if self.fallback is None:
            return f"{self.name}, with {counted} that are none of it"
        return f"{self.name}, with {counted} read as {self.fallback}"


@dataclass
class Table:
    """A table: its header, and its rows, to be read once."""

    header: list[str]
    rows: Iterator[Row | BadRow]
    format: str
    decoding: Decoding
    parts: list[str] = field(default_factory=list)
    """The names inside an archive or workbook that lead to it."""

    file: "ToldStream | None" = None
    """The file that it is in."""
