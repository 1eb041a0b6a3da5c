"""The routes around the resources: the map, health, the ledger, the documentation."""

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import func, literal, select, union_all

from app import __version__
from app.http import problems, shapes
from app.http.answers import list_answer, parameters, require_known_past
from app.http.caching import Validator
from app.http.documentation import TITLE
from app.http.negotiation import HTML, JSON, best_media_type
from app.http.openapi import responses
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import chosen_shape, page_shape
from app.kit.errors import Fault
from app.kit.formats import TableFormat
from app.resources.ledger_lists import ChangeList, ChangeQuery, RevisionList, RevisionQuery
from app.resources.registry import RESOURCES
from app.site.pages import (
    HOME_CONTENT_SECURITY_POLICY,
    HomeView,
    Shelf,
    home_page,
)
from app.storage.database import Database, ReadTransaction, Revision

_LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "revisions": "/revisions",
    "changes": "/changes",
    "health": "/health",
}


def service_router(database: Database) -> APIRouter:
    """Return the routes of the map, of the ledger and of health."""
    router = APIRouter()

    def api_map(request: Request) -> Response:
        if given := parameters(request):
            raise problems.unreadable_query([Fault(None, f"is one of {len(given)}; none is known")])
        media_type = best_media_type(request.headers.get("accept"), [JSON, HTML])
        with database.read() as transaction:
            at = transaction.latest
            validator = Validator(at, media_type, pinned=False)
            headers = validator.headers
            if media_type == HTML:  # with a 304 too: a browser replaces what it kept by it
                headers["Content-Security-Policy"] = HOME_CONTENT_SECURITY_POLICY
            if validator.is_known_by(request.headers.get("if-none-match")):
                return Response(status_code=304, headers=headers)
            counts = _counts(transaction)
        root = request.scope["root_path"]
        if media_type == HTML:
            return Response(_home(root, at, counts), headers=headers, media_type=HTML)
        content = {
            "name": TITLE,
            "version": __version__,
            "meta": {"revision": at.id, "recorded_at": at.recorded_at},
            "resources": [
                {
                    "name": resource.many,
                    "about": resource.about,
                    "count": counts[resource.many],
                    "url": f"{root}{resource.path}",
                }
                for resource in RESOURCES
            ],
            "links": {name: f"{root}{path}" for name, path in _LINKS.items()},
        }
        return Response(orjson.dumps(content), headers=headers, media_type=JSON)

    async def health() -> Response:
        return Response(b'{"status":"ok"}', headers={"Cache-Control": "no-store"}, media_type=JSON)

    def ready() -> Response:
        with database.read() as transaction:
            transaction.latest  # noqa: B018  (it raises where the database does not answer)
        return Response(b'{"status":"ok"}', headers={"Cache-Control": "no-store"}, media_type=JSON)

    router.add_api_route(
        "/",
        api_map,
        operation_id="get_map",
        tags=["service"],
        summary="Get the map of the API",
        description="The resources with their size, and where else to go. Browsers get a page.",
        responses=responses(
            shapes.ApiMap, others=(HTML,), errors=(400,), description="The map, or the page."
        ),
        response_class=Response,
    )
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
            responses=responses(shapes.Health, never=never, description="It does."),
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


def _counts(transaction: ReadTransaction) -> dict[str, int]:
    tables = [
        select(literal(resource.many), func.count()).select_from(resource.ledger.current)
        for resource in RESOURCES
    ]
    return dict(transaction.connection.execute(union_all(*tables)).all())


def _home(root: str, at: Revision, counts: dict[str, int]) -> str:
    return home_page(
        HomeView(
            title=TITLE,
            version=__version__,
            revision=at.id,
            recorded_at=f"{at.recorded_at[:16].replace('T', ' ')} UTC",
            root_path=root,
            shelves=[
                Shelf(resource.path, counts[resource.many], resource.about)
                for resource in RESOURCES
            ],
        )
    )
