"""The routes of charts: one indicator as SVG, PNG, or the Vega-Lite specification of both."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field, field_validator
from starlette.concurrency import run_in_threadpool

from app.analysis.chart import chart_specification
from app.analysis.chart_data import read_chart
from app.analysis.chart_style import MOST_COUNTRIES, ThemeName
from app.analysis.view import DEFAULT_ATTRIBUTION, View
from app.http.analysis_queries import ByRule, BySource, different_countries
from app.http.answers import (
    Pairs,
    located,
    parameters,
    path_of,
    pinned_address,
    query_text,
    read_parameters,
    revision_asked,
    told,
)
from app.http.caching import Validator
from app.http.headers import header_of
from app.http.known_indicators import addressed_indicator
from app.http.negotiation import JSON, PNG
from app.http.openapi import Parameters, path_parameter, responses
from app.http.problems import Problem
from app.kit.fields import CountryCode, PlainDigits
from app.kit.filters import Where, within
from app.kit.ranges import PeriodRangeText
from app.resources.queries import DetailQuery
from app.resources.resource import ByScope
from app.site.charts import Format, NotDrawn, Renderer, Spec
from app.storage.database import Database, Revision

SVG_CONTENT_SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class ChartQuery(DetailQuery):
    """What a chart can be asked."""

    country: Annotated[
        list[CountryCode],
        Field(
            description=f"The countries, at most {MOST_COUNTRIES}: code (US, USA) or English name.",
            examples=[["US", "CN"]],
            min_length=1,
            max_length=MOST_COUNTRIES,
        ),
    ] = Field(default=["US", "CN"])
    period: Annotated[
        PeriodRangeText | None,
        Where("period", within),
        Field(description="Only periods that lie wholly in this one.", examples=["2019..2024"]),
    ] = None
    source: BySource = None
    scope: ByScope = None
    attribution: ByRule = DEFAULT_ATTRIBUTION
    width: Annotated[
        Annotated[int, Field(strict=True, ge=200, le=2000), PlainDigits],
        Field(description="The width in pixels.", examples=[860]),
    ] = 860
    height: Annotated[
        Annotated[int, Field(strict=True, ge=150, le=1500), PlainDigits],
        Field(description="The height in pixels.", examples=[520]),
    ] = 520
    theme: Annotated[
        ThemeName, Field(description="On a light or on a dark ground.", examples=["dark"])
    ] = "light"

    @field_validator("country")
    @classmethod
    def _different_countries(cls, country: list[str]) -> list[str]:
        return different_countries(country)


@dataclass(frozen=True)
class _Kind:
    """A format that charts come in."""

    format: Format
    media_type: str
    operation: str
    name: str
    words: str


_KINDS: Final = (
    _Kind("svg", "image/svg+xml", "chart_svg", "SVG", "SVG, with title and description inside"),
    _Kind("png", PNG, "chart_png", "PNG", "PNG, of exactly the size asked for"),
    _Kind(
        "vl.json",
        JSON,
        "chart_spec",
        "a Vega-Lite specification",
        "the Vega-Lite specification that the pictures are of",
    ),
)
_ABOUT: Final = (
    "A panel for each source and scope, on one scale: lines where it gives several periods of one "
    "length, bars elsewhere. Qualifiers are shown by signs, and what is not comparable is named "
    "under the chart, with the sources and the revision."
)


def chart_router(database: Database, renderer: Renderer) -> APIRouter:
    """Return the routes of charts."""
    router = APIRouter(tags=["answers"])
    for kind in _KINDS:
        router.add_api_route(
            f"/charts/{{indicator}}.{kind.format}",
            _endpoint(database, renderer, kind),
            operation_id=kind.operation,
            summary=f"Draw an indicator as {kind.name}",
            description=f"{_ABOUT} This is {kind.words}.",
            responses=responses(
                others=(kind.media_type,),
                errors=(400, 404, 422),
                never=(406,),
                has_links=True,
                description="The chart.",
            ),
            response_class=Response,
            openapi_extra=Parameters(
                ChartQuery,
                path_parameter("indicator", "The key of the indicator.", "funding-amount"),
            ),
        )
    return router


def _endpoint(
    database: Database, renderer: Renderer, kind: _Kind
) -> Callable[[Request], Awaitable[Response]]:
    async def chart(request: Request) -> Response:
        pairs = parameters(request)
        query = read_parameters(ChartQuery, pairs)
        # Reading takes a thread, and gives it back before drawing begins.
        validator, spec = await run_in_threadpool(_read, request, database, query, kind)
        headers = {**validator.headers, **_headers(request, kind, pairs, validator.revision)}
        if spec is None:
            return Response(status_code=304, headers=headers)
        try:
            body = await renderer.render(spec, kind.format)
        except NotDrawn as error:
            raise _not_drawn(str(error)) from None
        headers["Content-Disposition"] = f'inline; filename="{_key(request)}.{kind.format}"'
        return Response(body, headers=headers, media_type=kind.media_type)

    return chart


def _read(
    request: Request, database: Database, query: ChartQuery, kind: _Kind
) -> tuple[Validator, Spec | None]:
    """Return the specification, or None where the client has the answer already."""
    with database.read() as transaction:
        at = told(lambda: revision_asked(transaction, query))
        validator = Validator.of(
            request, at, kind.media_type, pinned=transaction.stays(query.as_of)
        )
        view = View(transaction, at, query.attribution)
        indicator = addressed_indicator(view, _key(request))
        size = {"width": query.width, "height": query.height}
        found = told(
            lambda: read_chart(view, indicator, query.country, query, theme=query.theme, **size)
        )
    known = validator.is_known_by(header_of(request.scope, b"if-none-match"))
    return validator, None if known else chart_specification(found)


def _key(request: Request) -> str:
    key: str = request.path_params["indicator"]
    return key.lower()


def _headers(request: Request, kind: _Kind, pairs: Pairs, at: Revision) -> dict[str, str]:
    """Return where the same picture stays, where its other formats are, and what it may do."""
    path, asked = path_of(request), query_text(pairs)
    pinned = pinned_address(path, pairs, at, asked)
    stem = path.removesuffix(f".{kind.format}")
    links = [f'<{pinned}>; rel="canonical"']
    links += [
        f'<{located(f"{stem}.{other.format}", asked)}>; rel="alternate"; type="{other.media_type}"'
        for other in _KINDS
        if other is not kind
    ]
    policy = {"Content-Security-Policy": SVG_CONTENT_SECURITY_POLICY}
    return {"Link": ", ".join(links), **(policy if kind.format == "svg" else {})}


def _not_drawn(detail: str) -> Problem:
    return Problem(
        503,
        "not-drawn",
        "The picture cannot be drawn now",
        f"{detail}; try again in a moment",
        headers={"Retry-After": "5"},
    )
