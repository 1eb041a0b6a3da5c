"""Whose rows say of which country the developers of AI models are, where a source does not itself.

A source lists AI models, and the country of a developer may be known here from another one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import orjson

from app.analysis.kept import kept_of
from app.analysis.view import View
from app.resources.ai_models import AI_MODELS
from app.storage.fetching import fetch

CountriesTold = Mapping[str, Sequence[str]]
"""The other sources that say so, by the source of the AI models."""

_ALL = "all"


def read_countries_told(view: View, countries: Collection[str]) -> CountriesTold:
    """Return which other sources say that developers of AI models are of one of some countries."""

    def make(_missing: Sequence[str]) -> dict[str, str]:
        rows = view.rows(AI_MODELS)
        query = rows.told_by_others("countries", view.licence)
        found = fetch(view.transaction.connection, query.where(rows.column("kind") == "model"), {})
        return {_ALL: orjson.dumps(found).decode()}

    work = f"{__name__} {view.rule}"
    kept = kept_of(view.transaction).parts(view.at, work, [_ALL], make)
    told: defaultdict[str, set[str]] = defaultdict(set)
    for source, country, other in orjson.loads(kept[_ALL]):
        if country in countries:
            told[source].add(other)
    return {source: sorted(others) for source, others in told.items()}
