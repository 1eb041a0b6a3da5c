"""Importing: a table that others publish, by a mapping, as one revision or not at all.

Rows that cannot be understood are named and counted, never guessed at; where they are more than
may be, nothing is loaded. A newer release of the same table supersedes what changed.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError

from app.exchange.import_report import Asked, Report, TooManyRejects
from app.exchange.kept_keys import KeptKeys
from app.exchange.mapped_rows import MappedRows, Refused, Reject
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.organisations import Organisations
from app.exchange.tables import BadRow, Table, UnreadableTable
from app.kit.countries import GROUPS
from app.kit.errors import faults_of
from app.resources.ai_models import AI_MODELS, AIModelFact
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES, CountryFact
from app.resources.resource import Entry
from app.resources.sources import SOURCES, SourceFact
from app.storage.database import Database
from app.storage.ledger import LedgerRefusal, StoredRow, Writing

_BATCH = 1_000
_KEYS_ARE_CODES = {"countries", "sources"}


class _OnlyTried(Exception):
    """Ends a revision that was not to be kept."""


def import_table(
    database: Database, table: Table, mapping: TableMapping, asked: Asked, *, name: str
) -> Report:
    """Load a table that is open, from a file of this name.

    Raises UnreadableTable, UnusableMapping or TooManyRejects, and then nothing is loaded.
    """
    _refuse_unfit(mapping, table, asked)
    source = _source(mapping, asked, name)
    key = source.id if source else asked.source or ""
    report = Report(mapping.name, mapping.resource.many, key)
    message = asked.message or f"{mapping.content.title}: {name}"
    try:
        with database.write(author=asked.author, message=message, origin=mapping.name) as writing:
            _Import(writing, table, mapping, asked, source, report).run()
            report.added, report.changed = writing.added, writing.changed
            report.removed = writing.removed
            if asked.dry_run:
                raise _OnlyTried  # noqa: TRY301  (it undoes the revision)
        if report.added or report.changed or report.removed:
            report.revision = writing.revision
    except _OnlyTried:
        pass
    except LedgerRefusal as refusal:
        raise UnreadableTable(f"cannot be loaded as it is: {refusal}") from None
    return report


class _Import:
    """One import in the making."""

    def __init__(
        self,
        writing: Writing,
        table: Table,
        mapping: TableMapping,
        asked: Asked,
        source: SourceFact | None,
        report: Report,
    ) -> None:
        self._writing = writing
        self._table = table
        self._mapping = mapping
        self._asked = asked
        self._source = source
        self._report = report
        self._resource = mapping.resource
        self._lines: dict[str, int] = {}
        self._groups: set[str] = set()
        columns = tuple(COMPANIES.fact.model_fields)
        known = writing.rows(COMPANIES.ledger, columns)
        self._organisations = Organisations(known, report.source)
        self._keys = self._kept_keys() if self._resource is AI_MODELS else None
        self._rows = MappedRows(mapping, table.header, asked.answers, self._organisations)

    def _kept_keys(self) -> KeptKeys:
        rows = self._writing.rows(AI_MODELS.ledger, ("id", "name", "source"))
        return KeptKeys({r["name"]: r["id"] for r in rows if r["source"] == self._report.source})

    def run(self) -> None:
        """Write the source, the facts, and what they name."""
        report, writing = self._report, self._writing
        if self._source:
            self._write_source(self._source)
        elif report.source:
            self._require_source(report.source)
        writing.put(self._resource.ledger, self._facts())
        self._write_groups()
        if self._organisations.made and not report.source:
            raise UnusableMapping(
                f"{report.mapping}: rows name companies that are new; say who names them, by "
                "--source KEY"
            )
        companies = [fact.stored() for fact in self._organisations.facts()]
        writing.put(COMPANIES.ledger, companies)
        self._write_named_models()
        missing = self._asked.missing or self._mapping.content.missing
        if missing == "remove":
            self._remove_missing()
        report.skipped = self._rows.skipped
        report.unused_columns = self._rows.unused
        report.companies_made = self._organisations.made
        report.merged = self._organisations.merged
        report.spellings = self._organisations.spellings

    def _facts(self) -> Iterator[StoredRow]:
        """Yield the rows to store; enter what is refused, and end where that is too much."""
        read = self._read()
        while batch := list(islice(read, _BATCH)):
            others: set[str] = set()
            if "source" in self._resource.fact.model_fields and self._report.source:
                keys = [row["id"] for _, row in batch]
                others = self._writing.keys_of_others(
                    self._resource.ledger, keys, self._report.source
                )
            for line, row in batch:
                if row["id"] in others:
                    self._reject(line, "id", row["id"], "a key that no other source's fact has")
                    continue
                self._report.facts += 1
                yield row

    def _read(self) -> Iterator[tuple[int, StoredRow]]:
        fact = self._resource.fact
        fixed = {"source": self._report.source} if "source" in fact.model_fields else {}
        for row in self._table.rows:
            self._report.rows += 1
            if isinstance(row, BadRow):
                self._reject(row.line, row.column, row.found, row.fault)
                continue
            try:
                for values in self._rows.read(row):
                    given = {**fixed, **values}
                    if self._is_known_elsewhere(given.get("id")):
                        continue
                    stored = self._checked(fact, given).stored()
                    if self._keys:
                        stored["id"] = self._keys.of(stored["name"], stored["id"])
                    self._enter(stored["id"], row.line)
                    if stored.get("country") in GROUPS:
                        self._groups.add(stored["country"])
                    yield row.line, stored
            except Refused as refused:
                self._reject(row.line, refused.column, refused.found, refused.expected)

    def _enter(self, key: str, line: int) -> None:
        """Note the line of a key. Raises Refused where another has it."""
        if first := self._lines.get(key):
            raise Refused("id", key, f"a key of its own: line {first} has it")
        self._lines[key] = line

    def _checked(self, fact: type[Entry], given: dict[str, Any]) -> Entry:
        try:
            return fact.model_validate(given)
        except ValidationError as error:
            fault = faults_of(error)[0]
            found = given.get(fault.name or "", "")
            raise Refused(
                fault.name or "", str(found), _words(fault.message, fault.allowed)
            ) from None

    def _is_known_elsewhere(self, key: str | None) -> bool:
        """Return whether a row describes a company that another source has described."""
        if self._resource is not COMPANIES:
            return False
        return self._organisations.belongs_to_another_source(key)

    def _reject(self, line: int, column: str, found: str, expected: str) -> None:
        kind = f"{column}: {expected}" if column else expected
        self._report.reject(Reject(line, column, found, expected), kind.partition(" (")[0])
        if self._report.rejected > self._asked.max_rejects:
            raise TooManyRejects(self._report, self._asked.max_rejects)

    def _write_source(self, source: SourceFact) -> None:
        """Write the source where it is new, or came out again; leave it as it is otherwise."""
        columns = tuple(SourceFact.model_fields)
        known = {row["id"]: row for row in self._writing.rows(SOURCES.ledger, columns)}
        if source.id in known:
            published = source.published or known[source.id]["published"]
            source = SourceFact(**{**known[source.id], "published": published})
        self._writing.put(SOURCES.ledger, [source.stored()])

    def _require_source(self, key: str) -> None:
        if key not in {row["id"] for row in self._writing.rows(SOURCES.ledger, ("id",))}:
            raise UnusableMapping(
                f"{self._report.mapping}: there is no source {key} here: load it first, in a pack "
                "or a table of sources"
            )

    def _write_groups(self) -> None:
        known = {row["id"] for row in self._writing.rows(COUNTRIES.ledger, ("id",))}
        made = sorted(self._groups - known)
        facts = [CountryFact(id=code, name=GROUPS[code], kind="group") for code in made]
        self._writing.put(COUNTRIES.ledger, [fact.stored() for fact in facts])
        self._report.groups_made = made

    def _write_named_models(self) -> None:
        """Make the AI models that rows refer to and that are neither there nor in the table."""
        named = self._rows.named_models
        if not named:
            return
        known = {row["id"] for row in self._writing.rows(AI_MODELS.ledger, ("id",))}
        if self._resource is AI_MODELS:
            known |= self._lines.keys()
        made = [
            AIModelFact(id=key, name=name, kind="model", source=self._report.source)
            for key, name in named.items()
            if key not in known
        ]
        self._writing.put(AI_MODELS.ledger, [fact.stored() for fact in made])
        self._report.models_made = len(made)
        self._lines |= {fact.id: 0 for fact in made} if self._resource is AI_MODELS else {}

    def _remove_missing(self) -> None:
        """Remove the source's rows that the table no longer has."""
        rows = self._writing.rows(self._resource.ledger, ("id", "source"))
        own = (row["id"] for row in rows if row["source"] == self._report.source)
        gone = [key for key in own if key not in self._lines]
        self._writing.remove(self._resource.ledger, gone)


