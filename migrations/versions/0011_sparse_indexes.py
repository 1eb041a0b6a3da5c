"""Let indexes that only filters use have only rows with a value; index how firm deals are."""

from app.storage.ledger_tables import drop_index, make_sparse, make_whole

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SPARSE = {
    "funding": (
        "company",
        "scope",
        "round_type",
        "qualifier",
        "currency",
        "price_base",
        "original_source",
    ),
    "adoption": ("model", "company", "unit", "qualifier", "scope", "original_source"),
    "statistics": ("scope", "original_source"),
}
_NEW = ("funding", "deals_qualifier")


def upgrade() -> None:
    """Make the indexes again, without the rows that lack a value."""
    for table, columns in _SPARSE.items():
        for column in columns:
            make_sparse(table, column)
    make_sparse(*_NEW)


def downgrade() -> None:
    """Make them with all rows again."""
    drop_index(*_NEW)
    for table, columns in reversed(_SPARSE.items()):
        for column in reversed(columns):
            make_whole(table, column)
