"""Countries and the groups of countries that figures are stated for."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.kit.fields import CountryCode, Member, Text
from app.kit.filters import Where, among
from app.resources.resource import Entry, Filters, Recorded, Resource, Words
from app.storage.records import LedgeredRecord

Kind = Literal["country", "group"]


class CountryRecord(LedgeredRecord):
    """A country or a group of countries."""

    __tablename__ = "countries"
    __table_args__ = (CheckConstraint("kind IN ('country', 'group')", name="kind"),)
    __indexes__ = ("kind",)

    name: Mapped[str]
    iso3: Mapped[str | None]
    kind: Mapped[str]
    aliases: Mapped[list[str]]
    search: Mapped[str]


class CountryFact(Entry):
    """A row of `countries.csv`."""

    searched: ClassVar = ("name", "aliases")

    id: CountryCode = Field(
        description="ISO 3166-1 alpha-2 code, or the code of a group: WLD (world), EU.",
        examples=["US"],
    )
    name: Text = Field(description="The usual English name.", examples=["United States"])
    iso3: Annotated[str | None, Field(pattern="^[A-Z]{3}$")] = Field(
        default=None,
        description="ISO 3166-1 alpha-3 code; empty for groups.",
        examples=["USA"],
    )
    kind: Kind = Field(description="A country, or a group of countries.", examples=["country"])
    aliases: list[Member] = Field(
        default=[],
        description="Other names that are understood, beside the codes.",
        examples=[["America", "U.S."]],
    )


class Country(Recorded, CountryFact):
    """A country or a group of countries."""


class CountryFilters(Filters):
    """What countries can be asked for."""

    id: Annotated[
        list[CountryCode] | None,
        Where("id", among),
        Field(
            description="Only these countries: code (US, USA) or English name.",
            examples=[["US", "CN"]],
        ),
    ] = None
    kind: Annotated[
        list[Kind] | None,
        Where("kind", among),
        Field(description="Countries or groups only.", examples=[["group"]]),
    ] = None
    q: Words = None


COUNTRIES = Resource(
    one="country",
    many="countries",
    about="The countries of ISO 3166-1, and the groups that sources state figures for.",
    record=CountryRecord,
    fact=CountryFact,
    item=Country,
    filters=CountryFilters,
    sort_keys={"id": "id", "name": "name"},
    example="US",
)
