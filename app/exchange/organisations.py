"""Organisations that rows name: the company they are here, found by name and alias, or made.

Found means the same words, whatever their case and accents: nothing is matched by likeness, and a
name that two companies share matches neither, unless the source of the rows states one of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from app.exchange.descriptions import (
    Description,
    is_address,
    is_only_named,
    is_page,
    key_of_name,
    name_of_address,
    path_of_page,
)
from app.exchange.kept_keys import free_key
from app.exchange.named_only import NamedOnly
from app.exchange.names import Names, folded
from app.exchange.rejects import Waits
from app.kit.errors import NotAllowed
from app.resources.companies import CompanyFact

Standing = list[tuple[Iterable[str], Iterable[str]]]
"""What rows say of countries: which organisations are of one of which."""


class Organisations:
    """The companies that are known, those that an import makes, and the names that met them."""

    def __init__(
        self,
        companies: Iterable[Mapping[str, Any]],
        source: str,
        replaced: Mapping[str, str] | None = None,
    ) -> None:
        """Take the companies that are known, and what replaced keys that they had."""
        self._source = source
        self._replaced = replaced or {}
        self._names = Names()
        self._addresses: dict[str, str] = {}
        self._pages: dict[str, str | None] = {}
        """The same of addresses that others tell, None where several have one."""

        self.countries: dict[str, str | None] = {}
        """The country of each company, as far as it is known."""

        self._own: dict[str, Mapping[str, Any]] = {}
        self._foreign: set[str] = set()
        self._named_only = NamedOnly(self._foreign)
        self._are_all_read = False
        self._told: set[str] = set()
        """Own ones that a table of companies has described, before this import."""

        self._described: dict[tuple[str, tuple[str, ...], str | None], str] = {}
        self._new: list[tuple[str, str, list[str]]] = []
        self._made: list[str] = []

        self._entered: dict[str, list[str]] = {}
        """What the rows that are being read have made, by key: its names."""

        self._added: list[tuple[dict[Any, Any], Any, list[str | None]]] = []
        """By what else it is known now, in which place, and what stood there, if anything."""

        self._standing: Standing = []
        """What they say of countries."""

        self._countries: defaultdict[str, set[str]] = defaultdict(set)
        self._spelled: dict[str, str] = {}
        """The keys by the addresses that rows have, as they have them."""

        self.merged: dict[str, str] = {}
        """Other names and spellings under which rows named a company, and its key."""

        self._know_all(companies)
        self.settle()

    def _know_all(self, companies: Iterable[Mapping[str, Any]]) -> None:
        for company in companies:
            self._know(company["id"], company["name"], company["aliases"])
            self.countries[company["id"]] = company["country"]
            is_named_only = is_only_named(company)
            if company["source"] == self._source:
                self._own[company["id"]] = company
                if not is_named_only:
                    self._told.add(company["id"])
            else:
                self._foreign.add(company["id"])
                if is_named_only:
                    self._named_only.enter(company)

    def named(self, name: str) -> str:
        """Return the key of the organisation of a name or key; one that is not known is made.

        Raises NotAllowed for a name that several have which this source states.
        """
        name = self._replaced.get(name, name)
        if name in self._names.first:
            return name
        key = self._names.find(name) or self._own_of(name)
        if key is None:
            key = self._make(name, [])
        elif folded(name) != self._names.first[key]:
            self.merged[name] = key
        return key

    def _own_of(self, name: str) -> str | None:
        """Return which of those that share a name this source states, None where it states none."""
        own = sorted(self._names.sharers(name) - self._foreign)
        if len(own) > 1:
            raise NotAllowed("is what several are called; name one by its key", allowed=own)
        return own[0] if own else None

    def addressed(self, address: str) -> str:
        """Return the key of the organisation of an address, whatever the case of its letters."""
        key = self._spelled.get(address)
        if key is None:
            plain = address.lower()
            key = self._at(plain)
            if key is None:
                key = self._make(name_of_address(plain), [plain])
                self._add(self._addresses, plain, key)
            self._add(self._spelled, address, key)
        return key

    def is_known(self, text: str, *, by_address: bool) -> bool:
        """Return whether an organisation of a name or key, or of an address, was told of before.

        By another source, or by a table of companies of this one: not by rows that only name it.
        Raises NotAllowed for a name that several have which this source states.
        """
        if by_address:
            found = self._at(text.lower())
        else:
            key = self._replaced.get(text, text)
            is_key = key in self._names.first
            found = key if is_key else self._names.find(key) or self._own_of(key)
        return found in self._foreign or found in self._told

    def described(
        self, name: str, aliases: Sequence[str], address: str | None, country: str | None
    ) -> str:
        """Return the key of an organisation that a row describes; nothing is made for it.

        Known by its address, else by what it is called. By an alias it is known only where another
        source told of it: in one table, a name that is also another row's alias is its own.
        Who is described in the same words again is the same one.

        One that others only named becomes the table's own, unless that would take its country or a
        name from it. One that is called as an alias says goes on under the key of this one, if this
        one is known otherwise or has several such aliases. Raises Waits where an alias alone leads
        to such a one: another row may have its name, or the same alias.
        """
        described = name, tuple(aliases), address
        if described not in self._described:
            row = Description(name, (*aliases, *([address.lower()] if address else [])), country)
            self._claim(row)
            key = self._key_of(row, address)
            if key not in self._foreign:
                self._let_go_on(row, key)
            self._add(self._described, described, key)
        return self._described[described]

    def _key_of(self, row: Description, address: str | None) -> str:
        if address and (key := self._at(address.lower())):
            return self._met(key, row) if key in self._foreign else key
        called = self._own_called(row.name)
        if called and not (address and self._named_only.is_taken(called)):
            return called  # what was taken has the address of another row
        for text in (row.name, *row.aliases):
            known = self._of_data_set(text) or self._names.find(text)
            if known not in self._foreign:
                continue
            if text != row.name and self._named_only.may_take(str(known), row):
                if not self._are_all_read:
                    raise Waits
                if self._named_only.is_shared(str(known)):
                    continue
            return self._met(str(known), row)
        key = self._free_key(row.name)
        self._know(key, row.name, row.aliases)
        return key

    def _own_called(self, name: str) -> str | None:
        """Return which that this source states is called so first, whoever else is; None if none.

        Of several the first by key, so that a table that is loaded again goes on with the same.
        """
        return min(self._names.all_called(name) - self._foreign, default=None)

    def _claim(self, row: Description) -> None:
        """Note which companies that others told of are called as a row says."""
        for text in (row.name, *row.aliases):
            known = self._of_data_set(text) or self._names.find(text)
            is_called_so = text == row.name and known in self._foreign
            if known and (is_called_so or self._named_only.may_take(known, row)):
                self._named_only.claim(known, row)

    def _let_go_on(self, row: Description, key: str) -> None:
        """Let those that others only named, as the aliases of a row say, go on under its key."""
        called = {self._names.called(alias) for alias in row.aliases} - {key}
        for known in sorted(filter(None, called)):
            if not self._named_only.may_go_on(known, row):
                continue
            if not self._are_all_read:
                raise Waits
            if not self._named_only.is_shared(known):
                self._named_only.let_go_on(known, key)

    def _met(self, key: str, row: Description) -> str:
        """Return the key of one whom another source told of, and who is its own now or stays so."""
        if self._named_only.may_take(key, row):
            self._named_only.take(key)
            self._know_addresses(key, row.aliases)
        else:
            self._named_only.tell_pages(key, row)
        if not self._named_only.is_taken_now(key) or folded(row.name) != self._names.first[key]:
            self.merged[row.name] = key
        return key

    def all_are_read(self) -> None:
        """Take it that there are no more rows than those that wait."""
        self._are_all_read = True

    @property
    def taken(self) -> list[str]:
        """The keys of those that others only named, and that are the table's own now."""
        return list(self._named_only.taken)

    @property
    def gone_on(self) -> dict[str, str]:
        """Those that go on under another key, by the keys that they had."""
        return self._named_only.gone_on

    def belongs_to_another_source(self, key: str | None) -> bool:
        """Return whether a company was described by another source before."""
        return key in self._foreign

    def stand_in(self, keys: Iterable[str], countries: Iterable[str]) -> None:
        """Take it that organisations are of one of these countries; empty is one not known."""
        self._standing.append((keys, countries))

    def withdrawn(self) -> Standing:
        """Return what the rows that were read last say of countries, to be said again or not."""
        taken, self._standing = self._standing, []
        return taken

    def settle(self) -> None:
        """Keep what the rows that were read last say of organisations."""
        for keys, countries in self._standing:
            for key in keys:
                self._countries[key].update(countries)
        self._standing.clear()
        self._named_only.settle()
        self._entered.clear()
        self._added.clear()

    def leave(self) -> None:
        """Leave what they say, and what was made for them: they were refused."""
        self._standing.clear()
        self._named_only.leave()
        for kept, one, stood in reversed(self._added):
            del kept[one]
            kept.update((one, before) for before in stood)
        self._added.clear()
        for key, names in self._entered.items():
            self._names.leave(key, names)
        while self._new and self._new[-1][0] in self._entered:
            self._new.pop()
        while self._made and self._made[-1] in self._entered:
            self._made.pop()
        self._entered.clear()

    @property
    def spellings(self) -> int:
        """How many addresses differed from another one in the case of their letters only."""
        return len(self._spelled) - len({address.lower() for address in self._spelled})

    def new(self, named: AbstractSet[str]) -> dict[str, list[Any]]:
        """Return fields of those that were made since this was last asked, by column.

        Only those of the named: what a refused row alone names is kept for one that is not. The
        country is the one that all rows agree on till now, and none where they do not.
        """
        new = [one for one in self._new if one[0] in named]
        self._new = [one for one in self._new if one[0] not in named]
        keys = [key for key, _, _ in new]
        return {
            "id": keys,
            "name": [name for _, name, _ in new],
            "aliases": [aliases for _, _, aliases in new],
            "country": list(map(self._country, keys)),
            "source": [self._source] * len(keys),
        }

    def made_of(self, named: AbstractSet[str]) -> int:
        """Return how many of the named were made."""
        return sum(key in named for key in self._made)

    def changed(self) -> Iterator[CompanyFact]:
        """Yield own companies whose country came to be known, or to be another.

        And those that others only named, where their address in a data set came to be known.
        """
        yield from self._named_only.changed()
        for key, known in self._own.items():
            if key in self._countries and self._country(key) != known["country"]:
                yield CompanyFact(**{**known, "country": self._country(key)})

    def shared_addresses(self) -> list[str]:
        """Return the addresses that others tell of several companies, which lead to none."""
        return sorted(page for page, key in self._pages.items() if key is None)

    def contradicted(self) -> dict[str, tuple[str, str]]:
        """Return companies of other sources with a country here and another in the rows.

        By key, in this order. They keep the one that they have.
        """
        return {
            key: (here, told)
            for key in sorted(self._foreign & self._countries.keys())
            if (here := self.countries[key]) and (told := self._country(key)) not in (None, here)
        }

    def _country(self, key: str) -> str | None:
        found = self._countries.get(key, set())
        return next(iter(found)) or None if len(found) == 1 else None

    def _make(self, name: str, aliases: list[str]) -> str:
        key = self._free_key(name)
        self._know(key, name, aliases)
        self._new.append((key, name, aliases))
        self._made.append(key)
        return key

    def _free_key(self, name: str) -> str:
        return free_key(key_of_name(name), self._names.first, self._replaced)

    def _add(self, kept: dict[Any, Any], one: Any, key: str | None) -> None:
        self._added.append((kept, one, [kept[one]] if one in kept else []))
        kept[one] = key

    def _at(self, address: str) -> str | None:
        """Return who has an address: its own data set says so, or else others do."""
        return self._addresses.get(address) or self._pages.get(address)

    def _of_data_set(self, alias: str) -> str | None:
        """Return who has the address that an alias is in its own data set, None where nobody has.

        What others tell of addresses tells no company from another: they change.
        """
        return self._addresses.get(path_of_page(alias) or alias)

    def _know(self, key: str, name: str, aliases: Sequence[str]) -> None:
        self._entered[key] = [name, *aliases]
        self._know_addresses(key, aliases)
        if aliases and all(map(is_address, aliases)):
            self._names.enter_unnamed(key, name)  # by its address alone: no name to find it by
        else:
            plain = [one for one in aliases if not (is_address(one) or is_page(one))]
            self._names.enter(key, name, plain)

    def _know_addresses(self, key: str, aliases: Sequence[str]) -> None:
        for address in filter(is_address, aliases):
            self._add(self._addresses, address, key)
        for path in filter(None, map(path_of_page, aliases)):
            is_shared = self._pages.get(path, key) != key
            self._add(self._pages, path, None if is_shared else key)
