"""The parts of a mapping: rules, marks of the file and of its source, what is left out or asked."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.exchange.mapping_texts import (
    ColumnNames,
    Encodings,
    Pattern,
    PatternWithGroup,
    Separator,
    Template,
    Times,
    refuse_unknown_groups,
)
from app.exchange.transforms import TRANSFORMS
from app.kit.errors import NotAllowed, choose
from app.kit.fields import Slug

OF_COMPANIES = {"company", "address"}
"""Transforms whose values are keys of companies."""

LOOKED_UP = {*OF_COMPANIES, "ai_model"}
"""Transforms that look up what a row names, or make it."""

ANYTHING_ELSE, ITSELF = "*", "="
"""In `words`: every other text, and a meaning that is the text itself."""

OF_NUMBERS = {"whole", "number", "percent"}
"""Transforms whose values are numbers."""

OF_DAYS = {"period", "day_first", "month_first"}
"""Transforms whose values are days or periods."""

VALUE, HEADER = "value", "header"
"""What rules call a spread column, and its name."""


class Part(BaseModel):
    """A part of a mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _transform(name: str) -> str:
    return choose(name, tuple(TRANSFORMS), what="a transform")


class Rule(Part):
    """What feeds one field: a column, the first of several that says something, or fixed text."""

    column: ColumnNames | None = None
    constant: str | int | float | list[str] | None = None
    template: Template | None = None
    asked: str | None = None
    country_of: str | None = None
    """A field that holds a company: its country, where that is known."""

    transform: Annotated[str, AfterValidator(_transform)] = Field(default="text", alias="as")
    words: dict[str, str] | None = None
    """What each text means: `*` stands for any other, without which others are refused; a meaning
    of `=` is the text itself."""

    nothing: list[str] = []
    """Texts that say that there is no value."""

    separator: Separator | None = None
    """What stands between the members of a list."""

    quoted: bool = False
    """Whether a member that has the separator in it stands in quotes, as in CSV."""

    decimal: Literal[".", ","] | None = None
    """The sign before the decimals of a number; then the other one may part its thousands."""

    times: Times = 1
    """What a number is multiplied by: 1000000 for millions."""

    countries: str | None = None
    """For companies: the column with the countries of those named in the row."""

    in_turn: bool = False
    """Whether that column has a country for each of them, in their turn, where there are as many;
    else it says something of them only where all are of one."""

    also: list["Rule"] = []
    """For lists: what else makes members, which come after these."""

    @model_validator(mode="after")
    def _fed_by_one_thing(self) -> "Rule":
        fed = [self.column, self.constant, self.template, self.asked, self.country_of]
        if sum(one is not None for one in fed) != 1:
            raise NotAllowed("is fed by one of column, constant, template, asked and country_of")
        if self.quoted and '"' in (self.separator or '"'):
            raise NotAllowed("has quoted, and no separator without a quote")
        if self.in_turn and (self.countries is None or self.separator is None or self.words):
            raise NotAllowed("has in_turn, which needs countries and a separator, and no words")
        if self.countries and self.transform not in OF_COMPANIES:
            raise NotAllowed("has countries, which are of companies, and names none")
        if self.decimal and self.transform not in OF_NUMBERS:
            raise NotAllowed("has decimal, which is of numbers: as whole, number or percent")
        if any(one.column is None or one.also or one.countries for one in self.also):
            raise NotAllowed("has also, which takes columns, without also and countries")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, in their order."""
        if self.column is None:
            return ()
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)


class Spread(Part):
    """Columns that each hold a figure: a row becomes as many facts as there are such columns.

    In the rules of fields such a column is `value`, its name `header`; `set` gives more names,
    whose texts may use the groups of the pattern.
    """

    header: Pattern
    """A pattern of the names of the columns."""

    set: dict[str, str] = {}

    @model_validator(mode="after")
    def _texts_use_the_groups(self) -> "Spread":
        for name, text in self.set.items():
            refuse_unknown_groups(f"set.{name}", text, self.header)
        return self


class Skip(Part):
    """Rows that are left out, and why."""

    column: str
    texts: list[str] | None = Field(default=None, alias="is")
    pattern: Pattern | None = None
    """What a text is like as a whole, where they are not listed."""

    why: str

    @model_validator(mode="after")
    def _told_by_one_thing(self) -> "Skip":
        if (self.texts is None) == (self.pattern is None):
            raise NotAllowed("is told by one of is and pattern")
        return self


class FileMark(Part):
    """How a file is recognised and read."""

    columns: list[str]
    """The columns that a file of this sort has, under any of their names."""

    fallback_encodings: Encodings = []
    """What bytes are that are not UTF-8: the first of these that reads the whole file. Without
    any, their rows are refused."""


class RestatedMark(Part):
    """The source that another one passes on."""

    id: Slug
    kind: Literal["article", "report", "dataset"] = "dataset"
    publisher: str
    title: str
    url: str | None = None
    licence: str | None = None
    note: str | None = None
    published: str | None = None


class SourceMark(RestatedMark):
    """Whose figures they are."""

    restates: RestatedMark | None = None
    """Whose figures it passes on; made where it is not there."""

    published_in_name: PatternWithGroup | None = None
    """A pattern whose first group is the day of publication in the name of the file."""

    published_from: str | None = None
    """A field that holds a day or a period: where nobody says when the source came out, the newest
    of its rows does, as it was not before that."""

    @model_validator(mode="after")
    def _restates_another(self) -> "SourceMark":
        if self.restates and self.restates.id == self.id:
            raise NotAllowed("has in restates itself")
        return self


class Question(Part):
    """What the file does not say and the person who loads it must."""

    about: str
    example: str
