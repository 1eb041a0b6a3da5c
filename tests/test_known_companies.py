"""Rows of companies that are known: others are left out, and addresses find the companies."""

import csv
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from starlette.testclient import TestClient

from app.cli import main
from app.exchange.mapping import UnusableMapping, find_mapping, parse_mapping
from app.exchange.transforms import TRANSFORMS
from app.kit.countries import country_code
from app.kit.errors import NotAllowed
from app.main import create_app
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import company, listed, row_of, source, write
from tests.support import shared
from tests.test_imports_beside import let_fork

SHARED = "crunchbase.com/organization/shared"
ROUNDS = (
    "company_permalink,funding_round_permalink,funding_round_type,funding_round_code,"
    "funded_at,raised_amount_usd"
)


@pytest.fixture
def database(templates: Templates) -> Any:
    """A database with companies of a source, which the test writes to."""
    opened = Database(templates.empty())
    write(
        opened,
        {
            SOURCES: [source("s")],
            COMPANIES: [
                company("acme", country="US", aliases=["crunchbase.com/organization/acme-ai"]),
                company("beta", country="CN", aliases=["Beta Labs", SHARED]),
                company("gamma", country="CN", aliases=[SHARED]),
            ],
        },
    )
    yield opened
    opened.close()


def rounds(path: Path, *permalinks: str) -> Path:
    rows = [
        f"{permalink},/funding-round/{number},venture,A,05-01-2015,1000"
        for number, permalink in enumerate(permalinks)
    ]
    file = path / "rounds.csv"
    file.write_text("\n".join((ROUNDS, *rows, "")), encoding="utf-8")
    return file


def companies_of(database: Database) -> list[tuple[str, str | None]]:
    return [(row["company"], row["country"]) for row in listed(database, FUNDING)]


def test_only_rows_of_known_companies_are_loaded_where_that_is_asked_for(
    database: Database, tmp_path: Path
) -> None:
    file = rounds(tmp_path, "/organization/acme-ai", "/ORGANIZATION/Acme-AI", "/organization/other")
    report = load(database, file, only_known="company")
    assert companies_of(database) == [("acme", "US"), ("acme", "US")]
    assert report.told.skipped == {"whose company is not known here": 1}
    assert (report.facts, report.told.companies_made, report.rejected) == (2, 0, 0)
    assert [row["id"] for row in listed(database, COMPANIES)] == ["acme", "beta", "gamma"]


def test_without_it_an_address_finds_a_company_too_and_others_are_made(
    database: Database, tmp_path: Path
) -> None:
    file = rounds(tmp_path, "/organization/acme-ai", "/organization/other")
    assert load(database, file).told.companies_made == 1
    assert companies_of(database) == [("acme", "US"), ("other", None)]
    assert load(database, file).revision is None


def test_an_address_that_two_have_leads_to_neither(database: Database, tmp_path: Path) -> None:
    file = rounds(tmp_path, "/organization/shared")
    load(database, file, only_known="company")
    assert companies_of(database) == []
    load(database, file)
    assert companies_of(database) == [("shared", None)]
    assert load(database, file).revision is None, "found by its own address from now on"


def test_a_company_that_has_only_an_address_of_others_is_found_by_its_name(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "firms.toml").write_text(BY_NAME, encoding="utf-8")
    (tmp_path / "firms.csv").write_text("Firm,Year\nACME,2020\nBeta Labs,2021\nNew,2022\n")
    load(database, tmp_path / "firms.csv", str(tmp_path / "firms.toml"), only_known="company")
    assert companies_of(database) == [("acme", None), ("beta", None)]


def test_a_row_that_is_refused_is_refused_also_where_its_company_is_known(
    database: Database, tmp_path: Path
) -> None:
    file = rounds(tmp_path, "/organization/acme-ai", "acme-ai", "")
    report = load(database, file, only_known="company")
    assert [(reject.column, reject.found) for reject in report.rejects] == [
        ("company_permalink", "acme-ai")
    ]
    assert report.told.skipped == {"whose company is not known here": 1}, "one that names none"


BY_NAME = """
title = "A table of a test"
about = "Rounds by the names of companies."
resource = "funding"

[source]
id = "t"
publisher = "P"
title = "T"

[file]
columns = ["Firm", "Year"]

[fields]
id = { template = "{Firm}-{Year}", as = "key" }
kind = { constant = "round" }
company = { column = "Firm", as = "company" }
period = { column = "Year" }
"""


def firms_with_investors(path: Path, *rows: str) -> tuple[Path, str]:
    investors = 'investors = { column = "By", as = "company", separator = ";" }\n'
    text = BY_NAME.replace("[fields]", f"[fields]\n{investors}").replace(
        'resource = "funding"', 'resource = "funding"\nmissing = "remove"'
    )
    (path / "firms.toml").write_text(text, encoding="utf-8")
    (path / "firms.csv").write_text("\n".join(("Firm,Year,By", *rows, "")), encoding="utf-8")
    return path / "firms.csv", str(path / "firms.toml")


@pytest.mark.parametrize("more", [(), ("Acme,wrong,",)])
@pytest.mark.parametrize("rows", [("Acme,2020,New", "New,2021,"), ("New,2021,", "Acme,2020,New")])
def test_a_company_that_rows_of_the_table_only_name_is_not_known_by_that(
    database: Database, tmp_path: Path, rows: tuple[str, ...], more: tuple[str, ...]
) -> None:
    file = firms_with_investors(tmp_path, *rows, *more)
    load(database, *file, only_known="company", max_rejects=1)
    assert companies_of(database) == [("acme", "US")] or companies_of(database) == [("acme", None)]
    again = load(database, *file, only_known="company", max_rejects=1)
    assert (again.revision, again.told.skipped) == (None, {"whose company is not known here": 1})


def test_rows_that_are_left_out_as_not_known_are_not_missing(
    database: Database, tmp_path: Path
) -> None:
    file = firms_with_investors(tmp_path, "Acme,2020,", "New,2021,")
    load(database, *file)
    assert load(database, *file, only_known="company").removed == 0
    assert load(database, *file, only_known="company", missing="remove").removed == 1


def test_addresses_that_several_have_are_told_and_one_that_changes_is_replaced(
    database: Database, tmp_path: Path
) -> None:
    def parat(*rows: str) -> Path:
        text = "\n".join((PARAT.strip(), *rows, ""))
        (tmp_path / "parat.csv").write_text(text, encoding="utf-8")
        return tmp_path / "parat.csv"

    write(database, {COMPANIES: [company("foo-ai", name="Foo AI")]})
    load(database, parat("1,Foo AI,US,,,crunchbase.com/organization/foo"), "parat-companies")
    report = load(
        database,
        parat(
            "1,Foo AI,US,,,crunchbase.com/organization/foo-ai",
            "2,Foo Inc,FR,,,crunchbase.com/organization/foo",
        ),
        "parat-companies",
    )
    assert not report.rejects
    found = {row["id"]: row["aliases"] for row in listed(database, COMPANIES)}
    assert found["foo-ai"] == ["crunchbase.com/organization/foo-ai"]
    assert found["foo-inc"] == ["crunchbase.com/organization/foo"]
    assert report.told.shared_addresses[-1:] == ["/organization/shared"]
    loaded = load(database, rounds(tmp_path, "/organization/foo"), only_known="company")
    assert loaded.told.shared_addresses == ["/organization/shared"]
    assert companies_of(database) == [("foo-inc", "FR")]
    chart = tmp_path / "population.csv"
    chart.write_text("Entity,Code,Year,Population\nChad,TCD,2023,5\n", encoding="utf-8")
    answers = {"column": "Population", "metric": "population", "unit": "people"}
    assert load(database, chart, "owid", answers=answers).told.shared_addresses == []


def test_the_source_and_the_revision_say_that_rows_were_left_out(
    database: Database, tmp_path: Path
) -> None:
    """Till all are loaded; where all were loaded before, none of them went."""

    def note() -> str:
        found = row_of(database, SOURCES, "crunchbase")
        assert found
        return str(found["note"])

    def message() -> str:
        with database.read() as transaction:
            query = text("select message from revisions order by id desc limit 1")
            return str(transaction.connection.scalar(query))

    file = rounds(tmp_path, "/organization/acme-ai", "/organization/other")
    load(database, file, only_known="company")
    only = "Of funding only rows whose company is known here were loaded."
    assert only in note()
    assert message() == (
        "Crunchbase: funding rounds: rounds.csv (only rows whose company is known here)"
    )
    assert load(database, file, only_known="company").revision is None
    load(database, file)
    assert (only in note(), message()) == (False, "Crunchbase: funding rounds: rounds.csv")
    plain = note()
    assert load(database, file, only_known="company").revision is None
    assert note() == plain
    load(database, file, only_known="company", missing="remove")
    assert only in note()


@pytest.mark.parametrize(
    ("mapping", "field", "told"),
    [
        ("crunchbase-rounds", "compny", "names organisations in company, and not in compny; did"),
        ("parat-companies", "id", "parat-companies: names organisations in no field, and not in"),
    ],
)
def test_a_field_that_names_no_organisation_is_refused(
    database: Database, tmp_path: Path, mapping: str, field: str, told: str
) -> None:
    file = rounds(tmp_path, "/organization/acme-ai")
    if mapping == "parat-companies":
        file.write_text("CSET_id,name,country,website,aliases,crunchbase_url\n", encoding="utf-8")
    with pytest.raises(UnusableMapping, match=told):
        load(database, file, mapping, only_known=field)


