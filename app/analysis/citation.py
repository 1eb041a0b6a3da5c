"""Citations: how to name an answer so that others find the same one again."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from pydantic import Field

from app.analysis.comparison import Shape
from app.analysis.figures import house_of
from app.analysis.view import View
from app.resources.sources import SOURCES
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


def read_publishers(view: View, sources: Iterable[str]) -> list[str]:
    """Return who published sources, each once, in the order of their names."""
    keys = sorted(set(sources))
    if not keys:
        return []
    rows = view.rows(SOURCES)
    query = rows.select(("publisher",)).where(rows.column("id").in_(keys))
    return sorted({house_of(name) for (name,) in view.transaction.connection.execute(query)})


def _plain(text: str) -> str:
    """Return a text in which nothing is a command of LaTeX."""
    plain = re.sub(r"[{}\\]", "", text)
    return re.sub(r"[&%#$_]", r"\\\g<0>", plain).replace("~", r"\~{}").replace("^", r"\^{}")


def cite(
    title: str,
    at: Revision,
    url: str,
    publishers: Sequence[str] = (),
    of_countries: Sequence[str] = (),
) -> Citation:
    """Return the citation of an answer read at a revision, under its pinned address.

    `publishers` are those of the figures that it is made of, `of_countries` those of whom it is
    known for which countries AI models count.
    """
    figures = f"Figures of {'; '.join(publishers)}" if publishers else ""
    if publishers and of_countries:
        figures += f", with countries of developers as stated by {'; '.join(of_countries)}"
    day = datetime.fromisoformat(at.recorded_at)
    key = f"airace-revision-{at.id}-{crc32(url.encode()):08x}"  # one for each answer
    note = f"  note = {{{_plain(figures)}}},\n" if figures else ""
    bibtex = (
        f"@misc{{{key},\n"
        f"  title = {{{_plain(title)}}},\n"
        f"  author = {{{{{PUBLISHER}}}}},\n"
        f"  year = {{{day.year}}},\n"
        f"  month = {day.month},\n"
        f"  version = {{revision {at.id}}},\n"
        f"{note}"
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
        **({"note": figures} if figures else {}),
    }
    said = f" {figures}." if figures else ""
    text = f"{PUBLISHER}. {title}. Revision {at.id} of {day.date().isoformat()}.{said} {url}"
    return Citation(text=text, bibtex=bibtex, csl=csl, url=url)
