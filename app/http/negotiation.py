"""Which format an answer has: by the suffix of the address, else by the Accept header."""

from collections.abc import Sequence

import mimeparse

from app.http.problems import not_acceptable
from app.kit.formats import TABLE_FORMATS, TableFormat

JSON = "application/json"
HTML = "text/html"
PNG = "image/png"
ZIP = "application/zip"
BYTES = frozenset({PNG, ZIP, *(table.media_type for table in TABLE_FORMATS if not table.is_text)})
"""The media types of answers that are no text."""

_OFFERED = (JSON, *(table.media_type for table in TABLE_FORMATS))


def best_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """Return the media type offered that an Accept header likes best; the first wins a tie.

    Raises the 406 problem where it takes none (RFC 9110, section 12.5.1).
    """
    if not accept or not accept.strip():
        return offered[0]
    try:
        ranges = [mimeparse.parse_media_range(part) for part in accept.split(",") if part.strip()]
    except mimeparse.MimeTypeParseException:
        raise not_acceptable(offered) from None
    quality = [mimeparse.quality_parsed(media_type, ranges) for media_type in offered]
    if not any(quality):
        raise not_acceptable(offered)
    return offered[quality.index(max(quality))]


def table_format(accept: str | None) -> TableFormat | None:
    """Return the table format that an Accept header asks for, None for JSON."""
    if not accept or accept == "*/*":
        return None
    chosen = best_media_type(accept, _OFFERED)
    return next((table for table in TABLE_FORMATS if table.media_type == chosen), None)
