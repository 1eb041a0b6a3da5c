"""Validators, encodings and links are right on every address."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from starlette.testclient import TestClient

from app.http import analysis_reports
from app.kit import workbook
from app.kit.formats import TABLE_FORMATS
from app.main import create_app
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.sources import SOURCES, SourceFact
from app.settings import Settings
from app.storage.database import Database
from tests.answering import ADDRESSES, CACHED, client_of, is_problem
from tests.conftest import Templates


@pytest.fixture(scope="module")
def sqlite_client(sqlite_templates: Templates) -> Iterator[TestClient]:
    """A client of one database, for what no database has a part in."""
    with client_of(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        yield client


# HEAD, validators, encodings


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_head_is_get_without_the_body(
    sqlite_client: TestClient, address: str, encoding: str
) -> None:
    headers = {"Accept-Encoding": encoding}
    get = sqlite_client.get(address, headers=headers)
    head = sqlite_client.head(address, headers=headers)
    assert get.status_code == head.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert get.content
    assert head.content == b""


def test_head_over_a_real_connection_leaves_it_in_order(live_server: str) -> None:
    with httpx2.Client(base_url=live_server) as client:
        for address in ("/funding.csv", "/countries.ndjson", "/funding", "/docs"):
            head, get = client.head(address), client.get(address)
            volatile = {"date", "transfer-encoding"}
            assert {
                name: value for name, value in head.headers.items() if name not in volatile
            } == {name: value for name, value in get.headers.items() if name not in volatile}


@pytest.mark.parametrize("address", CACHED)
def test_a_known_answer_is_not_sent_again(client: TestClient, address: str) -> None:
    answer = client.get(address)
    etag = answer.headers["etag"]
    assert etag.startswith('"')
    plain = etag.replace('-gzip"', '"')
    for names in (etag, f"W/{etag}", f'"x", {etag}', f'W/"x" ,W/{etag}', "*"):
        again = client.get(address, headers={"If-None-Match": names})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] in {etag, plain}
        for name in ("cache-control", "vary", "access-control-allow-origin"):
            assert again.headers[name] == answer.headers[name]
        assert "content-length" not in again.headers
        assert client.head(address, headers={"If-None-Match": names}).status_code == 304
    for names in ('"x"', etag.strip('"'), "", plain.replace('"', "'")):
        assert client.get(address, headers={"If-None-Match": names}).status_code == 200


@pytest.mark.parametrize("address", CACHED)
def test_what_was_encoded_is_another_answer_than_what_was_not(
    sqlite_client: TestClient, address: str
) -> None:
    client, encoded = sqlite_client, {"Accept-Encoding": "gzip"}
    plain = {"Accept-Encoding": "identity"}
    tags = [client.get(address, headers=asked).headers["etag"] for asked in (encoded, plain)]
    both = ", ".join(tags)
    for _ in range(3):  # made anew, and kept
        for asked, tag in ((encoded, tags[0]), (plain, tags[1])):
            known = client.get(address, headers={**asked, "If-None-Match": both})
            assert (known.status_code, known.headers["etag"]) == (304, tag)
        of_encoded = client.get(address, headers={**plain, "If-None-Match": tags[0]})
        assert of_encoded.status_code == (304 if tags[0] == tags[1] else 200)
        assert of_encoded.headers["etag"] == tags[1]


@pytest.mark.parametrize("address", CACHED)
def test_what_is_another_answer_than_before_is_refused(
    sqlite_client: TestClient, address: str
) -> None:
    client = sqlite_client
    answer = client.get(address)
    etag = answer.headers["etag"]
    for names in (etag, f'"x", {etag}', "*"):
        asked = {"If-Match": names}
        again = client.get(address, headers=asked)
        assert (again.status_code, again.content) == (200, answer.content)
        for tag in (etag, "*"):
            assert client.get(address, headers={**asked, "If-None-Match": tag}).status_code == 304
    for names in ('"x"', f"W/{etag}", etag.strip('"'), '"x", "y"'):
        for known in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
            refused = client.get(address, headers={"If-Match": names, **known})
            assert is_problem(refused, 412)["type"].endswith(":changed")
            assert refused.headers["etag"] in {etag, etag.replace('-gzip"', '"')}
        head = client.head(address, headers={"If-Match": names})
        assert (head.status_code, head.content) == (412, b"")
    missing = client.get("/funding/no-such-key", headers={"If-Match": '"x"'})
    assert missing.status_code == 404, "what is not there is told as that"
    assert client.get("/health", headers={"If-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        *((f"/{report}?indicator=nope", 422) for report in ("gap", "claims", "sensitivity")),
        *((f"/gap.{table.suffix}?indicator=nope", 422) for table in TABLE_FORMATS),
        ("/gap?indicator=nope&citation=text", 422),
        ("/gap?indicator=funding-amount&as_of=99", 422),
        ("/race?weights=nope:1", 422),
        ("/race.csv?weights=nope:1", 422),
        ("/indicators/nope", 404),
        ("/indicators/nope.csv", 404),
        ("/observations?shape=wide&limit=3", 422),
        ("/observations?shape=wide&indicator=nope", 422),
        ("/observations?indicator=nope", 422),
        ("/charts/nope.svg", 404),
        ("/charts/funding-amount.vl.json?period=1900", 422),
        ("/charts/funding-amount.svg?country=AQ", 422),
        ("/diff?from=99", 422),
        ("/diff/summary?from=99", 422),
        ("/changes?since=99", 422),
        ("/funding/nope", 404),
        ("/funding/nope/history", 404),
        ("/funding?cursor=x", 422),
        ("/funding?as_of=99", 422),
        ("/export.zip?as_of=99", 422),
        ("/nowhere", 404),
    ],
)
def test_what_is_an_error_stays_one_whatever_the_client_has(
    client: TestClient, address: str, status: int
) -> None:
    plain = client.get(address)
    assert plain.status_code == status
    tags = [client.get(known).headers["etag"] for known in ("/race", "/race.csv", "/race.xlsx")]
    for tag in ("*", *tags):
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.json()) == (status, plain.json())


def test_a_table_that_does_not_fit_is_an_error_whatever_the_client_has(
    sqlite_templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client_of(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        monkeypatch.setattr(workbook, "_LONGEST_CELL", 5)
        for address in ("/sources.xlsx", "/sources.xlsx?limit=3", "/race.xlsx"):
            for headers in ({}, {"If-None-Match": "*"}):
                answer = client.get(address, headers=headers)
                assert answer.json()["type"] == "urn:airace:problem:does-not-fit"


def test_what_a_client_has_is_told_without_working_it_out_again(
    sqlite_templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object) -> None:
        raise AssertionError

    with client_of(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        for name in ("read_gap", "read_race", "read_claims", "read_sensitivity", "read_catalogue"):
            monkeypatch.setattr(analysis_reports, name, work)
        asked = "indicator=funding-amount"
        reports = (f"/gap?{asked}", f"/claims?{asked}", f"/sensitivity?{asked}", "/race")
        for address in (*reports, "/indicators", "/indicators/funding-amount", "/race.csv"):
            headers = {"If-None-Match": "*"}
            assert client.get(address, headers=headers).status_code == 304


def test_if_none_match_may_come_in_several_lines(sqlite_client: TestClient) -> None:
    etag = sqlite_client.get("/funding").headers["etag"]
    headers = [("If-None-Match", '"x"'), ("If-None-Match", etag)]
    assert sqlite_client.get("/funding", headers=headers).status_code == 304


def test_a_write_changes_the_etag(templates: Templates) -> None:
    url = templates.seeded()
    database = Database(url)
    with client_of(create_app(Settings(database_url=url))) as client:
        addresses = ["/funding", "/funding.csv", "/funding/us-2023-ai-cnbc", "/changes", "/"]
        before = {address: client.get(address).headers["etag"] for address in addresses}
        pinned = client.get("/funding?as_of=2").headers["etag"]
        fact = CompanyFact(id="new", name="New", source="bnn-2024-03-31")
        with database.write(author="tests", message="one more") as writing:
            writing.put(COMPANIES.ledger, [fact.stored()])
        for address, etag in before.items():
            answer = client.get(address, headers={"If-None-Match": etag})
            assert answer.status_code == 200
            assert answer.headers["etag"] != etag
        assert client.get("/funding?as_of=2").headers["etag"] == pinned
    database.close()


def test_settings_that_an_answer_shows_change_its_etag(sqlite_templates: Templates) -> None:
    url, seen = sqlite_templates.seeded(), []
    for public, root in (("", ""), ("https://a.example", ""), ("", "/a"), ("", "/b")):
        settings = Settings(database_url=url, public_url=public, root_path=root)
        with client_of(create_app(settings)) as client:
            addresses = ("/race", "/funding", "/funding.csv", "/", "/observations?as_of=1")
            seen.append([client.get(address).headers["etag"] for address in addresses])
    for tags in zip(*seen, strict=True):
        assert len(set(tags)) == len(seen)


def test_databases_that_count_alike_have_etags_of_their_own(templates: Templates) -> None:
    """Whoever moves to another database must not be told that nothing changed."""
    seen = set()
    for number in range(2):
        url = templates.empty()
        database = Database(url)
        fact = SourceFact(id="made-up", kind="report", publisher="P", title=f"T {number}")
        with database.write(author="tests", message="one") as writing:
            writing.put(SOURCES.ledger, [fact.stored()])
        database.close()
        with client_of(create_app(Settings(database_url=url))) as client:
            answer = client.get("/sources")
            assert answer.json()["meta"]["revision"] == 1
            seen.add(answer.headers["etag"])
    assert len(seen) == 2


def test_an_etag_is_that_of_one_format_and_one_encoding(sqlite_client: TestClient) -> None:
    asked = [
        *(
            {"Accept": accept}
            for accept in ("application/json", "text/csv", "application/x-ndjson")
        ),
        {"Accept": "application/json", "Accept-Encoding": "gzip"},
        {"Accept": "text/csv", "Accept-Encoding": "gzip"},
    ]
    tags = []
    for headers in asked:
        answer = sqlite_client.get("/countries", headers={"Accept-Encoding": "identity", **headers})
        tags.append(answer.headers["etag"])
        assert ("content-encoding" in answer.headers) == (headers.get("Accept-Encoding") == "gzip")
    assert len(set(tags)) == len(asked)
    # Each is known again when asked for as before.
    for headers, etag in zip(asked, tags, strict=True):
        asking = {"Accept-Encoding": "identity", **headers, "If-None-Match": etag}
        again = sqlite_client.get("/countries", headers=asking)
        assert (again.status_code, again.headers["etag"]) == (304, etag)


def test_what_names_its_revision_may_be_kept_longer(client: TestClient) -> None:
    cursor = client.get("/funding?limit=1").json()["links"]["next"]
    current = client.get("/funding").headers["cache-control"]
    assert "no-cache" in current
    for address in ("/funding?as_of=1", "/funding.csv?as_of=1", "/models/llama?as_of=1", cursor):
        kept = client.get(address).headers["cache-control"]
        assert "max-age=" in kept
        assert "no-cache" not in kept


def test_an_instant_may_be_kept_longer_once_a_revision_has_come_after_it(
    client: TestClient,
) -> None:
    revisions = client.get("/revisions?sort=id").json()["data"]
    first, newest = revisions[1]["recorded_at"], revisions[-1]["recorded_at"]
    later = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    for address in ("/funding", "/race", "/export.zip", "/models/llama", "/charts/users.svg"):
        for instant, is_kept in ((first, first < newest), (newest, False), (later, False)):
            answer = client.get(f"{address}?as_of={instant}")
            assert answer.status_code in {200, 404}, answer.text
            if answer.status_code == 200:
                assert ("max-age=" in answer.headers["cache-control"]) == is_kept


@pytest.mark.parametrize(
    ("accepted", "encoded"),
    [
        ("gzip", True),
        ("gzip;q=0.1", True),
        ("br, GZIP", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*;q=0", False),
        ("identity", False),
        ("identity;q=1, *;q=0", False),
        ("deflate", False),
        ("", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("xgzip", False),
    ],
)
def test_gzip_is_sent_where_it_is_accepted(
    sqlite_client: TestClient, accepted: str, *, encoded: bool
) -> None:
    for address in ("/countries", "/countries.csv"):
        headers = {"Accept-Encoding": accepted}
        with sqlite_client.stream("GET", address, headers=headers) as answer:
            raw = b"".join(answer.iter_raw())
        assert (answer.headers.get("content-encoding") == "gzip") == encoded
        plain = sqlite_client.get(address, headers={"Accept-Encoding": "identity"}).content
        assert (gzip.decompress(raw) if encoded else raw) == plain


@pytest.mark.parametrize("address", [*ADDRESSES, "/nowhere", "/funding?x=1"])
def test_every_answer_says_what_it_depends_on_and_who_may_read_it(
    sqlite_client: TestClient, address: str
) -> None:
    headers = sqlite_client.get(address, headers={"Origin": "https://example.org"}).headers
    varies = {name.strip().lower() for name in headers["vary"].split(",")}
    assert {"accept", "accept-encoding"} <= varies
    assert headers["access-control-allow-origin"] == "*"
    assert {"ETag", "Link"} <= set(headers["access-control-expose-headers"].split(", "))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"]


# Links


def test_a_list_links_to_its_next_page_and_its_other_formats(client: TestClient) -> None:
    answer = client.get("/funding?country=US,CN&sort=-amount_usd&limit=2")
    links = answer.links
    assert links["next"]["url"] == answer.json()["links"]["next"]
    found = [part for part in answer.headers["link"].split(", <") if 'rel="alternate"' in part]
    assert len(found) == len(TABLE_FORMATS)
    for part in found:
        address = part.removeprefix("<").split(">")[0]
        other = client.get(address)
        assert other.status_code == 200
        assert other.headers["content-type"].split(";")[0] == part.split('type="')[1].rstrip('"')
    assert answer.json()["links"]["self"] == "/funding?country=US,CN&sort=-amount_usd&limit=2"
    table = client.get("/funding.csv?limit=2")
    following = client.get(table.links["next"]["url"])
    assert following.headers["content-type"].startswith("text/csv")
    assert "next" not in client.get("/funding?limit=1000").links
    odd = client.get("/companies?q=%3E%22%3Cx&limit=1").headers["link"]
    assert odd.count('rel="alternate"') == len(TABLE_FORMATS)


@pytest.mark.parametrize("suffix", ["", *(f".{table.suffix}" for table in TABLE_FORMATS)])
@pytest.mark.parametrize(
    "path",
    [
        *("/gap?indicator=funding-amount", "/race", "/indicators", "/claims?indicator=companies"),
        *("/funding?country=US", "/observations?indicator=funding-amount", "/revisions?limit=1"),
    ],
)
def test_an_answer_links_to_the_address_that_keeps_giving_it(
    client: TestClient, path: str, suffix: str
) -> None:
    plain, _, asked = path.partition("?")
    answer = client.get(f"{plain}{suffix}?{asked}")
    canonical = answer.links["canonical"]["url"]
    assert canonical.startswith(f"{plain}{suffix}?")
    assert "as_of=2" in canonical
    assert "max-age" not in answer.headers["cache-control"]
    pinned = client.get(canonical)
    assert "max-age" in pinned.headers["cache-control"]
    if suffix in {".csv", ".ndjson"}:
        assert pinned.content == answer.content
    if not suffix:
        assert answer.json()["links"]["pinned"] == canonical


@pytest.mark.parametrize("root", ["/airace", "/a", "/data/v1"])
def test_links_begin_where_a_proxy_has_mounted_the_service(
    sqlite_templates: Templates, root: str
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded(), root_path=root))
    with client_of(app) as client:
        for path in ("/funding", "/adoption", "/funding/us-2023-ai-cnbc/history", "/changes"):
            # A proxy passes the path with its prefix, or without.
            for asked in (path, f"{root}{path}"):
                answer = client.get(f"{asked}?limit=1")
                links = answer.json()["links"]
                assert links["self"] == f"{root}{path}?limit=1"
                assert links["next"] is None or links["next"].startswith(f"{root}{path}?")
                assert f"<{root}{path}.csv?limit=1>" in answer.headers["link"]
        detail = client.get("/funding/us-2023-ai-cnbc").json()["links"]
        assert all(address.startswith(f"{root}/funding") for address in detail.values())
        map_ = client.get("/").json()
        addresses = [*map_["links"].values(), *(entry["url"] for entry in map_["resources"])]
        for address in addresses:
            assert address.startswith(f"{root}/")
            # Told so, it draws no picture, which takes long.
            answer = client.get(address, headers={"If-None-Match": "*"})
            assert answer.status_code in {200, 304}, address
        assert client.get("/openapi.json").json()["servers"] == [{"url": root}]
        page = client.get("/docs").text
        assert f'"{root}/' in page
        assert '"/static' not in page
