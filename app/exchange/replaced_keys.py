"""The keys that were replaced by others, as packs have them: so that old addresses lead on."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.exchange.pack_tables import UnreadablePack, read_table
from app.kit.errors import choose
from app.resources.countries import COUNTRIES
from app.resources.registry import BY_NAME, RESOURCES
from app.resources.resource import Entry
from app.storage.database import Database, Revision
from app.storage.replacements import Replaced

NAME = "replacements"
"""What the table is called. A pack has it where there are any."""

PRIMARY_KEY = ("resource", "id")

_RENAMED = tuple(one.many for one in RESOURCES if one is not COUNTRIES)
_KEY = Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length=100)


class Replacement(Entry):
    """A key that never has a row again, and the one under which its row goes on."""

    resource: Annotated[
        str, AfterValidator(partial(choose, choices=_RENAMED, what="a resource whose keys change"))
    ] = Field(description="The resource whose key it is.")
    id: Annotated[str, _KEY] = Field(description="The key that was replaced.")
    replaced_by: Annotated[str, _KEY] = Field(description="The key of the row that goes on.")

    def check(self) -> None:
        """Raise ValueError where a key replaces itself."""
        if self.id == self.replaced_by:
            raise ValueError("replaced_by is the key itself")


def replaced_rows(database: Database, at: Revision) -> list[tuple[Any, ...]]:
    """Return the rows of the table at a revision."""
    with database.read() as transaction:
        return [
            (resource.many, old, new)
            for resource in RESOURCES
            for old, new in transaction.replaced(resource.ledger, at).items()
        ]


def read_replaced(path: Path) -> Replaced:
    """Return what a file of such rows says, by the name of the ledger's table.

    A key that was replaced by one that was replaced in its turn leads to the last of them. Raises
    UnreadablePack, also where there is no last.
    """
    replaced: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for some in read_table(Replacement, path, None):
        for name, old, new in zip(some["resource"], some["id"], some["replaced_by"], strict=True):
            of_table = replaced[BY_NAME[name].ledger.name]
            if of_table.setdefault(old, new) != new:
                raise UnreadablePack(f"{path.name}: {name}/{old} is there twice")
    return {
        name: {old: _last(keys, old, f"{path.name}: {name}/{old}") for old in keys}
        for name, keys in replaced.items()
    }


def _last(keys: Mapping[str, str], old: str, what: str) -> str:
    seen = {old}
    new = keys[old]
    while new in keys:
        if new in seen:
            raise UnreadablePack(f"{what} is replaced by others in a circle")
        seen.add(new)
        new = keys[new]
    return new
