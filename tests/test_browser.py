"""What people see, in a real browser: the first page and the interactive API page."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from app.kit.errors import Fault
from app.site.assets import STATIC, asset
from app.site.pages import docs_page, problem_page
from tests.support import need

PATIENCE: Final = 20  # seconds: a machine that is busy with other tests draws slowly

FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with its sandbox
    "--disable-dev-shm-usage",  # containers give /dev/shm 64 MB, and a full one is a crash
    "--disable-gpu",
    # What a browser does of its own accord would be taken for a request of the page.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE: Final = (390, 844)
DESKTOP: Final = (1280, 900)


class Browser:
    """Chromium, with the questions that these tests ask of it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def look(self, width: int, height: int, *, scheme: str = "light") -> None:
        """Take the size of a screen and a colour scheme."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def open(self, address: str) -> None:
        """Open an address, with no memory of what the pages before it did."""
        self.driver.get("about:blank")
        self._log("browser")
        self._log("performance")
        self.driver.get(address)

    def wait(self, ready: Callable[[], Any]) -> Any:
        """Return what `ready` answers once it is true."""
        return WebDriverWait(self.driver, PATIENCE).until(lambda _: ready())

    def all(self, selector: str) -> list[Any]:
        """Return the elements of a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector, once it is there and nothing covers it."""
        element = self.wait(lambda: next(iter(self.all(selector)), None))
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        self.wait(element.is_displayed)
        element.click()

    def value(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        return self.driver.execute_script(f"return {expression}")

    def fits(self) -> bool:
        """Tell if nothing sticks out of the page; a new screen is laid out after it is taken."""
        root = "document.documentElement"
        return bool(self.value(f"{root}.scrollWidth <= {root}.clientWidth"))

    def complaints(self) -> list[str]:
        """Return what the page put in the console that is severe, refusals of its policy too."""
        return [e["message"] for e in self._log("browser") if e["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """Return the address of every request of the page since it was opened or last asked."""
        entries = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        sent = (e["params"] for e in entries if e["method"] == "Network.requestWillBeSent")
        return [params["request"]["url"] for params in sent]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        # Reading a log empties it.
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with an empty profile, one for all tests of this module."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    need("chromium and chromedriver", bool(chromium and chromedriver))
    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium)
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(chromedriver))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the text of axe-core, the accessibility checker that runs inside a page."""
    tools = os.environ.get("AIRACE_NODE_TOOLS")
    modules = Path(tools).parent if tools else Path(__file__).parent / "tools" / "node_modules"
    script = modules / "axe-core" / "axe.min.js"
    need("axe-core (npm ci in tests/tools)", script.is_file())
    return script.read_text(encoding="utf-8")


def operations(openapi: dict[str, Any]) -> int:
    """Count the operations of an OpenAPI document."""
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    return sum(len(methods & path.keys()) for path in openapi["paths"].values())


def open_docs(browser: Browser, live_server: str) -> dict[str, Any]:
    """Open the API page, wait until it is drawn, return the document that it was drawn from."""
    browser.look(*DESKTOP)
    browser.open(f"{live_server}/docs")
    browser.wait(lambda: browser.all(".opblock"))
    openapi: dict[str, Any] = httpx2.get(f"{live_server}/openapi.json").json()
    return openapi


def hosts(addresses: list[str]) -> set[str]:
    """Return the hosts of requests; `data:` and `blob:` are not requests to any."""
    return {urlsplit(a).netloc for a in addresses if urlsplit(a).scheme not in {"data", "blob"}}


def scrolled(browser: Browser) -> Iterator[None]:
    """Go down the page a screen at a time: of many operations only those in sight are there."""
    browser.value("window.scrollTo(0, 0)")
    at_the_end = 0
    while at_the_end < 3:
        time.sleep(0.3)
        yield
        browser.value("window.scrollBy(0, innerHeight / 2)")
        end = "scrollY + innerHeight >= document.documentElement.scrollHeight - 2"
        at_the_end = at_the_end + 1 if browser.value(end) else 0


