"""Validators: the ETag of an answer, and whether the client has it already (RFC 9110, 8.8)."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.http.streams import Stream
from app.storage.database import Revision

_PINNED = "public, max-age=3600"
_CURRENT = "public, no-cache"


@dataclass(frozen=True, slots=True)
class Validator:
    """What the answer of one address depends on: the data, the format, this software, its place."""

    revision: Revision
    media_type: str
    pinned: bool
    """Whether the address names its revision, so that its answer stays as it is."""

    place: str
    """Where others reach the service, as the settings say: links and citations begin with it."""

    @classmethod
    def of(cls, request: Request, at: Revision, media_type: str, *, pinned: bool) -> Self:
        """Return the validator of what a request is answered with."""
        place = f"{request.app.state.public_url}|{request.scope['root_path']}"
        return cls(at, media_type, pinned, place)

    @property
    def etag(self) -> str:
        """The strong ETag. Another database with the same revision number has another one."""
        return _etag(self.revision, self.media_type, self.place)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that let others keep the answer."""
        return {"ETag": self.etag, "Cache-Control": _PINNED if self.pinned else _CURRENT}

    def is_known_by(self, if_none_match: str | None) -> bool:
        """Return whether an If-None-Match header names the answer."""
        return known(self.etag, if_none_match)

    def unchanged(self, *, instead_of: Stream | None = None) -> Response:
        """Return the 304 for a client that has the answer, or one that was made to the end."""
        if instead_of:
            instead_of.close()
        return Response(status_code=304, headers=self.headers)


@lru_cache(maxsize=256)
def _etag(revision: Revision, media_type: str, place: str) -> str:
    seen = f"{revision.recorded_at}|{media_type}|{__version__}|{place}"
    return f'"{revision.id}-{blake2s(seen.encode(), digest_size=8).hexdigest()}"'


def known(etag: str, if_none_match: str | None) -> bool:
    """Return whether an If-None-Match header names an ETag, weakly compared."""
    if not if_none_match:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
