"""Queries that SQLite gives up where they take more than so many steps of its virtual machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

BETWEEN_LOOKS: Final = 1_000
"""How many steps are taken before it is looked whether there have been too many."""

IsLate = Callable[[], bool]
"""Says whether what runs is to be given up; it is asked each thousand steps."""


class TooManySteps(Exception):
    """A query was given up."""


class Steps:
    """The steps that are taken, in thousands, and how many may be."""

    def __init__(self, most: int, is_late: IsLate | None) -> None:
        self.taken = 0
        self._most = most
        self._is_late = is_late

    @property
    def are_too_many(self) -> bool:
        """Whether more were taken than may be."""
        return self.taken > self._most

    def is_over(self) -> bool:
        """Take note of a thousand more; return whether it is time to give up."""
        self.taken += BETWEEN_LOOKS
        return self.are_too_many or (self._is_late is not None and self._is_late())


@contextmanager
def steps_at_most(connection: Connection, most: int, is_late: IsLate | None) -> Iterator[Steps]:
    """Give up what takes more steps on an SQLite connection, and raise TooManySteps.

    `is_late` is what the connection is asked at other times; that counts as ever.
    """
    steps = Steps(most, is_late)
    driver: Any = connection.connection.dbapi_connection
    driver.set_progress_handler(steps.is_over, BETWEEN_LOOKS)
    try:
        yield steps
    except OperationalError:
        if steps.are_too_many:
            raise TooManySteps from None
        raise
    finally:
        driver.set_progress_handler(is_late, BETWEEN_LOOKS)
