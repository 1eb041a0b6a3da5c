"""All rows of a query at once, as quick as the driver gives them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select

_AT_ONCE = 1_000

Rows = list[list[Any]] | list[tuple[Any, ...]]


def fetch(
    connection: Connection, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> Rows:
    """Return the rows of a query for some values, as the types of its columns have them.

    This is what `connection.execute(statement).all()` gives, but plain: rows of the driver, in
    which only the columns are touched whose types say so. A Row object for each of a million rows
    costs more than reading them.
    """
    result = connection.execute(statement, values)
    cursor: Any = result.cursor
    described = cursor.description
    found: list[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    dialect = connection.dialect
    processors = []
    for place, column in enumerate(statement.selected_columns):
        type_ = column.type.dialect_impl(dialect)
        if process := type_.result_processor(dialect, described[place][1]):
            processors.append((place, process))
    if not processors:
        return found
    rows = list(map(list, found))
    for place, process in processors:
        for row in rows:
            row[place] = process(row[place])
    return rows


def each(
    connection: Connection, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> Iterator[Any]:
    """Yield the first value of each row of a query, however many there are."""
    for rows in some_at_once(connection, statement, values):
        yield from (row[0] for row in rows)


def some_at_once(
    connection: Connection, statement: Select[*tuple[Any, ...]], values: dict[str, Any]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows of a query, some at a time, however many there are."""
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_AT_ONCE)
    with streamed.execute(statement, values) as result:
        yield from result.partitions(_AT_ONCE)
