"""Observations: what each indicator has, in every unit, worked out by hand."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from app.analysis.indicators import INDICATORS
from app.analysis.observations import SHOWN
from app.analysis.units import Units
from app.resources import results
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.reading import batch_statement
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage import fetching
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests import made_up_answers
from tests.answering import is_problem
from tests.conftest import Templates
from tests.ledger_rows import (
    ai_model,
    company,
    funding_round,
    source,
    statistic,
    write,
)
from tests.made_up_answers import RULES, client_over, get, money, patents, read, seen

made_up = made_up_answers.made_up
written = made_up_answers.written

NONE, SEVERAL = "no_earlier_period", "several_values"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"source": "s"}, {"a1": 10, "a2": 15, "a3": 12, "a4": 11, "a5": 9, "b2": 5, "b3": 3}),
        (
            # 15 - 10, 12 - 15, 3 - 5; eleven months and odd days follow no year.
            {"source": "s", "units": "change"},
            {"a1": NONE, "a2": 5, "a3": -3, "a4": NONE, "a5": NONE, "b2": NONE, "b3": -2},
        ),
        (
            {"source": "s", "units": "percent_change"},  # 5 / 10, -3 / 15, -2 / 5
            {"a1": NONE, "a2": 50, "a3": -20, "a4": NONE, "a5": NONE, "b2": NONE, "b3": -40},
        ),
        (
            {"source": "zero", "units": "percent_change", "country": "US"},
            {"z1": NONE, "z3": "zero_base"},
        ),
        ({"source": "zero", "units": "change", "country": "US"}, {"z1": NONE, "z3": 7}),
        (
            {"source": "months", "units": "change"},  # 4 - 1, 9 - 4, 16 - 9
            {"m1": NONE, "m2": 3, "m3": 5, "m4": 7},
        ),
        (
            {"source": "dup", "units": "change"},  # which of 6 and 8 came before 9?
            {"d1": NONE, "d2": SEVERAL, "d3": SEVERAL, "d4": SEVERAL, "d5": NONE},
        ),
        (
            {"source": "s", "units": "index", "base_period": "2022"},  # 10 / 15, 12 / 15, 3 / 5
            {
                "a1": 66.667, "a2": 100, "a3": 80, "a4": "no_base_period",
                "a5": "no_base_period", "b2": 100, "b3": 60,
            },
        ),
        (
            {"source": "s", "units": "index"},  # 15 / 10, 12 / 10; the others begin anew
            {"a1": 100, "a2": 150, "a3": 120, "a4": 100, "a5": 100, "b2": 100, "b3": 60},
        ),
        (
            {"source": "dup", "units": "index", "base_period": "2023"},
            {"d1": SEVERAL, "d2": SEVERAL, "d3": SEVERAL, "d4": SEVERAL, "d5": 100},
        ),
        (
            {"source": "zero", "units": "index", "country": "US"},
            {"z1": "zero_base", "z3": "zero_base"},
        ),
        (
            {"source": "s", "units": "ratio", "country": "CN"},  # 5 / 15, 3 / 12
            {"b2": 0.333, "b3": 0.25},
        ),
        (
            {"source": "s", "units": "ratio", "base": "CN", "country": "US"},  # 15 / 5, 12 / 3
            {"a1": "no_base_country", "a2": 3, "a3": 4}
            | dict.fromkeys(("a4", "a5"), "no_base_country"),
        ),
        ({"source": "zero", "units": "ratio", "country": "CN"}, {"z2": "zero_base"}),
        ({"source": "dup", "units": "ratio", "country": "CN"}, {"d5": SEVERAL}),
        (
            {"source": "s", "units": "share", "country": "US,CN"},  # 15 / 20, 5 / 20, 12 / 15
            {
                "a1": "no_whole", "a2": 75, "a3": 80, "a4": "no_whole", "a5": "no_whole",
                "b2": 25, "b3": 20,
            },
        ),
        # One country alone is not a whole: all of it would be a hundred per cent of itself.
        ({"source": "s", "units": "share", "period": "2023", "country": "CN"}, {"b3": "no_whole"}),
        (
            {"source": "s", "units": "share", "period": "2022"},
            {"a2": "no_whole", "b2": "no_whole"},
        ),
        # The world is the whole where fewer than two countries are named: 30 / 200, 10 / 200.
        ({"source": "world", "units": "share"}, {"w1": 15, "w2": 5, "w3": 100}),
        ({"source": "world", "units": "share", "country": "CN"}, {"w2": 5}),
        ({"source": "world", "units": "share", "country": "US,CN"}, {"w1": 75, "w2": 25}),
        (
            {"source": "part", "units": "share", "country": "US,CN"},
            {"p1": "no_whole", "p2": "no_whole"},
        ),
        (
            {"source": "dup", "units": "share", "country": "US,CN", "period": "2023"},
            {"d2": SEVERAL, "d3": SEVERAL, "d5": SEVERAL},
        ),
        # The newest that is not empty, of each series.
        ({"source": "months", "latest": "1"}, {"m4": 16}),
        ({"source": "months", "latest": "1", "period": "..2023-02"}, {"m2": 4}),
        ({"source": "months", "latest": "1", "units": "change", "period": "..2023-02"}, {"m2": 3}),
        ({"source": "months", "latest": "1", "units": "change", "period": "2023-01"}, {}),
        ({"source": "s,world", "latest": "1", "period": "2022"}, {"a2": 15, "b2": 5}),
    ],
)  # fmt: skip
def test_each_unit_is_worked_out_as_by_hand(
    made_up: TestClient, query: dict[str, str], expected: dict[str, Any]
) -> None:
    assert seen(made_up, **query) == expected


# The most and the least that a figure can be, each way round, and in one series.
FARTHEST, NEAREST = 9.999e99, 1e-100


OTHER_WAY = {FARTHEST: NEAREST, NEAREST: FARTHEST}


FAR_APART: dict[Resource, list[StoredRow]] = {
    SOURCES: [source()],
    COMPANIES: [company(key, country="US" if key == "us1" else "CN") for key in ("us1", "cn1")],
    STATISTICS: [
        patents(
            f"{country}-{year}-{metric}".lower(), country, year, value, metric=metric, unit=unit
        )
        for metric, unit in (("patents", "patents"), ("gdp", "USD"), ("population", "people"))
        for year, american in (("2021", FARTHEST), ("2022", NEAREST), ("2023", 0), ("2024", 5))
        for country, value in (
            ("US", american),
            ("CN", OTHER_WAY.get(american, american)),
            ("WLD", NEAREST if metric == "population" else FARTHEST),
        )
    ]
    + [patents(f"gb-{year}", "GB", str(year), FARTHEST) for year in range(1990, 2025)],
    FUNDING: [money(f"most-{year}", "US", year, 2**63 - 1) for year in ("2021", "2022")]
    + [
        funding_round(f"r-{place}", "us1", amount_usd=2**63 - 1, qualifier=word)
        for place, word in enumerate(("exact", "about"))
    ],
    AI_MODELS: [
        ai_model(f"m{year}-{by}", developers=[by], released=year, training_compute_flop=flop)
        for year, american in (("2021", FARTHEST), ("2022", NEAREST))
        for by, flop in (("us1", american), ("cn1", OTHER_WAY[american]))
    ],
}


@pytest.fixture(scope="module")
def far_apart(templates: Templates) -> Iterator[TestClient]:
    """A client over figures that are as far apart as they can be."""
    url = templates.empty()
    database = Database(url)
    write(database, FAR_APART)
    database.close()
    with client_over(url) as client:
        yield client


@pytest.mark.parametrize("countries", ["", "US,CN", "US,CN,GB", "WLD"])
@pytest.mark.parametrize("units", get_args(Units))
def test_figures_as_far_apart_as_they_can_be_have_a_value_or_a_reason(
    far_apart: TestClient, units: str, countries: str
) -> None:
    query: dict[str, Any] = {"units": units, "limit": 1000}
    query |= {"country": countries} if countries else {}
    for base in ("US", "CN") if units == "ratio" else ("US",):
        found = read(far_apart, "/observations", **query, base=base)
        assert {"patents", "gdp", "population"} <= {one["indicator"] for one in found}
        for one in found:
            assert (one["value"] is None) == (one["reason"] is not None), one


def test_a_ratio_of_figures_far_apart_is_right(far_apart: TestClient) -> None:
    query = {"indicator": "patents", "units": "ratio", "country": "CN"}
    ratios = {one["period"]: one["value"] for one in read(far_apart, "/observations", **query)}
    assert ratios["2021"] == pytest.approx(NEAREST / FARTHEST, rel=1e-12)
    assert ratios["2022"] == pytest.approx(FARTHEST / NEAREST, rel=1e-12)


@pytest.mark.parametrize(
    "path",
    [
        *("/gap?indicator=patents", "/claims?indicator=patents", "/sensitivity?indicator=patents"),
        *("/race", "/race?weights=patents:999999", "/charts/patents.svg", "/checks?limit=1000"),
        *("/observations.parquet?units=share", "/observations.csv?shape=wide&indicator=patents"),
        "/",
    ],
)
def test_answers_over_figures_far_apart_are_given(far_apart: TestClient, path: str) -> None:
    answer = far_apart.get(path, headers={"Accept": "text/html"} if path == "/" else None)
    assert answer.status_code == 200, answer.text
    if path.startswith("/gap"):
        (comparison,) = answer.json()["data"]["comparisons"]
        ratios = [gap["ratio"] for gap in comparison["periods"]]
        assert ratios == pytest.approx([FARTHEST / NEAREST, NEAREST / FARTHEST, None, 1])


def test_the_world_of_the_packs_is_the_whole_of_a_share(client: TestClient) -> None:
    asked = {"indicator": "funding-amount", "units": "share", "source": "cnbc-2024-03-31"}
    for country, percent in (("US", 72.94), ("CN", 4.71)):  # 31 and 2 of 42.5 billion
        query = {**asked, "country": country, "period": "2023"}
        (found,) = read(client, "/observations", **query)
        assert (round(found["value"], 2), found["unit"]) == (percent, "percent of WLD")
    both = {**asked, "country": "US,CN", "period": "2023"}
    found = {one["country"]: one["value"] for one in read(client, "/observations", **both)}
    assert {code: round(value, 2) for code, value in found.items()} == {"US": 93.94, "CN": 6.06}


def test_wide_has_a_row_for_each_figure_and_goes_with_no_order(made_up: TestClient) -> None:
    asked = {"indicator": "patents", "shape": "wide", "source": "dup"}
    rows = list(csv.reader(io.StringIO(get(made_up, "/observations.csv", **asked).text.strip())))
    terms = ["patents", "2023", "dup", "", "", "", "patents", "reported"]
    named = ["indicator", "period", "source", "original_source", "licence"]
    named += ["scope", "unit", "basis"]
    assert rows[0] == [*named, "qualifiers", "reasons", "CN", "US"]
    assert [row for row in rows if row[1] == "2023"] == [
        [*terms, "", "", "2", "6"],
        [*terms, "", "", "", "8"],
    ]
    assert read(made_up, "/observations", **asked)[0]["US"] == 4
    for name, value in (("sort", "value"), ("limit", "5"), ("fields", "value"), ("count", "exact")):
        problem = is_problem(made_up.get("/observations", params={**asked, name: value}), 422)
        assert problem["errors"][0]["parameter"] == name


def test_wide_rows_that_lack_a_value_come_last_on_both_databases(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    rows = [
        money("a", "US", "2023", 1, source="s"),
        money("b", "US", "2023", 2, source="s", scope="generative-ai"),
        money("c", "US", "2023", 3, source="s", original_source="first"),
        money("d", "CN", "2023", 4, source="s", original_source="first"),
        money("e", "CN", "2023", 5, source="s"),
    ]
    write(database, {SOURCES: [source("s"), source("first")], FUNDING: rows})
    found = read(client, "/observations", indicator="funding-amount", shape="wide")
    assert [(row["original_source"], row["scope"], row["CN"], row["US"]) for row in found] == [
        ("first", "ai", 4, 3),
        (None, "ai", 5, 1),
        (None, "generative-ai", None, 2),
    ]


def test_wide_rows_have_the_licence_of_their_source(client: TestClient) -> None:
    rows = read(client, "/observations", indicator="people-using-ai", shape="wide")
    assert {row["licence"] for row in rows} == {"MIT"}


@pytest.mark.parametrize(
    ("sort", "units"),
    [("", "level"), ("value", "change"), ("-value", "change"), ("country,-period", "share")],
)
def test_pages_joined_are_the_whole_in_every_format(
    made_up: TestClient, sort: str, units: str
) -> None:
    asked: dict[str, Any] = {"units": units} | ({"sort": sort} if sort else {})
    whole = get(made_up, "/observations", **asked, limit=1000, count="exact").json()
    joined: list[Any] = []
    following: dict[str, str] = {}
    while True:
        page = get(made_up, "/observations", **asked, limit=17, **following).json()
        joined += page["data"]
        if not page["links"]["next"]:
            break
        following = {"cursor": page["links"]["next"].rpartition("cursor=")[2]}
    assert joined == whole["data"]
    assert len(joined) == whole["meta"]["total"] > 34
    lines = get(made_up, "/observations.ndjson", **asked).text.splitlines()
    assert [json.loads(line) for line in lines] == joined
    table = list(csv.DictReader(io.StringIO(get(made_up, "/observations.csv", **asked).text)))
    assert [row["fact"] for row in table] == [one["fact"] or "" for one in joined]


@pytest.mark.parametrize(
    "asked",
    [
        *({"units": units} for units in get_args(Units)),
        {"units": "index", "sort": "-value", "fields": "fact,value,reason"},
        {"units": "level", "latest": "1"},
        {"units": "share", "source": "nobody"},
    ],
    ids=str,
)
def test_a_whole_result_is_that_of_the_pages_and_is_worked_out_once(
    made_up: TestClient, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    wanted = read(made_up, "/observations", **asked, limit=1000)
    statements: list[object] = []

    def noted(*of: Any) -> Any:
        statements.append(of)
        return batch_statement(*of)

    monkeypatch.setattr(results, "batch_statement", noted)
    monkeypatch.setattr(results, "_BATCH", 3)
    monkeypatch.setattr(results, "_LATER_BATCH", 4)
    monkeypatch.setattr(fetching, "_AT_ONCE", 3)
    lines = get(made_up, "/observations.ndjson", **asked).text.splitlines()
    assert [json.loads(line) for line in lines] == wanted
    assert len(statements) == (0 if asked == {"units": "level"} else 1)
    header = get(made_up, "/observations.csv", **asked).text.partition("\n")[0]
    assert header == asked.get("fields", ",".join(SHOWN))


@pytest.mark.parametrize("units", get_args(Units))
@pytest.mark.parametrize(
    "filters",
    [
        {"country": "CN"},
        {"country": "CN,WLD", "source": "s,world"},
        {"source": "dup"},
        {"scope": "ai", "basis": "reported"},
        {"scope": "listed-rounds"},
    ],
    ids=str,
)
def test_a_filter_leaves_out_what_is_of_others_and_changes_nothing_else(
    made_up: TestClient, units: str, filters: dict[str, str]
) -> None:
    found = read(made_up, "/observations", units=units, limit=1000, **filters)
    every = read(made_up, "/observations", units=units, limit=1000)
    wanted = {name: words.split(",") for name, words in filters.items()}
    assert found == [one for one in every if all(one[name] in wanted[name] for name in wanted)]
    assert found


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/observations", {"indicator": "patent"}),
        ("/observations", {"indicator": "patent", "shape": "wide"}),
        ("/gap", {"indicator": "patent"}),
        ("/claims", {"indicator": "patent"}),
        ("/sensitivity", {"indicator": "patent"}),
        ("/race", {"weights": "patent:1"}),
    ],
)
def test_an_unknown_indicator_is_refused_with_the_nearest(
    made_up: TestClient, path: str, query: dict[str, str]
) -> None:
    (error,) = is_problem(made_up.get(path, params=query), 422)["errors"]
    assert (error["parameter"], error["nearest"]) == (
        "weights" if path == "/race" else "indicator",
        "patents",
    )


def test_rounds_are_summed_by_source_and_year_and_never_with_totals(made_up: TestClient) -> None:
    def summed(indicator: str) -> set[tuple[Any, ...]]:
        found = read(made_up, "/observations", indicator=indicator)
        assert {(one["basis"], one["scope"]) for one in found} == {("summed", "listed-rounds")}
        names = ("source", "period", "unit", "value", "qualifier")
        return {tuple(one[name] for name in names) for one in found}

    assert summed("rounds-amount") == {
        ("s", "2023", "USD", 150, "about"),  # 100 + about 50; not the 1000 of two years
        ("s", "2023", "USD of 2021", 7, "exact"),
        ("world", "2023", "USD", 30, "at_least"),  # 10 + at least 20
        ("world", "2024", "USD", 3, "disputed"),
    }
    assert summed("rounds-count") == {
        ("s", "2023", "rounds", 3, "exact"),
        ("world", "2023", "rounds", 2, "exact"),
        ("world", "2024", "rounds", 1, "exact"),
    }
    totals = read(made_up, "/observations", indicator="funding-amount")
    assert {(one["fact"], one["value"]) for one in totals} == {
        ("t1", 5_000),
        ("t2", 900),
        ("t3", 400),
    }


def test_an_average_deal_is_as_firm_as_its_parts_let_it_be(made_up: TestClient) -> None:
    found = read(made_up, "/observations", indicator="funding-average-deal")
    # 900 by at least 3 deals is up to 300; at least 400 by at least 8 can be anything.
    assert {(one["fact"], one["value"], one["qualifier"]) for one in found} == {
        ("t1", 500, "exact"),
        ("t2", 300, "up_to"),
    }


@pytest.mark.parametrize(
    ("rule", "released", "open_share"),
    [
        # one: US. two: US, US. both: CN, US. three: US, CN, GB. Openness: one, both open; two not.
        ("any", {"US": 4, "CN": 2, "GB": 1}, {"US": 66.667, "CN": 100}),
        ("first", {"US": 3, "CN": 1}, {"US": 50, "CN": 100}),
        # US: 1 + 1 + 1/2 + 1/3; open (1 + 1/2) of (1 + 1 + 1/2)
        ("fractional", {"US": 2.833, "CN": 0.833, "GB": 0.333}, {"US": 60, "CN": 100}),
        ("exclusive", {"US": 2}, {"US": 50}),
    ],
)
def test_an_ai_model_counts_by_the_rule_of_attribution(
    made_up: TestClient, rule: str, released: dict[str, float], open_share: dict[str, float]
) -> None:
    for indicator, expected in (("models-released", released), ("models-open-share", open_share)):
        found = read(made_up, "/observations", indicator=indicator, attribution=rule)
        assert {one["country"]: round(one["value"], 3) for one in found} == expected
    gap = read(made_up, "/gap", indicator="models-released", attribution=rule)
    assert gap["attribution"] == rule


def test_parts_of_ai_models_add_up_without_what_fractions_lose(empty: Database) -> None:
    countries = ("US", "CN", "GB", "FR", "DE", "IN", "JP", "CA", "KR", "IL")
    companies = [company(f"c{place}", country=code) for place, code in enumerate(countries)]
    keys = [each["id"] for each in companies]
    ai_models = [
        ai_model(f"m{count}-{number}", developers=keys[:count], released="2023")
        for count in range(1, len(keys) + 1)
        for number in range(count)
    ]
    write(empty, {SOURCES: [source("s")], COMPANIES: companies, AI_MODELS: ai_models})
    asked = {"indicator": "models-released", "attribution": "fractional"}
    with client_over(str(empty.url)) as client:
        found = read(client, "/observations", **asked)
    # Of each number of countries there are as many as it takes to make one for each of these.
    assert {row["country"]: row["value"] for row in found} == {
        code: len(countries) - place for place, code in enumerate(countries)
    }


def test_what_is_divided_by_itself_is_one_to_the_last_digit(client: TestClient) -> None:
    asked = {"indicator": "funding-average-deal", "country": "US"}
    ratios = read(client, "/observations", units="ratio", base="US", **asked)
    assert {row["value"] for row in ratios if row["reason"] is None} == {1}
    shares = read(client, "/observations", units="share", indicator="funding-amount")
    assert all(row["value"] is None or row["value"] <= 100 for row in shares)
    for row in read(client, "/observations", **asked):
        index = {"units": "index", "base_period": row["period"], "source": row["source"]}
        found = read(client, "/observations", **asked, **index)
        assert 100 in [one["value"] for one in found if one["period"] == row["period"]]


def test_any_is_the_default_attribution_and_is_named(made_up: TestClient) -> None:
    assert read(made_up, "/gap", indicator="models-released")["attribution"] == "any"
    assert read(made_up, "/gap", indicator="patents")["attribution"] is None


def test_the_catalogue_has_every_indicator_with_what_there_is(made_up: TestClient) -> None:
    entries = {entry["id"]: entry for entry in read(made_up, "/indicators")}
    assert list(entries) == [*(indicator.id for indicator in INDICATORS), "patents"]
    observations = read(made_up, "/observations", limit=1000)
    for id_, entry in entries.items():
        mine = [one for one in observations if one["indicator"] == id_]
        assert entry["observations"] == len(mine)
        assert entry["sources"] == sorted({one["source"] for one in mine})
        assert entry["countries"] == sorted({one["country"] for one in mine})
        assert entry["first_day"] == min((o["period_first_day"] for o in mine), default=None)
        assert entry["last_day"] == max((o["period_last_day"] for o in mine), default=None)
        assert read(made_up, f"/indicators/{id_}") == entry
    patents_ = entries["patents"]
    assert (patents_["first_day"], patents_["last_day"]) == ("2021-01-01", "2024-12-31")
    is_problem(made_up.get("/indicators/patent"), 404)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/indicators/{}", 404),
        ("/indicators/{}.csv", 404),
        ("/charts/{}.vl.json", 404),
        ("/gap?indicator={}", 422),
        ("/claims?indicator={}", 422),
        ("/sensitivity?indicator={}", 422),
        ("/observations?indicator={}", 422),
        ("/race?weights={}:1", 422),
    ],
)
def test_an_indicator_is_found_in_any_case_and_its_nearest_is_told(
    made_up: TestClient, address: str, status: int
) -> None:
    assert made_up.get(address.format("Patents")).status_code == 200
    problem = is_problem(made_up.get(address.format("patent")), status)
    assert [one["nearest"] for one in problem["errors"]] == ["patents"]


def test_a_metric_takes_the_place_of_no_declared_indicator(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    write(database, {SOURCES: [source()], STATISTICS: [statistic("x", metric="funding_amount")]})
    assert read(client, "/indicators/funding-amount")["resource"] == "funding"


def test_figures_are_set_against_the_size_of_a_country_where_that_is_loaded(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        money("us", "US", "2023", 600),
        money("old", "US", "2022", 600),
        money("cn", "CN", "2023", 600),
        money("gb", "GB", "2023", 600),
        money("de", "DE", "2023", 600),
        money("fr", "FR", "2023", 600),
        money("base", "US", "2023", 600, price_base="constant-2021"),
        money("months", "US", "2023-01/2023-11", 600),
        money("years", "US", "2022/2023", 600),
    ]
    sizes = [
        statistic("p1", metric="population", country="US", value=300, unit="people", period="2023"),
        statistic("p2", metric="population", country="CN", value=0, unit="people", period="2023"),
        statistic("p3", metric="population", country="GB", value=60, unit="people", period="2023"),
        statistic("p4", metric="population", country="GB", value=61, unit="people", period="2023"),
        statistic("g1", metric="gdp", country="US", value=6_000, unit="USD", period="2023"),
        # In another unit it is no size: whoever divided by it would be wrong a million times over.
        statistic(
            "p5", metric="population", country="DE", value=84, unit="millions", period="2023"
        ),
        statistic("g2", metric="gdp", country="CN", value=126, unit="trillion CNY", period="2023"),
        statistic("g3", metric="gdp", country="US", value=6, unit="thousand USD", period="2023"),
        # What has a scope is the size of a part, and not of the country.
        *(
            statistic(
                f"part-of-{metric}-{n}", metric=metric, country=country, period="2023", **part
            )
            for n, country in enumerate(("US", "FR"))
            for metric, part in (
                ("population", {"value": 21, "unit": "people", "scope": "working-age"}),
                ("gdp", {"value": 21, "unit": "USD", "scope": "services"}),
            )
        ),
    ]
    write(database, {SOURCES: [source()], FUNDING: facts, STATISTICS: sizes})

    def worked_out(units: str) -> dict[str, Any]:
        rows = read(client, "/observations", indicator="funding-amount", units=units)
        return {row["fact"]: row["reason"] or (row["value"], row["unit"]) for row in rows}

    assert worked_out("per_capita") == {
        "us": (2, "USD per person"),
        "old": "no_population",
        "cn": "zero_base",
        "gb": SEVERAL,
        "de": "no_population",
        "fr": "no_population",
        "base": (2, "USD of 2021 per person"),
        "months": (2, "USD per person"),
        "years": "no_population",
    }
    assert worked_out("per_gdp") == {
        "us": (10, "percent of GDP"),
        "old": "no_gdp",
        "cn": "no_gdp",
        "gb": "no_gdp",
        "de": "no_gdp",
        "fr": "no_gdp",
        "base": "not_comparable_unit",
        "months": "incomplete_period",
        "years": "incomplete_period",
    }
    shares = read(client, "/observations", indicator="population", units="per_gdp")
    assert {row["reason"] for row in shares} == {"not_comparable_unit"}
    assert read(client, "/indicators/population")["higher_is"] == "neither"


def test_a_value_is_as_firm_as_what_it_is_worked_out_from(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        patents("us1", "US", "2021", 100, qualifier="at_least"),
        patents("cn1", "CN", "2021", 120),
        patents("us2", "US", "2022", 100, qualifier="up_to"),
        patents("cn2", "CN", "2022", 120),
        patents("us3", "US", "2023", 100, qualifier="up_to"),
        patents("cn3", "CN", "2023", 130, qualifier="about"),
    ]
    write(database, {SOURCES: [source()], STATISTICS: facts})

    def firmness(units: str, **query: str) -> dict[str, tuple[float | None, str]]:
        rows = read(client, "/observations", indicator="patents", units=units, **query)
        return {
            row["fact"]: (row["value"], row["reason"] or row["qualifier"])
            for row in rows
            if row["reason"] != "no_earlier_period"
        }

    assert firmness("ratio") == {
        "us1": (1, "exact"),
        "cn1": (1.2, "up_to"),  # 120 by 100 or more
        "us2": (1, "exact"),
        "cn2": (1.2, "at_least"),
        "us3": (1, "exact"),
        "cn3": (1.3, "at_least"),
    }
    assert firmness("change") == {
        "us2": (0, "up_to"),  # up to 100 after at least 100
        "cn2": (0, "exact"),
        "us3": (None, "qualifier_overlap"),  # up to 100 after up to 100: nothing can be told
        "cn3": (10, "about"),
    }
    assert firmness("index")["us1"] == (100, "exact")
    assert firmness("index")["us2"] == (100, "up_to")
    shares = firmness("share", country="US,CN")
    assert shares["cn1"][1] == "up_to"  # of a whole that may be larger
    assert shares["us1"][1] == "at_least"
    wide = read(client, "/observations", indicator="patents", shape="wide", country="DE,US,CN")
    assert list(wide[0])[-3:] == ["DE", "US", "CN"]  # as they were asked for
    assert [row["qualifiers"] for row in wide] == ["US at_least", "US up_to", "CN about; US up_to"]
    gaps = read(client, "/observations", indicator="patents", shape="wide", units="change")
    assert gaps[0]["reasons"] == "CN no_earlier_period; US no_earlier_period"


def test_what_does_not_follow_does_not_add_up_or_is_not_used_is_told(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        money("us", "US", "2020", 600, deals=3, deals_qualifier="exact"),
        money("later", "US", "2023", 900, deals=3, deals_qualifier="exact"),
    ]
    write(database, {SOURCES: [source()], FUNDING: facts})

    def reasons(**query: str) -> set[str]:
        return {row["reason"] for row in read(client, "/observations", **query)}

    amount, average = "funding-amount", "funding-average-deal"
    assert reasons(indicator=amount, units="change") == {"no_earlier_period"}  # three years on
    assert reasons(indicator=average, units="share", country="US,CN") == {"does_not_add_up"}
    assert reasons(indicator=average, units="per_capita") == {"does_not_add_up"}


def test_a_developer_without_a_country_takes_its_part(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    companies = [company("us1", country="US"), company("nowhere")]
    models = [
        ai_model("known", developers=["us1"], released="2023"),
        ai_model("both", developers=["nowhere", "us1"], released="2023"),
    ]
    write(database, {SOURCES: [source()], COMPANIES: companies, AI_MODELS: models})
    counted = {}
    for rule in RULES:
        query = {"indicator": "models-released", "attribution": rule}
        (row,) = read(client, "/observations", **query)
        counted[row["attribution"]] = row["value"]
    assert counted == {"any": 2, "first": 1, "fractional": 1.5, "exclusive": 1}


def test_none_above_a_threshold_is_a_zero_where_others_are_listed(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    companies = [company("us1", country="US"), company("cn1", country="CN")]
    models = [
        ai_model("large", developers=["us1"], released="2023", training_compute_flop=2e25),
        ai_model("small", developers=["cn1"], released="2023", training_compute_flop=2e24),
        ai_model("unknown", developers=["cn1"], released="2022"),
    ]
    write(database, {SOURCES: [source()], COMPANIES: companies, AI_MODELS: models})
    (comparison,) = read(client, "/gap", indicator="models-above-1e25-flop")["comparisons"]
    (period,) = comparison["periods"]
    assert (period["leader"], period["a"]["value"], period["b"]["value"]) == ("US", 1, 0)


def test_a_whole_that_is_asked_for_with_its_parts_is_the_whole(made_up: TestClient) -> None:
    def shares(countries: str) -> dict[str, tuple[float | None, str, str | None]]:
        asked = {"indicator": "patents", "source": "world", "units": "share", "country": countries}
        rows = read(made_up, "/observations", **asked)
        return {row["country"]: (row["value"], row["unit"], row["reason"]) for row in rows}

    of_world = "percent of WLD"
    assert shares("WLD,US,CN") == {  # 30 and 10 of 200
        "WLD": (100, of_world, None),
        "US": (15, of_world, None),
        "CN": (5, of_world, None),
    }
    of_both = "percent of ASIA + CN + US"
    assert shares("ASIA,CN,US") == {  # China is in it twice
        "US": (None, of_both, "part_of_whole"),
        "CN": (None, of_both, "part_of_whole"),
    }


def test_a_change_of_percentages_is_told_in_their_digits_whatever_their_periods(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    waves = {"2025-01/2025-06": 15.4, "2025-07/2025-12": 16.3, "2026-Q1": 16.4}
    use = {"metric": "ai-use", "unit": "percent"}
    rows = [
        statistic(f"p{n}", period=period, value=value, **use)
        for n, (period, value) in enumerate(waves.items())
    ]
    write(database, {SOURCES: [source()], STATISTICS: rows})
    found = read(client, "/observations", indicator="ai-use", units="change", sort="period")
    assert [(row["value"], row["reason"]) for row in found] == [
        (None, NONE),
        (0.9, None),
        (0.1, None),
    ]


def test_what_is_lent_or_changes_hands_is_no_money_that_a_company_took_in(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    types = ("debt-financing", "post-ipo-debt", "secondary-market", "series-a", None)
    money = {"country": "US", "amount_usd": 10, "qualifier": "exact"}
    rounds = [
        funding_round(f"r{n}", "us1", round_type=type_, **money) for n, type_ in enumerate(types)
    ]
    rows = {SOURCES: [source()], COMPANIES: [company("us1", country="US")], FUNDING: rounds}
    write(database, rows)
    found = read(client, "/observations", indicator="rounds-amount,rounds-count")
    assert {row["indicator"]: row["value"] for row in found} == {
        "rounds-amount": 20,
        "rounds-count": 2,
    }
    (entry,) = (one for one in read(client, "/indicators") if one["id"] == "rounds-amount")
    assert "debt-financing" in entry["method"]


def test_a_score_adds_up_no_group_with_its_members_and_tells_what_is_not_certain(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    companies = [company(f"{code}1", country=code.upper()) for code in ("us", "cn")]
    models = [
        ai_model("one", developers=["us1"], released="2023"),
        ai_model("two", developers=["us1"], released="2023"),
        ai_model("other", developers=["cn1"], released="2023"),
        *(ai_model(f"nobodys{n}", developers=["nowhere"], released="2023") for n in range(2)),
    ]
    figures = [
        patents(code.lower(), code, "2023", n) for n, code in enumerate(("CN", "US", "WLD"), 3)
    ]
    rows = {
        SOURCES: [source()],
        COMPANIES: [*companies, company("nowhere")],
        AI_MODELS: models,
        STATISTICS: figures,
    }
    write(database, rows)
    asked = {"weights": "patents:1,models-released:1"}
    found = read(client, "/race", countries="US,CN", **asked)
    assert (found["unusable_weights"], found["uncertain_weights"]) == ([], ["models-released"])
    assert [one["country"] for one in found["composite"]] == ["US", "CN"]
    found = read(client, "/race", countries="WLD,US,CN", **asked)
    assert found["unusable_weights"] == ["models-released", "patents"]
    assert (found["composite"], found["uncertain_weights"]) == ([], [])
