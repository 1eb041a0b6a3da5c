"""Packs: folders of CSV files with a `datapackage.json`, loaded as one revision or not at all."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest
from os import cpu_count
from pathlib import Path
from typing import Any

import orjson

from app.exchange.beside import read_batches_beside
from app.exchange.datapackage import NAME as DESCRIPTOR
from app.exchange.named_rows import NAME as NAMED
from app.exchange.named_rows import put_named
from app.exchange.pack_tables import Progress as Progress  # noqa: PLC0414  (part of what this offers)
from app.exchange.pack_tables import UnreadablePack as UnreadablePack  # noqa: PLC0414
from app.exchange.pack_tables import lines_of, read_batches
from app.exchange.replaced_keys import NAME as REPLACEMENTS
from app.exchange.replaced_keys import read_replaced
from app.kit.text import nearest
from app.resources.registry import BY_NAME
from app.resources.resource import Resource
from app.storage.batches import Batch, Form
from app.storage.database import Database
from app.storage.refusals import LedgerRefusal, RepeatedKey

_LONGEST = 2_000  # characters of what is said of a whole pack
_LONGEST_SHOWN = 100  # characters of a path that a message repeats
_LARGE = 10_000_000  # bytes of a file whose reading is worth a process of its own
_MEND = "Take `bytes` and `hash` out of it where it was changed on purpose"
_ALGORITHMS = ("md5", "sha1", "sha256", "sha512")


@dataclass(frozen=True)
class Loaded:
    """What loading a pack came to: the revision that it made, None where it changed nothing."""

    pack: str
    revision: int | None
    added: int
    changed: int
    removed: int


@dataclass(frozen=True)
class Stated:
    """What the descriptor of a pack says of a file: its size, and its hash as `sha256:...`."""

    size: Any = None
    hash: Any = None

    def require(self, path: Path) -> None:
        """Raise UnreadablePack where a file is not so."""
        size = path.stat().st_size
        if self.size not in (None, size):
            raise UnreadablePack(
                f"{path.name}: has {size} bytes, and {DESCRIPTOR} says {self.size}: it was cut "
                f"short or changed. {_MEND}"
            )
        if self.hash is None:
            return
        algorithm, separator, digest = str(self.hash).lower().rpartition(":")
        if not separator:
            algorithm = "md5"  # which is what it is unless it is named
        if algorithm not in _ALGORITHMS:
            raise UnreadablePack(
                f"{path.name}: has a hash in {DESCRIPTOR} that is none of "
                f"{', '.join(_ALGORITHMS)}: it cannot be checked"
            )
        with path.open("rb") as file:
            found = file_digest(file, algorithm).hexdigest()
        if found != digest:
            raise UnreadablePack(
                f"{path.name}: does not have the hash that {DESCRIPTOR} says: it was damaged or "
                f"changed. {_MEND}"
            )


@dataclass(frozen=True)
class Pack:
    """A pack folder: its name, its title, who made it, and its files by resource."""

    name: str
    title: str
    author: str
    files: tuple[tuple[Resource, Path], ...]
    stated: Mapping[Path, Stated]
    """What it says of its files."""

    replaced: Path | None = None
    """Its file of keys that were replaced by others, where it has one."""

    named: Path | None = None
    """Its file of rows of which it has no more than their names, where it has one."""

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum(path.stat().st_size for _, path in self.files)

    @contextmanager
    def reading(self, path: Path) -> Iterator[Path]:
        """Yield a file while it is read.

        Raises UnreadablePack where it is not what the pack says of it, or changes meanwhile.
        """
        before = _state(path)
        self.stated[path].require(path)
        yield path
        if _state(path) != before:
            raise UnreadablePack(f"{path.name}: was changed while it was read; load it again")


def open_pack(folder: Path) -> Pack:
    """Read the descriptor of a pack. Raises UnreadablePack."""
    try:
        content = orjson.loads((folder / DESCRIPTOR).read_bytes().removeprefix(BOM_UTF8))
        tables = content["resources"]
        named = {table["name"]: table["path"] for table in tables}
        said = {one["name"]: Stated(one.get("bytes"), one.get("hash")) for one in tables}
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
    for unknown in named.keys() - BY_NAME.keys() - {REPLACEMENTS, NAMED}:
        near = nearest(str(unknown), BY_NAME)
        raise UnreadablePack(
            f"{folder}: {unknown} is not a resource here; there are {', '.join(BY_NAME)}"
            + (f"; did you mean {near}?" if near else "")
        )
    files = [
        (resource, _inside(folder, name, named[name]))
        for name, resource in BY_NAME.items()
        if name in named
    ]
    stated = {path: said[resource.many] for resource, path in files}
    beside = {
        name: _inside(folder, name, named[name]) for name in (REPLACEMENTS, NAMED) if name in named
    }
    stated |= {path: said[name] for name, path in beside.items()}
    return Pack(
        *(name, title, author, tuple(files), stated), beside.get(REPLACEMENTS), beside.get(NAMED)
    )


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
            for resource, file in pack.files:
                with pack.reading(file) as path:
                    writing.put_batches(resource.ledger, _read(database, resource, path, progress))
            if pack.named:
                with pack.reading(pack.named) as path:
                    put_named(writing, path)
            if pack.replaced:
                with pack.reading(pack.replaced) as path:
                    writing.note_replaced(read_replaced(path))
    except RepeatedKey as repeated:
        raise UnreadablePack(f"{folder}: {repeated}{_where(pack, repeated)}") from None
    except LedgerRefusal as refusal:
        raise UnreadablePack(f"{folder}: {refusal}") from None
    revision = writing.revision if writing.differs and not dry_run else None
    return Loaded(pack.name, revision, writing.added, writing.changed, writing.removed)


def _read(
    database: Database, resource: Resource, path: Path, progress: Progress | None
) -> Iterator[Batch]:
    """Return the rows of a file as they are stored, by the batch."""
    if path.stat().st_size >= _LARGE and (cpu_count() or 1) > 1:
        return read_batches_beside(resource, path, database.url.drivername, progress)
    form = Form(database.url.get_dialect()(), resource.ledger)
    return read_batches(resource, path, form, progress)


def _where(pack: Pack, repeated: RepeatedKey) -> str:
    """Return in which file, and on which lines of it, the first of the keys comes twice."""
    for resource, path in pack.files:
        if resource.ledger.name == repeated.table:
            lines = lines_of(path, repeated.keys[0])
            return f" ({path.name}: lines {' and '.join(map(str, lines))})" if lines else ""
    return ""


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _inside(folder: Path, name: str, path: Any) -> Path:
    file = folder / str(path)
    with suppress(OSError, ValueError):  # no file can have such a name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            return file
    shown = f" ({path})" if len(str(path)) <= _LONGEST_SHOWN and str(path).isprintable() else ""
    raise UnreadablePack(f"{folder}: it names a file that is not in it{shown}, for {name}")
