"""Proof that the data are sound, or what is wrong with them. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Text, func, or_, select, type_coerce

from app.kit.errors import faults_of
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.storage.columns import TextList
from app.storage.database import ReadTransaction
from app.storage.engine import integrity_problems
from app.storage.records import LEDGER, ReplacementRecord, RevisionRecord

_revisions = RevisionRecord.__table__
_BATCH = 1_000


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: of which row, and what."""

    resource: str
    id: str
    problem: str


def check(transaction: ReadTransaction) -> Iterator[Finding]:
    """Yield all that is wrong: in the file, in rows, references, lists, history, revisions."""
    for problem in integrity_problems(transaction.connection):
        yield Finding("database", "-", problem)
    yield from _revisions_without_gaps(transaction)
    for resource in RESOURCES:
        unreadable = list(_lists_can_be_read(transaction, resource))
        yield from unreadable
        if not unreadable:
            yield from _rows_are_facts(transaction, resource)
            yield from _members_are_lists(transaction, resource)
        yield from _references_are_there(transaction, resource)
        yield from _history_is_unbroken(transaction, resource)
    yield from _counts_are_right(transaction)
    yield from _restatements_end(transaction)
    yield from _replacements_hold(transaction)


def _lists_can_be_read(transaction: ReadTransaction, resource: Resource) -> Iterator[Finding]:
    """Read the lists as the text that they are stored as: other queries would fail on a bad one."""
    for table in (resource.ledger.current, resource.ledger.history):
        for column in table.columns:
            if isinstance(column.type, TextList):
                query = select(table.c.id, type_coerce(column, Text))
                for key, stored in transaction.connection.execute(query):
                    if not _is_list_of_texts(stored):
                        yield Finding(resource.many, key, f"{column.name} is not a list")


def _is_list_of_texts(stored: str) -> bool:
    try:
        found = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, list) and all(isinstance(member, str) for member in found)


def _rows_are_facts(transaction: ReadTransaction, resource: Resource) -> Iterator[Finding]:
    """Read each row as a fact again: its fields, its period's days, its words, total or round."""
    table = resource.ledger.current
    query = select(table).order_by(table.c.id).execution_options(yield_per=_BATCH)
    for row in transaction.connection.execute(query).mappings():
        given = {name: row[name] for name in resource.pack_columns}
        try:
            stored = resource.fact.model_validate(given).stored()
        except ValidationError as error:
            for fault in faults_of(error, given):
                yield Finding(resource.many, row["id"], str(fault))
            continue
        for name, value in stored.items():
            if row[name] != value:
                yield Finding(resource.many, row["id"], f"{name} is not what follows from the fact")


def _references_are_there(transaction: ReadTransaction, resource: Resource) -> Iterator[Finding]:
    for table, column, target in resource.ledger.references():
        there = LEDGER[target].current.alias()
        query = (
            select(table.c.id, table.c[column])
            .outerjoin(there, there.c.id == table.c[column])
            .where(table.c[column].is_not(None), there.c.id.is_(None))
        )
        for key, missing in transaction.connection.execute(query):
            yield Finding(resource.many, key, f"names {missing}, which is not in {target}")


def _members_are_lists(transaction: ReadTransaction, resource: Resource) -> Iterator[Finding]:
    """Compare the lists in the rows, and in their history, with the tables that search them."""
    ledger = resource.ledger
    for name, members in ledger.members.items():
        pairs = ((ledger.current, members.current), (ledger.history, members.history))
        for rows, links in pairs:
            found: dict[tuple[str, int], list[str]] = {}
            ordered = select(links).order_by(links.c.id, links.c.revision, links.c.position)
            for link in transaction.connection.execute(ordered).mappings():
                found.setdefault((link["id"], link["revision"]), []).append(link["member"])
            lists = select(rows.c.id, rows.c.revision, rows.c[name])
            for key, revision, listed in transaction.connection.execute(lists):
                if found.pop((key, revision), []) != listed:
                    yield Finding(resource.many, key, f"{name} is not found by its members")
            for key, _ in found:
                yield Finding(resource.many, key, f"{name} has members without a row")


