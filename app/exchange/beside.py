"""Reading a large file in a second process, while this one writes what was read.

The second process reads and checks, and sends rows through a pipe, a batch at a time. It
touches no database. When this process ends, however it ends, the pipe breaks and so does the
reading.
"""

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from app.exchange.pack_tables import Progress, UnreadablePack, read_table
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.storage.ledger import StoredRow

_BATCH = 10_000  # as many as the ledger writes at once: the next are read meanwhile
_LENGTH = 8


def read_table_beside(
    resource: Resource, path: Path, progress: Progress | None
) -> Iterator[StoredRow]:
    """Yield the rows of a file, as `read_table` does, read by a second process.

    Raises UnreadablePack with its faults, at the end of the file; ChildProcessError where the
    second process ends before its time.
    """
    command = [sys.executable, "-m", __spec__.name, resource.many, str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            while True:
                names, rows, done, faults = _received(process.stdout)
                if progress:
                    progress(done)
                for row in rows:
                    yield dict(zip(names, row, strict=True))
                if faults:
                    raise UnreadablePack(*faults)
                if not rows:
                    return
        finally:
            process.kill()


def _send(message: tuple[Any, ...]) -> None:
    content = marshal.dumps(message)
    sys.stdout.buffer.write(len(content).to_bytes(_LENGTH) + content)
    sys.stdout.buffer.flush()


def _received(pipe: IO[bytes] | None) -> tuple[list[str], list[Any], int, list[str]]:
    assert pipe is not None  # noqa: S101  (it was asked for)
    length = int.from_bytes(pipe.read(_LENGTH))
    content = pipe.read(length)
    if not content or len(content) < length:
        raise ChildProcessError("the process that reads the file has ended early")
    names, rows, done, faults = marshal.loads(content)  # noqa: S302  (from our own process)
    return names, rows, done, faults


def main() -> None:
    """Read the file that the arguments name; send it in batches, the last of them empty."""
    many, path = sys.argv[1:]
    resource = next(resource for resource in RESOURCES if resource.many == many)
    gc.disable()  # nothing of what is made here is in a circle
    read: list[int] = []
    rows = read_table(resource, Path(path), read.append)
    faults: tuple[str, ...] = ()
    sending = True
    while sending:
        batch: list[StoredRow] = []
        try:
            batch.extend(islice(rows, _BATCH))
        except UnreadablePack as unreadable:
            faults = unreadable.faults
        names = list(batch[0]) if batch else []
        values = [tuple(row.values()) for row in batch]
        _send((names, values, sum(read), list(faults)))
        read.clear()
        sending = bool(batch) and not faults


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the process that writes has ended
        os._exit(1)
