"""Validators: the ETag of an answer, and whether the client has it already (RFC 9110, 8.8)."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2s
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.http.streams import Stream
from app.storage.database import Revision

_PINNED = "public, max-age=3600"
_CURRENT = "public, no-cache"


class Validator:
    """What the answer of one address depends on: the data, the format, this software, its place.

    The place is where others reach the service, as the settings say: links and citations begin
    with it. One that is pinned is of an address that names its revision, so that its answer stays.
    """

    def __init__(self, at: Revision, media_type: str, place: str, *, pinned: bool) -> None:
        self.revision = at
        seen = f"{at.recorded_at}|{media_type}|{__version__}|{place}"
        self.etag = f'"{at.id}-{blake2s(seen.encode(), digest_size=8).hexdigest()}"'
        """The strong ETag. Another database with the same revision number has another one."""

        self.headers: Mapping[str, str] = MappingProxyType(
            {"ETag": self.etag, "Cache-Control": _PINNED if pinned else _CURRENT}
        )
        """The headers that let others keep the answer."""

        self.raw = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        """The same as they leave."""

    @staticmethod
    def of(request: Request, at: Revision, media_type: str, *, pinned: bool) -> "Validator":
        """Return the validator of what a request is answered with."""
        place = f"{request.app.state.public_url}|{request.scope['root_path']}"
        return _validator(at, media_type, place, pinned)

    def is_known_by(self, if_none_match: str | None) -> bool:
        """Return whether an If-None-Match header names the answer."""
        return known(self.etag, if_none_match)

    def unchanged(self, *, instead_of: Stream | None = None) -> Response:
        """Return the 304 for a client that has the answer, or one that was made to the end."""
        if instead_of:
            instead_of.close()
        return Response(status_code=304, headers=self.headers)


@lru_cache(maxsize=256)
def _validator(at: Revision, media_type: str, place: str, pinned: bool) -> Validator:  # noqa: FBT001
    return Validator(at, media_type, place, pinned=pinned)


def known(etag: str, if_none_match: str | None) -> bool:
    """Return whether an If-None-Match header names an ETag, weakly compared."""
    if not if_none_match:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
