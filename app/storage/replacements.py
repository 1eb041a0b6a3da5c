"""Rows that go on under another key: where each went, and which rows refer to it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, or_, select

from app.storage.records import LEDGER, LedgerTable, ReplacementRecord

replacements = ReplacementRecord.__table__

Replaced = Mapping[str, Mapping[str, str]]
"""By the name of a table: keys that were replaced, each with the one that replaced it."""


def replacement(connection: Connection, table: LedgerTable, key: str, revision: int) -> str | None:
    """Return the key under which a row went on, at a revision; None where it was not replaced.

    A key that was replaced by one that was replaced in its turn leads to the last of them.
    """
    known = replacements.c.resource == table.name, replacements.c.revision <= revision
    start = select(replacements.c.replaced_by, replacements.c.revision)
    hops = start.where(*known, replacements.c.id == key).cte("hops", recursive=True)
    further = select(replacements.c.replaced_by, replacements.c.revision)
    later = replacements.c.revision > hops.c.revision  # so that it ends, whatever is stored
    hops = hops.union_all(further.where(*known, replacements.c.id == hops.c.replaced_by, later))
    last = select(hops.c.replaced_by).order_by(hops.c.revision.desc()).limit(1)
    found: str | None = connection.scalar(last)
    return found


def all_replaced(connection: Connection, table: LedgerTable, revision: int) -> dict[str, str]:
    """Return all keys that were replaced at a revision, each with the last that replaced it."""
    query = select(replacements.c.id, replacements.c.replaced_by)
    query = query.where(replacements.c.resource == table.name, replacements.c.revision <= revision)
    last: dict[str, str] = {}
    # From the newest: what a key was replaced by is known before that key is come to.
    for old, new in connection.execute(query.order_by(replacements.c.revision.desc())):
        last[old] = last.get(new, new)
    return last


def replaced_in(
    resource: str, key: ColumnElement[str], revision: ColumnElement[int]
) -> ColumnElement[str]:
    """Return, in a query, the key that replaced another in one revision; null where none did."""
    same = replacements.c.resource == resource, replacements.c.id == key
    found = select(replacements.c.replaced_by).where(*same, replacements.c.revision == revision)
    return found.correlate_except(replacements).scalar_subquery()


def come_back(table: LedgerTable, revision: int) -> Select[Any]:
    """Return the query of the keys of a revision's rows that were replaced by others."""
    rows = table.current
    query = select(replacements.c.id)
    return query.join_from(replacements, rows, rows.c.id == replacements.c.id).where(
        replacements.c.resource == table.name, rows.c.revision == revision
    )


def referring(table: LedgerTable, target: LedgerTable, key: str) -> Select[Any] | None:
    """Return the query of the rows of a table that refer to a row of a target; None if none can.

    The row itself, where it refers to itself, is not among them.
    """
    conditions = [table.current.c[name] == key for name in _columns(table, target)]
    for name in _lists(table, target):
        links = table.members[name].current
        conditions.append(table.current.c.id.in_(select(links.c.id).where(links.c.member == key)))
    if not conditions:
        return None
    query = select(table.current).where(or_(*conditions))
    return query.where(table.current.c.id != key) if table is target else query


def redirected(row: Mapping[str, Any], table: LedgerTable, replaced: Replaced) -> dict[str, Any]:
    """Return a row of a table that names the new keys wherever it named old ones.

    Where it named the row whose place it takes, it names none instead: no row is its own source.
    """
    changed: dict[str, Any] = dict(row)
    for name, keys in replaced.items():
        target = LEDGER[name]
        own = row["id"] if table is target else None
        for column in _columns(table, target):
            named = keys.get(changed[column], changed[column])
            changed[column] = None if named == own else named
        for column in _lists(table, target):
            members = [keys.get(member, member) for member in changed[column]]
            # One may have named both.
            changed[column] = [one for one in dict.fromkeys(members) if one != own]
    return changed


def _columns(table: LedgerTable, target: LedgerTable) -> list[str]:
    return [
        column.name
        for column in table.current.columns
        for key in column.foreign_keys
        if key.column.table is target.current
    ]


def _lists(table: LedgerTable, target: LedgerTable) -> list[str]:
    return [name for name, members in table.members.items() if members.target == target.name]
