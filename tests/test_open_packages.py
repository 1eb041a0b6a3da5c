"""A package of some licences loads anywhere, and has no more of what others state than names."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from app.cli import main
from app.exchange.archives import unpacked
from app.exchange.exporting import export_pack, export_zip
from app.exchange.packs import Loaded, UnreadablePack, load_pack
from app.kit.licences import Reuse
from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database, Revision
from tests.conftest import Templates
from tests.ledger_rows import adoption, ai_model, company, funding_round, source, total, write
from tests.samples import fill
from tests.test_packs import facts, files, write_pack

_OTHER = "CC BY-NC 4.0"
_CSV_NAMED = "resource,id,name,kind,source\n"


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database in which what a source with an open licence states names what another states."""
    opened = Database(templates.empty())
    fill_with_both(opened)
    yield opened
    opened.close()


def fill_with_both(database: Database) -> None:
    firm = {"amount_usd": 5, "qualifier": "exact"}
    write(
        database,
        {
            SOURCES: [
                source("s", licence="CC BY 4.0"),
                source("t", licence=_OTHER),
                *(source(key) for key in ("origin", "deep", "denier", "unnamed")),
                source("restating", licence="MIT", restates="near"),
                source("near", licence=_OTHER, restates="deep"),
            ],
            COMPANIES: [
                company("own", country="US"),
                company("others", source="t", country="CN", aliases=["Secret"], note="Of t"),
                company("investor", source="t", country="GB"),
                company("user", source="t"),
                company("unnamed", source="t"),
            ],
            AI_MODELS: [
                ai_model("one", developers=["own"], released="2023"),
                ai_model("two", developers=["own"], released="2023"),
                ai_model(
                    *["three"],
                    developers=["own", "others"],
                    released="2023",
                    based_on=["base"],
                    disputed_by=["denier"],
                ),
                ai_model("four", developers=["others"], released="2023"),
                ai_model("base", source="t", kind="family", parameters=7, released="2022"),
                ai_model("line", source="t", kind="product"),
                ai_model("unnamed", source="t", developers=["unnamed"]),
            ],
            FUNDING: [
                funding_round("round", "own", investors=["investor"], country="US", **firm),
                total("passed-on", original_source="origin", **firm),
                total("theirs", source="t", **firm),
            ],
            ADOPTION: [
                adoption(
                    "users", value=5, unit="users", qualifier="exact", model="line", company="user"
                )
            ],
        },
    )


def newest(database: Database) -> Revision:
    with database.read() as transaction:
        return transaction.latest


def exported(database: Database, folder: Path, *licences: Reuse) -> Path:
    export_pack(database, folder, newest(database), licences=licences or ("open",))
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    return [*csv.DictReader((folder / f"{name}.csv").read_text().splitlines())]


def read(database: Database, path: str) -> Any:
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


def test_it_has_names_of_what_is_named_and_nothing_else_of_it(
    database: Database, tmp_path: Path
) -> None:
    folder = exported(database, tmp_path / "open")
    assert [tuple(row.values()) for row in table(folder, "named")] == [
        ("companies", "investor", "INVESTOR", "", "s"),
        ("companies", "others", "OTHERS", "", "s"),
        ("companies", "user", "USER", "", "s"),
        ("models", "base", "BASE", "family", "s"),
        ("models", "line", "LINE", "product", "s"),
    ]
    assert [row["id"] for row in table(folder, "companies")] == ["own"]
    kept = ["deep", "denier", "near", "origin", "restating", "s"]
    assert [row["id"] for row in table(folder, "sources")] == kept
    content = orjson.loads((folder / "datapackage.json").read_bytes())
    assert [one["id"] for one in content["sources"]] == ["restating", "s"]
    assert [one["title"] for one in content["licenses"]] == ["CC BY 4.0", "MIT"]
    tables = {one["name"]: one["rows"] for one in content["resources"]}
    assert (tables["named"], tables["sources"]) == (5, len(kept))
    assert "named.csv has the names" in content["description"]
    assert not any(b"Secret" in data or b"Of t" in data for data in files(folder).values())


def test_it_loads_into_an_empty_database_and_says_there_what_it_says_here(
    database: Database, templates: Templates, tmp_path: Path
) -> None:
    second = Database(templates.empty())
    export_zip(database, tmp_path / "open.zip", newest(database), licences=["open"])
    with unpacked(tmp_path / "open.zip") as folder:
        content = orjson.loads((folder / "datapackage.json").read_bytes())
        rows = {one["name"]: one["rows"] for one in content["resources"]}
        assert load_pack(second, folder).added == sum(rows.values()) - rows["countries"]
        assert load_pack(second, folder).revision is None, "again, it changes nothing"
    named = read(second, "/companies?id=others")[0]
    assert {name: named[name] for name in ("name", "country", "source", "note")} == {
        "name": "OTHERS",
        "country": None,
        "source": "s",
        "note": None,
    }
    here, there = (
        read(each, f"/observations?indicator=models-released{licence}")
        for each, licence in ((database, "&licence=open"), (second, ""))
    )
    for rows in (here, there):
        for row in rows:
            del row["revision"]
    assert here == there
    first = files(exported(database, tmp_path / "first"))
    again = files(exported(second, tmp_path / "again"))
    second.close()
    del first["datapackage.json"], again["datapackage.json"]
    assert again == first, "of what is named there no more than a name is known"


