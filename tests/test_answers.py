"""The race, claims, sensitivity and citations, worked out by hand."""

import random
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests import made_up_answers
from tests.answering import is_problem
from tests.ledger_rows import (
    ai_model,
    company,
    source,
    write,
)
from tests.made_up_answers import get, money, patents, read

made_up = made_up_answers.made_up
written = made_up_answers.written


def rivals(key: str, us: float, cn: float, period: str = "2023", **fields: Any) -> list[StoredRow]:
    """Return what a source states of two countries."""
    return [
        patents(f"{key}-us", "US", period, us, **fields),
        patents(f"{key}-cn", "CN", period, cn, **fields),
    ]


def standing(client: TestClient, indicator: str, **query: str) -> dict[str, Any]:
    found = read(client, "/race", **query)["standings"]
    (one,) = (row for row in found if row["indicator"] == indicator)
    return dict(one)


def test_every_indicator_has_a_row_that_says_what_its_gap_says(client: TestClient) -> None:
    known = [entry["id"] for entry in read(client, "/indicators")]
    standings = read(client, "/race")["standings"]
    assert [row["indicator"] for row in standings] == known
    for row in standings:
        gap = read(client, "/gap", indicator=row["indicator"])
        named = gap["agreement"]["leaders"]
        reasons = [refusal["reason"] for refusal in gap["refusals"]]
        assert row["refusals"] == {reason: reasons.count(reason) for reason in reasons}
        if not row["leader"]:
            assert row["witnesses_for"] == row["witnesses_against"] == 0
            continue
        assert row["witnesses_for"] == named[row["leader"]]
        assert row["witnesses_against"] == sum(named.values()) - row["witnesses_for"]
        (shown,) = (
            one
            for one in gap["comparisons"]
            if (one["source"], one["scope"]) == (row["source"], row["scope"])
        )
        assert row["period"] == shown["periods"][-1]["period"]
        assert row["sentence"] == shown["sentence"]
        assert row["direction"] == (shown["trend"] and shown["trend"]["direction"])
        ratio = shown["periods"][-1]["ratio"]
        assert row["margin"] == pytest.approx(ratio if row["leader"] == "US" else 1 / ratio)


def test_witnesses_that_name_no_leader_are_not_against(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        *rivals("one", 9, 1, source="one"),
        *rivals("two", 9, 3, source="two"),
        *rivals("three", 1, 2, source="three"),
        *rivals("even", 5, 5, source="even"),
    ]
    sources = [source(key) for key in ("one", "two", "three", "even")]
    write(database, {SOURCES: sources, STATISTICS: facts})
    row = standing(client, "patents")
    assert (row["leader"], row["witnesses_for"], row["witnesses_against"]) == ("US", 2, 1)


def test_the_race_is_told_of_a_period(written: tuple[TestClient, Database]) -> None:
    client, database = written
    facts = [*rivals("old", 9, 1, "2021"), *rivals("new", 1, 9, "2023")]
    write(database, {SOURCES: [source()], STATISTICS: facts})
    assert standing(client, "patents")["leader"] == "CN"
    before = standing(client, "patents", period="..2022")
    assert (before["leader"], before["period"]) == ("US", "2021")
    assert standing(client, "patents", period="2030..")["leader"] is None
    page = client.get("/?period=..2022", headers={"Accept": "text/html"}).text
    assert 'href="/race?countries=US,CN&amp;period=..2022"' in page
    assert "The United States leads China" in page


def test_the_newest_period_is_the_one_that_ends_last(written: tuple[TestClient, Database]) -> None:
    client, database = written
    facts = [
        *rivals("before", 9, 1, "2023"),
        *rivals("q1", 2, 1, "2024-Q1"),
        *rivals("whole", 9, 3, "2024"),
        *rivals("q2", 1, 2, "2024-Q2"),
    ]
    write(database, {SOURCES: [source()], STATISTICS: facts})
    (comparison,) = read(client, "/gap", indicator="patents")["comparisons"]
    periods = [one["period"] for one in comparison["periods"]]
    assert periods == ["2023", "2024-Q1", "2024-Q2", "2024"]
    assert (comparison["trend"]["first"], comparison["trend"]["last"]) == ("2023", "2024")
    row = standing(client, "patents")
    assert (row["leader"], row["period"], row["margin"]) == ("US", "2024", 3)


