"""Parquet, written row group by row group and handed on as it is made."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, chain
from queue import Empty, Queue
from threading import Thread
from typing import Any

import orjson
from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema, list_array
from arro3.io import write_parquet as write_arrow

from app.kit.formats import Batches, Row
from app.kit.tables import Column, Kind

_ROWS_A_GROUP = 10_000
_ROWS_A_STEP = 1_000
"""How many rows are turned into Arrow at a time: others get their turn in between."""

_BYTES_A_CHUNK = 65_536
_TEXTS = DataType.list(Field("item", DataType.string()))
_TYPES = {
    Kind.TEXT: DataType.string(),
    Kind.WHOLE: DataType.int64(),
    Kind.NUMBER: DataType.float64(),
    Kind.FLAG: DataType.bool(),
    Kind.LIST: _TEXTS,
    Kind.OBJECT: DataType.string(),
}


class _Pipe:
    """A file that one thread writes and another reads, chunk by chunk, neither far ahead."""

    def __init__(self) -> None:
        self.chunks: Queue[bytes | None] = Queue(maxsize=2)
        self.closed_early = False
        self.failure: BaseException | None = None
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take bytes; where nobody wants them any more, drop them (an error would be a panic)."""
        self._held += data
        if len(self._held) >= _BYTES_A_CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on what was written so far."""
        if self._held and not self.closed_early:
            self.chunks.put(bytes(self._held))
        self._held.clear()

    def seek(self, _offset: int, _whence: int = 0) -> int:
        """Refuse: it only exists because the writer looks for it and does not use it."""
        raise OSError("a stream goes forward only")


def write_parquet(columns: Sequence[Column], batches: Batches) -> Generator[bytes, None, None]:
    """Yield a table as Parquet, compressed by Zstandard, in row groups of 10,000 rows.

    The writer asks for batches and cannot be asked for bytes, so it runs in a thread of its own,
    which ends with the iteration.
    """
    pipe = _Pipe()
    thread = Thread(target=_fill, args=(pipe, columns, batches), daemon=True)
    thread.start()
    try:
        while (chunk := pipe.chunks.get()) is not None:
            yield chunk
        if pipe.failure:
            raise pipe.failure
    finally:
        pipe.closed_early = True
        while thread.is_alive():
            with suppress(Empty):
                pipe.chunks.get(timeout=0.05)


def _fill(pipe: _Pipe, columns: Sequence[Column], batches: Batches) -> None:
    schema = Schema([Field(column.name, _TYPES[column.kind]) for column in columns])
    steps = RecordBatchReader.from_batches(schema, _steps(pipe, columns, schema, batches))
    try:
        write_arrow(
            steps,
            pipe,  # type: ignore[arg-type]
            compression="zstd(1)",
            max_row_group_size=_ROWS_A_GROUP,
        )
        pipe.flush()
    except BaseException as error:  # noqa: BLE001  (told to whoever reads)
        pipe.failure = pipe.failure or error
    pipe.chunks.put(None)


def _steps(
    pipe: _Pipe, columns: Sequence[Column], schema: Schema, batches: Batches
) -> Iterator[RecordBatch]:
    """Yield the rows as Arrow. A fault ends them and is kept: it must not cross into Rust."""
    try:
        for batch in batches:
            for start in range(0, len(batch), _ROWS_A_STEP):
                if pipe.closed_early:
                    return
                yield _arrow(columns, schema, batch[start : start + _ROWS_A_STEP])
    except BaseException as error:  # noqa: BLE001  (told to whoever reads)
        pipe.failure = error
        pipe.closed_early = True


def _arrow(columns: Sequence[Column], schema: Schema, rows: Sequence[Row]) -> RecordBatch:
    values = zip(*rows, strict=True)
    arrays = [_array(column.kind, cells) for column, cells in zip(columns, values, strict=True)]
    return RecordBatch.from_arrays(arrays, schema=schema)


def _array(kind: Kind, cells: Sequence[Any]) -> Array:
    if kind is Kind.LIST:
        present = [cell or () for cell in cells]
        ends = Array(list(accumulate(map(len, present), initial=0)), type=DataType.int32())
        members = Array(list(chain.from_iterable(present)), type=DataType.string())
        missing = None
        if None in cells:
            missing = Array([cell is None for cell in cells], type=DataType.bool())
        return list_array(ends, members, type=_TEXTS, mask=missing)
    if kind is Kind.OBJECT:
        cells = [None if cell is None else orjson.dumps(cell).decode() for cell in cells]
    return Array(cells, type=_TYPES[kind])
