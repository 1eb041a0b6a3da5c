"""Rows that a newer release of a table lacks: removed where they are its own and nobody's need."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import adoption, ai_model, listed, source, statistic, write

_SOURCE = """
[source]
id = "s"
publisher = "P"
title = "T"
"""
MODELS = f"""
title = "A table of a test"
about = "AI models."
resource = "models"
missing = "remove"
{_SOURCE}
[file]
columns = ["Name"]
[fields]
id = {{ column = "Name", as = "ai_model" }}
name = {{ column = "Name" }}
kind = {{ constant = "model" }}
based_on = {{ column = "Base", as = "BASES", separator = ";" }}
"""
COUNTS = f"""
title = "A table of a test"
about = "Counts."
resource = "statistics"
missing = "remove"
{_SOURCE}
[file]
columns = ["Country", "Year", "Count"]
[fields]
id = {{ template = "{{=country}}-{{Year}}-{{=metric}}", as = "key" }}
metric = {{ constant = "METRIC" }}
country = {{ column = "Country", as = "country" }}
value = {{ column = "Count", as = "number" }}
unit = {{ constant = "things" }}
period = {{ column = "Year", as = "period" }}
qualifier = {{ constant = "exact" }}
"""


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with two sources, that the test writes to."""
    opened = Database(templates.empty())
    write(opened, {SOURCES: [source("s", publisher="P"), source("t")]})
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the mappings."""
    (tmp_path / "models.toml").write_text(MODELS.replace("BASES", "ai_model"), encoding="utf-8")
    (tmp_path / "keys.toml").write_text(MODELS.replace("BASES", "key"), encoding="utf-8")
    for name in ("labs", "patents"):
        text = COUNTS.replace("METRIC", name)
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def release(folder: Path, mapping: str, *rows: str) -> tuple[Path, str]:
    header = "Name,Base" if mapping in ("models", "keys") else "Country,Year,Count"
    path = folder / "table.csv"
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path, str(folder / f"{mapping}.toml")


def keys(database: Database) -> list[str]:
    return [row["id"] for resource in (AI_MODELS, STATISTICS) for row in listed(database, resource)]


def test_what_another_source_names_stays_until_nobody_does(
    database: Database, folder: Path
) -> None:
    load(database, *release(folder, "models", "One,", "Two,One", "Three,"))
    write(database, {ADOPTION: [adoption("use", model="two", source="t")]})
    report = load(database, *release(folder, "models", "Four,"))
    assert keys(database) == ["four", "one", "two"]
    assert report.kept_named == {"one", "two"}, "one is named by what stays itself"
    assert report.removed == 1
    write(database, remove={ADOPTION: ["use"]})
    assert load(database, *release(folder, "models", "Four,")).removed == 2
    assert keys(database) == ["four"]


def test_what_a_refused_row_names_stays_as_that_row_does(database: Database, folder: Path) -> None:
    load(database, *release(folder, "models", "One,", "Three,One", "Two,"))
    report = load(database, *release(folder, "models", "Three,Three", "Two,"), max_rejects=1)
    assert [(one.line, one.column) for one in report.rejects] == [(2, "Base")]
    assert keys(database) == ["one", "three", "two"]
    assert (report.kept_named, report.removed) == ({"one"}, 0)


def test_those_that_name_each_other_alone_go_together(database: Database, folder: Path) -> None:
    load(database, *release(folder, "models", "One,Two", "Two,One", "Three,"))
    report = load(database, *release(folder, "models", "Three,"))
    assert (report.removed, report.kept_named, keys(database)) == (2, set(), ["three"])


def test_rows_of_another_table_of_the_source_stay_unless_that_is_asked(
    database: Database, folder: Path
) -> None:
    load(database, *release(folder, "labs", "FR,2020,1", "DE,2020,2"))
    report = load(database, *release(folder, "patents", "US,2020,3"))
    assert report.of_others == {"fr-2020-labs", "de-2020-labs"}
    assert keys(database) == ["de-2020-labs", "fr-2020-labs", "us-2020-patents"]
    report = load(database, *release(folder, "labs", "DE,2020,2"))
    assert report.removed == 1, "its own"
    assert keys(database) == ["de-2020-labs", "us-2020-patents"]
    load(database, *release(folder, "labs", "DE,2020,3"), missing="remove")
    assert keys(database) == ["de-2020-labs"]


def test_a_row_that_a_pack_corrected_and_one_that_was_renamed_are_still_the_tables(
    database: Database, folder: Path
) -> None:
    load(database, *release(folder, "labs", "FR,2020,1", "DE,2020,2", "US,2020,3"))
    corrected = statistic("fr-2020-labs", metric="labs", country="FR", period="2020", unit="things")
    with database.write(author="a", message="m", origin="a-pack") as writing:
        writing.put(STATISTICS.ledger, [corrected])
        writing.put(STATISTICS.ledger, [statistic("other")])
    with database.write(author="a", message="m") as writing:
        writing.rename(STATISTICS.ledger, "de-2020-labs", "it-2020-labs")
    report = load(database, *release(folder, "labs", "US,2020,3"))
    assert (report.removed, report.of_others) == (2, {"other"})


def test_a_row_of_a_pack_stays_also_once_it_was_renamed(database: Database, folder: Path) -> None:
    load(database, *release(folder, "labs", "FR,2020,1", "DE,2020,2"))
    with database.write(author="a", message="m", origin="a-pack") as writing:
        writing.put(STATISTICS.ledger, [statistic("other"), statistic("another")])
    with database.write(author="a", message="m") as writing:
        writing.rename(STATISTICS.ledger, "other", "renamed")
    with database.write(author="a", message="m") as writing:
        writing.rename(STATISTICS.ledger, "renamed", "renamed-again")
    report = load(database, *release(folder, "labs", "FR,2020,1"))
    assert (report.removed, report.of_others) == (1, {"another", "renamed-again"})


def test_the_command_says_which_rows_stay(
    templates: Templates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRACE_DATABASE_URL", templates.seeded())

    def said(mapping: str, *rows: str) -> str:
        path, named = release(folder, mapping, *rows)
        return CliRunner().invoke(main, ["load", str(path), "--as", named]).output

    said("labs", "FR,2020,1")
    assert "1 row of the source that it lacks stay: they came by another" in said(
        "patents", "US,2020,3"
    )
    said("models", "One,", "Two,One")
    two, named = release(folder, "keys", "Two,one")
    told = CliRunner().invoke(main, ["load", str(two), "--as", named, "--missing", "remove"]).output
    assert "Rows that it lacks stay where others name them: one." in told


def test_bases_that_are_keys_are_taken_as_they_are(database: Database, folder: Path) -> None:
    write(database, {AI_MODELS: [ai_model("old", source="t")]})
    with database.write(author="a", message="m") as writing:
        writing.rename(AI_MODELS.ledger, "old", "new")
    load(database, *release(folder, "keys", "One,old", "Two,one;old", "Three,three"), max_rejects=1)
    found = {row["id"]: row["based_on"] for row in listed(database, AI_MODELS)}
    assert found == {"new": [], "one": ["new"], "two": ["one", "new"]}


@pytest.mark.parametrize("many", [1, 300])
def test_a_key_and_the_one_that_replaced_it_are_one_row(
    database: Database, folder: Path, many: int
) -> None:
    """The second of the two is refused by its line, however many rows there are."""
    others = [
        f"{code},{year},1" for year in range(1990, 1990 + many // 3) for code in ("US", "GB", "CN")
    ]
    load(database, *release(folder, "labs", *others, "FR,2020,1", "DE,2020,2"))
    with database.write(author="a", message="m") as writing:
        writing.rename(STATISTICS.ledger, "de-2020-labs", "it-2020-labs")
    table = release(folder, "labs", *others, "FR,2020,5", "DE,2020,2", "IT,2020,3")
    report = load(database, *table, max_rejects=1)
    assert [(one.line, one.found) for one in report.rejects] == [(len(others) + 4, "it-2020-labs")]
    assert (report.changed, report.removed) == (1, 0)
    table = release(folder, "labs", *others, "FR,2020,6", "IT,2020,3", "DE,2020,2")
    report = load(database, *table, max_rejects=1)
    assert report.rejects[0].found == "de-2020-labs"
    assert report.rejects[0].expected.endswith("(it is it-2020-labs here)")


def test_no_resource_is_named_in_a_way_that_is_not_looked_at() -> None:
    """What rows name are facts, whose tables say so: nothing else needs to stay."""
    for resource in RESOURCES:
        for _, target in resource.ledger.naming():
            assert target in {one.ledger.name for one in RESOURCES}
