"""The rows of a table, mapped and checked, and what they name: all that may be loaded of it.

Nothing here touches a database: what must be known of it is given. Rows are mapped and checked by
column, a few hundred at a time; where something of them is refused, one by one, to say what.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from pydantic import ValidationError
from sqlalchemy.engine import Dialect

from app.exchange.followed_keys import FollowedKeys
from app.exchange.kept_columns import KeptColumns
from app.exchange.kept_keys import KeptKeys
from app.exchange.mapped_rows import MappedRows
from app.exchange.named_models import NamedAIModels
from app.exchange.new_companies import NewCompanies
from app.exchange.organisations import Organisations, Standing
from app.exchange.parts import Gathered, Named, Part, Told
from app.exchange.places import Columns, Places
from app.exchange.rejects import Refused, Reject, Waits
from app.exchange.tables import BadRow, Row, Table, UnreadableTable
from app.kit.countries import GROUPS
from app.kit.errors import NotAllowed, faults_of
from app.resources.companies import COMPANIES
from app.resources.entry_columns import EntryColumns
from app.resources.resource import Resource, list_names
from app.storage.batches import Batch, Form, StoredColumns, StoredRow

_FEW = 250
_BASES = "based_on"
"""The field of an AI model that names other ones."""


class CheckedRows:
    """The rows of an open table by a mapping: first all parts, then what they named."""

    def __init__(
        self,
        table: Table,
        resource: Resource,
        rows: MappedRows,
        organisations: Organisations,
        models: NamedAIModels,
        *,
        dialect: Dialect,
        source: str,
        keys: KeptKeys | None,
        followed: FollowedKeys,
        kept: KeptColumns | None,
    ) -> None:
        """Take what the database knows: organisations, AI models, and the keys of these by name."""
        fact = resource.fact
        self._table = table
        self._rows = rows
        self._organisations = organisations
        self._models = models
        self._describes = resource is COMPANIES
        self._keys = keys
        self._followed = followed
        self._kept = kept
        self._fact = fact
        self._source = source if "source" in fact.model_fields else None
        # A list that is not given costs pydantic a deep copy of the default, half of all it does.
        given: dict[str, Any] = {
            name: [] for name in list_names(fact) if fact.model_fields[name].default == []
        }
        self._given = given if self._source is None else {**given, "source": source}
        beside = () if self._source is None else ("source",)
        fields = dict.fromkeys([*rows.fields, *beside, *(kept.names if kept else ())])
        self._columns = EntryColumns(fact, tuple(fields), of_cells=False)
        self._form = Form(dialect, resource.ledger)
        # Nobody states what is known of companies where no source is given.
        self._companies = NewCompanies(organisations, dialect) if source else None
        self._may_say_more = rows.tells_countries
        self._heeds_addresses = self._describes or rows.names_by_address
        self._held: list[tuple[StoredRow, Row, Places, Standing]] = []
        """AI models that others are made from: which ones these are is known after the last row."""

        self._waiting: list[Row] = []
        """Rows of companies of which it is known after the last one who they are here."""

        self._read = 0
        self._lines: dict[str, int] = {}
        self._groups: set[str] = set()
        self._named: set[str] = set()
        """The companies that facts name: one that only a refused row names is none to make."""

        self._naming = [
            name for name, target in resource.ledger.naming() if target == COMPANIES.ledger.name
        ]

    def parts(self) -> Iterator[Part]:
        """Yield what comes of the rows, some at once.

        Raises UnreadableTable, after what was refused till then.
        """
        gathered = Gathered()
        try:
            for run in _runs(self._table.rows):
                if isinstance(run, BadRow):
                    self._read += 1
                    reject = Reject(run.line, run.column, run.found, run.fault)
                    gathered.rejects.append((self._read, reject))
                    gathered.unknown += 1
                elif not self._add_at_once(run, gathered):
                    self._add_one_by_one(run, gathered)
                if gathered.is_full:
                    yield self._part(gathered)
                    gathered = Gathered()
        except UnreadableTable:
            yield self._part(Gathered(rejects=gathered.rejects))
            raise
        self._organisations.all_are_read()
        self._read -= len(self._waiting)
        for row in self._waiting:
            self._add_one_by_one([row], gathered)
        for held in self._held:
            self._add_held(*held, gathered)
            if gathered.is_full:
                yield self._part(gathered)
                gathered = Gathered()
        yield self._part(gathered)

    def named(self) -> Named:
        """Return what the rows named, when all have been read."""
        organisations = self._organisations
        told = Told(
            companies_made=organisations.made_of(self._named),
            merged={**organisations.merged, **self._models.merged},
            spellings=organisations.spellings,
            skipped=dict(self._rows.skipped),
            contradicted=organisations.contradicted(),
            shared_addresses=organisations.shared_addresses() if self._heeds_addresses else [],
            taken=organisations.taken,
            gone_on=organisations.gone_on,
        )
        return Named(
            models=self._models.names,
            may_be_named=self._models.may_be_named(),
            companies=(self._companies.last(self._named) if self._companies else Batch([], {})),
            newest=self._rows.newest,
            told=told,
        )

    def _part(self, gathered: Gathered) -> Part:
        known = self._companies if not self._may_say_more else None
        return Part(
            read=self._read,
            rejects=gathered.rejects,
            facts=self._form.batch_of_columns(gathered.facts),
            lines=gathered.lines,
            companies=known.new(self._named) if known else Batch([], {}),
            refused=gathered.refused,
            unknown=gathered.unknown,
            groups=gathered.groups,
            left_out=gathered.left_out,
        )

    def _add_at_once(self, run: list[Row], gathered: Gathered) -> bool:
        """Add the facts of rows. Return False, and add none, where something may be refused."""
        if self._keys or not (found := self._rows.at_once(run)):
            self._leave_named()
            return False
        rows, given, skipped = found
        if rows:
            stored = self._columns.stored(self._completed(given, len(rows)))
            if stored is None or not self._are_new(list(map(self._followed.key, stored["id"]))):
                self._leave_named()
                return False
            self._enter(stored, [row.line for row in rows], gathered)
        self._settle_named()
        self._rows.skipped += skipped
        self._read += len(run)
        return True

    def _completed(self, given: Columns, count: int) -> Columns:
        """Return rows with their source, and with what they keep that is here of them."""
        if self._kept:
            given = {**given, **self._kept.columns(list(map(self._followed.key, given["id"])))}
        if self._source is None:
            return given
        stated = given.get("source", [None] * count)
        return {**given, "source": [one or self._source for one in stated]}

    def _are_new(self, keys: list[str]) -> bool:
        """Return whether no row has had any of these keys, and they are ours to describe."""
        if self._describes and any(map(self._organisations.belongs_to_another_source, keys)):
            return False
        if self._followed.are_of_others(keys):
            return False
        return len(set(keys)) == len(keys) and self._lines.keys().isdisjoint(keys)

    def _enter(self, stored: StoredColumns, lines: list[int], gathered: Gathered) -> None:
        stored = self._followed.columns(stored)
        found = dict(zip(stored["id"], lines, strict=True))
        self._lines |= found
        gathered.lines |= found
        self._note_named(stored)
        gathered.facts.append(stored)
        if groups := (GROUPS.keys() & stored.get("country", ())) - self._groups:
            self._groups |= groups
            gathered.groups |= groups

    def _note_named(self, stored: StoredColumns) -> None:
        for column in self._naming:
            if column in list_names(self._fact):
                self._named.update(chain.from_iterable(stored[column]))
            else:
                self._named.update(stored[column])

    def _add_one_by_one(self, run: list[Row], gathered: Gathered) -> None:
        """Add the facts of rows, each until something of it is refused."""
        right: list[StoredRow] = []
        lines: list[int] = []
        for row in run:
            self._read += 1
            try:
                found = list(self._facts(row))  # all of a row, or nothing
                waits = self._keys and any(fact[_BASES] for fact, _ in found)
                told = self._organisations.withdrawn() if waits else []
                self._settle_named()
                if found:
                    gathered.left_out += [(row.line, *one) for one in self._rows.left_out]
                for fact, places in found:
                    self._lines[self._followed.key(fact["id"])] = row.line
                    if self._keys:
                        self._models.describe(fact["id"], fact["name"], fact["aliases"])
                        if fact[_BASES]:
                            self._held.append((fact, row, places, told))
                            continue
                    right.append(fact)
                    lines.append(row.line)
            except Waits:
                self._leave_named()
                self._waiting.append(row)
            except Refused as refused:
                self._refuse(refused, row, gathered)
        if right:
            stored = {name: [fact[name] for fact in right] for name in right[0]}
            self._enter(stored, lines, gathered)

    def _add_held(
        self, fact: StoredRow, row: Row, places: Places, told: Standing, gathered: Gathered
    ) -> None:
        """Add an AI model now that those are known that it is made from."""
        try:
            fact[_BASES] = self._models.settled_bases(fact["id"], fact[_BASES])
        except NotAllowed as error:
            where, found = self._rows.origin(_BASES, places) or (_BASES, "")
            self._refuse(Refused.because(error, where, found), row, gathered)
        else:
            for keys, countries in told:
                self._organisations.stand_in(keys, countries)
            self._settle_named()
            self._enter({name: [value] for name, value in fact.items()}, [row.line], gathered)

    def _refuse(self, refused: Refused, row: Row, gathered: Gathered) -> None:
        """Enter what is refused; note which fact it is about: it is none that the table lacks."""
        gathered.rejects.append((self._read, refused.at(row.line)))
        self._leave_named()
        key, name = self._rows.key_of(row)
        self._leave_named()
        if self._keys:
            key = self._keys.known(name) or key
            if key and name:
                self._models.describe(key, name, ())
        if key is None:
            gathered.unknown += 1
        else:
            gathered.refused.append(self._followed.key(key))

    def _settle_named(self) -> None:
        """Keep what was made for rows, and what they said of organisations."""
        self._organisations.settle()
        self._models.settle()

    def _leave_named(self) -> None:
        """Leave it: rows that are refused name nothing."""
        self._organisations.leave()
        self._models.leave()

    def _facts(self, row: Row) -> Iterator[tuple[StoredRow, Places]]:
        """Yield what is stored of a row, with what it was made of. Raises Refused."""
        own = set[str]()
        for values, places in self._rows.read(row):
            given = {**self._given, **self._kept_of(values.get("id")), **values}
            if self._describes and self._organisations.belongs_to_another_source(given.get("id")):
                continue
            stored = self._stored(given, places)
            key = stored["id"]
            if self._keys:
                key = stored["id"] = self._keys.of(stored["name"], key)
            here = self._followed.key(key)
            if first := self._lines.get(here, row.line if here in own else None):
                is_here = "" if here == key else f" (it is {here} here)"
                raise Refused("id", key, f"a key of its own: line {first} has it{is_here}")
            if self._followed.are_of_others([here]):
                raise Refused("id", key, "a key that no other source's fact has")
            own.add(here)
            yield stored, places

    def _kept_of(self, key: str | None) -> Mapping[str, Any]:
        return self._kept.of(self._followed.key(key)) if self._kept and key else {}

    def _stored(self, given: dict[str, Any], places: Places) -> StoredRow:
        try:
            return self._fact.model_validate(given).stored()
        except ValidationError as error:
            fault = faults_of(error, given)[0]
        few = ", ".join(fault.allowed[:5])
        words = f"{fault.said} (such as {few})" if few else fault.said
        name = fault.name or ""
        column, found = self._rows.origin(name, places) or (name, str(given.get(name, "")))
        if found and name not in given:
            words = f"gives no {name}, and a row needs one"
        raise Refused(column, found, words)


def _runs(rows: Iterable[Row | BadRow]) -> Iterator[list[Row] | BadRow]:
    """Yield rows, a few at a time, and between them what cannot be read.

    Raises UnreadableTable, after those that were read till then.
    """
    run: list[Row] = []
    try:
        for row in rows:
            if isinstance(row, BadRow):
                if run:
                    yield run
                    run = []
                yield row
            else:
                run.append(row)
                if len(run) == _FEW:
                    yield run
                    run = []
    except UnreadableTable:
        if run:
            yield run
        raise
    if run:
        yield run
