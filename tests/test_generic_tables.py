"""Tables that have our own column names, as packs, exports and our own lists have them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.exchange.mapping import UnusableMapping
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed, row_of, source, write
from tests.test_imports_beside import let_fork
from tests.test_mappings import airace
from tests.test_public_tables import opened
from tests.test_renaming import rename

ROUND: dict[str, Any] = {
    "id": "a",
    "kind": "round",
    "company": "Firm",
    "investors": ["A; B", "C"],
    "period": "2023",
    "source": "s",
}


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries and a source, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    write(opened, {SOURCES: [source("s")]})
    yield opened
    opened.close()


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


# Texts and lists as they were


def test_an_apostrophe_is_taken_away_only_where_our_exports_put_one(
    database: Database, tmp_path: Path
) -> None:
    rows = [{"id": "a", "name": "'=cmd", "source": "s"}, {"id": "b", "name": "=cmd", "source": "s"}]
    load(database, lines(tmp_path / "a.ndjson", *rows), "generic", resource="companies")
    table = tmp_path / "a.csv"
    table.write_text("id,name,source\nc,'=cmd,s\nd,''=cmd,s\n", encoding="utf-8")
    load(database, table, "generic", resource="companies")
    found = {key: row["name"] for key in "abcd" if (row := row_of(database, COMPANIES, key))}
    assert found == {"a": "'=cmd", "b": "=cmd", "c": "=cmd", "d": "'=cmd"}


def test_members_of_a_json_list_stay_as_they_are(database: Database, tmp_path: Path) -> None:
    other = {**ROUND, "id": "b", "investors": ["A", "B", "C"]}
    table = lines(tmp_path / "a.ndjson", ROUND, other)
    assert load(database, table, "generic", resource="funding", source="s").rejected == 0
    found = [row_of(database, FUNDING, key) for key in "ab"]
    assert [row and row["investors"] for row in found] == [["a-b", "c"], ["a", "b", "c"]]
    made = row_of(database, COMPANIES, "a-b")
    assert made
    assert made["name"] == "A; B"


def test_a_member_that_no_list_may_have_is_refused_and_not_cut(
    database: Database, tmp_path: Path
) -> None:
    rows = [
        {"id": "a", "name": "A", "aliases": ["x", "y"], "source": "s"},
        {"id": "b", "name": "B", "aliases": ["x;y"], "source": "s"},
        {"id": "c", "name": "C", "aliases": ["z"], "source": "s"},
    ]
    table = lines(tmp_path / "a.ndjson", *rows)
    report = load(database, table, "generic", resource="companies")
    assert [(one.line, one.column, one.found) for one in report.rejects] == [(2, "aliases", "x;y")]
    assert "separates the members" in report.rejects[0].expected
    found = [row_of(database, COMPANIES, key) for key in "ac"]
    assert [row and row["aliases"] for row in found] == [["x", "y"], ["z"]]


# Tables as our own lists serve them


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "xlsx"])
def test_what_our_own_lists_serve_can_be_loaded_and_is_there_already(
    sqlite_templates: Templates, tmp_path: Path, suffix: str
) -> None:
    with opened(sqlite_templates.seeded()) as (client, database):
        for resource in RESOURCES:
            path = tmp_path / f"{resource.many}.{suffix}"
            path.write_bytes(client.get(f"{resource.path}.{suffix}").content)
            assert listed(database, resource), f"no pack of seed/ has rows of {resource.many}"
            report = load(database, path, "generic", resource=resource.many)
            worked_out = [name for name in resource.columns if name not in resource.pack_columns]
            assert report.unused_columns == worked_out
            assert (report.rejected, report.added, report.changed) == (0, 0, 0), resource.many
            assert report.facts == report.rows > 0 or resource is COMPANIES


WHOLE: dict[str, Any] = {
    **ROUND,
    "investors": ["A", "C"],
    "amount_usd": 5,
    "qualifier": "exact",
    "amount": 0,
    "currency": "EUR",
    "note": "N",
}


@pytest.mark.parametrize("beside", [False, True])
def test_columns_that_a_table_does_not_have_stay_as_they_are(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    if beside:
        let_fork(monkeypatch)
    table = tmp_path / "a.csv"
    rows = [WHOLE, {**WHOLE, "id": "b"}]
    load(database, lines(tmp_path / "a.ndjson", *rows), "generic", resource="funding", source="s")
    rename(database, FUNDING, "b", "renamed")
    before = row_of(database, FUNDING, "a") or {}
    part = "id,kind,company,period,qualifier,amount_usd,note,source\n"
    table.write_text(f"{part}a,round,firm,2023,exact,5,N,s\nb,round,firm,2023,exact,5,N,s\n")
    report = load(database, table, "generic", resource="funding")
    assert (report.revision, report.facts) == (None, 2)
    assert {"investors", "amount", "currency"} <= set(report.kept_columns)
    table.write_text(f"{part}a,round,firm,2023,about,6,,s\nc,round,firm,2023,exact,7,,s\n")
    assert load(database, table, "generic", resource="funding").rejected == 0
    changed = {"amount_usd": 6, "qualifier": "about", "note": None}
    now = row_of(database, FUNDING, "a") or {}
    assert now == {**before, **changed}, "an empty cell is none"
    new = row_of(database, FUNDING, "c") or {}
    assert (new["investors"], new["amount"]) == ([], None)


def test_what_stays_and_what_a_row_says_have_to_fit(database: Database, tmp_path: Path) -> None:
    table = lines(tmp_path / "a.ndjson", WHOLE)
    load(database, table, "generic", resource="funding", source="s")
    before = row_of(database, FUNDING, "a")
    table = tmp_path / "a.csv"
    table.write_text("id,kind,period,amount,source\na,round,2023,,s\n")
    report = load(database, table, "generic", resource="funding")
    assert [one.expected for one in report.rejects] == [
        "breaks a rule: amount and currency come together"
    ]
    assert row_of(database, FUNDING, "a") == before


def test_what_an_ai_model_is_based_on_stays(database: Database, tmp_path: Path) -> None:
    rows = [
        {"id": "one", "name": "One", "kind": "model", "developers": ["Firm"], "based_on": []},
        {"id": "two", "name": "Two", "kind": "model", "developers": [], "based_on": ["One"]},
    ]
    load(database, lines(tmp_path / "a.ndjson", *rows), "generic", source="s", resource="models")
    table = tmp_path / "a.csv"
    table.write_text("id,name,kind,source\ntwo,Zwei,model,s\none,One,model,s\n")
    report = load(database, table, "generic", resource="models", source="s", missing="remove")
    assert (report.rejects, report.changed, report.added, report.removed) == ([], 1, 0, 0)
    found = [row_of(database, AI_MODELS, key) or {} for key in ("one", "two")]
    assert [row["name"] for row in found] == ["One", "Zwei"]
    assert [(row["developers"], row["based_on"]) for row in found] == [
        (["firm"], []),
        ([], ["one"]),
    ]


def test_the_command_says_which_columns_stay(scratch: Path) -> None:
    header = "id,kind,publisher,title"
    (scratch / "a.csv").write_text(f"{header},licence\nr,report,P,T,MIT\n", encoding="utf-8")
    first = airace("load", "a.csv", "--as", "generic", "--resource", "sources")
    (scratch / "a.csv").write_text(f"{header}\nr,report,P,U\n", encoding="utf-8")
    second = airace("load", "a.csv", "--as", "generic", "--resource", "sources")
    told = "Columns that it does not have, kept in rows that are here already: published, url, lic"
    assert (told in first.stdout, told in second.stdout) == (False, True)


def test_a_column_that_a_resource_has_not_is_named_with_the_nearest_that_it_has(
    database: Database, tmp_path: Path
) -> None:
    table = tmp_path / "a.csv"
    table.write_text("id,kind,perod,licence,zzz,,recorded_at\n", encoding="utf-8")
    with pytest.raises(UnusableMapping) as caught:
        load(database, table, "generic", resource="funding", source="s")
    assert str(caught.value).splitlines() == [
        "generic: funding has no column perod; did you mean period?",
        "generic: funding has no column zzz",
        "generic: funding has no column without a name",
        "generic: funding needs the column period",
        f"generic: its columns are {', '.join(FUNDING.pack_columns)}",
    ]
    with pytest.raises(UnusableMapping, match=r"^generic: fundings is not .* mean funding\?$"):
        load(database, table, "generic", resource="fundings")


def test_the_command_says_what_it_leaves_aside_and_names_no_source_where_rows_do(
    scratch: Path,
) -> None:
    (scratch / "sources.csv").write_text(
        "id,kind,publisher,title,revision\nr,report,P,T,7\nq,report,P,T,7\n", encoding="utf-8"
    )
    first = airace("load", "sources.csv", "--as", "generic", "--resource", "sources")
    assert "Loaded as revision 1: 2 rows added, 0 changed.\n" in first.stdout
    assert "Columns left aside, as they are worked out here: revision.\n" in first.stdout
    assert "nothing reads" not in first.stdout
    (scratch / "companies.csv").write_text("id,name,source\na,A,r\nb,B,q\n", encoding="utf-8")
    second = airace("load", "companies.csv", "--as", "generic")
    assert "Loaded as revision 2: 2 rows added, 0 changed.\n" in second.stdout


def test_the_command_shows_what_a_generic_table_is(scratch: Path) -> None:
    shown = airace("mappings", "show", "generic")
    assert shown.exit_code == 0
    assert all(line.startswith("#") for line in shown.stdout.splitlines())
    told = " ".join(shown.stdout.replace("#", " ").split())
    for resource in RESOURCES:
        assert f"{resource.many}: needs id, " in told
        assert all(f" {name}" in told for name in resource.pack_columns)
    assert not list(scratch.iterdir())


def test_a_point_that_may_be_between_thousands_is_refused_in_a_file_with_semicolons(
    database: Database, tmp_path: Path
) -> None:
    table = tmp_path / "s.csv"
    header = "id;metric;country;value;unit;period;qualifier;source"
    values = {"a": "1.200", "b": "12.5", "c": "1.234.567", "d": "7"}
    rows = [f"{key};labs;US;{value};labs;2023;exact;s" for key, value in values.items()]
    table.write_text("\n".join([header, *rows]), encoding="utf-8")
    report = load(database, table, "generic", resource="statistics")
    assert [one.found for one in report.rejects] == ["1.200", "1.234.567"]
    assert all("between thousands" in one.expected for one in report.rejects)
    assert report.facts == 2
