"""Let a figure say whose it is, where it is not that of the source that its source restates."""

from app.storage.ledger_tables import add_reference, drop_reference

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TABLES = ("funding", "adoption", "statistics")


def upgrade() -> None:
    """Add the column, empty, to the rows and their history."""
    for table in _TABLES:
        add_reference(table, "original_source", "sources")


def downgrade() -> None:
    """Drop it again."""
    for table in reversed(_TABLES):
        drop_reference(table, "original_source")
