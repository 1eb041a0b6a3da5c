"""Make adoption."""

import sqlalchemy as sa

from app.storage.columns import Characters, Number
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "adoption",
        [
            sa.Column("metric", Characters(), nullable=False),
            sa.Column("model", Characters(), nullable=True),
            sa.Column("company", Characters(), nullable=True),
            sa.Column("country", Characters(), nullable=True),
            sa.Column("value", Number(), nullable=True),
            sa.Column("unit", Characters(), nullable=True),
            sa.Column("period", Characters(), nullable=False),
            sa.Column("period_first_day", Characters(), nullable=False),
            sa.Column("period_last_day", Characters(), nullable=False),
            sa.Column("qualifier", Characters(), nullable=True),
            sa.Column("scope", Characters(), nullable=True),
            sa.Column("source", Characters(), nullable=False),
            sa.Column("locator", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
        ],
        references={
            "model": "ai_models",
            "company": "companies",
            "country": "countries",
            "source": "sources",
        },
        checks={
            "qualifier": "qualifier IN ('exact', 'about', 'at_least', 'up_to', 'disputed')",
            "value": "value >= 0 AND value < 1e300",
            "value_has_unit": "(value IS NULL) = (unit IS NULL)",
            "period": "period_first_day <= period_last_day",
            "is_about": "model IS NOT NULL OR company IS NOT NULL OR country IS NOT NULL",
        },
        indexes=[
            "metric",
            "model",
            "company",
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
    drop_ledger_table("adoption")
