"""Parquet, written row group by row group and handed on as it is made."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import accumulate, chain
from queue import Empty, Queue
from threading import Thread
from typing import Any

import orjson
from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema, list_array
from arro3.io import read_csv
from arro3.io import write_parquet as write_arrow

from app.kit.ahead import ahead
from app.kit.fields import LIST_SEPARATOR
from app.kit.formats import Batches, Row
from app.kit.lines import CELL_END, IN_LINE, LEFT_OUT, LINE_END, Form, Lines, lines_of
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
_TEXT = _TYPES[Kind.TEXT]
_CELLS = {Kind.WHOLE: _TYPES[Kind.WHOLE]}


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

    There are no dictionaries: of so few rows the texts are as small when they are compressed, and
    quicker to write.

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
            dictionary_enabled=False,
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
        for step in _steps_of(columns, batches):
            if pipe.closed_early:
                return
            found = _arrow_of_lines(columns, schema, step) if isinstance(step, Lines) else None
            if found is None:
                rows = step.plain() if isinstance(step, Lines) else step
                found = _arrow(columns, schema, rows)
            yield found
    except BaseException as error:  # noqa: BLE001  (told to whoever reads)
        pipe.failure = error
        pipe.closed_early = True


def _steps_of(columns: Sequence[Column], batches: Batches) -> Iterator[Sequence[Row] | Lines]:
    # A line of one empty cell would be none.
    lines = lines_of(batches, Form.CELLS) if len(columns) > 1 else None
    for batch in batches if lines is None else ahead(lines):
        if isinstance(batch, Lines):
            if batch.count:
                yield batch
            continue
        for start in range(0, len(batch), _ROWS_A_STEP):
            yield batch[start : start + _ROWS_A_STEP]


def _arrow_of_lines(columns: Sequence[Column], schema: Schema, part: Lines) -> RecordBatch | None:
    """Return lines as Arrow, None where they are unclear. An empty text is taken for a missing one.

    A reader of CSV takes them apart, which is far quicker than to hand over each value.
    """
    text = part.cells(columns, lambda _value: "")
    if text is None:
        return None
    flat = Schema([Field(column.name, _CELLS.get(column.kind, _TEXT)) for column in columns])
    read = read_csv(
        BytesIO(text),
        flat,
        has_header=False,
        batch_size=part.count,
        delimiter=CELL_END,
        terminator=LINE_END,
        quote=LEFT_OUT,  # which no text holds
    ).read_next_batch()
    beside = iter(part.beside)
    arrays: list[Array] = []
    for place, column in enumerate(columns):
        cells = read.column(place)
        if column.kind is Kind.LIST:
            cells = _lists(list(cells.to_pylist()))
        elif column.kind not in IN_LINE:
            cells = _array(column.kind, next(beside))
        arrays.append(cells)
    return RecordBatch.from_arrays(arrays, schema=schema)


def _lists(cells: Sequence[str | None]) -> Array:
    """Return lists of texts, each of which is given as one text."""
    sizes = [cell.count(LIST_SEPARATOR) + 1 if cell else 0 for cell in cells]
    text = LIST_SEPARATOR.join([cell for cell in cells if cell])
    return _list_array(sizes, text.split(LIST_SEPARATOR) if text else [])


def _arrow(columns: Sequence[Column], schema: Schema, rows: Sequence[Row]) -> RecordBatch:
    values = zip(*rows, strict=True)
    arrays = [_array(column.kind, cells) for column, cells in zip(columns, values, strict=True)]
    return RecordBatch.from_arrays(arrays, schema=schema)


def _array(kind: Kind, cells: Sequence[Any]) -> Array:
    if kind is Kind.LIST:
        present = [cell or () for cell in cells]
        missing = None
        if None in cells:
            missing = Array([cell is None for cell in cells], type=DataType.bool())
        return _list_array(map(len, present), list(chain.from_iterable(present)), missing)
    if kind is Kind.OBJECT:
        cells = [None if cell is None else orjson.dumps(cell).decode() for cell in cells]
    return Array(cells, type=_TYPES[kind])


def _list_array(sizes: Iterable[int], members: list[str], missing: Array | None = None) -> Array:
    ends = Array(list(accumulate(sizes, initial=0)), type=DataType.int32())
    return list_array(ends, Array(members, type=_TEXT), type=_TEXTS, mask=missing)
