"""Rows as they stood: now, at a revision, or in every version they ever had."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from app.storage.columns import TextList, Whole
from app.storage.records import LEDGER, LedgerTable, RevisionRecord, Through
from app.storage.replacements import replaced_in

LICENCE = "licence"
"""What is known of each row that a source states, beside its own columns."""

OfLicence = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""A condition on a licence."""

_revisions = RevisionRecord.__table__


class TextListOf(GenericFunction[list[str]]):
    """The SQL aggregate that collects texts, in the order of a second column, as a TextList."""

    type = TextList()
    inherit_cache = True


@compiles(TextListOf, "sqlite")
def _on_sqlite(element: TextListOf, compiler: SQLCompiler, **options: Any) -> str:
    value, position = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_group_array({value} ORDER BY {position})"


@compiles(TextListOf, "postgresql")
def _on_postgresql(element: TextListOf, compiler: SQLCompiler, **options: Any) -> str:
    value, position = (compiler.process(clause, **options) for clause in element.clauses)
    members = f"string_agg(to_json({value})::text, ',' ORDER BY {position})"
    return f"'[' || coalesce({members}, '') || ']'"


@dataclass(frozen=True)
class Rows:
    """Rows of one ledgered table: what to select from, and the time at which they held.

    `at` is the revision at which other tables are looked up beside these rows: a number, the
    revision of each row itself, or None where all of it is current.
    """

    table: LedgerTable
    source: FromClause
    at: int | ColumnElement[int] | None

    def column(self, name: str) -> ColumnElement[Any]:
        """Return a column of the rows, a derived list, or what else is known of each row.

        That is the instant it was recorded at and, of a version, the key that replaced its own.
        """
        if name == "recorded_at":
            recorded_at = select(_revisions.c.recorded_at)
            mine = recorded_at.where(_revisions.c.id == self.source.c.revision)
            return mine.correlate(self.source).scalar_subquery().label(name)
        if name == "replaced_by":  # of versions only: the others have no end
            found = replaced_in(self.table.name, self.source.c.id, self.source.c.until)
            return found.label(name)
        if name == LICENCE and name not in self.source.c:
            return self._licence().label(name)
        if name in self.table.derived:
            return self._collected(self.table.derived[name]).label(name)
        return self.source.c[name]

    def select(self, names: Sequence[str]) -> Select[Any]:
        """Return a query for these columns of the rows."""
        return select(*(self.column(name) for name in names)).select_from(self.source)

    def has_member(self, name: str, values: Sequence[str]) -> ColumnElement[bool]:
        """Return whether a list column, or a derived one, has any of the values."""
        if through := self.table.derived.get(name):
            found, value = self._linked(through)
        else:
            links = self._links(name)
            found, value = select(links.c.id).where(*self._mine(links)), links.c.member
        found = found.with_only_columns(literal(1))
        return found.where(value.in_(values)).correlate(self.source).exists()

    def keys_with_member(self, name: str, values: Sequence[str]) -> Select[Any]:
        """Return a query of the keys of current rows whose list column has any of the values."""
        links = self._links(name)
        return select(links.c.id).where(links.c.member.in_(values))

    def sources(self, condition: OfLicence) -> Select[Any]:
        """Return a query of the keys of the sources whose licence meets a condition.

        The licences are those at the time that the rows are looked at.
        """
        sources, held = self._sources()
        found = select(sources.c.id).where(condition(sources.c.licence), *held)
        return found.correlate(self.source)

    def pairs(self, name: str, licence: OfLicence | None = None) -> Select[Any]:
        """Return what a derived list is made of: `id`, `revision`, `value`, `position`, `told`.

        Each value stands once, and null once where some of the rows referred to have none. `told`
        is the newest revision of the rows that have the value. With a condition on licences, what
        is stated by a source without such a licence has no value.
        """
        through = self.table.derived[name]
        links, others, joined = self._joined(through, licence)
        value = others.c[through.column]
        position = func.min(links.c.position)
        return (
            select(
                self.source.c.id,
                self.source.c.revision,
                value.label("value"),
                position.label("position"),
                func.max(others.c.revision).label("told"),
            )
            .where(*self._mine(links), *joined)
            .group_by(self.source.c.id, self.source.c.revision, value)
        )

    def naming(self, name: str) -> Select[Any]:
        """Return what a column or a list names: `key`, and `source`, the first whose rows do."""
        source = func.min(self.source.c.source).label("source")
        if name in self.table.members:
            links = self._links(name)
            query = select(links.c.member.label("key"), source).where(*self._mine(links))
            return query.group_by(links.c.member)
        key = self.source.c[name]
        return select(key.label("key"), source).where(key.is_not(None)).group_by(key)

    def told_by_others(self, name: str, licence: OfLicence | None = None) -> Select[Any]:
        """Return what rows of other sources bring into a derived list, each combination once.

        That is `source`, which states the list, `value`, and `other`, which states the value.
        """
        through = self.table.derived[name]
        links, others, joined = self._joined(through, licence)
        value, mine = others.c[through.column], self.source.c.source
        query = select(mine, value.label("value"), others.c.source.label("other")).distinct()
        is_told = value.is_not(None), others.c.source != mine
        return query.where(*self._mine(links), *joined, *is_told)

    def _mine(self, links: FromClause) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        mine = self.source.c
        return links.c.id == mine.id, links.c.revision == mine.revision

    def _links(self, name: str) -> FromClause:
        members = self.table.members[name]
        if self.at is None:
            return members.current
        return union_all(select(*members.current.c), select(*members.history.c)).subquery()

    def _linked(self, through: Through) -> tuple[Select[Any], ColumnElement[Any]]:
        """Return a query of the rows behind a list column, and the column asked of them."""
        links, others, joined = self._joined(through)
        value = others.c[through.column]
        query = select(value.label("value"), func.min(links.c.position).label("position"))
        return query.where(*self._mine(links), *joined, value.is_not(None)), value

    def _joined(
        self, through: Through, licence: OfLicence | None = None
    ) -> tuple[FromClause, FromClause, list[ColumnElement[bool]]]:
        """Return the members of a list column, the rows they refer to, and what joins the two."""
        links = self._links(through.members)
        target = LEDGER[self.table.members[through.members].target or ""]
        others: FromClause = target.current
        if self.at is not None:
            others = _all_versions(target).subquery()
        if licence:
            others = self._stated(others, through.column, licence)
        held: list[ColumnElement[bool]] = []
        if self.at is not None:
            held = [others.c.revision <= self.at, _holds_after(others, self.at)]
        return links, others, [others.c.id == links.c.member, *held]

    def _stated(self, rows: FromClause, name: str, licence: OfLicence) -> FromClause:
        """Return rows whose column is null where their source has no such licence."""
        is_stated = rows.c.source.in_(self.sources(licence))
        stated = case((is_stated, rows.c[name])).label(name)
        return select(*(column for column in rows.c if column.name != name), stated).subquery()

    def _licence(self) -> ColumnElement[str]:
        """Return the licence of the source of each row, as it was when the row is looked at."""
        sources, held = self._sources()
        found = select(sources.c.licence).where(sources.c.id == self.source.c.source, *held)
        return found.correlate(self.source).scalar_subquery()

    def _sources(self) -> tuple[FromClause, list[ColumnElement[bool]]]:
        """Return the sources, and what says which versions of them held at that time."""
        table = LEDGER["sources"]
        if self.at is None:
            return table.current, []
        sources = _all_versions(table).subquery()
        return sources, [sources.c.revision <= self.at, _holds_after(sources, self.at)]

    def _collected(self, through: Through) -> ColumnElement[list[str]]:
        query, value = self._linked(through)
        each = query.group_by(value).correlate(self.source).subquery()
        return select(TextListOf(each.c.value, each.c.position)).scalar_subquery()


