"""A problem names the parameter that is wrong, and what is allowed instead."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from app.kit.text import ordinal
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
            ("/healt", "/airace/health"),
            ("/diff/sumary", "/airace/diff/summary"),
            ("/airace/nothing-of-the-kind", None),
        ):
            errors = is_problem(client.get(path), 404).get("errors", [])
            assert [error["nearest"] for error in errors] == ([near] if near else [])
        page = client.get("/airace/docs").text
        (document,) = re.findall(r'data-openapi="([^"]*)"', page)
        assert document == "/airace/openapi.json"
        assert client.get(document).json()["servers"] == [{"url": "/airace"}]
        assert client.get("/airace").json() == client.get("/airace/").json()


@pytest.mark.parametrize("name", ["a%00b", "a%20b", "a<b>", "a%2Fb", "a%22b", "%C3%A9", "a" * 41])
def test_an_unfit_name_of_a_parameter_is_not_repeated(sqlite_client: TestClient, name: str) -> None:
    answer = sqlite_client.get(f"/funding?{name}=1")
    (error,) = is_problem(answer, 400)["errors"]
    assert error["parameter"] is None
    for given in (name, unquote(name)):
        assert given not in answer.text


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("country[]", "country"),
        ("min-amount-usd", "min_amount_usd"),
        ("page[size]", None),
        ("filter.country", "country"),
        ("contry", "country"),
        ("2", None),
        ("a" * 40, None),
    ],
)
def test_a_plain_name_that_is_no_parameter_is_told_with_the_nearest(
    sqlite_client: TestClient, name: str, near: str | None
) -> None:
    problem = is_problem(sqlite_client.get(f"/funding?{name}=US"), 400)
    (error,) = problem["errors"]
    assert (error["parameter"], error["nearest"]) == (name, near)
    meant = f" (did you mean {near}?)" if near else ""
    assert problem["detail"] == f"{name} is not a parameter here{meant}"


def test_a_garbled_value_is_told_by_the_plain_name_of_its_parameter(
    sqlite_client: TestClient,
) -> None:
    (error,) = is_problem(sqlite_client.get("/funding?country[]=%00"), 400)["errors"]
    assert error["parameter"] == "country[]"


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("/funding?country=US,CN,Zzyx,FR", ["3rd"]),
        ("/funding?country=US,Zzyx&country=Zzyx", ["2nd", "3rd"]),
        ("/funding?kind=total,rnd", ["2nd"]),
        ("/funding?sort=id,amout_usd", ["2nd"]),
        ("/funding?fields=idd,country,scop", ["1st", "3rd"]),
        ("/race?countries=US,CN,Zzyx", ["3rd"]),
        ("/charts/funding-amount.svg?country=Zzyx,US", ["1st"]),
        ("/export.zip?licence=open,Zzyx", ["2nd"]),
        ("/?countries=US,Zzyx", ["2nd"]),
    ],
)
def test_what_is_wrong_in_a_list_is_told_by_its_place_and_once(
    sqlite_client: TestClient, query: str, places: list[str]
) -> None:
    answer = sqlite_client.get(query, headers={"Accept": "application/json, */*;q=0.1"})
    problem = is_problem(answer, 422)
    told = [f"(the {place} of the list) " for place in places]
    assert len(problem["errors"]) == len(told)
    for place, error in zip(told, problem["errors"], strict=True):
        assert error["detail"].startswith(place)
        assert problem["detail"].count(f"{error['parameter']} {error['detail']}") == 1
    assert "zyx" not in answer.text


def test_what_is_alone_in_a_list_needs_no_place(sqlite_client: TestClient) -> None:
    problem = is_problem(sqlite_client.get("/funding?country=Zzyx"), 422)
    assert "of the list" not in str(problem)


def test_a_page_tells_the_place_in_a_list_too(sqlite_client: TestClient) -> None:
    page = sqlite_client.get("/?countries=US,Zzyx", headers={"Accept": "text/html"})
    assert page.status_code == 422
    assert "(the 2nd of the list) is not a country" in page.text


def test_places_are_counted_as_people_do() -> None:
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 21, 102, 111)
    said = ["1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "102nd", "111th"]
    assert [ordinal(number) for number in numbers] == said
