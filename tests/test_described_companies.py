"""Companies that one table names and another describes: the same comes of it in either order."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from app.analysis.checks import check
from app.cli import main
from app.exchange.packs import load_pack
from app.exchange.seed import find_pack
from app.main import create_app
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import company, listed, row_of, source, write
from tests.support import shared
from tests.test_dates_of_sources import SYSTEMS
from tests.test_imports_beside import let_fork
from tests.test_known_companies import PARAT, ROUNDS, companies_of, rounds

PAGE = "crunchbase.com/organization"


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database without companies."""
    opened = Database(templates.empty())
    yield opened
    opened.close()


def firms(path: Path, *rows: str) -> Path:
    file = path / "firms.csv"
    file.write_text("\n".join((PARAT.strip(), *rows, "")), encoding="utf-8")
    return file


def models(path: Path, *of: str) -> Path:
    """Write a table of AI models, each of an organisation and a country: `OpenAI,France`."""
    rows = [f"S{number},2021-01-01,,{one},,,," for number, one in enumerate(of)]
    (path / "models.csv").write_text("\n".join((SYSTEMS, *rows, "")), encoding="utf-8")
    return path / "models.csv"


def known(database: Database) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in listed(database, COMPANIES)}


@pytest.mark.parametrize("beside", [False, True])
def test_the_same_comes_of_two_tables_in_either_order(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    """What an alias alone leads to waits for a row of that name, and is nobody's if two have it."""
    if beside:
        let_fork(monkeypatch)
    named = models(
        tmp_path,
        "One,Multinational",
        "Two Labs,France",
        "Three,Multinational",
        "Four,France",
        "Five,",
        "Six,Multinational",
    )
    described = firms(
        tmp_path,
        f"1,One,US,,,{PAGE}/one",
        f"2,Two,CN,,Two Labs,{PAGE}/two",
        f"3,Ahead,CN,,Three,{PAGE}/ahead",
        f"4,Three,US,,,{PAGE}/three",
        f"5,Vier,CN,,Four,{PAGE}/vier",
        f"6,Quattro,US,,Four,{PAGE}/quattro",
        f"7,Five,Nowhere,,,{PAGE}/five",
        f"8,Cinque,Nowhere,,Five,{PAGE}/cinque",
    )
    found = []
    for files in ((named, described), (described, named)):
        database = Database(sqlite_templates.empty())
        for file in files:
            load(database, file, max_rejects=2)
        again = [load(database, file, max_rejects=2).revision for file in files]
        assert again == [None, None], "the same once more changes nothing"
        rows = known(database).values()
        names = {row["name"]: (row["country"], row["source"]) for row in rows}
        database.close()
        found.append(names)
    assert found[0] == found[1]
    assert found[0] == {
        "One": ("US", "cset-parat"),
        "Two": ("CN", "cset-parat"),
        "Ahead": ("CN", "cset-parat"),
        "Three": ("US", "cset-parat"),
        "Vier": ("CN", "cset-parat"),
        "Quattro": ("US", "cset-parat"),
        "Four": ("FR", "epoch-models"),
        "Five": (None, "epoch-models"),
        "Six": (None, "epoch-models"),
    }


def test_a_later_release_of_who_named_a_company_takes_nothing_from_it(
    database: Database, tmp_path: Path
) -> None:
    load(database, models(tmp_path, "One,Multinational"))
    load(database, firms(tmp_path, f"1,One,US,,Uno,{PAGE}/one"))
    before = known(database)["one"]
    load(database, models(tmp_path, "One,Multinational", "Uno,Multinational"))
    report = load(database, models(tmp_path, "One,France", "Uno,France"))
    assert report.told.contradicted == {"one": ("US", "FR")}
    load(database, models(tmp_path, "Other,France"))
    assert known(database)["one"] == before
    report = load(database, firms(tmp_path, f"2,New,US,,,{PAGE}/new"), missing="remove")
    assert (report.removed, "one" in known(database)) == (1, False), "nothing names it any more"


def test_one_that_rows_name_stays_where_its_table_lacks_it(
    database: Database, tmp_path: Path
) -> None:
    load(database, models(tmp_path, "One,Multinational"))
    load(database, firms(tmp_path, f"1,One,US,,,{PAGE}/one"))
    report = load(database, firms(tmp_path, f"2,New,US,,,{PAGE}/new"), missing="remove")
    assert (report.kept_named, known(database)["one"]["country"]) == ({"one"}, "US")


@pytest.mark.parametrize(
    ("there", "row"),
    [
        ({"country": "FR"}, f"1,Named,,,,{PAGE}/named"),
        ({"aliases": ["Nomen"]}, f"1,Named,US,,,{PAGE}/named"),
        ({"aliases": ["Nomen", "/organization/nomen"]}, f"1,Named,US,,Nomen,{PAGE}/named"),
        ({"aliases": ["elsewhere.com/named"]}, f"1,Named,US,,,{PAGE}/named"),
    ],
)
def test_one_of_which_a_row_would_leave_something_out_stays_as_it_is(
    database: Database, tmp_path: Path, there: dict[str, Any], row: str
) -> None:
    """It has only the address from there, and the country that it had or none."""
    write(database, {SOURCES: [source("s")], COMPANIES: [company("named", name="Named", **there)]})
    report = load(database, firms(tmp_path, row))
    found = known(database)["named"]
    assert (found["source"], found["country"], report.told.taken) == ("s", there.get("country"), [])
    assert found["aliases"] == [*there.get("aliases", []), f"{PAGE}/named"]
    assert load(database, firms(tmp_path, row)).revision is None


# A company that others call by the alias of one that they name, too


@pytest.mark.parametrize("beside", [False, True])
def test_two_names_of_one_company_become_one_in_either_order(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    if beside:
        let_fork(monkeypatch)
    named = models(tmp_path, "OpenAI,France", "Open AI,Multinational", '"OpenAI,Open AI",')
    described = firms(tmp_path, f"1,OpenAI,US,,Open AI;Other,{PAGE}/openai")
    found = []
    for files in ((named, described), (described, named)):
        database = Database(sqlite_templates.empty())
        reports = [load(database, file) for file in files]
        assert reports[1].told.gone_on == ({"open-ai": "openai"} if files[0] == named else {})
        assert [load(database, file).revision for file in files] == [None, None]
        with database.read() as transaction:
            assert list(check(transaction)) == []
        rows = {row["name"]: row["developers"] for row in listed(database, AI_MODELS)}
        plain = {
            key: {name: row[name] for name in COMPANIES.fact.model_fields}
            for key, row in known(database).items()
        }
        found.append((plain, rows))
        database.close()
    assert found[0] == found[1]
    assert set(found[0][0]) == {"openai"}
    assert set(map(tuple, found[0][1].values())) == {("openai",)}


@pytest.mark.parametrize(
    ("there", "rows"),
    [
        ({}, ["1,OpenAI,US,,Open AI,", "2,Open,US,,Open AI,"]),
        ({}, ["1,OpenAI,US,,Open AI,", "2,Open AI,US,,,"]),
        ({}, ["1,OpenAI,US,,Open AI,", "2,Open AI,US,,Hidden,"]),
        ({"country": "FR"}, ["1,OpenAI,,,Open AI,"]),
        ({"roles": ["ai-developer"]}, ["1,OpenAI,US,,Open AI,"]),
        ({"aliases": ["OAI"]}, ["1,OpenAI,US,,Open AI;OAI,"]),
        ({"id": "oai"}, ["1,OpenAI,US,,Open AI,"]),
    ],
)
def test_one_that_others_say_more_of_or_that_several_rows_mean_stays_one(
    database: Database, tmp_path: Path, there: dict[str, Any], rows: list[str]
) -> None:
    more = {name: value for name, value in there.items() if name != "id"}
    other = company(there.get("id", "open-ai"), name="Open AI", **more)
    some = [company("openai", name="OpenAI"), company("hidden", name="Hidden"), other]
    write(database, {SOURCES: [source("s")], COMPANIES: some})
    report = load(database, firms(tmp_path, *rows))
    assert "Open AI" in {row["name"] for row in known(database).values()}
    assert not {"open-ai", "oai"} & report.told.gone_on.keys()
    assert load(database, firms(tmp_path, *rows)).revision is None


def test_an_alias_that_a_table_tells_later_leads_to_its_company(
    database: Database, tmp_path: Path
) -> None:
    load(database, firms(tmp_path, f"1,OpenAI,US,,,{PAGE}/openai"))
    load(database, models(tmp_path, "Open AI,France"))
    assert set(known(database)) == {"openai", "open-ai"}
    wrong = f"1,OpenAI,Nowhere,,Open AI,{PAGE}/openai"
    assert load(database, firms(tmp_path, wrong)).told.gone_on == {}
    assert set(known(database)) == {"openai", "open-ai"}, "a row that is refused tells nothing"
    report = load(database, firms(tmp_path, f"1,OpenAI,US,,Open AI,{PAGE}/openai"))
    assert report.told.gone_on == {"open-ai": "openai"}
    assert set(known(database)) == {"openai"}


def test_rounds_follow_to_the_company_and_to_its_country(
    database: Database, tmp_path: Path
) -> None:
    page = {"aliases": [f"{PAGE}/open-ai"], "country": "FR"}
    some = [company("openai", name="OpenAI"), company("open-ai", name="Open AI", **page)]
    write(database, {SOURCES: [source("s")], COMPANIES: some})
    file = rounds(tmp_path, "/organization/open-ai")
    load(database, file)
    assert companies_of(database) == [("open-ai", "FR")]
    report = load(database, firms(tmp_path, f"1,OpenAI,US,,Open AI,{PAGE}/open-ai"))
    assert report.countries == {"openai": (None, "US")}
    assert (report.followed, companies_of(database)) == (1, [("openai", "US")])
    assert load(database, file).revision is None


# Rounds have the countries of their companies


def test_rounds_follow_the_country_of_their_company(database: Database, tmp_path: Path) -> None:
    """Those that came by a mapping that takes it from there: what a pack says it says."""
    file = rounds(tmp_path, "/organization/one", "/organization/two")
    load(database, file)
    own = {"kind": "round", "company": "one", "period": "2015", "source": "crunchbase"}
    for key, more in (("pack", {}), ("other", {"country": "FR"})):
        with database.write(author="a", message="m", origin="a-pack") as writing:
            fact = FUNDING.fact.model_validate({"id": key, **own, **more})
            writing.put(FUNDING.ledger, [fact.stored()])
    report = load(database, firms(tmp_path, f"1,One,US,,,{PAGE}/one"))
    assert report.countries == {"one": (None, "US")}
    assert (report.followed, report.not_followed) == (1, 1)
    assert Counter(companies_of(database)) == Counter(
        [("one", "US"), ("two", None), ("one", None), ("one", "FR")]
    )
    assert load(database, file).revision is None
    report = load(database, firms(tmp_path, f"1,One,CN,,,{PAGE}/one"))
    assert report.countries == {"one": ("US", "CN")}
    assert (report.followed, report.not_followed) == (1, 0)
    assert load(database, file).revision is None


def test_the_command_says_what_came_to_be_known(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_templates.empty()
    monkeypatch.setenv("AIRACE_DATABASE_URL", url)

    def said(file: Path) -> str:
        return CliRunner().invoke(main, ["load", str(file)]).stdout

    (tmp_path / "rounds.csv").write_text(
        f"{ROUNDS}\n/organization/one,/funding-round/1,seed,,05-01-2015,1\n", encoding="utf-8"
    )
    said(tmp_path / "rounds.csv")
    said(models(tmp_path, "Two,France", "Second,"))
    told = said(firms(tmp_path, f"1,Uno,US,,,{PAGE}/one", f"2,Two,CN,,Second,{PAGE}/two"))
    assert (
        "Only named by others, and by an alias here one that is described: 1 company: sec" in told
    )
    assert "Described now, as others only named them: 2 companies: one, two." in told
    assert "Of a country now, and of none before: 1 company: one (US)." in told
    assert "Of another country than before: two (CN, not FR)." in told
    assert "Rounds that have the country of their company now: 1." in told
    database = Database(url)
    with database.write(author="a", message="m", origin="a-pack") as writing:
        row = row_of(database, FUNDING, "crunchbase-funding-round-1")
        assert row
        fact = {name: row[name] for name in FUNDING.fact.model_fields} | {"id": "pack"}
        writing.put(FUNDING.ledger, [FUNDING.fact.model_validate(fact).stored()])
    database.close()
    told = said(firms(tmp_path, f"1,Uno,CN,,,{PAGE}/one"))
    assert "Rounds that keep the country that their company had: 1. What they were" in told


# The tables that others publish


def test_ai_models_and_rounds_count_for_the_same_countries_in_any_order(
    sqlite_templates: Templates,
) -> None:
    """Epoch AI calls Hugging Face and Cerebras multinational, and PARAT American."""
    files = {
        "epoch": shared("data/epoch/all_ml_systems__2024-03-22.csv"),
        "parat": shared("data/parat/companies.csv"),
        "rounds": shared("data/crunchbase/rounds2.zip"),
    }
    counts = []
    for order in (("parat", "epoch", "rounds"), ("epoch", "rounds", "parat", "rounds")):
        url = sqlite_templates.empty()
        database = Database(url)
        told: dict[str, tuple[str | None, str | None]] = {}
        for name in order:
            only = {"only_known": "company"} if name == "rounds" else {}
            report = load(database, files[name], **only)
            told |= report.countries | {
                key: (elsewhere, here)
                for key, (here, elsewhere) in report.told.contradicted.items()
            }
        assert {key: pair for key, pair in told.items() if pair[0]} == {
            "here-technologies": ("CH", "US"),
            "sensetime": ("HK", "CN"),
        }
        with TestClient(create_app(Settings(database_url=url))) as client:
            found = []
            for indicator, stated in (
                ("models-released", "epoch-models"),
                ("rounds-count", "crunchbase"),
            ):
                query = {"indicator": indicator, "source": stated, "limit": "1000"}
                rows = client.get("/observations", params=query).json()["data"]
                found.append({(one["country"], one["period"]): one["value"] for one in rows})
        database.close()
        counts.append(found)
    assert counts[0] == counts[1]
    released, _ = counts[0]
    assert [released[country, "2023"] for country in ("US", "CN")] == [131, 70]


def test_rounds_of_companies_of_the_article_are_found(sqlite_templates: Templates) -> None:
    """Its pack has their addresses at Crunchbase, and loaded again it changes nothing."""
    url = sqlite_templates.seeded()
    database = Database(url)
    before = known(database)
    load(database, shared("data/parat/companies.csv"))
    load(database, shared("data/crunchbase/rounds2.zip"), only_known="company")
    found = Counter(company for company, _ in companies_of(database))
    assert [found[key] for key in ("amazon", "baidu", "nvidia")] == [1, 4, 2]
    assert ("baidu", "CN") in companies_of(database)
    assert {key: known(database)[key] for key in before} == before
    assert load_pack(database, find_pack("cross-check")).revision is None
    database.close()
