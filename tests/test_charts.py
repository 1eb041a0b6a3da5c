"""Charts: what they say, that everybody can read them, and that drawing holds nobody up."""

import asyncio
import json
import struct
import threading
import time
import xml.etree.ElementTree as ET
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
import uvicorn
import vl_convert
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.analysis.chart import chart_specification
from app.analysis.chart_content import Chart, SourceName, runs
from app.analysis.chart_marks import DASH
from app.analysis.chart_refusals import refusals_of
from app.analysis.chart_style import THEME, ThemeName, looks, short
from app.analysis.comparison import Refusal
from app.analysis.figures import Observation, Witness
from app.analysis.indicators import INDICATORS
from app.http.chart_routes import chart_router
from app.http.problems import Problem
from app.http.service_routes import service_router
from app.kit.periods import parse_period
from app.main import _tell
from app.site.charts import Format, NotDrawn, Renderer, draw
from app.storage.database import Database
from tests.conftest import Templates
from tests.slow_drawing import dying, held, slow

SVG = "{http://www.w3.org/2000/svg}"
ONE_SIDED = Refusal(
    source="paper",
    scope="ai",
    period="2022",
    reason="one_sided",
    detail="the source gives a figure for only one of the two (CN)",
)


def observation(
    country: str, period: str, value: float, qualifier: str = "exact", source: str = "paper"
) -> Observation:
    days = parse_period(period)
    return Observation(
        country=country,
        period=period,
        first_day=days.first.isoformat(),
        last_day=days.last.isoformat(),
        value=value,
        unit="USD",
        qualifier=qualifier,
        scope="ai",
        source=source,
        basis="reported",
        fact=None,
    )


BARS = (
    observation("CN", "2023", 2e9, "up_to"),
    observation("US", "2023", 31e9, "at_least"),
    observation("US", "2024", 39e9, "about", "agency"),
    observation("CN", "2024", 1e9, "disputed", "agency"),
)
LINES = tuple(
    observation(country, str(2015 + year), value * (year + 1))
    for country, value in (("US", 3e9), ("CN", 1e9))
    for year in range(9)
)


def specification(*observations: Observation, **changes: Any) -> dict[str, Any]:
    names = {
        "paper": SourceName("The Paper", "The Paper, Money & <AI> (2024)"),
        "agency": SourceName("The Agency", "The Agency, Report (2025), restating The Paper"),
    }
    given: dict[str, Any] = {
        "title": "Funding, total",
        "unit": "USD",
        "observations": observations,
        "countries": {"US": "United States", "CN": "China"},
        "sources": names,
        "revision": 7,
        "recorded": "2026-11-22",
        "refusals": [ONE_SIDED],
    }
    return chart_specification(Chart(**(given | changes)))


def drawn(spec: dict[str, Any], format_: Format = "svg") -> bytes:
    return draw(json.dumps(spec), format_)


def texts(svg: bytes) -> str:
    found = ET.fromstring(svg).iter(f"{SVG}text")  # noqa: S314  (our own picture)
    return " ".join("".join(text.itertext()) for text in found)


@pytest.mark.parametrize(
    ("periods", "said"),
    [
        ([], ""),
        (["2023"], "2023"),
        (["2024", "2023"], "2023, 2024"),
        (["2010", "2012", "2013", "2014", "2014", "2016-Q1"], "2010, 2012 to 2014, 2016-Q1"),
        (["2019-01", "2019-02", "2019-03"], "2019-01, 2019-02, 2019-03"),
    ],
)
def test_years_that_follow_each_other_are_told_as_one(periods: list[str], said: str) -> None:
    assert runs(periods) == said


@pytest.fixture(scope="module")
def charts(sqlite_templates: Templates) -> Any:
    database = Database(sqlite_templates.seeded())
    renderer = Renderer(workers=1)
    app = FastAPI()
    app.state.public_url = ""
    app.include_router(chart_router(database, renderer))
    app.add_exception_handler(Problem, _tell)
    with TestClient(app) as client:
        yield client
    renderer.close()
    database.close()


