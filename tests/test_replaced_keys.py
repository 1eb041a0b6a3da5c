"""Packs carry which keys were replaced: the old addresses lead on wherever they are loaded."""

from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import frictionless
import orjson
import pytest
from fastapi.testclient import TestClient

from app.analysis.checks import check
from app.exchange.packs import UnreadablePack, load_pack
from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.answering import client_of
from tests.conftest import Templates
from tests.ledger_rows import (
    adoption,
    ai_model,
    company,
    funding_round,
    listed,
    revisions,
    row_of,
    source,
    write,
    write_one_of_each,
)
from tests.test_packs import export, facts, newest, write_pack
from tests.test_renaming import rename

_HEADER = "resource,id,replaced_by\n"


def replaced(database: Database) -> dict[str, dict[str, str]]:
    """Return the keys that were replaced, by resource."""
    with database.read() as transaction:
        at = transaction.latest
        found = {one.many: transaction.replaced(one.ledger, at) for one in RESOURCES}
    return {many: keys for many, keys in found.items() if keys}


def _sound(database: Database) -> bool:
    with database.read() as transaction:
        return list(check(transaction)) == []


def _client(database: Database) -> AbstractContextManager[TestClient]:
    url = database.url.render_as_string(hide_password=False)
    return client_of(create_app(Settings(database_url=url)))


@pytest.fixture
def renamed(empty: Database) -> Database:
    """A row of every resource; some were renamed, one of them twice, and one of them went."""
    write_one_of_each(empty)
    write(empty, {COMPANIES: [company("gone")]})
    rename(empty, COMPANIES, "maker", "better")
    rename(empty, COMPANIES, "better", "best")
    rename(empty, SOURCES, "s", "first")
    rename(empty, COMPANIES, "gone", "went")
    with empty.write(author="tests", message="a test") as writing:
        writing.remove(COMPANIES.ledger, ["went"])
    return empty


@pytest.fixture
def other(templates: Templates) -> Database:
    """Another database, on SQLite, without any fact."""
    return Database(templates.empty())


