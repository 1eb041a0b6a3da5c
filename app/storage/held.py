"""A connection that is held for reads that end within a moment, or are given up."""

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Generic, TypeAlias, TypeVar

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.kit.promptly import TakesTime
from app.storage.steps import BETWEEN_LOOKS, Limit

_STEPS_AT_MOST: Final = 20_000
"""Steps of SQLite's virtual machine that a read may take: a page of a list takes some 6,000."""

_SECONDS_AT_MOST: Final = 0.05
"""The most that it may last where steps are slow, such as on a disk that is not in memory."""

Kept: TypeAlias = dict[str, Any]
"""What was read of one state of the data, by name."""

Opened = TypeVar("Opened")
_NOT_FREE: Final = (OperationalError, sqlite.OperationalError)


class HeldConnection(Generic[Opened]):
    """One connection to an SQLite file, for the one thread that has no time to wait for others.

    To enter it gives what `opened` makes of the connection and of what is kept of the state of
    the data. That the data were in this state all the while is looked at in the end: two
    statements fewer than a transaction. Where they were not, where a read takes longer than a
    moment, or where the file is not free, TakesTime is raised.
    """

    def __init__(self, engine: Engine, opened: Callable[[Connection, Kept, Limit], Opened]) -> None:
        self._engine = engine
        self._opened = opened
        self._limit = _Moment()
        self._free = threading.Lock()
        self._connection: Connection | None = None
        self._driver: Any = None
        self._version: int | None = None
        self._now: Opened | None = None

    def __enter__(self) -> Opened:
        """Begin to read."""
        if not self._free.acquire(blocking=False):
            raise TakesTime
        try:
            if self._now is None:
                self._look()
        except BaseException as error:
            self._free.release()
            if isinstance(error, _NOT_FREE):
                raise TakesTime from None
            raise
        self._limit.begin()
        assert self._now is not None  # noqa: S101  (it was looked at)
        return self._now

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """End to read. Raises TakesTime, whatever came of it, where that may not be true."""
        try:
            if self._connection and self._connection.in_transaction():
                self._connection.rollback()
            if isinstance(error, _NOT_FREE) or self._look():
                raise TakesTime from None
        except _NOT_FREE:
            raise TakesTime from None
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the connection."""
        with self._free:
            if self._connection:
                self._connection.close()
                self._connection = self._now = None

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        connection.detach()  # those who read in threads have the pool for themselves
        self._driver = connection.connection.dbapi_connection
        self._driver.execute("PRAGMA busy_timeout=0").close()
        self._driver.set_progress_handler(self._limit, BETWEEN_LOOKS)
        self._connection = connection
        self._version = None  # the number is of use on one connection only
        return connection

    def _look(self) -> bool:
        """Return whether the data are in another state than they were when it was last looked."""
        connection = self._connection or self._connect()
        ((version,),) = self._driver.execute("PRAGMA data_version").fetchall()
        if version == self._version:
            return False
        self._version = version
        self._now = self._opened(connection, {}, self._limit)
        return True


class _Moment(Limit):
    """A limit of all that is read at once, in steps and seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._looks = 0
        self._until = 0.0

    def begin(self) -> None:
        """Begin to count anew."""
        self._looks = 0
        self._until = perf_counter() + _SECONDS_AT_MOST

    def __call__(self) -> bool:
        """Return whether SQLite is to give up what it does."""
        self._looks += 1
        too_many = self._looks * BETWEEN_LOOKS > _STEPS_AT_MOST
        return super().__call__() or too_many or perf_counter() > self._until
