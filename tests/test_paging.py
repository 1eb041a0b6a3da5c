"""Pages joined are the list, exactly, whatever is asked for and whatever is written meanwhile."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.main import create_app
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import source
from tests.ledger_rows import write as write_rows
from tests.samples import fill, make_facts, write

ROWS = 200
PAGES = 12  # are followed of each list
Row = dict[str, Any]


class Served:
    """A client, and the database under it to write to."""

    def __init__(self, url: str, *, rows: int = ROWS) -> None:
        self.database = Database(url)
        fill(self.database, rows)
        app = create_app(Settings(database_url=url))
        self.client = TestClient(app, raise_server_exceptions=False)

    def whole(self, path: str, **parameters: Any) -> list[Row]:
        """Return the list as a table, which knows no pages."""
        lines = self.client.get(f"{path}.ndjson", params=parameters).text.splitlines()
        return [json.loads(line) for line in lines]

    def pages(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list by following their links."""
        address: str | None = path
        asked: dict[str, Any] | None = parameters
        while address:
            answer = self.client.get(address, params=asked)
            assert answer.status_code == 200, answer.text
            yield answer.json()
            address, asked = answer.json()["links"]["next"], None


@pytest.fixture(scope="module")
def served(templates: Templates) -> Iterator[Served]:
    """A few hundred made-up rows of each resource, with nulls and ties."""
    served = Served(templates.empty())
    with served.client:
        yield served
    served.database.close()


def queries(resource: Resource) -> st.SearchStrategy[dict[str, str]]:
    """Return what may be asked of a list: a sort, a filter, columns, a revision, a page size."""
    words = [f"{sign}{word}" for word in resource.sort_keys for sign in ("", "-")]
    filters: dict[str, list[str]] = {
        "country": ["US", "CN,GB,World"],
        "period": ["2023", "2023-03.."],
        "kind": ["total", "model,product", "article", "country"],
        "min_amount_usd": ["2"],
        "q": ["a", "ernie"],
    }
    allowed = resource.filters.model_fields
    chosen = {
        name: st.sampled_from(values)
        for name, values in filters.items()
        if name in allowed and name != "kind"
    }
    return st.fixed_dictionaries(
        {"limit": st.sampled_from([1, 2, 19, 40, 110, ROWS, ROWS + 60]).map(str)},
        optional={
            "sort": st.lists(st.sampled_from(words), min_size=1, max_size=3).map(",".join),
            "fields": st.lists(st.sampled_from(resource.columns), min_size=1).map(",".join),
            "as_of": st.sampled_from(["1", "2", "3"]),
            "count": st.just("exact"),
            **chosen,
        },
    )


