"""A mapping at work: from the cells of a row to the fields of its facts, or what is wrong."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.exchange.feeds import Feeds, Place, Values, columns_of
from app.exchange.mapping import Rule, Spread, TableMapping, UnusableMapping
from app.exchange.organisations import Organisations
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
        self._feeds = [(name, feeds.feed(name, rule)) for name, rule in self._rules()]
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

    def read(self, row: Row) -> Iterable[Values]:
        """Return the values of each fact of a row. Raises Refused, here or when they are read."""
        place = Place(row.cells, {}, {})
        for read, texts, why in self._skips:
            if read(place).strip() in texts:
                self.skipped[why] = self.skipped.get(why, 0) + 1
                return ()
        return self._spread(row) if self._spreads else (self._values(place),)

    def _spread(self, row: Row) -> Iterator[Values]:
        for columns in self._spreads:
            for number, more in columns:
                cell = row.cells[number]
                if cell.strip():
                    yield self._values(Place(row.cells, {**more, "value": cell}, {}))

    def _values(self, place: Place) -> Values:
        values = place.values
        for name, feed in self._feeds:
            value = feed(place)
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
