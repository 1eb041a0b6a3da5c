"""Mappings: how the columns of a table that others publish become facts. Declared in TOML.

A mapping says which column feeds which field, by which named transform; how the key is made; how
the file is recognised; what is left out; whose figures they are. It is no program: what it cannot
say is refused, or asked for on the command line.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.exchange.transforms import TRANSFORMS
from app.kit.errors import NotAllowed, choose, faults_of
from app.kit.fields import LIST_SEPARATOR, CountryCode, Slug
from app.resources.registry import RESOURCES
from app.resources.resource import Resource, list_names

_BY_NAME = {resource.many: resource for resource in RESOURCES}
SHIPPED = Path(__file__).parent / "mappings"
ANYTHING_ELSE, ITSELF = "*", "="
"""In `words`: every other text, and a meaning that is the text itself."""


class UnusableMapping(Exception):
    """A mapping that cannot be used. Each line of the message says where and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _transform(name: str) -> str:
    return choose(name, tuple(TRANSFORMS), what="a transform")


class Rule(_Part):
    """What feeds one field: a column, the first of several that says something, or fixed text."""

    column: str | list[str] | None = None
    constant: str | int | float | list[str] | None = None
    template: str | None = None
    asked: str | None = None
    country_of: str | None = None
    """A field that holds a company: its country, where that is known."""

    transform: Annotated[str, AfterValidator(_transform)] = Field(default="text", alias="as")
    words: dict[str, str] | None = None
    """What each text means: `*` stands for any other, without which others are refused; a meaning
    of `=` is the text itself."""

    nothing: list[str] = []
    """Texts that say that there is no value."""

    separator: str | None = None
    """What stands between the members of a list."""

    times: int = 1
    """What a number is multiplied by: 1000000 for millions."""

    countries: str | None = None
    """For companies: the column with the countries of those named in the row."""

    @model_validator(mode="after")
    def _fed_by_one_thing(self) -> "Rule":
        fed = [self.column, self.constant, self.template, self.asked, self.country_of]
        if sum(one is not None for one in fed) != 1:
            raise NotAllowed("is fed by one of column, constant, template, asked and country_of")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, in their order."""
        if self.column is None:
            return ()
        return (self.column,) if isinstance(self.column, str) else tuple(self.column)


class Spread(_Part):
    """Columns that each hold a figure: a row becomes as many facts as there are such columns.

    In the rules of fields such a column is `value`, its name `header`; `set` gives more names,
    whose texts may use the groups of the pattern.
    """

    header: str
    """A pattern of the names of the columns."""

    set: dict[str, str] = {}


class Skip(_Part):
    """Rows that are left out, and why."""

    column: str
    texts: list[str] = Field(alias="is")
    why: str


class FileMark(_Part):
    """How a file is recognised and read."""

    columns: list[str]
    """The columns that a file of this sort has, under any of their names."""

    fallback_encodings: list[str] | None = []
    """What bytes are that are not UTF-8; without any, their rows are refused."""


class SourceMark(_Part):
    """Whose figures they are."""

    id: Slug
    kind: Literal["article", "report", "dataset"] = "dataset"
    publisher: str
    title: str
    url: str | None = None
    licence: str | None = None
    note: str | None = None
    published: str | None = None
    published_in_name: str | None = None
    """A pattern whose one group is the day of publication in the name of the file."""


class Question(_Part):
    """What the file does not say and the person who loads it must."""

    about: str
    example: str


class MappingFile(_Part):
    """A mapping as its file has it."""

    title: str
    about: str
    resource: Annotated[
        str, AfterValidator(lambda name: choose(name, tuple(_BY_NAME), what="a resource"))
    ]
    missing: Literal["remove", "keep"] = "keep"
    """What happens to rows of the same source that a newer file no longer has."""

    file: FileMark
    source: SourceMark | None = None
    ask: dict[str, Question] = {}
    names: dict[str, list[str]] = {}
    """Columns that have had several names, by the one that the rules use."""

    skip: list[Skip] = []
    spread: list[Spread] = []
    countries: dict[str, CountryCode | Literal[""]] = {}
    """Names of countries as this file has them; empty for what is none."""

    fields: dict[str, Rule]

    @model_validator(mode="after")
    def _fields_are_those_of_the_resource(self) -> "MappingFile":
        known = _BY_NAME[self.resource].fact.model_fields
        for name in self.fields:
            choose(name, tuple(known), what=f"a field of {self.resource}")
        missing = [
            name
            for name, field in known.items()
            if field.is_required() and name not in self.fields and name != "source"
        ]
        if missing:
            raise NotAllowed(f"leaves out {', '.join(missing)}")
        for rule in self.fields.values():
            if rule.asked is not None:
                choose(rule.asked, tuple(self.ask), what="something that the mapping asks for")
        return self


class TableMapping(_Part):
    """A mapping under its name."""

    name: str
    content: MappingFile
    text: str

    @property
    def resource(self) -> Resource:
        """The resource that its rows are facts of."""
        return _BY_NAME[self.content.resource]

    def heading(self, column: str, header: Sequence[str]) -> str | None:
        """Return the name under which a header has a column, None where it has not."""
        names = [column, *self.content.names.get(column, ())]
        return next((name for name in names if name in header), None)

    def recognises(self, header: Sequence[str]) -> bool:
        """Return whether a file with this header is of the sort that the mapping is for."""
        return all(self.heading(column, header) for column in self.content.file.columns)


def parse_mapping(name: str, text: str) -> TableMapping:
    """Read a mapping. Raises UnusableMapping with every fault."""
    try:
        content = MappingFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UnusableMapping(f"{name}: is not TOML: {error}") from None
    except ValidationError as error:
        raise UnusableMapping("\n".join(f"{name}: {line}" for line in _faults(error))) from None
    return TableMapping(name=name, content=content, text=text)


def _faults(error: ValidationError) -> list[str]:
    """Return the faults with the whole path to each: `fields.country.as is not a transform`."""
    paths = [".".join(map(str, one["loc"])) for one in error.errors(include_url=False)]
    return [
        f"{path} {str(fault).removeprefix(fault.name or 'input').strip()}"
        for path, fault in zip(paths, faults_of(error), strict=True)
    ]


@cache
def shipped_mappings() -> dict[str, TableMapping]:
    """Return the mappings that ship, by name."""
    return {
        path.stem: parse_mapping(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(SHIPPED.glob("*.toml"), key=lambda path: path.stem)
    }


GENERIC = "generic"


def generic_mapping(header: Sequence[str], resource: str | None = None) -> TableMapping:
    """Return the mapping of a table that has our own column names, as packs and exports have.

    Without `resource` it is the one that has all of the columns and misses none that it needs.
    Raises UnusableMapping where there is no such, or more than one.
    """
    fitting = [
        one
        for one in RESOURCES
        if (resource in (None, one.many))
        and set(header) <= one.fact.model_fields.keys()
        and all(
            name in header
            for name, field in one.fact.model_fields.items()
            if field.is_required() and name != "source"
        )
    ]
    if len(fitting) != 1:
        names = ", ".join(one.many for one in fitting) or "none"
        raise UnusableMapping(
            f"{GENERIC}: the columns are those of {names}: say which resource, by --resource, and "
            "leave no column that it has not"
        )
    (found,) = fitting
    fields = {name: _generic_rule(found, name) for name in header}
    mark = FileMark(columns=list(header), fallback_encodings=None)
    content = MappingFile(
        title=f"{found.many} with our own column names",
        about="A table that has the columns of a pack.",
        resource=found.many,
        file=mark,
        fields=fields,
    )
    return TableMapping(name=GENERIC, content=content, text="")


def _generic_rule(resource: Resource, name: str) -> Rule:
    """Return the rule of a column under its own name: keys are looked up, the rest is as it is."""
    ledger = resource.ledger
    keys = [key.column.table.name for key in ledger.current.c[name].foreign_keys]
    if name in ledger.members:
        keys = [ledger.members[name].target or ""]
    transforms = {"companies": "company", "ai_models": "ai_model", "countries": "country"}
    transform = next((transforms[key] for key in keys if key in transforms), "text")
    separator = LIST_SEPARATOR if name in list_names(resource.fact) else None
    return Rule.model_validate({"column": name, "as": transform, "separator": separator})


def find_mapping(name: str) -> TableMapping:
    """Return a mapping that ships, or that of a file. Raises UnusableMapping."""
    path = Path(name)
    if path.suffix == ".toml":
        try:
            return parse_mapping(path.stem, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableMapping(f"{name}: cannot be read: {type(error).__name__}") from None
    try:
        return shipped_mappings()[choose(name, tuple(shipped_mappings()), what="a mapping here")]
    except NotAllowed as error:
        near = f"; did you mean {error.nearest}?" if error.nearest else ""
        there = ", ".join(error.allowed)
        raise UnusableMapping(
            f"{name} is no mapping that ships ({there}), nor the name of a .toml file{near}"
        ) from None


def recognise(header: Sequence[str]) -> TableMapping:
    """Return the one mapping that ships for files with this header. Raises UnusableMapping."""
    fitting = [one for one in shipped_mappings().values() if one.recognises(header)]
    most = max((len(one.content.file.columns) for one in fitting), default=0)
    best = [one for one in fitting if len(one.content.file.columns) == most]
    if len(best) == 1:
        return best[0]
    names = ", ".join(one.name for one in best) or "none that ships fits"
    raise UnusableMapping(f"say which mapping to use, by --as: {names}")
