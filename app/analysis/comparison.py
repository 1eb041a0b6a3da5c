"""The parts of a comparison, as it is answered: figures, gaps, trends, refusals, agreement."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Reason = Literal[
    "part_of_whole",
    "one_sided",
    "different_scope",
    "different_origin",
    "incomplete_period",
    "not_comparable_unit",
    "qualifier_overlap",
    "several_values",
    "single_period",
    "zero_sum",
    "different_period",
    "without_country",
    "licence",
]
Direction = Literal["widening", "closing", "flat", "reversed"]


class Shape(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Figure(Shape):
    """One country's figure in a comparison."""

    country: str = Field(description="The country.", examples=["US"])
    value: float | int = Field(description="The figure.", examples=[31_000_000_000])
    qualifier: str = Field(description="How firmly it is stated.", examples=["exact"])
    share: float | None = Field(
        description="Its share of the two together, in percent; null where both are zero, and for "
        "what does not add up: percentages, averages, the largest of each.",
        examples=[93.94],
    )
    fact: str | None = Field(
        description="The key of the fact; null where it is worked out from several.",
        examples=["us-2023-generative-ai-bnn"],
    )


class PeriodGap(Shape):
    """The two countries in one period."""

    period: str = Field(description="The period.", examples=["2023"])
    a: Figure = Field(description="The first country.")
    b: Figure = Field(description="The second country.")
    leader: str | None = Field(
        description="The country that is ahead; null where the two are equal, or where more of it "
        "is neither ahead nor behind.",
        examples=["US"],
    )
    higher: str | None = Field(
        description="The country with the larger figure; null where the two are equal.",
        examples=["US"],
    )
    without_country: float | int | None = Field(
        description="What the source lists for the period beside the two that counts for no "
        "country, in the unit of the comparison (of what does not add up, the largest): AI models "
        "with a developer, and rounds of companies, whose country it does not say or that are of "
        "several. Null where there is none, and for figures that sources report.",
        examples=[59],
    )
    leader_certain: bool = Field(
        description="Whether the leader would stay so if all of `without_country` were the other "
        "one's; what counts for that one already is not added again.",
        examples=[True],
    )
    difference: float | int = Field(
        description="a minus b, in the unit of the comparison.", examples=[29_000_000_000]
    )
    ratio: float | None = Field(
        description="a divided by b; null where b is zero.", examples=[15.5]
    )
    ratio_qualifier: str | None = Field(
        description="How firmly the two figures let the ratio be stated; a bound is itself only "
        "about so much where a side is. Null where there is no ratio.",
        examples=["exact"],
        json_schema_extra={"enum": ["exact", "about", "at_least", "up_to", "disputed", None]},
    )
    ratio_least: float | None = Field(
        description="The least that the ratio can be, as loosely as the two are stated (`about` is "
        "within a tenth); null where there is none.",
        examples=[15.5],
    )
    ratio_most: float | None = Field(
        description="The most that it can be; null where there is no end to it.", examples=[15.5]
    )


class Trend(Shape):
    """Whether the gap is closing."""

    direction: Direction = Field(
        description="What the lead does from the first period to the last: it is widening, closing "
        "or flat, or reversed where the other one is ahead at the end.",
        examples=["closing"],
    )
    leader: str | None = Field(
        description="Whose lead it is: the country that was ahead in the first period or, where "
        "the two were level, in the last; where more is neither ahead nor behind, that had more. "
        "Null where they were level in both.",
        examples=["US"],
    )
    measure: str = Field(
        description="What was compared.",
        examples=["the lead in percentage points of the two together"],
    )
    first: str = Field(description="The first period compared.", examples=["2022"])
    last: str = Field(description="The last period compared.", examples=["2023"])
    first_lead: float = Field(
        description="Its lead then, in the points that `measure` says.",
        examples=[20.0],
    )
    last_lead: float = Field(
        description="Its lead at the end; below zero it is behind.", examples=[10.0]
    )
    certain: bool = Field(
        description="Whether that is the direction whatever country all that the source lists "
        "without one (`without_country`) is of.",
        examples=[True],
    )
    recent: Direction | None = Field(
        description="What the lead does from any period of late to the last: from `recent_since` "
        "and from each period after it. Null where that cannot be told.",
        examples=["widening"],
    )
    recent_since: str | None = Field(
        description="The earliest period from which, and from each after it, that is the "
        "direction; the first one where no later one tells another.",
        examples=["2016"],
    )
    by_first: dict[str, Direction | None] = Field(
        description="What the lead of who is ahead in the last period does, by the first period "
        "that it may be told from; reversed where the other one was ahead in that. Null where it "
        "cannot be told, or what is of no country could turn it.",
        examples=[{"2015": "closing", "2016": "widening"}],
    )
    depends_on_first: bool = Field(
        description="Whether `by_first` has different directions; flat for a while is none.",
        examples=[True],
    )
    crossover: str | None = Field(
        description="The newest period with another leader than before; null if none.",
        examples=["2024"],
    )
    crossovers: list[str] = Field(
        description="All periods with another leader than before, oldest first.",
        examples=[["2024"]],
    )


