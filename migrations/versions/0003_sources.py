"""Make sources."""

import sqlalchemy as sa

from app.storage.columns import Characters
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "sources",
        [
            sa.Column("kind", Characters(), nullable=False),
            sa.Column("publisher", Characters(), nullable=False),
            sa.Column("title", Characters(), nullable=False),
            sa.Column("published", Characters(), nullable=True),
            sa.Column("published_first_day", Characters(), nullable=True),
            sa.Column("published_last_day", Characters(), nullable=True),
            sa.Column("url", Characters(), nullable=True),
            sa.Column("licence", Characters(), nullable=True),
            sa.Column("restates", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
            sa.Column("search", Characters(), nullable=False),
        ],
        references={"restates": "sources"},
        checks={
            "kind": "kind IN ('article', 'report', 'dataset')",
            "restates_another": "restates <> id",
        },
        indexes=["kind", "restates", "published_first_day"],
    )


def downgrade() -> None:
    """Drop them again."""
    drop_ledger_table("sources")
