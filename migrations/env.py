"""Where Alembic learns what to migrate: a connection that the application hands over.

The caller has begun the transaction and ends it, so that all pending migrations happen or none.
"""

from typing import Any

from alembic import context
from sqlalchemy import ForeignKeyConstraint, inspect

import app.resources.registry  # noqa: F401  (declares the tables)
from app.storage.records import Base, declared

NOT_OURS = ("migration_lock",)
_connection = context.config.attributes["connection"]


def _is_compared(item: Any, _name: str | None, kind: str, reflected: bool, _other: Any) -> bool:  # noqa: FBT001
    """Leave out references that are there and declared, but whose deferral cannot be seen.

    SQLite can add a reference to a table only as a part of its column, and SQLAlchemy does not
    read there whether it is deferred. The schema on record has it.
    """
    if _connection.dialect.name != "sqlite" or kind != "foreign_key_constraint":
        return True
    if reflected:
        columns = Base.metadata.tables[item.table.name].c
        declared = columns[item.column_keys[0]].foreign_keys
        return item.deferrable is not None or not any(
            key.target_fullname == f"{item.referred_table.name}.id" for key in declared
        )
    return not any(_is_in_column(item, found) for found in _found(item))


def _found(item: ForeignKeyConstraint) -> list[Any]:
    found: list[Any] = list(inspect(_connection).get_foreign_keys(item.table.name))
    return found


def _is_in_column(item: ForeignKeyConstraint, found: Any) -> bool:
    """Return whether a reference in the database is the one declared, as part of its column."""
    return (
        found["constrained_columns"] == item.column_keys
        and found["referred_table"] == item.referred_table.name
        and "deferrable" not in found.get("options", {})
    )


context.configure(
    connection=_connection,
    target_metadata=declared(),
    include_name=lambda name, kind, _parents: kind != "table" or name not in NOT_OURS,
    include_object=_is_compared,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
