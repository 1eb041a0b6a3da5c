"""Importing: a table that others publish, by a mapping, as one revision or not at all.

Rows that cannot be understood are named and counted, never guessed at; where they are more than
may be, nothing is loaded. A newer release of the same table supersedes what changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.exchange.checked_beside import beside
from app.exchange.checked_rows import CheckedRows
from app.exchange.followed_countries import changed_countries, let_rounds_follow
from app.exchange.followed_keys import FollowedKeys
from app.exchange.former_keys import former_keys
from app.exchange.import_report import Asked, Report, TooManyRejects
from app.exchange.kept_columns import kept_columns
from app.exchange.kept_keys import KeptKeys, StatedKeys
from app.exchange.mapped_rows import MappedRows
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.named_models import NamedAIModels
from app.exchange.organisations import Organisations
from app.exchange.parts import Part
from app.exchange.rejects import Reject
from app.exchange.source_notes import is_of_known_alone
from app.exchange.stated_source import StatedSource, newest_day, source_of
from app.exchange.tables import Table, UnreadableTable
from app.kit.countries import GROUPS
from app.kit.text import nearest
from app.resources.ai_models import AI_MODELS, AIModelFact
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES, CountryFact
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES, SourceFact
from app.storage.batches import Batch, Form, StoredRow
from app.storage.database import Database
from app.storage.ledger import Writing
from app.storage.records import LedgerTable
from app.storage.refusals import LedgerRefusal


def import_table(
    database: Database, table: Table, mapping: TableMapping, asked: Asked, *, name: str
) -> Report:
    """Load a table that is open, from a file of this name.

    Raises UnreadableTable, UnusableMapping or TooManyRejects, and then nothing is loaded.
    """
    _refuse_unfit(mapping, table, asked)
    source = source_of(mapping, asked, name)
    key = source.id if source else asked.source or ""
    report = Report(mapping.name, mapping.resource.many, key)
    only = f" (only rows whose {asked.only_known} is known here)" if asked.only_known else ""
    message = asked.message or f"{mapping.content.title}: {name}{only}"
    try:
        with database.write(
            author=asked.author,
            message=message,
            origin=mapping.name,
            is_alone=asked.is_alone,
            dry_run=asked.dry_run,
        ) as writing:
            _Import(writing, table, mapping, asked, source, report).run()
            report.added, report.changed = writing.added, writing.changed
            report.removed = writing.removed
    except LedgerRefusal as refusal:
        raise UnreadableTable(f"cannot be loaded as it is: {refusal}") from None
    if writing.differs and not asked.dry_run:
        report.revision = writing.revision
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
        replaced = writing.replaced()
        gone = replaced.get(SOURCES.ledger.name, {})
        report.source = gone.get(report.source, report.source)
        self._writing = writing
        self._table = table
        self._mapping = mapping
        self._asked = asked
        self._is_stated = False
        """Whether a row states it: a source that none states is left out."""

        self._report = report
        self._resource = mapping.resource
        # Rows of organisations that are not known are in the table all the same.
        usual = "keep" if asked.only_known else mapping.content.missing
        self._removes = (asked.missing or usual) == "remove"
        self._source = self._stated_source(source, gone) if source else None
        self._require_own_rows()
        self._newest_here = self._newest_of_own()
        self._keys: set[str] = set()
        """The keys of the rows of the table, where rows that it lacks are removed."""

        self._named_models: set[str] = set()
        """The AI models that facts name: one that only a refused row names is none to make."""

        self._unknown = 0
        """How many rows of it have a key that nothing says."""

        known = writing.rows(COMPANIES.ledger, tuple(COMPANIES.fact.model_fields))
        of_companies = replaced.get(COMPANIES.ledger.name, {})
        organisations = Organisations(known, report.source, of_companies)
        self._countries = organisations.countries
        models = list(self._models())
        of_models = replaced.get(AI_MODELS.ledger.name, {})
        named = NamedAIModels(
            models,
            report.source,
            of_models,
            are_described=self._resource is AI_MODELS,
            only_own=mapping.template_of_models is not None,
        )
        rows = MappedRows(
            mapping,
            table.header,
            asked.answers,
            organisations,
            named,
            only_known=asked.only_known,
            dated_by=self._source.dated_by if self._source else None,
            table_format=table.format,
            former=former_keys(writing, mapping, replaced, report.source),
        )
        self._kept = kept_columns(writing, mapping)
        self._checked = CheckedRows(
            table,
            self._resource,
            rows,
            organisations,
            named,
            dialect=writing.dialect,
            source=report.source,
            keys=self._keys_of_models(models, of_models),
            followed=FollowedKeys(replaced, self._resource.ledger, self._keys_of_others()),
            kept=self._kept,
        )
        self._unused_columns = rows.unused
        self._tells_countries = self._resource is COMPANIES or rows.tells_countries

    def _stated_source(self, source: SourceFact, gone: Mapping[str, str]) -> StatedSource:
        fact = source.model_copy(update={"id": self._report.source})
        sources = self._writing.rows(SOURCES.ledger, tuple(SourceFact.model_fields))
        here = {row["id"]: row for row in sources}
        has_all = bool(self._asked.only_known) and self._has_all(here.get(fact.id))
        return StatedSource(fact, self._mapping, here, gone, has_all=has_all)

    def _has_all(self, before: StoredRow | None) -> bool:
        """Return whether rows of the source are here that were loaded without leaving any out."""
        if before is None or is_of_known_alone(before, self._resource.many):
            return False
        return self._asked.missing != "remove" and any(self._own_rows("id"))

    def _newest_of_own(self) -> str | None:
        """Return the newest day of the source's rows, where rows may go as the table lacks them.

        Only where nobody says when the table came out: its own newest rows are told by then.
        """
        field = self._source.dated_by if self._source and self._removes else None
        if field is None:
            return None
        return newest_day(row[field] for row in self._own_rows(field))

    def _models(self) -> Iterator[StoredRow]:
        """Yield the AI models that are known, where rows describe or name such."""
        if self._resource is AI_MODELS or self._mapping.naming_models:
            yield from self._writing.rows(AI_MODELS.ledger, ("id", "name", "aliases", "source"))

    def _keys_of_models(
        self, models: Iterable[StoredRow], replaced: Mapping[str, str]
    ) -> KeptKeys | None:
        """Return the keys of AI models that rows describe, None where they describe none."""
        if self._resource is not AI_MODELS:
            return None
        if self._mapping.states_keys:
            return StatedKeys()
        own = self._report.source
        keys = {one["name"]: one["id"] for one in models if one["source"] == own}
        return KeptKeys(keys, replaced)

    def _require_own_rows(self) -> None:
        """Raise UnusableMapping where nobody can say which rows a table lacks."""
        if not self._removes:
            return
        if "source" not in self._resource.fact.model_fields:
            raise UnusableMapping(
                f"{self._mapping.name}: rows that are missing are removed where a source states "
                f"them; {self._resource.many} have none, so keep them (--missing keep)"
            )
        if not self._report.source:
            raise UnusableMapping(
                f"{self._mapping.name}: say whose rows are removed where they are missing, by "
                "--source KEY"
            )

    def run(self) -> None:
        """Write the facts, their source, and what they name."""
        report, writing = self._report, self._writing
        if report.source and not self._source:
            self._require_source(report.source)
        with beside(self._checked, self._table) as checked:
            writing.put_tables(self._tables(checked.parts()))
            named = checked.named()
            report.told = named.told
            if report.told.companies_made and not report.source:
                raise UnusableMapping(
                    f"{report.mapping}: rows name companies that are new; say who names them, by "
                    "--source KEY"
                )
            self._note_stated(named.companies)
            writing.put_batches(COMPANIES.ledger, [named.companies])
        if self._source:
            report.older = self._source.older_than(named.newest, self._newest_here)
            if self._is_stated:
                self._source.write(writing, report, self._asked, named.newest)
        self._write_named_models(named.models)
        if self._resource is AI_MODELS:
            self._keys.update(named.may_be_named)
        if self._removes and (not report.older or self._asked.missing == "remove"):
            self._remove_missing()
        report.unused_columns = self._unused_columns
        if self._tells_countries and writing.differs:
            self._let_countries_follow()
        if report.told.gone_on:
            writing.note_replaced({COMPANIES.ledger.name: report.told.gone_on})

    def _let_countries_follow(self) -> None:
        """Let rows that have the countries of companies from there have those that are known now.

        Not where the table has such rows itself, which were written with what was known before.
        """
        gone_on = self._report.told.gone_on
        changed = changed_countries(self._writing, self._countries, gone_on)
        self._report.countries = {key: changed[key] for key in changed if key not in gone_on}
        if changed and self._resource is not FUNDING:
            found = let_rounds_follow(self._writing, changed, gone_on)
            self._report.followed, self._report.not_followed = found

    def _tables(self, parts: Iterable[Part]) -> Iterator[tuple[LedgerTable, Batch]]:
        """Yield what to store; enter what is refused, and end where that is too much."""
        for part in parts:
            for read, reject in part.rejects:
                self._report.rows = read
                self._reject(reject)
            self._report.rows = part.read
            self._report.leave_out(part.left_out)
            facts = part.facts
            if self._removes:
                self._keys.update(part.lines)
                self._keys.update(part.refused)
                self._unknown += part.unknown
            self._report.facts += len(facts.values)
            if self._kept and self._kept.are_of(part.lines):
                self._report.kept_columns = self._kept.names
            self._note_models(facts)
            self._note_stated(facts, part.companies)
            self._write_groups(part.groups)
            yield COMPANIES.ledger, part.companies
            yield self._resource.ledger, facts

    def _note_models(self, facts: Batch) -> None:
        for name in self._mapping.naming_models:
            if name in facts.members:
                self._named_models.update(member for _, _, member in facts.members[name])
            elif facts.values:
                place = Form(self._writing.dialect, self._resource.ledger).columns.index(name)
                self._named_models.update(row[place] for row in facts.values if row[place])

    def _keys_of_others(self) -> frozenset[str]:
        """Return the keys that rows may not have; a company of another source is left as it is."""
        is_stated = "source" in self._resource.fact.model_fields and self._report.source
        if self._resource is COMPANIES or not is_stated:
            return frozenset()
        return self._writing.keys_of_others(self._resource.ledger, self._report.source)

    def _reject(self, reject: Reject) -> None:
        self._report.reject(reject)
        if self._report.rejected > self._asked.max_rejects:
            raise TooManyRejects(self._report, self._asked.max_rejects)

    def _note_stated(self, *batches: Batch) -> None:
        self._is_stated = self._is_stated or any(batch.values for batch in batches)

    def _require_source(self, key: str) -> None:
        if not self._writing.with_rows(SOURCES.ledger, [key]):
            raise UnusableMapping(
                f"{self._report.mapping}: there is no source {key} here: load it first, in a pack "
                "or a table of sources"
            )

    def _write_groups(self, codes: set[str]) -> None:
        if not codes:
            return
        made = codes - self._writing.with_rows(COUNTRIES.ledger, codes)
        facts = [CountryFact(id=code, name=GROUPS[code], kind="group") for code in made]
        self._writing.put(COUNTRIES.ledger, [fact.stored() for fact in facts])
        self._report.groups_made = sorted({*self._report.groups_made, *made})

    def _write_named_models(self, named: Mapping[str, str]) -> None:
        """Make the AI models that rows refer to and that are neither there nor in the table."""
        if not self._named_models:
            return
        lacking = self._named_models - self._writing.with_rows(AI_MODELS.ledger, self._named_models)
        new = {key: name for key, name in named.items() if key in lacking}
        if new and not self._report.source:
            raise UnusableMapping(
                f"{self._report.mapping}: rows name AI models that are new; say who names them, by "
                "--source KEY"
            )
        made = [
            AIModelFact(id=key, name=name, kind="model", source=self._report.source)
            for key, name in new.items()
        ]
        self._writing.put(AI_MODELS.ledger, [fact.stored() for fact in made])
        self._report.models_made = len(made)

    def _remove_missing(self) -> None:
        """Remove the source's rows that the table no longer has, if it is known which these are.

        Those of which something else was said when they were loaded are of another table, and so
        are those that came by another mapping or a pack, unless it was asked to remove all. Those
        that other rows name stay. A table that has no row is none that has fewer than before.
        """
        self._report.kept_missing = bool(self._unknown) or not self._keys
        if self._report.kept_missing:
            return
        own = list(self._own_rows("id", *self._mapping.asked_in_keys))
        gone = [row for row in own if row["id"] not in self._keys]
        if self._mapping.asked_in_keys:
            of_table = {self._said(row) for row in own if row["id"] in self._keys}
            gone = [row for row in gone if self._said(row) in of_table]
        keys = {row["id"] for row in gone}
        table, report = self._resource.ledger, self._report
        if self._asked.missing is None:
            report.of_others = self._writing.of_other_origins(table, keys, self._mapping.name)
        report.kept_named = self._writing.named_beside(table, keys - report.of_others)
        self._writing.remove(table, sorted(keys - report.of_others - report.kept_named))

    def _own_rows(self, *columns: str) -> Iterator[StoredRow]:
        """Yield columns of the rows that the source has by now."""
        return self._writing.rows(self._resource.ledger, columns, source=self._report.source)

    def _said(self, row: StoredRow) -> tuple[Any, ...]:
        """Return what was asked for, when a row was loaded, that tells its table from others."""
        return tuple(row[name] for name in self._mapping.asked_in_keys)


def _refuse_unfit(mapping: TableMapping, table: Table, asked: Asked) -> None:
    """Raise UnusableMapping where the table is not for the mapping, or an answer is missing."""
    content = mapping.content
    lacking = [name for name in content.file.columns if not mapping.heading(name, table.header)]
    if lacking:
        raise UnusableMapping(
            f"{mapping.name}: the file has no column {', '.join(lacking)}; it has: "
            f"{', '.join(table.header[:20])}"
        )
    for name in asked.answers:
        if name not in content.ask:
            allowed = ", ".join(content.ask) or "nothing"
            near = nearest(name, content.ask)
            hint = f"; did you mean {near}?" if near else ""
            raise UnusableMapping(f"{mapping.name}: asks for {allowed}, and not for {name}{hint}")
    for name, question in content.ask.items():
        if name not in asked.answers:
            raise UnusableMapping(
                f"{mapping.name}: say what the file does not: {question.about} "
                f"(--set {name}={question.example})"
            )
