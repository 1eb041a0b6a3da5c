"""What a resource is, and the parts that all resources share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.kit.errors import NotAllowed
from app.kit.fields import CountryCode, PeriodMark, Qualifier, Slug, Term, Text, is_list
from app.kit.filters import Where, among, has_words, within
from app.kit.licences import ByLicence
from app.kit.periods import parse_period
from app.kit.ranges import PeriodRangeText
from app.kit.text import search_text, words
from app.storage.ledger import StoredRow
from app.storage.records import LedgeredRecord, LedgerTable

Key = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length=100),
    AfterValidator(str.lower),
]
"""A key as people type it, in a filter: capitals do not matter."""


class Entry(BaseModel):
    """What an import row must be. The fields are the columns of packs, in this order."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_serialization_defaults_required=True,
        defer_build=True,  # until the first row is read: to serve needs none
    )

    searched: ClassVar[tuple[str, ...]] = ()
    """The fields whose words `q` looks for; the record then has a column `search`."""

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        for name in list_names(type(self)):
            if names_one_twice(getattr(self, name)):
                raise ValueError(f"{name} names a member twice")
        self.check()
        return self

    def check(self) -> None:
        """Raise ValueError where fields that are right by themselves contradict each other."""

    def stored(self) -> StoredRow:
        """Return the row to store: the fields, the days of periods, the words to search."""
        row = dict(self.__dict__)  # the fields; to iterate over self costs ten times as much
        for name in period_names(type(self)):
            row[f"{name}_first_day"], row[f"{name}_last_day"] = first_and_last_day(row[name])
        if self.searched:
            row["search"] = words_to_search([row[name] for name in self.searched])
        return row


def names_one_twice(members: Sequence[str]) -> bool:
    """Return whether a list has a member twice."""
    return len(set(members)) < len(members)


def words_to_search(values: Iterable[str | list[str]]) -> str:
    """Return what a search looks through, of the values of the fields that are searched."""
    texts: list[str] = []
    for value in values:
        texts.extend(value if isinstance(value, list) else [value])
    return search_text(texts)


@lru_cache(maxsize=20_000)
def first_and_last_day(text: str | None) -> tuple[str | None, str | None]:
    """Return the days between which a period lies, as they are stored."""
    if not text:
        return None, None
    period = parse_period(text)
    return period.first.isoformat(), period.last.isoformat()


@cache
def list_names(entry: type[Entry]) -> tuple[str, ...]:
    """Return the fields of an entry that hold a list."""
    return tuple(name for name, field in entry.model_fields.items() if is_list(field))


@cache
def period_names(entry: type[Entry]) -> tuple[str, ...]:
    """Return the fields of an entry that hold a period."""
    return tuple(
        name
        for name, field in entry.model_fields.items()
        if any(isinstance(mark, PeriodMark) for mark in _marks(field.annotation, field.metadata))
    )


def _marks(annotation: Any, metadata: list[Any]) -> list[Any]:
    inner = [getattr(part, "__metadata__", ()) for part in getattr(annotation, "__args__", ())]
    return [*metadata, *(mark for marks in inner for mark in marks)]


SourceKey = Annotated[
    Slug, Field(description="The source that states it.", examples=["bnn-2024-03-31"])
]
OriginalSource = Annotated[
    Slug | None,
    Field(
        description="The source whose figure it is, where that is not the one that its source "
        "restates as a whole: figures of one original source are one witness.",
        examples=["cbinsights-state-of-ai-2023"],
    ),
]
Locator = Annotated[
    Text | None,
    Field(
        description="Where in its source it stands, in this project's words.",
        examples=["Heading 'The AI Investment Divide', first paragraph"],
    ),
]
Note = Annotated[
    Text | None,
    Field(
        description="What a reader should know beside the fields.",
        examples=["Venture capital only"],
    ),
]


class Recorded(BaseModel):
    """What the ledger adds to everything that is shown."""

    revision: int = Field(description="The revision that the row dates from.", examples=[1], ge=0)
    recorded_at: str = Field(
        description="The instant (UTC) of that revision.",
        examples=["2026-11-22T21:14:54.000000Z"],
        json_schema_extra={"format": "date-time"},
    )


class Stated(Recorded):
    """What is known of everything that a source states."""

    licence: str | None = Field(
        description="The licence of its source, where that states one.", examples=["CC BY 4.0"]
    )


class Filters(BaseModel):
    """The filters that every resource has. Each carries its own condition."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    id: Annotated[
        list[Key] | None,
        Where("id", among),
        Field(description="Only these keys."),
    ] = None


class FactFilters(Filters):
    """The filters of what a source states."""

    source: Annotated[
        list[Key] | None,
        Where("source", among),
        Field(description="Only what these sources state.", examples=[["bnn-2024-03-31"]]),
    ] = None
    licence: ByLicence = None


ByOriginalSource = Annotated[
    list[Key] | None,
    Where("original_source", among),
    Field(
        description="Only figures that their source passes on from these, where the row says so.",
        examples=[["cbinsights-state-of-ai-2023"]],
    ),
]


def _has_a_word(text: str | None) -> str | None:
    if text is not None and not words(text):
        raise NotAllowed("has no word to look for: letters or digits")
    return text


Words = Annotated[
    Text | None,
    AfterValidator(_has_a_word),
    Where("search", has_words),
    Field(
        description="Words that begin words of the name or an alias, all of them; accents and "
        "capitals do not matter.",
        examples=["ernie"],
    ),
]


ByCountry = Annotated[
    list[CountryCode] | None,
    Where("country", among),
    Field(
        description="Only rows of these countries: code (US, USA) or English name.",
        examples=[["US", "CN"]],
    ),
]
ByPeriod = Annotated[
    PeriodRangeText | None,
    Where("period", within),
    Field(
        description="Only what lies wholly in this period or range; a range may be open.",
        examples=["2022..2023"],
    ),
]
ByQualifier = Annotated[
    list[Qualifier] | None,
    Where("qualifier", among),
    Field(description="Only figures stated as firmly as this.", examples=[["exact"]]),
]
ByScope = Annotated[
    list[Term] | None,
    Where("scope", among),
    Field(description="Only figures that cover this.", examples=[["generative-ai"]]),
]


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource, declared once: from it follow routes, OpenAPI, packs, checks and tests."""

    one: str
    """What one row is called, in a sentence."""

    many: str
    about: str
    record: type[LedgeredRecord]
    fact: type[Entry]
    item: type[BaseModel]
    filters: type[Filters]
    sort_keys: Mapping[str, str]
    """What may be sorted by: the word in `sort=` and the column that it stands for."""

    example: str
    """The key of a row that the seed has, for the documentation."""

    known_as: str = ""
    """What one row is called in the names of operations, where that is not `one`."""

    @property
    def operation(self) -> str:
        """What one row is called in the names of operations."""
        return self.known_as or self.one.replace(" ", "_")

    @property
    def path(self) -> str:
        """The address of the list."""
        return f"/{self.many}"

    @property
    def ledger(self) -> LedgerTable:
        """The tables behind it."""
        return self.record.ledger

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of what is shown, in order."""
        return tuple(self.item.model_fields)

    @cached_property
    def own_columns(self) -> tuple[str, ...]:
        """The same without what is worked out from other rows, and changes without this one."""
        worked_out = {*self.ledger.derived, "licence"} - {*self.fact.model_fields}
        return tuple(name for name in self.columns if name not in worked_out)

    @cached_property
    def pack_columns(self) -> tuple[str, ...]:
        """The columns of a pack file, in order."""
        return tuple(self.fact.model_fields)
