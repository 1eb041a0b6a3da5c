"""Statistics: what a source reports of a country that is neither money nor use."""

from typing import Annotated, ClassVar, get_args

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


class StatisticRecord(LedgeredRecord):
    """One figure of a country: a share, a count, a score."""

    __tablename__ = "statistics"
    __table_args__ = (
        CheckConstraint("value >= 0 AND value < 1e300", name="value"),
        one_of("qualifier", *get_args(Qualifier)),
        CheckConstraint("period_first_day <= period_last_day", name="period"),
    )
    __indexes__: ClassVar = (
        "metric",
        "country",
        "value",
        "unit",
        "period_first_day",
        "qualifier",
        "source",
    )
    __sparse_indexes__: ClassVar = ("scope", "original_source")

    metric: Mapped[str]
    country: Mapped[str] = reference("countries")
    value: Mapped[float]
    unit: Mapped[str]
    period: Mapped[str]
    period_first_day: Mapped[str]
    period_last_day: Mapped[str]
    qualifier: Mapped[str]
    scope: Mapped[str | None]
    source: Mapped[str] = reference("sources")
    original_source: Mapped[str | None] = reference("sources")
    locator: Mapped[str | None]
    note: Mapped[str | None]


class StatisticFact(Entry):
    """A row of `statistics.csv`."""

    id: Slug = Field(
        description="The key of the fact.", examples=["cn-2023-notable-models-vibrancy"]
    )
    metric: Term = Field(description="What is counted or measured.", examples=["notable_models"])
    country: CountryCode = Field(
        description="The country it is reported of (code of /countries).", examples=["CN"]
    )
    value: Decimal = Field(description="The figure, in `unit`.", examples=[15])
    unit: Text = Field(description="The unit of the value.", examples=["models"])
    period: PeriodText = Field(description="When, as the source has it.", examples=["2023"])
    qualifier: Qualifier = Field(description="How firmly the value is stated.", examples=["exact"])
    scope: Term | None = Field(
        default=None, description="What the figure covers.", examples=["survey"]
    )
    source: SourceKey
    original_source: OriginalSource = None
    locator: Locator = None
    note: Note = None


class Statistic(Stated, StatisticFact):
    """One figure of a country that is neither money nor use."""

    period_first_day: str = Field(
        description="The first day of the period.", examples=["2023-01-01"]
    )
    period_last_day: str = Field(description="The last day of the period.", examples=["2023-12-31"])


class StatisticFilters(FactFilters):
    """What statistics can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these facts.", examples=[["cn-2023-notable-models-vibrancy"]]),
    ] = None
    source: Annotated[
        list[Key] | None,
        Where("source", among),
        Field(description="Only what these sources state.", examples=[["vibrancy-2024"]]),
    ] = None
    country: ByCountry = None
    metric: Annotated[
        list[Term] | None,
        Where("metric", among),
        Field(description="Only these metrics.", examples=[["notable_models"]]),
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
        Field(description="At least this value.", examples=[10]),
    ] = None
    max_value: Annotated[
        Decimal | None,
        Where("value", at_most),
        Field(description="At most this value.", examples=[100]),
    ] = None
    qualifier: ByQualifier = None
    scope: ByScope = None
    original_source: ByOriginalSource = None


STATISTICS = Resource(
    one="statistic",
    many="statistics",
    about="What a source reports of a country that is neither money nor use.",
    record=StatisticRecord,
    fact=StatisticFact,
    item=Statistic,
    filters=StatisticFilters,
    sort_keys={
        "id": "id",
        "metric": "metric",
        "country": "country",
        "period": "period_first_day",
        "value": "value",
    },
    example="cn-2023-notable-models-vibrancy",
)