def _refuse_unfit(mapping: TableMapping, table: Table, asked: Asked) -> None:
    """Raise UnusableMapping where the table is not for the mapping, or an answer is missing."""
    content = mapping.content
    lacking = [name for name in content.file.columns if not mapping.heading(name, table.header)]
    if lacking:
        raise UnusableMapping(
            f"{mapping.name}: the file has no column {', '.join(lacking)}; it has: "
            f"{', '.join(table.header[:20])}"
        )
    for name, question in content.ask.items():
        if name not in asked.answers:
            raise UnusableMapping(
                f"{mapping.name}: say what the file does not: {question.about} "
                f"(--set {name}={question.example})"
            )
    for name in asked.answers:
        if name not in content.ask:
            allowed = ", ".join(content.ask) or "nothing"
            raise UnusableMapping(f"{mapping.name}: asks for {allowed}, and not for {name}")


def _source(mapping: TableMapping, asked: Asked, name: str) -> SourceFact | None:
    """Return the source of the facts. Raises UnusableMapping where nobody says which it is."""
    if mapping.content.resource in _KEYS_ARE_CODES:
        return None
    mark = mapping.content.source
    if mark is None:
        if asked.source or "source" in mapping.content.fields:
            return None
        raise UnusableMapping(f"{mapping.name}: say whose figures they are, by --source KEY")
    published = asked.published or mark.published
    if published is None and mark.published_in_name:
        match = re.search(mark.published_in_name, name)
        published = match[1] if match else None
    try:
        return SourceFact(
            id=asked.source or mark.id,
            kind=mark.kind,
            publisher=mark.publisher,
            title=mark.title,
            published=published,
            url=mark.url,
            licence=mark.licence,
            note=mark.note,
        )
    except ValidationError as error:
        raise UnusableMapping(f"{mapping.name}: source: {faults_of(error)[0]}") from None


def _words(message: str, allowed: Iterable[str]) -> str:
    few = ", ".join(list(allowed)[:5])
    return f"{message} (such as {few})" if few else message
