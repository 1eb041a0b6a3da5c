"""Rows of which a package of some licences has no more than names.

They are those that it leaves out and that its rows name, so that such a package loads anywhere, and
those of which no more is known. A row of that name is made where there is none under its key, and
is of the source whose row names it, as with companies that a table of others names. A row that is
there is left as it is: more may be known of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from app.exchange.pack_tables import read_table
from app.kit.fields import Slug, Text
from app.kit.licences import Reuse, licensed, reusable
from app.resources.ai_models import AI_MODELS, Kind
from app.resources.companies import COMPANIES
from app.resources.registry import RESOURCES
from app.resources.resource import Entry, Resource, SourceKey
from app.resources.sources import SOURCES
from app.storage.database import Database, ReadTransaction, Revision
from app.storage.ledger import Writing

NAME = "named"
"""What the table is called. A package has it where there are any."""

PRIMARY_KEY = ("resource", "id")

_NAMED = (COMPANIES, AI_MODELS)
"""What has names that may be told, whatever the licence of all else that is known of it."""


_OF_NAMED = ("id", "name", "kind", "source")
"""The fields of such rows that the table has."""


class Named(Entry):
    """A row of which there is no more than its key and name."""

    resource: Literal["companies", "models"] = Field(description="The resource whose row it is.")
    id: Slug = Field(description="The key of the row.")
    name: Text = Field(description="The name it goes by where this was exported.")
    kind: Kind | None = Field(default=None, description="Of an AI model: which kind it is.")
    source: SourceKey = Field(description="Its source, or one whose rows here name it.")

    def check(self) -> None:
        """Raise ValueError where an AI model has no kind, or something else has one."""
        if (self.kind is None) == (self.resource == AI_MODELS.many):
            raise ValueError("kind belongs to AI models, and to each of them")


def named_rows(
    database: Database, at: Revision, licences: Sequence[Reuse]
) -> list[tuple[Any, ...]]:
    """Return the rows of the table for a package of some licences."""
    found: list[tuple[Any, ...]] = []
    with database.read() as transaction:
        for resource in _NAMED:
            named = _named(transaction, at, licences, resource)
            rows = transaction.rows(resource.ledger, at)
            licensed_rows = reusable(rows, "source", licences)
            query = rows.select(resource.pack_columns).add_columns(licensed_rows).order_by("id")
            for *values, is_kept in transaction.connection.execute(query):
                row = dict(zip(resource.pack_columns, values, strict=True))
                source = row["source"] if is_kept else named.get(row["id"])
                if source and (not is_kept or is_bare(row)):
                    entry = resource.many, row["id"], row["name"], row.get("kind"), source
                    found.append(entry)
    return found


def has_names(resource: Resource) -> bool:
    """Return whether rows of a resource may have no more than their names in a package."""
    return resource in _NAMED


def is_bare(row: Mapping[str, Any]) -> bool:
    """Return whether nothing is known of a row but its name, and which source has that."""
    return not any(value for field, value in row.items() if field not in _OF_NAMED)


def sources_kept(database: Database, at: Revision, licences: Sequence[Reuse]) -> set[str]:
    """Return the keys of the sources of a package: those with such a licence, and all they name.

    A figure that a source passes on is its origin's, also where no other of that one's is there.
    """
    with database.read() as transaction:
        rows = transaction.rows(SOURCES.ledger, at)
        asked = rows.select(("id",)).where(licensed(rows, "licence", licences))
        waiting = {*transaction.connection.scalars(asked)}
        waiting.update(_named(transaction, at, licences, SOURCES))
        every = transaction.connection.execute(rows.select(("id", "restates")))
        restated: dict[str, str | None] = dict(map(tuple, every))
    kept: set[str] = set()
    while waiting:
        kept |= waiting
        waiting = {key for one in waiting if (key := restated[one])} - kept
    return kept


def put_named(writing: Writing, path: Path) -> None:
    """Add the rows that a file names, where there are none under their keys."""
    given: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for some in read_table(Named, path, None):
        for row in zip(*some.values(), strict=True):
            stated = {name: value for name, value in zip(some, row, strict=True) if value}
            given[stated.pop("resource")].append(stated)
    for resource in _NAMED:
        rows = given[resource.many]
        there = writing.with_rows(resource.ledger, [row["id"] for row in rows])
        lacking = [row for row in rows if row["id"] not in there]
        writing.put(
            resource.ledger, [resource.fact.model_validate(row).stored() for row in lacking]
        )


def _named(
    transaction: ReadTransaction, at: Revision, licences: Sequence[Reuse], target: Resource
) -> dict[str, str]:
    """Return the keys that rows of sources with such licences name, each with one of the sources.

    That they have a source is no naming.
    """
    found: dict[str, str] = {}
    for resource in RESOURCES:
        rows = transaction.rows(resource.ledger, at)
        for name, named in resource.ledger.naming():
            if named == target.ledger.name and name not in ("source", "restates"):
                query = rows.naming(name).where(reusable(rows, "source", licences))
                for key, source in transaction.connection.execute(query):
                    found[key] = min(source, found.get(key, source))
    return found
