"""Packs: folders of CSV files with a `datapackage.json`, loaded as one revision or not at all."""

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from pydantic import ValidationError

from app.exchange.datapackage import descriptor
from app.kit.errors import Fault, faults_of
from app.kit.fields import LIST_SEPARATOR
from app.kit.formats import write_csv
from app.kit.text import nearest
from app.resources.queries import PageQuery
from app.resources.reading import ResourceList, read_all
from app.resources.registry import RESOURCES
from app.resources.resource import Entry, Resource, list_names
from app.storage.database import Database, Revision
from app.storage.ledger import LedgerRefusal, StoredRow

DESCRIPTOR = "datapackage.json"
_FAULTS_AT_MOST = 100
_LARGEST_CELL = 131_072

Progress = Callable[[int], None]
"""Told how much was done since it was last told: bytes read, or rows written."""


class UnreadablePack(Exception):
    """A pack of which nothing was loaded. Each line says where and what is wrong."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Loaded:
    """What loading a pack came to: the revision that it made, None where it changed nothing."""

    pack: str
    revision: int | None
    added: int
    changed: int


@dataclass(frozen=True)
class Pack:
    """A pack folder: its name, its title, who made it, and its files by resource."""

    name: str
    title: str
    author: str
    files: tuple[tuple[Resource, Path], ...]

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum(path.stat().st_size for _, path in self.files)


def open_pack(folder: Path) -> Pack:
    """Read the descriptor of a pack. Raises UnreadablePack."""
    try:
        content = orjson.loads((folder / DESCRIPTOR).read_bytes())
        tables = content["resources"]
        named = {table["name"]: table["path"] for table in tables}
        title = str(content.get("title") or content["name"])
        author = str(content.get("contributors", [{}])[0].get("title", "unknown"))
        name = content["name"]
        if not isinstance(name, str) or len(named) < len(tables):
            raise ValueError  # noqa: TRY301  (it joins the other ways not to be one)
    except FileNotFoundError:
        raise UnreadablePack(f"{folder}: there is no {DESCRIPTOR} in it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise UnreadablePack(f"{folder}: its {DESCRIPTOR} is not a data package") from None
    known = {resource.many: resource for resource in RESOURCES}
    for unknown in named.keys() - known.keys():
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
    return Pack(name, title, author, tuple(files))


def load_pack(
    database: Database,
    folder: Path,
    *,
    author: str | None = None,
    message: str | None = None,
    once: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """Load a pack as one revision. Rows that are there already as they are change nothing.

    With `once`, a pack of this name that was loaded before is left alone, so that what was
    corrected since stays corrected. Raises UnreadablePack, and then nothing is loaded.
    """
    pack = open_pack(folder)
    try:
        with database.write(
            author=author or pack.author, message=message or pack.title, origin=pack.name
        ) as writing:
            if once and writing.knows_origin(pack.name):
                return Loaded(pack.name, None, 0, 0)
            for resource, path in pack.files:
                writing.put(resource.ledger, _read_table(resource, path, progress))
    except LedgerRefusal as refusal:
        raise UnreadablePack(f"{folder}: {refusal}") from None
    revision = writing.revision if writing.added or writing.changed else None
    return Loaded(pack.name, revision, writing.added, writing.changed)


def export_pack(
    database: Database,
    folder: Path,
    at: Revision,
    *,
    author: str,
    progress: Progress | None = None,
) -> None:
    """Write all facts as they stood at a revision as a pack, into a folder that is new or empty.

    The folder appears complete or not at all. Raises FileExistsError where it holds anything.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "pack"
        made.mkdir()
        content = descriptor(
            name=f"ai-race-indicators-revision-{at.id}",
            title=f"All facts at revision {at.id}",
            description="Made by airace export; load it with airace load.",
            author=author,
            resources=RESOURCES,
        )
        (made / DESCRIPTOR).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
        for resource in RESOURCES:
            batches = _counted(
                read_all(database, ResourceList(resource), PageQuery(), at), progress
            )
            with (made / f"{resource.many}.csv").open("wb") as file:
                file.writelines(write_csv(resource.pack_columns, batches))
        with suppress(FileNotFoundError):
            folder.rmdir()
        made.rename(folder)


def _counted(
    batches: Iterator[list[dict[str, Any]]], progress: Progress | None
) -> Iterator[list[dict[str, Any]]]:
    for batch in batches:
        yield batch
        if progress:
            progress(len(batch))


def _inside(folder: Path, path: Any) -> Path:
    file = folder / str(path)
    with suppress(OSError, ValueError):  # no file can have such a name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            return file
    raise UnreadablePack(f"{folder}: it names a file that is not in it")


def _read_table(resource: Resource, path: Path, progress: Progress | None) -> Iterator[StoredRow]:
    """Yield the rows of a file. Raises UnreadablePack with its faults, at the end of the file."""
    faults: list[str] = []
    csv.field_size_limit(_LARGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(_told(file, progress), strict=True)
        try:
            header = next(reader, [])
            _check_header(resource, path, header)
            read = partial(_read_row, resource.fact, header, path.name)
            for cells in reader:
                try:
                    yield read(reader.line_num, cells).stored()
                except UnreadablePack as fault:
                    faults.extend(fault.faults)
                if len(faults) >= _FAULTS_AT_MOST:
                    break
        except UnicodeDecodeError:
            faults.append(f"{path.name}: after line {reader.line_num}: is not UTF-8 text")
        except csv.Error as error:
            faults.append(f"{path.name}: line {reader.line_num}: is not CSV ({error})")
    if faults:
        raise UnreadablePack(*faults[:_FAULTS_AT_MOST])


def _told(lines: Any, progress: Progress | None) -> Iterator[str]:
    for line in lines:
        if progress:
            progress(len(line.encode()))
        yield line


def _check_header(resource: Resource, path: Path, header: list[str]) -> None:
    columns = resource.fact.model_fields
    faults = [
        Fault(f"column {position}", "is not a column here", tuple(columns), nearest(name, columns))
        for position, name in enumerate(header, 1)
        if name not in columns
    ]
    faults += [Fault(name, "is there twice") for name in columns if header.count(name) > 1] + [
        Fault(name, "is missing")
        for name, field in columns.items()
        if field.is_required() and name not in header
    ]
    if faults:
        raise UnreadablePack(*(f"{path.name}: line 1: {fault}" for fault in faults))


def _read_row(
    fact: type[Entry], header: list[str], file: str, line: int, cells: list[str]
) -> Entry:
    if len(cells) != len(header):
        raise UnreadablePack(f"{file}: line {line}: has {len(cells)} cells, not {len(header)}")
    lists = list_names(fact)
    given: dict[str, Any] = {
        name: cell.split(LIST_SEPARATOR) if name in lists else cell
        for name, cell in zip(header, cells, strict=True)
        if cell
    }
    try:
        return fact.model_validate(given)
    except ValidationError as error:
        faults = faults_of(error)
        raise UnreadablePack(*(f"{file}: line {line}: {fault}" for fault in faults)) from None
