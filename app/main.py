"""The application, made from settings. Nothing is read or opened at import."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http import problems
from app.http.analysis_routes import analysis_router
from app.http.cache import Cache, Cached
from app.http.chart_routes import chart_router
from app.http.check_routes import check_router
from app.http.diff_routes import diff_router
from app.http.dispatch import Dispatch
from app.http.documentation import TITLE, add_documentation
from app.http.export_routes import export_router
from app.http.home_routes import home_router
from app.http.middleware import CommonHeaders, Gzip, HeadAsGet, IfMatch, LastResort, Limits, Mounted
from app.http.problems import Problem
from app.http.resource_routes import resource_router
from app.http.service_routes import service_router
from app.kit.text import nearest
from app.resources.registry import RESOURCES
from app.settings import Settings
from app.site.charts import Renderer
from app.storage.database import Database

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application that serves a database. It connects when the first request comes."""
    settings = settings or Settings()
    database = Database(settings.database_url)
    renderer = Renderer()
    cache = Cache(database.watch(settings.cache_milliseconds / 1_000), settings.cache_bytes)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        renderer.close()
        cache.close()
        database.close()

    routers = [
        home_router(database),
        service_router(database),
        export_router(database),
        diff_router(database),
        *(resource_router(resource, database) for resource in RESOURCES),
        analysis_router(database),
        check_router(database),
        chart_router(database, renderer),
    ]
    app = _Application(
        title=TITLE,
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(LastResort)],  # FastAPI's own would answer in words of its own
        exception_handlers={Problem: _tell, HTTPException: _tell_routing},
    )
    routes = [route for router in routers for route in router.routes]
    front = Dispatch(app.front, routes, waits=not database.is_file)
    limits = settings.largest_body, settings.largest_address
    layered = CommonHeaders(HeadAsGet(IfMatch(Gzip(LastResort(Limits(front, *limits))))))
    app.front = Mounted(layered, settings.root_path)
    at_once = CommonHeaders(HeadAsGet(Gzip(Limits(front.at_once, *limits))))
    mounted = Mounted(at_once, settings.root_path)

    def answer_at_once(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        scope["app"] = app
        return mounted(scope, receive, send)

    app.state.cache = cache
    app.state.at_once = answer_at_once if database.is_file else None
    if settings.cache_bytes:
        app.front = Cached(app.front, cache)
    app.state.public_url = settings.public_url
    paths = (route.path for route in routes if isinstance(route, APIRoute))
    app.state.addresses = ["/docs", *(path for path in paths if "{" not in path)]
    for router in routers:
        app.include_router(router)
    add_documentation(app)
    return app


class _Application(FastAPI):
    """An application with layers in front of those of FastAPI.

    What they answer costs nothing of FastAPI's: what is kept, and what goes the short way.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.front: ASGIApp = super().__call__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # as Starlette does for what it routes
        await self.front(scope, receive, send)


async def _tell(_request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Problem):
        raise problem
    return problem.response()


async def _tell_routing(request: Request, error: Exception) -> Response:
    """Answer an address that no route has, or a method that it does not take."""
    if not isinstance(error, HTTPException):
        raise error
    allowed = [method for method in _METHODS if _is_routed(request, method)]
    if "GET" in allowed:
        allowed.insert(1, "HEAD")
    if not allowed:
        root: str = request.scope["root_path"]
        near = nearest(request.scope["path"].removeprefix(root), request.app.state.addresses)
        near = root + near if near else None
        return problems.not_found("no address here is spelled like this", nearest=near).response()
    allow = ", ".join([*allowed, "OPTIONS"])
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allow, **_preflight(allow)})
    return problems.method_not_allowed(allow).response()


def _is_routed(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def _preflight(allow: str) -> dict[str, str]:
    """Return what lets pages of other origins send the methods that are allowed anyway."""
    return {
        "Access-Control-Allow-Methods": allow,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-Match, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