@pytest.mark.parametrize("theme", get_args(ThemeName))
@pytest.mark.parametrize("rows", [BARS, LINES], ids=["bars", "lines"])
def test_a_picture_has_a_title_a_description_its_sources_and_its_revision(
    rows: tuple[Observation, ...], theme: ThemeName
) -> None:
    svg = drawn(specification(*rows, theme=theme))
    root = ET.fromstring(svg)  # noqa: S314
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text == "Funding, total"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == title.attrib["id"]
    assert root.attrib["aria-describedby"] == description.attrib["id"]
    said = description.text or ""
    assert "Money & <AI>" in said
    shown = texts(svg)
    for words in ("Funding, total", "The Paper", "revision 7", "Not compared", "only one of"):
        assert words in shown
        assert words in said or words == "Funding, total"


def test_qualifiers_are_marked_in_the_picture_and_said_in_words() -> None:
    spec = specification(*BARS)
    shown = texts(drawn(spec))
    for words in ("≥ 31 B", "≤ 2 B", "≈ 39 B", "? 1 B", "≈ about", "≥ at least", "? disputed"):
        assert words in shown
    for words in ("US 2023 at least 31 B", "CN 2023 up to 2 B", "US 2024 about 39 B"):
        assert words in spec["description"]


def test_several_periods_of_one_length_are_joined_and_others_are_not() -> None:
    assert '"line"' in json.dumps(specification(*LINES))
    assert '"line"' not in json.dumps(specification(*BARS))
    span = observation("US", "2024-01/2024-05", 5e9)
    spec = specification(*LINES, span)
    assert "Not joined" in spec["description"]
    rows = next(layer for layer in spec["concat"][0]["layer"] if "layer" in layer)["data"]["values"]
    assert [row["period"] for row in rows if not row["joined"]] == ["2024-01/2024-05"]


def test_a_line_does_not_run_down_to_what_is_only_a_bound() -> None:
    spec = specification(*LINES, observation("US", "2024", 5e9, "at_least"))
    rows = next(layer for layer in spec["concat"][0]["layer"] if "layer" in layer)["data"]["values"]
    assert [row["period"] for row in rows if not row["joined"]] == ["2024"]


@pytest.mark.parametrize(("width", "below"), [(900, 1), (200, 15)])
def test_what_figures_cover_has_a_line_of_its_own_where_it_needs_one(
    width: int, below: int
) -> None:
    scope = "ai-private-investment-of-companies"
    covering = [row._replace(scope=scope) for row in LINES]
    layers = specification(*covering, width=width, height=420)["concat"][0]["layer"]
    y = {
        words: layer["mark"]["y"]
        for layer in layers
        for words in layer.get("mark", {}).get("text", ())
        if words in ("The Paper", scope)
    }
    assert y[scope] - y["The Paper"] == below


@pytest.mark.parametrize("rows", [BARS, LINES], ids=["bars", "lines"])
@pytest.mark.parametrize("size", [(200, 150), (390, 640), (720, 420), (2000, 1500)])
def test_a_picture_is_as_large_as_asked(
    rows: tuple[Observation, ...], size: tuple[int, int]
) -> None:
    spec = specification(*rows, width=size[0], height=size[1])
    png = drawn(spec, "png")
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == size
    root = ET.fromstring(drawn(spec))  # noqa: S314
    assert (root.attrib["width"], root.attrib["height"]) == tuple(map(str, size))


def test_a_specification_is_one_and_names_no_other_address() -> None:
    for rows in (BARS, LINES):
        spec = specification(*rows)
        assert vl_convert.vegalite_to_vega(spec, vl_version="6.4")
        without = {key: value for key, value in spec.items() if key != "$schema"}
        assert "http" not in json.dumps(without)
        assert '"url"' not in json.dumps(without)


