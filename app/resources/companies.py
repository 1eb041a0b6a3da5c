"""Companies: those that develop AI, pay for it, make its chips, or use it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from sqlalchemy.orm import Mapped

from app.kit.fields import CountryCode, Member, Slug, Text, WebAddress
from app.kit.filters import Where, among, any_member
from app.resources.resource import (
    ByCountry,
    Entry,
    FactFilters,
    Key,
    Locator,
    Note,
    Resource,
    SourceKey,
    Stated,
    Words,
)
from app.storage.records import LedgeredRecord, members, reference

Role = Literal["ai-developer", "investor", "chip-maker", "adopter"]


class CompanyRecord(LedgeredRecord):
    """A company or another organisation that acts as one."""

    __tablename__ = "companies"
    __indexes__ = ("country", "source", "name")

    name: Mapped[str]
    country: Mapped[str | None] = reference("countries")
    roles: Mapped[list[str]] = members()
    aliases: Mapped[list[str]]
    website: Mapped[str | None]
    source: Mapped[str] = reference("sources")
    locator: Mapped[str | None]
    note: Mapped[str | None]
    search: Mapped[str]


class CompanyFact(Entry):
    """A row of `companies.csv`."""

    searched: ClassVar = ("name", "aliases")

    id: Slug = Field(description="The key of the company.", examples=["anthropic"])
    name: Text = Field(description="The name it goes by.", examples=["Anthropic"])
    country: CountryCode | None = Field(
        default=None,
        description="Its country, where a source states it (code of /countries).",
        examples=["US"],
    )
    roles: list[Role] = Field(
        default=[], description="What it does in the AI race.", examples=[["ai-developer"]]
    )
    aliases: list[Member] = Field(
        default=[], description="Other names of the same company.", examples=[["Anthropic PBC"]]
    )
    website: WebAddress | None = Field(
        default=None, description="Its website.", examples=["https://example.com"]
    )
    source: SourceKey
    locator: Locator = None
    note: Note = None


class Company(Stated, CompanyFact):
    """A company."""


class CompanyFilters(FactFilters):
    """What companies can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these companies.", examples=[["openai", "anthropic"]]),
    ] = None
    country: ByCountry = None
    role: Annotated[
        list[Role] | None,
        Where("roles", any_member),
        Field(description="Only companies with one of these roles.", examples=[["chip-maker"]]),
    ] = None
    q: Words = None


COMPANIES = Resource(
    one="company",
    many="companies",
    about="The companies in the AI race: developers, investors, chip makers, adopters.",
    record=CompanyRecord,
    fact=CompanyFact,
    item=Company,
    filters=CompanyFilters,
    sort_keys={"id": "id", "name": "name", "country": "country"},
    example="anthropic",
)
