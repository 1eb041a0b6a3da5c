"""The first page: the race for browsers, the map of the API for programs."""

from dataclasses import replace
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from app import __version__
from app.analysis.view import View
from app.http import shapes
from app.http.answers import (
    Pairs,
    address,
    parameters,
    read_parameters,
    revision_asked,
    told,
    without,
)
from app.http.caching import Validator
from app.http.documentation import TITLE
from app.http.headers import header_of
from app.http.home_reading import HomeQuery, count_rows, read_home
from app.http.known_indicators import known_indicator
from app.http.negotiation import HTML, JSON, best_media_type
from app.http.openapi import Parameters, responses
from app.http.problems import Problem
from app.resources.registry import RESOURCES
from app.site.pages import HOME_CONTENT_SECURITY_POLICY, problem_page
from app.site.race_page import race_page
from app.site.race_view import Frame
from app.storage.database import Database

_LINKS: Final = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "gap": "/gap?indicator=funding-amount&a=US&b=CN",
    "race": "/race?countries=US,CN",
    "claims": "/claims?indicator=funding-amount",
    "sensitivity": "/sensitivity?indicator=funding-amount",
    "indicators": "/indicators",
    "observations": "/observations?indicator=funding-amount",
    "charts": "/charts/funding-amount.svg",
    "checks": "/checks",
    "revisions": "/revisions",
    "changes": "/changes",
    "diff": "/diff?from=0",
    "diff_summary": "/diff/summary?from=0",
    "export": "/export.zip",
    "health": "/health",
    "ready": "/ready",
}
"""Addresses that answer, with an example of what they have to be asked."""

_HEADERS: Final = {"Content-Security-Policy": HOME_CONTENT_SECURITY_POLICY}
_FORM_FIELDS: Final = ("as_of", "period")
"""Fields of the page's form that may be left empty."""


def home_router(database: Database) -> APIRouter:
    """Return the route of the first page."""
    router = APIRouter()

    def home(request: Request) -> Response:
        media_type = best_media_type(header_of(request.scope, b"accept"), [JSON, HTML])
        if media_type == JSON:
            return _map(request, database)
        try:
            return _race(request, database)
        except Problem as problem:
            return _tell(request, problem)

    router.add_api_route(
        "/",
        home,
        operation_id="get_map",
        tags=["service"],
        summary="Get the map of the API",
        description="The resources with their size, and where else to go. Browsers get a page: "
        "the race, of which `countries`, `indicator` and `period` choose what it shows.",
        responses=responses(
            shapes.ApiMap,
            others=(HTML,),
            errors=(400, 422),
            tells_browsers=True,
            description="The map, or the page.",
        ),
        openapi_extra=Parameters(HomeQuery),
        response_class=Response,
    )
    return router


def _map(request: Request, database: Database) -> Response:
    query = read_parameters(HomeQuery, parameters(request))
    with database.read() as transaction:
        at = told(lambda: revision_asked(transaction, query))
        validator = Validator.of(request, at, JSON, pinned=transaction.stays(query.as_of))
        if validator.is_known_by(header_of(request.scope, b"if-none-match")):
            return validator.unchanged()
        counts = count_rows(transaction, at)
    root = request.scope["root_path"]
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
    return Response(orjson.dumps(content), headers=validator.headers, media_type=JSON)


def _race(request: Request, database: Database) -> Response:
    pairs = parameters(request)
    given = [pair for pair in pairs if pair[1] or pair[0] not in _FORM_FIELDS]
    query = read_parameters(HomeQuery, given)
    if given != pairs or [name for name, _ in pairs].count("countries") > 1:
        return Response(status_code=303, headers={**_HEADERS, "Location": _clean(request, given)})
    with database.read() as transaction:
        at = told(lambda: revision_asked(transaction, query))
        # What the page offers grows with the newest revision, also where it shows an older one.
        validator = Validator.of(request, transaction.latest, HTML, pinned=False)
        headers = {**validator.headers, **_HEADERS}  # a browser replaces the policy by a 304's
        view = View(transaction, at)
        if query.indicator:
            told(lambda: known_indicator(view, query.indicator or ""))
        if validator.is_known_by(header_of(request.scope, b"if-none-match")):
            return Response(status_code=304, headers=headers)
        found = read_home(view, query, dict(given))
    frame = Frame(TITLE, __version__, request.scope["root_path"])
    return Response(race_page(found, frame), headers=headers, media_type=HTML)


def _clean(request: Request, given: Pairs) -> str:
    """Return the address without what a form leaves empty, and with one list of countries."""
    codes = ",".join(text for name, text in given if name == "countries")
    chosen = [("countries", codes)] if codes else []
    return address(f"{request.scope['root_path']}/", [*chosen, *without(given, "countries")])


def _tell(request: Request, problem: Problem) -> Response:
    page = problem_page(
        name=TITLE,
        root_path=request.scope["root_path"],
        status=problem.status.value,
        title=problem.title,
        detail=problem.detail,
        faults=[replace(fault, message=fault.said) for fault in problem.faults],
    )
    headers = {"Cache-Control": "no-store", **problem.headers, **_HEADERS}
    return Response(page, problem.status.value, headers, HTML)
