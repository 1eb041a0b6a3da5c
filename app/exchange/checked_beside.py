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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from app.exchange.checked_rows import CheckedRows
from app.exchange.parts import Named, Part
from app.exchange.rejects import Reject
from app.exchange.tables import Table, UnreadableTable
from app.storage.batches import Batch

_LARGE = 200_000  # bytes of a file whose reading is worth a process of its own


class CheckedBeside:
    """What `CheckedRows` gives, as the second process sends it.

    Each part raises ChildProcessError where that process ends before its time.
    """

    def __init__(self, pipe: "Connection[Any, Any]", table: Table) -> None:
        self._pipe = pipe
        self._table = table

    def parts(self) -> Iterator[Part]:
        """Yield what comes of the rows.

        Raises UnreadableTable, after what was refused till then.
        """
        while True:
            message = self._received(self._pipe.recv_bytes)
            packed, told, strange, fault = marshal.loads(message)  # noqa: S302  (our own process's)
            self._table.decoding.strange_bytes = strange
            if told and self._table.file and self._table.file.progress:
                self._table.file.progress(told)
            if packed:
                read, rejects, facts, lines, companies, *others = packed
                entered = [(number, Reject(*reject)) for number, reject in rejects]
                yield Part(read, entered, Batch(*facts), lines, Batch(*companies), *others)
            if fault is not None:
                raise UnreadableTable(fault)
            if not packed:
                return

    def named(self) -> Named:
        """Return what the rows named, when all have been read."""
        named: Named = self._received(self._pipe.recv)
        return named

    def _received(self, receive: Callable[[], Any]) -> Any:
        try:
            return receive()
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
        sending.send(checked.named())
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the process that writes has ended, or ends, and says why


def _messages(checked: CheckedRows, table: Table) -> Iterator[Any]:
    told: list[int] = []
    if table.file:
        table.file.progress = told.append
    fault = None
    try:
        for part in checked.parts():
            yield _packed(part), sum(told), table.decoding.strange_bytes, None
            told.clear()
    except UnreadableTable as error:
        fault = str(error)
    yield None, sum(told), table.decoding.strange_bytes, fault


def _packed(part: Part) -> tuple[Any, ...]:
    """Return a part in the types that the pipe takes."""
    rejects = [
        (number, (reject.line, reject.column, reject.found, reject.expected))
        for number, reject in part.rejects
    ]
    facts, companies = tuple(part.facts), tuple(part.companies)
    others = part.refused, part.unknown, part.groups, part.left_out
    return part.read, rejects, facts, part.lines, companies, *others
