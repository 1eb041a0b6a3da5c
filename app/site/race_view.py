"""What the first page shows, and the choice of who asks: what is read for it, and no HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from app.analysis.catalogue import IndicatorEntry
from app.analysis.claims import Claims
from app.analysis.comparison import Gap
from app.analysis.race import Race
from app.storage.database import Revision

FIRST_COUNTRIES: Final = ("US", "CN")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page is asked to show: the whole state of it, as its address has it."""

    countries: tuple[str, ...]
    indicator: str
    as_of: str | None = None
    period: str | None = None

    def page(self) -> str:
        """Return the address of the page, below the mount point."""
        return _address("/", countries=self._codes, indicator=self.indicator, **self._narrowed)

    def call(self, path: str, **parameters: str | None) -> str:
        """Return the address of an API call that is read at the same revision."""
        return _address(path, **parameters, as_of=self.as_of)

    @property
    def _codes(self) -> str:
        return ",".join(self.countries)

    @property
    def _narrowed(self) -> dict[str, str | None]:
        return {"period": self.period, "as_of": self.as_of}


@dataclass(frozen=True, slots=True)
class CountryName:
    """A country or a group of countries that can be chosen."""

    name: str
    is_group: bool


@dataclass(frozen=True, slots=True)
class SourceName:
    """A source, as readers know it."""

    publisher: str
    title: str
    published: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class PastRevision:
    """A revision that the page can go back to."""

    id: int
    recorded_at: str
    message: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One resource: its address, how many entries it has, what they are."""

    path: str
    count: int
    sentence: str


@dataclass(frozen=True, slots=True)
class RaceView:
    """All that the page shows, read in one transaction."""

    choice: Choice
    at: Revision
    latest: Revision
    revisions: Sequence[PastRevision]
    """Newest first."""
    countries: Mapping[str, CountryName]
    sources: Mapping[str, SourceName]
    catalogue: Sequence[IndicatorEntry]
    race: Race
    gaps: Sequence[Gap]
    """Of the indicator chosen: the country that the others are compared with, and each other."""
    claims: Claims
    shelves: Sequence[Shelf]

    def publisher(self, source: str) -> str:
        """Return who published a source; its key where that is not known."""
        return self.sources[source].publisher if source in self.sources else source


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the answers: the service that gives them."""

    name: str
    version: str
    root_path: str
    """Where a proxy has mounted the service, such as `/airace`."""


def _address(path: str, **parameters: str | None) -> str:
    given = {name: text for name, text in parameters.items() if text is not None}
    return f"{path}?{urlencode(given, safe=',:/')}" if given else path
