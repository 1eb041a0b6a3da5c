"""The routes of answers: indicators, observations, gap, race, claims, sensitivity."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from app.analysis.catalogue import IndicatorEntry
from app.analysis.claims import Claims
from app.analysis.comparison import Gap
from app.analysis.race import Race
from app.analysis.sensitivity import Sensitivity
from app.analysis.wide import WideObservations
from app.http import shapes
from app.http.analysis_queries import (
    CatalogueQuery,
    ClaimsQuery,
    GapQuery,
    ObservationQuery,
    PairQuery,
    RaceQuery,
)
from app.http.analysis_reports import (
    CATALOGUE,
    CLAIMS,
    GAP,
    OBSERVATIONS_TITLE,
    RACE,
    SENSITIVITY,
    WIDE,
    Catalogue,
    asked_observations,
    indicator_report,
    require_indicators,
)
from app.http.answers import list_answer, parameters, read_parameters
from app.http.citing import CITATION_TYPES
from app.http.openapi import path_parameter
from app.http.reports import Report, report_answer
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import Shape, chosen_shape, cited_page_shape, report_shape
from app.kit.formats import TableFormat
from app.storage.database import Database

ANSWERED: tuple[Shape, ...] = (
    report_shape(Catalogue),
    report_shape(IndicatorEntry),
    report_shape(Gap),
    report_shape(Race),
    report_shape(Claims),
    report_shape(Sensitivity),
    report_shape(WideObservations),
    cited_page_shape(shapes.Observation),
    cited_page_shape(chosen_shape(shapes.Observation)),
)
"""The shapes of these answers, for the documentation."""


def analysis_router(database: Database) -> APIRouter:
    """Return the routes of answers."""
    router = APIRouter()

    def reported(report: Report[Any]) -> Callable[[TableFormat | None], ListEndpoint]:
        def endpoint(table: TableFormat | None) -> ListEndpoint:
            def answer(request: Request) -> Response:
                return report_answer(request, database, report, table)

            return answer

        return endpoint

    def one_indicator(table: TableFormat | None) -> ListEndpoint:
        def answer(request: Request) -> Response:
            report = indicator_report(request.path_params["id"])
            return report_answer(request, database, report, table)

        return answer

    def observations(table: TableFormat | None) -> ListEndpoint:
        def answer(request: Request) -> Response:
            query: Any = read_parameters(ObservationQuery, parameters(request))
            if query.shape == "wide":
                return report_answer(request, database, WIDE, table)
            return list_answer(
                request,
                database,
                asked_observations,
                ObservationQuery,
                table=table,
                check=require_indicators,
                title=OBSERVATIONS_TITLE,
                sources=lambda asked: asked.source or (),
            )

        return answer

    for path, operation, summary, description, query, endpoint, answered, key in (
        (
            "/indicators",
            "list_indicators",
            "List indicators",
            (
                "What can be compared: each indicator with its unit, what more of it means, how "
                "it is worked out, and what there is of it."
            ),
            CatalogueQuery,
            reported(CATALOGUE),
            (report_shape(Catalogue),),
            (),
        ),
        (
            "/indicators/{id}",
            "get_indicator",
            "Get one indicator",
            "One indicator with what there is of it.",
            CatalogueQuery,
            one_indicator,
            (report_shape(IndicatorEntry),),
            (path_parameter("id", "The key of the indicator.", "funding-amount"),),
        ),
        (
            "/observations",
            "list_observations",
            "List observations",
            "Every figure of every indicator in one table, in the units asked for.",
            ObservationQuery,
            observations,
            (
                cited_page_shape(shapes.Observation),
                cited_page_shape(chosen_shape(shapes.Observation)),
                report_shape(WideObservations),
            ),
            (),
        ),
        (
            "/gap",
            "get_gap",
            "Compare two countries on one indicator",
            (
                "Who leads, by how much, is the gap closing, and which source says so. Compared is "
                "only what one source states of both, in one scope, unit and period; all else is a "
                "refusal with its reason."
            ),
            GapQuery,
            reported(GAP),
            (report_shape(Gap),),
            (),
        ),
        (
            "/race",
            "get_race",
            "Compare countries on every indicator",
            (
                "A row for each indicator: leader, margin, direction, independent sources for and "
                "against. No composite score unless `weights` are given."
            ),
            RaceQuery,
            reported(RACE),
            (report_shape(Race),),
            (),
        ),
        (
            "/claims",
            "list_claims",
            "List every source's figure for the same thing",
            (
                "All figures of an indicator side by side, whom they restate, how far apart they "
                "are, and in what they differ."
            ),
            ClaimsQuery,
            reported(CLAIMS),
            (report_shape(Claims),),
            (),
        ),
        (
            "/sensitivity",
            "get_sensitivity",
            "Tell which choice turns the answer",
            (
                "Who leads under each source, scope, rule of attribution and revision, and which "
                "of these choices, changed alone, gives another leader."
            ),
            PairQuery,
            reported(SENSITIVITY),
            (report_shape(Sensitivity),),
            (),
        ),
    ):
        add_list_routes(
            router,
            path=path,
            operation=operation,
            summary=summary,
            description=description,
            query=query,
            endpoint=endpoint,
            shapes=answered,
            parameters=key,
            others=CITATION_TYPES,
            tags=("answers",),
        )
    return router
