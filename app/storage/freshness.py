"""Whether the data are still as they were, for those who keep answers made from them.

It is asked with every request, so asking costs a comparison; the database is asked seldom.
"""

import threading
from time import monotonic
from typing import Any, Final, Protocol

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.storage.revisions import newest_revision

WATCH: Final = "airace-watch"
"""The name of the thread that reads from a server."""

_LOOK_AT_FILE_AFTER: Final = 0.002
_GIVE_UP_AFTER: Final = 10.0
"""Seconds without a question, after which a server is not asked any more until the next one."""


class OwnWrites:
    """Counts the writes of this process, so that it sees each of them at once."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """Take note of a write that is done, or that may have been."""
        with self._lock:
            self.count += 1


own_writes: Final = OwnWrites()


class Watch(Protocol):
    """Tells states of the data apart."""

    def current(self) -> int | None:
        """Return a number that was another one before any write that must be seen by now.

        None where that is not known just now: then nothing that was kept may be used.
        """

    def close(self) -> None:
        """Give back what is held."""


class FileWatch:
    """Asks an SQLite file for its `data_version`, at most once in two milliseconds.

    The version is of use on one connection only, which is held; each commit by any other
    connection, of this process or another, gives it another one. The engine is one that waits
    for nothing: who asks has no time to.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._version: int | None = None
        self._state = 0
        self._known: int | None = None
        self._until = 0.0
        self._writes = -1

    def current(self) -> int | None:
        """Return the number of the state of the data, None where the file cannot be read."""
        now = monotonic()
        if now < self._until and self._writes == own_writes.count:
            return self._known
        self._writes = own_writes.count
        version = self._look()
        if version != self._version:
            self._version = version
            self._state += 1
        self._known = None if version is None else self._state
        self._until = now + _LOOK_AT_FILE_AFTER
        return self._known

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None
        self._version = None
        self._until = 0.0

    def _look(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
        except (sqlite.Error, SQLAlchemyError):
            self.close()
            return None
        return int(version)

    def _connect(self) -> Any:
        held = self._engine.raw_connection()
        held.detach()
        return held.dbapi_connection


class ServerWatch:
    """Reads the newest revision from a server, in a thread, while anybody asks.

    What it read counts for a given number of seconds from before the reading began, and until
    this process writes.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._read: tuple[int, float, int] = (0, 0.0, -1)  # what, until when, after which writes
        self._asked = 0.0
        self._ended = threading.Event()
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def current(self) -> int | None:
        """Return the number of the state of the data, None where it was not read just now."""
        self._asked = now = monotonic()
        state, until, writes = self._read
        if now < until and writes == own_writes.count:
            return state
        self._wake()
        return None

    def close(self) -> None:
        """End the thread, which closes its connection."""
        with self._lock:
            self._ended.set()
            thread = self._thread
        self._woken.set()
        if thread:
            thread.join()

    def _wake(self) -> None:
        self._woken.set()
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if not self._ended.is_set() and (
                    self._thread is None or not self._thread.is_alive()
                ):
                    self._thread = threading.Thread(target=self._follow, name=WATCH, daemon=True)
                    self._thread.start()

    def _follow(self) -> None:
        newest = newest_revision(self._engine.dialect)
        seen, state = None, self._read[0]
        driver: Any = None
        try:
            with self._engine.connect() as connection:
                driver = connection.connection.dbapi_connection
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.detach()  # those who read have the pool for themselves
                while self._is_wanted():
                    writes, began = own_writes.count, monotonic()
                    found = newest.fetch(connection, {})
                    if found != seen:
                        seen, state = found, state + 1
                    self._read = (state, began + self._seconds, writes)
                    self._woken.wait(self._seconds / 2)
                    self._woken.clear()
        except SQLAlchemyError:  # what was read lapses, and the next question begins anew
            self._ended.wait(self._seconds)
        finally:
            if driver:  # one that was lost while it was detached nobody else closes
                driver.close()

    def _is_wanted(self) -> bool:
        return not self._ended.is_set() and monotonic() - self._asked < _GIVE_UP_AFTER
