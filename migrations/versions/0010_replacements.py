"""Keep where a row went whose key was replaced by another."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters
from app.storage.guards import guard_replacements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its guards."""
    op.create_table(
        "replacements",
        sa.Column("resource", Characters(), nullable=False),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("replaced_by", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resource", "id", name="pk_replacements"),
        sa.CheckConstraint("id <> replaced_by", name=op.f("ck_replacements_another")),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_replacements_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    guard_replacements(op.get_bind())


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("replacements")
