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
from app.storage.guards import guard_ledger

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their guards."""
    op.create_table(
        "countries",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("iso3", Characters(), nullable=True),
        sa.Column("kind", Characters(), nullable=False),
        sa.Column("aliases", TextList(), nullable=False),
        sa.Column("search", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_countries"),
        sa.CheckConstraint("kind IN ('country', 'group')", name=op.f("ck_countries_kind")),
        sa.ForeignKeyConstraint(
            ["revision"],
            ["revisions.id"],
            name="fk_countries_revision",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_countries_kind_id", "countries", ["kind", "id"])
    op.create_index("ix_countries_revision_id", "countries", ["revision", "id"])
    op.create_table(
        "countries_history",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("iso3", Characters(), nullable=True),
        sa.Column("kind", Characters(), nullable=False),
        sa.Column("aliases", TextList(), nullable=False),
        sa.Column("search", Characters(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision", name="pk_countries_history"),
        sa.CheckConstraint("revision < until", name=op.f("ck_countries_history_half_open")),
        sa.ForeignKeyConstraint(
            ["until"],
            ["revisions.id"],
            name="fk_countries_history_until",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_countries_history_revision_id", "countries_history", ["revision", "id"])
    op.create_index("ix_countries_history_until_id", "countries_history", ["until", "id"])
    guard_ledger(op.get_bind(), "countries")
    _add_countries()


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("countries_history")
    op.drop_table("countries")


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