def current_rows(table: LedgerTable) -> Rows:
    """Return the rows as they stand."""
    return Rows(table, table.current, None)


def rows_as_of(table: LedgerTable, revision: int) -> Rows:
    """Return the rows as they stood at a revision."""
    current, history = table.current, table.history
    stood = union_all(
        select(*current.c).where(current.c.revision <= revision),
        select(*(history.c[column.name] for column in current.c)).where(
            history.c.revision <= revision, history.c.until > revision
        ),
    )
    return Rows(table, stood.subquery(f"{table.name}_as_of"), revision)


def versions_until(
    table: LedgerTable, revision: int, ids: Sequence[str], *, as_ended: bool = False
) -> Rows:
    """Return every version of the rows of these keys that was known at a revision.

    They have one more column, `until`: the revision that superseded or removed the version,
    null where it still held. What is worked out from other rows is as each version began or,
    with `as_ended`, as it was when it last held.
    """
    known = _all_versions(table, ids).subquery()
    until = case((known.c.until <= revision, known.c.until))
    others = (column for column in known.c if column.name != "until")
    versions = select(*others, until.label("until")).where(known.c.revision <= revision)
    source = versions.subquery(f"{table.name}_versions")
    ended = func.coalesce(source.c.until, revision + 1) - 1
    return Rows(table, source, ended if as_ended else source.c.revision)


def _all_versions(table: LedgerTable, ids: Sequence[str] | None = None) -> CompoundSelect[Any]:
    current = select(*table.current.c, cast(null(), Whole).label("until"))
    history = select(*table.history.c)
    if ids is not None:
        current = current.where(table.current.c.id.in_(ids))
        history = history.where(table.history.c.id.in_(ids))
    return union_all(current, history)


def _holds_after(rows: FromClause, at: int | ColumnElement[int]) -> ColumnElement[bool]:
    return or_(rows.c.until.is_(None), rows.c.until > at)
