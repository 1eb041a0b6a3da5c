"""The packs that ship with the software, loaded at first start."""

from collections.abc import Sequence
from pathlib import Path

from app.exchange.archives import unpacked
from app.exchange.packs import Loaded, UnreadablePack, load_pack
from app.storage.database import Database

_APP = Path(__file__).parent.parent


def seed(database: Database, packs: Sequence[str]) -> list[Loaded]:
    """Load the packs that were not loaded before, in order; return what that came to.

    A pack is the name of one that ships, or a path. Raises UnreadablePack.
    """
    loaded = []
    for name in packs:
        with unpacked(find_pack(name)) as folder:
            loaded.append(load_pack(database, folder, once=True))
    return loaded


def find_pack(name: str) -> Path:
    """Return the folder of a pack that ships, or the folder or the zip that a path names."""
    shipped = location()
    for pack in (Path(name), shipped / name):
        if pack.is_dir() or (pack.is_file() and pack.suffix.lower() == ".zip"):
            return pack
    if Path(name).name != name or Path(name).suffix:
        raise UnreadablePack(f"{name}: no such folder or file")
    there = ", ".join(sorted(pack.name for pack in shipped.iterdir() if pack.is_dir()))
    raise UnreadablePack(f"{name}: no such folder or zip, nor a pack that ships ({there})")


def location() -> Path:
    """Return the folder of the packs that ship: in a wheel inside the package, else beside it."""
    packaged = _APP / "seed"
    return packaged if packaged.is_dir() else _APP.parent / "seed"