def test_what_only_names_takes_nothing_away_from_what_is_described(
    database: Database, empty: Database, tmp_path: Path
) -> None:
    """Who only names a company knows less of it than who describes it."""
    naming = {
        SOURCES: [source("s", licence="CC BY 4.0")],
        COMPANIES: [company("others"), company("own", aliases=["O"])],
        AI_MODELS: [ai_model("five", developers=["others"])],
    }
    write(empty, naming)
    folder = exported(empty, tmp_path / "open")
    assert [row["id"] for row in table(folder, "companies")] == ["own"]
    before = read(database, "/companies?id=others")
    assert load_pack(database, folder).revision == 2
    assert read(database, "/companies?id=others") == before


def test_what_is_known_of_the_named_stays(database: Database, tmp_path: Path) -> None:
    folder = exported(database, tmp_path / "open")
    before = facts(database)
    assert load_pack(database, folder) == Loaded(
        "ai-race-indicators-revision-1-open", None, 0, 0, 0
    )
    assert facts(database) == before


@pytest.mark.parametrize("licences", [("open",), ("other",), ("none",), ("none", "open")])
def test_every_package_of_some_licences_loads(
    templates: Templates, tmp_path: Path, licences: tuple[Reuse, ...]
) -> None:
    first, second = Database(templates.seeded()), Database(templates.empty())
    fill(first, 40)
    load_pack(second, exported(first, tmp_path / "pack", *licences))
    with second.read() as transaction:
        assert transaction.latest.id == 1
    first.close()
    second.close()


def test_it_is_as_of_its_revision(database: Database, templates: Templates, tmp_path: Path) -> None:
    at = newest(database)
    before = exported(database, tmp_path / "before")
    write(database, {COMPANIES: [company("others", name="Renamed", source="s")]})
    write(database, {AI_MODELS: [ai_model("three", developers=["own"])]})
    export_pack(database, tmp_path / "then", at, licences=["open"])
    assert files(tmp_path / "then") == files(before)
    now = table(exported(database, tmp_path / "now"), "named")
    assert [(row["id"], row["source"]) for row in now] == [
        *(("investor", "s"), ("others", "s"), ("user", "s"), ("line", "s"))
    ]
    second = Database(templates.empty())
    load_pack(second, tmp_path / "then")
    second.close()


def test_a_package_of_everything_has_no_names_beside(database: Database, tmp_path: Path) -> None:
    limited = exported(database, tmp_path / "limited", "open", "other", "none")
    export_pack(database, tmp_path / "all", newest(database))
    assert files(limited) == files(tmp_path / "all")
    assert not (limited / "named.csv").exists()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("companies,x,X,model,a", "kind belongs to AI models, and to each of them"),
        ("models,x,X,,a", "kind belongs to AI models, and to each of them"),
        ("funding,x,X,,a", "named.csv: line 2: resource"),
        ("companies,x,,,a", "named.csv: line 2: name"),
        ("companies,x,X,,b", "names sources that do not exist"),
        ("companies,x,X,,a\ncompanies,x,Y,,a", "x"),
    ],
)
def test_names_that_cannot_be_are_refused(
    empty: Database, tmp_path: Path, row: str, told: str
) -> None:
    sources = "id,kind,publisher,title\na,article,A Paper,A title\n"
    tables = {"sources": sources, "named": f"{_CSV_NAMED}{row}\n"}
    with pytest.raises(UnreadablePack, match=told):
        load_pack(empty, write_pack(tmp_path / "pack", {**tables}))
    tables["named"] = f"{_CSV_NAMED}companies,x,X,,a\n"
    assert load_pack(empty, write_pack(tmp_path / "pack", {**tables})).added == 2


def test_the_command_and_the_address_give_what_loads(scratch: Path) -> None:
    opened = Database(f"sqlite:///{scratch / 'airace.db'}")

    def airace(*arguments: str, url: str) -> str:
        done = CliRunner().invoke(main, arguments, env={"AIRACE_DATABASE_URL": url})
        assert done.exit_code == 0, done.output
        return done.output

    first, second = (f"sqlite:///{scratch / name}" for name in ("airace.db", "second.db"))
    airace("migrate", url=first)
    fill_with_both(opened)
    airace("export", "--licence", "open", "open.zip", url=first)
    app = create_app(Settings(database_url=first))
    with TestClient(app) as client:
        answer = client.get("/export.zip?licence=open")
    with ZipFile(io.BytesIO(answer.content)) as one, ZipFile(scratch / "open.zip") as other:
        assert {name: one.read(name) for name in one.namelist()} == {
            name: other.read(name) for name in other.namelist()
        }
    assert "Loaded" in airace("load", "open.zip", url=second)
    assert "Sound" in airace("check", url=second)
    opened.close()
