"""The first page: who leads, shown to people, from the same answers that the API gives."""

import shutil
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from starlette.testclient import TestClient

from app.analysis.race import Standing
from app.exchange.seed import seed
from app.main import create_app
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.site import words
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.migration import migrate
from tests import test_browser
from tests.conftest import Templates
from tests.ledger_rows import source, statistic, total, write
from tests.support import ROOT
from tests.test_browser import DESKTOP, HOSTILE, PHONE, Browser, _Inline, hosts

browser = test_browser.browser
axe = test_browser.axe

PAGE: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCREENS: Final = pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
SCHEMES: Final = pytest.mark.parametrize("scheme", ["light", "dark"])


def text_of(browser: Browser, selector: str) -> str:
    """Return the text of the first element of a selector."""
    return str(browser.value(f"document.querySelector({selector!r}).innerText"))


def arrive(browser: Browser, query: str) -> None:
    """Wait until the page of a query is there."""
    browser.wait(lambda: urlsplit(browser.driver.current_url).query == query)
    browser.wait(lambda: browser.value("document.readyState === 'complete'"))


@contextmanager
def served(url: str) -> Iterator[str]:
    """Serve a database on a free port; give the base URL."""
    app = create_app(Settings(database_url=url))
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


# In a browser


def test_a_person_finds_who_leads_who_says_so_and_what_was_known_before(
    browser: Browser, live_server: str
) -> None:
    browser.look(*DESKTOP)
    browser.open(live_server)
    assert "United States leads China" in text_of(browser, "h1")
    assert browser.value(  # without scrolling
        "document.querySelector('.board tbody tr').getBoundingClientRect().bottom < innerHeight"
    )

    browser.click("#country-GB")  # choose a third country: the page follows by itself
    arrive(browser, "countries=US,CN,GB&indicator=funding-amount")
    assert browser.value("document.activeElement.id") == "country-GB"
    browser.click("#country-GB")
    arrive(browser, "countries=US,CN&indicator=funding-amount")

    browser.click('.board a[href*="indicator=people-using-ai"]')
    arrive(browser, "countries=US,CN&indicator=people-using-ai")
    assert text_of(browser, "h2#indicator") == "Share of people who use AI"
    assert "31.3 percent against CN 16.4 percent" in text_of(browser, ".sentences")

    browser.click('.board a[href*="indicator=funding-amount"]')
    arrive(browser, "countries=US,CN&indicator=funding-amount")
    browser.click('.board a[href*="/sources/"]')
    browser.wait(lambda: "/sources/globaldata-2025" in browser.driver.current_url)
    assert '"publisher":"GlobalData' in browser.driver.page_source
    browser.driver.back()

    browser.click("button.copy")
    copied = browser.wait(lambda: browser.value("document.querySelector('.copy').dataset.copied"))
    assert copied == f"{live_server}/race?countries=US,CN"
    assert httpx2.get(copied).json()["data"]["countries"] == ["US", "CN"]

    browser.driver.find_element("id", "slide").send_keys("\ue012")  # arrow to the left
    arrive(browser, "countries=US,CN&indicator=funding-amount&as_of=1")
    assert browser.value("document.activeElement.id") == "slide"
    assert "revision 1" in text_of(browser, ".note")
    publishers = {link.text for link in browser.all(".claims .source a[rel]")}
    assert publishers == {"BNN Breaking"}  # the article alone
    assert "15.5 to 1" in text_of(browser, ".board .margin")
    assert "2022" in text_of(browser, ".refusals")  # one-sided
    calls = [link.get_attribute("href") for link in browser.all(".call a")]
    assert all("as_of=1" in call for call in calls)
    assert browser.complaints() == []


def test_the_page_says_all_without_javascript(browser: Browser, live_server: str) -> None:
    browser.look(*DESKTOP)
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(live_server)
        assert not [button for button in browser.all(".copy, #slide") if button.is_displayed()]
        browser.driver.find_element("css selector", '#as_of option[value="1"]').click()
        browser.driver.find_element("id", "country-CN").send_keys(" ")
        browser.driver.find_element("id", "country-GB").send_keys(" ")
        browser.driver.find_element("id", "period").send_keys("2023\ue007")  # Enter
        query = "countries=US,GB&indicator=funding-amount&as_of=1&period=2023"
        browser.wait(lambda: urlsplit(browser.driver.current_url).query == query)
        assert browser.all("h1")[0].text
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


QUERIES: Final = (
    "",
    "?countries=US,CN,GB,FR,DE,EU&indicator=notable-models",
    "?as_of=1&indicator=companies",
    "?as_of=0",
    "?countries=US",  # an error
)


@SCHEMES
@SCREENS
@pytest.mark.parametrize("query", QUERIES)
def test_the_page_fits_is_accessible_and_keeps_to_its_server(
    browser: Browser, live_server: str, axe: str, query: str, screen: tuple[int, int], scheme: str
) -> None:
    browser.look(*screen, scheme=scheme)
    browser.open(f"{live_server}/{query}")
    browser.wait(browser.fits)
    browser.driver.execute_script(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run().then(done, error => done({error: String(error)}));"
    )
    assert {v["id"]: [n["html"] for n in v["nodes"]] for v in found["violations"]} == {}
    said = [text for text in browser.complaints() if "422" not in text]
    assert said == []
    assert hosts(browser.requests()) == {urlsplit(live_server).netloc}


def test_the_controls_are_reached_by_keyboard_in_the_order_they_are_read(
    browser: Browser, live_server: str
) -> None:
    browser.look(*DESKTOP)
    browser.open(live_server)
    reached = []
    for _ in range(16):
        browser.driver.switch_to.active_element.send_keys("\ue004")  # Tab
        reached.append(browser.value("document.activeElement.id || document.activeElement.type"))
    wanted = ["country-US", "country-CN", "slide", "as_of", "period", "submit"]
    assert [one for one in reached if one in wanted] == wanted


# What needs no browser


@pytest.fixture(scope="module")
def client(sqlite_templates: Templates) -> Iterator[TestClient]:
    """A client of the packs that ship."""
    with TestClient(create_app(Settings(database_url=sqlite_templates.seeded()))) as client:
        yield client


def page(client: TestClient, address: str) -> str:
    """Return the page of an address."""
    answer = client.get(address, headers=PAGE, follow_redirects=False)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_browsers_get_the_race_and_programs_the_map(client: TestClient) -> None:
    assert "<h1>The United States leads China" in page(client, "/")
    assert client.get("/").json()["links"]["docs"] == "/docs"
    assert client.get("/", headers={"Accept": "*/*"}).json()["resources"]
    then = client.get("/?as_of=1&countries=US,GB&period=2023").json()
    assert then["meta"]["revision"] == 1
    assert then["resources"] != client.get("/").json()["resources"]
    (error,) = client.get("/?contries=US,CN").json()["errors"]
    assert (error["parameter"], error["nearest"]) == ("contries", "countries")
    for accept in (PAGE["Accept"], "*/*"):
        assert client.get("/", headers={"Accept": accept}).headers["vary"].startswith("Accept")


@pytest.mark.parametrize("address", ["/", "/?as_of=1", "/?countries=US,GB&period=2023"])
def test_the_page_is_validated_by_its_tag(client: TestClient, address: str) -> None:
    first = client.get(address, headers=PAGE)
    # The list of revisions grows, so a page of the past must ask again as well.
    assert first.headers["cache-control"] == "public, no-cache"
    again = client.get(address, headers={**PAGE, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert "script-src 'self'" in first.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/?country=US", 400, "countries"),
        ("/?countries=US", 422, "two to six"),
        ("/?countries=US,CN,GB,FR,DE,IN,JP", 422, "two to six"),
        ("/?countries=US,us", 422, "twice"),
        ("/?countries=US,Chnia", 422, "CN"),
        ("/?indicator=funding-amont", 422, "funding-amount"),
        ("/?as_of=99", 422, "0 to 2"),
        ("/?as_of=soon", 422, "2024-03-31"),
        ("/?period=sometime", 422, "2023-Q1"),
        ("/?period=2023&period=2024", 400, "more than once"),
        ("/?period=%00", 400, "control characters"),
        ("/?%3Cscript%3E=1", 400, "not a parameter"),
    ],
)
def test_what_cannot_be_shown_is_told_as_a_page(
    client: TestClient, address: str, status: int, said: str
) -> None:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert said in answer.text
    assert "<script>" not in answer.text


