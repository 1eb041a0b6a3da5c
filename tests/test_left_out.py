"""What counts for no country is told beside a comparison, and whether it could turn it."""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.analysis.indicators import INDICATORS, indicators
from app.analysis.left_out import NOBODYS, read_left_out
from app.analysis.observations import observed
from app.analysis.view import ATTRIBUTIONS, Attribution, View
from app.main import create_app
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import ai_model, company, funding_round, source, total, write

COUNTRY_OF = {"us": "US", "us-too": "US", "cn": "CN", "il": "IL", "nobody": None, "several": None}


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with companies of some countries and of none."""
    opened = Database(templates.empty())
    companies = [company(key, country=country) for key, country in COUNTRY_OF.items()]
    write(opened, {SOURCES: [source("s"), source("t")], COMPANIES: companies})
    yield opened
    opened.close()


def gap(database: Database, indicator: str, **asked: str) -> Any:
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        answer = client.get("/gap", params={"indicator": indicator, **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


def newest(found: Any) -> tuple[float | None, bool, str | None]:
    (comparison,) = found["comparisons"]
    period = comparison["periods"][-1]
    return period["without_country"], period["leader_certain"], period["leader"]


def models(*developers: str, year: int = 2023, **fields: Any) -> list[Any]:
    """Return an AI model for each text: its developers, with spaces between."""
    return [
        ai_model(f"m-{year}-{number}", developers=text.split(), released=str(year), **fields)
        for number, text in enumerate(developers)
    ]


@pytest.mark.parametrize(
    ("rest", "left_out", "certain"),
    [
        ((), None, True),
        (("nobody",), 1, True),
        (("nobody", "several"), 2, False),  # it would be level
        (("nobody", "several", ""), 3, False),  # one has no developer at all
        (("us nobody", "il nobody"), 2, True),
        (("us nobody", "cn several", "il nobody"), 3, False),
        (("cn nobody", "cn several", "nobody"), 3, True),  # what is China's too is not added again
    ],
)
def test_ai_models_without_a_country_are_told(
    database: Database, rest: tuple[str, ...], left_out: int | None, *, certain: bool
) -> None:
    known = ["us"] * (6 if "cn nobody" in rest else 4)
    write(database, {AI_MODELS: models(*known, "cn", "cn", *rest)})
    found = gap(database, "models-released")
    assert newest(found) == (left_out, certain, "US")
    (comparison,) = found["comparisons"]
    many = f" {left_out} AI models are wholly or partly of no country that is known"
    told = {
        None: "",
        1: " 1 AI model is wholly or partly of no country that is known",
    }.get(left_out, many)
    rest_of_it = "." if certain else ": if all were of CN, US would not be ahead."
    assert comparison["sentence"].endswith(" to 1." + (told + rest_of_it if told else ""))


def test_of_the_largest_it_is_the_largest_that_counts_for_no_country(database: Database) -> None:
    rows = [
        ai_model("a", developers=["us"], released="2023", training_compute_flop=2e25),
        ai_model("b", developers=["cn"], released="2023", training_compute_flop=1e24),
        ai_model("c", developers=["several"], released="2023", training_compute_flop=2e25),
        ai_model("d", developers=["nobody"], released="2023"),
    ]
    write(database, {AI_MODELS: rows})
    found = gap(database, "largest-training-compute")
    assert newest(found) == (2e25, False, "US")  # China could have one as large
    assert {one["reason"] for one in found["refusals"]} == {"single_period"}
    larger = ai_model("c", developers=["several"], released="2023", training_compute_flop=5e25)
    write(database, {AI_MODELS: [larger]})
    found = gap(database, "largest-training-compute")
    assert newest(found) == (5e25, False, "US")
    assert found["comparisons"][0]["sentence"].endswith(
        "One of 5e+25 FLOP (C) is wholly or partly of no country that is known: if it were of CN, "
        "US would not be ahead."
    )
    assert newest(gap(database, "largest-training-compute", as_of="2")) == (2e25, False, "US")


def test_rounds_without_a_country_are_told_by_source_and_prices(database: Database) -> None:
    rounds = [
        funding_round("a", "us", country="US", amount_usd=900, qualifier="exact"),
        funding_round("b", "cn", country="CN", amount_usd=500, qualifier="exact"),
        funding_round("c", "nobody", amount_usd=300, qualifier="exact"),
        funding_round("d", "several", amount_usd=400, qualifier="exact", source="t"),
        funding_round("e", "nobody", amount_usd=50, qualifier="exact", period="2022"),
        funding_round("f", "nobody"),
    ]
    write(database, {FUNDING: [*rounds, total("g", amount_usd=7, qualifier="exact")]})
    assert newest(gap(database, "rounds-amount")) == (300, True, "US")
    assert newest(gap(database, "rounds-count")) == (1, False, None)
    write(database, {FUNDING: [funding_round("g2", "nobody", amount_usd=101, qualifier="exact")]})
    assert newest(gap(database, "rounds-amount")) == (401, False, "US")


def test_a_source_that_has_neither_is_told_so(database: Database) -> None:
    rounds = [
        funding_round("a", "us", country="US", amount_usd=9, qualifier="exact"),
        funding_round("b", "cn", country="CN", amount_usd=5, qualifier="exact"),
        funding_round("c", "nobody", amount_usd=3, qualifier="exact", source="t", period="2021"),
    ]
    write(database, {FUNDING: rounds})

    def refused(**asked: str) -> set[tuple[str, str]]:
        told = gap(database, "rounds-amount", **asked)["refusals"]
        return {(one["source"], one["reason"]) for one in told if one["reason"] != "single_period"}

    assert refused() == refused(period="2021") == refused(source="t") == {("t", "without_country")}
    assert refused(period="2023") == refused(source="s") == set()
    assert refused(scope="listed-rounds") == {("t", "without_country")}
    assert refused(scope="other") == set()
    assert refused(b="IL") == {("s", "one_sided"), ("t", "without_country")}


def test_a_direction_that_what_has_no_country_could_turn_is_not_certain(
    database: Database,
) -> None:
    before = models("us", "us", "us", "us", "cn", "cn", year=2022)
    write(database, {AI_MODELS: [*before, *models(*["us"] * 9, "cn")]})
    (comparison,) = gap(database, "models-released")["comparisons"]
    assert (comparison["trend"]["direction"], comparison["trend"]["certain"]) == ("widening", True)
    few = models(*["us"] * 9, "cn", *["nobody"] * 4)
    write(database, {AI_MODELS: few})
    (comparison,) = gap(database, "models-released")["comparisons"]
    assert (comparison["trend"]["direction"], comparison["trend"]["certain"]) == ("widening", False)


def test_what_sources_report_leaves_nothing_out(database: Database) -> None:
    rows = [
        total("a", amount_usd=9, qualifier="exact"),
        total("b", country="CN", amount_usd=5, qualifier="exact"),
        funding_round("c", "nobody", amount_usd=300, qualifier="exact"),
    ]
    write(database, {FUNDING: rows, AI_MODELS: models("nobody", "us", "cn")})
    assert newest(gap(database, "funding-amount")) == (None, True, "US")


@pytest.mark.parametrize("rule", ATTRIBUTIONS)
def test_all_ai_models_count_for_a_country_or_for_none(
    database: Database, rule: Attribution
) -> None:
    dice = random.Random(7)
    keys = list(COUNTRY_OF)
    developers = [
        " ".join(dice.sample(keys, dice.choice((0, 1, 1, 2, 2, 3, 4)))) for _ in range(300)
    ]
    write(database, {AI_MODELS: models(*developers[:200]) + models(*developers[200:], year=2024)})
    expected: dict[str, float] = defaultdict(float)
    counted: dict[str, float] = defaultdict(float)
    already = Counter[tuple[str, str | None]]()
    for number, text in enumerate(developers):
        year = "2023" if number < 200 else "2024"
        countries = [*dict.fromkeys(COUNTRY_OF[key] for key in text.split())]
        parts = dict.fromkeys(countries, 1 / len(countries)) if countries else {None: 1.0}
        for country in {*countries} - {None} if None in countries else ():
            already[year, country] += 1
        match rule:
            case "any":
                parts = dict.fromkeys(parts, 1.0)
            case "first":
                parts = {next(iter(parts)): 1.0}
            case "exclusive":
                parts = parts if len(parts) == 1 else {}
        expected[year] += parts.pop(None, 0.0)
        counted[year] += sum(parts.values())
    with database.read() as transaction:
        view = View(transaction, transaction.latest, rule)
        released = indicators(view)["models-released"]
        found = read_left_out(view, [released])["models-released"]
        rows = observed(view, ["models-released"])
        of_some = defaultdict[str, float](float)
        for row in transaction.connection.execute(rows.select()).mappings():
            of_some[row["period"]] += row["value"]
    nobodys = {group[1]: value for group, value in found.items() if group[4] == NOBODYS}
    assert nobodys == pytest.approx(expected)
    partly = {(group[1], group[4]): value for group, value in found.items() if group[4]}
    assert partly == (already if rule == "any" else {})
    assert of_some == pytest.approx(counted)
    assert {group[0] for group in found} == {"s"}


def test_what_could_change_who_is_ahead_is_what_is_told() -> None:
    told = {indicator.id for indicator in INDICATORS if indicator.leaves_out}
    assert told == {
        "rounds-amount",
        "rounds-count",
        "models-released",
        "largest-training-compute",
        *(f"models-above-1e{power}-flop" for power in (23, 24, 25, 26)),
    }


def test_tables_and_charts_tell_it_too(database: Database) -> None:
    sources = [source("s", published="2023-05-01")]
    write(database, {SOURCES: sources, AI_MODELS: models("us", "us", "cn", "nobody", year=2022)})
    write(database, {AI_MODELS: models("us", "cn", "nobody")})
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        table = client.get("/gap.csv?indicator=models-released").text.splitlines()
        turned = client.get("/sensitivity?indicator=models-released").json()["data"]["answers"]
        chart = client.get("/charts/models-released.vl.json?country=US,CN").text
    (row,) = (row for row in csv.DictReader(table) if row["period"] == "2022" and row["leader"])
    assert (row["without_country"], row["leader_certain"], row["part_of"]) == ("1", "false", "")
    assert {one["leader_certain"] for one in turned} == {False}
    assert (
        "Not drawn, being of no country that is known: P of s 2023 1 AI models and, of 1 earlier "
        "period, at most 1 AI models in 2022."
    ) in chart
    assert "\u2265 1" in chart  # the year was not over


def test_the_race_says_whether_its_leader_is_certain(database: Database) -> None:
    write(database, {AI_MODELS: models("us", "us", "cn", "nobody", "nobody")})
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        standings = client.get("/race").json()["data"]["standings"]
        page = client.get("/", headers={"Accept": "text/html"}).text
    found = {one["indicator"]: (one["leader"], one["leader_certain"]) for one in standings}
    assert found["models-released"] == ("US", False)
    assert found["funding-amount"] == (None, None)
    assert "2 to 1" in page
