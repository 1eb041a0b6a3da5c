"""How a migration makes the tables of a record in one call: rows, history, members, guards.

A migration says the columns, checks and indexes of the current rows; the rest follows as it does
in `records.py`. What is made here must stay as it is, because old migrations call it: a change
needs a new function and a migration that alters what was made. The golden schema shows slips.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters
from app.storage.guards import guard_ledger, guard_members

Column = sa.Column[str] | sa.Column[int] | sa.Column[float] | sa.Column[list[str]]


def create_ledger_table(
    name: str,
    columns: Sequence[Column],
    *,
    references: Mapping[str, str] | None = None,
    checks: Mapping[str, str] | None = None,
    indexes: Sequence[str] = (),
    members: Mapping[str, str | None] | None = None,
) -> None:
    """Make a ledgered table.

    `columns` come after `id`; `references` names the table that a column refers to; `checks` are
    SQL by name; each of `indexes` is a column, with `id` behind it; `members` names the list
    columns that are searched and the table that their members are keys of, if any.
    """
    rows = [sa.Column("id", Characters(), nullable=False), *columns, _whole("revision")]
    keys = {**(references or {}), "revision": "revisions"}
    op.create_table(
        name,
        *rows,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *(_check(name, check, sql) for check, sql in (checks or {}).items()),
        *(_foreign_key(name, column, target) for column, target in keys.items()),
    )
    for column in (*indexes, "revision"):
        op.create_index(f"ix_{name}_{column}_id", name, [column, "id"])
    history = f"{name}_history"
    op.create_table(
        history,
        *(sa.Column(row.name, row.type, nullable=row.nullable) for row in rows),
        _whole("until"),
        sa.PrimaryKeyConstraint("id", "revision", name=f"pk_{history}"),
        _check(history, "half_open", "revision < until"),
        _foreign_key(history, "until", "revisions"),
    )
    for column in ("revision", "until"):
        op.create_index(f"ix_{history}_{column}_id", history, [column, "id"])
    guard_ledger(op.get_bind(), name)
    for column, target in (members or {}).items():
        _create_members(name, column, target)


def drop_ledger_table(name: str, *, members: Sequence[str] = ()) -> None:
    """Drop a ledgered table with all that was made beside it."""
    for column in members:
        op.drop_table(f"{name}_{column}_history")
        op.drop_table(f"{name}_{column}")
    op.drop_table(f"{name}_history")
    op.drop_table(name)


def add_reference(table: str, column: str, target: str) -> None:
    """Add a column that refers to another table, empty in every row, with its index.

    In place: to rebuild a table on SQLite would lose its guards.
    """
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {_characters()} "
        f"CONSTRAINT fk_{table}_{column} REFERENCES {target} (id) DEFERRABLE INITIALLY DEFERRED"
    )
    op.execute(f"ALTER TABLE {table}_history ADD COLUMN {column} {_characters()}")
    op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def make_sparse(table: str, column: str) -> None:
    """Let the index of a column have only the rows that have a value."""
    drop_index(table, column)
    some = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_{table}_{column}_id",
        table,
        [column, "id"],
        sqlite_where=some,
        postgresql_where=some,
    )


def make_whole(table: str, column: str) -> None:
    """Let the index of a column have every row again."""
    drop_index(table, column)
    op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])


def drop_index(table: str, column: str) -> None:
    """Drop the index of a column, if it has one."""
    op.drop_index(f"ix_{table}_{column}_id", table, if_exists=True)


def drop_reference(table: str, column: str) -> None:
    """Drop such a column again."""
    op.drop_index(f"ix_{table}_{column}_id", table)
    for name in (f"{table}_history", table):
        op.execute(f"ALTER TABLE {name} DROP COLUMN {column}")


def _characters() -> str:
    dialect = op.get_bind().dialect
    return str(Characters().compile(dialect=dialect))


def _create_members(table: str, column: str, target: str | None) -> None:
    name = f"{table}_{column}"
    history = f"{name}_history"
    op.create_table(
        name,
        *_member_columns(),
        sa.PrimaryKeyConstraint("id", "position", name=f"pk_{name}"),
        sa.UniqueConstraint("member", "id", name=f"uq_{name}_member_id"),
        _foreign_key(name, "id", table),
        *([_foreign_key(name, "member", target)] if target else []),
    )
    op.create_table(
        history,
        *_member_columns(),
        sa.PrimaryKeyConstraint("id", "revision", "position", name=f"pk_{history}"),
    )
    op.create_index(f"ix_{history}_member_id", history, ["member", "id"])
    guard_members(op.get_bind(), table, column)


def _member_columns() -> list[Column]:
    key: sa.Column[str] = sa.Column("id", Characters(), nullable=False)
    member: sa.Column[str] = sa.Column("member", Characters(), nullable=False)
    return [key, _whole("revision"), _whole("position"), member]


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}"))


def _foreign_key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=f"fk_{table}_{column}",
        deferrable=True,
        initially="DEFERRED",
    )
