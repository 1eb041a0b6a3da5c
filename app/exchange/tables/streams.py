"""Byte streams that say how far they were read, and that end where a bound is reached."""

import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from app.exchange.tables.table import Bounds, UnreadableTable

Progress = Callable[[int], None]
Bytes: TypeAlias = "io.BufferedReader[Any]"
"""A buffered stream of bytes, which can be looked into before it is read."""

_SUSPICIOUS_FROM = 16 * 2**20
"""Bytes that a short file may always swell to: spaces compress a thousandfold."""


class ToldStream(io.RawIOBase):
    """A file that tells how many bytes of it were read."""

    def __init__(self, file: BinaryIO, progress: Progress | None) -> None:
        super().__init__()
        self._file = file
        self._furthest = 0
        self.progress = progress
        self._found = os.fstat(file.fileno())
        self.size = self._found.st_size
        """Bytes of the file."""

    def refuse_what_has_changed(self, path: Path) -> None:
        """Raise UnreadableTable where the file of this path is not as it was when it was opened."""
        if not stat.S_ISREG(self._found.st_mode):
            return
        try:
            now = path.stat()
        except OSError:
            now = None
        if now is None or _mark(now) != _mark(self._found):
            raise UnreadableTable("was changed while it was read: load it when it is complete")

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return whether another place can be gone to, which archives need."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; tell of those that were not read before."""
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        place = self._file.tell()
        if self.progress and place > self._furthest:
            self.progress(place - self._furthest)
            self._furthest = place
        return len(data)


class BoundedStream(io.RawIOBase):
    """A stream that refuses to become larger than a table may be."""

    def __init__(self, stream: Any, bounds: Bounds, compressed: int | None) -> None:
        super().__init__()
        self._stream = stream
        self._left = bounds.bytes
        self._most = bounds.bytes
        self._ratio = bounds.ratio
        self._compressed = compressed
        self._read = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes. Raises UnreadableTable beyond a bound or for a broken archive."""
        try:
            data = self._stream.read(len(buffer))
        except UnreadableTable:
            raise
        except Exception as error:  # noqa: BLE001  (whatever a broken archive raises)
            reason = type(error).__name__
            raise UnreadableTable(f"is compressed, and broken ({reason})") from None
        buffer[: len(data)] = data
        self._read += len(data)
        if self._read > self._most:
            raise UnreadableTable(f"has more than {self._most:,} bytes of text")
        swollen = self._compressed is not None and self._read > self._ratio * self._compressed
        if swollen and self._read > _SUSPICIOUS_FROM:
            raise UnreadableTable(f"becomes more than {self._ratio} times larger when it is opened")
        return len(data)


def _mark(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns
