"""When a source came out: as somebody says, or as the newest of its rows tells."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from app.cli import main
from app.exchange.mapping import find_mapping
from app.main import create_app
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import row_of
from tests.support import shared
from tests.test_imports_beside import let_fork
from tests.test_mapping_mistakes import told

SYSTEMS = (
    "System,Publication date,Training compute (FLOP),Organization,Country (from Organization),"
    "Model accessibility,Parameters,Domain,Base model"
)
BY_ROWS = "Published on {} or later, as its newest rows tell."


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """An empty database."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def systems(path: Path, *days: str, name: str = "systems.csv") -> Path:
    rows = [f"S{number},{day},,,,,,," for number, day in enumerate(days)]
    (path / name).write_text("\n".join((SYSTEMS, *rows, "")), encoding="utf-8")
    return path / name


def said(database: Database) -> tuple[str | None, str | None]:
    found = row_of(database, SOURCES, "epoch-models")
    assert found
    return found["published"], found["note"]


@pytest.mark.parametrize("beside", [False, True])
def test_where_nobody_says_it_the_newest_row_tells_when_a_source_came_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    """One row alone may announce what is to come. Of a month it is the first day."""
    if beside:
        let_fork(monkeypatch)
    days = ("2019-05-06", "2021-03", "2098-01-01", "2098-01-02", "soon", "2020", "", "2021-06-01")
    file = systems(tmp_path, *days)
    report = load(database, file, max_rejects=1)
    assert (report.rejected, report.published_by_rows) == (1, "2021-03-01")
    assert said(database) == ("2021-03-01", BY_ROWS.format("2021-03-01"))
    assert load(database, file, max_rejects=1).revision is None


def test_who_says_when_a_source_came_out_is_believed(database: Database, tmp_path: Path) -> None:
    load(database, systems(tmp_path, "2021-03-04"))
    assert said(database) == ("2021-03-04", BY_ROWS.format("2021-03-04")), "the only row there is"
    report = load(database, systems(tmp_path, "2021-03-04"), published="2021-06")
    assert (said(database), report.published_by_rows) == (("2021-06", None), None)
    assert load(database, systems(tmp_path, "2021-03-04")).revision is None, "it was said before"
    load(database, systems(tmp_path, "2021-06-07"))
    assert said(database) == ("2021-06", None), "that may be so"
    load(database, systems(tmp_path, "2021-07-01"))
    assert said(database) == ("2021-07-01", BY_ROWS.format("2021-07-01"))
    load(database, systems(tmp_path, "2021-03-04", name="systems-2021-08-01.csv"))
    assert said(database) == ("2021-08-01", None)


def test_rows_that_are_left_out_tell_it_too(database: Database, tmp_path: Path) -> None:
    rows = "/organization/a,/funding-round/1,seed,,05-01-2015,1\n"
    (tmp_path / "rounds.csv").write_text(
        "company_permalink,funding_round_permalink,funding_round_type,funding_round_code,"
        f"funded_at,raised_amount_usd\n{rows}/organization/b,/funding-round/2,seed,,05-12-2015,1\n",
        encoding="utf-8",
    )
    (tmp_path / "firms.csv").write_text(
        "CSET_id,name,country,website,aliases,crunchbase_url\n"
        "1,A,US,,,crunchbase.com/organization/a\n",
        encoding="utf-8",
    )
    load(database, tmp_path / "firms.csv")
    report = load(database, tmp_path / "rounds.csv", only_known="company")
    assert (report.facts, report.published_by_rows) == (1, "2015-01-05")


def test_the_command_says_how_the_date_came_about(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRACE_DATABASE_URL", sqlite_templates.empty())
    file = systems(tmp_path, "2021-03-04")
    done = CliRunner().invoke(main, ["load", str(file)])
    assert "Nobody says when the source was published: 2021-03-04 is taken, as its n" in done.stdout
    done = CliRunner().invoke(main, ["load", str(file), "--published", "2021-04-01"])
    assert "Nobody says" not in done.stdout


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        (
            "periode",
            "source.published_from: periode is not a field that the mapping feeds with the",
        ),
        ("periode", "did you mean period?"),
        ("amount", "source.published_from: amount is not a field that the mapping feeds with the"),
    ],
)
def test_what_tells_it_is_a_field_of_days(field: str, fault: str) -> None:
    rounds = find_mapping("crunchbase-rounds").text
    assert fault in told(rounds, 'published_from = "period"', f'published_from = "{field}"')


