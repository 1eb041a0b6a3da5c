"""What lists are asked for has an index, or is named here with the reason why it has none."""

import pytest

from app.kit.filters import meanings
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.steering import indexes_of

_WORDS = "words are looked for within a text, where an index has its beginning only"
_FEW = "there are so few rows that they are sorted at once"
FILTERS_WITHOUT = {
    "countries": {"q": _WORDS},
    "companies": {"q": _WORDS},
    "models": {
        "q": _WORDS,
        "country": "found by way of the developers, whose keys and countries have indexes",
    },
    "sources": {"q": _WORDS, "licence": "asked of the name of the licence by a list of names"},
}
SORT_KEYS_WITHOUT = {"countries": {"name": _FEW}, "sources": {"publisher": _FEW}}

each = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)


@each
def test_every_filter_has_an_index_or_a_reason_to_have_none(resource: Resource) -> None:
    asked = meanings(resource.filters)
    without = {name for name, where in asked if not indexes_of(resource.ledger, where)}
    assert without == set(FILTERS_WITHOUT.get(resource.many, ())), (
        "a filter has an index (`Add a filter` in CONTRIBUTING.md) or its reason here"
    )


@each
def test_every_sort_key_has_an_index_or_a_reason_to_have_none(resource: Resource) -> None:
    # Sparse ones, which are marked, lack the rows without a value: enough to filter by alone.
    whole = (index for index in resource.ledger.current.indexes if not index.info)
    leading = {"id", *(index.columns.keys()[0] for index in whole)}
    without = {word for word, column in resource.sort_keys.items() if column not in leading}
    assert without == set(SORT_KEYS_WITHOUT.get(resource.many, ())), (
        "a sort key has an index of all rows (`Add a filter` in CONTRIBUTING.md) or its reason here"
    )
