"""Citations by themselves: what `citation=` answers instead of the answer that it cites."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.analysis.citation import Citation
from app.http.negotiation import table_format
from app.kit.formats import TableFormat

CitationFormat = Literal["text", "bibtex", "csl"]
_FORMATS: Final[dict[str, tuple[str, Callable[[Citation], str | bytes]]]] = {
    "text": ("text/plain", lambda citation: f"{citation.text}\n"),
    "bibtex": ("application/x-bibtex", lambda citation: f"{citation.bibtex}\n"),
    "csl": ("application/vnd.citationstyles.csl+json", lambda citation: orjson.dumps(citation.csl)),
}
CITATION_TYPES: Final = tuple(media_type for media_type, _ in _FORMATS.values())
ByCitation = Annotated[
    CitationFormat | None,
    Field(
        description="Only how to cite the answer: in words (text), as BibTeX, or as CSL-JSON for "
        "reference managers. The address in it is pinned to the revision.",
        examples=["bibtex"],
    ),
]


_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?")


def absolute(request: Request, address: str) -> str:
    """Return an address as others can reach it: as the settings say, else as this was asked for."""
    public: str = request.app.state.public_url
    host = request.headers.get("host", "")
    if not public and _HOST.fullmatch(host):
        public = f"{request.url.scheme}://{host}"
    return public + address


def citation_answer(citation: Citation, format_: str, headers: Mapping[str, str]) -> Response:
    """Answer with a citation alone, in one of the formats."""
    media_type, write = _FORMATS[format_]
    return Response(write(citation), headers=headers, media_type=media_type)


def table_wanted(query: Any, accept: str | None) -> TableFormat | None:
    """Return the table format that an Accept header asks for; none where a citation is wanted.

    That is a format which the address asks for, and goes before what the header says.
    """
    return None if not accept or wanted_citation(query) else table_format(accept)


def wanted_citation(query: Any) -> CitationFormat | None:
    """Return the format in which a query asks for its citation alone, if it asks for one."""
    found: CitationFormat | None = getattr(query, "citation", None)
    return found