def test_three_countries_are_led_by_who_beats_both(client: TestClient) -> None:
    row = standing(client, "notable-models", countries="US,CN,EU")
    # 40 US, 15 CN, 3 EU in 2024: the margin is that over the closest, 40 / 15.
    assert (row["leader"], row["runner_up"], row["period"]) == ("US", "CN", "2024")
    assert row["margin"] == pytest.approx(40 / 15)
    assert row["witnesses_for"] == 1  # only one source has the EU


def test_a_composite_is_the_weighted_mean_of_shares(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        *rivals("x", 90, 10, metric="x"),
        *rivals("y", 40, 60, metric="y"),
        *rivals("z", 30, 70, "2024", metric="z", source="early"),  # it cannot know of 2024
        *rivals("old", 90, 10, metric="z"),
        *rivals("twice", 1, 99, "2024", metric="x"),
        patents("twice-us-again", "US", "2024", 2, metric="x"),
    ]
    write(database, {SOURCES: [source(), source("early", published="2024-06")], STATISTICS: facts})

    def composite(weights: str) -> list[tuple[Any, ...]]:
        found = read(client, "/race", weights=weights)["composite"]
        return [
            (one["country"], round(one["score"], 3), round(one["stability"], 3)) for one in found
        ]

    assert read(client, "/race")["composite"] is None
    assert composite("x:1") == [("US", 90, 100), ("CN", 10, 100)]
    assert composite("z:1") == [("US", 90, 100), ("CN", 10, 100)]
    # (2 * 90 + 1 * 40) / 3; no weight of y up to 4 times its own turns 50 points by 10.
    assert composite("x:2,y:1") == [("US", 73.333, 100), ("CN", 26.667, 100)]
    # US leads by 80 x on x and trails by 20 y on y; with x:1, y:3 it turns where y > 4 x:
    # of x in (.5, 1, 2), y in (1.5, 3, 6) that is (.5, 3), (.5, 6), (1, 6): 6 of 9 hold.
    assert composite("x:1,y:3") == [
        ("US", 52.5, 66.667),
        ("CN", 47.5, 66.667),
    ]


