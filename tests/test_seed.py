"""The packs that ship: true to the article and to the other sources, and complete."""

import csv
import re
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import frictionless
import orjson
import pytest
from starlette.testclient import TestClient

from app.exchange.datapackage import descriptor
from app.exchange.packs import UnreadablePack
from app.exchange.seed import location, seed
from app.main import create_app
from app.resources.registry import RESOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.support import shared

Row = dict[str, Any]

ARTICLE: Final = "bnn-2024-03-31"
DIFFUSION: Final = "ms-diffusion-2026q1"
PACKS: Final = ("article-2024-03-31", "cross-check")


def rows(client: TestClient, path: str, **asked: Any) -> list[Row]:
    """Return the whole result of a list."""
    answer = client.get(path, params={"limit": 1000, **asked})
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["links"].get("next") is None
    found: list[Row] = content["data"]
    return found


# The article, from its own text.

_NUMBER: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}"  # a date
    r"|\$?\d[\d,]*(?:\.\d+)?(?: (?:million|billion|trillion))?(?:%| percent| deals| users)?"
)
_NUMBER_WORDS: Final = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?"
    r"|thousands?|half|halves|thirds?|quarters?|twice|thrice|double[ds]?|triple[ds]?|percent)\b",
    re.IGNORECASE,
)
_SCALES: Final = {"million": 10**6, "billion": 10**9, "trillion": 10**12}

_TOTALS: Final = {"kind": "total", "scope": "generative-ai"}
_AMOUNT: Final = {"column": "amount_usd", "currency": "USD", "qualifier": "exact"}
_DEALS: Final = {"column": "deals", "deals_qualifier": "exact"}

FIGURES: Final[list[tuple[str, str, Row, Row]]] = [
    # as the text has it, the list, what to ask of it, what else the one answer must say
    ("$31 billion", "/funding", {**_TOTALS, "country": "US"}, {**_AMOUNT, "period": "2023"}),
    ("1,151 deals", "/funding", {**_TOTALS, "country": "US"}, {**_DEALS, "period": "2023"}),
    (
        "$2 billion",
        "/funding",
        {**_TOTALS, "country": "CN", "period": "2023"},
        {**_AMOUNT, "period": "2023"},
    ),
    (
        "68 deals",
        "/funding",
        {**_TOTALS, "country": "CN", "period": "2023"},
        {**_DEALS, "period": "2023"},
    ),
    (
        "$5.5 billion",
        "/funding",
        {**_TOTALS, "country": "CN", "period": "2022"},
        {**_AMOUNT, "period": "2022"},
    ),
    (
        "377 deals",
        "/funding",
        {**_TOTALS, "country": "CN", "period": "2022"},
        {**_DEALS, "period": "2022"},
    ),
    (
        "$2.7 billion",
        "/funding",
        {"kind": "round", "company": "anthropic"},
        {**_AMOUNT, "period": "2024-03", "country": "US", "investors": ["amazon"]},
    ),
    (
        "100 million users",
        "/adoption",
        {"model": "ernie-bot"},
        {
            "column": "value",
            "metric": "users",
            "unit": "users",
            "period": "2024-03",
            "country": "CN",
            "qualifier": "exact",
        },
    ),
]
DATE: Final = "2024-03-31"  # the one number that is no figure: the day on which it was published


def article() -> str:
    """Return the text of the article."""
    return shared("facts/article-2024-03-31.txt").read_text(encoding="utf-8")


def value_of(written: str) -> Decimal:
    """Return the number that some words of the article mean."""
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", written)
    assert digits
    scale = next((factor for word, factor in _SCALES.items() if word in written), 1)
    return Decimal(digits[0].replace(",", "")) * scale


def test_every_number_of_the_article_is_accounted_for() -> None:
    text = article()
    assert _NUMBER.findall(text) == [DATE, *(written for written, *_ in FIGURES)]
    assert re.findall(r"\d", re.sub(_NUMBER, "", text)) == []
    assert _NUMBER_WORDS.findall(text) == []


@pytest.mark.parametrize(
    ("written", "path", "asked", "stated"), FIGURES, ids=[figure[0] for figure in FIGURES]
)
def test_a_number_of_the_article_is_served_as_it_is_written(
    client: TestClient, written: str, path: str, asked: Row, stated: Row
) -> None:
    (row,) = rows(client, path, as_of=1, source=ARTICLE, **asked)
    expected = dict(stated)
    column = expected.pop("column")
    assert Decimal(str(row[column])) == value_of(written)
    assert {name: row[name] for name in expected} == expected
    assert row["source"] == ARTICLE
    assert row["locator"]
    if written.startswith("$"):
        assert (row["amount"], row["currency"]) == (row["amount_usd"], "USD")
    if asked.get("country"):
        assert row["country"] == asked["country"]


def test_nothing_is_served_that_is_not_a_number_of_the_article(client: TestClient) -> None:
    served = [
        Decimal(str(row[column]))
        for path, columns in (("/funding", ["amount_usd", "deals"]), ("/adoption", ["value"]))
        for row in rows(client, path, as_of=1)
        for column in columns
        if row[column] is not None
    ]
    assert sorted(served) == sorted(value_of(written) for written, *_ in FIGURES)


def test_the_date_of_the_article_is_that_of_its_source(client: TestClient) -> None:
    source = client.get(f"/sources/{ARTICLE}?as_of=1").json()["data"]
    assert source["published"] == DATE
    assert source["restates"] == "cnbc-2024-03-31"


def test_the_first_revision_is_the_article_alone(client: TestClient) -> None:
    assert [s["id"] for s in rows(client, "/sources", as_of=1)] == [ARTICLE, "cnbc-2024-03-31"]
    for resource in RESOURCES:
        if "source" in resource.columns:
            assert {row["source"] for row in rows(client, resource.path, as_of=1)} <= {ARTICLE}
        if resource.many != "countries":
            served = {row["id"] for row in rows(client, resource.path, as_of=1)}
            assert served == {row["id"] for row in pack_rows(PACKS[0], resource.many)}


def test_the_article_names_these_companies_and_ai_models(client: TestClient) -> None:
    text = article()
    companies = rows(client, "/companies", as_of=1)
    assert [company["id"] for company in companies] == [
        *("amazon", "anthropic", "baidu", "meta", "nvidia", "openai")
    ]
    stated = {company["id"]: company["country"] for company in companies if company["country"]}
    assert stated == {"anthropic": "US", "baidu": "CN", "openai": "US"}  # and no other country
    named = companies + rows(client, "/models", as_of=1)
    assert [row["name"] for row in named if row["name"] not in text] == []
    (llama,) = rows(client, "/models", as_of=1, id="llama")
    assert (llama["developers"], llama["openness"]) == (["meta"], "open")


def test_the_packs_are_revisions_one_and_two(client: TestClient) -> None:
    revisions = rows(client, "/revisions")
    assert [revision["id"] for revision in revisions] == [2, 1, 0]
    titles = [orjson.loads((location() / pack / "datapackage.json").read_bytes()) for pack in PACKS]
    assert [r["message"] for r in revisions[1::-1]] == [title["title"] for title in titles]


# The other sources, from the table of what they state.


