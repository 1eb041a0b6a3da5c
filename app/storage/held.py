"""Connections that are held for reads that end within a moment, or are given up."""

import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from app.kit.promptly import TakesTime
from app.storage.revisions import state_alone
from app.storage.steps import BETWEEN_LOOKS, Limit

_STEPS_AT_MOST: Final = 20_000
"""Steps of SQLite's virtual machine that a read may take: a page of a list takes some 6,000."""

_SECONDS_AT_MOST: Final = 0.05
"""The most that it may last where steps are slow, such as on a disk that is not in memory."""

Kept: TypeAlias = dict[str, Any]
"""What was read of one state of the data, by name."""

Confirm: TypeAlias = Callable[[object], None]
"""Is told which state of the data a statement saw: the last one that a read makes."""

Opened = TypeVar("Opened")
_NOT_FREE: Final = (OperationalError, sqlite.OperationalError)


class Reading(Protocol):
    """How a connection to one sort of database is held: what bounds its reads."""

    @property
    def limit(self) -> Limit | None:
        """What is asked whether to give up a read, None where the database bounds it itself."""

    def prepare(self, connection: Connection) -> None:
        """Make a connection ready that was just opened."""

    def begin(self) -> None:
        """Begin to count anew what a read takes."""


class HeldConnection(Generic[Opened]):
    """One connection, for one thread at a time that has no time to wait for others.

    Whoever takes it enters it, which gives what `opened` makes of the connection and of what is
    kept of the state of the data. That the data were in this state all the while is looked at in
    the end: fewer statements than a transaction takes. Where they were not, where a read takes
    longer than a moment, or where the database is not free, TakesTime is raised.
    """

    def __init__(
        self,
        engine: Engine,
        reading: Reading,
        opened: Callable[[Connection, Kept, Limit | None, Confirm], Opened],
    ) -> None:
        self._engine = engine
        self._reading = reading
        self._asking = state_alone(engine.dialect)
        self._opened = opened
        self._free = threading.Lock()
        self._connection: Connection | None = None
        self._state: object = None
        self._is_confirmed = False
        self._now: Opened | None = None

    def take(self) -> bool:
        """Return whether nobody else has it; then whoever asked must enter it."""
        return self._free.acquire(blocking=False)

    def __enter__(self) -> Opened:
        """Begin to read."""
        try:
            if self._now is None:
                self._look()
        except BaseException as error:
            self._leave()
            if isinstance(error, _NOT_FREE):
                raise TakesTime from None
            raise
        self._is_confirmed = False
        self._reading.begin()
        assert self._now is not None  # noqa: S101  (it was looked at)
        return self._now

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """End to read. Raises TakesTime, whatever came of it, where that may not be true."""
        try:
            if self._connection and self._connection.in_transaction():
                self._connection.rollback()
            if isinstance(error, _NOT_FREE) or (not self._is_confirmed and self._look()):
                raise TakesTime from None
        except _NOT_FREE:
            raise TakesTime from None
        finally:
            self._leave()

    def close(self) -> None:
        """Close the connection."""
        with self._free:
            self._drop()

    def _leave(self) -> None:
        if self._connection and self._connection.invalidated:
            self._drop()
        self._free.release()

    def _drop(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = self._now = self._state = None

    def _look(self) -> bool:
        """Return whether the data are in another state than they were when it was last looked."""
        connection = self._connection or self._connect()
        ((state,),) = self._asking.fetch(connection, {})  # the newest revision, in words
        if state == self._state:
            return False
        self._state = state
        self._now = self._opened(connection, {}, self._reading.limit, self._confirm)
        return True

    def _confirm(self, state: object) -> None:
        self._is_confirmed = state == self._state

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        self._reading.prepare(connection)
        connection.detach()  # those who read in threads have the pool for themselves
        self._connection = connection
        return connection


class ReadingFile:
    """Reads of an SQLite file, which are given up after so many steps or seconds."""

    def __init__(self) -> None:
        self.limit = _Moment()

    def prepare(self, connection: Connection) -> None:
        """Let the limit be asked."""
        driver: Any = connection.connection.dbapi_connection
        driver.set_progress_handler(self.limit, BETWEEN_LOOKS)

    def begin(self) -> None:
        """Begin to count anew."""
        self.limit.begin()


class ReadingServer:
    """Reads of a PostgreSQL server, which gives up itself what takes longer than a moment."""

    limit = None

    def prepare(self, connection: Connection) -> None:
        """Let each statement be a transaction, and end soon."""
        connection.execution_options(isolation_level="AUTOCOMMIT")
        milliseconds = round(_SECONDS_AT_MOST * 1_000)
        for setting in (
            f"statement_timeout = {milliseconds}",
            "default_transaction_read_only = on",
        ):
            connection.exec_driver_sql(f"SET {setting}")

    def begin(self) -> None:
        """Each statement is counted by itself."""


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
