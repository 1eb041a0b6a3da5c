"""The files that pages link to, ready to be served."""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2s
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"

# Our own table: what the `mimetypes` module answers depends on the machine.
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PLAIN_TEXT: Final = "text/plain; charset=utf-8"  # licences, notices, notes


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file: its bytes, its media type and a strong ETag (quoted, RFC 9110)."""

    body: bytes
    media_type: str
    etag: str


def asset(name: str) -> Asset | None:
    """Return the file of that name below `STATIC` (`site.css`, `swagger-ui/LICENSE`), or None.

    A name is looked up among the files that are there and never joined to a path, so no
    spelling of it (`..`, an absolute path, a NUL) can reach anything else. Each file is
    read at its first use and kept.
    """
    return _load(name) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    return frozenset(
        path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()
    )


@cache
def _load(name: str) -> Asset:
    path = STATIC / name
    return made(path.read_bytes(), _MEDIA_TYPES.get(path.suffix, _PLAIN_TEXT))


def made(body: bytes, media_type: str) -> Asset:
    """Return what is made here as a file, with the ETag of its bytes."""
    return Asset(body, media_type, f'"{blake2s(body, digest_size=12).hexdigest()}"')
