"""Reading, mapping and checking a large table in a second process, while this one writes.

The process is a fork of this one: it has the open table and what the database knows without
being told, and costs no start. It touches no database. When this process ends, however it ends,
the pipe breaks and so does the reading.
"""

import gc
import marshal
import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from app.exchange.checked_rows import Batch, CheckedRows, Named
from app.exchange.rejects import Reject
from app.exchange.tables import Table, UnreadableTable
from app.storage.ledger import StoredRow

_LARGE = 200_000  # bytes of a file whose reading is worth a process of its own
_TOGETHER = 10  # batches: as many rows as the ledger writes at once, the next are read meanwhile
_ROWS = 10_000

_Packed: TypeAlias = tuple[list[str], list[tuple[Any, ...]]]


class CheckedBeside:
    """What `CheckedRows` gives, as the second process sends it.

    Each part raises ChildProcessError where that process ends before its time.
    """

    def __init__(self, pipe: "Connection[Any, Any]", table: Table) -> None:
        self._pipe = pipe
        self._table = table

    def batches(self) -> Iterator[Batch]:
        """Yield the rows by the batch. Raises UnreadableTable, after what was refused till then."""
        while True:
            several, told, strange, fault = self._received()
            self._table.decoding.strange_bytes = strange
            if told and self._table.file and self._table.file.progress:
                self._table.file.progress(told)
            for read, lines, rows, rejects in several:
                entered = [(number, Reject(*reject)) for number, reject in rejects]
                yield Batch(read, lines, list(_unpacked(rows)), entered)
            if fault is not None:
                raise UnreadableTable(fault)
            if not several:
                return

    def named(self) -> Named:
        """Return what the rows named, when all have been read."""
        return Named(*self._received())

    def companies(self) -> Iterator[StoredRow]:
        """Yield the companies to write, when all rows have been read."""
        while (rows := self._received())[1]:
            yield from _unpacked(rows)

    def _received(self) -> Any:
        try:
            return marshal.loads(self._pipe.recv_bytes())  # noqa: S302  (from our own process)
        except EOFError:
            raise ChildProcessError("the process that reads the table has ended early") from None


@contextmanager
def beside(checked: CheckedRows, table: Table) -> Iterator[CheckedRows | CheckedBeside]:
    """Give the checked rows of a table, by a second process where the file is large.

    Where that cannot be, this process reads them: it has other threads, whose locks a fork would
    hold for ever, or one processor.
    """
    can_fork = hasattr(os, "fork") and (os.cpu_count() or 1) > 1 and threading.active_count() == 1
    if not can_fork or table.file is None or table.file.size < _LARGE:
        yield checked
        return
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(checked, table, receiving, sending), daemon=True)
    process.start()
    sending.close()
    try:
        yield CheckedBeside(receiving, table)
    finally:
        receiving.close()
        process.kill()
        process.join()


def _send(
    checked: CheckedRows,
    table: Table,
    receiving: "Connection[Any, Any]",
    sending: "Connection[Any, Any]",
) -> None:
    """Send all that `checked` gives. This is what the second process does."""
    receiving.close()  # or this process itself would keep the pipe from breaking
    gc.disable()  # nothing of what is made here is in a circle
    try:
        for message in _messages(checked, table):
            sending.send_bytes(marshal.dumps(message))
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the process that writes has ended, or ends, and says why


def _messages(checked: CheckedRows, table: Table) -> Iterator[Any]:
    told: list[int] = []
    if table.file:
        table.file.progress = told.append
    batches = checked.batches()
    reads = True
    while reads:
        several = []
        fault = None
        try:
            for batch in islice(batches, _TOGETHER):
                rejects = [
                    (number, (reject.line, reject.column, reject.found, reject.expected))
                    for number, reject in batch.rejects
                ]
                several.append((batch.read, batch.lines, _packed(batch.rows), rejects))
        except UnreadableTable as error:
            fault = str(error)
        yield several, sum(told), table.decoding.strange_bytes, fault
        told.clear()
        reads = bool(several) and fault is None
    named = checked.named()
    yield tuple(getattr(named, name) for name in Named.__slots__)
    companies = checked.companies()
    while rows := list(islice(companies, _ROWS)):
        yield _packed(rows)
    yield _packed([])


def _packed(rows: list[StoredRow]) -> _Packed:
    """Return rows with their names once: those of one table are all the same."""
    return list(rows[0]) if rows else [], [tuple(row.values()) for row in rows]


def _unpacked(packed: _Packed) -> Iterator[StoredRow]:
    names, rows = packed
    return (dict(zip(names, row, strict=True)) for row in rows)
