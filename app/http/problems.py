"""Errors as RFC 9457 problem details. They name what was wrong and never repeat the input."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.kit.errors import Fault
from app.kit.formats import TABLE_FORMATS, TableFormat

MEDIA_TYPE = "application/problem+json"


class FaultDetails(BaseModel):
    """One thing that is wrong in a request."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    parameter: str | None = Field(
        description="The parameter; null where its name is not fit to be shown.",
        examples=["country"],
    )
    detail: str = Field(
        description="What is wrong with it, in words.",
        examples=["is not a country or group known here"],
    )
    allowed: list[str] = Field(description="What is allowed, or examples of it.", examples=[["US"]])
    nearest: str | None = Field(
        description="The allowed value that is spelled most like the one given.", examples=["US"]
    )


class ProblemDetails(BaseModel):
    """What every error answers (RFC 9457)."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    type: str = Field(
        description="What kind of problem it is; stable, for programs to compare.",
        examples=["urn:airace:problem:unacceptable-value"],
    )
    title: str = Field(
        description="The kind of problem in words.", examples=["A value is not allowed"]
    )
    status: int = Field(description="The HTTP status.", examples=[422], ge=400, le=599)
    detail: str = Field(
        description="What is wrong this time.",
        examples=["country is not a country or group known here"],
    )
    errors: list[FaultDetails] = Field(
        description="Each thing that is wrong; empty where there is only one way to be wrong.",
        examples=[
            [
                {
                    "parameter": "country",
                    "detail": "is not a country or group known here",
                    "allowed": ["EU", "WLD"],
                    "nearest": "US",
                }
            ]
        ],
    )


class Problem(Exception):
    """An error that is answered: its HTTP status, its kind, and what is wrong this time."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = HTTPStatus(status)
        self.kind = kind
        self.title = title
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return the answer that tells it."""
        content = {
            "type": f"urn:airace:problem:{self.kind}",
            "title": self.title,
            "status": int(self.status),
            "detail": self.detail,
            "errors": [
                {
                    "parameter": fault.name,
                    "detail": fault.said,
                    "allowed": fault.allowed,
                    "nearest": fault.nearest,
                }
                for fault in self.faults
            ],
        }
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(orjson.dumps(content), self.status, headers, MEDIA_TYPE)


def unreadable_query(faults: Sequence[Fault]) -> Problem:
    """Return the problem of a query with unknown, repeated or garbled parameters."""
    detail = "; ".join(_told(fault, "a parameter") for fault in faults)
    return Problem(400, "unreadable-query", "The query cannot be read", detail, faults=faults)


def unacceptable_value(faults: Sequence[Fault]) -> Problem:
    """Return the problem of a query whose parameters are known and whose values are not."""
    detail = "; ".join(_told(fault, "the query") for fault in faults)
    return Problem(422, "unacceptable-value", "A value is not allowed", detail, faults=faults)


def _told(fault: Fault, nameless: str) -> str:
    near = f" (did you mean {fault.nearest}?)" if fault.nearest else ""
    return f"{fault.name or nameless} {fault.said}{near}"


def does_not_fit(table: TableFormat, reason: str) -> Problem:
    """Return the problem of a table that a format cannot hold."""
    others = ", ".join(other.suffix for other in TABLE_FORMATS if other.rows_at_most is None)
    detail = f"the table {reason}, which {table.name} cannot hold: ask for fewer rows, or for one "
    return Problem(422, "does-not-fit", "The table is too large", f"{detail}of {others}")


def changed(etag: str) -> Problem:
    """Return the problem of an answer that is not one of those that If-Match names."""
    detail = f"the answer is not one that If-Match names: its ETag is {etag} now"
    return Problem(412, "changed", "The answer is another one now", detail, headers={"ETag": etag})


def not_found(detail: str, *, nearest: str | None = None) -> Problem:
    """Return the problem of an address where nothing is."""
    faults = [Fault("path", "is not known", (), nearest)] if nearest else []
    return Problem(404, "not-found", "There is nothing here", detail, faults=faults)


def method_not_allowed(allowed: str) -> Problem:
    """Return the problem of a method that an address does not have."""
    return Problem(
        405,
        "method-not-allowed",
        "The address does not take this method",
        f"allowed are {allowed}",
        headers={"Allow": allowed},
    )


def not_acceptable(offered: Sequence[str]) -> Problem:
    """Return the problem of an Accept header that no format here satisfies."""
    return Problem(
        406,
        "not-acceptable",
        "No format here is acceptable",
        f"the Accept header takes none of {', '.join(offered)}",
        faults=[Fault("Accept", "takes no format that is offered", tuple(offered))],
    )


def too_large(limit: int) -> Problem:
    """Return the problem of a body of too many bytes."""
    detail = f"a request may have a body of at most {limit} bytes"
    return Problem(413, "body-too-large", "The body is too large", detail)


def address_too_long(limit: int) -> Problem:
    """Return the problem of a path and query of too many bytes."""
    detail = f"a path with its query may have at most {limit} bytes"
    return Problem(414, "address-too-long", "The address is too long", detail)


def head_too_large(limit: int) -> Problem:
    """Return the problem of a request line with header lines of too many bytes."""
    detail = f"the request line and the header lines may have at most {limit} bytes together"
    return Problem(431, "head-too-large", "The head of the request is too large", detail)


def unreadable_request(detail: str) -> Problem:
    """Return the problem of a request that is not one of HTTP."""
    return Problem(400, "unreadable-request", "The request cannot be read", detail)


def unavailable() -> Problem:
    """Return the problem of a database that does not answer."""
    return Problem(
        503,
        "unavailable",
        "The data cannot be reached",
        "the database does not answer; try again in a moment",
        headers={"Retry-After": "5"},
    )


def stopping() -> Problem:
    """Return the problem of a request that the service cannot answer before it stops."""
    return Problem(
        503,
        "stopping",
        "The service stops",
        "the answer would take longer than the service still runs; try again in a moment",
        headers={"Retry-After": "5"},
    )


def internal() -> Problem:
    """Return the problem of a fault of ours; the log has what happened."""
    return Problem(500, "internal", "Something went wrong here", "the fault is ours and is logged")
