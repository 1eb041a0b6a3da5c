"""Rows of every sort of which answers can be worked out by hand, and how they are asked for."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.storage.database import Database
from app.storage.ledger import StoredRow
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

RULES = ("any", "first", "fractional", "exclusive")


def patents(key: str, country: str, period: str, value: float, **fields: Any) -> StoredRow:
    return statistic(key, country=country, period=period, value=value, **fields)


def money(key: str, country: str, period: str, amount: int, **fields: Any) -> StoredRow:
    given = {"amount": amount, "currency": "USD", "qualifier": "exact", **fields}
    return total(key, country=country, period=period, amount_usd=amount, **given)


def paid(key: str, amount: int, qualifier: str = "exact", **fields: Any) -> StoredRow:
    given = {"country": "US", "amount": amount, "currency": "USD", "qualifier": qualifier}
    return funding_round(key, "us1", amount_usd=amount, **{**given, **fields})


MADE_UP: dict[Resource, list[StoredRow]] = {
    SOURCES: [source(key) for key in ("s", "dup", "part", "world", "months", "zero")]
    + [source("first", published="2024"), source("second", restates="first")]
    + [source("third", restates="second"), source("early", published="2023-06")],
    COMPANIES: [
        *(company(key, country="US") for key in ("us1", "us2")),
        company("cn1", country="CN"),
        company("gb1", country="GB"),
        company("nowhere"),
    ],
    STATISTICS: [
        patents("a1", "US", "2021", 10),
        patents("a2", "US", "2022", 15),
        patents("a3", "US", "2023", 12),
        patents("a4", "US", "2023-01/2023-11", 11),
        patents("a5", "US", "2023-01-05/2023-12-20", 9),
        patents("b2", "CN", "2022", 5),
        patents("b3", "CN", "2023", 3),
        # Two figures of one source for the same thing: which of them should be compared?
        patents("d1", "US", "2022", 4, source="dup"),
        patents("d2", "US", "2023", 6, source="dup"),
        patents("d3", "US", "2023", 8, source="dup"),
        patents("d4", "US", "2024", 9, source="dup"),
        patents("d5", "CN", "2023", 2, source="dup"),
        # Two figures of one country and none of the other: as many as there are countries.
        patents("p1", "US", "2023", 4, source="part"),
        patents("p2", "US", "2023", 6, source="part"),
        patents("w1", "US", "2023", 30, source="world"),
        patents("w2", "CN", "2023", 10, source="world"),
        patents("w3", "WLD", "2023", 200, source="world"),
        patents("z1", "US", "2022", 0, source="zero"),
        patents("z2", "CN", "2022", 7, source="zero"),
        patents("z3", "US", "2023", 7, source="zero"),
        *(patents(f"m{n}", "US", f"2023-0{n}", n * n, source="months") for n in range(1, 5)),
    ],
    FUNDING: [
        paid("r1", 100),
        paid("r2", 50, "about", period="2023-11"),
        paid("r3", 7, "exact", price_base="constant-2021"),
        paid("r4", 10, source="world"),
        paid("r5", 20, "at_least", source="world"),
        paid("r6", 3, "disputed", period="2024", source="world"),
        paid("r7", 1_000, "exact", period="2023/2024"),
        funding_round("r8", "us1", country="US"),
        money("t1", "US", "2023", 5_000, deals=10, deals_qualifier="exact"),
        money("t2", "CN", "2023", 900, deals=3, deals_qualifier="at_least"),
        money("t3", "US", "2022", 400, qualifier="at_least", deals=8, deals_qualifier="at_least"),
    ],
    AI_MODELS: [
        ai_model("one", developers=["us1"], released="2023", openness="open"),
        ai_model("two", developers=["us1", "us2"], released="2023-03", openness="closed"),
        ai_model("both", developers=["cn1", "us1"], released="2023", openness="open"),
        ai_model("three", developers=["us1", "cn1", "gb1"], released="2023-05-05"),
        ai_model("none", developers=["nowhere"], released="2023"),
        ai_model("line", developers=["us1"], released="2023", kind="family"),
        ai_model("undated", developers=["us1"]),
    ],
    ADOPTION: [
        adoption("u1", model="one", value=5, unit="users"),
        adoption("u2", model="two", value=9, unit="users", qualifier="about"),
    ],
}


def client_over(database_url: str) -> TestClient:
    settings = Settings(database_url=database_url)
    return TestClient(create_app(settings), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def made_up(templates: Templates) -> Iterator[TestClient]:
    """A client over the rows above."""
    url = templates.empty()
    database = Database(url)
    write(database, MADE_UP)
    database.close()
    with client_over(url) as client:
        yield client


@pytest.fixture
def written(templates: Templates) -> Iterator[tuple[TestClient, Database]]:
    """A client over a database that the test writes to."""
    url = templates.empty()
    database = Database(url)
    with client_over(url) as client:
        yield client, database
    database.close()


def get(client: TestClient, path: str, **query: str | int) -> httpx2.Response:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer


def read(client: TestClient, path: str, **query: str | int) -> Any:
    return get(client, path, **query).json()["data"]


def seen(client: TestClient, **query: str | int) -> dict[str, float | str | None]:
    """Return the value or the reason of its absence of each fact, for patents of any source."""
    found = read(client, "/observations", **{"indicator": "patents", "limit": 1000, **query})
    assert all((one["value"] is None) == (one["reason"] is not None) for one in found)
    return {
        one["fact"]: one["reason"] if one["value"] is None else round(one["value"], 3)
        for one in found
    }