def test_a_composite_has_nothing_that_is_not_compared(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [
        *rivals("whole", 60, 40, metric="x", scope="ai"),
        *rivals("part", 1, 99, metric="x", scope="ai-chips"),
        *rivals("loose", 99, 98, "2024", metric="x", scope="ai", qualifier="at_least"),
        *rivals("one", 90, 10, metric="y"),
        *rivals("other", 10, 90, metric="y", source="other"),
        *rivals("level", 7, 7, metric="z"),
    ]
    write(database, {SOURCES: [source(), source("other")], STATISTICS: facts})
    found = read(client, "/race", weights="x:1,y:1")
    assert found["unusable_weights"] == ["y"]  # its sources are divided
    assert [(one["country"], one["score"]) for one in found["composite"]] == [
        ("US", 60),
        ("CN", 40),
    ]
    level = read(client, "/race", weights="z:1")["composite"]
    assert {one["score"] for one in level} == {50}


def test_a_composite_does_not_contradict_who_leads(written: tuple[TestClient, Database]) -> None:
    """It has the figures of publishers that put nobody ahead of the leader in their newest ones."""
    client, database = written
    facts = [
        *rivals("new", 90, 10, "2024", metric="x", source="one"),
        *rivals("before", 10, 90, metric="x", source="one"),
        *rivals("other-x", 40, 60, metric="x", source="other"),
        *rivals("third-x", 30, 70, "2022", metric="x", source="third"),
    ]
    sources = [source(key, publisher=key) for key in ("one", "other", "third")]
    write(database, {SOURCES: sources, STATISTICS: facts})
    found = read(client, "/race", weights="x:1")
    (standing,) = (one for one in found["standings"] if one["indicator"] == "x")
    assert (standing["leader"], standing["source"]) == ("CN", "other")
    assert [(one["country"], one["score"]) for one in found["composite"]] == [
        ("CN", 60),
        ("US", 40),
    ]
    of_three = [*rivals("most", 9, 2, metric="y", source="one")]
    of_three.append(patents("most-gb", "GB", "2023", 1, metric="y", source="one"))
    of_two = [rivals(key, 1, 2, metric="y", source=key) for key in ("other", "third")]
    write(database, {STATISTICS: [*of_three, *of_two[0], *of_two[1]]})
    assert read(client, "/race", weights="y:1", countries="US,CN")["unusable_weights"] == []
    found = read(client, "/race", weights="y:1", countries="US,CN,GB")
    assert found["unusable_weights"] == ["y"]


@pytest.mark.parametrize(
    "weights",
    ["patents", "patents:", "patents:-1", "patents:nan", ":1", "patents:0", "patents:1,patents:2"],
)
def test_weights_that_weigh_nothing_are_refused(made_up: TestClient, weights: str) -> None:
    is_problem(made_up.get("/race", params={"weights": weights}), 422)


def test_weights_that_weigh_only_what_cannot_be_used_rank_nobody(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    of_both = rivals("both", 3, 2, metric="y", source="s")
    alone = patents("alone", "US", "2023", 3, metric="x", source="s")
    write(database, {SOURCES: [source("s")], STATISTICS: [*of_both, alone]})
    found = read(client, "/race", weights="y:0,x:1")
    assert (found["composite"], found["unusable_weights"]) == ([], ["x"])
    assert get(client, "/race.csv", weights="y:0,x:1").status_code == 200
    assert read(client, "/race", weights="y:1,x:0")["composite"]


def test_no_direction_is_since_no_period(written: tuple[TestClient, Database]) -> None:
    client, database = written
    developers = {"us": ("US", 3, 9), "cn": ("CN", 2, 3), "nobody": (None, 1, 30)}
    companies = [company(key, country=code) for key, (code, _, _) in developers.items()]
    models = [
        ai_model(f"{key}-{year}-{n}", developers=[key], released=year, kind="model")
        for key, (_, *counts) in developers.items()
        for year, count in zip(("2021", "2022"), counts, strict=True)
        for n in range(count)
    ]
    write(database, {SOURCES: [source("s")], COMPANIES: companies, AI_MODELS: models})
    answers = read(client, "/sensitivity", indicator="models-released")["answers"]
    assert answers
    assert {(one["direction"], one["direction_since"]) for one in answers} == {(None, None)}
    (standing,) = (
        one for one in read(client, "/race")["standings"] if one["indicator"] == "models-released"
    )
    assert (standing["direction"], standing["direction_since"]) == (None, None)


def test_claims_name_the_chain_and_what_they_differ_in(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    sources = [
        source("root", published="2024-01"),
        source("echo", restates="root"),
        source("echo-echo", restates="echo"),
        source("other", published="2024-01"),
        source("late", published="2025"),
    ]
    facts = [
        money("c1", "US", "2023", 100, source="root"),
        money("c2", "US", "2023", 101, source="echo-echo"),
        money("c3", "US", "2023", 102, source="other"),
        money("c4", "US", "2023", 110, source="other", qualifier="about"),
        money("c5", "US", "2023", 120, source="other", qualifier="about", scope="generative-ai"),
        money("c6", "US", "2023-01/2023-11", 130, source="late"),
        money("c7", "US", "2022", 140, source="other"),
        money("c8", "US", "2022", 150, source="other", price_base="constant-2021"),
        money("c9", "US", "2023", 160, source="other", original_source="root"),
    ]
    write(database, {SOURCES: sources, FUNDING: facts})
    found = read(client, "/claims", indicator="funding-amount", country="US")
    claims = {one["fact"]: one for one in found["claims"]}
    assert list(claims) == ["c7", "c8", "c1", "c2", "c3", "c4", "c5", "c6", "c9"]
    assert {key: one["differs_in"] for key, one in claims.items()} == {
        "c1": [],
        "c2": ["counting", "restated"],
        "c3": ["counting"],
        "c4": ["qualifier"],  # about 110 can be 100
        "c5": ["scope", "qualifier"],
        "c6": ["period", "vintage"],
        "c7": [],
        "c8": ["price_base"],
        "c9": ["counting", "restated"],
    }
    assert (claims["c2"]["chain"], claims["c2"]["witness"]) == (["echo", "root"], "root")
    assert (claims["c1"]["chain"], claims["c1"]["witness"]) == ([], "root")
    assert (claims["c9"]["chain"], claims["c9"]["witness"]) == (["root"], "root")
    before, year = found["spreads"]
    assert (before["year"], before["claims"], before["unit"]) == ("2022", 2, None)
    assert (before["lowest"], before["ratio"], before["differs_in"]) == (None, None, ["price_base"])
    assert (year["year"], year["claims"], year["witnesses"]) == ("2023", 7, 3)
    assert (year["lowest"], year["highest"], year["ratio"]) == (100, 160, 1.6)
    assert year["differs_in"] == [
        *("scope", "period", "qualifier", "vintage", "counting", "restated"),
    ]
    assert found["leaders"] is None
    same = read(client, "/claims", indicator="funding-amount", country="US", period="2023")
    assert [one["fact"] for one in same["claims"]] == ["c1", "c2", "c3", "c4", "c5", "c6", "c9"]


def test_claims_of_two_countries_name_the_leader_of_the_newest_period(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    facts = [*rivals("old", 100, 50, "2022"), *rivals("new", 10, 20, "2023")]
    write(database, {SOURCES: [source()], STATISTICS: facts})
    gap = read(client, "/gap", indicator="patents")
    leaders = read(client, "/claims", indicator="patents")["leaders"]
    assert leaders == gap["agreement"]["leaders"] == {"CN": 1}


def turned_by(client: TestClient, indicator: str) -> list[str]:
    found: list[str] = read(client, "/sensitivity", indicator=indicator)["turned_by"]
    return found


def test_only_the_choice_that_turns_the_answer_is_named(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    two = [source("one"), source("two")]
    facts = [
        *rivals("s1", 9, 1, metric="by_source", source="one"),
        *rivals("s2", 1, 9, metric="by_source", source="two"),
        *rivals("c1", 9, 1, metric="by_scope", source="one", scope="a"),
        *rivals("c2", 1, 9, metric="by_scope", source="one", scope="b"),
        *rivals("u1", 9, 1, metric="by_unit", source="one", unit="patents"),
        *rivals("u2", 1, 9, metric="by_unit", source="one", unit="percent"),
        *rivals("r1", 9, 1, metric="by_revision", source="one"),
        *rivals("n1", 9, 1, metric="by_nothing", source="one"),
        *rivals("n2", 8, 2, metric="by_nothing", source="two", scope="a"),
    ]
    developers = (["us1", "cn1"], ["us1", "cn1"], ["cn1"])
    models = [
        ai_model(f"m{n}", developers=names, released="2023", source="one")
        for n, names in enumerate(developers)
    ]
    companies = [company(f"{code.lower()}1", country=code, source="one") for code in ("US", "CN")]
    facts_of_all = {SOURCES: two, COMPANIES: companies, AI_MODELS: models, STATISTICS: facts}
    write(database, facts_of_all)
    first = read(client, "/sensitivity", indicator="by-revision")
    write(database, {STATISTICS: rivals("r1", 1, 9, metric="by_revision", source="one")})
    assert turned_by(client, "by-source") == ["source"]
    assert turned_by(client, "by-scope") == ["scope"]
    assert turned_by(client, "by-unit") == []
    assert turned_by(client, "by-revision") == ["revision"]
    assert turned_by(client, "by-nothing") == []
    # any: US 2, CN 3. first: US 2, CN 1. fractional: US 1, CN 2.
    assert turned_by(client, "models-released") == ["attribution"]
    assert first["turned_by"] == []
    again = read(client, "/sensitivity", indicator="by-revision")
    assert (first["revisions"], again["revisions"]) == ([1], [1, 2])
    alone = read(client, "/sensitivity", indicator="by-revision", b="GB")
    assert {(one["revision"], one["reason"]) for one in alone["refusals"]} == {
        (1, "one_sided"),
        (2, "one_sided"),
    }
    assert first["leaders"] == {"US": len(first["answers"])}


def test_what_turns_the_direction_is_named(written: tuple[TestClient, Database]) -> None:
    client, database = written
    years = ("2020", "2021", "2022")

    def leads(name: str, metric: str, *figures: int, **stated: Any) -> list[StoredRow]:
        return [
            row
            for year, figure in zip(years, figures, strict=True)
            for row in rivals(f"{name}-{year}", figure, 100 - figure, year, metric=metric, **stated)
        ]

    facts = [
        *leads("f", "by_first", 80, 60, 70, source="one"),
        *leads("s1", "by_source", 60, 70, 80, source="one"),
        *leads("s2", "by_source", 80, 70, 60, source="two"),
        *leads("n1", "by_nothing", 60, 70, 80, source="one"),
        *leads("n2", "by_nothing", 70, 70, 70, source="two"),
        *leads("n3", "by_nothing", 10, 20, 30, source="three"),  # the lead of another
    ]
    write(
        database,
        {SOURCES: [source(key) for key in ("one", "two", "three")], STATISTICS: facts},
    )
    for metric, turned in (
        ("by-first", ["first_period"]),
        ("by-source", ["source"]),
        ("by-nothing", []),
    ):
        found = read(client, "/sensitivity", indicator=metric)
        assert found["direction_turned_by"] == turned
        assert {one["direction_since"] for one in found["answers"]} == {"2020"}
    (first,) = read(client, "/sensitivity", indicator="by-first")["answers"]
    assert (first["direction"], first["depends_on_first"]) == ("closing", True)
    row = standing(client, "by-first", countries="US,CN")
    told = ("direction", "direction_since", "recent_direction", "recent_since", "depends_on_first")
    assert [row[name] for name in told] == ["closing", "2020", "widening", "2021", True]
    page = client.get("/", headers={"Accept": "text/html"}).text
    assert 'closing since 2020 <span class="quiet">(widening since 2021)</span>' in page


PINNED = (
    "/observations?indicator=patents&shape=wide&units=share&country=US,CN",
    "/observations?indicator=models-released&attribution=fractional&shape=wide",
    "/indicators",
    "/indicators/patents",
    "/gap?indicator=patents",
    "/race?countries=US,CN,GB&weights=patents:1",
    "/claims?indicator=patents",
    "/sensitivity?indicator=models-released",
)


def _data(answer: httpx2.Response) -> bytes:
    """Return the bytes of `data`, which stand before those of `meta`."""
    assert answer.status_code == 200, answer.text
    return answer.content.partition(b',"meta":')[0]


def _random_facts(chance: random.Random, number: int) -> dict[Resource, list[StoredRow]]:
    def country() -> str:
        return chance.choice(("US", "CN", "GB"))

    names = [f"{code}{n}" for code in ("us", "cn", "gb") for n in (1, 2)]
    return {
        SOURCES: [source("s"), source("t", restates=chance.choice(("s", None)))],
        COMPANIES: [company(name, country=country()) for name in names],
        AI_MODELS: [
            ai_model(f"m{chance.randint(0, 9)}", developers=[name], released="2023")
            for name in chance.sample(names, 1)
        ],
        STATISTICS: [
            patents(f"p{n}", country(), f"202{n % 4}", chance.randint(0, 99), source=key)
            for n in chance.sample(range(20), 6 + number)
            for key in chance.choices(("s", "t"))
        ],
    }


def test_an_answer_that_is_pinned_never_changes(written: tuple[TestClient, Database]) -> None:
    client, database = written
    chance = random.Random(7)
    kept: dict[str, bytes] = {}
    for number in range(4):
        write(database, _random_facts(chance, number))
        for path in PINNED:
            newest = client.get(path)
            pinned = newest.json()["links"]["pinned"]
            assert pinned.endswith(f"as_of={newest.json()['meta']['revision']}")
            kept[pinned] = _data(newest)
    gone = [one["fact"] for one in read(client, "/observations", indicator="patents")]
    write(database, remove={STATISTICS: gone[::2]})
    assert len(kept) == 4 * len(PINNED)
    for pinned, data in kept.items():
        assert _data(client.get(pinned)) == data, pinned


@pytest.mark.parametrize("path", PINNED)
def test_a_citation_leads_to_the_pinned_answer(made_up: TestClient, path: str) -> None:
    answer = made_up.get(path).json()
    pinned, citation = answer["links"]["pinned"], answer["citation"]
    assert citation["url"] == citation["csl"]["URL"] == f"http://testserver{pinned}"
    assert pinned in citation["text"]
    assert f"\\url{{http://testserver{pinned}}}" in citation["bibtex"]
    assert citation["csl"]["type"] == "dataset"
    assert citation["csl"]["version"] == f"revision {answer['meta']['revision']}"
    assert citation["bibtex"].startswith(f"@misc{{{citation['csl']['id']},")


def test_a_page_of_observations_can_be_cited_and_stays(
    written: tuple[TestClient, Database],
) -> None:
    client, database = written
    write(database, {SOURCES: [source()], STATISTICS: rivals("r", 9, 1)})
    first = client.get("/observations?indicator=patents&limit=1").json()
    pinned = first["links"]["pinned"]
    assert pinned.endswith("&limit=1&as_of=1")
    assert first["citation"]["url"] == f"http://testserver{pinned}"
    kept = client.get(pinned).content
    second = client.get(first["links"]["next"]).json()
    assert second["links"]["pinned"] == second["links"]["self"]
    write(database, {STATISTICS: rivals("r", 8, 2)})
    assert client.get(pinned).content == kept
    assert client.get("/observations?indicator=patents&limit=1").json()["data"] != first["data"]


@pytest.mark.parametrize("path", ["/gap?indicator=patents", "/observations", "/indicators/patents"])
def test_a_citation_comes_alone_in_each_format(made_up: TestClient, path: str) -> None:
    cited = made_up.get(path).json()["citation"]
    mark = "&" if "?" in path else "?"
    for format_, media_type in (
        ("text", "text/plain; charset=utf-8"),
        ("bibtex", "application/x-bibtex"),
        ("csl", "application/vnd.citationstyles.csl+json"),
    ):
        answer = made_up.get(f"{path}{mark}citation={format_}")
        for accept in (media_type, "application/json", "text/csv"):  # the address goes before it
            same = made_up.get(f"{path}{mark}citation={format_}", headers={"Accept": accept})
            assert (same.status_code, same.content) == (200, answer.content)
        assert answer.headers["content-type"] == media_type
        found = answer.json() if format_ == "csl" else answer.text.removesuffix("\n")
        assert found == cited[format_]
    assert is_problem(made_up.get(f"{path}{mark}citation=apa"), 422)["errors"][0]["allowed"]


@pytest.mark.parametrize(("last", "told"), [(150, "reversed"), (80, "closing"), (10, "widening")])
def test_the_race_says_what_the_lead_of_the_leader_of_today_does(
    written: tuple[TestClient, Database], last: int, told: str
) -> None:
    client, database = written
    facts = [
        *(money(f"us-{year}", "US", year, 100) for year in ("2022", "2023")),
        money("cn-2022", "CN", "2022", 50),
        money("cn-2023", "CN", "2023", last),
    ]
    write(database, {SOURCES: [source()], FUNDING: facts})
    standings = read(client, "/race", countries="US,CN")["standings"]
    standing = next(one for one in standings if one["indicator"] == "funding-amount")
    assert (standing["leader"], standing["direction"]) == ("CN" if last > 100 else "US", told)


def test_two_answers_of_a_revision_can_stand_in_one_bibliography(made_up: TestClient) -> None:
    keys = {made_up.get(path).json()["citation"]["csl"]["id"] for path in PINNED}
    assert len(keys) == len(PINNED)
