"""Queries compiled once and run by the driver alone, as often as there are values for them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError

Rows = list[tuple[Any, ...]]
Processors = list[tuple[int, Callable[[Any], Any]]]


class Compiled:
    """A query as one database takes it. Its values are those that the driver takes as they are."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._given = compiled.params
        self._places = getattr(compiled, "positiontup", None)
        self._types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._processors: Processors | None = None

    def fetch(self, connection: Connection, values: dict[str, Any]) -> Rows:
        """Return the rows for some values, as the types of the columns have them."""
        given = self._given | values
        arguments: Any = [given[place] for place in self._places] if self._places else given
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
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
            cursor.close()
        return _processed(rows, self._processors) if self._processors else rows

    def _made(self, dialect: Dialect, description: Any) -> Processors:
        made = (
            (place, each.result_processor(dialect, description[place][1]))
            for place, each in enumerate(self._types)
        )
        return [(place, process) for place, process in made if process]


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
