"""The route of the checks on data."""

from fastapi import APIRouter, Request, Response

from app.analysis.data_checks import CheckFilters, DataFinding, FindingList
from app.http.answers import list_answer
from app.http.citing import CITATION_TYPES, ByCitation
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import Shape, cited_page_shape
from app.kit.formats import TableFormat
from app.resources.queries import PageQuery
from app.storage.database import Database

CHECKED: tuple[Shape, ...] = (cited_page_shape(DataFinding),)
"""The shapes of these answers, for the documentation."""


class CheckQuery(PageQuery, CheckFilters):
    """What findings can be asked for, and how to have them."""

    citation: ByCitation = None


def check_router(database: Database) -> APIRouter:
    """Return the route of the checks on data."""
    router = APIRouter()

    def endpoint(table: TableFormat | None) -> ListEndpoint:
        def answer(request: Request) -> Response:
            title = "Checks on the data"
            return list_answer(request, database, _asked, CheckQuery, table=table, title=title)

        return answer

    add_list_routes(
        router,
        path="/checks",
        operation="list_checks",
        summary="List what a reader should know about the data",
        description="Findings with their reasons; nothing is changed by them. "
        "`parts_exceed_whole`: countries of one source add up to more than the world or the EU. "
        "`periods_contradict_whole`: periods of one source are more than, or do not add up to, a "
        "longer one. "
        "`same_round_twice`: rounds of one company from two sources, at most 45 days apart and "
        "within a tenth. `outlier`: a thousandfold from the median of its series, "
        "of listed rounds from nearly all others of their company or source. `future_period`: "
        "begins after its source came out or, where that is not known, after the revision. "
        "`no_licence`: a source that states none. `no_locator`: a source whose facts do not all "
        "say where in it they stand.",
        query=CheckQuery,
        endpoint=endpoint,
        shapes=CHECKED,
        others=CITATION_TYPES,
        tags=("answers",),
    )
    return router


def _asked(query: CheckQuery) -> FindingList:
    return FindingList(tuple(dict.fromkeys(query.kind))) if query.kind else FindingList()