def test_what_a_form_sends_becomes_the_plain_address(client: TestClient) -> None:
    sent = "/?indicator=notable-models&countries=US&countries=CN&as_of=&period="
    answer = client.get(sent, headers=PAGE, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?countries=US,CN&indicator=notable-models"
    assert client.get("/?countries=&as_of=", headers=PAGE).status_code == 422


def test_the_page_shows_what_the_api_answers(client: TestClient) -> None:
    shown = _Inline(page(client, "/?period=2022..2024&as_of=2"))
    calls = [a for a in shown.addresses if a.startswith(("/race", "/gap", "/claims", "/sens"))]
    assert {urlsplit(call).path for call in calls} >= {"/race", "/gap", "/claims", "/race.csv"}
    for call in calls:
        assert client.get(call).status_code == 200
        assert parse_qs(urlsplit(call).query)["as_of"] == ["2"]
    gap = client.get("/gap?indicator=funding-amount&period=2022..2024").json()["data"]
    text = page(client, "/?period=2022..2024&as_of=2")
    assert gap["comparisons"]
    for comparison in gap["comparisons"]:
        assert comparison["sentence"] in text
    assert "restates" in text
    assert "Jan\u2013May 2025" not in text.partition('id="indicator"')[2]  # out of the period


def test_every_indicator_has_its_page(client: TestClient) -> None:
    for entry in client.get("/indicators").json()["data"]:
        for countries in ("US,CN", "CN,GB,EU", "FR,DE"):
            shown = page(client, f"/?countries={countries}&indicator={entry['id']}")
            assert f'<h2 id="indicator">{entry["name"]}</h2>' in shown


def test_what_many_parts_and_countries_there_are_leaves_the_page_short(
    sqlite_templates: Templates,
) -> None:
    url = sqlite_templates.seeded()
    with closing(Database(url)) as database:
        parts = [
            total(
                f"{country.lower()}-{part}",
                country=country,
                amount_usd=amount,
                qualifier="exact",
                scope=f"ai-{part}",
            )
            for part in ("chips", "robots", "health")
            for country, amount in (("US", 3), ("CN", 5))
        ]
        whole = [
            total("us-all", amount_usd=30, qualifier="exact", scope="ai"),
            total("cn-all", amount_usd=5, qualifier="exact", country="CN", scope="ai"),
            *(
                total(
                    f"{code.lower()}-all", amount_usd=1, qualifier="exact", country=code, scope="ai"
                )
                for code in ("AL", "AO")
            ),
            *(
                total(f"fr-{year}", country="FR", amount_usd=9, qualifier="exact", period=year)
                for year in ("2020",)
            ),
        ]
        papers = [statistic("fr-papers", country="FR", metric="papers", unit="papers")]
        rows = {SOURCES: [source("tracker")], FUNDING: of_tracker([*parts, *whole])}
        write(database, rows | {STATISTICS: of_tracker(papers)})
    with TestClient(create_app(Settings(database_url=url))) as client:
        page = client.get("/?indicator=funding-amount", headers=PAGE).text
        chart = client.get("/charts/funding-amount.vl.json").text
        of_part = client.get("/charts/funding-amount.vl.json?scope=ai-chips").text
    before, _, folded = page.partition("3 in parts of that")
    assert "scope ai, says P of tracker (tracker)" in before
    assert "scope ai-chips, says P of" not in before
    assert all(f"scope ai-{part}, says P of" in folded for part in ("chips", "robots", "health"))
    assert page.index('id="country-FR"') < page.index('id="country-AL"')
    assert "Not drawn: 3 parts of a scope; scope=... draws them." in chart
    assert "ai-chips" not in chart
    assert "ai-chips" in of_part


def of_tracker(rows: Iterable[StoredRow]) -> list[StoredRow]:
    return [{**row, "source": "tracker"} for row in rows]


def test_swapping_the_countries_changes_no_leader(client: TestClient) -> None:
    one, other = (page(client, f"/?countries={pair}") for pair in ("US,CN", "CN,US"))
    assert "<h1>The United States leads China" in one
    assert "<h1>The United States leads China" in other


@pytest.mark.parametrize("root", ["/airace", "/a/b"])
def test_every_address_stays_below_the_mount_point(sqlite_templates: Templates, root: str) -> None:
    settings = Settings(database_url=sqlite_templates.seeded(), root_path=root)
    with TestClient(create_app(settings)) as client:
        shown = _Inline(page(client, "/"))
        own = [a for a in shown.addresses if not a.startswith(("#", "http://", "https://"))]
        assert all(a.startswith(f"{root}/") for a in own)
        moved = client.get("/?as_of=&period=2023", headers=PAGE, follow_redirects=False)
        assert moved.headers["location"] == f"{root}/?period=2023"


def test_nothing_in_the_data_becomes_markup(tmp_path: Path, sqlite_templates: Templates) -> None:
    pack = tmp_path / "hostile"
    shutil.copytree(ROOT / "seed" / "article-2024-03-31", pack)
    sources = pack / "sources.csv"
    quoted = HOSTILE.replace('"', '""')
    text = sources.read_text(encoding="utf-8")
    assert "BNN Breaking" in text
    sources.write_text(text.replace("BNN Breaking", f'"{quoted}"'), encoding="utf-8")
    url = sqlite_templates.fresh()
    database = Database(url)
    migrate(database)
    seed(database, [str(pack)])
    database.close()
    with TestClient(create_app(Settings(database_url=url))) as client:
        shown = page(client, "/")
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>" not in shown
    assert _Inline(shown).inline == []


def test_an_empty_service_says_so_and_what_to_do(
    sqlite_templates: Templates, browser: Browser, axe: str
) -> None:
    with served(sqlite_templates.empty()) as base:
        browser.look(*PHONE)
        browser.open(base)
        assert text_of(browser, "h1") == "Nothing has been recorded yet"
        assert "airace load" in text_of(browser, ".lead")
        assert not browser.all(".board, .claims, #slide:not([hidden])")
        browser.driver.execute_script(axe)
        found = browser.driver.execute_async_script(
            "axe.run().then(arguments[arguments.length - 1]);"
        )
        assert found["violations"] == []
        assert browser.complaints() == []


# Words


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("2023", "2023"),
        ("2023-Q1", "Q1 2023"),
        ("2024-03", "Mar 2024"),
        ("2024-03-27", "27 Mar 2024"),
        ("2023-01/2023-11", "Jan\u2013Nov 2023"),
        ("2023-Q3/2024-Q1", "Q3 2023\u2013Q1 2024"),
        ("2019/2023", "2019\u20132023"),
    ],
)
def test_periods_are_said_as_people_say_them(period: str, said: str) -> None:
    assert words.period_words(period) == said


