"""Make the ledger: revisions and the lock of writers."""

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters
from app.storage.guards import drop_functions, guard_revisions

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("recorded_at", Characters(), nullable=False),
        sa.Column("author", Characters(), nullable=False),
        sa.Column("message", Characters(), nullable=False),
        sa.Column("origin", Characters(), nullable=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revisions"),
    )
    op.create_table(
        "write_lock",
        sa.Column("id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("id", name="pk_write_lock"),
        sa.CheckConstraint("id = 1", name=op.f("ck_write_lock_one_row")),
    )
    op.execute("INSERT INTO write_lock (id) VALUES (1)")
    guard_revisions(op.get_bind())


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("write_lock")
    op.drop_table("revisions")
    drop_functions(op.get_bind())
