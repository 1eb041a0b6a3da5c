"""The checks on data find what a reader should know, say why, and leave alone what is in order."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import combinations
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from app.analysis import data_checks
from app.analysis.bounds import ABOUT
from app.analysis.data_checks import FindingList, read_remarks
from app.analysis.data_findings import KINDS, NEAR_DAYS
from app.cli import main
from app.kit.countries import GROUPS
from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES, CountryFact
from app.resources.funding import FUNDING
from app.resources.queries import PageQuery
from app.resources.reading import Item, read_page
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests.answering import client_of, is_problem
from tests.conftest import Templates
from tests.ledger_rows import (
    adoption,
    ai_model,
    company,
    funding_round,
    source,
    statistic,
    total,
    write,
)

Rows = dict[Resource, list[StoredRow]]
CONTINENTS = {code: name for code, name in GROUPS.items() if code not in {"WLD", "EU"}}
FIRM = {"qualifier": "exact"}


def found(database: Database, kind: str, *, today: str | None = None) -> list[Item]:
    """Return the findings of a kind."""
    listing = FindingList((kind,), today)
    with database.read() as transaction:
        at = transaction.latest
        return read_page(transaction, listing, PageQuery(limit=1000), at).items


def keys(database: Database, kind: str, **asked: Any) -> list[list[str]]:
    return [item["ids"] for item in found(database, kind, **asked)]


def money(
    key: str, country: str, amount: int, qualifier: str = "exact", **fields: Any
) -> StoredRow:
    return total(key, country=country, amount_usd=amount, qualifier=qualifier, **fields)


def deal(key: str, amount: int, source_key: str, period: str, company_key: str = "c") -> StoredRow:
    fields = {"amount_usd": amount, "qualifier": "exact", "source": source_key, "period": period}
    return funding_round(key, company_key, **fields)


@pytest.fixture
def based(empty: Database) -> Database:
    """Two sources and two companies, to state something of."""
    sources = [source("s", published="2024-03"), source("t"), source("u")]
    write(empty, {SOURCES: sources, COMPANIES: [company("c"), company("d")]})
    return empty


# Parts and their whole


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([money("w", "WLD", 99), money("a", "US", 60), money("b", "CN", 40)], [["w"]]),
        ([money("w", "WLD", 100), money("a", "US", 60), money("b", "CN", 40)], []),
        ([money("w", "WLD", 99), money("a", "US", 60), money("b", "CN", 40, "about")], []),
        ([money("w", "WLD", 95, "about"), money("a", "US", 60), money("b", "CN", 40)], []),
        ([money("w", "WLD", 90, "about"), money("a", "US", 60), money("b", "CN", 40)], [["w"]]),
        ([money("w", "WLD", 90, "at_least"), money("a", "US", 60), money("b", "CN", 40)], []),
        ([money("w", "WLD", 90), money("a", "US", 60), money("b", "CN", 40, "up_to")], []),
        ([money("w", "WLD", 90), money("a", "US", 91, "at_least")], [["w"]]),
        # Rounded figures may add up to a little more.
        ([money("w", "WLD", 1263), money("a", "US", 1000), money("b", "CN", 264)], []),
        ([money("w", "WLD", 1263), money("a", "US", 1000), money("b", "CN", 265)], [["w"]]),
        # Of another source, scope, period or price: no part of it.
        ([money("w", "WLD", 90), money("a", "US", 91, source="t")], []),
        ([money("w", "WLD", 90), money("a", "US", 91, scope="generative-ai")], []),
        ([money("w", "WLD", 90), money("a", "US", 91, period="2022")], []),
        ([money("w", "WLD", 90), money("a", "US", 91, price_base="nominal")], []),
        # The EU is no country of the world beside its members, and only members are parts of it.
        ([money("w", "WLD", 90), money("e", "EU", 80), money("a", "FR", 70)], []),
        ([money("e", "EU", 90), money("a", "FR", 60), money("b", "DE", 40)], [["e"]]),
        ([money("e", "EU", 90), money("a", "FR", 60), money("b", "GB", 40)], []),
        # So it is with continents, of which the EU is no part beside its members.
        ([money("w", "AFRICA", 90), money("a", "US", 91), money("b", "ZA", 40)], []),
        ([money("w", "AFRICA", 90), money("a", "NG", 51), money("b", "ZA", 40)], [["w"]]),
        ([money("w", "EUROPE", 90), money("e", "EU", 95), money("a", "FR", 70)], []),
        ([money("w", "EUROPE", 90), money("g", "GB", 21), money("a", "FR", 70)], [["w"]]),
        (
            [
                *(money("w", "WLD", 90), money("e", "EU", 60), money("a", "FR", 61)),
                *(money("b", "US", 30), money("f", "ASIA", 10)),
            ],
            [["e"], ["w"]],
        ),
        # One country that is stated twice counts once, with the least.
        ([money("w", "WLD", 90), money("a", "US", 60), money("b", "US", 40)], []),
    ],
)
def test_parts_above_their_whole_are_found(
    based: Database, rows: list[StoredRow], expected: list[list[str]]
) -> None:
    continents = [
        CountryFact(id=code, name=name, kind="group").stored() for code, name in CONTINENTS.items()
    ]
    write(based, {COUNTRIES: continents, FUNDING: rows})
    assert keys(based, "parts_exceed_whole") == expected


def test_parts_are_compared_in_every_resource_where_a_sum_means_something(
    based: Database,
) -> None:
    of = [("WLD", 5), ("US", 4), ("CN", 4)]
    counted = [statistic(f"n-{country}".lower(), country=country, value=v) for country, v in of]
    shares = [
        statistic(f"p-{country}".lower(), country=country, value=v, unit="percent", metric="share")
        for country, v in of
    ]
    used = [
        adoption(f"u-{country}".lower(), country=country, value=v, unit="users", **FIRM)
        for country, v in of
    ]
    deals = {"deals_qualifier": "exact"}
    done = [total(f"d-{country}".lower(), country=country, deals=v, **deals) for country, v in of]
    write(based, {STATISTICS: [*counted, *shares], ADOPTION: used, FUNDING: done})
    items = found(based, "parts_exceed_whole")
    assert [(item["resource"], item["ids"]) for item in items] == [
        ("adoption", ["u-wld"]),
        ("funding", ["d-wld"]),
        ("statistics", ["n-wld"]),
    ]
    assert items[2]["reason"] == (
        "The 2 countries of its source add up to at least 8 (patents, 2023), which is more than "
        "the 5 of World, by 60 %."
    )
    assert items[2]["sources"] == ["s"]


# Periods and a longer one that holds them


def in_period(period: str, amount: int, qualifier: str = "exact", **fields: Any) -> StoredRow:
    key = "-".join([period.replace("/", "-to-").lower(), *fields.values()]).lower()
    return money(key, "US", amount, qualifier, period=period, **fields)


def quarters(*amounts: int, qualifier: str = "exact") -> list[StoredRow]:
    return [in_period(f"2023-Q{n}", each, qualifier) for n, each in enumerate(amounts, 1)]


def months(*amounts: int) -> list[StoredRow]:
    return [in_period(f"2023-{n:02}", each) for n, each in enumerate(amounts, 1)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # One part is more, or those that there are, as firmly as they are stated.
        ([in_period("2023", 6), *quarters(5000, 5)], ["2023"]),
        ([in_period("2023", 6), in_period("2023-03-27", 7)], ["2023"]),
        ([in_period("2023", 9), *quarters(5, 5)], ["2023"]),
        ([in_period("2023", 10), *quarters(5, 5)], []),
        ([in_period("2023", 9, "about"), *quarters(5, 5)], ["2023"]),
        ([in_period("2023", 95, "about"), *quarters(50, 50)], []),
        ([in_period("2023", 9, "at_least"), *quarters(5, 5)], []),
        ([in_period("2023", 9), *quarters(5, 5, qualifier="up_to")], []),
        ([in_period("2023", 9), *quarters(5, 5, qualifier="about")], []),
        ([in_period("2023", 9), *quarters(5, 5, qualifier="disputed")], []),
        # All parts are less, where nothing is missing and each has a bound.
        ([in_period("2023", 20), *quarters(5, 5, 5, 5)], []),
        ([in_period("2023", 21), *quarters(5, 5, 5, 5)], ["2023"]),
        ([in_period("2023", 19), *quarters(5, 5, 5, 5)], ["2023"]),
        ([in_period("2023", 21, "about"), *quarters(5, 5, 5, 5)], []),
        ([in_period("2023", 21, "at_least"), *quarters(5, 5, 5, 5)], ["2023"]),
        ([in_period("2023", 21, "up_to"), *quarters(5, 5, 5, 5)], []),
        ([in_period("2023", 21), *quarters(5, 5, 5)], []),
        ([in_period("2023", 21), *quarters(5, 5, 5), in_period("2023-Q4", 5, "at_least")], []),
        ([in_period("2023", 21), in_period("2023-01", 5), *quarters(5, 5, 5, 5)[1:]], []),
        # Parts of several lengths, with each other and beside each other.
        (
            [in_period("2023", 21), in_period("2023-01/2023-06", 10), *quarters(0, 0, 5, 5)[2:]],
            ["2023"],
        ),
        ([in_period("2023", 20), in_period("2023-01/2023-06", 10), *quarters(0, 0, 5, 5)[2:]], []),
        (
            [in_period("2023", 19), in_period("2023-Q1", 5), in_period("2023-04/2023-12", 15)],
            ["2023"],
        ),
        ([in_period("2023", 12), *quarters(3, 3, 3, 3), *months(*[1] * 12)], []),
        ([in_period("2023", 12), *quarters(3, 3, 3, 4), *months(*[1] * 12)], ["2023", "2023-q4"]),
        ([in_period("2023", 13), *quarters(4, 3, 3, 3), *months(*[1] * 12)], ["2023", "2023-q1"]),
        (
            [in_period("2020/2023", 9), *(in_period(f"{year}", 3) for year in range(2020, 2024))],
            ["2020-to-2023"],
        ),
        # Parts that overlap are not added up, and one that lies across the end is no part.
        (
            [
                in_period("2023", 9),
                in_period("2023-01/2023-04", 5),
                in_period("2023-03/2023-06", 5),
            ],
            [],
        ),
        (
            [
                in_period("2023", 9),
                in_period("2023-01/2023-04", 10),
                in_period("2023-03/2023-06", 5),
            ],
            ["2023"],
        ),
        ([in_period("2023", 9), in_period("2023-11/2024-01", 10)], []),
        # What is stated twice counts once, with what it can stand for at the least and the most.
        ([in_period("2023", 9), *quarters(5, 4), in_period("2023-Q1", 4, note="b")], []),
        ([in_period("2023", 21), *quarters(5, 5, 5, 5), in_period("2023-Q1", 6, note="b")], []),
        ([in_period("2023", 10), in_period("2023", 9, note="b"), *quarters(5, 5)], ["2023-b"]),
        # Of another source, origin, scope or price: no part of it.
        ([in_period("2023", 6), in_period("2023-Q1", 7, source="t")], []),
        ([in_period("2023", 6), in_period("2023-Q1", 7, original_source="t")], []),
        ([in_period("2023", 6), in_period("2023-Q1", 7, scope="generative-ai")], []),
        ([in_period("2023", 6), in_period("2023-Q1", 7, price_base="nominal")], []),
        ([in_period("2023", 6), money("cn", "CN", 7, period="2023-Q1")], []),
    ],
)
def test_periods_that_contradict_a_longer_one_are_found(
    based: Database, rows: list[StoredRow], expected: list[str]
) -> None:
    write(based, {FUNDING: rows})
    assert keys(based, "periods_contradict_whole") == [[key] for key in expected]


def test_periods_are_added_up_of_what_comes_in_alone(based: Database) -> None:
    used = [
        adoption(f"u-{value}", value=value, unit="users", period=period, **FIRM)
        for period, value in (("2023", 5), ("2023-Q1", 9))
    ]
    counted = [
        statistic(f"n-{value}", value=value, period=period)
        for period, value in (("2023", 5), ("2023-Q1", 9))
    ]
    done = [
        total(f"d-{deals}", deals=deals, deals_qualifier="exact", period=period)
        for period, deals in (("2023", 30), ("2023-01/2023-06", 10), ("2023-07/2023-12", 15))
    ]
    spent = [in_period("2022", 6), in_period("2022-Q1", 5000), in_period("2022-Q2", 5)]
    write(based, {ADOPTION: used, STATISTICS: counted, FUNDING: [*done, *spent]})
    items = found(based, "periods_contradict_whole")
    assert [(item["ids"], item["sources"], item["reason"]) for item in items] == [
        (
            ["2022"],
            ["s"],
            (
                "2022-Q1 of its source comes to at least 5,000 (amount_usd), which is more than "
                "the 6 of 2022, by 83,233 %."
            ),
        ),
        (
            ["d-30"],
            ["s"],
            (
                "The 2 parts of 2023 of its source, from 2023-01-01 to 2023-12-31, add up to at "
                "most 25 (deals), which is less than the 30 of 2023, by 17 %."
            ),
        ),
    ]


# One round from two sources


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [
        (deal("a", 270, "s", "2024-03"), deal("b", 275, "t", "2024-03-27"), True),
        (deal("a", 270, "s", "2024"), deal("b", 275, "t", "2024-03-27"), True),
        (deal("a", 100, "s", "2024-01-01"), deal("b", 90, "t", "2024-02-15"), True),
        (deal("a", 100, "s", "2024-02-15"), deal("b", 90, "t", "2024-01-01"), True),
        (deal("a", 100, "s", "2024-01-01"), deal("b", 90, "t", "2024-02-16"), False),
        (deal("a", 100, "s", "2024-01-01"), deal("b", 89, "t", "2024-01-01"), False),
        (deal("a", 100, "s", "2024-01-01"), deal("b", 100, "s", "2024-01-01"), False),
        (deal("a", 100, "s", "2024-01-01"), deal("b", 100, "t", "2024-01-01", "d"), False),
        (deal("a", 0, "s", "2024-01-01"), deal("b", 0, "t", "2024-01-01"), False),
        (deal("a", 2**63 - 1, "s", "2024"), deal("b", 2**63 - 2, "t", "2024"), True),
        (deal("a", 100, "s", "9999-12-31"), deal("b", 100, "t", "9999-12-31"), True),
    ],
)
def test_one_round_from_two_sources_is_found(
    based: Database, one: StoredRow, other: StoredRow, *, is_found: bool
) -> None:
    write(based, {FUNDING: [one, other]})
    assert keys(based, "same_round_twice") == ([["a", "b"]] if is_found else [])


def test_rounds_are_compared_with_all_that_are_near_in_time(based: Database) -> None:
    """Compare with the definition: each pair of rounds, one by one, whatever its period."""
    random = Random(3)
    periods = [f"{year}" for year in (2019, 2020, 2021)]
    periods += ["2019/2023", "2018-06/2020-01", "2020-Q1", "2021-Q4", "0001", "9999"]
    periods += [f"2020-{month:02}" for month in range(1, 13)]
    rows = [
        deal(
            f"r{number}",
            random.choice([90, 95, 100, 110, 111, 1_000]),
            random.choice("stu"),
            random.choice(
                [*periods, f"2020-{random.randint(1, 12):02}-{random.randint(1, 28):02}"]
            ),
            random.choice("cd"),
        )
        for number in range(90)
    ]
    write(based, {FUNDING: rows})

    def later(day: str) -> date:
        at = date.fromisoformat(day)
        return at + timedelta(NEAR_DAYS) if at < date(9999, 1, 1) else date.max

    def is_near(one: StoredRow, other: StoredRow) -> bool:
        return date.fromisoformat(one["period_first_day"]) <= later(other["period_last_day"])

    expected = [
        sorted((one["id"], other["id"]))
        for one, other in combinations(rows, 2)
        if one["company"] == other["company"]
        and one["source"] != other["source"]
        and abs(one["amount_usd"] - other["amount_usd"])
        <= max(one["amount_usd"], other["amount_usd"]) * ABOUT
        and is_near(one, other)
        and is_near(other, one)
    ]
    assert len(expected) > 100
    assert sorted(keys(based, "same_round_twice")) == sorted(expected)


# A thousandfold


def test_figures_far_from_the_median_of_their_series_are_found(based: Database) -> None:
    def patents(key: str, country: str, value: float, period: str = "2020") -> StoredRow:
        return statistic(key, country=country, value=value, period=period)

    own = [patents(f"us-{year}", "US", 50_000 + year, str(year)) for year in (2019, 2020, 2021)]
    slip = patents("us-slip", "US", 60_000_000, "2022")
    low = patents("us-low", "US", 50, "2023")
    small = [patents(f"small-{code}".lower(), code, 1) for code in ("FR", "DE", "GB", "IT", "ES")]
    write(based, {STATISTICS: [*own, slip, low, *small, patents("none", "PL", 0)]})
    items = found(based, "outlier")
    assert [item["ids"] for item in items] == [["us-low"], ["us-slip"]]
    assert items[1]["reason"] == (
        "Its patents of 60 million patents is a thousandfold from the median of its own series: "
        "52,020 (of 5)."
    )


def test_a_figure_without_a_series_of_its_own_is_compared_with_all(based: Database) -> None:
    rows = [money(f"f-{code}".lower(), code, 1_000_000) for code in ("FR", "DE", "GB")]
    write(based, {FUNDING: [*rows, money("f-us", "US", 1_000_000_000)]})
    (item,) = found(based, "outlier")
    assert item["ids"] == ["f-us"]
    assert item["reason"].endswith("from the median of all such figures: 1 million (of 4).")


def test_few_figures_have_no_outlier(based: Database) -> None:
    write(based, {FUNDING: [money("f", "FR", 1), money("g", "GB", 10**12)]})
    assert found(based, "outlier") == []


def rounds(*amounts: int, companies: str = "c", source_key: str = "s") -> list[StoredRow]:
    """Return rounds of these amounts, of companies in turn."""
    return [
        funding_round(
            f"{source_key}-{number:02}",
            companies[number % len(companies)],
            amount_usd=amount,
            qualifier="exact",
            source=source_key,
        )
        for number, amount in enumerate(amounts)
    ]


USUAL = tuple(range(1_000_000, 1_012_000, 1_000))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Of a source, where its companies have too few.
        (rounds(9 * 10**12, 1, *USUAL, companies="cdefghijklmnop"), ["s-00", "s-01"]),
        (rounds(10**9, 2 * 10**3, *USUAL, companies="cdefghijklmnop"), []),
        (rounds(2 * 10**9, 1, *USUAL[:7], companies="cdefghijklmnop"), []),
        (rounds(2 * 10**9, 1, *USUAL[:8], companies="cdefghijklmnop"), ["s-00", "s-01"]),
        # Seeds and billions are both in order, far as they are from the middle.
        (rounds(*(10 ** (4 + n % 7) for n in range(14)), companies="cdefghijklmnop"), []),
        # Two that are wrong hide each other among few, and not among many.
        (rounds(10**12, 10**12, *USUAL, companies="cdefghijklmnop"), []),
        (
            rounds(10**12, 10**12, *(USUAL * 2), companies="cdefghijklmnopqrstuvwxyz01"),
            ["s-00", "s-01"],
        ),
        # Another source is another scale.
        (
            [
                *rounds(*(USUAL[0] // 10**6 for _ in range(10)), companies="cdefghijklm"),
                *rounds(*USUAL, companies="cdefghijklmn", source_key="t"),
            ],
            [],
        ),
        # Of a company, from three rounds on, whatever the source lists beside.
        (rounds(5 * 10**6, 20, 10**7), ["s-01"]),
        (rounds(5 * 10**6, 10**10, 10**7), ["s-01"]),
        (rounds(5 * 10**6, 5 * 10**4, 10**9), []),
        (rounds(5 * 10**6, 20), []),
        ([*rounds(5 * 10**6, 10**7), *rounds(20, source_key="t")], ["t-00"]),
        (rounds(0, 10**6, 10**6, 10**6), []),
    ],
)
def test_rounds_far_from_nearly_all_others_are_found(
    empty: Database, rows: list[StoredRow], expected: list[str]
) -> None:
    sources, companies = [source("s"), source("t")], {row["company"] for row in rows}
    write(empty, {SOURCES: sources, COMPANIES: [company(key) for key in sorted(companies)]})
    write(empty, {FUNDING: rows})
    assert keys(empty, "outlier") == [[key] for key in expected]


def test_a_round_far_from_others_is_told_beside_those_of_its_company_first(
    based: Database,
) -> None:
    many = rounds(*USUAL, companies="c")
    low, high = deal("low", 1, "s", "2023", "d"), deal("high", 9 * 10**12, "s", "2023", "c")
    write(based, {FUNDING: [*many, low, high]})
    assert [(item["ids"], item["reason"]) for item in found(based, "outlier")] == [
        (
            ["high"],
            (
                "Its amount_usd of 9 trillion USD is a thousandfold from what nearly all rounds of "
                "its company come to: at most 1.011 million (of 13)."
            ),
        ),
        (
            ["low"],
            (
                "Its amount_usd of 1 USD is a thousandfold from what nearly all rounds of its "
                "source come to: at least 1 million (of 14)."
            ),
        ),
    ]


# Periods that are still to come


def test_periods_after_the_publication_or_after_today_are_found(based: Database) -> None:
    write(
        based,
        {
            FUNDING: [
                total("during", period="2024"),
                total("after", period="2024-04"),
                total("undated", period="2025", source="t"),
            ],
            AI_MODELS: [ai_model("m", released="2031", source="t")],
            SOURCES: [source("late", published="2032")],
        },
    )
    assert keys(based, "future_period", today="2030-01-01") == [["after"], ["m"], ["late"]]
    assert keys(based, "future_period", today="2024-12-31") == [
        ["after"],
        ["undated"],
        ["m"],
        ["late"],
    ]
    items = found(based, "future_period", today="2030-01-01")
    assert [item["reason"] for item in items[:2]] == [
        "Its period 2024-04 begins after its source came out (2024-03-31).",
        "Its released 2031 begins after it was recorded (2030-01-01).",
    ]


# What is missing


def test_sources_without_licence_and_facts_without_locator_are_found(based: Database) -> None:
    write(
        based,
        {
            SOURCES: [source("s", published="2024-03", licence="CC BY 4.0")],
            FUNDING: [total(f"f{number:02}") for number in range(12)]
            + [total("said", locator="Table 3"), total("one", source="t")],
        },
    )
    assert keys(based, "no_licence") == [["t"], ["u"]]
    items = [item for item in found(based, "no_locator") if item["resource"] == "funding"]
    assert [(item["ids"], item["sources"]) for item in items] == [
        ([f"f{number:02}" for number in range(10)], ["s"]),
        (["one"], ["t"]),
    ]
    assert [item["reason"] for item in items] == [
        "12 facts of the source do not say where in it they stand.",
        "1 fact of the source does not say where in it it stands.",
    ]


# The packs that ship, checked by hand


def test_the_packs_that_ship_have_the_findings_that_are_known(seeded: Database) -> None:
    with seeded.read() as transaction:
        remarks = list(read_remarks(transaction, transaction.latest, listed=50))
    assert {remark.kind: remark.count for remark in remarks} == {
        "same_round_twice": 1,
        "no_licence": 14,
        "no_locator": 5,
    }
    (twice,) = remarks[0].first
    assert twice == {
        "kind": "same_round_twice",
        "resource": "funding",
        "ids": ["anthropic-amazon-2024-03", "anthropic-amazon-2024-03-dcd"],
        "sources": ["bnn-2024-03-31", "dcd-2024-03"],
        "reason": "bnn-2024-03-31 states 2.7 billion US dollars for a round of anthropic, and "
        "dcd-2024-03 states 2.75 billion at about the same time: if it is one, a sum counts it "
        "twice.",
    }


def test_the_findings_of_what_was_take_no_longer_than_those_of_what_is(
    sqlite_templates: Templates,
) -> None:
    def steps(database: Database, revision: int | None) -> tuple[int, list[Item]]:
        counted: list[int] = []
        with database.read() as transaction:
            driver: Any = transaction.connection.connection.dbapi_connection
            at = transaction.revision(revision)
            driver.set_progress_handler(partial(counted.append, 1), 1_000)
            page = read_page(transaction, FindingList(), PageQuery(limit=100), at)
            driver.set_progress_handler(None, 0)
        return len(counted), page.items

    database = Database(sqlite_templates.empty())
    sources, rows = [source("s"), source("t")], range(600)
    figures = [money(f"w{n}", "WLD", 99, period=str(1_000 + n)) for n in rows]
    figures += [money(f"a{n}", "US", 100, period=str(1_000 + n)) for n in rows]
    write(database, {SOURCES: sources, FUNDING: figures})
    newest, expected = steps(database, None)
    write(database, {SOURCES: [source("u")]})
    before, found_before = steps(database, 1)
    assert found_before == expected != []
    assert before < 5 * newest
    database.close()


# Over HTTP


@pytest.fixture(scope="module")
def served(templates: Templates) -> Iterator[TestClient]:
    with client_of(create_app(Settings(database_url=templates.seeded()))) as client:
        yield client


def test_checks_are_a_list_like_every_other(served: TestClient) -> None:
    whole = [json.loads(line) for line in served.get("/checks.ndjson").text.splitlines()]
    assert len(whole) == 20
    address, joined = "/checks?limit=8&count=exact", []
    while address:
        page = served.get(address).json()
        assert page["meta"]["total"] == 20
        joined += page["data"]
        address = page["links"]["next"]
    assert joined == whole
    table = list(csv.DictReader(io.StringIO(served.get("/checks.csv").text, newline="")))
    assert [row["ids"].split(";") for row in table] == [item["ids"] for item in whole]
    assert served.get("/checks").json()["citation"]["url"] == "http://testserver/checks?as_of=2"
    assert served.get("/checks?citation=bibtex").text.startswith("@misc{")
    etag = served.get("/checks").headers["etag"]
    assert served.get("/checks", headers={"If-None-Match": etag}).status_code == 304


def test_checks_can_be_asked_for_by_kind_resource_source_and_revision(served: TestClient) -> None:
    def asked(**query: str) -> list[Item]:
        data: list[Item] = served.get("/checks", params={"limit": "100", **query}).json()["data"]
        return data

    whole = asked()
    for query, keep in (
        ({"kind": "no_licence,outlier"}, lambda item: item["kind"] == "no_licence"),
        ({"resource": "statistics"}, lambda item: item["resource"] == "statistics"),
        ({"source": "dcd-2024-03"}, lambda item: "dcd-2024-03" in item["sources"]),
    ):
        kept = asked(**query)
        assert kept
        assert kept == [item for item in whole if keep(item)]
    assert {item["kind"] for item in asked(as_of="1")} == {"no_licence"}
    for name, value in (("kind", "no_licenc"), ("resource", "fundin"), ("as_of", "99")):
        (error,) = is_problem(served.get(f"/checks?{name}={value}"), 422)["errors"]
        assert error["parameter"] == name
    assert is_problem(served.get("/checks?kind=x"), 422)["errors"][0]["allowed"] == list(KINDS)


def test_every_kind_has_its_sentence_and_is_described(served: TestClient) -> None:
    operation = served.get("/openapi.json").json()["paths"]["/checks"]["get"]
    described = re.findall(r"`(\w+)`:", operation["description"])
    assert sorted(described) == sorted(KINDS) == sorted(data_checks._REASONS), (
        "see `Add a check on data` in CONTRIBUTING.md"
    )


# The command


def test_the_command_tells_remarks_without_failing(scratch: object) -> None:
    runner = CliRunner()
    for pack in ("article-2024-03-31", "cross-check"):
        assert runner.invoke(main, ["load", pack]).exit_code == 0
    told = runner.invoke(main, ["check"])
    assert told.exit_code == 0
    first, *_, last = told.output.splitlines()
    assert first == "Sound: nothing was found."
    assert last == "20 remarks on the data: 1 same_round_twice, 14 no_licence, 5 no_locator."
    pair = "anthropic-amazon-2024-03, anthropic-amazon-2024-03-dcd"
    assert f"same_round_twice funding {pair}: bnn-2024-03-31 states" in told.output
    assert json.loads(runner.invoke(main, ["check", "--json"]).output) == []
    assert scratch


def test_the_command_lists_some_of_many_and_counts_all(scratch: object) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["migrate"]).exit_code == 0
    database = Database("sqlite:///airace.db")
    write(database, {SOURCES: [source(f"s{number:02}") for number in range(25)]})
    database.close()
    lines = runner.invoke(main, ["check"]).output.splitlines()
    assert len([line for line in lines if line.startswith("no_licence sources s")]) == 20
    assert lines[-3:] == [
        "no_licence: 5 more",
        "",
        "25 remarks on the data: 25 no_licence.",
    ]
    assert scratch
