"""A mapping at work: from the cells of a row to the fields of its facts, or what is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.exchange.mapping import (
    ANYTHING_ELSE,
    GENERIC,
    ITSELF,
    Rule,
    Spread,
    TableMapping,
    UnusableMapping,
)
from app.exchange.organisations import Organisations
from app.exchange.tables import Row
from app.exchange.transforms import TRANSFORMS, slug
from app.kit.errors import NotAllowed
from app.kit.formulas import restore
from app.kit.text import nearest

Values = dict[str, Any]
_PLACE = re.compile(r"\{(=?)([^{}]+)\}")
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Reject:
    """A cell, or a whole row, that was refused: where it stands, what is there, what should be."""

    line: int
    column: str
    found: str
    expected: str


class Refused(Exception):
    """A row that makes no fact."""

    def __init__(self, column: str, found: str, expected: str) -> None:
        super().__init__(expected)
        self.column = column
        self.found = found[:_SHOWN]
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Place:
    """A row, or one figure of it, as rules see it."""

    cells: Sequence[str]
    more: Mapping[str, str]
    values: Values


Read = Callable[[Place], str]
Feed = Callable[[Place], Any]


class MappedRows:
    """The rules of a mapping, made ready for the header of a table."""

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
        self._spreads = [_spread_columns(spread, header) for spread in mapping.content.spread]
        if mapping.content.spread and not any(self._spreads):
            patterns = ", ".join(spread.header for spread in mapping.content.spread)
            raise UnusableMapping(f"{mapping.name}: no column has a name like {patterns}")
        self._skips = [
            (self._reader(skip.column), frozenset(skip.texts), skip.why)
            for skip in mapping.content.skip
        ]
        self._feeds = [(name, self._feed(name, rule)) for name, rule in self._rules()]
        self.skipped: dict[str, int] = {}
        """How many rows were left out, by why."""

        self.named_models: dict[str, str] = {}
        """AI models that rows refer to: their keys, and their names."""

    @property
    def unused(self) -> list[str]:
        """The columns of the table that nothing reads."""
        used = {name for _, rule in self._rules() for name in (*rule.columns, rule.countries)}
        used |= {match for _, rule in self._rules() for match in _columns_of(rule.template)}
        used |= {skip.column for skip in self._mapping.content.skip}
        headings = {self._mapping.heading(name, self._header) for name in used if name}
        spread = {self._header[place] for columns in self._spreads for place, _ in columns}
        return [name for name in self._header if name and name not in headings | spread]

    def read(self, row: Row) -> Iterator[Values]:
        """Yield the values of each fact of a row. Raises Refused."""
        place = Place(row.cells, {}, {})
        for read, texts, why in self._skips:
            if read(place).strip() in texts:
                self.skipped[why] = self.skipped.get(why, 0) + 1
                return
        if not self._spreads:
            yield self._values(place)
            return
        for columns in self._spreads:
            for number, more in columns:
                cell = row.cells[number]
                if cell.strip():
                    yield self._values(Place(row.cells, {**more, "value": cell}, {}))

    def _values(self, place: Place) -> Values:
        for name, feed in self._feeds:
            value = feed(place)
            if value is not None:
                place.values[name] = value
        return place.values

    def _rules(self) -> list[tuple[str, Rule]]:
        """Return the rules in order: what templates make comes after what they are made of."""
        rules = list(self._mapping.content.fields.items())
        return sorted(rules, key=lambda pair: "{=" in (pair[1].template or ""))

    def _reader(self, name: str) -> Read:
        """Return what reads a column, the text of a spread column, or one of its names."""
        spreads = self._mapping.content.spread
        known = {"value", "header", *(key for spread in spreads for key in spread.set)}
        if spreads and name in known:
            return lambda place: place.more[name]
        if (match := _PLACE.fullmatch(name)) and match[2] in self._mapping.content.ask:
            name = self._answers[match[2]]
        heading = self._mapping.heading(name, self._header)
        if heading is None:
            near = nearest(name, self._header)
            hint = f"; did you mean {near}?" if near else ""
            raise UnusableMapping(f"{self._mapping.name}: the file has no column {name}{hint}")
        number = self._header.index(heading)
        return lambda place: place.cells[number]

    def _feed(self, name: str, rule: Rule) -> Feed:
        if rule.constant is not None:
            return lambda _place: rule.constant
        if rule.country_of is not None:
            of, countries = rule.country_of, self._organisations.countries
            return lambda place: countries.get(place.values.get(of, ""))
        if rule.asked is not None:
            text = self._answers[rule.asked]
            return self._valued(name, rule, rule.asked, lambda _place: text)
        if rule.template is not None:
            return self._valued(name, rule, "the template", self._template(rule.template))
        readers = [self._reader(column) for column in rule.columns]
        shown = rule.columns[0]
        if len(readers) == 1:
            return self._valued(name, rule, shown, readers[0])
        nothing = frozenset({"", *rule.nothing})

        def first(place: Place) -> str:
            texts = (read(place).strip() for read in readers)
            return next((text for text in texts if text not in nothing), "")

        return self._valued(name, rule, shown, first)

    def _valued(self, name: str, rule: Rule, column: str, read: Read) -> Feed:
        """Return what makes a value of a text: words, members, the transform."""
        nothing = frozenset(rule.nothing)
        convert = self._converter(name, rule)
        separator = rule.separator

        is_ours = self._mapping.name == GENERIC

        def feed(place: Place) -> Any:
            text = read(place).strip()
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
                raise Refused(column, text, _expected(error)) from None

        if rule.countries is None:
            return feed
        return self._with_countries(feed, rule.countries, separator)

    def _converter(self, name: str, rule: Rule) -> Callable[[str, Place], Any]:
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

    def _company(
        self, convert: Callable[[str], Any], *, describes: bool, by_address: bool
    ) -> Callable[[str, Place], Any]:
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

    def _with_countries(self, feed: Feed, column: str, separator: str | None) -> Feed:
        """Let the countries of a row speak for its organisations, where all are of one."""
        read = self._reader(column)
        spelled = self._mapping.content.countries
        convert = TRANSFORMS["country"].read

        def fed(place: Place) -> Any:
            keys = feed(place)
            text = read(place).strip()
            if keys and text:
                names = [part.strip() for part in text.split(separator)] if separator else [text]
                try:
                    codes = {
                        spelled[name] if name in spelled else str(convert(name))
                        for name in names
                        if name
                    }
                except NotAllowed as error:
                    raise Refused(column, text, _expected(error)) from None
                if len(codes) == 1:
                    self._organisations.stand_in(keys if isinstance(keys, list) else [keys], codes)
            return keys

        return fed

    def _template(self, template: str) -> Read:
        parts: list[str | Read] = []
        end = 0
        for match in _PLACE.finditer(template):
            parts.append(template[end : match.start()])
            parts.append(self._named(match[2], is_field=bool(match[1])))
            end = match.end()
        parts.append(template[end:])
        return lambda place: "".join(
            part if isinstance(part, str) else part(place) for part in parts
        )

    def _named(self, name: str, *, is_field: bool) -> Read:
        if is_field:
            return lambda place: str(place.values.get(name, ""))
        if name in self._mapping.content.ask:
            return lambda _place: self._answers[name]
        return self._reader(name)


def _spread_columns(spread: Spread, header: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the columns of a spread, each with what its name says."""
    found = []
    for number, name in enumerate(header):
        if match := re.fullmatch(spread.header, name):
            groups = match.groupdict()
            more = {key: text.format(**groups) for key, text in spread.set.items()}
            found.append((number, {"header": name, **more}))
    return found


def _columns_of(template: str | None) -> list[str]:
    return [match[2] for match in _PLACE.finditer(template or "") if not match[1]]


def _word(words: Mapping[str, str], column: str, text: str) -> str:
    meaning = words.get(text, words.get(ANYTHING_ELSE))
    if meaning is not None:
        return text if meaning == ITSELF else meaning
    allowed = ", ".join(word or "nothing" for word in words)
    near = nearest(text, words)
    hint = f"; did you mean {near}?" if near else ""
    raise Refused(column, text, f"one of: {allowed}{hint}")


def _expected(error: NotAllowed) -> str:
    allowed = f" (such as {', '.join(error.allowed[:5])})" if error.allowed else ""
    near = f"; did you mean {error.nearest}?" if error.nearest else ""
    return f"{error}{allowed}{near}"
