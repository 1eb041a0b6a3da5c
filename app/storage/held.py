"""A connection that is held for reads that end within a moment, or are given up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final, TypeAlias

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.kit.promptly import TakesTime
from app.storage.steps import BETWEEN_LOOKS

_STEPS_AT_MOST: Final = 20_000
"""Steps of SQLite's virtual machine that a snapshot may take: a page of a list takes some 6,000."""

_SECONDS_AT_MOST: Final = 0.05
"""The most that it may last where steps are slow, such as on a disk that is not in memory."""

Kept: TypeAlias = dict[str, Any]
"""What was read of one state of the data, by name."""


class HeldConnection:
    """One connection to an SQLite file, for the one thread that has no time to wait for others.

    Where a read takes longer than a moment, or the file is not free, it raises TakesTime.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._free = threading.Lock()
        self._connection: Connection | None = None
        self._driver: Any = None
        self._looks = 0
        self._until = 0.0
        self._version: int | None = None
        self._kept: Kept = {}

    @contextmanager
    def snapshot(self) -> Iterator[tuple[Connection, Kept]]:
        """Open a snapshot to read from at once; with it, what was kept of the same state."""
        if not self._free.acquire(blocking=False):
            raise TakesTime
        try:
            connection = self._connection or self._connect()
            self._looks = 0
            self._until = perf_counter() + _SECONDS_AT_MOST
            self._driver.execute("BEGIN").close()
            try:
                yield connection, self._kept_of_state()
            finally:
                connection.rollback()  # of what SQLAlchemy knows to have begun, if anything
                if self._driver.in_transaction:
                    self._driver.execute("ROLLBACK").close()
        except (OperationalError, sqlite.OperationalError):
            raise TakesTime from None
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the connection."""
        with self._free:
            if self._connection:
                self._connection.close()
                self._connection = None

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        connection.detach()  # those who read in threads have the pool for themselves
        self._driver = connection.connection.dbapi_connection
        self._driver.execute("PRAGMA busy_timeout=0").close()
        self._driver.set_progress_handler(self.is_late, BETWEEN_LOOKS)
        self._connection = connection
        self._version = None  # the number is of use on one connection only
        return connection

    def _kept_of_state(self) -> Kept:
        """Return what was kept of the state of the file that the snapshot shows."""
        ((version,),) = self._driver.execute("PRAGMA data_version").fetchall()
        if version != self._version:
            self._version, self._kept = version, {}
        return self._kept

    def is_late(self) -> bool:
        """Return whether SQLite is to give up what it does."""
        self._looks += 1
        too_many = self._looks * BETWEEN_LOOKS > _STEPS_AT_MOST
        return too_many or perf_counter() > self._until
