"""What was read once can be read again: `as_of` answers as the data stood, to the last row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.reading import Item, Unanswerable
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests.conftest import Templates
from tests.ledger_rows import (
    ai_model,
    company,
    funding_round,
    history,
    latest,
    listed,
    revisions,
    source,
    total,
    write,
)

TRACKED = (COMPANIES, AI_MODELS, FUNDING)

# Every list that is remembered: a resource, its parameters, and the same filter in plain Python.
LISTS: tuple[tuple[Resource, dict[str, str], Any], ...] = (
    *((resource, {}, lambda _: True) for resource in TRACKED),
    (COMPANIES, {"country": "US"}, lambda item: item["country"] == "US"),
    (COMPANIES, {"role": "investor"}, lambda item: "investor" in item["roles"]),
    (COMPANIES, {"q": "other"}, lambda item: "Other" in item["aliases"]),
    (AI_MODELS, {"country": "US"}, lambda item: "US" in item["countries"]),
    (AI_MODELS, {"country": "CN,GB"}, lambda item: {"CN", "GB"} & {*item["countries"]}),
    (AI_MODELS, {"developer": "c0"}, lambda item: "c0" in item["developers"]),
    (AI_MODELS, {"based_on": "m0,m1"}, lambda item: {"m0", "m1"} & {*item["based_on"]}),
    (FUNDING, {"country": "CN"}, lambda item: item["country"] == "CN"),
    (FUNDING, {"investor": "c1"}, lambda item: "c1" in item["investors"]),
    (FUNDING, {"company": "c0,c2"}, lambda item: item["company"] in {"c0", "c2"}),
)

Facts = dict[Resource, dict[str, StoredRow]]
Change = tuple[Resource, str, StoredRow | None]

some_companies = st.lists(st.sampled_from(["c0", "c1", "c2"]), unique=True, max_size=3)
some_country = st.sampled_from(["US", "CN", "GB", None])


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Draw a row to put, or the key of one to remove."""
    resource = draw(st.sampled_from(TRACKED))
    number = draw(st.integers(0, 2))
    key = f"{resource.many[0]}{number}"
    if draw(st.integers(0, 3)) == 0:
        return resource, key, None
    if resource is COMPANIES:
        roles = draw(st.lists(st.sampled_from(["investor", "adopter"]), unique=True))
        aliases = draw(st.sampled_from([[], ["Other"]]))
        country = draw(some_country)
        return resource, key, company(key, country=country, roles=roles, aliases=aliases)
    if resource is AI_MODELS:
        others = [other for other in ("m0", "m1", "m2") if other != key]
        based_on = draw(st.lists(st.sampled_from(others), unique=True, max_size=2))
        return resource, key, ai_model(key, developers=draw(some_companies), based_on=based_on)
    if draw(st.booleans()):
        return resource, key, total(key, country=draw(some_country) or "WLD")
    paid = draw(some_companies)
    return resource, key, funding_round(key, draw(st.sampled_from(["c0", "c2"])), investors=paid)


def _references(row: StoredRow) -> set[tuple[Resource, str]]:
    found = {(COMPANIES, key) for key in (*row.get("developers", ()), *row.get("investors", ()))}
    found |= {(AI_MODELS, key) for key in row.get("based_on", ())}
    return found | ({(COMPANIES, row["company"])} if row.get("company") else set())


def _apply(facts: Facts, wanted: list[Change]) -> tuple[Facts, list[Change]]:
    """Return the facts after those of the changes that keep every reference whole."""
    done: dict[tuple[Resource, str], Change] = {}
    for change in wanted:
        resource, key, row = change
        after = {tracked: dict(facts[tracked]) for tracked in TRACKED}
        if (resource, key) in done or (row is None and key not in facts[resource]):
            continue
        if row is None:
            del after[resource][key]
        else:
            after[resource][key] = row
        there = {(tracked, kept) for tracked in TRACKED for kept in after[tracked]}
        if all(
            _references(kept) <= there for tracked in TRACKED for kept in after[tracked].values()
        ):
            facts, done[resource, key] = after, change
    return facts, list(done.values())


def _shown(facts: Facts, resource: Resource, row: StoredRow) -> Item:
    """Return what is to be shown of a row, worked out in plain Python."""
    item = {name: row[name] for name in resource.columns if name in row}
    if resource is AI_MODELS:
        countries = [facts[COMPANIES][key]["country"] for key in row["developers"]]
        item["countries"] = [*dict.fromkeys(country for country in countries if country)]
    return item


def _expected(facts: Facts) -> list[list[Item]]:
    return [
        [
            item
            for _, row in sorted(facts[resource].items())
            if keep(item := _shown(facts, resource, row))
        ]
        for resource, _, keep in LISTS
    ]


def _read(database: Database, **as_of: Any) -> list[list[Item]]:
    return [listed(database, resource, **query, **as_of) for resource, query, _ in LISTS]


