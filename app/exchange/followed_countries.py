"""The countries of companies, in rows that have them from there: they follow where one changes.

A round has the country of its company where the mapping says so (`country_of`). Which rows came by
such a mapping, their revisions tell; of mappings that do not ship it is not known what they say.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.exchange.mapping import shipped_mappings
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING, FundingFact
from app.storage.ledger import Writing
from app.storage.replacements import redirected

Changed = Mapping[str, tuple[str | None, str | None]]
"""Companies with the country that they had and the one that they have."""


def changed_countries(
    writing: Writing, before: Mapping[str, str | None], gone_on: Mapping[str, str]
) -> Changed:
    """Return the companies that were there before and have another country now.

    `gone_on` has those that will go on under another key: they have the country of that one.
    """
    rows = writing.rows(COMPANIES.ledger, ("id", "country"))
    now = {row["id"]: row["country"] for row in rows}
    now |= {old: now[new] for old, new in gone_on.items()}
    return {
        key: (before[key], now[key])
        for key in sorted(before.keys() & now)
        if before[key] != now[key]
    }


def let_rounds_follow(
    writing: Writing, changed: Changed, gone_on: Mapping[str, str]
) -> tuple[int, int]:
    """Give rounds the new countries of their companies; return how many, and how many keep theirs.

    They name companies by the keys under which these go on, as a row changes once in a revision.
    Those keep it that have the old country of their company, and not by a mapping that ships.
    """
    keys = {row["id"] for row in _rounds(writing, changed, "id", "company", "country")}
    if not keys:
        return 0, 0
    table = FUNDING.ledger
    loaded = writing.of_other_origins(table, keys, "")  # those that came by any mapping or pack
    ours = {
        key for name in _mappings() for key in loaded - writing.of_other_origins(table, keys, name)
    }
    rows = _rounds(writing, changed, *FundingFact.model_fields)
    facts = [
        FundingFact(
            **{
                **redirected(row, table, {COMPANIES.ledger.name: gone_on}),
                "country": changed[row["company"]][1],
            }
        )
        for row in rows
        if row["id"] in ours
    ]
    writing.put(table, [fact.stored() for fact in facts])
    return len(ours), len(keys - ours)


def _rounds(writing: Writing, changed: Changed, *columns: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rounds of companies that have the country that these had."""
    for row in writing.rows(FUNDING.ledger, columns):
        if row["company"] in changed and row["country"] == changed[row["company"]][0]:
            yield row


def _mappings() -> list[str]:
    """Return the mappings that ship and take the country of a round from its company."""
    return [
        name
        for name, mapping in shipped_mappings().items()
        if mapping.resource is FUNDING
        and (rule := mapping.content.fields.get("country"))
        and rule.country_of == "company"
    ]
