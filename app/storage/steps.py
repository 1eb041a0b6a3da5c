"""Queries that SQLite gives up where they take more than so many steps of its virtual machine."""

from collections.abc import Callable
from typing import Any, Final, Self

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

BETWEEN_LOOKS: Final = 1_000
"""How many steps are taken before it is looked whether there have been too many."""

IsLate = Callable[[], bool]
"""Says whether what runs is to be given up; it is asked each thousand steps."""


class TooManySteps(Exception):
    """A query was given up."""


class Steps:
    """Gives up what takes more steps on an SQLite connection, and raises TooManySteps.

    `is_late` is what the connection is asked at other times; that counts as ever.
    """

    def __init__(self, connection: Connection, most: int, is_late: IsLate | None) -> None:
        self.taken = 0
        """How many have been taken, in whole thousands."""
        self._driver: Any = connection.connection.dbapi_connection
        self._most = most
        self._is_late = is_late

    def __enter__(self) -> Self:
        self._driver.set_progress_handler(self._is_over, BETWEEN_LOOKS)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._driver.set_progress_handler(self._is_late, BETWEEN_LOOKS)
        if isinstance(error, OperationalError) and self.taken > self._most:
            raise TooManySteps from None

    def _is_over(self) -> bool:
        self.taken += BETWEEN_LOOKS
        return self.taken > self._most or (self._is_late is not None and self._is_late())
