"""Whole results in any order: the keys of all rows first, then the rows by their keys.

To go on after a row, as pages do, is quick where an index has the order and finds what is asked
for. Where none does, each batch would sort all the rows that are left. So the keys are found and
sorted once, and kept in a file meanwhile: they may be millions.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, Final

import orjson
from sqlalchemy import Select, any_, func

from app.resources.queries import PageQuery
from app.resources.reading import (
    KEY,
    ResourceList,
    batch_statement,
    columns_by_name,
    order_of,
    selected,
)
from app.resources.steering import Steered
from app.storage.database import Database, ReadTransaction, Revision
from app.storage.fetching import each
from app.storage.given_rows import given_texts

GIVEN: Final = "keys"
"""The name under which `rows_of_keys` is given them."""


def keys_after(
    database: Database,
    listing: ResourceList,
    query: PageQuery,
    at: Revision,
    start: Sequence[Any],
    size: int,
) -> Iterator[str]:
    """Yield the keys of all rows after the one of these sort values: so many as a JSON array."""
    missing = tuple(value is None for value in start)
    values = {f"after_{place}": value for place, value in enumerate(start)}
    with TemporaryFile() as file:
        with database.read() as transaction:
            rows = batch_statement(transaction, listing, query, at, missing).limit(None)
            key = columns_by_name(rows, listing, query)[KEY]
            found = each(transaction.connection, rows.with_only_columns(key), values)
            while some := list(islice(found, size)):
                file.write(orjson.dumps(some) + b"\n")
        file.seek(0)
        for line in file:
            yield line.decode()


def rows_of_keys(
    transaction: ReadTransaction, listing: ResourceList, query: PageQuery, at: Revision
) -> Select[Any]:
    """Return the query of rows by keys that are to be given, else as `batch_statement` has them."""
    rows = transaction.rows(listing.resource.ledger, at)
    # SQLite, which does not count rows before, is to use no index but that of the keys.
    is_file = transaction.connection.dialect.name == "sqlite"
    ordered = Steered(rows, frozenset({KEY})) if is_file else rows
    keys, given = rows.column(KEY), given_texts(GIVEN)
    # PostgreSQL, which would read the whole table of rows that were so, looks up those of an array.
    wanted = keys.in_(given) if is_file else keys == any_(func.array(given.scalar_subquery()))
    order = [key.ordering(ordered) for key in order_of(listing, query)]
    return selected(rows, listing, query).where(wanted).order_by(*order)
