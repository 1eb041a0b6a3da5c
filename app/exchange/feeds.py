"""The rules of a mapping, each made ready to be used: from rows to the values of one field.

Most columns of a table have few texts. What a rule makes of a text alone is kept by the text, and
rules take many rows at once, so that a row costs hardly more than a look-up for each field.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from app.exchange.former_keys import FormerKeys, key_of_text
from app.exchange.kept_values import KeptValues, Make
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.mapping_parts import (
    ANYTHING_ELSE,
    HEADER,
    ITSELF,
    LOOKED_UP,
    OF_COMPANIES,
    OF_NUMBERS,
    VALUE,
    Rule,
)
from app.exchange.mapping_texts import PLACE, columns_of, fields_of, form_of, places_of
from app.exchange.named_models import NamedAIModels, key_of_ai_model
from app.exchange.number_rules import number_reader, refuses_unclear
from app.exchange.number_texts import clear_number
from app.exchange.organisations import Organisations
from app.exchange.places import Feed, Places, Read, always, joined
from app.exchange.rejects import Refused
from app.exchange.tables.members import members_of
from app.exchange.tables.sheets import NOT_WORKED_OUT, WITHOUT_RESULT
from app.exchange.told_countries import ToldCountries
from app.exchange.transforms import TRANSFORMS, ControlCharacters
from app.kit.errors import NotAllowed
from app.kit.formulas import restore
from app.kit.text import nearest

_UNKNOWN = "the columns"
"""Stands for the column that a text is from, where that differs from row to row."""

_SHOWN = 100
"""Characters of an alias that is left out."""


class Feeds:
    """What makes the fields of facts, for a mapping and the header of a table."""

    def __init__(
        self,
        mapping: TableMapping,
        header: Sequence[str],
        answers: Mapping[str, str],
        organisations: Organisations,
        models: NamedAIModels,
        table_format: str,
        former: FormerKeys | None,
    ) -> None:
        self._mapping = mapping
        self._header = header
        self._answers = answers
        self._organisations = organisations
        self._models = models
        self._format = table_format
        self._former = former
        self.headings: set[str] = set()
        """The columns that are read, as the header has them."""

        self.left_out: list[tuple[str, str]] | None = None
        """Aliases of the row that is read alone which are left out, with their column. None where
        rows are read together: then such a one is refused, as it is not known which has it."""

    def reader(self, name: str) -> Read:
        """Return what reads a column, the text of a spread column, or one of its names."""
        heading = self._heading(name)
        if heading is None:
            return lambda places: [places.more[name]] * len(places.cells)
        refuse_twice(self._mapping, heading, self._header)
        self.headings.add(heading)
        number = self._header.index(heading)
        return lambda places: [cells[number] for cells in places.cells]

    def is_of_figures(self, name: str) -> bool:
        """Return whether a name stands for a spread column, or for what its name says."""
        spreads = self._mapping.content.spread
        return bool(spreads) and name in {VALUE, HEADER, *chain(*(one.set for one in spreads))}

    def _heading(self, name: str) -> str | None:
        """Return a column as the header has it; None for a spread column and what it gives."""
        if self.is_of_figures(name):
            return None
        if (match := PLACE.fullmatch(name)) and match[2] in self._mapping.content.ask:
            name = self._answers[match[2]]
        else:
            self._refuse_two_names(name)
        heading = self._mapping.heading(name, self._header)
        if heading is None:
            near = nearest(name, self._header)
            hint = f"; did you mean {near}?" if near else ""
            raise UnusableMapping(f"{self._mapping.name}: the file has no column {name}{hint}")
        return heading

    def _refuse_two_names(self, name: str) -> None:
        """Raise UnusableMapping where a column that is read stands under several of its names."""
        found = self._mapping.headings(name, self._header)
        if len(found) > 1:
            raise UnusableMapping(
                f"{self._mapping.name}: the file has the columns {', '.join(found)}, which are "
                "names of one: which is meant is not known; leave out the others"
            )

    def feed(self, name: str, rule: Rule) -> Feed:
        """Return what makes the values of a field; None is where there is none."""
        if rule.also:
            alone = rule.model_copy(update={"also": []})
            return joined([self.feed(name, one) for one in (alone, *rule.also)])
        if rule.constant is not None:
            return lambda places: [rule.constant] * len(places.cells)
        if rule.country_of is not None:
            of, countries = rule.country_of, self._organisations.countries
            return lambda places: list(map(countries.get, self._made(places, of)))
        if name == "id" and self._former:
            rules = self._mapping.content.fields
            texts = {one: self._keys_of_texts(rules[one]) for one in self._former.fields}
            return self._former.keeping(self._valued(name, rule), texts)
        return self._valued(name, rule)

    def _keys_of_texts(self, rule: Rule) -> Feed:
        _, read = self._read(rule)
        make = self._maker(rule, _UNKNOWN, key_of_text(rule))
        return lambda places: list(map(make, read(places)))

    def knows(self, rule: Rule) -> Callable[[Places], list[bool]]:
        """Return what tells of each row whether all organisations that a field names are known.

        A row that names none is not of one that is known; one that is refused is no matter here.
        """
        _, read = self._read(rule)
        convert, known = TRANSFORMS[rule.transform].read, self._organisations.is_known
        by_address = rule.transform == "address"

        def is_known(text: str) -> bool:
            return known(str(convert(text)), by_address=by_address)

        make = self._maker(rule, _UNKNOWN, is_known)

        def all_known(text: str) -> bool:
            try:
                found = make(text)
            except Refused:
                return True
            return all(found) if isinstance(found, list) else bool(found)

        return lambda places: list(map(all_known, read(places)))

    def _read(self, rule: Rule) -> tuple[str | None, Read]:
        """Return what a rule reads, and the column that it is from if it is one in every row."""
        if rule.asked is not None:
            return None, always(self._answers[rule.asked])
        if rule.template is not None:
            return None, self._template(rule.template)
        readers = [self.reader(column) for column in rule.columns]
        if len(readers) == 1:
            return self._heading(rule.columns[0]), readers[0]
        nothing = frozenset({"", *rule.nothing})

        def first(places: Places) -> list[str]:
            rows = zip(*[read(places) for read in readers], strict=True)
            return [next((one for one in row if one.strip() not in nothing), "") for row in rows]

        return None, first

    def _valued(self, name: str, rule: Rule) -> Feed:
        """Return what makes a value of what a rule reads."""
        column, read = self._read(rule)
        feed = self._made_of(name, rule, column or _UNKNOWN, read)
        if column:
            return feed

        def located(places: Places) -> list[Any]:
            try:
                return feed(places)
            except Refused as refused:
                if refused.column != _UNKNOWN:
                    raise
                where, found = self.origin(rule, places) or (name, refused.found)
                raise Refused(where, found, refused.expected) from None

        return located

    def origin(self, rule: Rule, places: Places) -> tuple[str, str] | None:
        """Return the column that feeds a field in one row, and its cell as it was found.

        None where it is made of several, or of none.
        """
        names = rule.columns or tuple({*columns_of(rule.template)} - self._answers.keys())
        if rule.also or fields_of(rule.template) or (rule.template and len(names) > 1):
            return None
        nothing = frozenset({"", *rule.nothing})
        found = [
            (self._heading(name) or places.more[HEADER], self.reader(name)(places)[0].strip())
            for name in names
        ]
        found = [(name, text.replace(NOT_WORKED_OUT, "")) for name, text in found]
        return next((one for one in found if one[1] not in nothing), next(iter(found), None))

    def _made_of(self, name: str, rule: Rule, column: str, read: Read) -> Feed:
        convert = self._converter(name, rule)
        if name == "aliases":
            convert = self._or_left_out(convert, column)
        make = self._maker(rule, column, convert)
        if name == "id" and rule.transform in OF_COMPANIES:
            return self._described(make, read, by_address=rule.transform == "address")
        if name == "aliases" and rule.separator is not None:
            return lambda places: list(map(make, read(places)))
        if rule.transform not in LOOKED_UP:
            kept = KeptValues(make)
            values_of = kept.values_of if rule.separator is None else kept.lists_of
            return lambda places: values_of(read(places))
        if rule.countries is None:
            return lambda places: list(map(make, read(places)))
        return self._with_countries(name, make, read, rule)

    def _maker(self, rule: Rule, column: str, convert: Make) -> Make:
        """Return what makes a value of a text: words, members, what converts each of these."""
        nothing = frozenset(rule.nothing)
        separator = rule.separator
        restores = self._mapping.restores

        def make(given: str) -> Any:
            if NOT_WORKED_OUT in given:
                raise Refused(column, "", WITHOUT_RESULT)
            cell = given.strip()
            text = restore(cell) if restores else cell
            if text in nothing:
                return None
            if separator is None and rule.words is not None:
                text = _word(rule.words, column, text)
            if not text and (separator is None or rule.words is None):
                return None
            try:
                if separator is None:
                    return convert(text)
                parts = _members(rule, separator, column, text if restores else given)
                made = dict.fromkeys(map(convert, parts))
                return [one for one in made if one is not None] or None
            except NotAllowed as error:
                raise Refused.because(error, column, cell) from None

        return make

    def _or_left_out(self, convert: Make, column: str) -> Make:
        """Return what makes an alias; one that cannot be a name is left out alone."""

        def alias(text: str) -> Any:
            try:
                return convert(text)
            except ControlCharacters:
                if self.left_out is None:
                    raise
                self.left_out.append((column, text[:_SHOWN]))
                return None

        return alias

    def _converter(self, name: str, rule: Rule) -> Make:
        if rule.transform in OF_NUMBERS:
            return number_reader(self._mapping, name, rule, self._format)
        convert: Callable[..., Any] = TRANSFORMS[rule.transform].read
        if refuses_unclear(self._mapping, name, rule, self._format):
            return lambda text: convert(clear_number(text))
        match rule.transform:
            case "company" | "address" if name != "id":
                known = self._organisations
                find = known.addressed if rule.transform == "address" else known.named
                return lambda text: find(convert(text))
            case "ai_model":
                is_named = name in self._mapping.naming_models
                key_of = self._ai_model if is_named else key_of_ai_model
                return lambda text: key_of(convert(text))
            case "country":
                spelled = self._mapping.content.countries
                return lambda text: spelled[text] or None if text in spelled else convert(text)
            case _:
                return convert

    def _described(self, make: Make, read: Read, *, by_address: bool) -> Feed:
        """Return what makes the keys of organisations that rows describe."""
        known = self._organisations
        called = self._mapping.content.fields.get("name" if by_address else "id")
        columns = called.columns if called else ()
        column = (self._heading(columns[0]) if columns else None) or "name"

        def feed(places: Places) -> list[Any]:
            given = list(map(make, read(places)))
            names = self._made(places, "name") if by_address else given
            aliases, countries = self._made(places, "aliases"), self._made(places, "country")
            return [
                one
                and known.described(
                    _named_so(name, column), also or (), one if by_address else None, country
                )
                for one, name, also, country in zip(given, names, aliases, countries, strict=True)
            ]

        return feed

    def _made(self, places: Places, name: str) -> list[Any]:
        """Return the values of a field, where it has any yet."""
        return places.values.get(name) or [None] * len(places.cells)

    def _ai_model(self, text: str) -> str:
        key = key_of_ai_model(text)
        if template := self._mapping.template_of_models:
            key = key_of_ai_model(form_of(template) % ((text,) * len(places_of(template))))
        return self._models.named(text, key)

    def _with_countries(self, name: str, make: Make, read: Read, rule: Rule) -> Feed:
        """Let the countries of a row speak for its organisations."""
        assert rule.countries is not None  # noqa: S101  (it is what this is for)
        spelled = self._mapping.content.countries
        column = self._heading(rule.countries) or _UNKNOWN
        told = ToldCountries(rule, spelled, column, self._converter(name, rule))
        read_countries = self.reader(rule.countries)
        known = self._organisations

        def feed(places: Places) -> list[Any]:
            made = []
            for text, countries in zip(read(places), read_countries(places), strict=True):
                keys = make(text)
                if keys and countries.strip():
                    several = keys if isinstance(keys, list) else [keys]
                    for some, code in told.of(several, text, countries):
                        known.stand_in(some, [code])
                made.append(keys)
            return made

        return feed

    def _template(self, template: str) -> Read:
        """Return what puts the texts of a row into a template."""
        reads = [self._named(name, is_field=is_field) for is_field, name in places_of(template)]
        form = form_of(template)
        if not reads:
            return always(form % ())
        return lambda places: [
            form % texts for texts in zip(*[read(places) for read in reads], strict=True)
        ]

    def _named(self, name: str, *, is_field: bool) -> Read:
        if is_field:
            return lambda places: [
                "" if one is None else str(one) for one in self._made(places, name)
            ]
        if name in self._mapping.content.ask:
            return always(self._answers[name])
        return self.reader(name)


def refuse_twice(mapping: TableMapping, heading: str, header: Sequence[str]) -> None:
    """Raise UnusableMapping where a column that is read stands more than once in the header."""
    numbers = [str(number) for number, name in enumerate(header, 1) if name == heading]
    if len(numbers) > 1:
        raise UnusableMapping(
            f"{mapping.name}: the file has the column {heading} more than once, as its columns "
            f"{', '.join(numbers)}: which is meant is not known; rename or leave out the others"
        )


def _named_so(name: str | None, column: str) -> str:
    """Return the name of an organisation. Raises Refused where a row describes one without."""
    if not name:
        raise Refused(column, "", "the name of the organisation that the row describes")
    return name


def _members(rule: Rule, separator: str, column: str, cell: str) -> list[str]:
    """Return the members of a cell, or what each of them means, which may have several."""
    parts = members_of(cell, separator, quoted=rule.quoted)
    if rule.words is None:
        return parts
    meant = []
    for part in parts or [""] * ("" in rule.words):
        meaning = _word(rule.words, column, part)
        is_itself = meaning == part
        meant += [part] if is_itself else members_of(meaning, separator, quoted=rule.quoted)
    return [part for part in meant if part]


def _word(words: Mapping[str, str], column: str, text: str) -> str:
    meaning = words.get(text, words.get(ANYTHING_ELSE))
    if meaning is not None:
        return text if meaning == ITSELF else meaning
    allowed = ", ".join(word or "nothing" for word in words)
    near = nearest(text, words)
    hint = f"; did you mean {near}?" if near else ""
    raise Refused(column, text, f"one of: {allowed}{hint}")