def test_the_api_page_shows_every_operation(browser: Browser, live_server: str) -> None:
    expected = operations(open_docs(browser, live_server))
    while closed := browser.all('.opblock-tag[data-is-open="false"]'):
        closed[0].click()
    assert expected
    seen: set[str] = set()
    for _ in scrolled(browser):
        seen |= set(browser.value("[...document.querySelectorAll('.opblock')].map(e => e.id)"))
    assert len(seen) == expected


def test_the_api_page_asks_no_other_host_and_has_no_errors(
    browser: Browser, live_server: str
) -> None:
    open_docs(browser, live_server)
    browser.click("section.models .models-control")
    browser.wait(lambda: browser.all("section.models.is-open"))
    asked = browser.requests()
    assert f"{live_server}/openapi.json" in asked
    assert hosts(asked) == {urlsplit(live_server).netloc}
    assert browser.complaints() == []


def test_trying_an_operation_needs_nothing_but_clicks(browser: Browser, live_server: str) -> None:
    openapi = open_docs(browser, live_server)
    for _ in scrolled(browser):
        if browser.value(f"{_FUNDING} !== null"):
            break
    block = f"#{browser.value(_BLOCK_OF_FUNDING)}"
    browser.click(f"{block} .opblock-summary-control")
    browser.wait(lambda: browser.all(f"{block} .execute"))
    browser.requests()
    browser.click(f"{block} .execute")
    answer = f"{block} .live-responses-table .response-col_description"
    browser.wait(lambda: "31000000000" in "".join(e.text for e in browser.all(answer)))

    (asked,) = (a for a in browser.requests() if urlsplit(a).path == "/funding")
    parameters = openapi["paths"]["/funding"]["get"].get("parameters", [])
    defaults = {p["name"] for p in parameters if "default" in p.get("schema", {})}
    # The page fills in the `example` of a parameter: a first try would then ask for
    # everything at once and find nothing. Examples belong in the schema.
    assert parse_qs(urlsplit(asked).query, keep_blank_values=True).keys() <= defaults
    assert browser.complaints() == []


# Ids of blocks are made of tag and operation id; the path is what is promised.
_FUNDING: Final = "document.querySelector('.opblock-get [data-path=\"/funding\"]')"
_BLOCK_OF_FUNDING: Final = f"{_FUNDING}.closest('.opblock').id"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_fit_the_screen_and_follow_the_colour_scheme(
    browser: Browser, live_server: str, page: str, screen: tuple[int, int], scheme: str
) -> None:
    browser.look(*screen, scheme=scheme)
    browser.open(live_server + page)
    if page == "/docs":
        browser.wait(lambda: browser.all(".opblock"))
    root = "document.documentElement"
    browser.wait(browser.fits)
    ground = browser.value(f"getComputedStyle({root}).backgroundColor")
    red = int(ground.removeprefix("rgb(").split(",")[0])
    assert red < 64 if scheme == "dark" else red > 192
    assert browser.complaints() == []
    assert hosts(browser.requests()) == {urlsplit(live_server).netloc}


def test_every_link_of_the_first_page_leads_somewhere(browser: Browser, live_server: str) -> None:
    browser.open(live_server)
    links = {a.get_attribute("href").partition("#")[0] for a in browser.all("a[href]")}
    assert f"{live_server}/docs" in links
    own = {link for link in links if urlsplit(link).netloc == urlsplit(live_server).netloc}
    asked = {"Accept": "text/html,*/*;q=0.8"}
    told = {link: httpx2.get(link, headers=asked, timeout=60).status_code for link in own}
    assert told == dict.fromkeys(own, 200)
    others = {a.get_attribute("href") for a in browser.all('a[rel="noreferrer external"]')}
    assert links - own == others  # the sources themselves, which are not asked in a test


