"""Keys that are made of other keys: a row keeps its own where what it names has another key now.

A mapping may make the key of a round of that of its company. Where the company goes on under
another key the round is still the same, and so is its key: the table loaded again adds no other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from app.exchange.descriptions import key_of_name, name_of_address
from app.exchange.mapping import TableMapping
from app.exchange.mapping_parts import LOOKED_UP, Rule
from app.exchange.mapping_texts import fields_of
from app.exchange.named_models import key_of_ai_model
from app.exchange.places import Columns, Feed, Places
from app.exchange.rejects import Refused
from app.exchange.transforms import TRANSFORMS
from app.storage.ledger import Writing
from app.storage.replacements import Replaced


class FormerKeys:
    """The keys that were replaced of what the keys of rows are made of, and the rows there are."""

    def __init__(
        self,
        replaced: Mapping[str, Mapping[str, str]],
        own: Mapping[str, str],
        here: AbstractSet[str],
    ) -> None:
        """Take what was replaced, by field; the same of the rows' own keys, and those of today."""
        self._replaced = replaced
        self._own = own
        self._here = here
        self._former: dict[str, defaultdict[str, list[str]]] = {}
        """By field and key of today: the keys that it replaced."""

        for name, keys in replaced.items():
            self._former[name] = defaultdict(list)
            for old, new in keys.items():
                self._former[name][new].append(old)

    @property
    def fields(self) -> AbstractSet[str]:
        """The fields of which keys are made, and that hold keys some of which were replaced."""
        return self._replaced.keys()

    def keeping(self, feed: Feed, texts: Mapping[str, Feed]) -> Feed:
        """Return what makes the keys of rows, and the one of a row that is here as it was made.

        `texts` makes the keys that the texts of each field come to by themselves: of several rows
        that name the same by different names each has its own so.
        """

        def keys(places: Places) -> list[str | None]:
            if not any(self._has_former(name, places) for name in self.fields):
                return feed(places)
            return [self._kept(feed, texts, row) for row in _one_by_one(places)]

        return keys

    def _has_former(self, name: str, places: Places) -> bool:
        return not self._former[name].keys().isdisjoint(places.values.get(name, ()))

    def _kept(self, feed: Feed, texts: Mapping[str, Feed], row: Places) -> str | None:
        for tried in self._tried(texts, row):
            try:
                (key,) = feed(Places(row.cells, row.more, {**row.values, **tried}))
            except Refused:
                continue
            if key is not None and self._own.get(key, key) in self._here:
                return str(key)
        made: str | None = feed(row)[0]
        return made

    def _tried(self, texts: Mapping[str, Feed], row: Places) -> Iterator[Columns]:
        """Yield what fields may have held when the row was made: the likeliest first."""
        named = {name: row.values[name][0] for name in self.fields if self._has_former(name, row)}
        by_texts = {name: texts[name](row) for name in named}
        yield {
            name: made
            for name, made in by_texts.items()
            if self._replaced[name].get(made[0]) == named[name]
        }
        yield {}
        for name, key in named.items():
            for old in self._former[name][key]:
                yield {name: [old]}


def former_keys(
    writing: Writing, mapping: TableMapping, replaced: Replaced, source: str
) -> FormerKeys | None:
    """Return those of a table of a source; None where its keys are made of none that was replaced.

    Without a source its rows are those of all.
    """
    content, table = mapping.content, mapping.resource.ledger
    rule = content.fields.get("id")
    template = rule.template if rule else None
    made_of = {name for name in fields_of(template) if _holds_one(content.fields[name])}
    found = {
        name: replaced[target]
        for name, target in table.naming()
        if name in made_of and target in replaced
    }
    if not found:
        return None
    here = {row["id"] for row in writing.rows(table, ("id",), source=source or None)}
    return FormerKeys(found, replaced.get(table.name, {}), here)


def _holds_one(rule: Rule) -> bool:
    """Return whether a rule makes the key of the one that a row names by what it is called."""
    is_list = rule.separator is not None or bool(rule.also)
    return rule.transform in LOOKED_UP and rule.constant is None and not is_list


def key_of_text(rule: Rule) -> Callable[[str], str]:
    """Return what makes the key that a name or an address comes to, whatever is known of it."""
    convert: Callable[[str], Any] = TRANSFORMS[rule.transform].read
    match rule.transform:
        case "ai_model":
            return lambda text: key_of_ai_model(convert(text))
        case "address":
            return lambda text: key_of_name(name_of_address(convert(text)))
        case _:
            return lambda text: key_of_name(convert(text))


def _one_by_one(places: Places) -> Iterator[Places]:
    for number, cells in enumerate(places.cells):
        values = {name: [made[number]] for name, made in places.values.items() if made}
        yield Places([cells], places.more, values)
