"""The rules of a mapping, each made ready to be used: from rows to the values of one field.

Most columns of a table have few texts. What a rule makes of a text alone is kept by the text, and
rules take many rows at once, so that a row costs hardly more than a look-up for each field.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.exchange.mapping import (
    ANYTHING_ELSE,
    GENERIC,
    ITSELF,
    Rule,
    TableMapping,
    UnusableMapping,
)
from app.exchange.organisations import Organisations
from app.exchange.rejects import Refused
from app.exchange.transforms import TRANSFORMS, slug
from app.kit.errors import NotAllowed
from app.kit.formulas import restore
from app.kit.text import nearest

Values = dict[str, Any]
_PLACE = re.compile(r"\{(=?)([^{}]+)\}")
_LOOKED_UP = {"company", "address", "ai_model"}
_KEPT_AT_MOST = 16_384
_LONGEST_KEPT = 200


@dataclass(slots=True)
class Place:
    """A row, or one figure of it, as rules see it."""

    cells: Sequence[str]
    more: Mapping[str, str]
    values: Values
    is_begun: bool = False
    """Whether `values` has what can be told of the texts alone."""


Places = Sequence[Place]
Read = Callable[[Places], list[str]]
Feed = Callable[[Places], list[Any]]
Make = Callable[[str, Place], Any]

NOWHERE = Place((), {}, {})
"""Stands for a row where none is looked at."""


class _Kept(dict[str, Any]):
    """What a function makes of texts and how it refuses them, kept for the first of them."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self._make = make
        self._refused: dict[str, tuple[str, str, str]] = {}

    def __missing__(self, text: str) -> Any:
        if text in self._refused:
            raise Refused(*self._refused[text])
        is_worth_it = len(self) + len(self._refused) < _KEPT_AT_MOST and len(text) <= _LONGEST_KEPT
        try:
            made = self._make(text)
        except Refused as refused:
            if is_worth_it:
                self._refused[text] = refused.args
            raise
        if is_worth_it:
            self[text] = made
        return made


