"""AI models, and the products that people reach them by."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.kit.fields import Count, CountryCode, Decimal, Member, PeriodText, Slug, Term, Text
from app.kit.filters import Where, among, any_member, at_least, at_most, within
from app.kit.ranges import PeriodRangeText
from app.resources.resource import (
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
from app.storage.records import LedgeredRecord, Through, members, one_of, reference

Kind = Literal["model", "family", "product"]
Openness = Literal["open", "hosted", "closed"]


class AIModelRecord(LedgeredRecord):
    """An AI model, a family of them, or a product built on them."""

    __tablename__ = "ai_models"
    __table_args__ = (
        one_of("kind", *get_args(Kind)),
        one_of("openness", *get_args(Openness)),
        CheckConstraint("parameters >= 0", name="parameters"),
        CheckConstraint(
            "training_compute_flop >= 0 AND training_compute_flop < 1e300",
            name="training_compute_flop",
        ),
    )
    __indexes__ = (
        "kind",
        "openness",
        "domain",
        "released_first_day",
        "parameters",
        "training_compute_flop",
        "source",
        "name",
    )
    __derived__: ClassVar = {"countries": Through("developers", "country")}

    name: Mapped[str]
    kind: Mapped[str]
    aliases: Mapped[list[str]]
    developers: Mapped[list[str]] = members("companies")
    released: Mapped[str | None]
    released_first_day: Mapped[str | None]
    released_last_day: Mapped[str | None]
    openness: Mapped[str | None]
    based_on: Mapped[list[str]] = members("ai_models")
    disputed_by: Mapped[list[str]] = members("sources")
    parameters: Mapped[int | None]
    training_compute_flop: Mapped[float | None]
    domain: Mapped[str | None]
    source: Mapped[str] = reference("sources")
    locator: Mapped[str | None]
    note: Mapped[str | None]
    search: Mapped[str]


class AIModelFact(Entry):
    """A row of `models.csv`."""

    searched: ClassVar = ("name", "aliases")

    id: Slug = Field(description="The key of the AI model.", examples=["llama"])
    name: Text = Field(description="The name it goes by.", examples=["Llama"])
    kind: Kind = Field(
        description="Trained weights (model), a line of them (family), or a product built on them.",
        examples=["model"],
    )
    aliases: list[Member] = Field(
        default=[], description="Other names of the same AI model.", examples=[["LLaMA"]]
    )
    developers: list[Slug] = Field(
        default=[],
        description="The companies that made it, in the order the source gives.",
        examples=[["meta"]],
    )
    released: PeriodText | None = Field(
        default=None, description="When it was released, as far as known.", examples=["2023-11"]
    )
    openness: Openness | None = Field(
        default=None,
        description="Weights to download (open), reached as a service only (hosted), or closed.",
        examples=["open"],
    )
    based_on: list[Slug] = Field(
        default=[], description="The AI models that it was made from.", examples=[["llama"]]
    )
    disputed_by: list[Slug] = Field(
        default=[],
        description="Sources that deny what this row states; the note says what.",
        examples=[["eleuther-yi-2024"]],
    )
    parameters: Count | None = Field(
        default=None, description="Number of trained parameters.", examples=[34_000_000_000]
    )
    training_compute_flop: Decimal | None = Field(
        default=None,
        description="Compute of its training, in floating-point operations (FLOP).",
        examples=[5e25],
    )
    domain: Term | None = Field(
        default=None, description="What it works on, such as language.", examples=["language"]
    )
    source: SourceKey
    locator: Locator = None
    note: Note = None

    def check(self) -> None:
        """Raise ValueError where fields contradict each other."""
        if self.id in self.based_on:
            raise ValueError("an AI model is not based on itself")


class AIModel(Stated, AIModelFact):
    """An AI model, a family of them, or a product built on them."""

    countries: list[CountryCode] = Field(
        description="The countries of its developers, in their order, each once: worked out of "
        "the rows of these companies, whichever sources state those.",
        examples=[["US"]],
    )
    released_first_day: str | None = Field(
        description="The first day that `released` can mean.", examples=["2023-11-01"]
    )
    released_last_day: str | None = Field(
        description="The last day that `released` can mean.", examples=["2023-11-30"]
    )


class AIModelFilters(FactFilters):
    """What AI models can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these AI models.", examples=[["llama", "ernie-bot"]]),
    ] = None
    country: Annotated[
        list[CountryCode] | None,
        Where("countries", any_member),
        Field(
            description="Only AI models with a developer in one of these countries, as known "
            "here, whatever `licence` that is stated under: code (US, USA) or English name.",
            examples=[["CN"]],
        ),
    ] = None
    developer: Annotated[
        list[Key] | None,
        Where("developers", any_member),
        Field(description="Only AI models of these companies.", examples=[["baidu"]]),
    ] = None
    based_on: Annotated[
        list[Key] | None,
        Where("based_on", any_member),
        Field(description="Only AI models made from one of these.", examples=[["llama"]]),
    ] = None
    disputed_by: Annotated[
        list[Key] | None,
        Where("disputed_by", any_member),
        Field(
            description="Only AI models whose row one of these sources denies.",
            examples=[["eleuther-yi-2024"]],
        ),
    ] = None
    kind: Annotated[
        list[Kind] | None,
        Where("kind", among),
        Field(description="Only these kinds.", examples=[["product"]]),
    ] = None
    openness: Annotated[
        list[Openness] | None,
        Where("openness", among),
        Field(description="Only AI models as open as this.", examples=[["open"]]),
    ] = None
    domain: Annotated[
        list[Term] | None,
        Where("domain", among),
        Field(description="Only AI models that work on this.", examples=[["language"]]),
    ] = None
    released: Annotated[
        PeriodRangeText | None,
        Where("released", within),
        Field(description="Only AI models released in this period.", examples=["2023..2024"]),
    ] = None
    min_parameters: Annotated[
        Count | None,
        Where("parameters", at_least),
        Field(description="At least this many parameters.", examples=[1_000_000_000]),
    ] = None
    max_parameters: Annotated[
        Count | None,
        Where("parameters", at_most),
        Field(description="At most this many parameters.", examples=[70_000_000_000]),
    ] = None
    min_training_compute_flop: Annotated[
        Decimal | None,
        Where("training_compute_flop", at_least),
        Field(description="At least this much training compute, in FLOP.", examples=[1e23]),
    ] = None
    max_training_compute_flop: Annotated[
        Decimal | None,
        Where("training_compute_flop", at_most),
        Field(description="At most this much training compute, in FLOP.", examples=[1e26]),
    ] = None
    q: Words = None


AI_MODELS = Resource(
    one="AI model",
    many="models",
    about="AI models and the products built on them: developers, release, openness, lineage.",
    record=AIModelRecord,
    fact=AIModelFact,
    item=AIModel,
    filters=AIModelFilters,
    sort_keys={
        "id": "id",
        "name": "name",
        "released": "released_first_day",
        "parameters": "parameters",
        "training_compute_flop": "training_compute_flop",
    },
    example="llama",
    known_as="model",
)
