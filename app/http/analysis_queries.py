"""What the answers may be asked: the query models of observations and comparisons."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from app.analysis.observations import SHOWN
from app.analysis.units import Units
from app.analysis.view import DEFAULT_ATTRIBUTION, Attribution
from app.http.citing import ByCitation
from app.kit.errors import NotAllowed
from app.kit.fields import CountryCode, PeriodText
from app.kit.filters import Where, among, within
from app.kit.licences import Reuse, reusable
from app.kit.ranges import PeriodRangeText
from app.resources.queries import DetailQuery, query_model
from app.resources.resource import ByCountry, ByPeriod, ByScope, Key

IndicatorId = Annotated[
    str,
    Field(
        description="The indicator; `/indicators` lists them.",
        pattern="^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$",
        max_length=100,
        examples=["funding-amount"],
    ),
    AfterValidator(str.lower),
]
BySource = Annotated[
    list[Key] | None,
    Where("source", among),
    Field(description="Only what these sources state.", examples=[["bnn-2024-03-31"]]),
]
ByLicence = Annotated[
    list[Reuse] | None,
    Where("source", reusable),
    Field(
        description="Only what may be reused by everybody (open), what has another licence to "
        "read first (other), or what has none that is stated. An AI model counts then only for "
        "countries of developers that sources with such a licence state.",
        examples=[["open"]],
    ),
]
ByRule = Annotated[
    Attribution,
    Field(
        description="How an AI model counts for countries: for each country of its developers "
        "(any), that of the first, in equal parts (fractional), or only where all are of one "
        "(exclusive).",
        examples=["fractional"],
    ),
]
First = Annotated[CountryCode, Field(description="The first country.", examples=["US"])]
Second = Annotated[CountryCode, Field(description="The second country.", examples=["CN"])]


class ObservationFilters(BaseModel):
    """What observations can be asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    indicator: Annotated[
        list[Annotated[str, AfterValidator(str.lower)]] | None,
        Where("indicator", among),
        Field(
            description="Only these indicators; `/indicators` lists them.",
            examples=[["funding-amount"]],
        ),
    ] = None
    country: ByCountry = None
    period: ByPeriod = None
    source: BySource = None
    licence: ByLicence = None
    scope: ByScope = None
    basis: Annotated[
        list[Literal["reported", "derived", "summed"]] | None,
        Where("basis", among),
        Field(
            description="Reported by sources, derived from facts, or summed from rounds.",
            examples=[["reported"]],
        ),
    ] = None
    units: Annotated[
        Units,
        Field(
            description="The figure itself (level); its change or percent_change from the period "
            "before, which ends the day before and is as long (or, of what is in percent and has "
            "none as long, of another length; of a day it is the last day before that is stated, "
            "however long ago); its share of the countries named or, where one of "
            "them is a group with all others in it, of that, or, where fewer than two are named, "
            "of the world; its ratio to `base`; its index with `base_period`, else the first "
            "period that is stated (of all, whatever `period` leaves; of its own length, where "
            "periods in percent overlap), as 100; or per_capita and per_gdp, by the `population` "
            "(in people) and the `gdp` (in USD) that `/statistics` has of the country and year "
            "without a scope. What cannot be worked out has no value and a reason; so has all but "
            "the level of a period that was not over when its source came out.",
            examples=["share"],
        ),
    ] = "level"
    base: Annotated[
        CountryCode, Field(description="The country of `units=ratio`.", examples=["US"])
    ] = "US"
    base_period: Annotated[
        PeriodText | None,
        Field(description="The period of `units=index` that is 100.", examples=["2023"]),
    ] = None
    latest: Annotated[
        Literal["0", "1"],
        Field(description="1: only the newest figure of each series.", examples=["1"]),
    ] = "0"
    shape: Annotated[
        Literal["rows", "wide"],
        Field(
            description="A row for each observation, or wide: a row for each period with a "
            "column for each country, for spreadsheets.",
            examples=["rows"],
        ),
    ] = "rows"
    attribution: ByRule = DEFAULT_ATTRIBUTION
    citation: ByCitation = None


