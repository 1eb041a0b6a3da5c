"""Adoption: how much AI is used, by whom, as a source states it."""

from typing import Annotated, get_args

from pydantic import Field
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.kit.fields import CountryCode, Decimal, PeriodText, Qualifier, Slug, Term, Text
from app.kit.filters import Where, among, at_least, at_most
from app.resources.resource import (
    ByCountry,
    ByOriginalSource,
    ByPeriod,
    ByQualifier,
    ByScope,
    Entry,
    FactFilters,
    Key,
    Locator,
    Note,
    OriginalSource,
    Resource,
    SourceKey,
    Stated,
)
from app.storage.records import LedgeredRecord, one_of, reference


class AdoptionRecord(LedgeredRecord):
    """One figure of use: of an AI model, by a company, or in a country."""

    __tablename__ = "adoption"
    __table_args__ = (
        CheckConstraint(
            "model IS NOT NULL OR company IS NOT NULL OR country IS NOT NULL", name="is_about"
        ),
        CheckConstraint("value >= 0 AND value < 1e300", name="value"),
        CheckConstraint("(value IS NULL) = (unit IS NULL)", name="value_has_unit"),
        one_of("qualifier", *get_args(Qualifier)),
        CheckConstraint("period_first_day <= period_last_day", name="period"),
    )
    __indexes__ = ("metric", "country", "value", "period_first_day", "source")
    __sparse_indexes__ = ("model", "company", "unit", "qualifier", "scope", "original_source")

    metric: Mapped[str]
    model: Mapped[str | None] = reference("ai_models")
    company: Mapped[str | None] = reference("companies")
    country: Mapped[str | None] = reference("countries")
    value: Mapped[float | None]
    unit: Mapped[str | None]
    period: Mapped[str]
    period_first_day: Mapped[str]
    period_last_day: Mapped[str]
    qualifier: Mapped[str | None]
    scope: Mapped[str | None]
    source: Mapped[str] = reference("sources")
    original_source: Mapped[str | None] = reference("sources")
    locator: Mapped[str | None]
    note: Mapped[str | None]


class AdoptionFact(Entry):
    """A row of `adoption.csv`."""

    id: Slug = Field(description="The key of the fact.", examples=["ernie-bot-users-bnn"])
    metric: Term = Field(description="What is counted.", examples=["users"])
    model: Slug | None = Field(
        default=None, description="The AI model or product that is used.", examples=["ernie-bot"]
    )
    company: Slug | None = Field(
        default=None, description="The company that it is about.", examples=["baidu"]
    )
    country: CountryCode | None = Field(
        default=None, description="The country it counts for (code of /countries).", examples=["CN"]
    )
    value: Decimal | None = Field(
        default=None,
        description="The figure, in `unit`; empty where the source states the matter without one.",
        examples=[100_000_000],
    )
    unit: Text | None = Field(
        default=None, description="The unit of the value.", examples=["users"]
    )
    period: PeriodText = Field(description="When, as the source has it.", examples=["2024-03"])
    qualifier: Qualifier | None = Field(
        default=None, description="How firmly the value is stated.", examples=["exact"]
    )
    scope: Term | None = Field(
        default=None, description="What the figure covers.", examples=["product"]
    )
    source: SourceKey
    original_source: OriginalSource = None
    locator: Locator = None
    note: Note = None

    def check(self) -> None:
        """Raise ValueError where fields contradict each other."""
        if not (self.model or self.company or self.country):
            raise ValueError("a figure is about an AI model, a company or a country")
        if (self.value is None) != (self.unit is None):
            raise ValueError("value and unit come together")


class Adoption(Stated, AdoptionFact):
    """One figure of use: of an AI model, by a company, or in a country."""

    period_first_day: str = Field(
        description="The first day of the period.", examples=["2024-03-01"]
    )
    period_last_day: str = Field(description="The last day of the period.", examples=["2024-03-31"])


class AdoptionFilters(FactFilters):
    """What adoption can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these facts.", examples=[["ernie-bot-users-bnn"]]),
    ] = None
    country: ByCountry = None
    metric: Annotated[
        list[Term] | None,
        Where("metric", among),
        Field(description="Only these metrics.", examples=[["users"]]),
    ] = None
    model: Annotated[
        list[Key] | None,
        Where("model", among),
        Field(description="Only figures about these AI models.", examples=[["ernie-bot"]]),
    ] = None
    company: Annotated[
        list[Key] | None,
        Where("company", among),
        Field(description="Only figures about these companies.", examples=[["baidu"]]),
    ] = None
    unit: Annotated[
        list[Text] | None,
        Where("unit", among),
        Field(description="Only figures in these units.", examples=[["percent"]]),
    ] = None
    period: ByPeriod = None
    min_value: Annotated[
        Decimal | None,
        Where("value", at_least),
        Field(description="At least this value.", examples=[1_000_000]),
    ] = None
    max_value: Annotated[
        Decimal | None,
        Where("value", at_most),
        Field(description="At most this value.", examples=[1_000_000_000]),
    ] = None
    qualifier: ByQualifier = None
    scope: ByScope = None
    original_source: ByOriginalSource = None


ADOPTION = Resource(
    one="adoption figure",
    many="adoption",
    about="Use: users, customers, and shares of people and organisations that use AI.",
    record=AdoptionRecord,
    fact=AdoptionFact,
    item=Adoption,
    filters=AdoptionFilters,
    sort_keys={
        "id": "id",
        "metric": "metric",
        "country": "country",
        "period": "period_first_day",
        "value": "value",
    },
    example="ernie-bot-users-bnn",
)
