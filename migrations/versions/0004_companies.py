"""Make companies."""

import sqlalchemy as sa

from app.storage.columns import Characters, TextList
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "companies",
        [
            sa.Column("name", Characters(), nullable=False),
            sa.Column("country", Characters(), nullable=True),
            sa.Column("roles", TextList(), nullable=False),
            sa.Column("aliases", TextList(), nullable=False),
            sa.Column("website", Characters(), nullable=True),
            sa.Column("source", Characters(), nullable=False),
            sa.Column("locator", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
            sa.Column("search", Characters(), nullable=False),
        ],
        references={"country": "countries", "source": "sources"},
        indexes=["country", "source", "name"],
        members={"roles": None},
    )


def downgrade() -> None:
    """Drop them again."""
    drop_ledger_table("companies", members=["roles"])
