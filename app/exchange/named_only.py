"""Companies that others only named, and what becomes of each where a table describes it.

It becomes the table's own; or it goes on under the key of the one that has its name as an alias; or
it stays, and learns its addresses in data sets.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from app.exchange.descriptions import Description, is_called_alone, is_page
from app.resources.companies import CompanyFact


class NamedOnly:
    """Those that nobody has described, and what the rows of a table say of them."""

    def __init__(self, foreign: set[str]) -> None:
        """Take the companies of other sources: those leave it that become the table's own."""
        self._foreign = foreign
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._claims: defaultdict[str, set[str]] = defaultdict(set)
        """The names of those whose names or aliases are what others call such a company."""

        self.taken: dict[str, None] = {}
        """Those that the table describes: they become its own."""

        self.gone_on: dict[str, str] = {}
        """Those that go on under the key of the one that has their name as an alias."""

        self._learnt: defaultdict[str, list[str]] = defaultdict(list)
        """The addresses that are told of them, by company."""

        self._taking: list[str] = []
        self._going_on: list[tuple[str, str]] = []
        self._pages_told: list[tuple[str, str]] = []
        """The same three of the rows that are being read."""

    def enter(self, company: Mapping[str, Any]) -> None:
        """Enter one that is here."""
        self._rows[company["id"]] = company

    def claim(self, key: str, row: Description) -> None:
        """Note that a row has, as its name or an alias, what others call one."""
        self._claims[key].add(row.name)

    def is_shared(self, key: str) -> bool:
        """Return whether several rows have what others call one."""
        return len(self._claims[key]) > 1

    def may_take(self, key: str, row: Description) -> bool:
        """Return whether a row describes one, and leaves out nothing that is known of it."""
        known = self._rows.get(key)
        return known is not None and key in self._foreign and row.says_all_of(known)

    def may_go_on(self, key: str, row: Description) -> bool:
        """Return whether one may go on under the key of a row that has its name as an alias."""
        return self.may_take(key, row) and is_called_alone(self._rows[key])

    def take(self, key: str) -> None:
        """Let one become the table's own."""
        self._foreign.discard(key)
        self._taking.append(key)

    def is_taken_now(self, key: str) -> bool:
        """Return whether one became so by the rows that are being read."""
        return key in self._taking

    def is_taken(self, key: str) -> bool:
        """Return whether one became so by any row of the table."""
        return key in self.taken or self.is_taken_now(key)

    def let_go_on(self, key: str, new: str) -> None:
        """Let one go on under another key."""
        self._foreign.discard(key)
        self._going_on.append((key, new))

    def tell_pages(self, key: str, row: Description) -> None:
        """Take the addresses that a row tells of one, and nothing else."""
        self._pages_told += [(key, alias) for alias in row.aliases if is_page(alias)]

    def settle(self) -> None:
        """Keep what the rows that were read last say."""
        for key, page in self._pages_told:
            if key in self._rows and page not in self._rows[key]["aliases"]:
                self._learnt[key].append(page)
        self.taken |= dict.fromkeys(self._taking)
        self.gone_on.update(self._going_on)
        for key in (*self._taking, *(old for old, _ in self._going_on)):
            self._learnt.pop(key, None)
        self._clear()

    def leave(self) -> None:
        """Leave it: they were refused."""
        self._foreign.update(self._taking, (old for old, _ in self._going_on))
        self._clear()

    def _clear(self) -> None:
        self._taking.clear()
        self._going_on.clear()
        self._pages_told.clear()

    def changed(self) -> Iterator[CompanyFact]:
        """Yield those of which an address in a data set came to be known."""
        for key, pages in self._learnt.items():
            known = self._rows[key]
            hosts = {page.partition("/")[0] for page in pages}
            kept = [one for one in known["aliases"] if one.partition("/")[0] not in hosts]
            yield CompanyFact(**{**known, "aliases": list(dict.fromkeys([*kept, *pages]))})