@pytest.mark.parametrize("theme", get_args(ThemeName))
def test_countries_differ_in_grey_and_stand_out_from_the_ground(theme: ThemeName) -> None:
    found = looks(("US", "CN", "GB", "FR", "JP", "KR"), THEME[theme])
    ground = luminance(THEME[theme].background)
    light = {code: luminance(look.colour) for code, look in found.items()}
    for code in found:
        darker, lighter = sorted((light[code], ground))
        assert (lighter + 0.05) / (darker + 0.05) >= 3
    for a, b in combinations(found, 2):
        assert abs(lightness(light[a]) - lightness(light[b])) >= 5, (a, b)
        assert found[a].dash != found[b].dash
        assert found[a].shape != found[b].shape
    assert abs(lightness(light["US"]) - lightness(light["CN"])) >= 18
    assert looks(("CN", "GB"), THEME[theme])["CN"] == found["CN"]


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def lightness(of: float) -> float:
    """CIE L*."""
    return float(116 * of ** (1 / 3) - 16)


def test_numbers_are_short() -> None:
    numbers = (0, 3.5, 1151, 26.9e6, 999.96e6, 31e9, 5e25)
    said = ["0", "3.5", "1,151", "26.9 M", "1,000 M", "31 B", "5e25"]
    assert [short(number) for number in numbers] == said


def test_charts_are_served_in_three_formats(charts: TestClient) -> None:
    svg = charts.get("/charts/funding-amount.svg")
    assert svg.status_code == 200
    assert svg.headers["content-type"] == "image/svg+xml"
    assert "style-src 'unsafe-inline'" in svg.headers["content-security-policy"]
    assert "Not compared" in texts(svg.content)
    png = charts.get("/charts/funding-amount.png?width=640&height=360&theme=dark")
    assert struct.unpack(">II", png.content[16:24]) == (640, 360)
    spec = charts.get("/charts/funding-amount.vl.json").json()
    assert spec["$schema"].endswith("/v6.json")
    etags = [
        charts.get(f"/charts/funding-amount.{suffix}").headers["etag"]
        for suffix in ("svg", "png", "vl.json")
    ]
    assert len(set(etags)) == 3
    known = charts.get("/charts/funding-amount.svg", headers={"If-None-Match": etags[0]})
    assert known.status_code == 304
    pinned = charts.get("/charts/funding-amount.svg?as_of=1")
    assert "max-age" in pinned.headers["cache-control"]


