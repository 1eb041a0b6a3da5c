"""Mappings: how the columns of a table that others publish become facts. Declared in TOML.

A mapping says which column feeds which field, by which named transform; how the key is made; how
the file is recognised; what is left out; whose figures they are. It is no program: what it cannot
say is refused, or asked for on the command line.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from app.exchange.mapping_parts import (
    LOOKED_UP,
    OF_COMPANIES,
    OF_DAYS,
    FileMark,
    Part,
    Question,
    Rule,
    Skip,
    SourceMark,
    Spread,
)
from app.exchange.mapping_texts import (
    CountryOrNone,
    error_at,
    fields_of,
    name_in_path,
    places_of,
)
from app.exchange.mapping_values import refuse_what_no_field_takes, stated_values
from app.kit.errors import NotAllowed, choose, faults_of
from app.resources.registry import BY_NAME, NAMES
from app.resources.resource import Resource, list_names

SHIPPED = Path(__file__).parent / "mappings"
_AS_STATED = {"text", "as_it_is"}


class UnusableMapping(Exception):
    """A mapping that cannot be used. Each line of the message says where and what is wrong."""


class MappingFile(BaseModel):
    """A mapping as its file has it."""

    model_config = Part.model_config

    title: str
    about: str
    resource: Annotated[str, AfterValidator(lambda name: choose(name, NAMES, what="a resource"))]
    missing: Literal["remove", "keep"] = "keep"
    """What happens to rows of the same source that a newer file no longer has."""

    file: FileMark
    source: SourceMark | None = None
    ask: dict[str, Question] = {}
    names: dict[str, list[str]] = {}
    """Columns that have had several names, by the one that the rules use."""

    skip: list[Skip] = []
    spread: list[Spread] = []
    countries: dict[str, CountryOrNone] = {}
    """Names of countries as this file has them; empty for what is none."""

    fields: dict[str, Rule]

    @model_validator(mode="after")
    def _fields_are_those_of_the_resource(self) -> "MappingFile":
        known = BY_NAME[self.resource].fact.model_fields
        for name in self.fields:
            _choose(name, tuple(known), what=f"a field of {self.resource}", at=f"fields.{name}")
        missing = [
            name
            for name, field in known.items()
            if field.is_required() and name not in self.fields and name != "source"
        ]
        if missing:
            raise NotAllowed(f"leaves out {', '.join(missing)}: each needs a [fields.NAME]")
        return self

    def _lists(self) -> tuple[str, ...]:
        return list_names(BY_NAME[self.resource].fact)

    @model_validator(mode="after")
    def _rules_name_what_there_is(self) -> "MappingFile":
        for name, rule in self.fields.items():
            at = f"fields.{name}"
            if rule.separator and name not in self._lists():
                raise NotAllowed(f"{at}.separator: {name} holds one, and is no list")
            if rule.also and name not in self._lists():
                raise NotAllowed(f"{at}.also: {name} holds one, and is no list")
            if rule.countries and name == "id":
                raise NotAllowed(f"{at}.countries: feed country from that column")
            if rule.asked is not None:
                what = "something that the mapping asks for"
                _choose(rule.asked, tuple(self.ask), what=what, at=f"{at}.asked: {rule.asked}")
            if rule.country_of is not None:
                what = "a field that the mapping feeds with one company"
                at = f"{at}.country_of: {rule.country_of}"
                _choose(rule.country_of, self._with_a_company(), what=what, at=at)
                if told := next((one for one in self.fields if self.fields[one].countries), None):
                    raise NotAllowed(
                        f"{at} is what was known before the table, which tells it anew by "
                        f"fields.{told}.countries: feed {name} from its column of countries"
                    )
        return self

    @model_validator(mode="after")
    def _what_it_says_itself_is_what_its_fields_take(self) -> "MappingFile":
        fact = BY_NAME[self.resource].fact
        for name, rule in self.fields.items():
            for at, value in stated_values(f"fields.{name}", rule, self.countries):
                refuse_what_no_field_takes(fact, name, value, at=at)
        return self

    @model_validator(mode="after")
    def _fields_come_after_those_they_are_made_of(self) -> "MappingFile":
        made: list[str] = []
        for name, rule in self.in_turn():
            key = "template" if rule.country_of is None else "country_of"
            for one in [rule.country_of] if rule.country_of else fields_of(rule.template):
                at = f"fields.{name}.{key}: {one}"
                _choose(one, tuple(self.fields), what="a field that the mapping feeds", at=at)
                if one not in made:
                    raise NotAllowed(f"{at} is not made before it: only then can it be read here")
            made.append(name)
        return self

    @model_validator(mode="after")
    def _a_field_of_days_tells_when_it_was_published(self) -> "MappingFile":
        if self.source and self.source.published_from is not None:
            what = "a field that the mapping feeds with the days of a column"
            at = f"source.published_from: {self.source.published_from}"
            _choose(self.source.published_from, self._with_days(), what=what, at=at)
        return self

    @model_validator(mode="after")
    def _spreads_give_the_same_names(self) -> "MappingFile":
        given = {name for spread in self.spread for name in spread.set}
        for number, spread in enumerate(self.spread):
            if lacking := sorted(given - spread.set.keys()):
                raise NotAllowed(
                    f"spread.{number}.set gives no {', '.join(lacking)}, as another [[spread]] does"
                )
        return self

    def in_turn(self) -> list[tuple[str, Rule]]:
        """Return the rules in their order: what is made of other fields comes after them."""
        return sorted(self.fields.items(), key=lambda pair: turn(*pair))

    def _with_days(self) -> tuple[str, ...]:
        return tuple(
            name
            for name, rule in self.fields.items()
            if rule.column is not None and rule.transform in OF_DAYS and not self.spread
        )

    def _with_a_company(self) -> tuple[str, ...]:
        columns = BY_NAME[self.resource].ledger.current.c
        return tuple(
            name
            for name in self.fields
            if name in columns
            and any(key.column.table.name == "companies" for key in columns[name].foreign_keys)
        )


def turn(name: str, rule: Rule) -> int:
    """Return when the rule of a field has its turn: what is made of other fields, after them."""
    if fields_of(rule.template):
        return 2
    describes = name == "id" and rule.transform in OF_COMPANIES
    return 1 if describes or rule.country_of is not None else 0


def is_of_texts(name: str, rule: Rule) -> bool:
    """Return whether the value of the rule of a field depends on the texts of its row alone."""
    return not (looks_up(rule) or turn(name, rule))


def looks_up(rule: Rule) -> bool:
    """Return whether a rule looks up what a row names, or makes it."""
    return rule.transform in LOOKED_UP and rule.constant is None


def _choose(word: str, choices: Sequence[str], *, what: str, at: str) -> None:
    try:
        choose(word, choices, what=what)
    except NotAllowed as error:
        raise error_at(at, error) from None


class TableMapping(Part):
    """A mapping under its name."""

    name: str
    content: MappingFile
    text: str
    restores: bool = False
    """Whether cells have an apostrophe before what begins a formula, as our CSV and XLSX have."""

    keeps: bool = False
    """Whether rows that are here keep what they have in fields that no column feeds."""

    aside: tuple[str, ...] = ()
    """Columns that it knows and leaves aside, as they are worked out here."""

    @property
    def resource(self) -> Resource:
        """The resource that its rows are facts of."""
        return BY_NAME[self.content.resource]

    @property
    def naming_models(self) -> tuple[str, ...]:
        """The fields of its resource that hold keys of AI models."""
        return tuple(name for name, to in self.resource.ledger.naming() if to == "ai_models")

    @property
    def states_keys(self) -> bool:
        """Whether a column of the table holds the keys of its rows, as they are."""
        rule = self.content.fields.get("id")
        return rule is not None and rule.column is not None and rule.transform in _AS_STATED

    @property
    def asked_in_keys(self) -> tuple[str, ...]:
        """The fields that are asked for and told by the keys: others are of other tables."""
        rule = self.content.fields.get("id")
        told = set(places_of(rule.template)) if rule and rule.template else set()
        return tuple(
            name
            for name, fed in self.content.fields.items()
            if fed.asked is not None and told & {(True, name), (False, fed.asked)}
        )

    @property
    def template_of_models(self) -> str | None:
        """What makes the keys of the AI models that its rows describe: no others have such."""
        rule = self.content.fields.get("id")
        return rule.template if rule and self.content.resource == "models" else None

    def heading(self, column: str, header: Sequence[str]) -> str | None:
        """Return the name under which a header has a column, None where it has not."""
        return next(iter(self.headings(column, header)), None)

    def headings(self, column: str, header: Sequence[str]) -> list[str]:
        """Return all names of a column that a header has."""
        names = dict.fromkeys([column, *self.content.names.get(column, ())])
        return [name for name in names if name in header]

    def recognises(self, header: Sequence[str]) -> bool:
        """Return whether a file with this header is of the sort that the mapping is for."""
        return all(self.heading(column, header) for column in self.content.file.columns)


def parse_mapping(name: str, text: str) -> TableMapping:
    """Read a mapping. Raises UnusableMapping with every fault."""
    try:
        given = tomllib.loads(text)
        content = MappingFile.model_validate(given)
    except tomllib.TOMLDecodeError as error:
        raise UnusableMapping(f"{name}: is not TOML: {error}") from None
    except ValidationError as error:
        lines = (f"{name}: {line}" for line in _faults(error, given))
        raise UnusableMapping("\n".join(lines)) from None
    return TableMapping(name=name, content=content, text=text)


def _faults(error: ValidationError, given: dict[str, Any]) -> list[str]:
    """Return the faults with the whole path to each: `fields.country.as is not a transform`."""
    paths = [_path(one["loc"], given) for one in error.errors(include_url=False)]
    return [
        f"{path} {str(fault).removeprefix(fault.name or 'input').strip()}".lstrip()
        for path, fault in zip(paths, faults_of(error), strict=True)
    ]


def _path(parts: Sequence[int | str], given: Any) -> str:
    """Return where something stands in a mapping, as TOML has it."""
    found = []
    for part in parts:
        if isinstance(part, str) and isinstance(given, dict):
            given = given.get(part)
            found.append(name_in_path(part))
        elif isinstance(part, int) and isinstance(given, list):
            given = given[part]
            found.append(str(part))
    return ".".join(found)


@cache
def shipped_mappings() -> dict[str, TableMapping]:
    """Return the mappings that ship, by name."""
    return {
        path.stem: parse_mapping(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(SHIPPED.glob("*.toml"), key=lambda path: path.stem)
    }


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