class Comparison(Shape):
    """What one source says of the two, in one scope and unit."""

    source: str = Field(description="The source.", examples=["bnn-2024-03-31"])
    publisher: str | None = Field(
        description="Who published it; null where that is not known.", examples=["BNN Breaking"]
    )
    scope: str | None = Field(description="What its figures cover.", examples=["generative-ai"])
    part_of: str | None = Field(
        description="The wider scope that its publisher gives too, if any: who leads in a part "
        "says nothing of the whole.",
        examples=["ai-private-investment"],
    )
    unit: str = Field(description="The unit of its figures.", examples=["USD"])
    basis: str = Field(description="Reported, derived or summed.", examples=["reported"])
    witness: str = Field(
        description="The source whose figures they are, at the end of the chain of restatement: "
        "those of the same one are one witness.",
        examples=["cbinsights-state-of-ai-2023"],
    )
    countries_from: list[str] = Field(
        description="Of counts of AI models: the other sources whose rows of companies say that "
        "developers of AI models of this source are of one of the two countries; empty where it "
        "says so itself.",
        examples=[["cset-parat"]],
    )
    periods: list[PeriodGap] = Field(description="The periods that can be compared, oldest first.")
    trend: Trend | None = Field(
        description="Whether the gap is closing; null where a refusal says why not."
    )
    sentence: str = Field(
        description="The newest gap in words, to be checked word by word.",
        examples=["In 2023 the figure of US was 15.5 times that of CN."],
    )


class Refusal(Shape):
    """What cannot be answered, and why."""

    source: str = Field(description="The source.", examples=["bnn-2024-03-31"])
    scope: str | None = Field(description="The scope.", examples=["generative-ai"])
    period: str | None = Field(
        description="The period; null where it is the trend that cannot be told.", examples=["2022"]
    )
    reason: Reason = Field(description="Why, for programs.", examples=["one_sided"])
    detail: str = Field(
        description="Why, in words.",
        examples=["the source gives a figure for only one of the two (CN)"],
    )


class Agreement(Shape):
    """How many independent sources name which leader in their newest period."""

    witnesses: int = Field(
        description="Independent sources that can say: what is passed on from one source, and the "
        "sources of one publisher, count once. Of a source that gives a scope and parts of it the "
        "whole counts.",
        examples=[2],
        ge=0,
    )
    leaders: dict[str, int] = Field(
        description="How many of them name which leader; `equal` where the two are; empty where "
        "more is neither ahead nor behind.",
        examples=[{"US": 2}],
    )
    higher: dict[str, int] = Field(
        description="How many of them give which country the larger figure; `equal` where the two "
        "are.",
        examples=[{"US": 2}],
    )
    undecided: int = Field(
        description="Independent sources that name different ones themselves, in other scopes or "
        "editions.",
        examples=[0],
        ge=0,
    )


class Gap(Shape):
    """Two countries on one indicator."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    name: str = Field(description="Its name.", examples=["Funding, total"])
    higher_is: str = Field(description="What more of it means.", examples=["ahead"])
    a: str = Field(description="The first country.", examples=["US"])
    b: str = Field(description="The second country.", examples=["CN"])
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    comparisons: list[Comparison] = Field(description="One for each source and scope that can say.")
    agreement: Agreement = Field(description="How many independent sources name which leader.")
    refusals: list[Refusal] = Field(description="What cannot be answered, and why.")
