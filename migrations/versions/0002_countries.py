"""Make countries and groups, with those of ISO 3166-1 as revision 0.

The names are the usual ones of the Debian project's iso-codes. They are frozen here: a later
change is a revision like any other.
"""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.storage.columns import Characters, TextList
from app.storage.guards import guard_append_only
from app.storage.ledger_tables import create_ledger_table, drop_ledger_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    create_ledger_table(
        "countries",
        [
            sa.Column("name", Characters(), nullable=False),
            sa.Column("iso3", Characters(), nullable=True),
            sa.Column("kind", Characters(), nullable=False),
            sa.Column("aliases", TextList(), nullable=False),
            sa.Column("search", Characters(), nullable=False),
        ],
        checks={"kind": "kind IN ('country', 'group')"},
        indexes=["kind"],
    )
    _add_countries()


def downgrade() -> None:
    """Drop them again, and the revisions: they are of facts that are gone with all tables."""
    drop_ledger_table("countries")
    _forget_revisions()


def _forget_revisions() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE revisions DISABLE TRIGGER USER")
        op.execute("DELETE FROM revisions")
        op.execute("ALTER TABLE revisions ENABLE TRIGGER USER")
        return
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER revisions_no_{event}")
    op.execute("DELETE FROM revisions")
    guard_append_only(op.get_bind(), "revisions")


def _add_countries() -> None:
    with (Path(__file__).parent.parent / "data" / "countries.csv").open(encoding="utf-8") as file:
        rows = [
            {
                **row,
                "iso3": row["iso3"] or None,
                "aliases": [alias for alias in row["aliases"].split(";") if alias],
                "revision": 0,
            }
            for row in csv.DictReader(file)
        ]
    names = ("id", "name", "iso3", "kind", "search")
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, Characters()) for name in names]
    columns.append(sa.Column("aliases", TextList()))
    op.bulk_insert(sa.table("countries", *columns, sa.column("revision", sa.BigInteger())), rows)
    text = ("recorded_at", "author", "message")
    counts = ("id", "added", "changed", "removed")
    revisions = sa.table(
        "revisions",
        *(sa.column(name, Characters()) for name in text),
        *(sa.column(name, sa.BigInteger()) for name in counts),
    )
    first = {
        "id": 0,
        "recorded_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "author": "airace",
        "message": "Countries of ISO 3166-1, and groups of countries",
        "added": len(rows),
        "changed": 0,
        "removed": 0,
    }
    op.bulk_insert(revisions, [first])