def _facts_of(lists: list[list[Item]]) -> list[list[Item]]:
    recorded = {"revision", "recorded_at", "licence"}  # the licence is that of another row
    return [
        [{name: item[name] for name in item if name not in recorded} for item in items]
        for items in lists
    ]


@contextmanager
def _opened(templates: Templates) -> Iterator[Database]:
    database = Database(templates.empty())
    yield database
    database.close()


# Without shrinking: it would make new databases for minutes, and the examples are small.
@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
@given(writes=st.lists(st.lists(changes(), min_size=1, max_size=8), min_size=2, max_size=6))
def test_as_of_reproduces_what_was(templates: Templates, writes: list[list[Change]]) -> None:
    facts: Facts = {resource: {} for resource in TRACKED}
    with _opened(templates) as database:
        write(database, {SOURCES: [source("s")]})
        remembered = {latest(database): (facts, _read(database))}
        for wanted in writes:
            facts, done = _apply(facts, wanted)
            put: dict[Resource, list[StoredRow]] = {resource: [] for resource in TRACKED}
            gone: dict[Resource, list[str]] = {resource: [] for resource in TRACKED}
            for resource, key, row in done:
                if row is None:
                    gone[resource].append(key)
                else:
                    put[resource].append(row)
            write(database, put, gone)
            number = latest(database)
            note(f"revision {number}: {[(r.many, key, row and 'put') for r, key, row in done]}")
            now = _read(database)
            assert _facts_of(now) == _expected(facts)
            assert now == remembered.get(number, (facts, now))[1], "a no-op changed what is read"
            remembered[number] = (facts, now)

        instants = {revision["id"]: revision["recorded_at"] for revision in revisions(database)}
        for number, (_, then) in remembered.items():
            assert _read(database, as_of=number) == then
            assert _read(database, as_of=instants[number]) == then
        _history_tells_the_same(database, remembered)


def _history_tells_the_same(
    database: Database, remembered: dict[int, tuple[Facts, list[list[Item]]]]
) -> None:
    """Compare the versions of each row with what the lists showed at every revision."""
    for resource in TRACKED:
        keys = {key for facts, _ in remembered.values() for key in facts[resource]}
        for key in keys:
            versions = history(database, resource, key)
            for number, (facts, _) in remembered.items():
                held = [
                    version
                    for version in versions
                    if version["revision"] <= number < (version["until"] or number + 1)
                ]
                row = facts[resource].get(key)
                assert len(held) == (row is not None)
                for version in held:
                    # A version shows the countries of its developers when it last held.
                    ended = (version["until"] or max(remembered) + 1) - 1
                    last = remembered[ended][0]
                    shown = {name: version[name] for name in version if name in resource.columns}
                    assert _facts_of([[shown]]) == [[_shown(last, resource, last[resource][key])]]
                    assert row == last[resource][key]


# Which revision an instant means


@pytest.fixture
def two_revisions(empty: Database) -> tuple[Database, list[datetime]]:
    write(empty, {SOURCES: [source("a")]})
    write(empty, {SOURCES: [source("b")]})
    return empty, [datetime.fromisoformat(row["recorded_at"]) for row in revisions(empty)]


def test_an_instant_means_the_newest_revision_until_then(
    two_revisions: tuple[Database, list[datetime]],
) -> None:
    database, (first, second, third) = two_revisions
    moment = timedelta(microseconds=1)
    for instant, keys in (
        (first, []),
        (second - moment, []),
        (second, ["a"]),
        (third - moment, ["a"]),
        (third, ["a", "b"]),
        (datetime.now(UTC), ["a", "b"]),
    ):
        shown = listed(database, SOURCES, as_of=instant.isoformat())
        assert [item["id"] for item in shown] == keys


def test_an_instant_in_another_zone_is_the_same_instant(
    two_revisions: tuple[Database, list[datetime]],
) -> None:
    database, (_, second, _) = two_revisions
    forms = (
        second.isoformat(),
        second.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        second.replace(tzinfo=None).isoformat(),
    )
    for form in forms:
        assert [item["id"] for item in listed(database, SOURCES, as_of=form)] == ["a"]
    shifted = (second + timedelta(hours=5, minutes=30)).replace(tzinfo=None).isoformat() + "+05:30"
    assert [item["id"] for item in listed(database, SOURCES, as_of=shifted)] == ["a"]


def test_what_is_before_the_first_or_still_to_come_is_refused(
    two_revisions: tuple[Database, list[datetime]],
) -> None:
    database, (first, *_) = two_revisions
    moment = timedelta(microseconds=1)
    soon = datetime.now(UTC) + timedelta(hours=1)
    for as_of in (3, 10**17, (first - moment).isoformat(), soon.isoformat(), "0001-01-01"):
        with pytest.raises(Unanswerable, match="as_of"):
            listed(database, SOURCES, as_of=as_of)