def test_old_addresses_lead_on_in_a_database_that_never_had_their_rows(
    renamed: Database, other: Database, tmp_path: Path
) -> None:
    first = export(renamed, tmp_path / "first")
    assert first["replacements.csv"].decode() == (
        f"{_HEADER}sources,s,first\ncompanies,better,best\ncompanies,maker,best\n"
    )
    assert load_pack(other, tmp_path / "first").revision == 1
    assert _sound(other)
    with _client(other) as client:
        for old in ("maker", "better"):
            answer = client.get(f"/companies/{old}", follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (308, "/companies/best")
        assert client.get("/sources/s").json()["data"]["id"] == "first"
        assert client.get("/companies/gone").status_code == 404
    second = export(other, tmp_path / "second")
    del first["datapackage.json"], second["datapackage.json"]  # they name different revisions
    assert second == first
    assert load_pack(other, tmp_path / "first").revision is None
    assert load_pack(renamed, tmp_path / "second").revision is None
    other.close()


def test_the_descriptor_names_the_table_where_there_is_one(
    renamed: Database, tmp_path: Path
) -> None:
    before = export(renamed, tmp_path / "before", at=1)
    assert "replacements.csv" not in before
    assert len(orjson.loads(before["datapackage.json"])["resources"]) == len(RESOURCES)
    content = orjson.loads(export(renamed, tmp_path / "now")["datapackage.json"])
    table = content["resources"][-1]
    assert (table["path"], table["rows"]) == ("replacements.csv", 3)
    assert table["schema"]["primaryKey"] == ["resource", "id"]
    report = frictionless.validate(str(tmp_path / "now" / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])


def test_rows_that_are_still_under_the_old_key_move(
    empty: Database, other: Database, tmp_path: Path
) -> None:
    for database in (empty, other):
        write_one_of_each(database)
    write(  # what only this one has names what will be renamed, in columns and in lists
        empty,
        {
            COMPANIES: [company("mine", source="s")],
            AI_MODELS: [ai_model("mine", developers=["payer", "maker", "mine"], source="s")],
            FUNDING: [funding_round("mine", "maker", investors=["payer", "maker"], source="s")],
        },
    )
    for old, new in (("maker", "better"), ("payer", "buyer"), ("better", "best")):
        rename(other, COMPANIES, old, new)
    rename(other, SOURCES, "s", "first")
    export(other, tmp_path / "pack")
    loaded = load_pack(empty, tmp_path / "pack")
    assert loaded.revision == newest(empty)
    assert row_of(empty, COMPANIES, "maker") is row_of(empty, SOURCES, "s") is None
    (deal,) = listed(empty, FUNDING, id="mine")
    assert (deal["company"], deal["investors"]) == ("best", ["buyer", "best"])
    assert (deal["source"], listed(empty, COMPANIES, id="mine")[0]["source"]) == ("first", "first")
    assert listed(empty, AI_MODELS, id="mine")[0]["developers"] == ["buyer", "best", "mine"]
    assert replaced(empty) == replaced(other)
    assert _sound(empty)
    assert load_pack(empty, tmp_path / "pack").revision is None
    with _client(empty) as client:
        changes = client.get(f"/changes?since={loaded.revision - 1}&limit=100").json()["data"]
    moved = {one["id"]: one["replaced_by"] for one in changes if one["action"] == "removed"}
    assert moved == {"maker": "best", "payer": "buyer", "s": "first"}
    other.close()


def test_no_row_comes_to_name_itself_where_it_takes_the_place_of_one_it_named(
    empty: Database, other: Database, tmp_path: Path
) -> None:
    for database in (empty, other):
        write(database, {SOURCES: [source("s"), source("old")], AI_MODELS: [ai_model("root")]})
        write(database, {AI_MODELS: [ai_model("base")]})
    write(  # only here the row that goes on is there already, and names the one that it replaces
        empty,
        {
            SOURCES: [source("new", restates="old")],
            AI_MODELS: [ai_model("tuned", based_on=["root", "base"])],
        },
    )
    rename(other, SOURCES, "old", "new")
    rename(other, AI_MODELS, "base", "tuned")
    with empty.write(author="tests", message="a test") as writing:
        writing.note_replaced({"sources": {"old": "new"}, "ai_models": {"base": "tuned"}})
    assert listed(empty, SOURCES, id="new")[0]["restates"] is None
    assert listed(empty, AI_MODELS, id="tuned")[0]["based_on"] == ["root"]
    export(empty, tmp_path / "pack")
    assert load_pack(other, tmp_path / "pack").revision
    other.close()


def test_what_was_renamed_here_is_renamed_on(empty: Database, tmp_path: Path) -> None:
    write(empty, {SOURCES: [source("a")]})
    rename(empty, SOURCES, "a", "b")
    table = f"{_SOURCE}c,article,A Paper,A title\n"
    pack: dict[str, str | bytes] = {
        "sources": table,
        "replacements": f"{_HEADER}sources,a,c\nsources,b,c\n",
    }
    assert load_pack(empty, write_pack(tmp_path, pack)).revision == 3
    assert replaced(empty) == {"sources": {"a": "c", "b": "c"}}
    assert [item["id"] for item in listed(empty, SOURCES)] == ["c"]
    assert _sound(empty)


def test_where_only_keys_were_replaced_that_is_a_revision(empty: Database, tmp_path: Path) -> None:
    write(empty, {SOURCES: [source("a")]})
    pack = write_pack(tmp_path, {"replacements": f"{_HEADER}sources,old,a\n"})
    assert load_pack(empty, pack).revision == 2
    made = revisions(empty)[-1]
    assert (made["id"], made["added"], made["removed"]) == (2, 0, 0)
    assert load_pack(empty, pack).revision is None


_SOURCE = "id,kind,publisher,title\n"
_ROW = "article,A Paper,A title\n"


@pytest.mark.parametrize(
    ("sources", "rows", "told"),
    [
        ("", "sources,x,nowhere\n", "sources: there is no nowhere to replace another"),
        ("", "sources,x,y\nsources,y,z\n", "sources: there is no z to replace another"),
        (
            "",
            "sources,x,y\nsources,y,z\nsources,z,x\n",
            "sources/x is replaced by others in a circle",
        ),
        (
            f"new,{_ROW}",
            "sources,kept,new\nsources,new,named\n",
            "a key that was replaced still has",
        ),
        ("", "sources,was,named\n", "sources: was was replaced by kept, not by named"),
        (f"was,{_ROW}", "", "sources: was was replaced by kept and does not come back"),
        (f"x,{_ROW}", "sources,x,kept\n", "where a key that was replaced still has a row"),
        (f"x,{_ROW}kept,{_ROW}", "sources,kept,x\n", "where a key that was replaced still has"),
        ("", "sources,x,x\n", "line 2: .*replaced_by is the key itself"),
        (
            "",
            "sorces,x,kept\n",
            "whose keys change .*did you mean sources",
        ),
        ("", "countries,US,GB\n", "resource is not a resource whose keys change"),
        ("", "sources,x y,kept\n", "line 2: id has not the form"),
        ("", "sources,x,\n", "replaced_by is missing"),
        ("", "sources,x\n", "line 2: has 2 cells, not 3"),
        ("", "sources,x,kept\nsources,x,named\n", "sources/x is there twice"),
    ],
)
def test_a_pack_that_contradicts_itself_or_what_is_here_is_refused(
    empty: Database, tmp_path: Path, sources: str, rows: str, told: str
) -> None:
    write(empty, {SOURCES: [source("was"), source("named")]})
    write(empty, {COMPANIES: [company("mine", source="was")]})
    rename(empty, SOURCES, "was", "kept")
    before = facts(empty), replaced(empty)
    tables: dict[str, str | bytes] = {"replacements": _HEADER + rows}
    if sources:
        tables["sources"] = _SOURCE + sources
    pack = write_pack(tmp_path, tables)
    with pytest.raises(UnreadablePack, match=told):
        load_pack(empty, pack)
    assert (facts(empty), replaced(empty)) == before


def test_a_key_that_was_replaced_in_its_turn_leads_to_the_last(
    empty: Database, tmp_path: Path
) -> None:
    write(empty, {SOURCES: [source("kept")]})
    rows = "sources,x,y\nsources,z,x\nsources,y,kept\n"
    pack = write_pack(tmp_path, {"replacements": _HEADER + rows})
    load_pack(empty, pack)
    with _client(empty) as client:
        for old in ("x", "y", "z"):
            answer = client.get(f"/sources/{old}", follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (308, "/sources/kept")
    assert load_pack(empty, pack).revision is None


def test_rows_of_the_pack_that_name_a_replaced_key_are_refused(
    empty: Database, tmp_path: Path
) -> None:
    write(empty, {SOURCES: [source("old")]})
    for number, (text, told) in enumerate(
        (
            ("id,name,source\nc,C,old\n", "companies: c comes more than once, where a key that"),
            ("id,name,source\nc,C,older\n", "names sources that do not exist: c -> older"),
        )
    ):
        tables: dict[str, str | bytes] = {
            "sources": f"{_SOURCE}new,{_ROW}",
            "companies": text,
            "replacements": f"{_HEADER}sources,old,new\nsources,older,new\n",
        }
        with pytest.raises(UnreadablePack, match=told):
            load_pack(empty, write_pack(tmp_path / str(number), tables))
    assert newest(empty) == 1


def _change(database: Database, random: Random, number: int) -> None:
    """Add rows that name what is there, or let one of what is there go on under another key."""
    keys = {one: [item["id"] for item in listed(database, one)] for one in _RENAMED}
    if number % 3:
        resource = random.choice(_RENAMED)
        rename(database, resource, random.choice(keys[resource]), f"r{number}")
        return
    some = {one: random.choice(keys[one]) for one in _RENAMED}
    of = {"source": some[SOURCES]}
    write(
        database,
        {
            SOURCES: [source(f"n{number}")],
            COMPANIES: [company(f"n{number}", **of)],
            AI_MODELS: [
                ai_model(
                    f"n{number}", developers=[some[COMPANIES]], based_on=[some[AI_MODELS]], **of
                )
            ],
            ADOPTION: [adoption(f"n{number}", model=some[AI_MODELS], **of)],
        },
    )


_RENAMED: tuple[Resource, ...] = (SOURCES, COMPANIES, AI_MODELS)


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_that_loads_now_and_then_is_the_same(
    empty: Database, other: Database, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    write_one_of_each(empty)
    for number in range(16):
        _change(empty, random, number)
        if random.random() < 0.2 or number == 15:
            mine = export(empty, tmp_path / f"{number}")
            load_pack(other, tmp_path / f"{number}")
            theirs = export(other, tmp_path / f"{number}-again")
            del mine["datapackage.json"], theirs["datapackage.json"]
            assert theirs == mine
            assert _sound(other)
    other.close()
