"""A problem names the parameter that is wrong, and what is allowed instead."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.answering import client_of, is_problem
from tests.conftest import Templates


@pytest.fixture(scope="module")
def sqlite_client(sqlite_templates: Templates) -> Iterator[TestClient]:
    """A client of one database, for what no database has a part in."""
    with client_of(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        yield client


@pytest.mark.parametrize(
    ("address", "name", "allowed"),
    [
        *((f"/funding?limit={value}", "limit", "1 to 1000") for value in ("0", "1001", "x", "-1")),
        ("/funding?min_deals=-1", "min_deals", f"0 to {2**63 - 1}"),
        ("/charts/funding-amount.svg?width=1", "width", "200 to 2000"),
        ("/models?min_training_compute_flop=-1", "min_training_compute_flop", "5.0e25"),
        *((f"/{report}", "indicator", "funding-amount") for report in ("gap", "claims")),
        ("/sensitivity", "indicator", "funding-amount"),
        ("/claims?country=US", "indicator", "funding-amount"),
        ("/gap?indicator=funding-amount&a=US&b=US", "b", "CN"),
        ("/gap?indicator=funding-amount&a=CN", "b", "US"),
        ("/gap?a=US&b=US&indicator=funding-amount", "b", "CN"),
        ("/race?countries=US,US", "countries", "US,CN"),
        ("/race?countries=US", "countries", "at least 2"),
        ("/race?countries=US,CN,GB,FR,DE,JP,IN", "countries", "at most 6"),
        (
            "/funding?as_of=9999-01-01",
            "as_of",
            "0 to 2, or an instant since the first revision",
        ),
        ("/race?weights=funding-amount:0", "weights", "funding-amount:2,funding-deals:1"),
        ("/race?weights=gap:1,gap:2", "weights", "funding-amount:2,funding-deals:1"),
        ("/charts/funding-amount.svg?country=US,US", "country", "US,CN"),
        ("/funding?country=US%00", "country", "text without control characters"),
    ],
)
def test_a_problem_names_the_parameter_and_what_is_allowed(
    sqlite_client: TestClient, address: str, name: str, allowed: str
) -> None:
    answer = sqlite_client.get(address)
    (error,) = is_problem(answer, answer.status_code)["errors"]
    assert answer.status_code in {400, 422}
    assert error["parameter"] == name
    assert allowed in error["allowed"]


def test_what_is_nearest_is_below_the_mount_point_too(sqlite_templates: Templates) -> None:
    settings = Settings(database_url=sqlite_templates.seeded(), root_path="/airace")
    with client_of(create_app(settings)) as client:
        for path, near in (
            ("/airace/fundng", "/airace/funding"),
            ("/fundng", "/airace/funding"),
            ("/airace/nothing-of-the-kind", None),
        ):
            errors = is_problem(client.get(path), 404).get("errors", [])
            assert [error["nearest"] for error in errors] == ([near] if near else [])
        page = client.get("/airace/docs").text
        (document,) = re.findall(r'data-openapi="([^"]*)"', page)
        assert document == "/airace/openapi.json"
        assert client.get(document).json()["servers"] == [{"url": "/airace"}]
        assert client.get("/airace").json() == client.get("/airace/").json()


def test_an_unfit_name_of_a_parameter_is_not_repeated(sqlite_client: TestClient) -> None:
    (error,) = is_problem(sqlite_client.get("/funding?a%00b=1"), 400)["errors"]
    assert error["parameter"] is None
