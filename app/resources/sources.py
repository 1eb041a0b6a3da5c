"""Sources: who said it, and whose words they restate."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from app.kit.fields import PeriodText, Slug, Text, WebAddress
from app.kit.filters import Where, among, within
from app.kit.licences import Reuse, licensed
from app.kit.ranges import PeriodRangeText
from app.resources.resource import Entry, Filters, Key, Note, Recorded, Resource, Words
from app.storage.records import LedgeredRecord, one_of, reference

Kind = Literal["article", "report", "dataset"]


class SourceRecord(LedgeredRecord):
    """An article, a report or a data set."""

    __tablename__ = "sources"
    __table_args__ = (
        one_of("kind", *get_args(Kind)),
        CheckConstraint("restates <> id", name="restates_another"),
    )
    __indexes__ = ("kind", "restates", "published_first_day")

    kind: Mapped[str]
    publisher: Mapped[str]
    title: Mapped[str]
    published: Mapped[str | None]
    published_first_day: Mapped[str | None]
    published_last_day: Mapped[str | None]
    url: Mapped[str | None]
    licence: Mapped[str | None]
    restates: Mapped[str | None] = reference("sources")
    note: Mapped[str | None]
    search: Mapped[str]


class SourceFact(Entry):
    """A row of `sources.csv`."""

    searched: ClassVar = ("title", "publisher")

    id: Slug = Field(description="The key of the source.", examples=["bnn-2024-03-31"])
    kind: Kind = Field(description="What sort of source it is.", examples=["article"])
    publisher: Text = Field(description="Who published it.", examples=["BNN Breaking"])
    title: Text = Field(description="Its title.", examples=["China Trails in AI Race"])
    published: PeriodText | None = Field(
        default=None, description="When it was published, as far as known.", examples=["2024-03-31"]
    )
    url: WebAddress | None = Field(
        default=None, description="Where it can be read.", examples=["https://example.org/report"]
    )
    licence: Text | None = Field(
        default=None,
        description="The licence of its figures where it states one.",
        examples=["CC BY 4.0"],
    )
    restates: Slug | None = Field(
        default=None,
        description="The source whose figures it passes on: the two are one witness.",
        examples=["cnbc-2024-03-31"],
    )
    note: Note = None

    def check(self) -> None:
        """Raise ValueError where fields contradict each other."""
        if self.restates == self.id:
            raise ValueError("a source does not restate itself")


class Source(Recorded, SourceFact):
    """A source: an article, a report or a data set."""

    published_first_day: str | None = Field(
        description="The first day that `published` can mean.", examples=["2024-03-31"]
    )
    published_last_day: str | None = Field(
        description="The last day that `published` can mean.", examples=["2024-03-31"]
    )


class SourceFilters(Filters):
    """What sources can be asked for."""

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these sources.", examples=[["bnn-2024-03-31"]]),
    ] = None
    kind: Annotated[
        list[Kind] | None,
        Where("kind", among),
        Field(description="Only sources of these kinds.", examples=[["report"]]),
    ] = None
    restates: Annotated[
        list[Key] | None,
        Where("restates", among),
        Field(
            description="Only sources that pass on the figures of these.",
            examples=[["cbinsights-state-of-ai-2023"]],
        ),
    ] = None
    published: Annotated[
        PeriodRangeText | None,
        Where("published", within),
        Field(description="Only what was published in this period.", examples=["2024"]),
    ] = None
    licence: Annotated[
        list[Reuse] | None,
        Where("licence", licensed),
        Field(
            description="Only sources whose figures may be reused by everybody (open), that have "
            "another licence to read first (other), or that state none.",
            examples=[["open"]],
        ),
    ] = None
    q: Annotated[
        Words,
        Field(
            description="Words that begin words of the title or the publisher, all of them; "
            "accents and capitals do not matter.",
            examples=["cnbc"],
        ),
    ] = None


SOURCES = Resource(
    one="source",
    many="sources",
    about="Who stated the figures: publisher, date, address, licence, and whom they restate.",
    record=SourceRecord,
    fact=SourceFact,
    item=Source,
    filters=SourceFilters,
    sort_keys={"id": "id", "published": "published_first_day", "publisher": "publisher"},
    example="bnn-2024-03-31",
)
