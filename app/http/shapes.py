"""The shapes of answers: the same envelope around every list and every row."""

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.analysis.citation import Citation
from app.resources.resource import Resource

Shown = TypeVar("Shown")
_CONFIG = ConfigDict(extra="forbid", defer_build=True)
"""These describe answers and make none: what could read them is built for OpenAPI alone."""


class Meta(BaseModel):
    """What an answer is made from."""

    model_config = _CONFIG

    revision: int = Field(
        description="The revision that the answer is read at.", examples=[2], ge=0
    )
    recorded_at: str = Field(
        description="The instant (UTC) of that revision.",
        examples=["2026-11-22T21:14:54.000000Z"],
        json_schema_extra={"format": "date-time"},
    )


class PageMeta(Meta):
    """What a page is made from, and how much it holds."""

    count: int = Field(description="Rows in this answer.", examples=[3], ge=0)
    total: int | None = Field(
        description="Rows in the whole result; null unless asked for by `count=exact`.",
        examples=[3],
    )


class PageLinks(BaseModel):
    """Where to go from a page. Addresses are relative to this service."""

    model_config = _CONFIG

    self: str = Field(description="This page.", examples=["/funding?country=US"])
    next: str | None = Field(
        description="The next page, at the same revision; null on the last one.",
        examples=["/funding?country=US&cursor=WyI0Il0"],
    )
    pinned: str = Field(
        description="This page, pinned to its revision: it keeps giving this answer.",
        examples=["/funding?country=US&as_of=2"],
    )


class DetailLinks(BaseModel):
    """Where to go from a row. Addresses are relative to this service."""

    model_config = _CONFIG

    self: str = Field(description="This row.", examples=["/funding/us-2023-generative-ai-bnn"])
    history: str = Field(
        description="Every version of this row.",
        examples=["/funding/us-2023-generative-ai-bnn/history"],
    )
    list: str = Field(description="The list that it stands in.", examples=["/funding"])


class Page(BaseModel, Generic[Shown]):
    """A page of a list."""

    model_config = _CONFIG

    data: list[Shown] = Field(description="The rows, in the order asked for.")
    meta: PageMeta = Field(description="What the page is made from.")
    links: PageLinks = Field(description="Where to go from here.")


class CitedPage(Page[Shown], Generic[Shown]):
    """A page of a list, with how to cite it."""

    citation: Citation = Field(description="How to cite it.")


class Detail(BaseModel, Generic[Shown]):
    """One row."""

    model_config = _CONFIG

    data: Shown = Field(description="The row, as it stands in the list.")
    meta: Meta = Field(description="What the answer is made from.")
    links: DetailLinks = Field(description="Where to go from here.")


class Revision(BaseModel):
    """One commit to the data."""

    model_config = _CONFIG

    id: int = Field(description="Its number; they have no gaps.", examples=[1], ge=0)
    recorded_at: str = Field(
        description="When it was recorded (UTC).",
        examples=["2026-11-22T21:14:54.000000Z"],
        json_schema_extra={"format": "date-time"},
    )
    author: str = Field(description="Who recorded it.", examples=["AI Race Indicators"])
    message: str = Field(description="Why.", examples=["The figures of one article of 2024-03-31"])
    origin: str | None = Field(
        description="The pack that it was loaded from, or the mapping by which a table was; null "
        "where it came by neither.",
        examples=["article-2024-03-31"],
    )
    added: int = Field(description="Rows that were added.", examples=[16], ge=0)
    changed: int = Field(description="Rows that were changed.", examples=[0], ge=0)
    removed: int = Field(description="Rows that were removed.", examples=[0], ge=0)


class Change(BaseModel):
    """One row that a revision added, changed or removed."""

    model_config = _CONFIG

    revision: int = Field(description="The revision that did it.", examples=[2], ge=0)
    resource: str = Field(description="The resource of the row.", examples=["sources"])
    id: str = Field(description="The key of the row.", examples=["cnbc-2024-03-31"])
    action: str = Field(
        description="What was done.",
        examples=["changed"],
        json_schema_extra={"enum": ["added", "changed", "removed"]},
    )
    item: dict[str, Any] | None = Field(
        description="The row as that revision left it, shaped like the detail of its resource "
        "without what is worked out from other rows (`licence`, `countries` of models), which may "
        "change without it; null where it was removed.",
        examples=[{"id": "cnbc-2024-03-31", "kind": "article", "revision": 2}],
    )
    replaced_by: str | None = Field(
        description="The key under which a removed row goes on; null where it does not.",
        examples=["cnbc-2024"],
    )


class ResourceEntry(BaseModel):
    """One resource in the map of the API."""

    model_config = _CONFIG

    name: str = Field(description="The name of the resource.", examples=["funding"])
    about: str = Field(description="What it holds.", examples=["Money: totals and rounds."])
    count: int = Field(
        description="How many rows it has at the revision of the map.", examples=[29], ge=0
    )
    url: str = Field(description="The address of its list.", examples=["/funding"])


class ApiMap(BaseModel):
    """The map of the API."""

    model_config = _CONFIG

    name: str = Field(description="The name of the service.", examples=["AI Race Indicators"])
    version: str = Field(description="The version of the software.", examples=["0.1.0"])
    meta: Meta = Field(description="What the map is made from.")
    resources: list[ResourceEntry] = Field(description="The resources, with their size.")
    links: dict[str, str] = Field(
        description="Where else to go: the documentation, the answers, the ledger. Each is an "
        "address that answers, with an example of what it has to be asked.",
        examples=[{"docs": "/docs", "race": "/race?countries=US,CN"}],
    )