def test_the_command_takes_it_and_says_what_was_left_out(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRACE_DATABASE_URL", templates.seeded())
    file = rounds(tmp_path, "/organization/other")
    done = CliRunner().invoke(main, ["load", str(file), "--only-known", "company"])
    assert "No row of it is loaded: 0 refused, 1 left out." in done.stdout
    assert "Left out: 1 row whose company is not known here." in done.stdout
    pack = CliRunner().invoke(main, ["load", "article-2024-03-31", "--only-known", "company"])
    assert "--only-known is for a table, and article-2024-03-31 is a pack" in pack.stderr


PARAT = "CSET_id,name,country,website,aliases,crunchbase_url\n"


def test_a_company_that_others_only_named_is_of_who_describes_it(
    database: Database, tmp_path: Path
) -> None:
    """One that somebody described stays as it is."""
    described = company("told", name="Told", roles=["investor"])
    write(database, {COMPANIES: [company("named", name="Named"), described]})
    (tmp_path / "firms.csv").write_text(
        f"{PARAT}1,Named,CN,http://x.example,Nym,crunchbase.com/organization/named-ai\n"
        "2,Told,CN,,,crunchbase.com/organization/told\n"
        "3,Wrong,Nowhere,,Named,crunchbase.com/organization/wrong\n",
        encoding="utf-8",
    )
    report = load(database, tmp_path / "firms.csv", "parat-companies", max_rejects=1)
    assert (report.added, report.changed) == (1, 1), "the source, and one company"
    assert (report.told.taken, report.countries) == (["named"], {"named": (None, "CN")})
    found = {row["id"]: row for row in listed(database, COMPANIES)}
    named = found["named"]
    assert named["aliases"] == ["Nym", "crunchbase.com/organization/named-ai"]
    assert (named["source"], named["country"]) == ("cset-parat", "CN")
    assert (named["website"], named["locator"]) == ("http://x.example", "Row of CSET_id 1")
    assert (found["told"]["aliases"], found["told"]["country"]) == ([], None)
    file = rounds(tmp_path, "/organization/named-ai", "/organization/told", "/organization/wrong")
    load(database, file, only_known="company")
    assert companies_of(database) == [("named", "CN")]
    again = load(database, tmp_path / "firms.csv", "parat-companies", max_rejects=1)
    assert again.revision is None


@pytest.mark.parametrize("beside", [False, True])
def test_a_country_that_another_source_tells_otherwise_is_told_and_stays(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    if beside:
        let_fork(monkeypatch)
    told = BY_NAME.replace('as = "company"', 'as = "company", countries = "Home"')
    (tmp_path / "firms.toml").write_text(told, encoding="utf-8")
    (tmp_path / "firms.csv").write_text(
        "Firm,Year,Home\nAcme,2020,China\nBeta,2020,China\nGamma,2020,\nNew,2020,France\n"
    )
    report = load(database, tmp_path / "firms.csv", str(tmp_path / "firms.toml"))
    assert report.told.contradicted == {"acme": ("US", "CN")}
    found = {row["id"]: row["country"] for row in listed(database, COMPANIES)}
    assert found == {"acme": "US", "beta": "CN", "gamma": "CN", "new": "FR"}


# What makes several members of one list


def test_a_list_may_be_made_of_several_columns(database: Database, tmp_path: Path) -> None:
    (tmp_path / "firms.csv").write_text(
        "CSET_id,name,country,website,aliases,crunchbase_url\n"
        "1,One,US,,One Inc; 1,https://www.crunchbase.com/organization/One?utm_source=x\n"
        "2,Two,CN,,,crunchbase.com/organization/two/\n"
        "3,Three,CN,,,\n"
        "4,Four,CN,,Vier,nowhere\n",
        encoding="utf-8",
    )
    report = load(database, tmp_path / "firms.csv", "parat-companies")
    found = {row["id"]: row["aliases"] for row in listed(database, COMPANIES)}
    assert found["one"] == ["One Inc", "1", "crunchbase.com/organization/one"]
    assert found["two"] == ["crunchbase.com/organization/two"]
    assert found["three"] == []
    assert [(one.line, one.column, one.found) for one in report.rejects] == [
        (5, "crunchbase_url", "nowhere")
    ]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ('name = { column = "n", also = [{ column = "m" }] }', "fields.name.also: name holds one"),
        (
            'aliases = { column = "n", also = [{ constant = ["m"] }] }',
            "fields.aliases has also, which takes columns",
        ),
        (
            'aliases = { column = "n", also = [{ column = "m", also = [{ column = "o" }] }] }',
            "fields.aliases has also, which takes columns, without also",
        ),
    ],
)
def test_what_else_makes_members_is_a_column_of_a_list(rules: str, told: str) -> None:
    plain = find_mapping("parat-companies").text
    head = plain.partition("[fields.name]")[0]
    more = "" if rules.startswith("name") else 'name = { column = "n" }\n'
    with pytest.raises(UnusableMapping, match=told):
        parse_mapping("mine", f'{head}[fields]\nid = {{ column = "i" }}\n{more}{rules}\n')


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("/Organization/OpenAI", "/organization/openai"),
        (
            "https://www.crunchbase.com/organization/OpenAI?utm=1#top",
            "crunchbase.com/organization/openai",
        ),
        ("crunchbase.com/organization/evergy", "crunchbase.com/organization/evergy"),
        ("HTTP://Example.co.uk/a/b/", "example.co.uk/a/b"),
    ],
)
def test_an_address_is_kept_without_what_does_not_tell_it_apart(text: str, alias: str) -> None:
    assert TRANSFORMS["alias"].read(text) == alias


