"""Make statistics."""

import sqlalchemy as sa

from app.storage.columns import Characters, Number
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "statistics",
        [
            sa.Column("metric", Characters(), nullable=False),
            sa.Column("country", Characters(), nullable=False),
            sa.Column("value", Number(), nullable=False),
            sa.Column("unit", Characters(), nullable=False),
            sa.Column("period", Characters(), nullable=False),
            sa.Column("period_first_day", Characters(), nullable=False),
            sa.Column("period_last_day", Characters(), nullable=False),
            sa.Column("qualifier", Characters(), nullable=False),
            sa.Column("scope", Characters(), nullable=True),
            sa.Column("source", Characters(), nullable=False),
            sa.Column("locator", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
        ],
        references={"country": "countries", "source": "sources"},
        checks={
            "value": "value >= 0 AND value < 1e300",
            "qualifier": "qualifier IN ('exact', 'about', 'at_least', 'up_to', 'disputed')",
            "period": "period_first_day <= period_last_day",
        },
        indexes=[
            "metric",
            "country",
            "value",
            "unit",
            "period_first_day",
            "qualifier",
            "scope",
            "source",
        ],
    )


def downgrade() -> None:
    """Drop them again."""
    drop_ledger_table("statistics")