def test_the_first_page_can_be_walked_by_keyboard(browser: Browser, live_server: str) -> None:
    browser.look(*DESKTOP)
    browser.open(live_server)
    body = browser.driver.switch_to.active_element
    body.send_keys("\ue004")  # Tab
    skip = browser.driver.switch_to.active_element
    assert skip.get_attribute("class") == "skip"
    assert browser.value("document.activeElement.getBoundingClientRect().left >= 0")
    skip.send_keys("\ue007")  # Enter
    browser.wait(lambda: browser.value("document.activeElement.id") == "content")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_first_page_is_accessible(
    browser: Browser, live_server: str, axe: str, screen: tuple[int, int], scheme: str
) -> None:
    browser.look(*screen, scheme=scheme)
    browser.open(live_server)
    browser.driver.execute_script(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run().then(done, error => done({error: String(error)}));"
    )
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}
    assert {v["id"]: [n["html"] for n in v["nodes"]] for v in found["violations"]} == {}


# What needs no browser.


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_pages_are_served_under_a_policy_without_inline_code(live_server: str, page: str) -> None:
    asked = {"Accept": "text/html"}
    first = httpx2.get(live_server + page, headers=asked)
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    # A browser that comes again takes the policy from the 304, for the page that it kept.
    asked["If-None-Match"] = first.headers["ETag"]
    again = httpx2.get(live_server + page, headers=asked)
    assert (again.status_code, again.headers["Content-Security-Policy"]) == (304, policy)


class _Inline(HTMLParser):
    """Collects the addresses of a page, and what is inline in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [given[name] or "" for name in ("href", "src") if name in given]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


HOSTILE: Final = "<script>alert(1)</script>\" onclick='x'"


def _problem(*, root_path: str = "", text: str = "Wrong") -> str:
    return problem_page(
        name=text,
        root_path=root_path,
        status=422,
        title=text,
        detail=text,
        faults=[Fault("country", text, (text,), text)],
    )


@pytest.mark.parametrize(
    "page",
    [
        _problem(text=HOSTILE, root_path=HOSTILE),
        docs_page(title=HOSTILE, openapi_path=HOSTILE, root_path=HOSTILE),
    ],
    ids=["problem", "docs"],
)
def test_no_text_can_become_markup(page: str) -> None:
    assert _Inline(page).inline == []
    assert "<script>" not in page


@pytest.mark.parametrize("root_path", ["", "/", "/airace", "/airace/", "//airace"])
def test_every_address_stays_below_the_mount_point(root_path: str) -> None:
    mount = f"/{root_path.strip('/')}/".replace("//", "/")
    pages = (
        _problem(root_path=root_path),
        docs_page(title="API", openapi_path="/openapi.json", root_path=root_path),
    )
    for page in pages:
        addresses = [a for a in _Inline(page).addresses if not a.startswith("#")]
        resolved = {urljoin("https://example.org/", a) for a in addresses}
        assert addresses
        assert all(a.startswith(f"https://example.org{mount}") for a in resolved)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "swagger-ui", "site.css/", "./site.css", "SITE.CSS", "a\0b"),
        *("../pages.py", "..\\pages.py", "swagger-ui/../site.css", "/etc/passwd"),
        str(STATIC / "site.css"),
    ],
)
def test_a_name_reaches_nothing_but_the_static_files(name: str) -> None:
    assert asset(name) is None


def test_an_asset_has_its_bytes_its_type_and_a_tag_of_its_content() -> None:
    sheet = asset("site.css")
    assert sheet is not None
    assert sheet.body == (STATIC / "site.css").read_bytes()
    assert sheet.media_type == "text/css; charset=utf-8"
    assert sheet.etag.startswith('"')
    assert asset("site.css") is sheet
    script = asset("docs.js")
    assert script is not None
    assert script.media_type == "text/javascript; charset=utf-8"
    assert script.etag != sheet.etag


def test_swagger_ui_is_byte_for_byte_as_published() -> None:
    folder = STATIC / "swagger-ui"
    published = {path for path in folder.iterdir() if path.name not in {"README.md", "SHA256SUMS"}}
    sums = sorted(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}" for p in published)
    assert sums == sorted((folder / "SHA256SUMS").read_text().splitlines())
