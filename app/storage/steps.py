"""Queries that SQLite gives up where they take more than so many steps of its virtual machine."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

BETWEEN_LOOKS: Final = 1_000
"""How many steps are taken before it is looked whether there have been too many."""


Done = TypeVar("Done")


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


def within(
    most: int, work: Callable[[], Done], connection: Connection, limit: Limit | None
) -> tuple[Done, int]:
    """Return what work on an SQLite connection gives, and its steps, in whole thousands.

    `limit` is what the connection asks at all times, None where it asks nobody else. Raises
    TooManySteps where the work takes more than so many.
    """
    driver: Any = None
    if limit is None:
        limit, driver = Limit(), connection.connection.dbapi_connection
        driver.set_progress_handler(limit, BETWEEN_LOOKS)
    limit.taken, limit.most = 0, most
    try:
        return work(), limit.taken
    except OperationalError:
        if limit.taken > most:
            raise TooManySteps from None
        raise
    finally:
        limit.most = None
        if driver:
            driver.set_progress_handler(None, BETWEEN_LOOKS)
