"""The routes around the resources: the map, health, the ledger, the documentation."""

from hashlib import blake2s

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from sqlalchemy import func, literal, select, union_all

from app import __version__
from app.http import problems, shapes
from app.http.answers import list_answer, parameters
from app.http.caching import Validator, known
from app.http.negotiation import HTML, JSON, best_media_type
from app.http.openapi import component_schemas, responses
from app.http.resource_routes import ListEndpoint, add_list_routes
from app.http.shapes import chosen_shape, detail_shape, page_shape, version_shape
from app.kit.errors import Fault
from app.kit.formats import TableFormat
from app.resources.ledger_lists import ChangeList, ChangeQuery, RevisionList, RevisionQuery
from app.resources.queries import PageQuery
from app.resources.reading import Listing
from app.resources.registry import RESOURCES
from app.site.assets import asset
from app.site.pages import (
    DOCS_CONTENT_SECURITY_POLICY,
    HOME_CONTENT_SECURITY_POLICY,
    HomeView,
    Shelf,
    docs_page,
    home_page,
)
from app.storage.database import Database, ReadTransaction, Revision

TITLE = "AI Race Indicators"

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
            if validator.is_known_by(request.headers.get("if-none-match")):
                return Response(status_code=304, headers=validator.headers)
            counts = _counts(transaction)
        root = request.scope["root_path"]
        headers = validator.headers
        if media_type == HTML:
            headers["Content-Security-Policy"] = HOME_CONTENT_SECURITY_POLICY
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
        responses=responses(shapes.ApiMap, errors=(400,), description="The map."),
        response_class=Response,
    )
    for path, endpoint, words in (
        ("health", health, "Tell whether the process answers"),
        ("ready", ready, "Tell whether the process can read the data"),
    ):
        router.add_api_route(
            f"/{path}",
            endpoint,
            operation_id=f"get_{path}",
            tags=["service"],
            summary=words,
            description=f"{words}. For load balancers and watchdogs.",
            responses=responses(shapes.Health, description="It does."),
            response_class=Response,
        )
    add_list_routes(
        router,
        path="/revisions",
        operation="list_revisions",
        summary="List revisions",
        description="Every commit to the data, newest first: when, by whom, why, how much.",
        query=RevisionQuery,
        endpoint=lambda table: _plain_list(database, RevisionList(), RevisionQuery, table),
        shapes=(page_shape(shapes.Revision), page_shape(chosen_shape(shapes.Revision))),
        tags=("ledger",),
    )
    add_list_routes(
        router,
        path="/changes",
        operation="list_changes",
        summary="List changes",
        description="What each revision added, changed and removed since one, in the order in "
        "which a copy can follow: start at 0, follow `next`, then go on from `meta.revision`.",
        query=ChangeQuery,
        endpoint=lambda table: _plain_list(database, ChangeList(), ChangeQuery, table),
        shapes=(page_shape(shapes.Change),),
        tags=("ledger",),
    )
    return router


def add_documentation(app: FastAPI) -> None:
    """Add the OpenAPI document, the page that shows it, and the files that pages need."""

    def document() -> dict[str, object]:
        if app.openapi_schema is None:
            app.openapi_schema = _openapi(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]

    async def openapi(request: Request) -> Response:
        content = dict(document())
        if root := request.scope["root_path"]:
            content["servers"] = [{"url": root}]
        return _file(request, orjson.dumps(content), JSON, {})

    async def docs(request: Request) -> Response:
        root = request.scope["root_path"]
        page = docs_page(title=TITLE, openapi_path=f"{root}/openapi.json", root_path=root)
        policy = {"Content-Security-Policy": DOCS_CONTENT_SECURITY_POLICY}
        return _file(request, page.encode(), HTML, policy)

    async def static(request: Request) -> Response:
        found = asset(request.path_params["path"])
        if found is None:
            raise problems.not_found("there is no such file")
        return _file(request, found.body, found.media_type, {})

    for path, endpoint in (
        ("/openapi.json", openapi),
        ("/docs", docs),
        ("/static/{path:path}", static),
    ):
        app.add_api_route(path, endpoint, include_in_schema=False, response_class=Response)


def _plain_list(
    database: Database, listing: Listing, model: type[PageQuery], table: TableFormat | None
) -> ListEndpoint:
    def list_(request: Request) -> Response:
        return list_answer(request, database, listing, model, table=table)

    return list_


def _counts(transaction: ReadTransaction) -> dict[str, int]:
    tables = [
        select(literal(resource.many), func.count()).select_from(resource.ledger.current)
        for resource in RESOURCES
    ]
    return {name: count for name, count in transaction.connection.execute(union_all(*tables))}


def _home(root: str, at: Revision, counts: dict[str, int]) -> str:
    return home_page(
        HomeView(
            title=TITLE,
            version=__version__,
            revision=at.id,
            recorded_at=at.recorded_at,
            root_path=root,
            shelves=[
                Shelf(resource.path, counts[resource.many], resource.about)
                for resource in RESOURCES
            ],
        )
    )


def _file(request: Request, body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    etag = f'"{blake2s(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "public, no-cache", **headers}
    if known(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _openapi(app: FastAPI) -> dict[str, object]:
    content = get_openapi(
        title=TITLE,
        version=__version__,
        summary="Who leads the AI race, by how much, and which source says so.",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[
            *({"name": resource.many, "description": resource.about} for resource in RESOURCES),
            {"name": "ledger", "description": "What was changed, when, by whom and why."},
            {"name": "service", "description": "The map of the API, and whether it is well."},
        ],
        servers=[{"url": "/"}],
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "AI Race Indicators contributors"},
    )
    listed = [shapes.ApiMap, shapes.Health, page_shape(shapes.Revision), page_shape(shapes.Change)]
    listed.append(page_shape(chosen_shape(shapes.Revision)))
    for resource in RESOURCES:
        listed += [
            page_shape(resource.item),
            page_shape(chosen_shape(resource.item)),
            page_shape(version_shape(resource)),
            detail_shape(resource.item),
        ]
    content.setdefault("components", {})["schemas"] = component_schemas(listed)
    return content


_DESCRIPTION = """\
Figures on the AI race between countries, each with the source that states it and the revision
that recorded it. Nothing is averaged and nothing is guessed: where sources disagree, their
figures stand side by side.

* A list parameter takes commas or repeats: `country=US,CN`. Countries are understood as `US`,
  `USA` and `United States`.
* An unknown parameter is an error, and so is a value that is not allowed: the answer names it
  and says what is.
* `as_of=1` answers from the data as they were at a revision, or at an instant.
* The same lists as CSV and NDJSON: `/funding.csv?country=US`, or by the `Accept` header.
"""
