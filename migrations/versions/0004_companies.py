"""Make companies."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters, TextList
from app.storage.guards import guard_append_only, guard_ledger

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "companies",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("country", Characters(), nullable=True),
        sa.Column("roles", TextList(), nullable=False),
        sa.Column("aliases", TextList(), nullable=False),
        sa.Column("website", Characters(), nullable=True),
        sa.Column("source", Characters(), nullable=False),
        sa.Column("locator", Characters(), nullable=True),
        sa.Column("note", Characters(), nullable=True),
        sa.Column("search", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_companies"),
        sa.ForeignKeyConstraint(
            ["country"],
            ["countries.id"],
            name="fk_companies_country",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_companies_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.id"],
            name="fk_companies_source",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_companies_country_id", "companies", ["country", "id"])
    op.create_index("ix_companies_name_id", "companies", ["name", "id"])
    op.create_index("ix_companies_revision_id", "companies", ["revision", "id"])
    op.create_index("ix_companies_source_id", "companies", ["source", "id"])
    op.create_table(
        "companies_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("country", Characters(), nullable=True),
        sa.Column("roles", TextList(), nullable=False),
        sa.Column("aliases", TextList(), nullable=False),
        sa.Column("website", Characters(), nullable=True),
        sa.Column("source", Characters(), nullable=False),
        sa.Column("locator", Characters(), nullable=True),
        sa.Column("note", Characters(), nullable=True),
        sa.Column("search", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_companies_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_companies_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_companies_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_companies_history_revision_id", "companies_history", ["revision", "id"])
    op.create_index("ix_companies_history_until_id", "companies_history", ["until", "id"])
    op.create_table(
        "companies_roles",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "position", name="pk_companies_roles"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["companies.id"],
            name="fk_companies_roles_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("member", "id", name="uq_companies_roles_member_id"),
    )
    op.create_table(
        "companies_roles_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", "position", name="pk_companies_roles_history"),
    )
    op.create_index(
        "ix_companies_roles_history_member_id", "companies_roles_history", ["member", "id"]
    )
    guard_ledger(op.get_bind(), "companies")
    guard_append_only(op.get_bind(), "companies_roles_history")


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("companies_roles_history")
    op.drop_table("companies_roles")
    op.drop_table("companies_history")
    op.drop_table("companies")