class Health(BaseModel):
    """Whether the service is well."""

    model_config = _CONFIG

    status: str = Field(description="`ok`.", examples=["ok"])


class ReportLinks(BaseModel):
    """Where to go from a report. Addresses are relative to this service."""

    model_config = _CONFIG

    self: str = Field(description="This report.", examples=["/gap?indicator=funding-amount"])
    pinned: str = Field(
        description="The same, pinned to its revision: it keeps giving this answer.",
        examples=["/gap?indicator=funding-amount&as_of=2"],
    )


class ReportPage(BaseModel, Generic[Shown]):
    """A report."""

    model_config = _CONFIG

    data: Shown = Field(description="What was found.")
    meta: Meta = Field(description="What the report is made from.")
    links: ReportLinks = Field(description="Where to go from here.")
    citation: Citation = Field(description="How to cite it.")


class Observation(BaseModel):
    """One value of one indicator."""

    model_config = _CONFIG

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    country: str = Field(description="The country.", examples=["US"])
    period: str = Field(description="When.", examples=["2023"])
    period_first_day: str = Field(description="The first day of it.", examples=["2023-01-01"])
    period_last_day: str = Field(description="The last day of it.", examples=["2023-12-31"])
    value: float | int | None = Field(
        description="The figure, in `unit`; null where it cannot be worked out.",
        examples=[31_000_000_000],
    )
    unit: str = Field(description="The unit of the value.", examples=["USD"])
    qualifier: str = Field(
        description="How firmly the value can be stated, as the figures that it is worked out from "
        "are. What is counted or added up of a year that was not over when its source came out is "
        "`at_least` so much, and a share `about`.",
        examples=["exact"],
    )
    scope: str | None = Field(description="What it covers.", examples=["generative-ai"])
    source: str = Field(description="The source that states it.", examples=["bnn-2024-03-31"])
    original_source: str | None = Field(
        description="The source whose figure it is, where that is not the one that its source "
        "restates as a whole.",
        examples=["cbinsights-state-of-ai-2023"],
    )
    basis: str = Field(
        description="Reported by the source, derived from its facts, or summed from its rounds.",
        examples=["reported"],
    )
    fact: str | None = Field(
        description="The key of the fact; null where it is worked out from several.",
        examples=["us-2023-generative-ai-bnn"],
    )
    revision: int = Field(
        description="The newest revision of its facts and, of what is counted or added up, of the "
        "row of its source and of those that say of which countries developers are. What is "
        "removed leaves no trace in it.",
        examples=[1],
        ge=0,
    )
    licence: str | None = Field(
        description="The licence of its source, where that states one.", examples=["CC BY 4.0"]
    )
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    reason: str | None = Field(
        description="Why there is no value; null where there is one.",
        examples=["no_earlier_period"],
    )


class Later:
    """A shape by its name, made when the documentation asks for it: to serve needs none."""

    def __init__(self, name: str, make: Callable[[], type[BaseModel]]) -> None:
        self.__name__ = name
        self.made = cache(make)


Shape = type[BaseModel] | Later


def made(shape: Shape) -> type[BaseModel]:
    """Return a shape as a model; the same one each time."""
    return shape.made() if isinstance(shape, Later) else shape


@cache
def report_shape(report: type[BaseModel]) -> Later:
    """Return the shape of a report with its envelope, under a readable name."""
    return _enveloped(f"{report.__name__}Report", ReportPage, report, report.__doc__)


def _enveloped(name: str, envelope: Any, content: Shape, about: str | None) -> Later:
    return Later(name, lambda: create_model(name, __base__=envelope[made(content)], __doc__=about))


@cache
def version_shape(resource: Resource) -> Later:
    """Return the shape of one version of a row: the row, and the revision that ended it."""
    return Later(f"{resource.item.__name__}Version", lambda: _version(resource))


def _version(resource: Resource) -> type[BaseModel]:
    return create_model(
        f"{resource.item.__name__}Version",
        __base__=resource.item,
        __doc__=f"One version of a row of {resource.many}.",
        until=(
            int | None,
            Field(
                description="The revision that superseded or removed it; null where it holds.",
                examples=[2],
            ),
        ),
        replaced_by=(
            str | None,
            Field(
                description="The key under which the row went on from `until`; null where it holds "
                "or went on under its own key, or not at all.",
                examples=["a-better-key"],
            ),
        ),
    )


@cache
def chosen_shape(item: type[BaseModel]) -> Later:
    """Return the shape of a row of which `fields` chose some columns."""
    return Later(f"{item.__name__}Columns", lambda: _chosen(item))


def _chosen(item: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, field in item.model_fields.items():
        described = Field(default=None, description=field.description, examples=field.examples)
        fields[name] = (field.rebuild_annotation() | None, described)
    return create_model(
        f"{item.__name__}Columns",
        __doc__=f"The chosen columns of {item.__name__}.",
        __config__=_CONFIG,
        **fields,
    )


@cache
def page_shape(item: Shape) -> Later:
    """Return the shape of a page of these items, under a readable name."""
    return _enveloped(f"{item.__name__}Page", Page, item, "A page of a list.")


@cache
def cited_page_shape(item: Shape) -> Later:
    """Return the shape of a page of these items that says how to cite it."""
    return _enveloped(f"{item.__name__}Page", CitedPage, item, "A page of a list.")


@cache
def detail_shape(item: type[BaseModel]) -> Later:
    """Return the shape of one item with its envelope, under a readable name."""
    return _enveloped(f"{item.__name__}Detail", Detail, item, item.__doc__)
