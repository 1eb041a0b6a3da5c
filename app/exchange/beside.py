"""Reading a large file in a second process, while this one writes what was read.

The second process reads and checks, brings the rows into the form in which they are stored, and
sends them through a pipe, a batch at a time: the next is read while one is sent and one is
written. It touches no database. When this process ends, however it ends, the pipe breaks and so
does the reading.
"""

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL

from app.exchange.pack_tables import Progress, UnreadablePack, read_batches
from app.resources.registry import BY_NAME
from app.resources.resource import Resource
from app.storage.batches import Batch, Form

_LENGTH = 8


def read_batches_beside(
    resource: Resource, path: Path, driver: str, progress: Progress | None
) -> Iterator[Batch]:
    """Yield the rows of a file, as `read_batches` does.

    Raises UnreadablePack with its faults, at the end of the file; ChildProcessError where the
    second process ends before its time.
    """
    command = [sys.executable, "-m", __spec__.name, resource.many, str(path), driver]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603
        try:
            while True:
                batch, done, faults = _received(process.stdout)
                if progress:
                    progress(done)
                if batch.values:
                    yield batch
                if faults:
                    raise UnreadablePack(*faults)
                if not batch.values:
                    return
        finally:
            process.kill()


def _send(message: tuple[Any, ...]) -> None:
    content = marshal.dumps(message)
    sys.stdout.buffer.write(len(content).to_bytes(_LENGTH) + content)
    sys.stdout.buffer.flush()


def _received(pipe: IO[bytes] | None) -> tuple[Batch, int, tuple[str, ...]]:
    assert pipe is not None  # noqa: S101  (it was asked for)
    length = int.from_bytes(pipe.read(_LENGTH))
    content = pipe.read(length)
    if not content or len(content) < length:
        raise ChildProcessError("the process that reads the file has ended early")
    values, members, done, faults = marshal.loads(content)  # noqa: S302  (from our own process)
    return Batch(values, members), done, faults


def main() -> None:
    """Read the file that the arguments name; send it in batches, the last of them empty."""
    many, path, driver = sys.argv[1:]
    resource = BY_NAME[many]
    form = Form(URL.create(driver).get_dialect()(), resource.ledger)
    gc.disable()  # nothing of what is made here is in a circle
    read: list[int] = []
    faults: tuple[str, ...] = ()
    with ThreadPoolExecutor(1) as sender:
        sent: Future[None] | None = None
        try:
            for batch in read_batches(resource, Path(path), form, read.append):
                if sent:
                    sent.result()
                sent = sender.submit(_send, (*batch, sum(read), ()))
                read.clear()
        except UnreadablePack as unreadable:
            faults = unreadable.faults
        if sent:
            sent.result()
        _send((*Batch([], {}), sum(read), faults))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the process that writes has ended
        os._exit(1)
