"""The rounds that sources list, added up as far as no question tells them apart.

To add up a million rounds takes seconds, and many questions want the sums: they are worked out
once for each revision and country, and given back to the database as a small table.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    Double,
    FromClause,
    Numeric,
    Select,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.types import TypeEngine

from app.analysis.kept import kept_of
from app.analysis.view import View, year
from app.resources.funding import FUNDING
from app.storage.columns import Characters, Whole
from app.storage.given_rows import given_rows
from app.storage.sums import add_up

SUMS_AT_MOST = 20_000
"""So many sums are kept; where there are more, each question adds up for itself."""

NOT_TAKEN_IN = ("debt", "debt-financing", "loan", "post-ipo-debt", "secondary-market")
"""Rounds that bring a company no money of its own: what is lent, and shares that change hands."""

_TEXT = Characters()
_COLUMNS: dict[str, TypeEngine[Any]] = {
    "country": _TEXT,
    "year": _TEXT,
    "source": _TEXT,
    "original_source": _TEXT,
    "price_base": _TEXT,
    "qualifier": _TEXT,
    "amount_usd": Numeric(),
    "count": Whole(),
    "revision": Whole(),
}
_EVERY, _TOO_MANY, _NO_COUNTRY = "countries", "too many", ""


def listed_rounds(view: View) -> FromClause:
    """Return the sums of rounds of the countries of a view: `_COLUMNS`, alike in all but the last.

    Those three are what the rounds add up to, how many they are, and their newest revision. What
    is of no country that is known is kept as a country without a name.
    """
    countries = (_NO_COUNTRY,) if view.of_no_country else view.countries
    kept = kept_of(view.transaction)

    def add_up(missing: Sequence[str]) -> dict[str, str]:
        return _added_up(view, missing)

    if countries is None:
        every = kept.parts(view.at, __name__, [_EVERY], add_up)[_EVERY]
        if every == _TOO_MANY:
            return _sums(view, None).subquery("rounds")
        countries = tuple(every.split())
    texts = kept.parts(view.at, __name__, countries, add_up).values()
    if _TOO_MANY in texts:
        return _sums(view, countries).subquery("rounds")
    rows = ",".join(text for text in texts if text)
    return given_rows(f"[{rows}]", _COLUMNS).subquery("rounds")


def rounds_of_no_country(view: View) -> Select[Any]:
    """Return the query of the rounds that could be added up, had they a country."""
    return _rounds(view, (_NO_COUNTRY,))


def _added_up(view: View, parts: Sequence[str]) -> dict[str, str]:
    """Return the sums of each country as JSON; or of every one, with the list of them."""
    every = _EVERY in parts
    query = _rounds(view, None if every else parts)
    found = add_up(view.transaction.connection, query, SUMS_AT_MOST + 1)
    if len(found) > SUMS_AT_MOST:
        return dict.fromkeys(parts, _TOO_MANY)
    rows: dict[str, list[str]] = defaultdict(list)
    for text, amount, count, revision in found:
        row = [*orjson.loads(text), str(amount), count, revision]  # sums may have over 64 bits
        rows[row[0]].append(orjson.dumps(row).decode())
    texts = {country: ",".join(rows[country]) for country in (rows if every else parts)}
    return texts | ({_EVERY: " ".join(rows)} if every else {})


def _sums(view: View, countries: Sequence[str] | None) -> Select[Any]:
    each = _rounds(view, countries).subquery()
    *alike, amount, revision = each.c
    sums = (
        func.sum(cast(amount, Double)).label("amount_usd"),  # SQLite fails beyond 64 bits
        func.count().label("count"),
        func.max(revision).label("revision"),
    )
    return select(*alike, *sums).group_by(*alike)


def _rounds(view: View, countries: Sequence[str] | None) -> Select[Any]:
    """Return the query of the rounds: what they are alike in, the amount, and the revision."""
    rows = view.rows(FUNDING).source.c
    # Rounds have a company, and totals none. Said like this, since SQLite would look most of the
    # table up by way of an index for each, which costs several times as much as reading it through.
    of_nobody = countries is not None and _NO_COUNTRY in countries
    unplaced = () if of_nobody else (rows.country.is_(None),)
    lacking = or_(rows.company.is_(None), *unplaced, rows.amount_usd.is_(None))
    of_year = year(rows.period_first_day, rows.period_last_day)
    is_lent = func.coalesce(rows.round_type, "").in_(NOT_TAKEN_IN)
    query = select(
        literal(_NO_COUNTRY, _TEXT).label("country") if of_nobody else rows.country,
        func.substr(rows.period_first_day, 1, 4).label("year"),
        rows.source,
        rows.original_source,
        rows.price_base,
        rows.qualifier,
        rows.amount_usd,
        rows.revision,
    ).where(not_(or_(lacking, is_lent)), of_year.is_not(None))
    if of_nobody:
        return query.where(rows.country.is_(None))
    return query if countries is None else query.where(rows.country.in_(countries))