@pytest.mark.parametrize(
    ("address", "status", "named"),
    [
        ("/charts/fundin-amount.svg", 404, "funding-amount"),
        ("/charts/funding-amount.svg?width=199", 422, "width"),
        ("/charts/funding-amount.png?height=1501", 422, "height"),
        ("/charts/funding-amount.png?height=1e3", 422, "height"),
        ("/charts/funding-amount.svg?country=DE", 422, "nothing to draw"),
        ("/charts/funding-amount.svg?period=1999", 422, "none that the other parameters leave"),
        ("/charts/funding-amount.svg?country=US,US", 422, "names a country twice"),
        ("/charts/funding-amount.svg?spec=1", 400, "spec"),
        ("/charts/funding-amount.svg?as_of=99", 422, "as_of"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    charts: TestClient, address: str, status: int, named: str
) -> None:
    answer = charts.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.text


def test_the_pictures_kept_have_a_limit() -> None:
    kept = Renderer(bytes_kept=100).kept
    for number in range(50):
        kept[str(number), "png"] = b"x" * 20
        assert kept.size <= 100
    assert kept.get(("49", "png")) == b"x" * 20
    assert kept.get(("0", "png")) is None


def test_a_picture_that_takes_too_long_is_given_up_and_its_process_replaced() -> None:
    async def ask() -> None:
        renderer = Renderer(workers=1, seconds=1.5, drawing=slow)
        with pytest.raises(NotDrawn, match="too long"):
            await renderer.render({"a": 1}, "svg")
        renderer._drawing = draw
        renderer._seconds = 20
        await asyncio.sleep(1)
        assert (await renderer.render(specification(*BARS), "svg")).startswith(b"<svg")
        renderer.close()

    asyncio.run(ask())


def test_a_process_that_dies_does_not_leave_anyone_waiting() -> None:
    async def ask() -> None:
        renderer = Renderer(workers=1, seconds=4, drawing=dying)
        with pytest.raises(NotDrawn):
            await renderer.render({"a": 1}, "svg")
        renderer.close()

    asyncio.run(ask())


def test_too_many_that_wait_are_sent_away_and_the_same_picture_is_drawn_once() -> None:
    async def ask() -> None:
        renderer = Renderer(workers=1, waiting_at_most=1, drawing=slow)
        first = asyncio.create_task(renderer.render({"a": 1}, "svg"))
        await asyncio.sleep(0.3)
        same = asyncio.create_task(renderer.render({"a": 1}, "svg"))
        with pytest.raises(NotDrawn, match="too many"):
            await renderer.render({"a": 2}, "svg")
        assert await first == await same == b"slow"
        assert await renderer.render({"a": 1}, "svg") == b"slow"
        renderer.close()

    asyncio.run(ask())


def test_a_long_drawing_does_not_delay_health(sqlite_templates: Templates, tmp_path: Path) -> None:
    database = Database(sqlite_templates.seeded())
    renderer = Renderer(workers=1, drawing=partial(held, tmp_path))
    app = FastAPI()
    app.state.public_url = ""
    app.include_router(chart_router(database, renderer))
    app.include_router(service_router(database))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    answers: list[int] = []

    def ask(width: int) -> None:
        url = f"{base}/charts/funding-amount.svg?width={width}"
        answers.append(httpx2.get(url, timeout=90).status_code)

    askers = [threading.Thread(target=ask, args=(700 + i // 30,)) for i in range(60)]
    for asker in askers:
        asker.start()
    while not (tmp_path / "began").exists():
        time.sleep(0.01)
    with httpx2.Client(timeout=30) as client:  # less than the drawing takes, if nobody answers
        for _ in range(20):
            assert client.get(f"{base}/health").status_code == 200
    assert not answers, "the drawing is held until health has answered"
    (tmp_path / "go").touch()
    for asker in askers:
        asker.join()
    assert answers == [200] * 60
    server.should_exit = True
    thread.join()
    renderer.close()
    database.close()


WITNESSES = {"paper": Witness("paper", "2025-12-31")}


def refused(*found: Observation, countries: tuple[str, ...]) -> list[tuple[str | None, str, str]]:
    """Return what a chart of these refuses: the period, the reason, and the words."""
    funding = next(one for one in INDICATORS if one.id == "funding-amount")
    refusals = refusals_of(funding, countries, found, WITNESSES)
    return [(one.period, one.reason, one.detail) for one in refusals]


def test_what_two_of_several_countries_have_is_compared_and_what_one_has_alone_is_told() -> None:
    found = [
        *(observation(country, "2020", 1e9) for country in ("US", "CN", "GB")),
        *(observation(country, "2021", 2e9) for country in ("CN", "FR")),
        observation("US", "2022", 3e9),
        observation("GB", "2023", 3e9),
    ]
    told = refused(*found, countries=("US", "CN", "GB", "FR"))
    assert [one for one in told if one[1] == "one_sided"] == [
        ("2022", "one_sided", "the source gives no figure of CN, GB or FR"),
        ("2023", "one_sided", "the source gives no figure of US, CN or FR"),
    ]
    (two,) = refused(observation("US", "2022", 3e9), countries=("US", "CN"))
    assert two[2] == "the source gives a figure for only one of the two (US)"


def test_what_is_refused_of_several_countries_is_told_with_whom() -> None:
    found = [
        observation(country, "2020", value, "about")
        for country, value in (("US", 1e9), ("CN", 1.01e9), ("GB", 1.02e9), ("FR", 5e9))
    ]
    told = {reason: words for _, reason, words in refused(*found, countries=("US", "CN", "GB"))}
    assert told["qualifier_overlap"].endswith("could be the same (US with CN, GB)")
    told = {reason: words for _, reason, words in refused(*found, countries=("US", "CN", "FR"))}
    assert told["qualifier_overlap"].endswith("could be the same (US with CN)")
    assert told["single_period"].endswith("of one length to compare (US with FR)")


def test_what_two_have_is_refused_with_them_where_the_first_has_no_figure() -> None:
    found = [observation(country, "2026", 1e9) for country in ("US", "CN")]
    ends = " was not over when the source was published (US with CN)"
    for countries in (("GB", "US", "CN"), ("US", "CN", "GB")):
        told = {reason: words for _, reason, words in refused(*found, countries=countries)}
        assert told["incomplete_period"].endswith(ends)


def test_a_chart_of_several_countries_tells_whom_it_does_not_compare(charts: TestClient) -> None:
    size = "country=US,CN,GB&width=1800&height=1200"
    spec = charts.get(f"/charts/funding-amount.vl.json?{size}").json()
    for words in (texts(drawn(spec)), spec["description"]):
        assert "of the two (" not in words
        assert "generative-ai) 2022" in words
        assert "the source gives no figure of US or GB" in words


def test_what_is_not_joined_is_told_before_what_has_no_trend() -> None:
    trend = ONE_SIDED.model_copy(update={"period": None, "reason": "single_period"})
    span = observation("US", "2024-01/2024-05", 5e9)
    said = specification(*LINES, span, refusals=[trend, ONE_SIDED])["description"]
    places = [said.index(words) for words in ("Not compared", "Not joined", "No trend")]
    assert places == sorted(places)


def panel_texts(panel: dict[str, Any]) -> list[str]:
    """Return the words over a panel and around it."""
    marks = (layer.get("mark", {}) for layer in panel["layer"])
    return [line for mark in marks if isinstance(mark.get("text"), list) for line in mark["text"]]


@pytest.mark.parametrize("width", [360, 480, 600, 900])
@pytest.mark.parametrize("height", [260, 400, 520])
def test_every_panel_says_what_its_figures_cover(
    charts: TestClient, width: int, height: int
) -> None:
    size = f"country=US,CN&width={width}&height={height}"
    spec = charts.get(f"/charts/funding-amount.vl.json?{size}").json()
    scopes = {"generative-ai", "ai", "ai-private-investment"}
    for panel in spec["concat"]:
        assert scopes & set(panel_texts(panel))


@pytest.mark.parametrize("width", [360, 480])
def test_a_unit_of_its_own_leaves_the_scope_whole(width: int) -> None:
    scope = "ai-private-investment"
    own = [
        row._replace(source=source, scope=scope, unit=unit)
        for source, unit in (("paper", "USD"), ("agency", "USD of 2021"))
        for row in LINES
    ]
    spec = specification(*own, width=width, height=300)
    for panel in spec["concat"]:
        assert any(words.endswith(scope) for words in panel_texts(panel))
    assert any("USD of 2021" in words for panel in spec["concat"] for words in panel_texts(panel))


@pytest.mark.parametrize("width", [360, 420, 480, 540, 600, 900])
def test_the_newest_point_has_its_figure_and_its_period(charts: TestClient, width: int) -> None:
    size = f"country=US,CN&width={width}&height=520"
    shown = texts(drawn(charts.get(f"/charts/funding-amount.vl.json?{size}").json()))
    for words in ("CN ≈ 250 M", "US ≥ 50 B", "2020", f"2025-01 {DASH}", "2025-05"):
        assert words in shown


def test_an_odd_period_that_is_not_the_last_of_all_has_its_words_too() -> None:
    span = observation("CN", "2019-03/2019-05", 5e9)
    rows = [row for row in LINES if row.country == "US"]
    shown = texts(drawn(specification(*rows, span, width=900)))
    for words in (f"2019-03 {DASH}", "2019-05", "2015", "2023"):
        assert words in shown
