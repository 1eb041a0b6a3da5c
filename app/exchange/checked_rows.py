"""The rows of a table, mapped and checked, and what they name: all that may be loaded of it.

Nothing here touches a database: what must be known of it is given.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.exchange.feeds import NOWHERE, Place
from app.exchange.kept_keys import KeptKeys
from app.exchange.mapped_rows import MappedRows
from app.exchange.organisations import Organisations
from app.exchange.rejects import Refused, Reject
from app.exchange.tables import BadRow, Row, Table, UnreadableTable
from app.kit.countries import GROUPS
from app.kit.errors import faults_of
from app.resources.companies import COMPANIES
from app.resources.resource import Resource, list_names
from app.storage.ledger import StoredRow

_BATCH = 1_000
_FEW = 250


@dataclass(slots=True)
class Batch:
    """Rows that were read one after the other."""

    read: int
    """How many rows of the table were read when it ended."""

    lines: list[int] = field(default_factory=list)
    """Of each row the line that it began on."""

    rows: list[StoredRow] = field(default_factory=list)
    rejects: list[tuple[int, Reject]] = field(default_factory=list)
    """What was refused meanwhile, each with how many rows were read by then."""

    def enter(self, line: int, found: StoredRow | Reject) -> None:
        """Add what came of a row on a line."""
        if isinstance(found, Reject):
            self.rejects.append((self.read, found))
        else:
            self.lines.append(line)
            self.rows.append(found)

    @property
    def is_full(self) -> bool:
        """Whether it is as long as batches are."""
        return len(self.rows) >= _BATCH or len(self.rejects) >= _BATCH


@dataclass(slots=True)
class Named:
    """What the rows of a table came to name, told when all of them have been read."""

    groups: set[str]
    models: dict[str, str]
    """AI models by key: their names."""

    companies_made: int
    merged: dict[str, str]
    spellings: int
    skipped: dict[str, int]


class CheckedRows:
    """The rows of an open table by a mapping: first all batches, then what they named."""

    def __init__(
        self,
        table: Table,
        resource: Resource,
        rows: MappedRows,
        organisations: Organisations,
        *,
        source: str,
        keys: KeptKeys | None,
    ) -> None:
        """Take what the database knows: organisations, and the keys of AI models by name."""
        fact = resource.fact
        self._table = table
        self._rows = rows
        self._organisations = organisations
        self._describes = resource is COMPANIES
        self._keys = keys
        self._fact = fact
        # A list that is not given costs pydantic a deep copy of the default, half of all it does.
        given: dict[str, Any] = {
            name: [] for name in list_names(fact) if fact.model_fields[name].default == []
        }
        self._given = {**given, **({"source": source} if "source" in fact.model_fields else {})}
        self._lines: dict[str, int] = {}
        self._groups: set[str] = set()

    def batches(self) -> Iterator[Batch]:
        """Yield the rows by the batch. Raises UnreadableTable, after what was refused till then."""
        batch = Batch(0)
        try:
            for row, place in self._placed():
                batch.read += 1
                for found in self._found(row, place):
                    batch.enter(row.line, found)
                    if batch.is_full:
                        yield batch
                        batch = Batch(batch.read)
        except UnreadableTable:
            yield Batch(batch.read, rejects=batch.rejects)
            raise
        yield batch

    def named(self) -> Named:
        """Return what the rows named, when all have been read."""
        return Named(
            groups=self._groups,
            models=self._rows.named_models,
            companies_made=self._organisations.made,
            merged=self._organisations.merged,
            spellings=self._organisations.spellings,
            skipped=self._rows.skipped,
        )

    def companies(self) -> Iterator[StoredRow]:
        """Yield the companies to write, when all rows have been read."""
        return (fact.stored() for fact in self._organisations.facts())

    def _placed(self) -> Iterator[tuple[Row | BadRow, Place]]:
        """Yield the rows, a few of which are begun at once."""
        for rows in _few(self._table.rows):
            places = iter(self._rows.places([row for row in rows if isinstance(row, Row)]))
            for row in rows:
                yield row, NOWHERE if isinstance(row, BadRow) else next(places)

    def _found(self, row: Row | BadRow, place: Place) -> Iterator[StoredRow | Reject]:
        """Yield what is stored of a row, until something of it is refused."""
        if isinstance(row, BadRow):
            yield Reject(row.line, row.column, row.found, row.fault)
            return
        try:
            for values in self._rows.read(place):
                given = {**self._given, **values}
                if self._is_known_elsewhere(given.get("id")):
                    continue
                stored = self._stored(given)
                self._enter(stored, row.line)
                yield stored
        except Refused as refused:
            yield refused.at(row.line)

    def _is_known_elsewhere(self, key: str | None) -> bool:
        """Return whether a row describes a company that another source has described."""
        return self._describes and self._organisations.belongs_to_another_source(key)

    def _enter(self, stored: StoredRow, line: int) -> None:
        """Note the key and the group of a row. Raises Refused where another has the key."""
        key = stored["id"]
        if self._keys:
            key = stored["id"] = self._keys.of(stored["name"], key)
        if first := self._lines.get(key):
            raise Refused("id", key, f"a key of its own: line {first} has it")
        self._lines[key] = line
        if stored.get("country") in GROUPS:
            self._groups.add(stored["country"])

    def _stored(self, given: dict[str, Any]) -> StoredRow:
        try:
            return self._fact.model_validate(given).stored()
        except ValidationError as error:
            fault = faults_of(error)[0]
            few = ", ".join(fault.allowed[:5])
            words = f"{fault.message} (such as {few})" if few else fault.message
            column = fault.name or ""
            raise Refused(column, str(given.get(column, "")), words) from None


def _few(rows: Iterable[Row | BadRow]) -> Iterator[list[Row | BadRow]]:
    """Yield rows, a few at a time. Raises UnreadableTable, after those that were read till then."""
    few: list[Row | BadRow] = []
    try:
        for row in rows:
            few.append(row)
            if len(few) == _FEW:
                yield few
                few = []
    except UnreadableTable:
        yield few
        raise
    yield few