def _history_is_unbroken(transaction: ReadTransaction, resource: Resource) -> Iterator[Finding]:
    """Look for versions of one row that held at the same time, or from no known revision."""
    current, history = resource.ledger.current, resource.ledger.history
    later = history.alias()
    overlap = select(history.c.id).join(
        later,
        (later.c.id == history.c.id)
        & (later.c.revision > history.c.revision)
        & (later.c.revision < history.c.until),
    )
    not_ended = select(history.c.id).join(
        current, (current.c.id == history.c.id) & (current.c.revision < history.c.until)
    )
    known = select(_revisions.c.id)
    unknown = select(history.c.id).where(
        or_(history.c.revision.not_in(known), history.c.until.not_in(known))
    )
    undated = select(current.c.id).where(current.c.revision.not_in(known))
    for query, problem in (
        (overlap, "two versions held at the same time"),
        (not_ended, "an old version held when the current one did"),
        (unknown, "a version is of a revision that is not known"),
        (undated, "is of a revision that is not known"),
    ):
        for key in transaction.connection.scalars(query.distinct()):
            yield Finding(resource.many, key, problem)


def _revisions_without_gaps(transaction: ReadTransaction) -> Iterator[Finding]:
    rows = transaction.connection.execute(
        select(_revisions.c.id, _revisions.c.recorded_at).order_by(_revisions.c.id)
    ).all()
    for place, (number, recorded_at) in enumerate(rows):
        if number != place:
            yield Finding("revisions", str(number), f"is the number {place} in the list")
        if place and recorded_at < rows[place - 1].recorded_at:
            yield Finding("revisions", str(number), "was recorded before the one before it")


def _counts_are_right(transaction: ReadTransaction) -> Iterator[Finding]:
    """Compare what each revision says that it did with the versions that it began and ended."""
    began: dict[int, int] = {}
    ended: dict[int, int] = {}
    for ledger in LEDGER.values():
        for column, counts in (
            (ledger.current.c.revision, began),
            (ledger.history.c.revision, began),
            (ledger.history.c.until, ended),
        ):
            query: Any = select(column, func.count()).group_by(column)
            for revision, count in transaction.connection.execute(query):
                counts[revision] = counts.get(revision, 0) + count
    for row in transaction.connection.execute(select(_revisions)).mappings():
        told = (row["added"] + row["changed"], row["changed"] + row["removed"])
        if told != (began.get(row["id"], 0), ended.get(row["id"], 0)):
            yield Finding("revisions", str(row["id"]), "its counts are not those of its rows")


def _restatements_end(transaction: ReadTransaction) -> Iterator[Finding]:
    """Look for sources that restate each other in a circle: nobody would be their witness."""
    sources = LEDGER["sources"].current.c
    query = select(sources.id, sources.restates).order_by(sources.id)
    rows = transaction.connection.execute(query)
    restates: dict[str, str | None] = {key: above for key, above in rows}  # noqa: C416
    for key, nearest in restates.items():
        seen, above = {key}, nearest
        while above is not None and above in restates and above not in seen:
            seen.add(above)
            above = restates[above]
        if above == key:
            yield Finding("sources", key, "restates itself by way of others")


def _replacements_hold(transaction: ReadTransaction) -> Iterator[Finding]:
    """Look for keys that have a row though they were replaced, or by what never was."""
    replaced = ReplacementRecord.__table__
    for resource in RESOURCES:
        current, history = resource.ledger.current, resource.ledger.history
        known = select(current.c.id).union_all(select(history.c.id))
        of_these = select(replaced.c.id, replaced.c.replaced_by).where(
            replaced.c.resource == resource.ledger.name
        )
        back = of_these.where(replaced.c.id.in_(select(current.c.id)))
        nowhere = of_these.where(replaced.c.replaced_by.not_in(known))
        for key, _ in transaction.connection.execute(back):
            yield Finding(resource.many, key, "has a row again though it was replaced")
        for key, new in transaction.connection.execute(nowhere):
            yield Finding(resource.many, key, f"was replaced by {new}, which never had a row")
