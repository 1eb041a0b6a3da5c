"""What is asked for under a licence is of sources with that licence throughout."""

import csv
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.analysis.view import ATTRIBUTIONS
from app.kit.fields import LIST_SEPARATOR
from app.main import create_app
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import ai_model, company, source, write

_LICENCES = {"s": "CC BY 4.0", "t": "CC BY-NC 4.0", "u": None}


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """AI models of a source with an open licence; others have companies of its developers."""
    opened = Database(templates.empty())
    companies = [
        company(f"{country.lower()}-{key}", country=country, source=key)
        for country in ("US", "CN")
        for key in _LICENCES
    ]
    sources = [source(key, licence=licence) for key, licence in _LICENCES.items()]
    write(opened, {SOURCES: sources, COMPANIES: companies})
    developers = ["us-s"] * 5 + ["us-t", "us-s us-t", "us-u cn-t", "cn-s", "cn-s", "cn-t", "cn-t"]
    models = [
        ai_model(f"m{number}", developers=text.split(), released="2023", training_compute_flop=2e23)
        for number, text in enumerate(developers)
    ]
    write(opened, {AI_MODELS: models})
    yield opened
    opened.close()


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """A client of them."""
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as opened:
        yield opened


def read(client: TestClient, path: str, **asked: str) -> Any:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(client: TestClient, **asked: str) -> tuple[float, float, float | None, bool]:
    """Return how many AI models count for US, for CN and for none, and whether US leads anyway."""
    (comparison,) = read(client, "/gap", indicator="models-released", **asked)["data"][
        "comparisons"
    ]
    (period,) = comparison["periods"]
    sides = period["a"]["value"], period["b"]["value"]
    return *sides, period["without_country"], period["leader_certain"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (8, 5, None, True)),
        ({"licence": "open"}, (6, 2, 5, False)),  # all of CN would be seven
        ({"licence": "open,other"}, (7, 5, 1, True)),
        ({"licence": "open,none"}, (7, 2, 5, False)),
        ({"licence": "open,other,none"}, (8, 5, None, True)),
        ({"licence": "open", "attribution": "exclusive"}, (5, 2, 4, False)),
        ({"licence": "open", "attribution": "first"}, (6, 2, 4, False)),
        ({"licence": "open", "attribution": "fractional"}, (5.5, 2, 4.5, False)),
    ],
)
def test_ai_models_count_for_countries_that_sources_with_the_licence_state(
    client: TestClient,
    asked: dict[str, str],
    expected: tuple[float, float, float | None, bool],
) -> None:
    assert counts(client) == (8, 5, None, True), "what is kept of one question is not of another"
    assert counts(client, **asked) == expected
    (comparison,) = read(client, "/gap", indicator="models-released", **asked)["data"][
        "comparisons"
    ]
    assert ("of no country that is known" in comparison["sentence"]) == bool(expected[2])


@pytest.mark.parametrize("rule", ATTRIBUTIONS)
@pytest.mark.parametrize("licence", ["open", "open,other", "open,none", None])
def test_all_answers_count_alike(client: TestClient, rule: str, licence: str | None) -> None:
    asked = {"attribution": rule, **({"licence": licence} if licence else {})}
    us, cn, *_, certain = counts(client, **asked)
    only = {"indicator": "models-released", **asked}
    for latest in "01":
        rows = read(client, "/observations", latest=latest, country="US,CN", **only)["data"]
        assert {row["country"]: row["value"] for row in rows} == {"US": us, "CN": cn}
    shares = read(client, "/observations", units="share", country="US,CN", **only)["data"]
    assert {row["country"]: row["value"] for row in shares} == {
        "US": pytest.approx(100 * us / (us + cn)),
        "CN": pytest.approx(100 * cn / (us + cn)),
    }
    wide = read(client, "/observations", shape="wide", country="US,CN", **only)["data"]
    assert [(row["US"], row["CN"]) for row in wide] == [(us, cn)]
    claims = read(client, "/claims", **only)["data"]["claims"]
    assert {one["country"]: one["value"] for one in claims} == {"US": us, "CN": cn}
    standings = read(client, "/race", **asked)["data"]["standings"]
    (released,) = [one for one in standings if one["indicator"] == "models-released"]
    assert released["margin"] == pytest.approx(us / cn)
    assert released["leader_certain"] == certain


def test_a_source_with_the_licence_is_not_refused_for_its_licence(
    database: Database, client: TestClient
) -> None:
    models = [
        ai_model(key, developers=[key], source="u", released="2021") for key in ("us-t", "cn-t")
    ]
    write(database, {AI_MODELS: models})

    def refused(licence: str) -> set[tuple[str, str]]:
        asked = {"indicator": "models-released", "licence": licence, "period": "2021"}
        told = read(client, "/gap", **asked)["data"]["refusals"]
        return {(one["source"], one["reason"]) for one in told} - {("u", "single_period")}

    assert refused("none") == {("u", "without_country")}
    assert refused("open") == {("u", "licence")}
    assert refused("none,other") == set()


def test_the_licence_is_that_of_the_revision(database: Database, client: TestClient) -> None:
    write(database, {SOURCES: [source("t", licence="CC BY 4.0")]})
    assert counts(client, licence="open")[:3] == (7, 5, 1)
    assert counts(client, licence="open", as_of="2")[:3] == (6, 2, 5)
    write(database, {COMPANIES: [company("cn-t", country="CN", source="u")]})
    assert counts(client, licence="open")[:3] == (7, 2, 3)
    assert counts(client, licence="open", as_of="3")[:3] == (7, 5, 1)


def test_lists_of_ai_models_have_the_countries_that_are_known(client: TestClient) -> None:
    rows = read(client, "/models", licence="open", country="CN")["data"]
    assert len(rows) == 5
    assert all("CN" in row["countries"] for row in rows)


@pytest.mark.parametrize("rule", ATTRIBUTIONS)
def test_an_observation_is_as_new_as_what_gives_a_country(
    database: Database, client: TestClient, rule: str
) -> None:
    def revisions(**asked: str) -> dict[str, int]:
        only = {"indicator": "models-released", "attribution": rule, **asked}
        rows = read(client, "/observations", **only)["data"]
        return {row["country"]: row["revision"] for row in rows}

    assert revisions() == {"US": 2, "CN": 2}
    write(database, {COMPANIES: [company("cn-t", country="CN", source="t", name="Renamed")]})
    both = {"US": 3, "CN": 3} if rule == "fractional" else {"US": 2, "CN": 3}
    assert revisions() == both, "a part of one is as new as who has the other"
    assert revisions(as_of="2") == {"US": 2, "CN": 2}


def test_who_else_tells_the_countries_is_named_and_cited(client: TestClient) -> None:
    def named(**asked: str) -> tuple[list[str], str]:
        found = read(client, "/gap", indicator="models-released", **asked)
        (comparison,) = found["data"]["comparisons"]
        return comparison["countries_from"], found["citation"]["text"]

    others, text = named()
    assert others == ["t", "u"]
    assert "Figures of P of s, with countries of developers as stated by P of t; P of u." in text
    others, text = named(licence="open,other")
    assert (others, "as stated by P of t." in text) == (["t"], True)
    others, text = named(licence="open")
    assert (others, "Figures of P of s. " in text) == ([], True)
    row, *_ = csv.DictReader(client.get("/gap.csv?indicator=models-released").text.splitlines())
    assert row["countries_from"].split(LIST_SEPARATOR) == ["t", "u"]
    funding = read(client, "/gap", indicator="funding-amount")
    assert "countries of developers" not in funding["citation"]["text"]
