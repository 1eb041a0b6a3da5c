"""The source of a table: whose figures they are, when it came out, and whom it passes on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest

from pydantic import ValidationError

from app.exchange.import_report import Asked, Report
from app.exchange.known_source import KnownSource, known_source
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.mapping_parts import RestatedMark
from app.exchange.source_notes import BY_ROWS, OF_KNOWN, SAID_BY_ROWS, said_of_known
from app.kit.errors import faults_of
from app.kit.periods import parse_period
from app.resources.sources import SOURCES, SourceFact
from app.storage.batches import StoredRow
from app.storage.ledger import Writing

_KEYS_ARE_CODES = {"countries", "sources"}


def source_of(mapping: TableMapping, asked: Asked, name: str) -> SourceFact | None:
    """Return the source of a file of this name. Raises UnusableMapping where nobody says it."""
    if mapping.content.resource in _KEYS_ARE_CODES:
        return None
    mark = mapping.content.source
    if mark is None:
        if asked.source or "source" in mapping.content.fields:
            return None
        raise UnusableMapping(f"{mapping.name}: say whose figures they are, by --source KEY")
    published = asked.published or mark.published
    if published is None and mark.published_in_name:
        match = re.search(mark.published_in_name, name)
        published = match[1] if match else None
    where = "source.restates"
    try:
        if mark.restates:
            _fact_of(mark.restates, mark.restates.id)
        where = "source"
        return _fact_of(mark, asked.source or mark.id, published)
    except ValidationError as error:
        raise UnusableMapping(f"{mapping.name}: {where}: {faults_of(error)[0]}") from None


@dataclass(frozen=True)
class StatedSource:
    """The source of a table, to be written where the table has rows that state it."""

    fact: SourceFact
    mapping: TableMapping
    known: Mapping[str, StoredRow]
    """The sources that were there before, by key."""

    replaced: Mapping[str, str]
    """What replaced keys of sources."""

    has_all: bool
    """Whether it has rows that were loaded without leaving out those of what is not known."""

    @property
    def dated_by(self) -> str | None:
        """The field whose newest day tells when it came out, where nobody says that."""
        mark = self.mapping.content.source
        return mark.published_from if mark and not self.fact.published else None

    def older_than(self, newest: str | None, here: str | None) -> tuple[str, str] | None:
        """Return when it came out and when what is here did, where that came later.

        Where nobody says when it came out, its newest rows tell, beside the newest that are here.
        """
        if self.mapping.asked_in_keys:
            return None  # its source has tables of several matters, each of a day of its own
        before = self.known.get(self.fact.id) or {"published": None, "note": None}
        one, other = self.fact.published, before["published"]
        if one is None:
            said = SAID_BY_ROWS.search(before["note"] or "")
            one, other = newest, here or (said and said[1])
        return (one, other) if one and other and is_before(one, other) else None

    def write(self, writing: Writing, report: Report, asked: Asked, newest: str | None) -> None:
        """Write it where it is new, or came out again; leave it as it is otherwise.

        `newest` is the newest day of its rows, where these tell when it came out. An older release
        than is here leaves it as it is, unless it takes the place of the newer one.
        """
        if report.older and asked.missing != "remove":
            return
        source, row = self.fact, self.known.get(self.fact.id)
        before = known_source(writing, row) if row else None
        restates = self._restates(before, report)
        written = self._restated(writing, restates, report)
        if before:
            published = source.published or (None if report.older else before.row["published"])
            source = self._told(before, source, report)
            source = source.model_copy(update={"published": published})
        source = source.model_copy(update={"restates": restates})
        source = self._of_known(self._dated(source, newest), asked.only_known)
        if said := SAID_BY_ROWS.search(source.note or ""):
            report.published_by_rows = said[1]
        writing.put(SOURCES.ledger, [one.stored() for one in [*written, source]])

    def _told(self, before: KnownSource, source: SourceFact, report: Report) -> SourceFact:
        """Return what is to be said of the source, as `--source` may name one of another's."""
        mark = self.mapping.content.source
        is_meant = bool(mark and mark.id == source.id)
        fills = is_meant or before.row["publisher"] == source.publisher
        return before.told_by(self.mapping.name, source, report.source_kept, fills=fills)

    def _restates(self, before: KnownSource | None, report: Report) -> str | None:
        """Return whose figures it passes on."""
        mark = self.mapping.content.source
        told = mark.restates.id if mark and mark.restates else None
        told = self.replaced.get(told, told) if told else None
        here: str | None = before.row["restates"] if before else None
        if told and self.fact.id in _chain(told, self.known):
            return here
        if here in (None, told) or (before and before.came_by("restates", self.mapping.name)):
            return told
        if told:
            report.source_kept.append((self.fact.id, "restates", here, told))
        return here

    def _restated(self, writing: Writing, restates: str | None, report: Report) -> list[SourceFact]:
        """Return the source that it passes on, where the mapping says of it what is not here."""
        mark = self.mapping.content.source
        if not (restates and mark and mark.restates):
            return []
        if self.replaced.get(mark.restates.id, mark.restates.id) != restates:
            return []
        told = _fact_of(mark.restates, restates)
        if restates not in self.known:
            report.restated_made = restates
            return [told]
        before = known_source(writing, self.known[restates])
        return [before.told_by(self.mapping.name, told, report.source_kept, fills=True)]

    def _of_known(self, source: SourceFact, field: str | None) -> SourceFact:
        """Return the source with a note that rows were left out, where it has no others."""
        resource = self.mapping.resource.many
        plain = said_of_known(resource).sub("", source.note or "").strip()
        if field and not self.has_all:
            plain = f"{plain} {OF_KNOWN.format(resource=resource, field=field)}".strip()
        return source.model_copy(update={"note": plain or None})

    def _dated(self, source: SourceFact, newest: str | None) -> SourceFact:
        """Return the source with the day that its rows tell, where that is all that is known."""
        plain = SAID_BY_ROWS.sub("", source.note or "").strip() or None
        if self.fact.published:
            return source.model_copy(update={"note": plain})
        if newest is None or (source.published and not is_before(source.published, newest)):
            return source
        told = " ".join(filter(None, [plain, BY_ROWS.format(day=newest)]))
        return source.model_copy(update={"published": newest, "note": told})


def newest_day(periods: Iterable[str | None]) -> str | None:
    """Return the newest day that two rows reach, as it is told of a table that is read."""
    today = datetime.now(UTC).date().isoformat()
    days = (parse_period(one).first.isoformat() for one in periods if one)
    return min(nlargest(2, (day for day in days if day <= today)), default=None)


def is_before(one: str, other: str) -> bool:
    """Return whether all days that a period can mean come before those of another one."""
    return parse_period(one).last < parse_period(other).first


def _chain(key: str | None, sources: Mapping[str, StoredRow]) -> set[str]:
    """Return a source and all that it passes on."""
    found: set[str] = set()
    while key is not None and key not in found:
        found.add(key)
        key = sources[key]["restates"] if key in sources else None
    return found


def _fact_of(mark: RestatedMark, key: str, published: str | None = None) -> SourceFact:
    given = mark.model_dump(include=SourceFact.model_fields.keys() - {"restates"})
    published = published or mark.published
    return SourceFact.model_validate({**given, "id": key, "published": published})
