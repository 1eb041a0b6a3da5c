"""Citations: how to name an answer so that others find the same one again."""

from datetime import datetime
from typing import Any
from zlib import crc32

from pydantic import Field

from app.analysis.comparison import Shape
from app.storage.database import Revision

PUBLISHER = "AI Race Indicators"


class Citation(Shape):
    """How to cite an answer. The address is pinned to the revision and keeps giving the answer."""

    text: str = Field(
        description="In words.",
        examples=["AI Race Indicators, Gap, revision 2 (2026-11-22). /gap?indicator=x&as_of=2"],
    )
    bibtex: str = Field(description="As BibTeX.", examples=["@misc{airace2, title = {Gap}}"])
    csl: dict[str, Any] = Field(
        description="As CSL-JSON.", examples=[{"id": "airace-2", "type": "dataset"}]
    )
    url: str = Field(
        description="The address, pinned to the revision.",
        examples=["/gap?indicator=funding-amount&as_of=2"],
    )


def cite(title: str, at: Revision, url: str) -> Citation:
    """Return the citation of an answer read at a revision, under its pinned address."""
    day = datetime.fromisoformat(at.recorded_at)
    key = f"airace-revision-{at.id}-{crc32(url.encode()):08x}"  # one for each answer
    bibtex = (
        f"@misc{{{key},\n"
        f"  title = {{{title}}},\n"
        f"  author = {{{{{PUBLISHER}}}}},\n"
        f"  year = {{{day.year}}},\n"
        f"  month = {day.month},\n"
        f"  version = {{revision {at.id}}},\n"
        f"  howpublished = {{\\url{{{url}}}}}\n"
        "}"
    )
    csl = {
        "id": key,
        "type": "dataset",
        "title": title,
        "author": [{"literal": PUBLISHER}],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "version": f"revision {at.id}",
        "URL": url,
    }
    text = f"{PUBLISHER}. {title}. Revision {at.id} of {day.date().isoformat()}. {url}"
    return Citation(text=text, bibtex=bibtex, csl=csl, url=url)