def _standings(*told: str) -> list[Standing]:
    """Return standings of a leader each, or `level`; of others after a dash that are not compared.

    `US -GB` is led by the United States, and the United Kingdom is not compared.
    """
    rest: dict[str, Any] = dict.fromkeys(Standing.model_fields)
    found = []
    for one in told:
        who, _, beside = one.partition(" -")
        given = {
            "leader": None if who in ("level", "nobody") else who,
            "witnesses_level": int(who == "level"),
            "not_compared": beside.split(),
        }
        found.append(Standing.model_construct(**{**rest, **given}))
    return found


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((), "No source can say who leads, the United States or China"),
        (("nobody",), "No source can say who leads, the United States or China"),
        (("US",), "The United States leads China on the one indicator that can be compared"),
        (("CN", "CN"), "China leads the United States on both indicators that can be compared"),
        (
            ("US", "US", "US", "nobody"),
            "The United States leads China on all 3 indicators that can be compared",
        ),
        (("US", "CN", "US"), "The United States leads on 2 of 3 indicators, China on 1"),
        (("US", "CN"), "The United States and China lead on 1 indicator each"),
        (
            ("US", "level"),
            (
                "The United States leads China on 1 of 2 indicators that can be compared; they "
                "are level on 1"
            ),
        ),
        (
            ("US", "CN", "US", "level", "level"),
            "The United States leads on 2 of 5 indicators, China on 1; they are level on 2",
        ),
        (
            ("level",),
            "The United States and China are level on the one indicator that can be compared",
        ),
    ],
)
def test_the_headline_counts_and_never_weighs(told: tuple[str, ...], said: str) -> None:
    countries = [("US", "United States"), ("CN", "China")]
    assert words.headline(countries, _standings(*told)) == said


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            ("US", "US"),
            (
                "The United States leads China, the World and Peru on both indicators that can be"
                " compared"
            ),
        ),
        (
            ("US -WLD", "US -WLD"),
            (
                "The United States leads China and Peru on both indicators that can be compared; "
                "the World is compared on none"
            ),
        ),
        (
            ("US -WLD PE", "US -WLD PE", "nobody -US CN"),
            (
                "The United States leads China on both indicators that can be compared; the World"
                " and Peru are compared on none"
            ),
        ),
        (
            ("US -WLD PE", "US -WLD", "US -WLD"),
            (
                "The United States leads China on all 3 indicators that can be compared; the "
                "World is compared on none and Peru on 2 of them"
            ),
        ),
        (
            ("US -CN", "US -WLD PE", "US -PE"),
            (
                "The United States leads on all 3 indicators that can be compared; China, the "
                "World and Peru are compared on some of them"
            ),
        ),
        (
            ("US -WLD", "level -WLD"),
            (
                "The United States leads China and Peru on 1 of 2 indicators that can be "
                "compared; they are level on 1; the World is compared on none"
            ),
        ),
        (
            ("US", "level -US"),
            (
                "The United States leads China, the World and Peru on 1 of 2 indicators that can "
                "be compared; those compared are level on 1; the United States is compared on 1 "
                "of them"
            ),
        ),
        (
            ("US -PE", "CN -PE"),
            "The United States and China lead on 1 indicator each; Peru is compared on none",
        ),
        (
            ("level -PE WLD", "level -US CN"),
            (
                "Those compared are level on both indicators that can be compared; the United "
                "States, China, the World and Peru are compared on 1 of them"
            ),
        ),
    ],
)
def test_the_headline_names_only_those_that_are_compared(told: tuple[str, ...], said: str) -> None:
    countries = [("US", "United States"), ("CN", "China"), ("WLD", "World"), ("PE", "Peru")]
    assert words.headline(countries, _standings(*told)) == said


