"""The companies that the rows of a table came to name, ready to be stored."""

from collections.abc import Set as AbstractSet

from sqlalchemy.engine import Dialect

from app.exchange.organisations import Organisations
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.entry_columns import EntryColumns
from app.storage.batches import Batch, Form, StoredColumns


class NewCompanies:
    """The companies that rows came to name, in the form in which they are stored."""

    def __init__(self, organisations: Organisations, dialect: Dialect) -> None:
        self._organisations = organisations
        self._form = Form(dialect, COMPANIES.ledger)
        fields = ("id", "name", "aliases", "country", "source")
        self._columns = EntryColumns(CompanyFact, fields, of_cells=False)

    def new(self, named: AbstractSet[str]) -> Batch:
        """Return those of the named that came to be since this was last asked."""
        return self._form.batch_of_columns(self._new(named))

    def last(self, named: AbstractSet[str]) -> Batch:
        """Return the same, and own ones of which more is known now that all rows are read."""
        changed = [fact.stored() for fact in self._organisations.changed()]
        rows = {name: [row[name] for row in changed] for name in (changed[0] if changed else ())}
        return self._form.batch_of_columns([*self._new(named), *([rows] if rows else ())])

    def _new(self, named: AbstractSet[str]) -> list[StoredColumns]:
        given = self._organisations.new(named)
        if not given["id"]:
            return []
        stored = self._columns.stored(given)
        if stored is None:
            raise AssertionError("what a company is made of was checked before")
        return [stored]
