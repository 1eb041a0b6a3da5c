"""What the first page shows, and what it may be asked: all of it read in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from sqlalchemy import func, literal, select, union_all

from app.analysis.catalogue import read_catalogue
from app.analysis.claims import read_claims
from app.analysis.figures import read_observations, read_witnesses
from app.analysis.gaps import compare
from app.analysis.left_out import asked_of, read_left_out
from app.analysis.race import Race, read_race
from app.analysis.view import View
from app.http.analysis_queries import IndicatorId, different_countries
from app.http.known_indicators import known_indicator
from app.kit.countries import GROUPS
from app.kit.errors import NotAllowed
from app.kit.fields import CountryCode
from app.kit.filters import Where, within
from app.kit.ranges import PeriodRangeText
from app.resources.countries import COUNTRIES
from app.resources.queries import DetailQuery
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.site.race_view import (
    FIRST_COUNTRIES,
    Choice,
    CountryName,
    PastRevision,
    RaceView,
    Shelf,
    SourceName,
)
from app.storage.database import ReadTransaction, Revision
from app.storage.records import RevisionRecord

_FIRST_INDICATOR: Final = "funding-amount"
_COUNTRIES_AT_LEAST, _COUNTRIES_AT_MOST = 2, 6
_REVISIONS_AT_MOST: Final = 200

_revisions = RevisionRecord.__table__


def _two_to_six(countries: list[str]) -> list[str]:
    if not _COUNTRIES_AT_LEAST <= len(countries) <= _COUNTRIES_AT_MOST:
        raise NotAllowed("takes two to six countries", allowed=["US,CN"])
    return different_countries(countries)


class HomeQuery(DetailQuery):
    """What the page can be asked to show."""

    countries: Annotated[
        list[CountryCode],
        AfterValidator(_two_to_six),
        Field(
            description="Of the page: the countries to compare, two to six: code (US, USA) or "
            "English name.",
            examples=[["US", "CN"]],
        ),
    ] = Field(default=[*FIRST_COUNTRIES])
    indicator: Annotated[
        IndicatorId | None,
        Field(
            description="Of the page: the indicator to show closely; `/indicators` lists them.",
            examples=["funding-amount"],
        ),
    ] = None
    period: Annotated[
        PeriodRangeText | None,
        Where("period", within),
        Field(
            description="Of the page: only periods that lie wholly in this one.",
            examples=["2019..2024"],
        ),
    ] = None


def read_home(view: View, query: HomeQuery, given: Mapping[str, str]) -> RaceView:
    """Return what the page shows. `given` has the texts that the query was read from."""
    transaction, at = view.transaction, view.at
    race = read_race(view, query.countries, filters=query)
    catalogue = read_catalogue(view)
    indicator = known_indicator(view, query.indicator or _telling(race))
    observations = read_observations(view, indicator, query.countries, query)
    witnesses = read_witnesses(view)
    left_out = asked_of(view, read_left_out(view, [indicator])[indicator.id], query)
    leader = next((s.leader for s in race.standings if s.indicator == indicator.id), None)
    centre = leader or query.countries[0]
    pairs = [
        tuple(sorted((centre, other), key=query.countries.index))
        for other in query.countries
        if other != centre
    ]
    attribution = view.attribution if indicator.attributed else None
    gaps = [
        compare(
            indicator,
            a,
            b,
            [one for one in observations if one.country in (a, b)],
            witnesses,
            left_out,
            attribution=attribution,
        )
        for a, b in pairs
    ]
    claims = read_claims(view, indicator, query.countries, query)
    stated = {code for entry in catalogue for code in entry.countries}
    counts = count_rows(transaction, at)
    told_by = {standing.source for standing in race.standings if standing.source}
    told_by |= {s.direction_source for s in race.standings if s.direction_source}
    told_by |= {one.source for one in observations}
    told_by |= {witnesses[one.source].root for one in observations}
    told_by |= {key for claim in claims.claims for key in claim.chain}
    return RaceView(
        choice=Choice(
            countries=tuple(query.countries),
            indicator=indicator.id,
            as_of=given.get("as_of"),
            period=given.get("period"),
        ),
        at=at,
        latest=transaction.latest,
        revisions=_past(transaction, at),
        countries=_countries(view, {*stated, *query.countries, *FIRST_COUNTRIES}),
        sources=_sources(view, told_by),
        catalogue=catalogue,
        race=race,
        gaps=gaps,
        claims=claims,
        shelves=[
            Shelf(resource.path, counts[resource.many], resource.about) for resource in RESOURCES
        ],
    )


def _telling(race: Race) -> str:
    """Return the indicator to begin with: money, or else the first that has a leader."""
    led = [standing.indicator for standing in race.standings if standing.leader]
    return _FIRST_INDICATOR if _FIRST_INDICATOR in led or not led else led[0]


def _past(transaction: ReadTransaction, at: Revision) -> list[PastRevision]:
    """Return the newest revisions that hold facts, newest first, and in any case the one shown."""
    query = select(_revisions.c.id, _revisions.c.recorded_at, _revisions.c.message)
    newest = query.where(_revisions.c.id > 0).order_by(_revisions.c.id.desc())
    rows = list(transaction.connection.execute(newest.limit(_REVISIONS_AT_MOST)))
    if at.id not in {row.id for row in rows}:
        rows += transaction.connection.execute(query.where(_revisions.c.id == at.id))
    return [PastRevision(row.id, row.recorded_at, row.message) for row in rows]


def _countries(view: View, codes: Collection[str]) -> dict[str, CountryName]:
    rows = view.rows(COUNTRIES)
    query = rows.select(("id", "name", "kind")).where(rows.column("id").in_(sorted(codes)))
    found = view.transaction.connection.execute(query)
    there = {row.id: CountryName(row.name, row.kind == "group") for row in found}
    # A group that no figure is of has no row yet, and can be asked for all the same.
    return {
        code: CountryName(GROUPS[code], is_group=True) for code in codes if code in GROUPS
    } | there


def _sources(view: View, keys: Iterable[str]) -> dict[str, SourceName]:
    rows = view.rows(SOURCES)
    query = rows.select(("id", "publisher", "title", "published", "url"))
    found = view.transaction.connection.execute(query.where(rows.column("id").in_(sorted(keys))))
    return {row.id: SourceName(row.publisher, row.title, row.published, row.url) for row in found}


def count_rows(transaction: ReadTransaction, at: Revision) -> dict[str, int]:
    """Return how many rows each resource had at a revision."""
    tables = [
        select(literal(resource.many), func.count()).select_from(
            transaction.rows(resource.ledger, at).source
        )
        for resource in RESOURCES
    ]
    return dict(transaction.connection.execute(union_all(*tables)).all())
