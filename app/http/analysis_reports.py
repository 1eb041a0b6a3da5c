"""The reports: what each may be asked, how it is worked out, and its rows as a table."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, RootModel

from app.analysis.catalogue import IndicatorEntry, read_catalogue
from app.analysis.claims import Claim, Claims, read_claims
from app.analysis.comparison import Gap
from app.analysis.gaps import read_gap
from app.analysis.indicator import Indicator
from app.analysis.observations import Observations
from app.analysis.race import Race, Standing, read_race
from app.analysis.sensitivity import Answer, Sensitivity, read_sensitivity
from app.analysis.view import View
from app.analysis.wide import WideObservations, wide_columns, wide_order, widen
from app.http.analysis_queries import (
    CatalogueQuery,
    ClaimsQuery,
    GapQuery,
    ObservationFilters,
    ObservationQuery,
    PairQuery,
    RaceQuery,
)
from app.http.answers import told
from app.http.known_indicators import addressed_indicator, known_indicator
from app.http.reports import Report
from app.kit.errors import NotAllowed
from app.kit.filters import conditions
from app.kit.tables import Column, Kind, columns_of
from app.resources.reading import Item, Unanswerable
from app.storage.database import ReadTransaction, Revision


class Catalogue(RootModel[list[IndicatorEntry]]):
    """All indicators."""


def require_indicators(transaction: ReadTransaction, at: Revision, query: Any) -> None:
    """Raise the 422 problem where observations are asked for of an unknown indicator."""
    view = View(transaction, at)
    told(lambda: [known_indicator(view, id_) for id_ in query.indicator or ()])


def asked_observations(query: ObservationFilters) -> Observations:
    return Observations(
        units=query.units,
        base=query.base,
        base_period=query.base_period,
        named=tuple(query.country or ()),
        sources=tuple(query.source or ()),
        scopes=tuple(query.scope or ()),
        bases=tuple(query.basis or ()),
        indicators=tuple(query.indicator or ()),
        period=query.period,
        latest=query.latest == "1",
        attribution=query.attribution,
        licences=tuple(query.licence or ()),
    )


def _asked_indicator(transaction: ReadTransaction, at: Revision, query: Any) -> Indicator:
    return known_indicator(View(transaction, at), query.indicator)


def _read_wide(
    transaction: ReadTransaction, at: Revision, query: ObservationFilters
) -> WideObservations:
    for name in ("sort", "fields", "limit", "cursor", "count"):
        if getattr(query, name) is not None:
            raise Unanswerable(name, NotAllowed("does not go with shape=wide, which is whole"))
    require_indicators(transaction, at, query)
    listing = asked_observations(query)
    rows = listing.rows(transaction, at)
    selected = rows.select(listing.columns).where(*conditions(query, rows))
    found = transaction.connection.execute(wide_order(selected, rows)).mappings()
    return widen(found, query.country or ())


def _wide_sources(found: WideObservations) -> Iterator[str]:
    """Yield whose figures the rows are, and who passes them on."""
    for row in found.root:
        yield row["source"]
        if row["original_source"]:
            yield row["original_source"]


def _asked_view(
    transaction: ReadTransaction, at: Revision, query: GapQuery | RaceQuery | ClaimsQuery
) -> View:
    return View(transaction, at, query.attribution, tuple(query.licence or ()))


def _read_gap(transaction: ReadTransaction, at: Revision, query: GapQuery) -> Gap:
    view = _asked_view(transaction, at, query)
    return read_gap(view, known_indicator(view, query.indicator), query.a, query.b, query)


def _require_weighed(transaction: ReadTransaction, at: Revision, query: RaceQuery) -> None:
    view = View(transaction, at)
    for id_ in query.weighed:
        known_indicator(view, id_, "weights")


def _read_race(transaction: ReadTransaction, at: Revision, query: RaceQuery) -> Race:
    _require_weighed(transaction, at, query)
    view = _asked_view(transaction, at, query)
    return read_race(view, query.countries, query.weighed, query)


def _read_claims(transaction: ReadTransaction, at: Revision, query: ClaimsQuery) -> Claims:
    view = _asked_view(transaction, at, query)
    return read_claims(view, known_indicator(view, query.indicator), query.country, query)


def _read_sensitivity(transaction: ReadTransaction, at: Revision, query: PairQuery) -> Sensitivity:
    view = View(transaction, at)
    return read_sensitivity(view, known_indicator(view, query.indicator), query.a, query.b)


def indicator_report(id_: str) -> Report[CatalogueQuery]:
    def check(transaction: ReadTransaction, at: Revision, _query: CatalogueQuery) -> Indicator:
        return addressed_indicator(View(transaction, at), id_)

    def read(transaction: ReadTransaction, at: Revision, query: CatalogueQuery) -> BaseModel:
        indicator = check(transaction, at, query)
        entries = read_catalogue(View(transaction, at))
        return next(entry for entry in entries if entry.id == indicator.id)

    return Report(
        name=f"indicator-{id_.lower()}",
        title=lambda found: f"Indicator: {found.name}",
        query=CatalogueQuery,
        read=read,
        columns=lambda _found: columns_of(IndicatorEntry),
        rows=lambda found: [found.model_dump()],
        check=check,
    )


_GAP_NUMBERS = (
    *("a_value", "a_share", "b_value", "b_share"),
    *("without_country", "difference", "ratio", "ratio_least", "ratio_most"),
)
_GAP_NAMES = (
    "source",
    "publisher",
    "scope",
    "part_of",
    "unit",
    "basis",
    "witness",
    "countries_from",
    "period",
    "a",
    "a_value",
    "a_qualifier",
    "a_share",
    "b",
    "b_value",
    "b_qualifier",
    "b_share",
    "leader",
    "higher",
    "without_country",
    "leader_certain",
    "difference",
    "ratio",
    "ratio_qualifier",
    "ratio_least",
    "ratio_most",
    "attribution",
    "refusal",
)
_KINDS = dict.fromkeys(_GAP_NUMBERS, Kind.NUMBER) | {
    "leader_certain": Kind.FLAG,
    "countries_from": Kind.LIST,
}
_GAP_COLUMNS = tuple(Column(name, _KINDS.get(name, Kind.TEXT)) for name in _GAP_NAMES)


def _gap_rows(gap: Gap) -> list[Item]:
    """Return a row for each source, scope and period: the gap, or the reason of its refusal."""
    compared = [
        {
            "source": comparison.source,
            "publisher": comparison.publisher,
            "scope": comparison.scope,
            "part_of": comparison.part_of,
            "unit": comparison.unit,
            "basis": comparison.basis,
            "witness": comparison.witness,
            "countries_from": comparison.countries_from,
            "period": period.period,
            "a": period.a.country,
            "a_value": period.a.value,
            "a_qualifier": period.a.qualifier,
            "a_share": period.a.share,
            "b": period.b.country,
            "b_value": period.b.value,
            "b_qualifier": period.b.qualifier,
            "b_share": period.b.share,
            "leader": period.leader,
            "higher": period.higher,
            "without_country": period.without_country,
            "leader_certain": period.leader_certain,
            "difference": period.difference,
            "ratio": period.ratio,
            "ratio_qualifier": period.ratio_qualifier,
            "ratio_least": period.ratio_least,
            "ratio_most": period.ratio_most,
            "attribution": gap.attribution,
            "refusal": None,
        }
        for comparison in gap.comparisons
        for period in comparison.periods
    ]
    refused = [
        dict.fromkeys(_GAP_NAMES)
        | {
            "source": refusal.source,
            "scope": refusal.scope,
            "period": refusal.period,
            "a": gap.a,
            "b": gap.b,
            "attribution": gap.attribution,
            "refusal": refusal.reason,
        }
        for refusal in gap.refusals
    ]
    return compared + refused


_SENSITIVITY_COLUMNS = (*columns_of(Answer), Column("refusal", Kind.TEXT))


def _sensitivity_rows(found: Sensitivity) -> list[Item]:
    """Return a row for each answer, and one for each refusal with its reason."""
    nothing = dict.fromkeys(column.name for column in _SENSITIVITY_COLUMNS)
    return [
        *(nothing | answer.model_dump() for answer in found.answers),
        *(
            nothing | refused.model_dump(exclude={"reason"}) | {"refusal": refused.reason}
            for refused in found.refusals
        ),
    ]


CATALOGUE: Report[CatalogueQuery] = Report(
    name="indicators",
    title=lambda _found: "Indicators",
    query=CatalogueQuery,
    read=lambda transaction, at, _query: Catalogue(read_catalogue(View(transaction, at))),
    columns=lambda _found: columns_of(IndicatorEntry),
    rows=lambda found: found.model_dump(),
    check=lambda _transaction, _at, _query: None,
)
OBSERVATIONS_TITLE = "Observations"
WIDE: Report[Any] = Report(
    name="observations",
    title=lambda _found: OBSERVATIONS_TITLE,
    query=ObservationQuery,
    read=_read_wide,
    columns=wide_columns,
    rows=lambda found: found.root,
    sources=_wide_sources,
)
GAP: Report[GapQuery] = Report(
    name="gap",
    title=lambda gap: f"{gap.name}: {gap.a} and {gap.b}",
    query=GapQuery,
    read=_read_gap,
    columns=lambda _found: _GAP_COLUMNS,
    rows=_gap_rows,
    sources=lambda gap: (key for one in gap.comparisons for key in (one.source, one.witness)),
    countries_from=lambda gap: (key for one in gap.comparisons for key in one.countries_from),
    check=_asked_indicator,
)
RACE: Report[RaceQuery] = Report(
    name="race",
    title=lambda race: f"The AI race by indicators: {', '.join(race.countries)}",
    query=RaceQuery,
    read=_read_race,
    columns=lambda _found: columns_of(Standing),
    rows=lambda found: [standing.model_dump() for standing in found.standings],
    sources=lambda race: (one.source for one in race.standings if one.source),
    check=_require_weighed,
)
CLAIMS: Report[ClaimsQuery] = Report(
    name="claims",
    title=lambda claims: f"{claims.name}: claims of every source",
    query=ClaimsQuery,
    read=_read_claims,
    columns=lambda _found: columns_of(Claim),
    rows=lambda found: [claim.model_dump() for claim in found.claims],
    sources=lambda claims: (key for one in claims.claims for key in (one.source, one.witness)),
    check=_asked_indicator,
)
SENSITIVITY: Report[PairQuery] = Report(
    name="sensitivity",
    title=lambda found: f"{found.indicator}: what turns {found.a} and {found.b}",
    query=PairQuery,
    read=_read_sensitivity,
    columns=lambda _found: _SENSITIVITY_COLUMNS,
    rows=_sensitivity_rows,
    check=_asked_indicator,
)