@pytest.mark.parametrize("text", ["openai", "https://openai.com", "https://a.b/c;d", "a b.c/d e"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed, match="is not an address"):
        TRANSFORMS["alias"].read(text)


@pytest.mark.parametrize("beside", [False, True])
def test_an_alias_that_is_no_name_is_left_out_and_its_row_is_not(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    """A name that is none refuses its row all the same."""
    if beside:
        let_fork(monkeypatch)
    file = tmp_path / "firms.csv"
    rows = (
        "1,One,US,,\x01; Uno;O\x81ne\n2,Two,CN,,D\x81os\n3,Three,CN,,Tres\n4,F\x81our,CN,,\x81a\n"
        "5,Five,Nowhere,,\x81b\n6,Acme,CN,,\x81c\n"
    )
    file.write_text(PARAT + rows.replace("\n", ",\n"), encoding="utf-8")
    report = load(database, file, "parat-companies", max_rejects=2)
    assert [(one.line, one.column) for one in report.rejects] == [(5, "name"), (6, "country")]
    assert report.left_out == [
        *((2, "aliases", "\x01"), (2, "aliases", "O\x81ne"), (3, "aliases", "D\x81os")),
        *([(7, "aliases", "\x81c")] if "acme" in report.told.taken else []),
    ]
    found = {row["id"]: row["aliases"] for row in listed(database, COMPANIES)}
    assert (found["one"], found["two"], found["three"]) == (["Uno"], [], ["Tres"])
    assert load(database, file, "parat-companies", max_rejects=2).revision is None


def test_the_command_says_which_aliases_are_left_out(
    sqlite_templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRACE_DATABASE_URL", sqlite_templates.empty())
    (tmp_path / "firms.csv").write_text(f"{PARAT}1,One,US,,O\x81ne; Uno,\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["load", str(tmp_path / "firms.csv")])
    assert done.exit_code == 0
    assert "control characters: line 2, column aliases: 'O\\x81ne'." in done.stdout


# The tables that others publish


def test_rounds_of_ai_companies_alone_are_those_of_the_files(sqlite_templates: Templates) -> None:
    """PARAT has the addresses of AI companies, and the countries that the rounds lack."""
    parat, crunchbase = shared("data/parat/companies.csv"), shared("data/crunchbase/rounds2.zip")
    url = sqlite_templates.empty()
    database = Database(url)
    load(database, parat)
    report = load(database, crunchbase, only_known="company")
    expected = _rounds_by_country_and_year(parat, crunchbase)
    assert report.facts == sum(expected.values()) == 705
    with TestClient(create_app(Settings(database_url=url))) as client:
        rows = client.get("/funding?source=crunchbase&limit=1000").json()["data"]
        told = client.get("/gap?indicator=rounds-count&a=US&b=CN&source=crunchbase").json()["data"]
    database.close()
    assert Counter((row["country"], row["period"][:4]) for row in rows) == expected
    assert len({row["company"] for row in rows}) == 262
    (periods,) = [one["periods"] for one in told["comparisons"]]
    newest = periods[-1]
    assert (newest["period"], newest["leader"]) == ("2014", "US"), "2015 was not over"
    counted = [row for row in rows if row["country"] == "US" and row["amount_usd"] is not None]
    of_2014 = [row["round_type"] for row in counted if row["period"].startswith("2014")]
    lent = {"debt-financing", "post-ipo-debt"}
    assert newest["a"]["value"] == sum(of_type not in lent for of_type in of_2014)
    assert lent & {*of_2014}, "loans are listed, and are no money that a company takes in"


def _rounds_by_country_and_year(parat: Path, crunchbase: Path) -> Counter[tuple[str, str]]:
    """Return how many rounds of AI companies the files have, read plainly."""
    countries: dict[str, set[str]] = {}
    with parat.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found = re.search(r"crunchbase\.com(/organization/[^?#]+)", row["crunchbase_url"])
            if found:
                country = country_code(row["country"]) if row["country"] else ""
                countries.setdefault(found[1].lower(), set()).add(row["name"] + "|" + country)
    alone = {path: one for path, (one, *more) in countries.items() if not more}
    rounds: Counter[tuple[str, str]] = Counter()
    for line in (
        zipfile.ZipFile(crunchbase).read("rounds2.csv").decode("cp1252", "replace").split("\r\n")
    ):
        permalink, _, rest = line.partition(",")
        if known := alone.get(permalink.lower()):
            year = rest.rsplit(",", 1)[0][-4:]
            rounds[known.rpartition("|")[2], year] += 1
    return rounds
