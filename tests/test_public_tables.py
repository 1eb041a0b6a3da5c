"""The tables that others publish, loaded as they are: the right answers, through the API.

The answers were worked out from the bytes of the files. The files stand beside the project.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.exchange.mapped_rows import MappedRows
from app.exchange.mapping import recognise
from app.exchange.tables import UnreadableTable, open_table
from app.kit.countries import country_code
from app.main import create_app
from app.resources.registry import RESOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed
from tests.support import shared

EPOCH_2023 = "data/epoch/all_ml_systems__2023-12-20.csv"
EPOCH_2024 = "data/epoch/all_ml_systems__2024-03-22.csv"
CSET = "data/cset/companies_yearly_estimated.csv"
OWID = "data/owid/private-investment-in-artificial-intelligence-cset.csv"
MICROSOFT = "data/microsoft/AI_Diffusion_Q12026_Update.csv"
PARAT = "data/parat/companies.csv"
CRUNCHBASE = "data/crunchbase/rounds2.zip"
MILLION = 1_000_000


@contextmanager
def opened(url: str) -> Iterator[tuple[TestClient, Database]]:
    """Give a client over a database, and the database."""
    database = Database(url)
    with TestClient(create_app(Settings(database_url=url))) as client:
        yield client, database
    database.close()


@pytest.fixture
def seeded(templates: Templates) -> Iterator[tuple[TestClient, Database]]:
    """A client over a database with the packs that ship, which the test loads more into."""
    with opened(templates.seeded()) as found:
        yield found


@pytest.fixture
def seeded_file(sqlite_templates: Templates) -> Iterator[tuple[TestClient, Database]]:
    """The same on SQLite alone, for large tables: others try what differs between the two."""
    with opened(sqlite_templates.seeded()) as found:
        yield found


def read(client: TestClient, path: str, **query: str | int) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def totals(client: TestClient, source: str, **query: str | int) -> dict[tuple[str, str], Any]:
    rows = read(client, "/funding", source=source, limit=1000, **query)
    return {(row["country"], row["period"]): (row["amount_usd"], row["qualifier"]) for row in rows}


def test_each_file_is_recognised_by_its_columns() -> None:
    for name, mapping in (
        (EPOCH_2023, "epoch-models"),
        (EPOCH_2024, "epoch-models"),
        (CSET, "cset-investment-estimated"),
        (OWID, "owid-ai-investment"),
        (MICROSOFT, "microsoft-diffusion"),
        (PARAT, "parat-companies"),
        (CRUNCHBASE, "crunchbase-rounds"),
    ):
        with open_table(shared(name)) as table:
            assert recognise(table.header).name == mapping


def ai_models_of_epoch() -> Counter[tuple[str, str]]:
    """Count the rows of the newer table by country and year, as it names them."""
    counted = Counter[tuple[str, str]]()
    with shared(EPOCH_2024).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            names = {name.strip() for name in row["Country (from Organization)"].split(",")}
            for name in names - {"", "Multinational"}:
                if row["System"] and row["Publication date"]:
                    counted[country_code(name), row["Publication date"][:4]] += 1
    return counted


def test_a_newer_release_of_epochs_table_supersedes_the_one_before(
    seeded: tuple[TestClient, Database],
) -> None:
    client, database = seeded
    first = load(database, shared(EPOCH_2023))
    second = load(database, shared(EPOCH_2024))
    assert (first.facts, first.rejected, first.removed) == (1_135, 0, 0)
    assert (second.facts, second.rejected) == (1_412, 0)
    assert second.told.skipped == {"without the name of a system": 1}
    assert first.revision is not None
    then = read(client, "/models/gemini-ultra-epoch", as_of=first.revision)
    now = read(client, "/models/gemini-ultra-epoch")
    assert round(then["training_compute_flop"] / 1e25, 6) == 9.0
    assert round(now["training_compute_flop"] / 1e25, 6) == 5.0
    assert (then["openness"], now["openness"]) == ("closed", "hosted")  # a column was renamed
    source = read(client, "/sources/epoch-models")
    assert (source["published"], source["licence"]) == ("2024-03-22", "CC BY 4.0")
    # Systems that differ in a sign only are two, and keep their keys in both releases.
    for key in ("pointnet-epoch", "pointnet-plus-plus-epoch"):
        assert len(read(client, f"/models/{key}/history")) >= 1
    # Countries that a cell lists twice count once; a company that is multinational has none.
    deepmind = read(client, "/companies/google-deepmind")
    assert deepmind["country"] is None
    # Each organisation has the country that stands in its turn, and a comma in a name splits none.
    assert read(client, "/companies/sambanova-systems-inc")["country"] == "US"
    assert read(client, "/companies/technion-israel-institute-of-technology")["country"] == "IL"
    counts = read(
        client, "/observations", indicator="models-released", source="epoch-models", limit=1_000
    )
    told = {(one["country"], one["period"]): one["value"] for one in counts}
    counted = ai_models_of_epoch()
    assert {one: n for one, n in counted.items() if told.get(one) != n} == {}
    assert told.keys() == counted.keys()
    gap = {"indicator": "largest-training-compute", "a": "US", "b": "CN", "source": "epoch-models"}
    before = read(client, "/gap", **gap, as_of=first.revision)["comparisons"]
    after = read(client, "/gap", **gap)["comparisons"]
    assert before != after
    assert second.removed == 10  # systems that the newer release no longer has
    assert load(database, shared(EPOCH_2024)).revision is None  # once more changes nothing


def test_csets_years_are_those_of_the_table_and_all_is_no_sum(
    seeded_file: tuple[TestClient, Database],
) -> None:
    client, database = seeded_file
    report = load(database, shared(CSET))
    assert (report.facts, report.rejected) == (14_221, 0)
    found = totals(
        client, "cset-investment-estimated", scope="ai-private-investment", country="US,CN"
    )
    for year, american, chinese in (
        ("2021", 150_497, 20_031),
        ("2022", 87_361, 12_924),
        ("2023", 87_318, 10_256),
    ):
        assert found["US", year] == (american * MILLION, "exact")
        assert found["CN", year] == (chinese * MILLION, "exact")
    assert found["US", "2024"] == (145_732 * MILLION, "at_least")  # not complete
    assert found["CN", "2024"] == (10_560 * MILLION, "at_least")
    rows = read(
        client,
        "/funding",
        source="cset-investment-estimated",
        country="US",
        period="2023",
        limit=1000,
    )
    parts = sum(row["amount_usd"] for row in rows if row["scope"] != "ai-private-investment")
    assert parts == 291_824 * MILLION  # a company stands in several fields
    gap = read(
        client,
        "/gap",
        indicator="funding-amount",
        source="cset-investment-estimated",
        scope="ai-private-investment",
    )
    (comparison,) = gap["comparisons"]
    assert comparison["periods"][-1]["period"] == "2023"
    assert round(comparison["periods"][-1]["ratio"], 2) == round(87_318 / 10_256, 2)
    assert ("2024", "qualifier_overlap") in {(r["period"], r["reason"]) for r in gap["refusals"]}


def test_owids_value_in_two_columns_counts_once_and_groups_are_no_countries(
    seeded: tuple[TestClient, Database],
) -> None:
    client, database = seeded
    report = load(database, shared(OWID), published="2026-05-07")
    assert (report.facts, report.rejected) == (952, 0)
    assert report.groups_made == [
        *("AFRICA", "ASIA", "EUROPE", "NORTH-AMERICA", "OCEANIA", "SOUTH-AMERICA"),
    ]
    assert report.restated_made == "cset-country-activity-tracker"
    source = read(client, "/sources/owid-ai-investment")
    assert source["restates"] == report.restated_made
    # Our World in Data and CSET itself are one witness, and a country that is behind in a field
    # does not make CSET contradict itself.
    load(database, shared(CSET))
    gap = read(client, "/gap", indicator="funding-amount", period="2015..")
    told = {one["source"]: one["witness"] for one in gap["comparisons"]}
    assert told["owid-ai-investment"] == "cset-country-activity-tracker"
    assert told["cset-investment-estimated"] == "cset-investment-estimated"
    assert gap["agreement"]["undecided"] == 0
    only = read(
        client,
        "/gap",
        indicator="funding-amount",
        source="owid-ai-investment,cset-investment-estimated",
    )
    assert only["agreement"]["leaders"] == {"US": 1}
    leaders = {one["periods"][-1]["leader"] for one in only["comparisons"]}
    assert leaders == {"US", "CN"}
    found = totals(client, "owid-ai-investment", country="US,CN")
    assert found["US", "2021"] == (156_654_000_000, "exact")
    assert found["US", "2023"] == (112_766_179_752, "exact")
    assert found["CN", "2021"] == (18_443_000_000, "exact")
    assert found["CN", "2023"] == (9_260_230_196, "exact")
    assert found["US", "2024"] == (148_345_083_627, "exact")  # in both columns
    assert found["US", "2025"] == (259_590_618_405, "about")  # in the projected one only
    rows = read(client, "/funding", source="owid-ai-investment", country="Africa", limit=1)
    assert rows[0]["country"] == "AFRICA"
    assert read(client, "/countries/AFRICA")["kind"] == "group"
    assert {row["price_base"] for row in rows} == {"constant-2021"}
    gap = read(client, "/gap", indicator="funding-amount", a="ZA", b="AFRICA")
    assert {refusal["reason"] for refusal in gap["refusals"]} == {"part_of_whole"}
    assert read(client, "/gap", indicator="funding-amount")["comparisons"][-1]["unit"] in {
        *("USD", "USD of 2021"),
    }


def test_microsofts_waves_are_facts_and_what_the_seed_has_is_there_already(
    seeded: tuple[TestClient, Database],
) -> None:
    client, database = seeded
    report = load(database, shared(MICROSOFT))
    assert (report.rows, report.facts, report.added, report.changed) == (147, 441, 435, 0)
    standings = read(client, "/race", countries="CN,PE")["standings"]
    (level,) = (one for one in standings if one["indicator"] == "people-using-ai")
    assert (level["leader"], level["period"], level["witnesses_level"]) == (None, "2026-Q1", 1)
    assert level["sentence"].endswith("CN 16.4 percent against PE 16.4 percent.")
    rows = read(
        client, "/adoption", metric="people_using_ai", source="ms-diffusion-2026q1", limit=1000
    )
    found = {(row["country"], row["period"]): row["value"] for row in rows}
    waves = ("2025-01/2025-06", "2025-07/2025-12", "2026-Q1")
    assert [found["US", wave] for wave in waves] == [26.3, 28.3, 31.3]
    assert [found["CN", wave] for wave in waves] == [15.4, 16.3, 16.4]
    assert found["TR", "2026-Q1"] == 17.4  # Türkiye, in Mac Roman
    assert [found["CG", wave] for wave in waves] == [found["CD", wave] for wave in waves]


def test_parats_companies_are_one_with_those_that_are_known(
    seeded_file: tuple[TestClient, Database],
) -> None:
    client, database = seeded_file
    report = load(database, shared(PARAT))
    assert (report.rows, report.rejected) == (1_311, 0)
    ((line, column, alias),) = report.left_out
    assert (line, column, "\x81" in alias) == (307, "aliases", True)
    dji = read(client, "/companies/dji")
    assert dji["country"] == "CN"
    assert "Dajiang Chuangxin Keji Youxian Gongsi" in dji["aliases"]
    assert not any("\x81" in one for one in dji["aliases"])
    assert (report.told.merged["Amazon"], report.told.merged["Baidu"]) == ("amazon", "baidu")
    assert report.facts + len(report.told.merged) == report.rows
    assert read(client, "/companies/baidu")["source"] == "bnn-2024-03-31"
    ibm = read(client, "/companies/ibm")
    assert (ibm["country"], ibm["source"]) == ("US", "cset-parat")
    assert "International Business Machines" in ibm["aliases"]
    again = load(database, shared(PARAT))
    assert (again.revision, again.told.merged) == (None, report.told.merged)


def test_crunchbases_rounds_are_of_companies_whatever_the_case_of_their_addresses(
    seeded_file: tuple[TestClient, Database],
) -> None:
    client, database = seeded_file
    path = shared(CRUNCHBASE)
    report = load(database, path)
    assert report.rows == 114_949
    (strange,) = (kind for kind in report.kinds if "save the file as UTF-8" in kind)
    assert strange.startswith("company_permalink: text in UTF-8 (")
    assert report.kinds[strange] == 45
    assert report.told.spellings == 23_874, "of the addresses in rows that are right"
    lines = zipfile.ZipFile(path).read("rounds2.csv").split(b"\r\n")
    rows = []
    for line in lines[1:]:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            continue
        if text and not any("\x80" <= char <= "\x9f" for char in text):
            rows.append(next(csv.reader(io.StringIO(text))))
    assert report.facts == len(rows) == 114_949 - report.rejected
    amounts = [int(row[5]) for row in rows if row[5] not in ("", "0")]
    everything = {"source": "crunchbase", "count": "exact", "limit": "1"}

    def total(path: str, **query: str) -> int:
        answer = client.get(path, params=everything | query)
        found: int = answer.json()["meta"]["total"]
        return found

    assert total("/funding") == len(rows)
    assert total("/funding", min_amount_usd="1") == total("/funding", min_amount_usd="0")
    assert total("/funding", min_amount_usd="0") == len(amounts)
    described = {f"/organization/{key}" for key in ("amazon", "baidu", "nvidia")}  # by the packs
    assert total("/companies") == len({row[0].lower() for row in rows} - described)
    key = "crunchbase-funding-round-9a01d05418af9f794eebff7ace91f638"
    fame = read(client, f"/funding/{key}")
    assert (fame["period"], fame["amount_usd"], fame["round_type"]) == (
        *("2015-01-05", 10_000_000, "venture-b"),
    )
    company = read(client, f"/companies/{fame['company']}")
    assert company["aliases"] == ["/organization/-fame"]
    again = load(database, path)
    assert (again.revision, again.facts) == (None, report.facts)


def test_a_page_that_was_saved_as_a_table_is_named_as_what_it_is() -> None:
    with (
        pytest.raises(UnreadableTable, match="is a web page and not a table"),
        open_table(shared("data/bad/html-page-saved-as.csv")),
    ):
        pass


def test_all_that_is_loaded_is_sound(seeded_file: tuple[TestClient, Database]) -> None:
    from app.analysis.checks import check

    _, database = seeded_file
    for name in (EPOCH_2023, PARAT, OWID, MICROSOFT, EPOCH_2024):
        load(database, shared(name))
    with database.read() as transaction:
        assert list(check(transaction)) == []


@pytest.mark.parametrize("name", [EPOCH_2023, EPOCH_2024, CSET, OWID, PARAT])
def test_by_column_the_same_comes_out_as_row_by_row(
    sqlite_templates: Templates, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for is_by_column in (True, False):
        if not is_by_column:
            monkeypatch.setattr(MappedRows, "at_once", lambda _rows, _run: None)
        database = Database(sqlite_templates.empty())
        report = asdict(load(database, shared(name)))
        rows = [row for resource in RESOURCES for row in listed(database, resource)]
        for row in rows:
            del row["recorded_at"]
        database.close()
        found.append((report, rows))
    assert len(found[0][1]) > 100
    assert found[0] == found[1]
