"""A mapping at work: from the cells of a row to the fields of its facts, or what is wrong."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from heapq import nlargest
from itertools import compress
from typing import Any, TypeAlias

from app.exchange.feeds import Feeds, refuse_twice
from app.exchange.former_keys import FormerKeys
from app.exchange.mapping import TableMapping, UnusableMapping, is_of_texts, looks_up
from app.exchange.mapping_parts import HEADER, OF_COMPANIES, VALUE, Rule, Skip, Spread
from app.exchange.mapping_texts import columns_of, fields_of
from app.exchange.named_models import NamedAIModels
from app.exchange.organisations import Organisations
from app.exchange.places import Columns, Places, Read
from app.exchange.rejects import Refused
from app.exchange.tables import Row
from app.kit.periods import parse_period
from app.kit.text import nearest

Values: TypeAlias = dict[str, Any]
"""The fields of a fact that have a value."""

Keep: TypeAlias = Callable[[Places], list[bool]]
"""Tells of each row whether it is one to make facts of."""


class MappedRows:
    """The rules of a mapping, made ready for the header of a table."""

    def __init__(
        self,
        mapping: TableMapping,
        header: Sequence[str],
        answers: Mapping[str, str],
        organisations: Organisations,
        models: NamedAIModels,
        *,
        only_known: str | None,
        dated_by: str | None,
        table_format: str,
        former: FormerKeys | None,
    ) -> None:
        """Make them ready. Of `only_known`, a field, rows name organisations that are known.

        Of `dated_by`, a field, the newest day is looked for, in rows that are left out too.
        """
        self._mapping = mapping
        self._header = header
        self._spreads = [
            _spread_columns(mapping, spread, header) for spread in mapping.content.spread
        ]
        if mapping.content.spread and not any(self._spreads):
            patterns = ", ".join(spread.header for spread in mapping.content.spread)
            raise UnusableMapping(f"{mapping.name}: no column has a name like {patterns}")
        feeds = Feeds(mapping, header, answers, organisations, models, table_format, former)
        self._kept_by: list[tuple[Keep, str]] = []
        self._figures_kept_by: list[tuple[Keep, str]] = []
        """The same for what is known of one figure of a row and not of all of it."""

        for skip in mapping.content.skip:
            kept_by = self._keeping(feeds, skip.column)
            kept_by.append((_none_of(feeds.reader(skip.column), skip), skip.why))
        if only_known:
            rule = _naming(mapping, only_known)
            kept_by = self._keeping(feeds, *rule.columns, *columns_of(rule.template))
            kept_by.append((feeds.knows(rule), f"whose {only_known} is not known here"))
        ready = [(name, rule, feeds.feed(name, rule)) for name, rule in self._rules()]
        holding = _holding_figures(mapping) if self._spreads else ()
        self._figures = [feed for name, _, feed in ready if name in holding]
        self._feeds = [(name, feed) for name, _, feed in ready]
        ready.sort(key=lambda one: not is_of_texts(one[0], one[1]))
        self._texts_first = [(name, feed) for name, _, feed in ready]
        naming = [(name, rule) for name, rule, _ in ready if not is_of_texts(name, rule)]
        self._naming = self._texts_first[len(ready) - len(naming) :]
        self._is_in_turn = sum(looks_up(rule) for _, rule in naming) > 1
        made_of = {one for _, rule in naming for one in fields_of(rule.template)}
        made_of |= {rule.country_of for _, rule in naming if rule.country_of}
        self._heeded = {"name", "aliases", "country", *made_of}
        self.skipped: Counter[str] = Counter()
        """How many rows were left out, by why."""

        self._days = feeds.feed(dated_by, mapping.content.fields[dated_by]) if dated_by else None
        self._today = datetime.now(UTC).date().isoformat()
        self._newest: list[tuple[str, int]] = []
        """The two newest days of that field that are not to come, of a period its first day.

        Each with the line of its row, which may be read more than once.
        """

        self._made_by = feeds
        self._headings = feeds.headings
        self._origin = feeds.origin

    @property
    def unused(self) -> list[str]:
        """The columns of the table that nothing reads."""
        spread = {self._header[place] for columns in self._spreads for place, _ in columns}
        read = self._headings | spread
        return [name for name in dict.fromkeys(self._header) if name and name not in read]

    @property
    def tells_countries(self) -> bool:
        """Whether rows tell the countries of organisations, which others may contradict."""
        return any(rule.countries is not None for _, rule in self._rules())

    @property
    def names_by_address(self) -> bool:
        """Whether rows name organisations by their addresses, or tell these."""
        rules = (one for _, rule in self._rules() for one in (rule, *rule.also))
        return any(rule.transform in {"address", "alias"} for rule in rules)

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Aliases of the row that was read last which are left out, with their column."""
        return list(dict.fromkeys(self._made_by.left_out or ()))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it feeds."""
        return tuple(name for name, _ in self._feeds)

    def at_once(self, rows: Sequence[Row]) -> tuple[Sequence[Row], Columns, Counter[str]] | None:
        """Return the rows that make a fact, their values by field, and how many others why not.

        None where something is refused, or a row makes more than one: then each row is read.
        """
        if self._spreads:
            return None
        self._made_by.left_out = None
        self._note_days(rows)
        kept, skipped = self._kept(rows)
        places = Places([row.cells for row in kept], {}, {})
        texts = self._texts_first[: len(self._texts_first) - len(self._naming)]
        try:
            for name, feed in texts:  # one that is refused makes no company
                places.values[name] = feed(places)
            if self._is_in_turn:
                self._name_in_turn(places)
            else:
                for name, feed in self._naming:
                    places.values[name] = feed(places)
        except Refused:
            return None
        return kept, places.values, skipped

    def _name_in_turn(self, places: Places) -> None:
        """Make the fields that name what there is row by row, as where one of the rows is refused.

        What is new has its key from the first who names it, and not from the first column.
        """
        made: Columns = {name: [] for name, _ in self._naming}
        for number, cells in enumerate(places.cells):
            known = places.values.items()
            heeded = {name: [row[number]] for name, row in known if name in self._heeded}
            alone = Places([cells], {}, heeded)
            for name, feed in self._naming:
                heeded[name] = feed(alone)
                made[name] += heeded[name]
        places.values |= made

    def origin(self, name: str, places: Places) -> tuple[str, str] | None:
        """Return the column that feeds a field and its cell; None where no single one does."""
        rule = self._mapping.content.fields.get(name)
        return self._origin(rule, places) if rule else None

    def key_of(self, row: Row) -> tuple[str | None, str | None]:
        """Return the key and the name that a refused row would have; None where nothing says."""
        if self._spreads:
            return None, None
        places = Places([row.cells], {}, {})
        refused = set()
        for name, feed in self._texts_first:
            try:
                places.values[name] = feed(places)
            except Refused:
                refused.add(name)
        rule = self._mapping.content.fields.get("id")
        made_of = {"id", *(fields_of(rule.template) if rule else ())}
        if rule and rule.transform in OF_COMPANIES:
            made_of |= {"name", "aliases"}
        if refused & made_of:
            return None, None
        key, name = (places.values.get(field, [None])[0] for field in ("id", "name"))
        return key, name

    def read(self, row: Row) -> Iterable[tuple[Values, Places]]:
        """Return the values of each fact of a row, with what they were made of.

        Raises Refused, here or when they are read.
        """
        self._made_by.left_out = []
        self._note_days([row])
        kept, skipped = self._kept([row])
        self.skipped += skipped
        if not kept:
            return ()
        if self._spreads:
            return self._spread(row)
        return (self._values(Places([row.cells], {}, {})),)

    def _note_days(self, rows: Sequence[Row]) -> None:
        """Keep the newest days of rows; where one has none that can be read, they come alone."""
        if self._days is None:
            return
        with suppress(Refused):
            told = self._days(Places([row.cells for row in rows], {}, {}))
            firsts = {text: parse_period(text).first.isoformat() for text in set(told) if text}
            days = ((firsts.get(text, ""), row.line) for text, row in zip(told, rows, strict=True))
            found = {(day, line) for day, line in days if "" < day <= self._today}
            self._newest = nlargest(2, found.union(self._newest))

    @property
    def newest(self) -> str | None:
        """The newest day that two rows reach: one alone may announce what did not come."""
        return min((day for day, _ in self._newest), default=None)

    def _kept(self, rows: Sequence[Row]) -> tuple[Sequence[Row], Counter[str]]:
        """Return the rows that are not to be left out, and how many of the others why."""
        skipped = Counter[str]()
        for is_kept, why in self._kept_by:
            kept = is_kept(Places([row.cells for row in rows], {}, {}))
            left = list(compress(rows, kept))
            skipped[why] += len(rows) - len(left)
            rows = left
        return rows, skipped

    def _keeping(self, feeds: Feeds, *names: str) -> list[tuple[Keep, str]]:
        """Return where what reads some columns belongs: with rows, or with single figures."""
        is_of_figures = any(map(feeds.is_of_figures, names))
        return self._figures_kept_by if is_of_figures else self._kept_by

    def _spread(self, row: Row) -> Iterator[tuple[Values, Places]]:
        """Yield what each figure of a row makes; one that says nothing is left out as a blank is.

        A row is counted under why figures of it are left out, when all of them have been taken.
        """
        left_out, is_in_part = set(), False
        for columns in self._spreads:
            for number, more in columns:
                cell = row.cells[number]
                places = Places([row.cells], {**more, VALUE: cell}, {})
                if not cell.strip():
                    continue
                if why := self._why_left_out(places):
                    left_out.add(why)
                elif self._says_something(places):
                    is_in_part = True
                    yield self._values(places)
        self.skipped.update(f"{why}, in some columns" if is_in_part else why for why in left_out)

    def _why_left_out(self, places: Places) -> str | None:
        """Return why a figure is to be left out, None where it is not."""
        rules = self._figures_kept_by
        return next((why for is_kept, why in rules if not all(is_kept(places))), None)

    def _says_something(self, places: Places) -> bool:
        """Return whether a figure makes a value. Raises Refused."""
        return not self._figures or any(feed(places) != [None] for feed in self._figures)

    def _values(self, places: Places) -> tuple[Values, Places]:
        found = {}
        for name, feed in self._feeds:
            places.values[name] = feed(places)
            (found[name],) = places.values[name]
        return {name: value for name, value in found.items() if value is not None}, places

    def _rules(self) -> list[tuple[str, Rule]]:
        return self._mapping.content.in_turn()


def _none_of(read: Read, skip: Skip) -> Keep:
    """Return what tells of each row whether a column has none of the texts that are left out."""
    if skip.pattern is not None:
        is_left_out = re.compile(skip.pattern).fullmatch
        return lambda places: [not is_left_out(text.strip()) for text in read(places)]
    left_out = frozenset(skip.texts or ())
    return lambda places: [text.strip() not in left_out for text in read(places)]


def _holding_figures(mapping: TableMapping) -> list[str]:
    """Return the fields that hold the figures of spread columns: where there are, needed ones."""
    fields = mapping.resource.fact.model_fields
    rules = mapping.content.fields.items()
    held = [name for name, rule in rules if rule.columns == (VALUE,) and is_of_texts(name, rule)]
    return [name for name in held if fields[name].is_required()] or held


def _naming(mapping: TableMapping, field: str) -> Rule:
    """Return the rule of a field that names organisations. Raises UnusableMapping."""
    named = {
        name: rule
        for name, rule in mapping.content.fields.items()
        if rule.transform in OF_COMPANIES and name != "id" and not (rule.also or rule.constant)
    }
    if field in named:
        return named[field]
    if field in mapping.content.fields and mapping.content.fields[field].also:
        raise UnusableMapping(f"{mapping.name}: {field} is made of several columns; ask of another")
    near = nearest(field, named)
    hint = f"; did you mean {near}?" if near else ""
    fields = f"in {', '.join(named)}" if named else "in no field"
    raise UnusableMapping(f"{mapping.name}: names organisations {fields}, and not in {field}{hint}")


def _spread_columns(
    mapping: TableMapping, spread: Spread, header: Sequence[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the columns of a spread, each with what its name says."""
    found = []
    for number, name in enumerate(header):
        if match := re.fullmatch(spread.header, name):
            refuse_twice(mapping, name, header)
            groups = match.groupdict(default="")
            more = {key: text.format(**groups) for key, text in spread.set.items()}
            found.append((number, {HEADER: name, **more}))
    return found
