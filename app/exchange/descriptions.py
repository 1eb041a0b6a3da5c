"""What a row of companies tells of one, beside what is known of it: who may be the same.

A company that somebody only named, as rows of AI models do, is described by nobody. The first
table that describes it states it from then on, and what it was called still leads to it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from app.exchange.names import folded
from app.exchange.transforms import slug

_LONGEST_KEY = 90

_ADDRESS = re.compile(r"(?P<host>[\w-]+(?:\.[\w-]+)+)?(?P<path>/.+)", re.DOTALL)
"""The address of an organisation in a data set, among the aliases. Others name the host, too."""

_DESCRIBING = ("roles", "website", "locator", "note")
"""The fields of a company that somebody has described, and not only named."""


def is_address(alias: str) -> bool:
    """Return whether an alias is an address that its own data set tells."""
    address = _ADDRESS.fullmatch(alias)
    return bool(address and not address["host"])


def path_of_page(alias: str) -> str | None:
    """Return the address in a data set that others tell, None for any other alias."""
    address = _ADDRESS.fullmatch(alias)
    return address["path"] if address and address["host"] else None


def is_page(alias: str) -> bool:
    """Return whether an alias is an address in a data set that others tell."""
    return path_of_page(alias) is not None


def key_of_name(name: str) -> str:
    """Return the key that a company of a name has where it is new, and the key free."""
    return slug(name)[:_LONGEST_KEY].strip("-") or f"company-{crc32(name.encode()):08x}"


def name_of_address(address: str) -> str:
    """Return what a company is called of which nothing but its address in a data set is known."""
    plain = address.lower()
    return plain.rstrip("/").rpartition("/")[2].strip() or plain


def is_only_named(company: Mapping[str, Any]) -> bool:
    """Return whether nobody has described a company."""
    return not any(company[name] for name in _DESCRIBING)


def is_called_alone(company: Mapping[str, Any]) -> bool:
    """Return whether a company is as a row makes it that names it, with an address at most.

    One that a pack or a person has entered may have a key or an alias of its own.
    """
    base, key = key_of_name(company["name"]), company["id"]
    is_made = key == base or re.fullmatch(re.escape(base) + r"-\d+", key) is not None
    return is_made and all(is_address(one) or is_page(one) for one in company["aliases"])


@dataclass(frozen=True, slots=True)
class Description:
    """What a row tells of a company."""

    name: str
    aliases: Sequence[str]
    country: str | None

    def says_all_of(self, known: Mapping[str, Any]) -> bool:
        """Return whether it leaves out nothing that is known of a company that was only named.

        That is a country, its name and aliases, and its addresses in data sets. An address that
        others tell may be another one now.
        """
        if known["country"] and not self.country:
            return False
        aliases = known["aliases"]
        # Where it is known by its address alone, its name is not one to find it by.
        is_named = not aliases or not all(map(is_address, aliases))
        names = [known["name"], *aliases] if is_named else aliases
        told = {folded(text) for text in (self.name, *self.aliases)}
        told |= {path_of_page(one) or one for one in self.aliases}
        told |= {_host(one) for one in self.aliases if is_page(one)}
        return all(_told_by(one) & told for one in names)


def _host(page: str) -> str:
    return page.partition("/")[0]


def _told_by(alias: str) -> set[str]:
    """Return what tells an alias: any of these."""
    if path := path_of_page(alias):
        return {path, _host(alias)}
    return {alias} if is_address(alias) else {folded(alias)}
