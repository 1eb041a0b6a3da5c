"""Make funding."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters, TextList
from app.storage.guards import guard_append_only, guard_ledger

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "funding",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_funding"),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_funding_amount")),
        sa.CheckConstraint(
            "(amount IS NULL) = (currency IS NULL)", name=op.f("ck_funding_amount_has_currency")
        ),
        sa.CheckConstraint(
            "(amount_usd IS NULL) = (qualifier IS NULL)",
            name=op.f("ck_funding_amount_is_qualified"),
        ),
        sa.CheckConstraint("amount_usd >= 0", name=op.f("ck_funding_amount_usd")),
        sa.CheckConstraint("deals >= 0", name=op.f("ck_funding_deals")),
        sa.CheckConstraint(
            "(deals IS NULL) = (deals_qualifier IS NULL)",
            name=op.f("ck_funding_deals_are_qualified"),
        ),
        sa.CheckConstraint(
            "deals_qualifier IN ('exact', 'about', 'at_least', 'up_to', 'disputed')",
            name=op.f("ck_funding_deals_qualifier"),
        ),
        sa.CheckConstraint("period_first_day <= period_last_day", name=op.f("ck_funding_period")),
        sa.CheckConstraint(
            "qualifier IN ('exact', 'about', 'at_least', 'up_to', 'disputed')",
            name=op.f("ck_funding_qualifier"),
        ),
        sa.CheckConstraint(
            "(kind = 'total' AND country IS NOT NULL AND company IS NULL AND scope IS NOT NULL) "
            "OR (kind = 'round' AND company IS NOT NULL AND deals IS NULL AND scope IS NULL)",
            name=op.f("ck_funding_total_or_round"),
        ),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.id"],
            name="fk_funding_company",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.id"],
            name="fk_funding_country",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_funding_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.id"],
            name="fk_funding_source",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_funding_amount_usd_id", "funding", ["amount_usd", "id"])
    op.create_index("ix_funding_company_id", "funding", ["company", "id"])
    op.create_index("ix_funding_country_id", "funding", ["country", "id"])
    op.create_index("ix_funding_currency_id", "funding", ["currency", "id"])
    op.create_index("ix_funding_deals_id", "funding", ["deals", "id"])
    op.create_index("ix_funding_kind_id", "funding", ["kind", "id"])
    op.create_index("ix_funding_period_first_day_id", "funding", ["period_first_day", "id"])
    op.create_index("ix_funding_price_base_id", "funding", ["price_base", "id"])
    op.create_index("ix_funding_qualifier_id", "funding", ["qualifier", "id"])
    op.create_index("ix_funding_revision_id", "funding", ["revision", "id"])
    op.create_index("ix_funding_round_type_id", "funding", ["round_type", "id"])
    op.create_index("ix_funding_scope_id", "funding", ["scope", "id"])
    op.create_index("ix_funding_source_id", "funding", ["source", "id"])
    op.create_table(
        "funding_history",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_funding_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_funding_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_funding_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_funding_history_revision_id", "funding_history", ["revision", "id"])
    op.create_index("ix_funding_history_until_id", "funding_history", ["until", "id"])
    op.create_table(
        "funding_investors",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "position", name="pk_funding_investors"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["funding.id"],
            name="fk_funding_investors_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["member"],
            ["companies.id"],
            name="fk_funding_investors_member",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("member", "id", name="uq_funding_investors_member_id"),
    )
    op.create_table(
        "funding_investors_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", "position", name="pk_funding_investors_history"),
    )
    op.create_index(
        "ix_funding_investors_history_member_id", "funding_investors_history", ["member", "id"]
    )
    guard_ledger(op.get_bind(), "funding")
    guard_append_only(op.get_bind(), "funding_investors_history")


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("funding_investors_history")
    op.drop_table("funding_investors")
    op.drop_table("funding_history")
    op.drop_table("funding")
