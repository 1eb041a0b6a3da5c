"""The versions that a row has had, each with what it came by."""

from sqlalchemy import Connection, literal, select

from app.storage.batches import StoredRow
from app.storage.records import LedgerTable, ReplacementRecord, RevisionRecord

_revisions = RevisionRecord.__table__
_replacements = ReplacementRecord.__table__


def versions(connection: Connection, table: LedgerTable, key: str) -> list[StoredRow]:
    """Return the versions of a row, the first one first, since it last came to be there.

    Under the keys, too, from which it was renamed. Each has the `origin` of its revision.
    """
    found: list[StoredRow] = []
    under: str | None = key
    while under is not None and (run := _unbroken(connection, table, under)):
        found = [*run, *found]
        under = _renamed_from(connection, table, under, run[0]["revision"])
    return found


def _unbroken(connection: Connection, table: LedgerTable, key: str) -> list[StoredRow]:
    """Return the versions under one key of which each began when the one before it ended."""
    current, history = table.current.c, table.history.c
    names = [column.name for column in table.current.c]
    now = select(*(current[name] for name in names), literal(None).label("until"))
    before = select(*(history[name] for name in names), history.until)
    rows: list[StoredRow] = []
    for query in (now.where(current.id == key), before.where(history.id == key)):
        rows += map(dict, connection.execute(query).mappings())
    rows.sort(key=lambda row: row["revision"], reverse=True)
    run = rows[:1]
    for row in rows[1:]:
        if row["until"] != run[-1]["revision"]:
            break
        run.append(row)
    origins = select(_revisions.c.id, _revisions.c.origin)
    by_revision = origins.where(_revisions.c.id.in_([row["revision"] for row in run]))
    came_by = {row.id: row.origin for row in connection.execute(by_revision)}
    return [{**row, "origin": came_by.get(row["revision"])} for row in reversed(run)]


def _renamed_from(
    connection: Connection, table: LedgerTable, key: str, revision: int
) -> str | None:
    query = select(_replacements.c.id).where(
        _replacements.c.resource == table.name,
        _replacements.c.replaced_by == key,
        _replacements.c.revision == revision,
    )
    found: str | None = connection.scalar(query)
    return found
