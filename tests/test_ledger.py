"""The ledger keeps every version of every row, and the database lets nobody go round it."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import IntegrityError

import app.storage.database
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.records import LEDGER
from app.storage.refusals import DanglingReference, LedgerRefusal, RepeatedKey
from tests.conftest import Templates
from tests.ledger_rows import (
    adoption,
    ai_model,
    company,
    funding_round,
    history,
    latest,
    lifetimes,
    listed,
    revisions,
    row_of,
    source,
    statistic,
    total,
    write,
    write_one_of_each,
)

each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda r: r.many)


def _like_the_example(database: Database, resource: Resource, **changes: Any) -> StoredRow:
    row = row_of(database, resource, resource.example)
    assert row
    return {**row, **changes}


def _free_text(resource: Resource) -> str:
    return "note" if "note" in resource.pack_columns else "name"


# What a write does


@each_resource
def test_each_write_is_a_version(seeded: Database, resource: Resource) -> None:
    before, name = latest(seeded), _free_text(resource)
    new = _like_the_example(seeded, resource, id="new")

    assert (write(seeded, {resource: [new]}).added, latest(seeded)) == (1, before + 1)
    assert write(seeded, {resource: [{**new, name: "Changed"}]}).changed == 1
    assert write(seeded, remove={resource: ["new"]}).removed == 1
    assert row_of(seeded, resource, "new") is None
    assert write(seeded, {resource: [new]}).added == 1

    first, second, third, fourth = range(before + 1, before + 5)
    versions = lifetimes(seeded, resource, "new")
    assert versions == [(first, second), (second, third), (fourth, None)]
    texts = [version[name] for version in history(seeded, resource, "new")]
    assert texts == [new[name], "Changed", new[name]]
    told = [(r["id"], r["added"], r["changed"], r["removed"]) for r in revisions(seeded)[first:]]
    assert told == [(first, 1, 0, 0), (second, 0, 1, 0), (third, 0, 0, 1), (fourth, 1, 0, 0)]


@each_resource
def test_rows_that_are_there_as_they_are_make_no_revision(
    seeded: Database, resource: Resource
) -> None:
    before = revisions(seeded)
    keys = [item["id"] for item in listed(seeded, resource)]
    rows = [row for key in keys if (row := row_of(seeded, resource, key))]
    writing = write(seeded, {resource: rows})
    assert (writing.added, writing.changed, writing.removed) == (0, 0, 0)
    assert revisions(seeded) == before


def test_rows_of_a_source_are_read_as_they_are_by_now(empty: Database) -> None:
    own = [company("a", source="s"), company("b", source="t"), company("c", source="s")]
    with empty.write(author="tests", message="a test") as writing:
        writing.put(SOURCES.ledger, [source("s"), source("t")])
        writing.put(COMPANIES.ledger, own)
        found = {of: list(writing.rows(COMPANIES.ledger, ("id",), source=of)) for of in ("s", "u")}
        assert found == {"s": [{"id": "a"}, {"id": "c"}], "u": []}
        assert len(list(writing.rows(COMPANIES.ledger, ("id",)))) == 3


def test_an_empty_write_makes_no_revision(empty: Database) -> None:
    write(empty)
    assert latest(empty) == 0


def test_a_revision_tells_who_why_and_from_what(empty: Database) -> None:
    start = datetime.now(UTC)
    with empty.write(author="Ann", message="Because", origin="a-pack") as writing:
        assert not writing.knows_origin("a-pack")
        writing.put(SOURCES.ledger, [source("s"), source("t")])
    made = revisions(empty)[-1]
    assert start <= datetime.fromisoformat(made.pop("recorded_at")) <= datetime.now(UTC)
    assert made == {
        "id": 1,
        "author": "Ann",
        "message": "Because",
        "origin": "a-pack",
        "added": 2,
        "changed": 0,
        "removed": 0,
    }
    with empty.write(author="Ann", message="Because") as writing:
        assert writing.knows_origin("a-pack")
        assert not writing.knows_origin("another")


def test_counts_are_of_the_rows_that_differ(empty: Database) -> None:
    write(empty, {SOURCES: [source(key) for key in "abcd"]})
    rows = [source("a"), source("b", title="New"), source("c", title="New"), source("e")]
    writing = write(empty, {SOURCES: rows}, remove={SOURCES: ["d"]})
    assert (writing.added, writing.changed, writing.removed) == (1, 2, 1)
    assert [item["id"] for item in listed(empty, SOURCES)] == ["a", "b", "c", "e"]
    assert [item["revision"] for item in listed(empty, SOURCES)] == [1, 2, 2, 2]


def test_nothing_is_written_when_the_block_raises(empty: Database) -> None:
    class Stop(Exception):
        pass

    def stop_half_way() -> None:
        with empty.write(author="tester", message="a test") as writing:
            writing.put(SOURCES.ledger, [source("s")])
            raise Stop

    with pytest.raises(Stop):
        stop_half_way()
    assert listed(empty, SOURCES) == []
    assert write(empty, {SOURCES: [source("s")]}).revision == 1


def test_revisions_are_gapless_whatever_fails_between(empty: Database) -> None:
    write(empty, {SOURCES: [source("s")]})
    for _ in range(3):
        with pytest.raises(DanglingReference):
            write(empty, {COMPANIES: [company("c", source="nobody")]})
        write(empty, {SOURCES: [source("s")]})  # a no-op
        write(empty, {COMPANIES: [company(f"c{latest(empty)}")]})
    assert [revision["id"] for revision in revisions(empty)] == [0, 1, 2, 3, 4]


def test_time_never_goes_back_when_the_clock_does(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowClock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime(2001, 1, 1, tzinfo=tz)

    write(empty, {SOURCES: [source("s")]})
    monkeypatch.setattr(app.storage.database, "datetime", SlowClock)
    write(empty, {SOURCES: [source("t")]})
    instants = [revision["recorded_at"] for revision in revisions(empty)]
    assert instants == sorted(instants)


# Keys


def test_a_key_twice_in_one_batch_is_refused(empty: Database) -> None:
    with pytest.raises(RepeatedKey, match=r"sources: s comes more than once"):
        write(empty, {SOURCES: [source("s"), source("t"), source("s", title="Other")]})
    assert latest(empty) == 0


@pytest.mark.parametrize("there_already", [False, True])
@pytest.mark.parametrize("title", ["T", "Other"])
def test_a_key_twice_far_apart_is_refused(
    empty: Database, title: str, *, there_already: bool
) -> None:
    if there_already:
        write(empty, {SOURCES: [source("s")]})
    before = latest(empty)
    others = [source(f"s{number}") for number in range(1_500)]
    with pytest.raises(RepeatedKey, match=r"sources: s comes more than once"):
        write(empty, {SOURCES: [source("s"), *others, source("s", title=title)]})
    assert latest(empty) == before


def test_many_batches_are_one_revision(empty: Database) -> None:
    rows = [source(f"s{number:04}") for number in range(2_500)]
    assert write(empty, {SOURCES: iter(rows)}).added == 2_500
    keys = [row["id"] for row in rows]
    assert write(empty, remove={SOURCES: keys}).removed == 2_500
    assert [r["id"] for r in revisions(empty)] == [0, 1, 2]


def test_removing_what_is_not_there_is_refused_by_name(empty: Database) -> None:
    write(empty, {SOURCES: [source("s")]})
    with pytest.raises(LedgerRefusal, match=r"sources: there is no gone, lost to remove"):
        write(empty, remove={SOURCES: ["s", "lost", "gone"]})
    assert [item["id"] for item in listed(empty, SOURCES)] == ["s"]


@pytest.mark.parametrize("distance", [0, 1_500])
def test_removing_a_key_twice_is_refused(empty: Database, distance: int) -> None:
    others = [f"s{number}" for number in range(distance)]
    write(empty, {SOURCES: [source(key) for key in ["s", *others]]})
    with pytest.raises(LedgerRefusal, match=r"sources: .*\bs\b"):
        write(empty, remove={SOURCES: ["s", *others, "s"]})
    assert latest(empty) == 1


def test_a_key_can_not_be_put_and_removed_in_one_revision(empty: Database) -> None:
    with pytest.raises(LedgerRefusal, match=r"sources: .*\bs\b"):
        write(empty, {SOURCES: [source("s")]}, remove={SOURCES: ["s"]})
    assert latest(empty) == 0


# References


@pytest.fixture(scope="module")
def filled(templates: Templates) -> Iterator[Database]:
    """A few rows of every resource, for tests in which all that is written is refused."""
    database = Database(templates.empty())
    write_one_of_each(database)
    yield database
    assert latest(database) == 1
    database.close()


@pytest.mark.parametrize(
    ("resource", "row", "told"),
    [
        (SOURCES, source("t", restates="nobody"), "t -> nobody"),
        (COMPANIES, company("c", source="nobody"), "c -> nobody"),
        (AI_MODELS, ai_model("m", developers=["maker", "nobody"]), "m -> nobody"),
        (AI_MODELS, ai_model("m", based_on=["nobody"]), "m -> nobody"),
        (AI_MODELS, ai_model("m", disputed_by=["nobody"]), "m -> nobody"),
        (FUNDING, funding_round("f", "nobody"), "f -> nobody"),
        (FUNDING, funding_round("f", "maker", investors=["nobody"]), "f -> nobody"),
        (ADOPTION, adoption("a", model="nobody"), "a -> nobody"),
        (ADOPTION, {**adoption("a"), "country": "XX"}, "a -> XX"),
    ],
)
def test_a_dangling_reference_is_named_with_its_row(
    filled: Database, resource: Resource, row: StoredRow, told: str
) -> None:
    with pytest.raises(DanglingReference, match=told):
        write(filled, {resource: [row]})


@pytest.mark.parametrize(
    ("resource", "key", "told"),
    [
        (COUNTRIES, "CN", "payer -> CN"),
        (SOURCES, "restated", "tuned -> restated"),
        (COMPANIES, "maker", "base -> maker"),
        (COMPANIES, "payer", "-> payer"),
        (AI_MODELS, "base", "-> base"),
    ],
)
def test_what_is_referred_to_cannot_be_removed(
    filled: Database, resource: Resource, key: str, told: str
) -> None:
    with pytest.raises(DanglingReference, match=told):
        write(filled, remove={resource: [key]})


def test_what_refers_and_what_it_refers_to_can_go_together(empty: Database) -> None:
    write_one_of_each(empty)
    gone = {SOURCES: ["restated"], AI_MODELS: ["base", "tuned"], ADOPTION: ["use"]}
    assert write(empty, remove=gone).removed == 4


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_rows_of_one_batch_may_refer_to_each_other_in_any_order(
    empty: Database, order: tuple[int, ...]
) -> None:
    write(empty, {SOURCES: [source("s")]})
    chain = [ai_model("a"), ai_model("b", based_on=["a"]), ai_model("c", based_on=["b", "a"])]
    write(empty, {AI_MODELS: [chain[place] for place in order]})
    shown = {item["id"]: item["based_on"] for item in listed(empty, AI_MODELS)}
    assert shown == {"a": [], "b": ["a"], "c": ["b", "a"]}
    keys = [["a", "b", "c"][place] for place in order]
    assert write(empty, remove={AI_MODELS: keys}).removed == 3


# Members of lists


def _member_rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    with database.read() as transaction:
        found = transaction.connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2, 3"))
        return [tuple(row) for row in found]


def test_members_follow_their_row_into_its_history(empty: Database) -> None:
    write(empty, {SOURCES: [source("s")], COMPANIES: [company(key) for key in "abc"]})
    write(empty, {FUNDING: [funding_round("f", "a", investors=["c", "b"])]})
    write(empty, {FUNDING: [funding_round("f", "a", investors=["b"])]})
    write(empty, {FUNDING: [funding_round("f", "a", investors=["b"], note="New")]})
    write(empty, {FUNDING: [funding_round("f", "a", investors=[])]})

    assert _member_rows(empty, "funding_investors") == []
    old = [("f", 2, 0, "c"), ("f", 2, 1, "b"), ("f", 3, 0, "b"), ("f", 4, 0, "b")]
    assert _member_rows(empty, "funding_investors_history") == old
    versions = [item["investors"] for item in history(empty, FUNDING, "f")]
    assert versions == [["c", "b"], ["b"], ["b"], []]

    def found(investor: str) -> list[bool]:
        return [bool(listed(empty, FUNDING, investor=investor, as_of=at)) for at in range(1, 6)]

    assert found("c") == [False, True, False, False, False]
    assert found("b") == [False, True, True, True, False]


# What the database refuses


@pytest.fixture
def kept(empty: Database) -> Database:
    """A database where every resource has current, superseded and removed rows."""
    write_one_of_each(empty)
    for resource in RESOURCES:
        name = _free_text(resource)
        changed = {row["id"]: row for row in _all_rows(empty, resource)}
        key = min(changed) if resource is COUNTRIES else max(changed)
        write(empty, {resource: [{**changed[key], name: "Changed"}]})
        extra = {**changed[key], "id": "extra"}
        write(empty, {resource: [extra]})
        write(empty, remove={resource: ["extra"]})
    write(empty, {AI_MODELS: [ai_model("base", developers=["maker"], disputed_by=["s"])]})
    write(empty, {FUNDING: [funding_round("deal", "maker", investors=["maker"])]})
    return empty


def _all_rows(database: Database, resource: Resource) -> list[StoredRow]:
    keys = [item["id"] for item in listed(database, resource)]
    return [row for key in keys if (row := row_of(database, resource, key))]


def _everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = ["revisions"]
    for table in LEDGER.values():
        tables += [table.current.name, table.history.name]
        for members in table.members.values():
            tables += [members.current.name, members.history.name]
    return {name: _member_rows(database, name) for name in tables}


def _names(table: str) -> list[str]:
    """Return the columns of a table, in the order in which `_columns` gives their values."""
    every = [*LEDGER[table.removesuffix("_history")].current.c.keys()]
    return [*every, "until"] if table.endswith("_history") else every


def _columns(table: str, **replaced: str) -> str:
    return ", ".join(replaced.get(name, name) for name in _names(table))


def _into(table: str) -> str:
    return f"INTO {table} ({', '.join(_names(table))})"


_COPY = "'copy'"
_NEXT = "(SELECT max(id) + 1 FROM revisions)"


def _forbidden() -> Iterator[tuple[str, str]]:
    """Yield (backend, statement) for all that would change what is recorded of rows."""
    yield from [
        ("both", "UPDATE revisions SET message = 'rewritten'"),
        ("both", "UPDATE revisions SET id = id + 1"),
        ("both", "DELETE FROM revisions"),
        ("both", f"INSERT INTO revisions SELECT {_NEXT} + 1, 'z', 'a', 'm', null, 0, 0, 0"),
        ("both", "INSERT INTO revisions SELECT -1, 'z', 'a', 'm', null, 0, 0, 0"),
        ("sqlite", "INSERT OR REPLACE INTO revisions SELECT 1, 'z', 'a', 'm', null, 0, 0, 0"),
        ("sqlite", "UPDATE OR REPLACE revisions SET id = 1 WHERE id = 2"),
        ("postgresql", "TRUNCATE revisions CASCADE"),
    ]
    for name, ledger in LEDGER.items():
        past = f"{name}_history"
        copy = _columns(name, id=_COPY, revision="1")
        old_end = _columns(past, id=_COPY, revision="0", until="1")
        replaced, extended = _columns(name, revision=_NEXT), _columns(past, until=_NEXT)
        yield from [
            ("both", f"UPDATE {past} SET until = until + 1"),
            ("both", f"DELETE FROM {past}"),
            ("both", f"INSERT {_into(past)} SELECT {old_end} FROM {past} LIMIT 1"),
            ("both", f"UPDATE {name} SET id = id || 'x'"),
            ("both", f"UPDATE {name} SET id = id"),
            ("both", f"UPDATE {name} SET revision = {_NEXT}"),
            ("both", f"DELETE FROM {name}"),
            ("both", f"INSERT {_into(name)} SELECT {copy} FROM {name} LIMIT 1"),
            (
                "sqlite",
                f"INSERT OR REPLACE {_into(name)} SELECT {replaced} FROM {name}",
            ),
            ("sqlite", f"UPDATE OR REPLACE {name} SET id = (SELECT min(id) FROM {name})"),
            (
                "sqlite",
                f"INSERT OR REPLACE {_into(past)} SELECT {extended} FROM {past}",
            ),
            ("postgresql", f"TRUNCATE {name} CASCADE"),
            ("postgresql", f"TRUNCATE {past}"),
        ]
        for members in ledger.members.values():
            then = members.history.name
            yield "both", f"UPDATE {then} SET member = 'x'"
            yield "both", f"DELETE FROM {then}"
            same_place = f"SELECT id, revision, position, 'x' FROM {then}"
            yield "sqlite", f"INSERT OR REPLACE INTO {then} {same_place}"
            yield "postgresql", f"TRUNCATE {then}"


def _forbidden_for_members() -> Iterator[tuple[str, str]]:
    """Yield (backend, statement) for what would make the members of a list differ from it."""
    for ledger in LEDGER.values():
        for members in ledger.members.values():
            now, then = members.current.name, members.history.name
            yield "both", f"INSERT INTO {then} SELECT id, revision, 99, 'x' FROM {then} LIMIT 1"
            yield "both", f"UPDATE {now} SET position = position + 10"
            yield "both", f"DELETE FROM {now}"
            yield "both", f"INSERT INTO {now} SELECT id, revision, 99, 's' FROM {now} LIMIT 1"
            yield "postgresql", f"TRUNCATE {now}"


def _refused(database: Database, statement: str) -> bool:
    """Return whether the database refuses a statement, at once or when it is to be committed."""
    try:
        with database._writer.begin() as connection:
            connection.execute(text(statement))
    except IntegrityError:
        return True
    return False


def _not_refused(database: Database, statements: Iterator[tuple[str, str]]) -> list[str]:
    """Return the statements that the database let pass, or that changed anything."""
    backends = ("both", database.url.get_backend_name())
    before = _everything(database)
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    passed = [sql for on, sql in statements if on in backends and not _refused(database, sql)]
    if not passed:
        assert _everything(database) == before
    return passed


def test_history_is_append_only_for_raw_sql(kept: Database) -> None:
    assert _not_refused(kept, _forbidden()) == []


def test_members_are_append_only_for_raw_sql(kept: Database) -> None:
    assert _not_refused(kept, _forbidden_for_members()) == []


def test_rows_need_a_revision_that_is_recorded_with_them(kept: Database) -> None:
    before = _everything(kept)
    for name in LEDGER:
        copy = f"SELECT {_columns(name, id=_COPY, revision=_NEXT)} FROM {name} LIMIT 1"
        assert _refused(kept, f"INSERT {_into(name)} {copy}")
        past = f"{name}_history"
        ended = f"SELECT {_columns(past, until=_NEXT)} FROM {name} LIMIT 1"
        assert _refused(kept, f"INSERT {_into(past)} {ended}")
    assert _everything(kept) == before


# What the database refuses: rows that no fact could be

_WRONG_ROWS: dict[str, list[tuple[Resource, StoredRow]]] = {
    "ck_countries_kind": [(COUNTRIES, {"kind": "planet"})],
    "ck_sources_kind": [(SOURCES, {"kind": "rumour"})],
    "ck_sources_restates_another": [(SOURCES, {"restates": "s"})],
    "ck_ai_models_kind": [(AI_MODELS, {"kind": "robot"})],
    "ck_ai_models_openness": [(AI_MODELS, {"openness": "ajar"})],
    "ck_ai_models_parameters": [(AI_MODELS, {"parameters": -1})],
    "ck_ai_models_training_compute_flop": [
        (AI_MODELS, {"training_compute_flop": value}) for value in (-1.0, 1e300, math.inf)
    ],
    "ck_funding_total_or_round": [
        (FUNDING, {"kind": "sum"}),
        (FUNDING, {"company": "maker"}),
        (FUNDING, {"country": None}),
        (FUNDING, {"scope": None}),
        (FUNDING, {"kind": "round", "scope": None}),
        (FUNDING, {"kind": "round", "company": "maker", "scope": "ai"}),
        (
            FUNDING,
            {"kind": "round", "company": "maker", "scope": None, "deals": 1}
            | {"deals_qualifier": "exact"},
        ),
    ],
    "ck_funding_amount_usd": [(FUNDING, {"amount_usd": -1, "qualifier": "exact"})],
    "ck_funding_deals": [(FUNDING, {"deals": -1, "deals_qualifier": "exact"})],
    "ck_funding_amount": [(FUNDING, {"amount": -1, "currency": "USD"})],
    "ck_funding_amount_has_currency": [(FUNDING, {"amount": 1}), (FUNDING, {"currency": "USD"})],
    "ck_funding_amount_is_qualified": [
        (FUNDING, {"amount_usd": 1}),
        (FUNDING, {"qualifier": "exact"}),
    ],
    "ck_funding_deals_are_qualified": [
        (FUNDING, {"deals": 1}),
        (FUNDING, {"deals_qualifier": "exact"}),
    ],
    "ck_funding_qualifier": [(FUNDING, {"amount_usd": 1, "qualifier": "perhaps"})],
    "ck_funding_deals_qualifier": [(FUNDING, {"deals": 1, "deals_qualifier": "perhaps"})],
    "ck_funding_period": [(FUNDING, {"period_first_day": "2024-01-01"})],
    "ck_adoption_is_about": [(ADOPTION, {"country": None})],
    "ck_adoption_value": [
        (ADOPTION, {"value": value, "unit": "users"}) for value in (-1.0, 1e300, math.inf)
    ],
    "ck_adoption_value_has_unit": [(ADOPTION, {"value": 1.0}), (ADOPTION, {"unit": "users"})],
    "ck_adoption_qualifier": [(ADOPTION, {"qualifier": "perhaps"})],
    "ck_adoption_period": [(ADOPTION, {"period_last_day": "2024-01-01"})],
    "ck_statistics_value": [(STATISTICS, {"value": value}) for value in (-1.0, 1e300, math.inf)],
    "ck_statistics_qualifier": [(STATISTICS, {"qualifier": "perhaps"})],
    "ck_statistics_period": [(STATISTICS, {"period_last_day": "2022-01-01"})],
}


def test_every_check_of_the_records_is_tried() -> None:
    declared = {
        str(constraint.name)
        for table in LEDGER.values()
        for constraint in table.current.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert declared == _WRONG_ROWS.keys()


@pytest.mark.parametrize("name", _WRONG_ROWS)
def test_the_database_refuses_wrong_rows_by_itself(filled: Database, name: str) -> None:
    right = {
        COUNTRIES: row_of(filled, COUNTRIES, "US"),
        SOURCES: source("s"),
        AI_MODELS: ai_model("base"),
        FUNDING: total("us"),
        ADOPTION: adoption("use"),
        STATISTICS: statistic("patents"),
    }
    for resource, wrong in _WRONG_ROWS[name]:
        with pytest.raises(IntegrityError, match=name):
            write(filled, {resource: [{**(right[resource] or {}), **wrong}]})


def test_the_database_refuses_infinity_and_what_is_not_a_number(filled: Database) -> None:
    row = {**adoption("use"), "value": math.nan, "unit": "users"}
    with pytest.raises(IntegrityError):
        write(filled, {ADOPTION: [row]})
