"""The routes of differences between two states of the data: the list, and its summary."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.http.analysis_queries import ReportQuery
from app.http.answers import list_answer, told
from app.http.citing import CITATION_TYPES
from app.http.reports import Report, report_answer
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import Shape, page_shape, report_shape
from app.kit.formats import TableFormat
from app.kit.tables import columns_of
from app.resources.differences import (
    DiffCount,
    Difference,
    DiffList,
    DiffQuery,
    count_differences,
    diff_query,
)
from app.resources.queries import PageQuery
from app.storage.database import Database, ReadTransaction, Revision


class DiffSummary(BaseModel):
    """How much differs between two states of the data, by resource and field."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    from_revision: int = Field(description="The revision compared from.", examples=[1], ge=0)
    to_revision: int = Field(description="The revision compared with.", examples=[2], ge=0)
    counts: list[DiffCount] = Field(
        description="Rows added, rows removed, and changed cells of each field."
    )


DIFFERED: tuple[Shape, ...] = (page_shape(Difference), report_shape(DiffSummary))
"""The shapes of these answers, for the documentation."""

_SummaryQuery = diff_query("DiffSummaryQuery", ReportQuery)


def _summary(transaction: ReadTransaction, at: Revision, query: ReportQuery) -> DiffSummary:
    start, end = DiffList(query).ends(transaction, at)
    counts = count_differences(transaction, at, query)
    return DiffSummary(from_revision=start.id, to_revision=end.id, counts=counts)


_SUMMARY: Report[ReportQuery] = Report(
    name="diff-summary",
    title=lambda found: f"What changed from revision {found.from_revision} to {found.to_revision}",
    query=_SummaryQuery,
    read=_summary,
    columns=lambda _found: columns_of(DiffCount),
    rows=lambda found: [count.model_dump() for count in found.counts],
    check=lambda transaction, at, query: DiffList(query).ends(transaction, at),
)


def diff_router(database: Database) -> APIRouter:
    """Return the routes of differences."""
    router = APIRouter()

    def differences(table: TableFormat | None) -> ListEndpoint:
        def answer(request: Request) -> Response:
            return list_answer(
                request, database, DiffList, DiffQuery, table=table, check=_require_known_ends
            )

        return answer

    def summary(table: TableFormat | None) -> ListEndpoint:
        def answer(request: Request) -> Response:
            return report_answer(request, database, _SUMMARY, table)

        return answer

    add_list_routes(
        router,
        path="/diff/summary",
        operation="get_diff_summary",
        summary="Sum up what changed between two states of the data",
        description="How many rows were added and removed, and how many cells of each field "
        "changed, net between the two ends.",
        query=_SummaryQuery,
        endpoint=summary,
        shapes=(report_shape(DiffSummary),),
        others=CITATION_TYPES,
        tags=("ledger",),
    )
    add_list_routes(
        router,
        path="/diff",
        operation="list_differences",
        summary="List what changed between two states of the data",
        description="A line for each row that was added or removed, with the row as JSON in `new` "
        "or `old`, and a line for each cell that changed, with its value before and after. Net "
        "between the two ends: what was changed and changed back, or added and removed, is none. "
        "Compared are the fields of facts, as packs have them; `/diff/summary` counts them.",
        query=DiffQuery,
        endpoint=differences,
        shapes=(page_shape(Difference),),
        tags=("ledger",),
    )
    return router


def _require_known_ends(transaction: ReadTransaction, at: Revision, query: PageQuery) -> None:
    """Raise the 422 problem where an end is not known at the revision that is read."""
    told(lambda: DiffList(query).ends(transaction, at))
