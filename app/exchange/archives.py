"""Packs in a zip: unpacked into a temporary folder, within bounds, before anything reads them."""

import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from app.exchange.datapackage import NAME as DESCRIPTOR
from app.exchange.packs import UnreadablePack

ENTRIES_AT_MOST: Final = 100
BYTES_AT_MOST: Final = 8 * 2**30
RATIO_AT_MOST: Final = 200
_RATIO_COUNTS_FROM: Final = 2**20
"""Small files may be as regular as they like."""

_PIECE: Final = 2**20
_ENCRYPTED: Final = 0x1


@contextmanager
def unpacked(pack: Path) -> Iterator[Path]:
    """Yield the folder of a pack: a folder itself, or what a zip holds while the block runs.

    Raises UnreadablePack where the file is no zip, reaches out of its folder, or is too much, or
    holds no pack or several. One that the block raises names the zip, and not that folder.
    """
    if pack.is_dir():
        yield pack
        return
    with TemporaryDirectory(prefix="airace-") as scratch:
        folder = Path(scratch)
        try:
            with ZipFile(pack) as archive:
                _unpack(archive, folder, pack)
        except (BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise UnreadablePack(f"{pack}: it is not a zip that can be read") from None
        place = _place_of_pack(folder, pack)
        try:
            yield place
        except UnreadablePack as error:
            faults = [fault.replace(str(place), str(pack)) for fault in error.faults]
            raise UnreadablePack(*faults) from None


def _place_of_pack(folder: Path, pack: Path) -> Path:
    """Return the folder with the descriptor: many zips hold all they have in a folder of theirs."""
    if (folder / DESCRIPTOR).exists():
        return folder
    found = list(folder.rglob(DESCRIPTOR))
    if len(found) == 1:
        return found[0].parent
    count = "more than one" if found else "no"
    raise UnreadablePack(f"{pack}: there is {count} {DESCRIPTOR} in it")


def is_packed(path: Path) -> bool:
    """Return whether a file is a zip of a pack, and not one of a table."""
    try:
        with ZipFile(path) as archive:
            names = [PurePosixPath(name).name for name in archive.namelist()]
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return DESCRIPTOR in names


def _unpack(archive: ZipFile, folder: Path, pack: Path) -> None:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > ENTRIES_AT_MOST:
        raise UnreadablePack(f"{pack}: it holds more than {ENTRIES_AT_MOST} files")
    left = BYTES_AT_MOST
    for number, entry in enumerate(entries, 1):
        name = f"{pack}: its file {number}"
        if fault := _fault(entry):
            raise UnreadablePack(f"{name} {fault}")
        target = folder.joinpath(*PurePosixPath(entry.filename).parts)
        try:
            if target.exists():
                raise UnreadablePack(f"{name} has the name of another one")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("xb") as file:
                written = 0
                while piece := packed.read(_PIECE):
                    written += len(piece)
                    if written > left:
                        raise UnreadablePack(f"{pack}: it holds more than {BYTES_AT_MOST} bytes")
                    if written > max(_RATIO_COUNTS_FROM, RATIO_AT_MOST * entry.compress_size):
                        raise UnreadablePack(
                            f"{name} is compressed to less than one in {RATIO_AT_MOST} bytes"
                        )
                    file.write(piece)
        except (OSError, ValueError, RuntimeError):
            raise UnreadablePack(f"{name} cannot be unpacked") from None
        left -= written


def _fault(entry: ZipInfo) -> str | None:
    """Return what forbids to unpack an entry, None where nothing does."""
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        return "has a path that leads out of it"
    if not path.parts or not entry.filename.isprintable():
        return "has no name that a file can have"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    return None
