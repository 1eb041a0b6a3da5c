"""Queries that SQLite gives up where they take more than so many steps of its virtual machine."""

from typing import Any, Final, Self

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

BETWEEN_LOOKS: Final = 1_000
"""How many steps are taken before it is looked whether there have been too many."""


class TooManySteps(Exception):
    """A query was given up."""


class Limit:
    """What SQLite asks each thousand steps: whether to give up what it does."""

    def __init__(self) -> None:
        self.taken = 0
        """How many steps were taken since this was set to 0, in whole thousands."""
        self.most: int | None = None
        """The most that may be taken, None for any number."""

    def __call__(self) -> bool:
        """Return whether SQLite is to give up what it does."""
        self.taken += BETWEEN_LOOKS
        return self.most is not None and self.taken > self.most


class Steps:
    """Gives up what takes more steps on an SQLite connection, and raises TooManySteps.

    `limit` is what the connection asks at all times, None where it asks nobody else.
    """

    def __init__(self, connection: Connection, most: int, limit: Limit | None) -> None:
        self._most = most
        self._driver: Any = None
        if limit is None:
            limit, self._driver = Limit(), connection.connection.dbapi_connection
        self._limit = limit

    @property
    def taken(self) -> int:
        """How many steps have been taken, in whole thousands."""
        return self._limit.taken

    def __enter__(self) -> Self:
        self._limit.taken, self._limit.most = 0, self._most
        if self._driver:
            self._driver.set_progress_handler(self._limit, BETWEEN_LOOKS)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._limit.most = None
        if self._driver:
            self._driver.set_progress_handler(None, BETWEEN_LOOKS)
        if isinstance(error, OperationalError) and self.taken > self._most:
            raise TooManySteps from None
