"""Funding: what a country took in over a period (a total), and single deals (a round).

Totals and rounds are never added together: a total holds rounds that are not listed here, and
some that are.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.kit.fields import Count, CountryCode, PeriodText, Qualifier, Slug, Term
from app.kit.filters import Where, among, any_member, at_least, at_most
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
from app.storage.records import LedgeredRecord, members, one_of, reference

Kind = Literal["total", "round"]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
PriceBase = Annotated[str, Field(pattern="^(nominal|constant-[0-9]{4})$")]


class FundingRecord(LedgeredRecord):
    """A total of a country over a period, or a round of one company."""

    __tablename__ = "funding"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'total' AND country IS NOT NULL AND company IS NULL AND scope IS NOT NULL) "
            "OR (kind = 'round' AND company IS NOT NULL AND deals IS NULL AND scope IS NULL)",
            name="total_or_round",
        ),
        CheckConstraint("amount_usd >= 0", name="amount_usd"),
        CheckConstraint("deals >= 0", name="deals"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        CheckConstraint("(amount_usd IS NULL) = (qualifier IS NULL)", name="amount_is_qualified"),
        CheckConstraint("(deals IS NULL) = (deals_qualifier IS NULL)", name="deals_are_qualified"),
        one_of("qualifier", *get_args(Qualifier)),
        one_of("deals_qualifier", *get_args(Qualifier)),
        CheckConstraint("period_first_day <= period_last_day", name="period"),
    )
    __indexes__ = ("kind", "country", "period_first_day", "amount_usd", "deals", "source")
    __sparse_indexes__ = (
        "company",
        "scope",
        "round_type",
        "qualifier",
        "deals_qualifier",
        "currency",
        "price_base",
        "original_source",
    )

    kind: Mapped[str]
    country: Mapped[str | None] = reference("countries")
    company: Mapped[str | None] = reference("companies")
    investors: Mapped[list[str]] = members("companies")
    scope: Mapped[str | None]
    round_type: Mapped[str | None]
    period: Mapped[str]
    period_first_day: Mapped[str]
    period_last_day: Mapped[str]
    amount_usd: Mapped[int | None]
    deals: Mapped[int | None]
    amount: Mapped[int | None]
    currency: Mapped[str | None]
    price_base: Mapped[str | None]
    qualifier: Mapped[str | None]
    deals_qualifier: Mapped[str | None]
    source: Mapped[str] = reference("sources")
    original_source: Mapped[str | None] = reference("sources")
    locator: Mapped[str | None]
    note: Mapped[str | None]


class FundingFact(Entry):
    """A row of `funding.csv`."""

    id: Slug = Field(description="The key of the fact.", examples=["us-2023-generative-ai-bnn"])
    kind: Kind = Field(
        description="What a country took in over a period (total), or one deal of one company "
        "(round). The two are never added together.",
        examples=["total"],
    )
    country: CountryCode | None = Field(
        default=None,
        description="The country that took the money in (code of /countries).",
        examples=["US"],
    )
    company: Slug | None = Field(
        default=None, description="The company of a round.", examples=["anthropic"]
    )
    investors: list[Slug] = Field(
        default=[], description="The companies that paid.", examples=[["amazon"]]
    )
    scope: Term | None = Field(
        default=None,
        description="What a total covers; totals of different scopes are not comparable.",
        examples=["generative-ai"],
    )
    round_type: Term | None = Field(
        default=None, description="What sort of round, such as series-c.", examples=["series-c"]
    )
    period: PeriodText = Field(
        description="When, as the source has it: 2023, 2023-Q1, 2024-03, 2024-03-27 or a span "
        "2023-01/2023-11.",
        examples=["2023"],
    )
    amount_usd: Count | None = Field(
        default=None, description="Whole US dollars.", examples=[31_000_000_000]
    )
    deals: Count | None = Field(
        default=None, description="How many deals a total covers.", examples=[1151]
    )
    amount: Count | None = Field(
        default=None,
        description="The amount as the source states it, in whole units of `currency`.",
        examples=[31_000_000_000],
    )
    currency: Currency | None = Field(
        default=None, description="The currency of `amount` (ISO 4217).", examples=["USD"]
    )
    price_base: PriceBase | None = Field(
        default=None,
        description="Prices of the time (nominal) or of one year (constant-2021), where stated.",
        examples=["nominal"],
    )
    qualifier: Qualifier | None = Field(
        default=None, description="How firmly the amount is stated.", examples=["exact"]
    )
    deals_qualifier: Qualifier | None = Field(
        default=None, description="How firmly the number of deals is stated.", examples=["exact"]
    )
    source: SourceKey
    original_source: OriginalSource = None
    locator: Locator = None
    note: Note = None

    def check(self) -> None:
        """Raise ValueError where fields contradict each other."""
        if self.kind == "total" and (self.company or not self.country or not self.scope):
            raise ValueError("a total has a country and a scope, and no company")
        if self.kind == "round" and (not self.company or self.scope or self.deals is not None):
            raise ValueError("a round has a company, and neither a scope nor a number of deals")
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency come together")
        if (self.amount_usd is None) != (self.qualifier is None):
            raise ValueError("amount_usd and qualifier come together")
        if (self.deals is None) != (self.deals_qualifier is None):
            raise ValueError("deals and deals_qualifier come together")


class Funding(Stated, FundingFact):
    """A total of a country over a period, or a round of one company."""

    period_first_day: str = Field(
        description="The first day of the period.", examples=["2023-01-01"]
    )
    period_last_day: str = Field(description="The last day of the period.", examples=["2023-12-31"])


class FundingFilters(FactFilters):
    """What funding can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these facts.", examples=[["us-2023-generative-ai-bnn"]]),
    ] = None
    country: ByCountry = None
    kind: Annotated[
        list[Kind] | None,
        Where("kind", among),
        Field(description="Totals or rounds only.", examples=[["total"]]),
    ] = None
    company: Annotated[
        list[Key] | None,
        Where("company", among),
        Field(description="Only rounds of these companies.", examples=[["anthropic"]]),
    ] = None
    investor: Annotated[
        list[Key] | None,
        Where("investors", any_member),
        Field(description="Only rounds that one of these paid for.", examples=[["amazon"]]),
    ] = None
    scope: ByScope = None
    round_type: Annotated[
        list[Term] | None,
        Where("round_type", among),
        Field(description="Only rounds of this sort.", examples=[["series-c"]]),
    ] = None
    period: ByPeriod = None
    min_amount_usd: Annotated[
        Count | None,
        Where("amount_usd", at_least),
        Field(description="At least this many US dollars.", examples=[1_000_000_000]),
    ] = None
    max_amount_usd: Annotated[
        Count | None,
        Where("amount_usd", at_most),
        Field(description="At most this many US dollars.", examples=[40_000_000_000]),
    ] = None
    min_deals: Annotated[
        Count | None,
        Where("deals", at_least),
        Field(description="At least this many deals.", examples=[100]),
    ] = None
    max_deals: Annotated[
        Count | None,
        Where("deals", at_most),
        Field(description="At most this many deals.", examples=[2000]),
    ] = None
    currency: Annotated[
        list[Currency] | None,
        Where("currency", among),
        Field(description="Only amounts stated in this currency.", examples=[["CNY"]]),
    ] = None
    price_base: Annotated[
        list[PriceBase] | None,
        Where("price_base", among),
        Field(description="Only amounts in these prices.", examples=[["nominal"]]),
    ] = None
    qualifier: ByQualifier = None
    deals_qualifier: Annotated[
        list[Qualifier] | None,
        Where("deals_qualifier", among),
        Field(description="Only numbers of deals stated as firmly as this.", examples=[["exact"]]),
    ] = None
    original_source: ByOriginalSource = None


FUNDING = Resource(
    one="total or round",
    many="funding",
    about="Money: totals of a country over a period, and rounds of single companies.",
    record=FundingRecord,
    fact=FundingFact,
    item=Funding,
    filters=FundingFilters,
    sort_keys={
        "id": "id",
        "country": "country",
        "period": "period_first_day",
        "amount_usd": "amount_usd",
        "deals": "deals",
    },
    example="us-2023-generative-ai-bnn",
    known_as="funding",
)
