"""Rows that are refused leave nothing: no half of them, no key, no name, no country."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.exchange.mapping import find_mapping
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import row_of, source, write
from tests.test_generic_tables import lines


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with a source, that the test writes to."""
    opened = Database(templates.empty())
    write(opened, {SOURCES: [source("s"), source("other")]})
    yield opened
    opened.close()


def model(id_: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": name, "kind": "model", **more}


MAPPING = """
title = "A table of a test"
about = "Figures."
resource = "funding"

[source]
id = "s"
publisher = "P"
title = "T"
kind = "dataset"
published = "2024"

[file]
columns = ["Firm", "Home", "Year", "Amount"]

[fields]
id = { template = "{Firm}-{Year}", as = "key" }
kind = { constant = "round" }
company = { column = "Firm", as = "company", countries = "Home" }
period = { column = "Year" }
amount_usd = { column = "Amount", as = "number" }
qualifier = { constant = "exact" }
"""


def firms(path: Path, *rows: str) -> Path:
    (path / "firms.toml").write_text(MAPPING, encoding="utf-8")
    text = "\n".join(("Firm,Home,Year,Amount", *rows, ""))
    (path / "firms.csv").write_text(text, encoding="utf-8")
    return path / "firms.csv"


def load_firms(database: Database, path: Path, *rows: str) -> None:
    file = firms(path, *rows)
    report = load(database, file, str(path / "firms.toml"), max_rejects=99)
    assert report.rejected == sum("wrong" in row for row in rows), report.rejects


def test_a_country_that_only_a_refused_row_tells_is_not_told(
    database: Database, tmp_path: Path
) -> None:
    load_firms(database, tmp_path, "Foo,France,2023,5")
    load_firms(
        database, tmp_path, "Foo,Germany,wrong,5", "Bar,Japan,2023,5", "Bar,Chile,2022,wrong"
    )
    found = [row_of(database, COMPANIES, key) for key in ("foo", "bar")]
    assert [row and row["country"] for row in found] == ["FR", "JP"]


@pytest.mark.parametrize("refused", ["Zed#,,2023,wrong", "Zed#,,wrong,5"])
def test_a_refused_row_keeps_no_key_from_another(
    database: Database, tmp_path: Path, refused: str
) -> None:
    load_firms(database, tmp_path, refused, "Zed,,2023,5", "zed,,2022,5")
    found = row_of(database, COMPANIES, "zed")
    assert found
    assert found["name"] == "Zed"
    assert row_of(database, COMPANIES, "zed-2") is None


def test_a_company_that_a_refused_row_named_first_is_made_for_the_next(
    database: Database, tmp_path: Path
) -> None:
    load_firms(database, tmp_path, "Zed!,Japan,2023,wrong", "ZED,,2023,5", "Zed#,,2022,5")
    found = [row_of(database, COMPANIES, key) for key in ("zed", "zed-2")]
    assert [row and (row["name"], row["country"]) for row in found] == [
        ("ZED", None),
        ("Zed#", None),
    ]
    found = [row_of(database, FUNDING, key) for key in ("zed-2023", "zed-2022")]
    assert [row and row["company"] for row in found] == ["zed", "zed-2"]


@pytest.mark.parametrize("figures", ["26.30%,28.30%,oops", "oops,28.30%,26.30%", "1%,oops,2%"])
def test_of_a_row_that_makes_several_facts_all_are_loaded_or_none(
    database: Database, tmp_path: Path, figures: str
) -> None:
    waves = ("H1 2025", "H2 2025", "Q1 2026")
    header = ",".join(("Economy", *(f"{wave} AI Diffusion" for wave in waves)))
    file = tmp_path / "a.csv"
    file.write_text(f"{header}\nUnited States,{figures}\nFrance,1%,2%,3%\n", encoding="utf-8")
    report = load(database, file, "microsoft-diffusion", max_rejects=9)
    assert (report.rejected, report.facts) == (1, 3)
    with database.read() as transaction:
        rows = transaction.rows(ADOPTION.ledger, transaction.latest).select(["country"])
        assert set(transaction.connection.scalars(rows)) == {"FR"}


def test_a_row_that_makes_one_fact_twice_is_refused(database: Database, tmp_path: Path) -> None:
    header = "Economy,H1 2025 AI Diffusion,h1 2025 AI Diffusion"
    mapping = find_mapping("microsoft-diffusion").text.replace("'H1 ", "'[Hh]1 ")
    (tmp_path / "twice.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "a.csv").write_text(f"{header}\nFrance,1%,2%\nChile,3%,\n", encoding="utf-8")
    report = load(database, tmp_path / "a.csv", str(tmp_path / "twice.toml"), max_rejects=9)
    assert (report.rejected, report.facts) == (1, 1)


def test_an_ai_model_whose_base_is_not_known_tells_no_country(
    database: Database, tmp_path: Path
) -> None:
    mapping = MAPPING.replace('"funding"', '"models"').partition("[file]")[0]
    mapping += """[file]
columns = ["Key", "Firm", "Home", "Base"]

[fields]
id = { column = "Key" }
name = { column = "Key" }
kind = { constant = "model" }
developers = { column = "Firm", as = "company", separator = ";", countries = "Home" }
based_on = { column = "Base", as = "ai_model", separator = ";" }
"""
    (tmp_path / "models.toml").write_text(mapping, encoding="utf-8")
    load_models(database, tmp_path, model("a", "Same"), model("b", "Same"), source="other")
    rows = ("Key,Firm,Home,Base", "x,Foo,France,", "y,Foo,Germany,Same", "z,Bar,Japan,x")
    (tmp_path / "m.csv").write_text("\n".join((*rows, "")), encoding="utf-8")
    report = load(database, tmp_path / "m.csv", str(tmp_path / "models.toml"), max_rejects=9)
    assert report.rejected == 1
    found = [row_of(database, COMPANIES, key) for key in ("foo", "bar")]
    assert [row and row["country"] for row in found] == ["FR", "JP"]


# AI models


def load_models(database: Database, path: Path, *rows: dict[str, Any], **asked: Any) -> int:
    asked = {"source": "s", "max_rejects": 9, **asked}
    return load(
        database, lines(path / "a.ndjson", *rows), "generic", resource="models", **asked
    ).rejected


def models(database: Database) -> dict[str, str]:
    with database.read() as transaction:
        rows = transaction.rows(AI_MODELS.ledger, transaction.latest).select(["id", "name"])
        return {row.id: row.name for row in transaction.connection.execute(rows)}


def test_the_key_that_a_table_states_decides_and_not_the_name(
    database: Database, tmp_path: Path
) -> None:
    load_models(database, tmp_path, model("x1", "Xone"))
    load_models(database, tmp_path, model("x9", "Xone"))
    assert models(database) == {"x1": "Xone", "x9": "Xone"}
    load_models(database, tmp_path, model("x1", "Xone Renamed"), missing="remove")
    assert models(database) == {"x1": "Xone Renamed"}
    assert load_models(database, tmp_path, model("a", "Same"), model("b", "Same")) == 0
    assert load_models(database, tmp_path, model("c", "Other"), model("c", "Another")) == 1
    assert models(database) == {"x1": "Xone Renamed", "a": "Same", "b": "Same", "c": "Other"}


@pytest.mark.parametrize("names", [["C#", "C"], ["C", "C#"], ["C", "C#", "C++"]])
def test_ai_models_whose_names_differ_in_signs_that_tell_are_several(
    database: Database, tmp_path: Path, names: list[str]
) -> None:
    load_users(database, tmp_path, *({"model": name, "value": 1} for name in names))
    assert sorted(models(database).values()) == sorted(names)


def load_users(database: Database, path: Path, *rows: dict[str, Any]) -> None:
    shared = {"metric": "users", "unit": "users", "period": "2023", "qualifier": "exact"}
    told = [{"id": f"u{number}", **shared, **row} for number, row in enumerate(rows)]
    asked: dict[str, Any] = {"resource": "adoption", "source": "s", "max_rejects": 9}
    report = load(database, lines(path / "a.ndjson", *told), "generic", **asked)
    assert report.rejected == sum(row["value"] < 0 for row in rows)


def test_an_ai_model_has_no_name_of_a_row_that_was_refused(
    database: Database, tmp_path: Path
) -> None:
    rows = [("GPT five!", -1), ("gpt-five", 1), ("Mod#", -1), ("Mod", 1)]
    load_users(database, tmp_path, *({"model": name, "value": value} for name, value in rows))
    assert models(database) == {"gpt-five": "gpt-five", "mod": "Mod"}


@pytest.mark.parametrize(
    "rows", [["Foo,France,wrong,5"], ["Foo,France,2023,wrong", "Bar,,wrong,5"], []]
)
def test_where_no_row_is_taken_its_source_is_not_either(
    database: Database, tmp_path: Path, rows: list[str]
) -> None:
    with database.read() as transaction:
        before = transaction.latest
    load_firms(database, tmp_path, *rows)
    with database.read() as transaction:
        assert transaction.latest == before
    load_firms(database, tmp_path, *rows, "Foo,France,2023,5")
    found = row_of(database, FUNDING, "foo-2023")
    assert found
    assert row_of(database, SOURCES, found["source"])


@pytest.mark.parametrize("base", ["Tuned", "tuned", "The Tuned One", "Root;Tuned"])
def test_an_ai_model_is_not_based_on_itself_by_any_of_its_names(
    database: Database, tmp_path: Path, base: str
) -> None:
    mapping = MAPPING.replace('"funding"', '"models"').partition("[file]")[0]
    mapping += """
[file]
columns = ["Name"]
[fields]
id = { as = "ai_model", column = "Name" }
name = { column = "Name" }
kind = { constant = "model" }
aliases = { column = "Alias", separator = ";" }
based_on = { column = "Base", as = "ai_model", separator = ";" }
"""
    (tmp_path / "models.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        f"Name,Alias,Base\nTuned,The Tuned One,{base}\nRoot,,\nOther,,Tuned Other;Root\n",
        encoding="utf-8",
    )
    report = load(database, tmp_path / "a.csv", str(tmp_path / "models.toml"), max_rejects=9)
    assert [(one.line, one.column, one.found) for one in report.rejects] == [(2, "Base", base)]
    assert "none is based on itself" in report.rejects[0].expected
    found = row_of(database, AI_MODELS, "other")
    assert found
    assert found["based_on"] == ["tuned-other", "root"]
