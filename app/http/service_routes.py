"""The routes around the resources: health and the ledger."""

from fastapi import APIRouter, Request, Response

from app.http import shapes
from app.http.answers import list_answer, require_known_past
from app.http.negotiation import JSON
from app.http.openapi import responses
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import chosen_shape, page_shape
from app.kit.formats import TableFormat
from app.resources.changes import ChangeList, ChangeQuery
from app.resources.ledger_lists import RevisionList, RevisionQuery
from app.storage.database import Database


def service_router(database: Database) -> APIRouter:
    """Return the routes of the ledger and of health."""
    router = APIRouter()

    async def health() -> Response:
        return Response(b'{"status":"ok"}', headers={"Cache-Control": "no-store"}, media_type=JSON)

    def ready() -> Response:
        with database.read() as transaction:
            transaction.latest  # noqa: B018  (it raises where the database does not answer)
        return Response(b'{"status":"ok"}', headers={"Cache-Control": "no-store"}, media_type=JSON)

    for path, endpoint, words, never in (
        ("health", health, "Tell whether the process answers", (304, 406, 503)),
        ("ready", ready, "Tell whether the process can read the data", (304, 406)),
    ):
        router.add_api_route(
            f"/{path}",
            endpoint,
            operation_id=f"get_{path}",
            tags=["service"],
            summary=words,
            description=f"{words}. For load balancers and watchdogs.",
            responses=responses(shapes.Health, never=never, is_kept=False, description="It does."),
            response_class=Response,
        )
    add_list_routes(
        router,
        path="/revisions",
        operation="list_revisions",
        summary="List revisions",
        description="Every commit to the data, newest first: when, by whom, why, how much.",
        query=RevisionQuery,
        endpoint=lambda table: _revisions(database, table),
        shapes=(page_shape(shapes.Revision), page_shape(chosen_shape(shapes.Revision))),
        tags=("ledger",),
    )
    add_list_routes(
        router,
        path="/changes",
        operation="list_changes",
        summary="List changes",
        description="What each revision added, changed and removed since one, in the order in "
        "which a copy can follow: begin without `since`, follow `next`, then go on from the "
        "`meta.revision` that you have.",
        query=ChangeQuery,
        endpoint=lambda table: _changes(database, table),
        shapes=(page_shape(shapes.Change),),
        tags=("ledger",),
    )
    return router


def _revisions(database: Database, table: TableFormat | None) -> ListEndpoint:
    def revisions(request: Request) -> Response:
        return list_answer(request, database, _revision_list, RevisionQuery, table=table)

    return revisions


def _changes(database: Database, table: TableFormat | None) -> ListEndpoint:
    def changes(request: Request) -> Response:
        return list_answer(
            request, database, _change_list, ChangeQuery, table=table, check=require_known_past
        )

    return changes


def _revision_list(_query: object) -> RevisionList:
    return RevisionList()


def _change_list(_query: object) -> ChangeList:
    return ChangeList()