class Feeds:
    """What makes the fields of facts, for a mapping and the header of a table."""

    def __init__(
        self,
        mapping: TableMapping,
        header: Sequence[str],
        answers: Mapping[str, str],
        organisations: Organisations,
    ) -> None:
        self._mapping = mapping
        self._header = header
        self._answers = answers
        self._organisations = organisations
        self.named_models: dict[str, str] = {}
        """AI models that rows refer to: their keys, and their names."""

    def reader(self, name: str) -> Read:
        """Return what reads a column, the text of a spread column, or one of its names."""
        spreads = self._mapping.content.spread
        known = {"value", "header", *(key for spread in spreads for key in spread.set)}
        if spreads and name in known:
            return lambda places: [place.more[name] for place in places]
        if (match := _PLACE.fullmatch(name)) and match[2] in self._mapping.content.ask:
            name = self._answers[match[2]]
        heading = self._mapping.heading(name, self._header)
        if heading is None:
            near = nearest(name, self._header)
            hint = f"; did you mean {near}?" if near else ""
            raise UnusableMapping(f"{self._mapping.name}: the file has no column {name}{hint}")
        number = self._header.index(heading)
        return lambda places: [place.cells[number] for place in places]

    def feed(self, name: str, rule: Rule) -> Feed:
        """Return what makes the values of a field; None is where there is none."""
        if rule.constant is not None:
            return lambda places: [rule.constant] * len(places)
        if rule.country_of is not None:
            of, countries = rule.country_of, self._organisations.countries
            return lambda places: [countries.get(place.values.get(of, "")) for place in places]
        if rule.asked is not None:
            return self._valued(name, rule, rule.asked, _always(self._answers[rule.asked]))
        if rule.template is not None:
            return self._valued(name, rule, "the template", self._template(rule.template))
        readers = [self.reader(column) for column in rule.columns]
        shown = rule.columns[0]
        if len(readers) == 1:
            return self._valued(name, rule, shown, readers[0])
        nothing = frozenset({"", *rule.nothing})

        def first(places: Places) -> list[str]:
            rows = zip(*[read(places) for read in readers], strict=True)
            stripped = ([text.strip() for text in row] for row in rows)
            return [next((one for one in row if one not in nothing), "") for row in stripped]

        return self._valued(name, rule, shown, first)

    def _valued(self, name: str, rule: Rule, column: str, read: Read) -> Feed:
        """Return what makes a value of what is read."""
        make = self._maker(name, rule, column)
        if rule.transform not in _LOOKED_UP:
            kept = _Kept(lambda text: make(text, NOWHERE))
            return lambda places: [kept[text] for text in read(places)]
        if rule.countries is None:
            return lambda places: [make(*pair) for pair in zip(read(places), places, strict=True)]
        return self._with_countries(make, read, rule)

    def _maker(self, name: str, rule: Rule, column: str) -> Make:
        """Return what makes a value of a text: words, members, the transform."""
        nothing = frozenset(rule.nothing)
        convert = self._converter(name, rule)
        separator = rule.separator
        is_ours = self._mapping.name == GENERIC

        def make(text: str, place: Place) -> Any:
            text = text.strip()
            if is_ours:
                text = restore(text)
            if text in nothing:
                return None
            if rule.words is not None:
                text = _word(rule.words, column, text)
            if not text:
                return None
            try:
                if separator is None:
                    return convert(text, place)
                members = (part.strip() for part in text.split(separator))
                return list(dict.fromkeys(convert(part, place) for part in members if part))
            except NotAllowed as error:
                raise Refused.because(error, column, text) from None

        return make

    def _converter(self, name: str, rule: Rule) -> Make:
        convert = TRANSFORMS[rule.transform].read
        match rule.transform:
            case "company" | "address":
                by_address = rule.transform == "address"
                return self._company(convert, describes=name == "id", by_address=by_address)
            case "ai_model":
                return self._ai_model
            case "country":
                spelled = self._mapping.content.countries
                return lambda text, _place: (
                    spelled[text] or None if text in spelled else convert(text)
                )
            case "whole" | "number" | "percent" if rule.times != 1:
                return lambda text, _place: convert(text) * rule.times
            case _:
                return lambda text, _place: convert(text)

    def _company(self, convert: Callable[[str], Any], *, describes: bool, by_address: bool) -> Make:
        """Return what gives the key of an organisation that a row describes, or only names."""
        known = self._organisations
        if not describes:
            find = known.addressed if by_address else known.named
            return lambda text, _place: find(convert(text))

        def described(text: str, place: Place) -> str:
            given = convert(text)
            name = place.values["name"] if by_address else given
            aliases = place.values.get("aliases", ())
            return known.described(name, aliases, given if by_address else None)

        return described

    def _ai_model(self, text: str, _place: Place) -> str:
        key = slug(text)
        if not key:
            raise NotAllowed("has no Latin letter or digit to make a key of")
        rule = self._mapping.content.fields.get("id")
        is_own = self._mapping.content.resource == "models"
        if is_own and rule and rule.template:  # a row of this table, or one that it could have
            key = slug(_PLACE.sub(lambda _match: text, rule.template))
        self.named_models.setdefault(key, text)
        return key

    def _with_countries(self, make: Make, read: Read, rule: Rule) -> Feed:
        """Let the countries of a row speak for its organisations, where all are of one."""
        assert rule.countries is not None  # noqa: S101  (it is what this is for)
        column, separator = rule.countries, rule.separator
        read_countries = self.reader(column)
        spelled = self._mapping.content.countries
        convert = TRANSFORMS["country"].read
        known = self._organisations

        def countries_of(text: str) -> set[str]:
            names = [part.strip() for part in text.split(separator)] if separator else [text]
            try:
                return {
                    spelled[name] if name in spelled else str(convert(name))
                    for name in names
                    if name
                }
            except NotAllowed as error:
                raise Refused.because(error, column, text) from None

        def feed(places: Places) -> list[Any]:
            made = []
            rows = zip(read(places), read_countries(places), places, strict=True)
            for text, countries, place in rows:
                keys = make(text, place)
                if keys and countries.strip():
                    codes = countries_of(countries.strip())
                    if len(codes) == 1:
                        known.stand_in(keys if isinstance(keys, list) else [keys], codes)
                made.append(keys)
            return made

        return feed

    def _template(self, template: str) -> Read:
        """Return what puts the texts of a row into a template."""
        reads = [
            self._named(match[2], is_field=bool(match[1])) for match in _PLACE.finditer(template)
        ]
        if not reads:
            return _always(template)
        form = _PLACE.sub("%s", template.replace("%", "%%"))
        return lambda places: [
            form % texts for texts in zip(*[read(places) for read in reads], strict=True)
        ]

    def _named(self, name: str, *, is_field: bool) -> Read:
        if is_field:
            return lambda places: [str(place.values.get(name, "")) for place in places]
        if name in self._mapping.content.ask:
            return _always(self._answers[name])
        return self.reader(name)


def is_of_texts(rule: Rule) -> bool:
    """Return whether the value of a rule depends on the texts of its row alone."""
    looks_up = rule.transform in _LOOKED_UP and rule.constant is None
    return not (looks_up or rule.country_of or "{=" in (rule.template or ""))


def _always(text: str) -> Read:
    return lambda places: [text] * len(places)


def columns_of(template: str | None) -> list[str]:
    """Return the columns that a template reads."""
    return [match[2] for match in _PLACE.finditer(template or "") if not match[1]]


def _word(words: Mapping[str, str], column: str, text: str) -> str:
    meaning = words.get(text, words.get(ANYTHING_ELSE))
    if meaning is not None:
        return text if meaning == ITSELF else meaning
    allowed = ", ".join(word or "nothing" for word in words)
    near = nearest(text, words)
    hint = f"; did you mean {near}?" if near else ""
    raise Refused(column, text, f"one of: {allowed}{hint}")
