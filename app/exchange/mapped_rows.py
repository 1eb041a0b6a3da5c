"""A mapping at work: from the cells of a row to the fields of its facts, or what is wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.exchange.feeds import Feeds, Place, Values, columns_of, is_of_texts
from app.exchange.mapping import Rule, Spread, TableMapping, UnusableMapping
from app.exchange.organisations import Organisations
from app.exchange.rejects import Refused
from app.exchange.tables import Row


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
        self._spreads = [_spread_columns(spread, header) for spread in mapping.content.spread]
        if mapping.content.spread and not any(self._spreads):
            patterns = ", ".join(spread.header for spread in mapping.content.spread)
            raise UnusableMapping(f"{mapping.name}: no column has a name like {patterns}")
        feeds = Feeds(mapping, header, answers, organisations)
        self._skips = [
            (feeds.reader(skip.column), frozenset(skip.texts), skip.why)
            for skip in mapping.content.skip
        ]
        ready = [(name, rule, feeds.feed(name, rule)) for name, rule in self._rules()]
        self._feeds = [(name, feed) for name, _, feed in ready]
        self._of_texts = [(name, feed) for name, rule, feed in ready if is_of_texts(rule)]
        self._others = [(name, feed) for name, rule, feed in ready if not is_of_texts(rule)]
        self.skipped: dict[str, int] = {}
        """How many rows were left out, by why."""

        self.named_models = feeds.named_models
        """AI models that rows refer to: their keys, and their names."""

    @property
    def unused(self) -> list[str]:
        """The columns of the table that nothing reads."""
        used = {name for _, rule in self._rules() for name in (*rule.columns, rule.countries)}
        used |= {match for _, rule in self._rules() for match in columns_of(rule.template)}
        used |= {skip.column for skip in self._mapping.content.skip}
        headings = {self._mapping.heading(name, self._header) for name in used if name}
        spread = {self._header[place] for columns in self._spreads for place, _ in columns}
        return [name for name in self._header if name and name not in headings | spread]

    def places(self, rows: Sequence[Row]) -> list[Place]:
        """Return rows as rules see them, begun with what their texts alone can tell.

        They are not begun where something is refused: then each is read in the order of the rules.
        """
        places = [Place(row.cells, {}, {}) for row in rows]
        if self._spreads:
            return places
        try:
            columns = [feed(places) for _, feed in self._of_texts]
        except Refused:
            return places
        names = [name for name, _ in self._of_texts]
        for place, values in zip(places, zip(*columns, strict=True), strict=False):
            found = zip(names, values, strict=True)
            place.values = {name: value for name, value in found if value is not None}
            place.is_begun = True
        return places

    def read(self, place: Place) -> Iterable[Values]:
        """Return the values of each fact of a row. Raises Refused, here or when they are read."""
        for read, texts, why in self._skips:
            if read((place,))[0].strip() in texts:
                self.skipped[why] = self.skipped.get(why, 0) + 1
                return ()
        return self._spread(place) if self._spreads else (self._values(place),)

    def _spread(self, row: Place) -> Iterator[Values]:
        for columns in self._spreads:
            for number, more in columns:
                cell = row.cells[number]
                if cell.strip():
                    yield self._values(Place(row.cells, {**more, "value": cell}, {}))

    def _values(self, place: Place) -> Values:
        values = place.values
        for name, feed in self._others if place.is_begun else self._feeds:
            (value,) = feed((place,))
            if value is not None:
                values[name] = value
        return values

    def _rules(self) -> list[tuple[str, Rule]]:
        """Return the rules in order: what templates make comes after what they are made of."""
        rules = list(self._mapping.content.fields.items())
        return sorted(rules, key=lambda pair: "{=" in (pair[1].template or ""))


def _spread_columns(spread: Spread, header: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the columns of a spread, each with what its name says."""
    found = []
    for number, name in enumerate(header):
        if match := re.fullmatch(spread.header, name):
            groups = match.groupdict()
            more = {key: text.format(**groups) for key, text in spread.set.items()}
            found.append((number, {"header": name, **more}))
    return found
