"""What a reader may ask of a list: the resource's own filters, and how to have the result."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from app.kit.errors import NotAllowed
from app.kit.fields import PlainDigits
from app.kit.licences import ByLicence
from app.resources.resource import Resource

PAGE_SIZE = 50
LARGEST_PAGE = 1000
_SORT_KEYS_AT_MOST = 3

_NUMBER = re.compile(r"[0-9]{1,18}")
_AS_OF_FORMS = ("7", "2024-03-31", "2024-03-31T12:00:00Z")


def _as_of(text: str) -> int | datetime:
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotAllowed("is neither a revision nor an instant", allowed=_AS_OF_FORMS) from None


Moment = Annotated[
    int | datetime,
    BeforeValidator(_as_of),
    WithJsonSchema({"type": "string", "maxLength": 40}),
]
"""A state of the data: a revision, or an instant."""

AsOf = Annotated[
    int | datetime | None,
    BeforeValidator(_as_of),
    WithJsonSchema({"type": "string", "maxLength": 40}),
    Field(
        description="Answer from the data as they were: a revision, or an instant "
        "(UTC where no zone is given; a date is its first instant).",
        examples=["1"],
    ),
]


class DetailQuery(BaseModel):
    """What may be asked of one row."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    as_of: AsOf = None


class ExportQuery(DetailQuery):
    """What may be asked of the whole data."""

    licence: ByLicence = None


PageSize = Annotated[int, Field(strict=True, ge=1, le=LARGEST_PAGE), PlainDigits]


class PageQuery(DetailQuery):
    """How a list is paged."""

    limit: Annotated[
        PageSize | None,
        Field(
            description="Rows in the answer. Without it JSON gives pages of "
            f"{PAGE_SIZE}, the other formats the whole result.",
            examples=[50],
        ),
    ] = None
    cursor: Annotated[
        str | None,
        Field(
            description="Where to go on: the cursor in the `next` link of the page before, to be "
            "passed on as it is, with the same parameters.",
            max_length=2000,
        ),
    ] = None
    count: Annotated[
        Literal["exact"] | None,
        Field(description="Count all rows of the result into `meta.total`.", examples=["exact"]),
    ] = None


class ListQuery(PageQuery):
    """How a list of a resource is sorted and which columns it shows."""

    sort: list[str] | None = None
    fields: list[str] | None = None


@cache
def list_query(resource: Resource) -> type[ListQuery]:
    """Return the query model of a resource: its filters, sort words, columns, and paging."""
    name = f"{resource.item.__name__}Query"
    return query_model(name, resource.filters, tuple(resource.sort_keys), resource.columns)


def query_model(
    name: str, filters: type[BaseModel], sort_keys: Sequence[str], columns: Sequence[str]
) -> type[ListQuery]:
    """Return a query model: filters, what may be sorted by, which columns there are, paging."""
    words = [word for key in sort_keys for word in (key, f"-{key}")]
    sort = Field(
        default=None,
        description="Sort by these, `-` for descending; rows without a value come last.",
        examples=[[words[-1]]],
        max_length=_SORT_KEYS_AT_MOST,
    )
    fields = Field(
        default=None,
        description="Show only these columns, in this order.",
        examples=[list(columns[:3])],
    )
    chosen: dict[str, Any] = {
        "sort": (list[Literal[tuple(words)]] | None, sort),  # type: ignore[misc]
        "fields": (list[Literal[tuple(columns)]] | None, fields),  # type: ignore[misc]
    }
    bases: Any = (ListQuery, filters)
    return cast("type[ListQuery]", create_model(name, __base__=bases, **chosen))
