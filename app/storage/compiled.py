"""Queries compiled once and run by the driver alone, as often as there are values for them."""

import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

Rows = list[tuple[Any, ...]]
Processors = list[tuple[int, Callable[[Any], Any]]]

_CURSOR: Final = "airace.cursor"
"""Under which a connection to PostgreSQL keeps the cursor for these queries."""

_PLACE: Final = re.compile(r"%\((\w+)\)s|%%")


class Compiled:
    """A query as one database takes it. Its values are those that the driver takes as they are."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._is_numbered = dialect.name == "postgresql"
        self.text, places = str(compiled), getattr(compiled, "positiontup", None)
        if self._is_numbered:
            self.text, places = _numbered(self.text)
        self._given = compiled.params
        self._places: list[str] = places or []
        self._types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._processors: Processors | None = None

    def fetch(self, connection: Connection, values: dict[str, Any]) -> Rows:
        """Return the rows for some values, as the types of the columns have them."""
        given = self._given | values
        arguments = [given[place] for place in self._places]
        driver: Any = connection.connection.dbapi_connection
        cursor = _kept_cursor(connection, driver) if self._is_numbered else driver.cursor()
        for note in connection.dispatch.before_cursor_execute:
            note(connection, cursor, self.text, arguments, None, False)
        try:
            cursor.execute(self.text, arguments)
            rows: Rows = cursor.fetchall()
            if self._processors is None:
                self._processors = self._made(connection.dialect, cursor.description)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _told(connection, self.text, error) from error
        finally:
            if not self._is_numbered:
                cursor.close()
        return _processed(rows, self._processors) if self._processors else rows

    def _made(self, dialect: Dialect, description: Any) -> Processors:
        made = (
            (place, each.result_processor(dialect, description[place][1]))
            for place, each in enumerate(self._types)
        )
        return [(place, process) for place, process in made if process]


def _numbered(text: str) -> tuple[str, list[str]]:
    """Return a query with numbers in place of named values, and the names in this order.

    That is how PostgreSQL takes it: the driver need not look for the names each time.
    """
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1]
        return f"${names.setdefault(name, len(names) + 1)}" if name else "%"

    return _PLACE.sub(number, text), list(names)


def _kept_cursor(connection: Connection, driver: Any) -> Any:
    """Return the cursor that a connection keeps: to make one each time costs as much as to use it.

    It holds the rows that it gave until it gives others.
    """
    cursor = connection.info.get(_CURSOR)
    if cursor is None or cursor.connection is not driver:
        from psycopg import RawCursor  # the driver, which is loaded by now

        cursor = connection.info[_CURSOR] = RawCursor(driver)
    return cursor


def _processed(rows: Rows, processors: Processors) -> Rows:
    made = list(map(list, rows))
    for place, process in processors:
        for row in made:
            row[place] = process(row[place])
    return list(map(tuple, made))


def _told(connection: Connection, text: str, error: Any) -> Exception:
    """Return an error of the driver as SQLAlchemy tells it, and drop a connection that is gone."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
    if gone:
        connection.invalidate(error)
    told: Exception = DBAPIError.instance(
        text, None, error, dialect.loaded_dbapi.Error, connection_invalidated=gone, dialect=dialect
    )
    return told