def claims() -> list[dict[str, str]]:
    """Return the table of what the sources state."""
    with shared("facts/claims.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_claim_is_served(client: TestClient) -> None:
    funding = rows(client, "/funding")
    adoption = rows(client, "/adoption")
    unfound = []
    statistics = rows(client, "/statistics")
    for claim in claims():
        match claim["topic"], claim["measure"]:
            case "funding", measure:
                served = [row for row in funding if _is_money(claim, measure, row)]
            case "adoption", _:
                served = [row for row in adoption if _is_use(claim, row)]
            case "models", "based_on":
                served = [row for row in rows(client, "/models") if _is_descent(claim, row)]
            case _:
                served = [row for row in statistics if _is_statistic(claim, row)]
        if len(served) != 1:
            unfound.append((claim, len(served)))
    assert unfound == []


def _is_money(claim: dict[str, str], measure: str, row: Row) -> bool:
    money = measure == "amount_usd"
    is_round = claim["scope"] == "round"
    return (
        row["source"] == claim["source"]
        and row["country"] == claim["country"]
        and row["period"] == claim["period"]
        and row["kind"] == ("round" if is_round else "total")
        and row["company"] == (claim["subject"] or None)
        and row["scope"] == (None if is_round else claim["scope"])
        and row["investors"] == (["amazon"] if "investor: amazon" in claim["note"] else [])
        and row[measure] == int(claim["value"])
        and row["qualifier" if money else "deals_qualifier"] == claim["qualifier"]
        and claim["unit"] == ("USD" if money else "deals")
    )


def _is_use(claim: dict[str, str], row: Row) -> bool:
    same = {"source", "country", "period", "unit", "qualifier", "scope"}
    return (
        all(row[name] == claim[name] for name in same)
        and row["metric"] == claim["measure"]
        and row["model"] == (claim["subject"] or None)
        and row["value"] == float(claim["value"])
    )


def _is_statistic(claim: dict[str, str], row: Row) -> bool:
    same = {"source", "country", "period", "unit", "qualifier"}
    return (
        all(row[name] == claim[name] for name in same)
        and row["metric"] == claim["measure"]
        and row["value"] == float(claim["value"])
    )


def _is_descent(claim: dict[str, str], row: Row) -> bool:
    """One source states from what an AI model descends, and the other denies it."""
    assert (claim["measure"], claim["qualifier"]) == ("based_on", "disputed")
    states = [row["source"]] if claim["value"] else row["disputed_by"]
    return (
        row["id"] == claim["subject"]
        and row["countries"] == [claim["country"]]
        and row["released"] == claim["period"]
        and claim["source"] in states
        and row["based_on"] == ["llama"]
        and row["disputed_by"] != []
    )


def test_nothing_is_served_that_no_claim_states(client: TestClient) -> None:
    stated = claims()
    for row in rows(client, "/funding"):
        measures = [m for m in ("amount_usd", "deals") if row[m] is not None]
        assert measures
        for measure in measures:
            assert any(c["measure"] == measure and _is_money(c, measure, row) for c in stated), row
    without_figure = [row["id"] for row in rows(client, "/adoption") if row["value"] is None]
    assert without_figure == ["llama-adaptation-cn-bnn"]
    for row in rows(client, "/adoption"):
        if row["value"] is not None and row["source"] != DIFFUSION:
            assert any(_is_use(claim, row) for claim in stated if claim["topic"] == "adoption")
    for row in rows(client, "/statistics"):
        assert any(_is_statistic(claim, row) for claim in stated)


def test_the_shares_of_people_are_those_of_the_report(client: TestClient) -> None:
    table = shared("data/microsoft/AI_Diffusion_Q12026_Update.csv")
    with table.open(encoding="mac_roman", newline="") as file:
        reported = {row.pop("Economy"): row for row in csv.DictReader(file)}
    waves = {"2025-01/2025-06": "H1 2025", "2025-07/2025-12": "H2 2025", "2026-Q1": "Q1 2026"}
    names = {"CN": "China", "US": "United States"}
    served = rows(client, "/adoption", source=DIFFUSION)
    assert len(served) == len(waves) * len(names)
    for row in served:
        stated = reported[names[row["country"]]][f"{waves[row['period']]} AI Diffusion"]
        assert f"{row['value']:.2f}%" == stated


def test_every_source_that_is_used_is_served(client: TestClient) -> None:
    served = {source["id"]: source for source in rows(client, "/sources")}
    with shared("facts/sources.csv").open(encoding="utf-8", newline="") as file:
        known = {source["id"]: source for source in csv.DictReader(file)}
    assert known.keys() <= served.keys()
    assert served.keys() - known.keys() == {"epoch-2024-03-22"}
    for key in known.keys() & served.keys():
        names = {"publisher": "publisher", "title": "title", "published": "published"}
        names |= {"url": "url", "restates": "upstream", "licence": "licence"}
        assert {mine: served[key][mine] or "" for mine in names} == {
            mine: known[key][theirs] for mine, theirs in names.items()
        }


# The packs as files.


def tables(pack: str) -> list[str]:
    """Return the names of the tables of a pack."""
    content = orjson.loads((location() / pack / "datapackage.json").read_bytes())
    return [table["name"] for table in content["resources"]]


def pack_rows(pack: str, resource: str) -> list[dict[str, str]]:
    """Return the rows of a file of a pack, none where it has no such file."""
    if resource not in tables(pack):
        return []
    with (location() / pack / f"{resource}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_is_a_valid_data_package(pack: str) -> None:
    report = frictionless.validate(str(location() / pack / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        name: len(pack_rows(pack, name)) for name in tables(pack)
    }


@pytest.mark.parametrize("pack", PACKS)
def test_the_descriptor_of_a_pack_follows_from_the_resources(pack: str) -> None:
    written = orjson.loads((location() / pack / "datapackage.json").read_bytes())
    (contributor,) = written["contributors"]
    assert written == descriptor(
        name=pack,
        title=written["title"],
        description=written["description"],
        author=contributor["title"],
        resources=[resource for resource in RESOURCES if resource.many in tables(pack)],
    )


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_is_tidy(pack: str) -> None:
    files = {path.name for path in (location() / pack).iterdir()}
    assert files == {"datapackage.json", *(f"{table}.csv" for table in tables(pack))}
    for resource in RESOURCES:
        if resource.many not in tables(pack):
            continue
        text = (location() / pack / f"{resource.many}.csv").read_bytes().decode("utf-8")
        assert "\r" not in text
        assert text.endswith("\n")
        assert text.partition("\n")[0].split(",") == list(resource.pack_columns)
        keys = [row["id"] for row in pack_rows(pack, resource.many)]
        assert all(a < b for a, b in pairwise(keys))


@pytest.mark.parametrize("pack", PACKS)
def test_no_sentence_of_the_article_stands_in_a_pack(pack: str) -> None:
    theirs = set(_runs(article()))
    assert theirs
    for path in sorted((location() / pack).iterdir()):
        ours = path.read_text(encoding="utf-8")
        assert theirs.isdisjoint(_runs(ours)), path


def _runs(text: str, length: int = 8) -> list[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]


# Choosing what is loaded at first start.


@pytest.mark.parametrize(
    ("chosen", "revisions"),
    [
        ("", []),
        (" , ", []),
        (PACKS[0], [PACKS[0]]),
        (f" {PACKS[0]} , {PACKS[1]} ", list(PACKS)),
        (str(location() / PACKS[0]), [PACKS[0]]),
    ],
)
def test_the_setting_chooses_the_packs(
    empty: Database, monkeypatch: pytest.MonkeyPatch, chosen: str, revisions: list[str]
) -> None:
    monkeypatch.setenv("AIRACE_SEED", chosen)
    packs = Settings().seed_packs
    loaded = seed(empty, packs)
    assert [(pack.pack, pack.revision) for pack in loaded] == [
        (pack, number) for number, pack in enumerate(revisions, 1)
    ]
    assert [pack.revision for pack in seed(empty, packs)] == [None] * len(revisions)


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ("no-such-pack", r"no such folder or zip, nor a pack that ships \(article-2024-03-31, "),
        ("./no/such/folder", "no such folder"),
        ("cross-check", r"companies that do not exist|ai_models that do not exist"),
    ],
)
def test_a_pack_that_cannot_be_loaded_is_told_by_name(
    empty: Database, chosen: str, told: str
) -> None:
    with pytest.raises(UnreadablePack, match=told) as refused:
        seed(empty, [chosen])
    assert chosen in str(refused.value)
    with empty.read() as transaction:
        assert transaction.latest.id == 0


def test_an_empty_service_answers_empty_lists(empty: Database) -> None:
    settings = Settings(database_url=empty.url.render_as_string(hide_password=False))
    with TestClient(create_app(settings)) as client:
        for resource in RESOURCES[1:]:
            assert rows(client, resource.path) == []
        assert len(rows(client, "/countries")) == 251
