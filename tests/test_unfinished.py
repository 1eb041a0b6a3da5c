"""What is said of a year that was not over when its source came out: so far, and no more."""

import pytest
from starlette.testclient import TestClient

from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests import made_up_answers
from tests.ledger_rows import ai_model, company, funding_round, source, statistic, write
from tests.made_up_answers import read

written = made_up_answers.written

COUNTED = ("models-released", "largest-training-compute", "rounds-amount", "rounds-count")
UNITS = ("change", "percent_change", "share", "ratio", "index", "per_capita", "per_gdp")


@pytest.fixture
def spring(written: tuple[TestClient, Database]) -> TestClient:
    """A source of the spring of 2024: four AI models and rounds of 2023, one of 2024."""
    client, database = written
    firmly = {"country": "US", "qualifier": "exact", "currency": "USD"}
    models = [("2024", "open"), *(("2023", openness) for openness in ("open", "closed") * 2)]
    compute = {"training_compute_flop": 1e25}
    rows = {
        SOURCES: [source(published="2024-03-22"), source("undated")],
        COMPANIES: [company("us1", country="US")],
        AI_MODELS: [
            ai_model(f"m{n}", developers=["us1"], released=year, openness=openness, **compute)
            for n, (year, openness) in enumerate(models)
        ],
        FUNDING: [
            funding_round(f"r{n}", "us1", period=period, amount=5, amount_usd=5, **firmly)
            for n, period in enumerate(("2023-02", "2023-03", "2024-02"))
        ],
        STATISTICS: [
            statistic("p23", metric="papers", unit="papers", period="2023", value=9),
            statistic("p24", metric="papers", unit="papers", period="2024", value=2),
            statistic("u24", metric="papers", unit="papers", period="2024", source="undated"),
        ],
    }
    write(database, rows)
    return client


@pytest.mark.parametrize("indicator", COUNTED)
def test_what_is_counted_so_far_is_at_least_so_much(spring: TestClient, indicator: str) -> None:
    found = read(spring, "/observations", indicator=indicator)
    assert {row["period"]: row["qualifier"] for row in found} == {
        "2023": "exact",
        "2024": "at_least",
    }
    claims = read(spring, "/claims", indicator=indicator, country="US", period="2024")
    assert [claim["qualifier"] for claim in claims["claims"]] == ["at_least"]


def test_a_share_so_far_is_only_about_that_of_the_year(spring: TestClient) -> None:
    found = read(spring, "/observations", indicator="models-open-share")
    assert {row["period"]: row["qualifier"] for row in found} == {"2023": "exact", "2024": "about"}


def test_what_a_source_reports_is_as_firm_as_it_says(spring: TestClient) -> None:
    found = read(spring, "/observations", indicator="papers")
    assert {row["qualifier"] for row in found} == {"exact"}


@pytest.mark.parametrize("units", UNITS)
def test_it_is_set_against_nothing(spring: TestClient, units: str) -> None:
    """A year seems to collapse beside the one before as long as it lasts."""
    asked = {"indicator": "models-released,rounds-amount,papers", "units": units, "source": "s"}
    found = read(spring, "/observations", **asked)
    told = {(row["value"], row["reason"]) for row in found if row["period"] == "2024"}
    assert told == {(None, "incomplete_period")}
    assert "incomplete_period" not in {row["reason"] for row in found if row["period"] == "2023"}


def test_of_a_source_without_a_day_nothing_is_known_to_be_unfinished(spring: TestClient) -> None:
    asked = {"indicator": "papers", "units": "index", "source": "undated"}
    assert [row["value"] for row in read(spring, "/observations", **asked)] == [100]


def test_it_is_no_base_either(spring: TestClient) -> None:
    asked = {"indicator": "papers", "units": "index", "source": "s", "base_period": "2024"}
    found = read(spring, "/observations", **asked)
    assert {(row["value"], row["reason"]) for row in found} == {(None, "incomplete_period")}
    asked = {"indicator": "rounds-amount", "units": "index", "base_period": "2024"}
    told = {row["period"]: row["qualifier"] for row in read(spring, "/observations", **asked)}
    assert told["2024"] == "at_least", "what it is itself, and not what it is beside itself"


def test_a_count_is_as_new_as_the_day_that_it_hangs_on(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    rows = {
        SOURCES: [source(published="2023-06")],
        COMPANIES: [company("us1", country="US")],
        AI_MODELS: [ai_model("m", developers=["us1"], released="2023")],
    }
    write(database, rows)
    write(database, {SOURCES: [source(published="2024-06")]})
    for at, told in ((1, ("at_least", 1)), (2, ("exact", 2))):
        (row,) = read(client, "/observations", indicator="models-released", as_of=at)
        assert (row["qualifier"], row["revision"]) == told
