"""Make adoption."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters, Number
from app.storage.guards import guard_ledger

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "adoption",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adoption"),
        sa.CheckConstraint(
            "model IS NOT NULL OR company IS NOT NULL OR country IS NOT NULL",
            name=op.f("ck_adoption_is_about"),
        ),
        sa.CheckConstraint("period_first_day <= period_last_day", name=op.f("ck_adoption_period")),
        sa.CheckConstraint(
            "qualifier IN ('exact', 'about', 'at_least', 'up_to', 'disputed')",
            name=op.f("ck_adoption_qualifier"),
        ),
        sa.CheckConstraint("value >= 0 AND value < 1e300", name=op.f("ck_adoption_value")),
        sa.CheckConstraint(
            "(value IS NULL) = (unit IS NULL)", name=op.f("ck_adoption_value_has_unit")
        ),
        sa.ForeignKeyConstraint(
            ["company"],
            ["companies.id"],
            name="fk_adoption_company",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.id"],
            name="fk_adoption_country",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["model"],
            ["ai_models.id"],
            name="fk_adoption_model",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_adoption_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.id"],
            name="fk_adoption_source",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_adoption_company_id", "adoption", ["company", "id"])
    op.create_index("ix_adoption_country_id", "adoption", ["country", "id"])
    op.create_index("ix_adoption_metric_id", "adoption", ["metric", "id"])
    op.create_index("ix_adoption_model_id", "adoption", ["model", "id"])
    op.create_index("ix_adoption_period_first_day_id", "adoption", ["period_first_day", "id"])
    op.create_index("ix_adoption_qualifier_id", "adoption", ["qualifier", "id"])
    op.create_index("ix_adoption_revision_id", "adoption", ["revision", "id"])
    op.create_index("ix_adoption_scope_id", "adoption", ["scope", "id"])
    op.create_index("ix_adoption_source_id", "adoption", ["source", "id"])
    op.create_index("ix_adoption_unit_id", "adoption", ["unit", "id"])
    op.create_index("ix_adoption_value_id", "adoption", ["value", "id"])
    op.create_table(
        "adoption_history",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_adoption_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_adoption_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_adoption_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_adoption_history_revision_id", "adoption_history", ["revision", "id"])
    op.create_index("ix_adoption_history_until_id", "adoption_history", ["until", "id"])
    guard_ledger(op.get_bind(), "adoption")


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("adoption_history")
    op.drop_table("adoption")
