"""Make sources."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters
from app.storage.guards import guard_ledger

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "sources",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
        sa.CheckConstraint(
            "kind IN ('article', 'report', 'dataset')", name=op.f("ck_sources_kind")
        ),
        sa.CheckConstraint("restates <> id", name=op.f("ck_sources_restates_another")),
        sa.ForeignKeyConstraint(
            ["restates"],
            ["sources.id"],
            name="fk_sources_restates",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_sources_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_sources_kind_id", "sources", ["kind", "id"])
    op.create_index("ix_sources_published_first_day_id", "sources", ["published_first_day", "id"])
    op.create_index("ix_sources_restates_id", "sources", ["restates", "id"])
    op.create_index("ix_sources_revision_id", "sources", ["revision", "id"])
    op.create_table(
        "sources_history",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_sources_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_sources_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_sources_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_sources_history_revision_id", "sources_history", ["revision", "id"])
    op.create_index("ix_sources_history_until_id", "sources_history", ["until", "id"])
    guard_ledger(op.get_bind(), "sources")


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("sources_history")
    op.drop_table("sources")
