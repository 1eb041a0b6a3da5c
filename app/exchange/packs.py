"""Packs: folders of CSV files with a `datapackage.json`, loaded as one revision or not at all."""

from codecs import BOM_UTF8
from contextlib import suppress
from dataclasses import dataclass
from os import cpu_count
from pathlib import Path
from typing import Any

import orjson

from app.exchange.beside import read_batches_beside
from app.exchange.pack_tables import Progress as Progress  # noqa: PLC0414  (part of what this offers)
from app.exchange.pack_tables import UnreadablePack as UnreadablePack  # noqa: PLC0414
from app.exchange.pack_tables import read_batches
from app.exchange.replaced_keys import NAME as REPLACEMENTS
from app.exchange.replaced_keys import read_replaced
from app.kit.text import nearest
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.storage.batches import Form
from app.storage.database import Database
from app.storage.refusals import LedgerRefusal

DESCRIPTOR = "datapackage.json"
_LONGEST = 2_000  # characters of what is said of a whole pack
_LARGE = 10_000_000  # bytes of a file whose reading is worth a process of its own


@dataclass(frozen=True)
class Loaded:
    """What loading a pack came to: the revision that it made, None where it changed nothing."""

    pack: str
    revision: int | None
    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class Pack:
    """A pack folder: its name, its title, who made it, and its files by resource."""

    name: str
    title: str
    author: str
    files: tuple[tuple[Resource, Path], ...]
    replaced: Path | None = None
    """Its file of keys that were replaced by others, where it has one."""

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum(path.stat().st_size for _, path in self.files)


def open_pack(folder: Path) -> Pack:
    """Read the descriptor of a pack. Raises UnreadablePack."""
    try:
        content = orjson.loads((folder / DESCRIPTOR).read_bytes().removeprefix(BOM_UTF8))
        tables = content["resources"]
        named = {table["name"]: table["path"] for table in tables}
        title = str(content.get("title") or content["name"])
        author = str((content.get("contributors") or [{}])[0].get("title", "unknown"))
        name = content["name"]
        if not isinstance(name, str) or len(named) < len(tables):
            raise ValueError  # noqa: TRY301  (it joins the other ways not to be one)
    except FileNotFoundError:
        raise UnreadablePack(f"{folder}: there is no {DESCRIPTOR} in it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise UnreadablePack(f"{folder}: its {DESCRIPTOR} is not a data package") from None
    title, author = (" ".join(text.split()) for text in (title, author))
    for what, text in (("name", name), ("title", title), ("first contributor", author)):
        if len(text) > _LONGEST or not text.isprintable():
            raise UnreadablePack(
                f"{folder}: the {what} in its {DESCRIPTOR} has more than {_LONGEST} characters, or "
                "some that cannot be printed"
            )
    known = {resource.many: resource for resource in RESOURCES}
    for unknown in named.keys() - known.keys() - {REPLACEMENTS}:
        near = nearest(str(unknown), known)
        raise UnreadablePack(
            f"{folder}: {unknown} is not a resource here; there are {', '.join(known)}"
            + (f"; did you mean {near}?" if near else "")
        )
    files = [
        (resource, _inside(folder, named[name]))
        for name, resource in known.items()
        if name in named
    ]
    replaced = _inside(folder, named[REPLACEMENTS]) if REPLACEMENTS in named else None
    return Pack(name, title, author, tuple(files), replaced)


def load_pack(
    database: Database,
    folder: Path,
    *,
    author: str | None = None,
    message: str | None = None,
    once: bool = False,
    is_alone: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """Load a pack as one revision. Rows that are there already as they are change nothing.

    With `once`, a pack of this name that was loaded before is left alone, so that what was
    corrected since stays corrected. `is_alone` is for the database. A `dry_run` says what it would
    come to and loads nothing. Raises UnreadablePack, and then nothing is loaded.
    """
    pack = open_pack(folder)
    try:
        with database.write(
            author=author or pack.author,
            message=message or pack.title,
            origin=pack.name,
            is_alone=is_alone,
            dry_run=dry_run,
        ) as writing:
            if once and writing.knows_origin(pack.name):
                return Loaded(pack.name, None, 0, 0, 0)
            for resource, path in pack.files:
                if path.stat().st_size >= _LARGE and (cpu_count() or 1) > 1:
                    made = read_batches_beside(resource, path, database.url.drivername, progress)
                else:
                    form = Form(database.url.get_dialect()(), resource.ledger)
                    made = read_batches(resource, path, form, progress)
                writing.put_batches(resource.ledger, made)
            if pack.replaced:
                writing.note_replaced(read_replaced(pack.replaced))
    except LedgerRefusal as refusal:
        raise UnreadablePack(f"{folder}: {refusal}") from None
    revision = writing.revision if writing.differs and not dry_run else None
    return Loaded(pack.name, revision, writing.added, writing.changed, writing.removed)


def _inside(folder: Path, path: Any) -> Path:
    file = folder / str(path)
    with suppress(OSError, ValueError):  # no file can have such a name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            return file
    raise UnreadablePack(f"{folder}: it names a file that is not in it")