ObservationQuery = query_model(
    "ObservationQuery",
    ObservationFilters,
    ("indicator", "country", "period", "value", "source"),
    SHOWN,
)


class ReportQuery(DetailQuery):
    """What every report can be asked."""

    citation: ByCitation = None


class CatalogueQuery(ReportQuery):
    """What the catalogue can be asked for."""


class PairQuery(ReportQuery):
    """Two countries on one indicator."""

    indicator: IndicatorId
    a: First = "US"
    b: Second = Field(default="CN", validate_default=True)

    @field_validator("b")
    @classmethod
    def _another_country(cls, b: str, others: ValidationInfo) -> str:
        if b == others.data.get("a"):
            allowed = [code for code in ("US", "CN") if code != b]
            raise NotAllowed("names the same country as a: they must be two", allowed=allowed)
        return b


class GapQuery(PairQuery):
    """What the gap between two countries can be asked."""

    period: Annotated[
        PeriodRangeText | None,
        Where("period", within),
        Field(description="Only periods that lie wholly in this one.", examples=["2019..2024"]),
    ] = None
    source: BySource = None
    licence: ByLicence = None
    scope: ByScope = None
    attribution: ByRule = DEFAULT_ATTRIBUTION


class ClaimsQuery(ReportQuery):
    """What claims can be asked for."""

    indicator: IndicatorId
    country: Annotated[
        list[CountryCode],
        Field(
            description="The countries, at most ten: code (US, USA) or English name.",
            examples=[["US", "CN"]],
            min_length=1,
            max_length=10,
        ),
    ] = Field(default=["US", "CN"])
    period: Annotated[
        PeriodRangeText | None,
        Where("period", within),
        Field(description="Only periods that lie wholly in this one.", examples=["2023"]),
    ] = None
    source: BySource = None
    licence: ByLicence = None
    scope: ByScope = None
    attribution: ByRule = DEFAULT_ATTRIBUTION


class RaceQuery(ReportQuery):
    """What the race can be asked."""

    countries: Annotated[
        list[CountryCode],
        Field(
            description="The countries to compare, two to six: code (US, USA) or English name.",
            examples=[["US", "CN"]],
            min_length=2,
            max_length=6,
        ),
    ] = Field(default=["US", "CN"])
    period: ByPeriod = None
    licence: ByLicence = None
    weights: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}:[0-9]{1,6}(\.[0-9]{1,6})?$")]]
        | None,
        Field(
            description="Indicators with their weights, for a composite ranking; without it "
            "there is none.",
            examples=[["funding-amount:2", "funding-deals:1"]],
            max_length=20,
        ),
    ] = None
    attribution: ByRule = DEFAULT_ATTRIBUTION

    @field_validator("countries")
    @classmethod
    def _different_countries(cls, countries: list[str]) -> list[str]:
        return different_countries(countries)

    @field_validator("weights")
    @classmethod
    def _weights_that_weigh(cls, weights: list[str] | None) -> list[str] | None:
        weighed = _weighed(weights)
        if weights and not any(weighed.values()):
            raise NotAllowed("are all 0 and rank nothing", allowed=_WEIGHTS)
        if len(weighed) < len(weights or ()):
            raise NotAllowed("weigh an indicator twice", allowed=_WEIGHTS)
        return weights

    @property
    def weighed(self) -> dict[str, float]:
        """The weights by indicator."""
        return _weighed(self.weights)


def different_countries(countries: list[str]) -> list[str]:
    """Return the countries. Raises NotAllowed where one is named twice."""
    if len(set(countries)) < len(countries):
        raise NotAllowed("names a country twice", allowed=["US,CN"])
    return countries


_WEIGHTS: Final = ("funding-amount:2,funding-deals:1",)


def _weighed(weights: list[str] | None) -> dict[str, float]:
    pairs = (text.lower().split(":") for text in weights or ())
    return {id_: float(weight) for id_, weight in pairs}