QUERIES = st.sampled_from(RESOURCES).flatmap(
    lambda resource: st.tuples(st.just(resource), queries(resource))
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=QUERIES)
def test_pages_joined_are_the_list(served: Served, asked: tuple[Resource, dict[str, str]]) -> None:
    resource, parameters = asked
    limit = int(parameters["limit"])
    pages = list(islice(served.pages(resource.path, **parameters), PAGES))
    without_paging = {
        name: value for name, value in parameters.items() if name not in {"limit", "count"}
    }
    whole = served.whole(resource.path, **without_paging)
    joined = [row for page in pages for row in page["data"]]
    assert joined == whole[: PAGES * limit]
    assert all(page["meta"]["count"] == limit for page in pages[:-1])
    assert len(pages) == min(PAGES, max(1, -(-len(whole) // limit))), "no page is empty"
    counted = len(whole) if "count" in parameters else None
    assert {page["meta"]["total"] for page in pages} == {counted}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
def test_pages_of_every_order_joined_are_the_list(served: Served, resource: Resource) -> None:
    for sort in [f"{sign}{word}" for word in resource.sort_keys for sign in ("", "-")]:
        pages = served.pages(resource.path, sort=sort, limit=60, fields="id")
        joined = [row for page in pages for row in page["data"]]
        assert joined == served.whole(resource.path, sort=sort, fields="id"), sort


@pytest.mark.parametrize("path", ["/revisions", "/changes", "/funding/funding-0000/history"])
@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_pages_of_the_ledger_joined_are_the_list(served: Served, path: str, limit: int) -> None:
    limit = max(limit, 400) if path == "/changes" else limit
    pages = served.pages(path, limit=limit, count="exact")
    joined = [(page["meta"]["total"], row) for page in pages for row in page["data"]]
    whole = served.whole(path)
    assert joined == [(len(whole), row) for row in whole]


@pytest.mark.parametrize("sort", ["-amount_usd", "country,-period,deals"])
def test_a_cursor_goes_on_at_the_revision_that_its_first_page_was_read_at(
    templates: Templates, sort: str
) -> None:
    served = Served(templates.empty(), rows=80)
    before = served.whole("/funding", sort=sort)
    random = Random(sort)
    joined: list[Row] = []
    revisions = set()
    for number, page in enumerate(served.pages("/funding", sort=sort, limit=17)):
        joined += page["data"]
        revisions.add(page["meta"]["revision"])
        changed = {"sources": make_facts(5, random)["sources"]}
        write(served.database, changed, f"between pages {number}")
        with served.database.write(author="tests", message="fewer") as writing:
            left = {row["id"] for row in served.whole("/funding", fields="id")}
            writing.remove(FUNDING.ledger, random.sample(sorted(left), 5))
    assert joined == before
    assert len(revisions) == 1
    assert served.whole("/funding", sort=sort) != before
    served.database.close()


def next_cursor(served: Served, address: str) -> str:
    """Return the cursor that a page gives."""
    following: str = served.client.get(address).json()["links"]["next"]
    return parse_qs(urlsplit(following).query)["cursor"][0]


def refused(served: Served, address: str, cursor: str) -> bool:
    """Return whether a cursor is refused by name."""
    joint = "&" if "?" in address else "?"
    answer = served.client.get(f"{address}{joint}{urlencode({'cursor': cursor})}")
    if answer.status_code == 200:
        return False
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["parameter"] == "cursor"
    return True


@pytest.mark.parametrize("sort", ["publisher,-id", "-published,publisher", "id,publisher"])
@pytest.mark.parametrize("form", ["", ".ndjson"])
def test_values_that_are_too_long_for_an_address_can_be_paged_by(
    templates: Templates, sort: str, form: str
) -> None:
    url = templates.empty()
    database = Database(url)
    long = "研究所の報告" * 333
    texts = [("a", long), ("b", f"{long}x"), ("c", long), ("d", long[:199]), ("e", long[:201])]
    rows = [source(key, publisher=text, title=text[::-1]) for key, text in texts]
    write_rows(database, {SOURCES: rows})
    client = TestClient(create_app(Settings(database_url=url)))
    whole = client.get("/sources", params={"sort": sort, "fields": "id"}).json()["data"]
    address: str | None = f"/sources{form}?sort={sort}&fields=id&limit=1"
    found: list[Row] = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        found += [json.loads(answer.text)] if form else answer.json()["data"]
        address = answer.links["next"]["url"] if "next" in answer.links else None
        # A page goes on where it was, whatever becomes of its last row.
        write_rows(database, {SOURCES: [source(key, title=f"{len(found)}") for key, _ in texts]})
    assert found == whole
    database.close()


@pytest.mark.parametrize("path", ["/sources", "/revisions", "/changes"])
def test_the_key_of_no_row_is_no_place(served: Served, path: str) -> None:
    following = served.client.get(f"{path}?limit=1").json()["links"]["next"]
    (text,) = parse_qs(urlsplit(following).query)["cursor"]
    fingerprint, revision, *_ = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for key in ("nowhere", "a\0b", 5, ["x"], ""):
        made = urlsafe_b64encode(json.dumps([fingerprint, revision, [key]]).encode()).decode()
        answer = served.client.get(path, params={"limit": 1, "cursor": made.rstrip("=")})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "cursor"


def test_a_cursor_is_good_for_its_list_filters_and_order_alone(served: Served) -> None:
    cursor = next_cursor(served, "/funding?limit=5&sort=-amount_usd")
    assert not refused(served, "/funding?sort=-amount_usd", cursor)
    assert not refused(served, "/funding?sort=-amount_usd&limit=9&fields=id&count=exact", cursor)
    for other in (
        "/funding",
        "/funding?sort=amount_usd",
        "/funding?sort=-amount_usd&country=US",
        "/funding?sort=-amount_usd&as_of=1",
        "/adoption",
        "/changes",
        "/revisions",
        "/funding/funding-0000/history",
    ):
        assert refused(served, other, cursor), other


@pytest.mark.parametrize("garbage", ["", "x", "===", "W10", "bnVsbA", "e30", "é", "0" * 2_001])
def test_a_cursor_that_no_list_gave_is_refused(served: Served, garbage: str) -> None:
    assert refused(served, "/funding", garbage)


LARGE = 2**64 - 1
TAMPERED: list[Any] = [None, -1, LARGE, 2**63, 2**63 - 1, 1e300, True, "x", "\0", [], {}, "é" * 99]


@pytest.mark.parametrize(
    "path", ["/funding?sort=-amount_usd", "/models?sort=training_compute_flop"]
)
def test_a_cursor_with_other_values_is_refused_or_a_place_in_the_list(
    served: Served, path: str
) -> None:
    cursor = next_cursor(served, f"{path}&limit=3")
    content = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place in range(len(content) + 1):
        for value in TAMPERED:
            changed = [*content[:place], value, *content[place + 1 :]]
            text = urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
            refusal = refused(served, path, text)
            assert refusal or 0 < place < len(content), changed
    for text in ("NaN", "Infinity", "1e999", '"\\ud800"'):
        raw = json.dumps(content[:-2])[:-1] + f", {text}, {json.dumps(content[-1])}]"
        assert refused(served, path, urlsafe_b64encode(raw.encode()).decode().rstrip("="))