def test_who_is_not_compared_stands_in_the_headline_and_in_each_row(client: TestClient) -> None:
    three = page(client, "/?countries=US,CN,WLD")
    assert (
        "<h1>The United States leads China on all 5 indicators that can be compared; the World is "
        "compared on none</h1>"
    ) in three
    assert three.count('<span class="quiet beside">the World not compared</span>') == 5
    assert "not compared" not in page(client, "/").partition('id="indicator"')[0]


def test_refusals_of_parts_are_folded_and_a_publisher_is_named_once_a_reason(
    sqlite_templates: Templates,
) -> None:
    url = sqlite_templates.empty()
    with closing(Database(url)) as database:
        rows = [
            *((part, year) for part in ("ai-chips", "ai-robots") for year in ("2020", "2021")),
            *(("ai", "2020"), ("ai", "2021"), ("generative-ai", "2022")),
        ]
        totals = of_tracker(
            total(f"{scope}-{year}", scope=scope, period=year, amount_usd=5, qualifier="exact")
            for scope, year in rows
        )
        write(database, {SOURCES: [source("tracker")], FUNDING: totals})
    with TestClient(create_app(Settings(database_url=url))) as client:
        shown = page(client, "/?indicator=funding-amount")
    whole, _, parts = shown.partition("In 2 scopes that are parts of others")
    assert "<dd>P of tracker: ai 2020, 2021; generative-ai 2022</dd>" in whole
    assert "<dd>P of tracker: ai-chips 2020, 2021; ai-robots 2020, 2021</dd>" in parts
    assert "ai-chips 2020" not in whole
