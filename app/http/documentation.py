"""The OpenAPI document, the page that shows it, and the files that pages need."""

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.http import problems, shapes
from app.http.analysis_routes import ANSWERED
from app.http.caching import known
from app.http.check_routes import CHECKED
from app.http.diff_routes import DIFFERED
from app.http.headers import header_of
from app.http.negotiation import HTML, JSON
from app.http.openapi import component_schemas
from app.http.shapes import Shape, chosen_shape, detail_shape, page_shape, version_shape
from app.resources.registry import RESOURCES
from app.site.assets import Asset, asset, made
from app.site.pages import DOCS_CONTENT_SECURITY_POLICY, docs_page

TITLE = "AI Race Indicators"


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
        return _file(request, made(orjson.dumps(content), JSON), {})

    async def docs(request: Request) -> Response:
        root = request.scope["root_path"]
        page = docs_page(title=TITLE, openapi_path="/openapi.json", root_path=root)
        policy = {"Content-Security-Policy": DOCS_CONTENT_SECURITY_POLICY}
        return _file(request, made(page.encode(), HTML), policy)

    async def static(request: Request) -> Response:
        found = asset(request.path_params["path"])
        if found is None:
            raise problems.not_found("there is no such file")
        return _file(request, found, {})

    for path, endpoint in (
        ("/openapi.json", openapi),
        ("/docs", docs),
        ("/static/{path:path}", static),
    ):
        app.add_api_route(path, endpoint, include_in_schema=False, response_class=Response)


def _file(request: Request, file: Asset, headers: dict[str, str]) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": "public, no-cache", **headers}
    if known(file.etag, header_of(request.scope, b"if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers=headers, media_type=file.media_type)


def _openapi(app: FastAPI) -> dict[str, object]:
    content = get_openapi(
        title=TITLE,
        version=__version__,
        summary="Who leads the AI race, by how much, and which source says so.",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[
            {"name": "answers", "description": "Who leads, by how much, and which source says so."},
            *({"name": resource.many, "description": resource.about} for resource in RESOURCES),
            {"name": "ledger", "description": "What was changed, when, by whom and why."},
            {"name": "service", "description": "The map of the API, and whether it is well."},
        ],
        servers=[{"url": "/"}],
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "AI Race Indicators contributors"},
    )
    content["paths"] = dict(sorted(content["paths"].items()))
    content["security"] = []  # anyone may read
    content.setdefault("components", {})["schemas"] = component_schemas(_answered())
    return content


def _answered() -> list[Shape]:
    """Return the shapes of all answers."""
    answered: list[Shape] = [shapes.ApiMap, shapes.Health, page_shape(shapes.Change)]
    answered += [*ANSWERED, *CHECKED, *DIFFERED]
    answered += [page_shape(shapes.Revision), page_shape(chosen_shape(shapes.Revision))]
    for resource in RESOURCES:
        answered += [
            page_shape(resource.item),
            page_shape(chosen_shape(resource.item)),
            page_shape(version_shape(resource)),
            detail_shape(resource.item),
        ]
    return answered


_DESCRIPTION = """\
Figures on the AI race between countries, each with the source that states it and the revision
that recorded it. Nothing is averaged and nothing is guessed: where sources disagree, their
figures stand side by side.

* A list parameter takes commas or repeats: `country=US,CN`; `\\,` is a comma that belongs to a
  text. Countries are understood as `US`, `USA` and `United States`.
* An unknown parameter is an error, and so is a value that is not allowed: the answer names it
  and says what is.
* `as_of=1` answers from the data as they were at a revision, or at an instant.
* The same lists as CSV, NDJSON, Parquet and XLSX: `/funding.csv?country=US`, or by the `Accept`
  header; all of it in one file: `/export.zip`.
"""
