"""The whole data in one file: complete, the same each time, and read again within bounds."""

import csv
import io
import json
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from app.cli import main
from app.exchange import archives
from app.exchange.archives import unpacked
from app.exchange.exporting import export_pack, export_zip, package_files
from app.exchange.packs import UnreadablePack, load_pack
from app.kit.formulas import SIGNS
from app.kit.licences import Reuse
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES, SourceFact
from app.storage.database import Database, Revision
from tests.answering import is_problem
from tests.conftest import Templates
from tests.ledger_rows import company, source, write
from tests.samples import fill
from tests.test_packs import facts, files, write_pack
from tests.test_renaming import rename

SOURCES_TABLE = "id,kind,publisher,title\na,article,A Paper,A title\n"


def described(archive: ZipFile) -> Any:
    """Return the descriptor of an export."""
    return orjson.loads(archive.read("datapackage.json"))


def test_the_zip_has_every_table_and_says_what_is_in_it(client: TestClient) -> None:
    answer = client.get("/export.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    assert "content-encoding" not in answer.headers
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        content = described(archive)
        tables = [f"{resource.many}.csv" for resource in RESOURCES]
        assert archive.namelist() == [*tables, "datapackage.json"]
        for table, resource in zip(content["resources"], RESOURCES, strict=True):
            data = archive.read(table["path"])
            assert table["bytes"] == len(data)
            assert table["hash"] == f"sha256:{sha256(data).hexdigest()}"
            counted = client.get(resource.path, params={"count": "exact", "limit": 1}).json()
            assert table["rows"] == counted["meta"]["total"]
            assert data.decode().splitlines()[0] == ",".join(resource.pack_columns)
    assert content["revision"] == client.get("/").json()["meta"]["revision"]
    listed = client.get("/sources?limit=1000").json()["data"]
    assert [source["id"] for source in content["sources"]] == [row["id"] for row in listed]
    assert [source["licence"] for source in content["sources"]] == [
        row["licence"] for row in listed
    ]
    held = {id_ for licence in content["licenses"] for id_ in licence["sources"]}
    assert held == {row["id"] for row in listed if row["licence"]}


def test_a_revision_is_the_same_bytes_each_time_and_each_way(
    seeded: Database, client: TestClient, tmp_path: Path
) -> None:
    first = client.get("/export.zip?as_of=1")
    assert client.get("/export.zip?as_of=1").content == first.content
    assert "max-age" in first.headers["cache-control"]
    assert client.get("/export.zip").content != first.content
    with seeded.read() as transaction:
        at = transaction.latest
    export_zip(seeded, tmp_path / "new" / "all.zip", at)
    export_pack(seeded, tmp_path / "all", at)
    with ZipFile(tmp_path / "new" / "all.zip") as archive:
        zipped = {name: archive.read(name) for name in archive.namelist()}
    assert zipped == files(tmp_path / "all")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["all.zip"]
    with pytest.raises(FileExistsError, match="is there already"):
        export_zip(seeded, tmp_path / "new" / "all.zip", at)


@pytest.mark.parametrize("licences", ["open", "open,none"])
def test_a_package_of_some_licences_has_what_lists_have(
    seeded: Database, client: TestClient, tmp_path: Path, licences: str
) -> None:
    answer = client.get(f"/export.zip?licence={licences}")
    name = f"ai-race-indicators-revision-2-{'-'.join(sorted(licences.split(',')))}"
    assert f'"{name}.zip"' in answer.headers["content-disposition"]
    with ZipFile(io.BytesIO(answer.content)) as archive:
        content = described(archive)
        for table, resource in zip(content["resources"], RESOURCES, strict=False):
            asked = {} if resource is COUNTRIES else {"licence": licences}
            listed = client.get(resource.path, params={"limit": 1000, **asked}).json()["data"]
            rows = list(csv.DictReader(io.StringIO(archive.read(table["path"]).decode())))
            keys = [row["id"] for row in listed]
            assert table["rows"] == len(rows)
            if resource is SOURCES:  # it has origins of figures too, whatever their licence
                assert [one["id"] for one in content["sources"]] == keys
                assert {row["id"] for row in rows} >= {*keys}
                continue
            assert [row["id"] for row in rows] == keys
            if resource is FUNDING:  # the article, whose licence is not stated, has most of it
                assert bool(rows) is ("none" in licences)
    assert content["name"] == name
    assert content["title"].startswith("Facts with ")
    stated = {source["licence"] for source in content["sources"]}
    assert stated - {None} == {"CC BY 4.0", "MIT"}
    assert (None in stated) is ("none" in licences)
    at = seeded_at(seeded)
    export_pack(seeded, tmp_path / "pack", at, licences=cast("list[Reuse]", licences.split(",")))
    assert (
        files(tmp_path / "pack")["datapackage.json"]
        == orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"
    )


def test_a_package_of_all_licences_is_limited_to_none(client: TestClient) -> None:
    answer = client.get("/export.zip?licence=open,other&licence=none")
    assert answer.content == client.get("/export.zip").content


def test_old_keys_lead_on_in_a_package_of_some_licences_where_their_rows_are_in_it(
    templates: Templates,
) -> None:
    database = Database(templates.seeded())
    with database.write(author="tests", message="renamed") as writing:
        writing.rename(COMPANIES.ledger, "amazon", "amazon-com")  # of a source with an open licence
        writing.rename(COMPANIES.ledger, "openai", "open-ai")
    at = seeded_at(database)
    asked: dict[str, list[Reuse] | None] = {"all": None, "open": ["open"]}
    for name, expected in (("all", ["amazon", "openai"]), ("open", ["amazon"])):
        files_of = package_files(database, at, licences=asked[name])
        found = {path: b"".join(content) for path, content in files_of}
        rows = csv.DictReader(io.StringIO(found["replacements.csv"].decode()))
        assert [row["id"] for row in rows] == expected
    database.close()


def seeded_at(database: Database) -> Revision:
    """Return the newest revision."""
    with database.read() as transaction:
        return transaction.latest


@pytest.mark.parametrize("query", ["as_of=99", "as_of=soon", "limit=1", "licence=opn"])
def test_what_cannot_be_exported_is_a_problem(client: TestClient, query: str) -> None:
    is_problem(client.get(f"/export.zip?{query}"), 400 if "limit" in query else 422)


@pytest.mark.parametrize("made_up", [False, True])
def test_load_then_export_then_load_is_the_identity(
    templates: Templates, tmp_path: Path, *, made_up: bool
) -> None:
    first, second = Database(templates.seeded()), Database(templates.empty())
    if made_up:
        fill(first, 40)
    for database, name in ((first, "first.zip"), (second, "second.zip")):
        if database is second:
            with unpacked(tmp_path / "first.zip") as folder:
                load_pack(second, folder)
        with database.read() as transaction:
            export_zip(database, tmp_path / name, transaction.latest)
    tables = []
    for name in ("first.zip", "second.zip"):
        with ZipFile(tmp_path / name) as archive:
            tables.append(
                {table["path"]: table["hash"] for table in described(archive)["resources"]}
            )
    assert tables[0] == tables[1]
    assert facts(first) == facts(second)
    with unpacked(tmp_path / "second.zip") as folder:
        assert load_pack(first, folder).revision is None
    first.close()
    second.close()


def test_texts_that_look_like_formulas_come_back(templates: Templates, tmp_path: Path) -> None:
    first, second = Database(templates.empty()), Database(templates.empty())
    titles = [
        f"{before}{sign}1" for sign in SIGNS if sign.isprintable() for before in ("", "'", "''")
    ]
    named = {"kind": "article", "publisher": "'"}
    rows = [
        SourceFact.model_validate({"id": f"s{place}", "title": title, **named}).stored()
        for place, title in enumerate([*titles, "'quoted'"])
    ]
    with first.write(author="tests", message="formulas") as writing:
        writing.put(SOURCES.ledger, rows)
        at = writing.revision
    with first.read() as transaction:
        export_pack(first, tmp_path / "pack", transaction.revision(at))
    cells = [line.split(",")[3] for line in (tmp_path / "pack/sources.csv").read_text().split()[1:]]
    assert not any(cell.startswith(tuple(SIGNS)) for cell in cells)
    load_pack(second, tmp_path / "pack")
    assert facts(second) == facts(first)
    first.close()
    second.close()


def test_the_command_writes_and_reads_a_zip(scratch: Path) -> None:
    def airace(*arguments: str) -> str:
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    airace("load", "article-2024-03-31")
    assert airace("export", "all.zip") == "Wrote the facts of revision 1 to all.zip.\n"
    assert "is there already" in airace("load", "all.zip")
    again = CliRunner().invoke(main, ["export", "all.zip"])
    assert (again.exit_code, again.stderr) == (1, "Error: all.zip is there already\n")
    assert [path.name for path in scratch.glob("*.zip")] == ["all.zip"]


# What is refused.


def packed(path: Path, *entries: tuple[str | ZipInfo, bytes]) -> Path:
    """Write a zip of these entries."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def link() -> ZipInfo:
    """Return an entry that is a link."""
    entry = ZipInfo("sources.csv")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([("../sources.csv", b"x")], "file 1 has a path that leads out of it"),
        ([("a/../../sources.csv", b"x")], "leads out"),
        ([("/etc/sources.csv", b"x")], "leads out"),
        ([("a\\..\\sources.csv", b"x")], "leads out"),
        ([("C:sources.csv", b"x")], "leads out"),
        ([(link(), b"/etc/passwd")], "is a link"),
        ([("a", b"x"), ("a/b", b"x")], "cannot be unpacked"),
        ([("x" * 300, b"x")], "cannot be unpacked"),
        ([(f"{n}", b"") for n in range(101)], "more than 100 files"),
        ([("sources.csv", b"0" * 5_000_000)], "compressed to less than one in 200 bytes"),
        ([("sources.csv", b"x")], "there is no datapackage.json in it"),
        ([], "there is no datapackage.json in it"),
        (
            [("a/datapackage.json", b"{}"), ("b/datapackage.json", b"{}")],
            "there is more than one datapackage.json in it",
        ),
    ],
)
def test_a_zip_that_is_no_pack_is_refused_in_a_sentence(
    tmp_path: Path, empty: Database, entries: list[tuple[str | ZipInfo, bytes]], told: str
) -> None:
    pack = packed(tmp_path / "pack.zip", *entries)
    with pytest.raises(UnreadablePack, match=told), unpacked(pack) as folder:
        load_pack(empty, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["pack.zip"]


def test_a_zip_may_hold_a_pack_in_a_folder(tmp_path: Path, empty: Database) -> None:
    sources = b"id,kind,publisher,title,published\nx,report,P,T,2025\n"
    files = [{"name": "sources", "path": "sources.csv"}]
    told = json.dumps({"name": "p", "title": "T", "resources": files}).encode()
    entries = (("a/p/datapackage.json", told), ("a/p/sources.csv", sources))
    with unpacked(packed(tmp_path / "pack.zip", *entries)) as folder:
        assert load_pack(empty, folder).added == 1


@pytest.mark.parametrize("place", ["", "a/p/"])
@pytest.mark.parametrize(
    ("resource", "table", "told"),
    [
        (
            "companies",
            b"id,name,source\nold,Old,s\n",
            "companies: old was replaced by new and does",
        ),
        ("companies", b"id,name,source\nx,X,s\nx,Y,s\n", "companies: x comes more than once"),
        ("company", b"", "company is not a resource here"),
    ],
)
def test_a_zip_that_is_refused_is_named_and_not_where_it_is_unpacked(
    tmp_path: Path, empty: Database, place: str, resource: str, table: bytes, told: str
) -> None:
    write(empty, {SOURCES: [source("s")], COMPANIES: [company("old")]})
    rename(empty, COMPANIES, "old", "new")
    files = [{"name": resource, "path": "table.csv"}]
    descriptor = json.dumps({"name": "p", "title": "T", "resources": files}).encode()
    entries = ((f"{place}datapackage.json", descriptor), (f"{place}table.csv", table))
    pack = packed(tmp_path / "pack.zip", *entries)
    with pytest.raises(UnreadablePack) as refused, unpacked(pack) as folder:
        load_pack(empty, folder)
    assert str(refused.value).startswith(f"{pack}: {told}")


def test_a_zip_is_unpacked_up_to_a_number_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "BYTES_AT_MOST", 1_000)
    pack = packed(tmp_path / "pack.zip", ("a", b"x" * 600), ("b", b"y" * 600))
    with pytest.raises(UnreadablePack, match="more than 1000 bytes"), unpacked(pack):
        pass


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes) -> bytes:
    return data[:60] + bytes([data[60] ^ 0xFF]) + data[61:]


@pytest.mark.parametrize("damage", [_cut, _flip, lambda _data: b"", lambda _data: b"no zip"])
def test_a_damaged_zip_is_refused_in_a_sentence(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    pack = write_pack(tmp_path / "pack", {"sources": SOURCES_TABLE})
    path = packed(tmp_path / "pack.zip", *files(pack).items())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnreadablePack, match=r"cannot be unpacked|not a zip"), unpacked(path):
        pass


def test_a_zip_of_a_folder_by_another_program_loads(tmp_path: Path, empty: Database) -> None:
    pack = write_pack(tmp_path / "pack", {"sources": SOURCES_TABLE})
    path = packed(tmp_path / "pack.zip", *files(pack).items())
    with unpacked(path) as folder:
        assert load_pack(empty, folder).added == 1
