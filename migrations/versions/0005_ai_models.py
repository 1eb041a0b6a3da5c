"""Make AI models."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters, Number, TextList
from app.storage.guards import guard_append_only, guard_ledger

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "ai_models",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ai_models"),
        sa.CheckConstraint(
            "kind IN ('model', 'family', 'product')", name=op.f("ck_ai_models_kind")
        ),
        sa.CheckConstraint(
            "openness IN ('open', 'hosted', 'closed')", name=op.f("ck_ai_models_openness")
        ),
        sa.CheckConstraint("parameters >= 0", name=op.f("ck_ai_models_parameters")),
        sa.CheckConstraint(
            "training_compute_flop >= 0 AND training_compute_flop < 1e300",
            name=op.f("ck_ai_models_training_compute_flop"),
        ),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_ai_models_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.id"],
            name="fk_ai_models_source",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_ai_models_domain_id", "ai_models", ["domain", "id"])
    op.create_index("ix_ai_models_kind_id", "ai_models", ["kind", "id"])
    op.create_index("ix_ai_models_name_id", "ai_models", ["name", "id"])
    op.create_index("ix_ai_models_openness_id", "ai_models", ["openness", "id"])
    op.create_index("ix_ai_models_parameters_id", "ai_models", ["parameters", "id"])
    op.create_index("ix_ai_models_released_first_day_id", "ai_models", ["released_first_day", "id"])
    op.create_index("ix_ai_models_revision_id", "ai_models", ["revision", "id"])
    op.create_index("ix_ai_models_source_id", "ai_models", ["source", "id"])
    op.create_index(
        "ix_ai_models_training_compute_flop_id", "ai_models", ["training_compute_flop", "id"]
    )
    op.create_table(
        "ai_models_history",
        sa.Column("id", Characters(), nullable=False),
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
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_ai_models_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_ai_models_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_ai_models_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_ai_models_history_revision_id", "ai_models_history", ["revision", "id"])
    op.create_index("ix_ai_models_history_until_id", "ai_models_history", ["until", "id"])
    op.create_table(
        "ai_models_developers",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "position", name="pk_ai_models_developers"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["ai_models.id"],
            name="fk_ai_models_developers_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["member"],
            ["companies.id"],
            name="fk_ai_models_developers_member",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("member", "id", name="uq_ai_models_developers_member_id"),
    )
    op.create_table(
        "ai_models_developers_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint(
            "id", "revision", "position", name="pk_ai_models_developers_history"
        ),
    )
    op.create_index(
        "ix_ai_models_developers_history_member_id",
        "ai_models_developers_history",
        ["member", "id"],
    )
    op.create_table(
        "ai_models_based_on",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "position", name="pk_ai_models_based_on"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["ai_models.id"],
            name="fk_ai_models_based_on_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["member"],
            ["ai_models.id"],
            name="fk_ai_models_based_on_member",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("member", "id", name="uq_ai_models_based_on_member_id"),
    )
    op.create_table(
        "ai_models_based_on_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", "position", name="pk_ai_models_based_on_history"),
    )
    op.create_index(
        "ix_ai_models_based_on_history_member_id", "ai_models_based_on_history", ["member", "id"]
    )
    op.create_table(
        "ai_models_disputed_by",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("id", "position", name="pk_ai_models_disputed_by"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["ai_models.id"],
            name="fk_ai_models_disputed_by_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["member"],
            ["sources.id"],
            name="fk_ai_models_disputed_by_member",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("member", "id", name="uq_ai_models_disputed_by_member_id"),
    )
    op.create_table(
        "ai_models_disputed_by_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("member", Characters(), nullable=False),
        sa.PrimaryKeyConstraint(
            "id", "revision", "position", name="pk_ai_models_disputed_by_history"
        ),
    )
    op.create_index(
        "ix_ai_models_disputed_by_history_member_id",
        "ai_models_disputed_by_history",
        ["member", "id"],
    )
    guard_ledger(op.get_bind(), "ai_models")
    guard_append_only(op.get_bind(), "ai_models_developers_history")
    guard_append_only(op.get_bind(), "ai_models_based_on_history")
    guard_append_only(op.get_bind(), "ai_models_disputed_by_history")


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("ai_models_disputed_by_history")
    op.drop_table("ai_models_disputed_by")
    op.drop_table("ai_models_based_on_history")
    op.drop_table("ai_models_based_on")
    op.drop_table("ai_models_developers_history")
    op.drop_table("ai_models_developers")
    op.drop_table("ai_models_history")
    op.drop_table("ai_models")
