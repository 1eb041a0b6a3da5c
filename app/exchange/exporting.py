"""All facts as a Data Package: a folder or a zip, the same bytes for the same revision."""

import os
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from app.exchange.datapackage import NAME as DESCRIPTOR
from app.exchange.datapackage import descriptor
from app.exchange.named_rows import NAME as NAMED
from app.exchange.named_rows import Named, has_names, is_bare, named_rows, sources_kept
from app.exchange.replaced_keys import NAME as REPLACEMENTS
from app.exchange.replaced_keys import Replacement, replaced_rows
from app.kit.formats import write_csv
from app.kit.licences import Reuse
from app.kit.tables import Column, columns_of
from app.resources.queries import ListQuery, list_query
from app.resources.reading import Item, ResourceList, Row
from app.resources.registry import BY_NAME, RESOURCES
from app.resources.resource import Entry, Resource
from app.resources.results import read_all, read_rows
from app.resources.sources import SOURCES
from app.storage.database import Database, Revision

_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, the first that there can be: zips of one revision are equal."""

_READABLE: Final = 0o644 << 16
_WITH: Final[dict[Reuse, str]] = {
    "open": "an open licence",
    "other": "another licence",
    "none": "no licence",
}
_LEFT_OUT: Final = (
    f" What others state is left out: {NAMED}.csv has the names of companies and AI models that "
    "rows name, and of those of which no more is known, and sources.csv also the sources that are "
    "named as the origin of figures."
)
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")

Progress = Callable[[int], None]
"""Told how many rows were written since it was last told."""

Files = Iterator[tuple[str, Iterator[bytes]]]
"""Files by name, each with its content in pieces: to be read in order, each to its end."""


def package_files(
    database: Database,
    at: Revision,
    progress: Progress | None = None,
    licences: Sequence[Reuse] | None = None,
) -> Files:
    """Yield the files of the package of a revision: a table for each resource, the descriptor.

    Between them comes the table of the keys that were replaced, where there are any. With licences
    only what sources state that have such a one is in them, beside the countries, the sources that
    are named as others' origins, and the names of what else is named and left out.
    """
    licences = _each(licences)
    tables: list[_Table] = []
    for resource in RESOURCES:
        table = _Table(resource.many, resource.fact)
        fields = [column.name for column in table.columns]
        listing, tell = ResourceList(resource), table.counting(progress)
        if licences and resource is SOURCES:
            every = read_rows(database, listing, _asking(resource, None, fields), at)
            kept = _of_keys(every, sources_kept(database, at, licences), tell)
            yield table.path, table.written(kept)
        elif licences and has_names(resource):
            known = read_rows(database, listing, _asking(resource, licences, fields), at)
            yield table.path, table.written(_of_which_more_is_known(known, fields, tell))
        else:
            rows = read_rows(database, listing, _asking(resource, licences, fields), at, tell)
            yield table.path, table.written(rows)
        tables.append(table)
    replaced = replaced_rows(database, at)
    if licences:
        replaced = list(_going_on(database, at, licences, replaced))
    named = named_rows(database, at, licences) if licences else []
    for name, entry, found in ((REPLACEMENTS, Replacement, replaced), (NAMED, Named, named)):
        if found:
            table = _Table(name, entry, len(found))
            yield table.path, table.written([found])
            tables.append(table)
    everything = read_all(database, ResourceList(SOURCES), _asking(SOURCES, licences), at)
    sources = [source for batch in everything for source in batch]
    content = orjson.dumps(_described(tables, sources, at, licences), option=orjson.OPT_INDENT_2)
    yield DESCRIPTOR, iter([content + b"\n"])


def package_name(at: Revision, licences: Sequence[Reuse] | None) -> str:
    """Return what the package of a revision is called."""
    return "-".join(["ai-race-indicators-revision", str(at.id), *_each(licences)])


def _each(licences: Sequence[Reuse] | None) -> list[Reuse]:
    """Return the kinds of licences that a package is limited to, none where it has all."""
    asked = set(licences or ())
    return [] if asked == {*_WITH} else sorted(asked)


def _asking(
    resource: Resource, licences: Sequence[Reuse] | None, fields: list[str] | None = None
) -> ListQuery:
    """Return the query of the rows of a resource that a package has."""
    query = list_query(resource)
    asked: dict[str, Any] = {"fields": fields} if fields else {}
    if licences and "licence" in query.model_fields:
        asked["licence"] = list(licences)
    return query(**asked)


def _of_keys(
    batches: Iterable[Sequence[Row]], keys: set[str], tell: Progress
) -> Iterator[Sequence[Row]]:
    """Yield the rows of these keys, which they begin with."""
    for batch in batches:
        rows = [row for row in batch if row[0] in keys]
        yield rows
        tell(len(rows))


def _of_which_more_is_known(
    batches: Iterable[Sequence[Row]], fields: Sequence[str], tell: Progress
) -> Iterator[Sequence[Row]]:
    """Yield the rows that have more than a name."""
    for batch in batches:
        rows = [row for row in batch if not is_bare(dict(zip(fields, row, strict=True)))]
        yield rows
        tell(len(rows))


def _going_on(
    database: Database, at: Revision, licences: Sequence[Reuse], replaced: list[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the replaced keys whose rows go on in a package of some licences."""
    for name, rows in groupby(replaced, itemgetter(0)):
        query = _asking(BY_NAME[name], licences, ["id"])
        batches = read_all(database, ResourceList(BY_NAME[name]), query, at)
        kept = {item["id"] for batch in batches for item in batch}
        yield from (row for row in rows if row[2] in kept)


