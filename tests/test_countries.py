"""Countries: understood exactly, in each of their spellings, and never by likeness."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.kit.countries import country_code
from app.kit.errors import NotAllowed


@pytest.fixture(scope="module")
def countries(client: TestClient) -> list[dict[str, Any]]:
    """All countries and groups, as they are served."""
    answer: dict[str, Any] = client.get("/countries?limit=1000").json()
    found: list[dict[str, Any]] = answer["data"]
    assert answer["links"].get("next") is None
    return found


def names(country: dict[str, Any]) -> list[str]:
    """Return every spelling that a country is served with."""
    return [n for n in (country["id"], country["iso3"], country["name"], *country["aliases"]) if n]


def test_all_of_iso_3166_and_the_groups_are_served(countries: list[dict[str, Any]]) -> None:
    kinds = {country["id"]: country["kind"] for country in countries}
    assert {key for key, kind in kinds.items() if kind == "group"} == {"WLD", "EU"}
    assert sum(kind == "country" for kind in kinds.values()) == 249
    assert {"US", "CN", "GB", "TW", "KR"} <= kinds.keys()


def test_each_spelling_that_is_served_is_understood(countries: list[dict[str, Any]]) -> None:
    wrong = {
        (name, country["id"])
        for country in countries
        for spelling in names(country)
        for name in (spelling, spelling.lower(), spelling.upper())
        if country_code(name) != country["id"]
    }
    assert wrong == set()


def test_no_spelling_means_two_countries(countries: list[dict[str, Any]]) -> None:
    owners: dict[str, set[str]] = {}
    for country in countries:
        for spelling in names(country):
            owners.setdefault(spelling.casefold(), set()).add(country["id"])
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("us", "US"), ("USA", "US"), ("U.S.", "US"), ("United States", "US")),
        *(("united states of america", "US"), ("America", "US"), (" U. S. A. ", "US")),
        *(("China", "CN"), ("PRC", "CN"), ("Mainland China", "CN"), ("China (mainland)", "CN")),
        *(("UK", "GB"), ("U.K.", "GB"), ("Great Britain", "GB"), ("EU", "EU"), ("EU27", "EU")),
        *(("European Union", "EU"), ("world", "WLD"), ("Global", "WLD"), ("WLD", "WLD")),
        *(("South Korea", "KR"), ("Korea, Republic of", "KR"), ("North Korea", "KP")),
        *(("Türkiye", "TR"), ("turkiye", "TR"), ("Turkey", "TR"), ("Côte d'Ivoire", "CI")),
        *(("cote divoire", "CI"), ("Curaçao", "CW"), ("Réunion", "RE"), ("Congo", "CG")),
        *(("Congo, Dem. Rep.", "CD"), ("Congo, Rep.", "CG"), ("Egypt, Arab Rep.", "EG")),
        *(("Iran, Islamic Rep.", "IR"), ("Korea, Rep.", "KR"), ("Yemen, Rep.", "YE")),
        *(("Korea, Dem. People's Rep.", "KP"), ("Hong Kong SAR, China", "HK")),
        *(("Macao SAR, China", "MO"), ("Taiwan, China", "TW"), ("Venezuela, RB", "VE")),
        *(("Gambia, The", "GM"), ("Bahamas, The", "BS"), ("Micronesia, Fed. Sts.", "FM")),
        *(("St. Lucia", "LC"), ("Slovak Republic", "SK"), ("Kyrgyz Republic", "KG")),
        *(("Republic of Ireland", "IE"), ("Brunei", "BN"), ("The Gambia", "GM"), ("Macau", "MO")),
        *(("Lao PDR", "LA"), ("Turkiye", "TR"), ("Viet Nam", "VN"), ("Cote d'Ivoire", "CI")),
        *(
            ("West Bank and Gaza", "PS"),
            ("Puerto Rico (US)", "PR"),
            ("Virgin Islands (U.S.)", "VI"),
        ),
        *(("St. Martin (French part)", "MF"), ("Sint Maarten (Dutch part)", "SX")),
        *(("Democratic Republic of the Congo", "CD"), ("DRC", "CD"), ("Taiwan", "TW")),
    ],
)
def test_usual_spellings_are_understood(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "Korea", "Kore", "EUR", "UN", "XX", "ZZ", "U", "USSR", "840"),
        *("Unites States", "Chin", "Chinaa", "China US", "US,CN", "Guinea Bissau Republic"),
        *("Congo (DRC or not)", "Ireland (Republic)", "A", "all", "none", "null", "%"),
    ],
)
def test_nothing_is_matched_by_likeness(text: str) -> None:
    with pytest.raises(NotAllowed):
        country_code(text)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        *(("Chinaa", "CN"), ("Unites States", "US"), ("Germny", "DE"), ("Frnace", "FR")),
        *(("Switzrlend", "CH"), ("Saudia Arabia", "SA"), ("Congo, Dem. Reps", None)),
        *(("Rest of World", None), ("Korea", None), ("Virgin Islands", None), ("China US", None)),
        *(("Republic of Congo, Dem.", None), ("North Africa", None), ("Latin America", None)),
        *(("Irak", None), ("Austrlia", None), ("Nigera", None), ("USAA", None), ("Chns", None)),
        *(("China, Taiwan", None), ("Other China", None), ("Yemen, Dem.", None)),
    ],
)
def test_only_a_slip_is_refused_with_the_nearest_country(text: str, near: str | None) -> None:
    with pytest.raises(NotAllowed) as refused:
        country_code(text)
    assert refused.value.nearest == near
    assert text not in str(refused.value)


@given(text=st.text())
def test_no_text_does_anything_but_name_a_country_or_be_refused(text: str) -> None:
    try:
        code = country_code(text)
    except NotAllowed:
        return
    assert country_code(code) == code


def test_country_means_the_same_on_every_resource_that_has_one(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    asked = [
        path
        for path, item in paths.items()
        if any(parameter["name"] == "country" for parameter in item["get"].get("parameters", ()))
        and "." not in path
        and item["get"]["tags"] != ["answers"]
    ]
    assert {"/funding", "/companies", "/models", "/adoption"} <= set(asked)
    for path in asked:
        answers = [
            client.get(path, params={"country": name}).json()["data"]
            for name in ("US", "usa", "U.S.", "United States")
        ]
        assert answers[0]
        assert all(answer == answers[0] for answer in answers)
        assert client.get(path, params={"country": "Andorra"}).json()["data"] == []
        assert client.get(path, params={"country": "Korea"}).status_code == 422
