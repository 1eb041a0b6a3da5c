"""Make funding."""

import sqlalchemy as sa

from app.storage.columns import Characters, TextList
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_QUALIFIERS = "('exact', 'about', 'at_least', 'up_to', 'disputed')"


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "funding",
        [
            sa.Column("kind", Characters(), nullable=False),
            sa.Column("country", Characters(), nullable=True),
            sa.Column("company", Characters(), nullable=True),
            sa.Column("investors", TextList(), nullable=False),
            sa.Column("scope", Characters(), nullable=True),
            sa.Column("round_type", Characters(), nullable=True),
            sa.Column("period", Characters(), nullable=False),
            sa.Column("period_first_day", Characters(), nullable=False),
            sa.Column("period_last_day", Characters(), nullable=False),
            sa.Column("amount_usd", sa.BigInteger(), nullable=True),
            sa.Column("deals", sa.BigInteger(), nullable=True),
            sa.Column("amount", sa.BigInteger(), nullable=True),
            sa.Column("currency", Characters(), nullable=True),
            sa.Column("price_base", Characters(), nullable=True),
            sa.Column("qualifier", Characters(), nullable=True),
            sa.Column("deals_qualifier", Characters(), nullable=True),
            sa.Column("source", Characters(), nullable=False),
            sa.Column("locator", Characters(), nullable=True),
            sa.Column("note", Characters(), nullable=True),
        ],
        references={"country": "countries", "company": "companies", "source": "sources"},
        checks={
            "deals": "deals >= 0",
            "period": "period_first_day <= period_last_day",
            "total_or_round": (
                "(kind = 'total' AND country IS NOT NULL AND company IS NULL AND scope IS NOT NULL)"
                " OR (kind = 'round' AND company IS NOT NULL AND deals IS NULL AND scope IS NULL)"
            ),
            "amount_has_currency": "(amount IS NULL) = (currency IS NULL)",
            "deals_are_qualified": "(deals IS NULL) = (deals_qualifier IS NULL)",
            "deals_qualifier": f"deals_qualifier IN {_QUALIFIERS}",
            "amount_usd": "amount_usd >= 0",
            "qualifier": f"qualifier IN {_QUALIFIERS}",
            "amount_is_qualified": "(amount_usd IS NULL) = (qualifier IS NULL)",
            "amount": "amount >= 0",
        },
        indexes=[
            "kind",
            "country",
            "company",
            "scope",
            "round_type",
            "period_first_day",
            "amount_usd",
            "deals",
            "qualifier",
            "currency",
            "price_base",
            "source",
        ],
        members={"investors": "companies"},
    )


def downgrade() -> None:
    """Drop them again."""
    drop_ledger_table("funding", members=["investors"])