def export_pack(
    database: Database,
    folder: Path,
    at: Revision,
    *,
    progress: Progress | None = None,
    licences: Sequence[Reuse] | None = None,
) -> None:
    """Write all facts as they stood at a revision as a pack, into a folder that is new or empty.

    A new folder appears complete or not at all; in one that is there the descriptor comes last.
    Raises FileExistsError where it holds anything.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder if folder.exists() else folder.parent
    with TemporaryDirectory(dir=beside, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "pack"
        made.mkdir()
        names = []
        for name, content in package_files(database, at, progress, licences):
            names.append(name)
            with (made / name).open("wb") as file:
                file.writelines(content)
        if beside is folder:
            for name in names:
                (made / name).rename(folder / name)
        else:
            made.rename(folder)


def export_zip(
    database: Database,
    path: Path,
    at: Revision,
    *,
    progress: Progress | None = None,
    licences: Sequence[Reuse] | None = None,
) -> None:
    """Write the pack as one zip. It appears complete or not at all.

    Raises FileExistsError where there is such a file.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            file.writelines(zip_pieces(package_files(database, at, progress, licences)))
            file.close()
            Path(file.name).chmod(_READABLE >> 16)
            os.link(file.name, path)  # unlike a renaming, this spares what came there meanwhile
        finally:
            Path(file.name).unlink()


def zip_pieces(files: Files) -> Generator[bytes, None, None]:
    """Yield a zip of files in pieces, as it is made. The same files are the same bytes."""
    made = _Forward()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = ZipInfo(name, _DATE)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = _READABLE
            # Nobody knows how long it becomes, so the long form it is.
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in content:
                    file.write(piece)
                    yield made.taken()
            yield made.taken()
    yield made.taken()


class _Forward:
    """A file that cannot go back, from which is taken what was written."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: what is written is taken anyway."""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def taken(self) -> bytes:
        """Return what was written since this was last asked."""
        held = bytes(self._held)
        self._held.clear()
        return held


@dataclass
class _Table:
    """A table as it is written, and what is known of it in the end."""

    name: str
    entry: type[Entry]
    rows: int = 0
    size: int = 0
    checksum: str = ""

    @property
    def path(self) -> str:
        """The name of its file."""
        return f"{self.name}.csv"

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns."""
        return columns_of(self.entry)

    def counting(self, progress: Progress | None) -> Progress:
        """Return what counts the rows that are written, and tells of them."""

        def told(rows: int) -> None:
            self.rows += rows
            if progress:
                progress(rows)

        return told

    def written(self, rows: Iterable[Sequence[Row]]) -> Iterator[bytes]:
        """Yield the table as CSV in pieces, and note its size and checksum."""
        seen = sha256()
        for piece in write_csv(self.columns, rows):
            seen.update(piece)
            self.size += len(piece)
            yield piece
        self.checksum = f"sha256:{seen.hexdigest()}"


def _described(
    tables: list[_Table], sources: list[Item], at: Revision, licences: Sequence[Reuse] | None
) -> dict[str, Any]:
    """Return the descriptor: what there is, of which revision, who states it, on which terms."""
    named = " or ".join(_WITH[each] for each in _each(licences))
    content = descriptor(
        name=package_name(at, licences),
        title=f"{f'Facts with {named}' if named else 'All facts'} at revision {at.id}",
        description="Exported facts; airace load reads them again. Each licence is that of a "
        "source, as far as known, and holds for what that source states."
        + (_LEFT_OUT if named else ""),
        author="AI Race Indicators",
        resources=RESOURCES,
        has_replacements=any(table.name == REPLACEMENTS for table in tables),
        has_named=any(table.name == NAMED for table in tables),
    )
    tables_described = content.pop("resources")
    for described, table in zip(tables_described, tables, strict=True):
        described |= {"bytes": table.size, "hash": table.checksum, "rows": table.rows}
    return {
        **content,
        "revision": at.id,
        "licenses": _licences(sources),
        "sources": [_source(source) for source in sources],
        "resources": tables_described,
    }


def _licences(sources: list[Item]) -> list[dict[str, Any]]:
    """Return the licences that sources state, each with the sources that it holds for."""
    stated = sorted({source["licence"] for source in sources} - {None})
    return [
        {
            "name": _NOT_IN_A_NAME.sub("-", licence),
            "title": licence,
            "sources": [source["id"] for source in sources if source["licence"] == licence],
        }
        for licence in stated
    ]


def _source(source: Item) -> dict[str, Any]:
    """Return a source as the descriptor names it; without a licence, none is known."""
    described = {name: source[name] for name in ("id", "title", "publisher", "licence")}
    return described | ({"path": source["url"]} if source["url"] else {})
