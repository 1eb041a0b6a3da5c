"""The source of a table: whose figures they are, when it came out, and whom it passes on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest

from pydantic import ValidationError

from app.exchange.import_report import Asked, Report
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.mapping_parts import RestatedMark
from app.kit.errors import faults_of
from app.kit.periods import parse_period
from app.resources.sources import SOURCES, SourceFact
from app.storage.batches import StoredRow
from app.storage.ledger import Writing

_KEYS_ARE_CODES = {"countries", "sources"}
_BY_ROWS = "Published on {day} or later, as its newest rows tell."
"""What the note of a source says where its rows alone tell when it came out."""

_SAID_BY_ROWS = re.compile(r" ?Published on (\S+) or later, as its newest rows tell\.")

_OF_KNOWN = "Of {resource} only rows whose {field} is known here were loaded."
"""What the note of a source says where others were left out of all that it has."""


def _said_of_known(resource: str) -> re.Pattern[str]:
    return re.compile(
        " ?" + re.escape(_OF_KNOWN).replace(r"\{field\}", r"\w+").replace(r"\{resource\}", resource)
    )


def is_of_known_alone(source: StoredRow, resource: str) -> bool:
    """Return whether a source says that of a resource it has only rows of what is known here."""
    return bool(_said_of_known(resource).search(source["note"] or ""))


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
            said = _SAID_BY_ROWS.search(before["note"] or "")
            one, other = newest, here or (said and said[1])
        return (one, other) if one and other and is_before(one, other) else None

    def write(self, writing: Writing, report: Report, asked: Asked, newest: str | None) -> None:
        """Write it where it is new, or came out again; leave it as it is otherwise.

        `newest` is the newest day of its rows, where these tell when it came out. An older release
        than is here leaves it as it is, unless it takes the place of the newer one.
        """
        if report.older and asked.missing != "remove":
            return
        source, before = self.fact, self.known.get(self.fact.id)
        written = []
        mark = self.mapping.content.source
        if mark and mark.restates and not (before and before["restates"]):
            key = self.replaced.get(mark.restates.id, mark.restates.id)
            if source.id not in _chain(key, self.known):
                source = source.model_copy(update={"restates": key})
                if key not in self.known:
                    written.append(_fact_of(mark.restates, key))
                    report.restated_made = key
        if before:
            restates = before["restates"] or source.restates
            published = source.published or (None if report.older else before["published"])
            source = SourceFact(**{**before, "restates": restates, "published": published})
        source = self._of_known(self._dated(source, newest), asked.only_known)
        if said := _SAID_BY_ROWS.search(source.note or ""):
            report.published_by_rows = said[1]
        writing.put(SOURCES.ledger, [one.stored() for one in [*written, source]])

    def _of_known(self, source: SourceFact, field: str | None) -> SourceFact:
        """Return the source with a note that rows were left out, where it has no others."""
        resource = self.mapping.resource.many
        plain = _said_of_known(resource).sub("", source.note or "").strip()
        if field and not self.has_all:
            plain = f"{plain} {_OF_KNOWN.format(resource=resource, field=field)}".strip()
        return source.model_copy(update={"note": plain or None})

    def _dated(self, source: SourceFact, newest: str | None) -> SourceFact:
        """Return the source with the day that its rows tell, where that is all that is known."""
        plain = _SAID_BY_ROWS.sub("", source.note or "").strip() or None
        if self.fact.published:
            return source.model_copy(update={"note": plain})
        if newest is None or (source.published and not is_before(source.published, newest)):
            return source
        told = " ".join(filter(None, [plain, _BY_ROWS.format(day=newest)]))
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