# An older release over a newer one


@pytest.mark.parametrize("is_said", [True, False])
def test_what_an_older_release_lacks_is_kept_unless_that_is_asked(
    database: Database, tmp_path: Path, *, is_said: bool
) -> None:
    newer = systems(tmp_path, "2021-03-04", "2021-03-05", "2021-04-06", "2021-04-06")
    older = systems(tmp_path, "2021-03-04", "2021-03-04", name="older.csv")
    at = {"newer": "2021-05", "older": "2021-03-31"} if is_said else {}
    dates = ("2021-03-31", "2021-05") if is_said else ("2021-03-04", "2021-04-06")
    load(database, newer, published=at.get("newer"))
    before = said(database)
    report = load(database, older, published=at.get("older"))
    assert (report.older, report.removed, report.changed) == (dates, 0, 1)
    assert said(database) == before
    again = load(database, older, published=at.get("older"))
    assert (again.older, again.revision) == (dates, None)
    report = load(database, older, published=at.get("older"), missing="remove")
    assert (report.older, report.removed) == (dates, 2)
    assert said(database)[0] == dates[0]
    for _ in range(2):
        report = load(database, older, published=at.get("older"))
        assert (report.older, report.revision) == (None, None), "it is what is here now"
    assert load(database, newer, published=at.get("newer")).older is None
    assert said(database) == before


def test_an_older_release_without_a_date_is_told_by_its_rows(
    database: Database, tmp_path: Path
) -> None:
    days = ("2021-03-04", "2021-03-05", "2021-04-06", "2021-04-06")
    load(database, systems(tmp_path, *days), published="2021-05-01")
    report = load(database, systems(tmp_path, *days[:2]))
    assert (report.older, report.removed) == (("2021-03-04", "2021-04-06"), 0)
    assert said(database) == ("2021-05-01", None)


def test_the_command_warns_of_an_older_release(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRACE_DATABASE_URL", sqlite_templates.empty())

    def warned(day: str, *more: str) -> str:
        file = systems(tmp_path, "2021-03-04", name=f"systems-{day}.csv")
        return CliRunner().invoke(main, ["load", str(file), *more]).stderr

    assert warned("2021-08-01") == ""
    told = warned("2021-07-01")
    assert "It is an older release (2021-07-01) than what was here (2021-08-01)." in told
    assert "Rows that it lacks are kept, and so is the date of the source" in told
    assert "It takes the place of that." in warned("2021-07-01", "--missing", "remove")


def test_the_older_release_of_epochs_table_removes_nothing_of_the_newer(
    database: Database,
) -> None:
    load(database, shared("data/epoch/all_ml_systems__2024-03-22.csv"))
    older = shared("data/epoch/all_ml_systems__2023-12-20.csv")
    report = load(database, older)
    assert (report.older, report.removed) == (("2023-12-20", "2024-03-22"), 0)
    assert load(database, older).revision is None
    assert load(database, older, missing="remove").removed == 287


def test_years_that_were_not_over_are_not_compared_whatever_a_file_is_called(
    sqlite_templates: Templates, tmp_path: Path
) -> None:
    """Epoch AI's table ends in March 2024, Crunchbase's rounds in December 2015."""
    epoch = tmp_path / "all_ml_systems.csv"
    shutil.copy(shared("data/epoch/all_ml_systems__2024-03-22.csv"), epoch)
    url = sqlite_templates.empty()
    database = Database(url)
    load(database, epoch)
    load(database, shared("data/parat/companies.csv"))
    load(database, shared("data/crunchbase/rounds2.zip"), only_known="company")
    with TestClient(create_app(Settings(database_url=url))) as client:
        for source, published, indicator, year in (
            ("epoch-models", "2024-03-04", "models-released", "2024"),
            ("crunchbase", "2015-12-04", "rounds-count", "2015"),
        ):
            assert client.get(f"/sources/{source}").json()["data"]["published"] == published
            query = {"indicator": indicator, "a": "US", "b": "CN", "source": source}
            gap = client.get("/gap", params=query).json()["data"]
            (comparison,) = gap["comparisons"]
            assert comparison["periods"][-1]["period"] == str(int(year) - 1)
            refused = {(one["period"], one["reason"]) for one in gap["refusals"]}
            assert (year, "incomplete_period") in refused
    database.close()
