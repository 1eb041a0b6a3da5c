"""Make AI models."""

import sqlalchemy as sa

from app.storage.columns import Characters, Number, TextList
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "ai_models",
        [
            sa.Column("name", Characters(), nullable=False),
            sa.Column("kind", Characters(), nullable=False),
            sa.Column("aliases", TextList(), nullable=False),
            sa.Column("developers", TextList(), nullable=False),
            sa.Column("released", Characters(), nullable=True),
            sa.Column("released_first_day", Characters(), nullable=True),
            sa.Column("released_last_day", Characters(), nullable=True),
            sa.Column("openness", Characters(), nullable=True),
            sa.Column("based_on", TextList(), nullable=False),
            sa.Column("disputed_by", TextList(), nullable=False),
            sa.Column("parameters", sa.BigInteger(), nullable=True),
            sa.Column("training_compute_flop", Number(), nullable=True),
            sa.Column("domain", Characters(), nullable=True),
            sa.Column("source", Characters(), nullable=False),
            sa.Column("locator", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
            sa.Column("search", Characters(), nullable=False),
        ],
        references={"source": "sources"},
        checks={
            "parameters": "parameters >= 0",
            "training_compute_flop": "training_compute_flop >= 0 AND training_compute_flop < 1e300",
            "openness": "openness IN ('open', 'hosted', 'closed')",
            "kind": "kind IN ('model', 'family', 'product')",
        },
        indexes=[
            "kind",
            "openness",
            "domain",
            "released_first_day",
            "parameters",
            "training_compute_flop",
            "source",
            "name",
        ],
        members={"developers": "companies", "based_on": "ai_models", "disputed_by": "sources"},
    )


def downgrade() -> None:
    """Drop them again."""
    drop_ledger_table("ai_models", members=["developers", "based_on", "disputed_by"])
