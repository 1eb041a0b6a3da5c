"""Who leads, told as firmly as it can be: ranges, directions, projections, parts, citations."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from app.analysis.comparison import Gap
from app.analysis.figures import Observation, Witness
from app.analysis.gaps import compare
from app.analysis.left_out import NOBODYS, LeftOut
from app.analysis.race import Standing, _standing
from app.main import create_app
from app.resources.ai_models import AI_MODELS
from app.resources.funding import FUNDING as ROUNDS
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.settings import Settings
from app.site import scoreboard
from app.site.race_view import Choice, CountryName, RaceView
from app.site.trend_words import trend_words
from app.site.words import range_words, scope_words
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import ai_model, source, statistic, total, write
from tests.test_gaps import FUNDING, observation, pair


def firm(amount: int) -> dict[str, Any]:
    return {"amount_usd": amount, "qualifier": "exact"}


NAMES = {"US": "United States", "CN": "China", "GB": "United Kingdom", "WLD": "World"}


def standing(rows: list[Observation], **publishers: str) -> Standing:
    witnesses = {
        one.source: Witness(one.source, None, publisher=publishers.get(one.source)) for one in rows
    }
    return _standing(FUNDING, ("US", "CN"), rows, witnesses)


def gap(rows: list[Observation]) -> Gap:
    witnesses = {one.source: Witness(one.source, None) for one in rows}
    return compare(FUNDING, "US", "CN", rows, witnesses)


# Margins


def test_a_margin_that_is_only_known_to_be_no_less_is_no_end_of_the_range() -> None:
    loose = observation("US", "2024", 2_000, source="b", qualifier="at_least")
    found = standing(
        [*pair(300, 100, source="a"), loose, observation("CN", "2024", 10, source="b")]
    )
    assert (found.margin, found.margin_qualifier) == (200, "at_least")
    assert (found.margin_least, found.margin_most) == (3, None)
    assert range_words(found) == "by source from 3"
    alone = standing([loose, observation("CN", "2024", 10, source="b")])
    assert (alone.margin_least, alone.margin_most, range_words(alone)) == (200, None, None)


@pytest.mark.parametrize("first", ["early", "late"])
def test_a_newer_edition_takes_the_place_of_one_before(first: str) -> None:
    """Whichever has the smaller lead, and though both give the same years."""
    early = [*pair(300, 100, source="early", period="2022"), *pair(120, 100, source="early")]
    late = [*pair(300, 100, source="late", period="2022"), *pair(1_000, 50, source="late")]
    days = {"early": "2024-01-31", "late": "2024-06-30"}
    if first == "late":
        days = {"early": "2024-06-30", "late": "2024-01-31"}
    witnesses = {key: Witness(key, day, publisher="House") for key, day in days.items()}
    found = _standing(FUNDING, ("US", "CN"), [*early, *late], witnesses)
    newest = max(days, key=lambda key: days[key])
    margin, direction = {"early": (1.2, "closing"), "late": (20, "widening")}[newest]
    assert (found.source, found.margin) == (newest, margin)
    assert (found.margin_least, found.margin_most) == (margin, margin)
    assert (found.direction, found.directions) == (direction, {direction: 1})


def test_one_bound_is_enough_to_leave_the_range_open() -> None:
    loose = observation("US", "2023", 300, source="b", qualifier="at_least")
    rows = [*pair(500, 100, source="a"), loose, observation("CN", "2023", 100, source="b")]
    found = standing(rows)
    assert (found.margin_least, found.margin_most) == (3, None)


def of_several(*sources: dict[str, int], period: str = "2025") -> Standing:
    """Return the standing of all countries of which sources, each of its own publisher, tell."""
    rows = [
        observation(code, period, value, source=f"s{number}")
        for number, figures in enumerate(sources)
        for code, value in figures.items()
    ]
    countries = [*dict.fromkeys(one.country for one in rows)]
    return _standing(FUNDING, countries, rows, {s: Witness(s, None) for s in ("s0", "s1", "s2")})


def test_a_source_that_puts_another_one_ahead_tells_no_margin() -> None:
    most = {"US": 1000, "CN": 400, "TW": 100, "DE": 50}
    found = of_several(most, {"US": 700, "CN": 800}, {"US": 690, "CN": 810})
    assert (found.leader, found.runner_up, found.source) == ("CN", "US", "s1")
    assert found.margin == pytest.approx(8 / 7)
    assert found.not_compared == []
    assert (found.witnesses_for, found.witnesses_against) == (1, 1)


def test_a_publisher_that_has_turned_tells_no_margin_by_an_edition_before() -> None:
    rows = [
        *pair(100, 20, source="early"),
        observation("GB", "2023", 10, source="early"),
        *pair(20, 100, source="late"),
        *pair(60, 30, source="a"),
        *pair(60, 40, source="b"),
    ]
    days = {"early": "2024-01-31", "late": "2024-06-30", "a": None, "b": None}
    witnesses = {
        key: Witness(key, day, publisher="House" if day else key) for key, day in days.items()
    }
    found = _standing(FUNDING, ("US", "CN", "GB"), rows, witnesses)
    assert (found.leader, found.source, found.runner_up) == ("US", "b", "CN")


def test_the_runner_up_is_the_closest_of_all_that_are_compared_in_the_period() -> None:
    found = of_several({"CN": 800, "TW": 100, "DE": 50}, {"CN": 810, "US": 690})
    assert (found.leader, found.runner_up, found.source) == ("CN", "US", "s1")
    found = of_several({"CN": 800, "TW": 100, "DE": 50, "US": 20}, {"CN": 810, "US": 690})
    assert (found.leader, found.runner_up, found.source) == ("CN", "TW", "s0"), "of the source"
    assert found.not_compared == []


def test_of_runners_up_as_close_the_order_of_the_question_chooses_none() -> None:
    rows = [
        *(observation("US", year, value) for year, value in (("2022", 20), ("2023", 24))),
        observation("IN", "2023", 1),
        *(observation("DE", year, 1) for year in ("2022", "2023")),
    ]
    witnesses = {"s": Witness("s", None)}
    for countries in permutations(("US", "IN", "DE")):
        found = _standing(FUNDING, countries, rows, witnesses)
        assert (found.leader, found.runner_up, found.margin) == ("US", "DE", 24), countries
        assert found.direction == "widening", "of the one that has a trend"
    alike = [*rows[1:3], *rows[4:]]
    for countries in permutations(("US", "IN", "DE")):
        assert _standing(FUNDING, countries, alike, witnesses).runner_up == "DE"


@pytest.mark.parametrize("us", [53, 56])
def test_who_could_be_ahead_in_a_source_lets_another_one_tell_the_margin(us: int) -> None:
    """Level with the leader, or stated so loosely that it could have more."""
    qualifier = "exact" if us == 53 else "about"
    rows = [
        observation("US", "2024", us, source="loose", qualifier=qualifier),
        observation("CN", "2024", 53, source="loose"),
        observation("IN", "2024", 16, source="loose"),
        *pair(51, 55, source="firm", period="2023"),
    ]
    witnesses = {key: Witness(key, None) for key in ("loose", "firm")}
    found = _standing(FUNDING, ("US", "CN", "IN"), rows, witnesses)
    assert (found.leader, found.runner_up, found.source) == ("CN", "US", "firm")
    assert (found.period, found.not_compared) == ("2023", ["IN"])


def test_nobody_leads_where_each_source_puts_another_one_ahead() -> None:
    figures = {"CN": 50, "US": 40, "GB": 30, "DE": 20}
    found = of_several(*({**figures, code: 60} for code in ("US", "GB", "DE")))
    assert (found.leader, found.margin, found.source) == (None, None, None)
    assert (found.not_compared, found.witnesses_level) == ([], 0)


# Directions


def test_the_direction_is_that_of_others_where_the_source_of_the_margin_has_none() -> None:
    closing = [*pair(90, 10, source="a", period="2022"), *pair(80, 20, source="a", period="2023")]
    newest = pair(95, 5, source="b", period="2024")
    found = standing([*closing, *newest])
    assert (found.source, found.direction, found.direction_source) == ("b", "closing", "a")
    assert found.directions == {"closing": 1}
    wider = [*pair(60, 40, source="c", period="2022"), *pair(90, 10, source="c", period="2023")]
    found = standing([*closing, *newest, *wider])
    assert (found.direction, found.direction_source) == (None, None), "they differ"
    assert found.directions == {"closing": 1, "widening": 1}
    one_house = standing([*closing, *newest, *wider], a="House", c="House")
    assert one_house.directions == {}, "it contradicts itself"


def test_the_direction_of_the_source_of_the_margin_goes_before_those_of_others() -> None:
    rows = [
        *pair(90, 10, source="a", period="2022"),
        *pair(80, 20, source="a", period="2024"),
        *pair(60, 40, source="b", period="2022"),
        *pair(90, 10, source="b", period="2023"),
    ]
    found = standing(rows)
    assert (found.direction, found.direction_source) == ("closing", "a")
    assert found.directions == {"closing": 1, "widening": 1}


def test_a_lead_that_changed_hands_in_between_is_told_so() -> None:
    figures = {"2014": (90, 10), "2015": (40, 60), "2016": (70, 30)}
    rows = [row for year, both in figures.items() for row in pair(*both, period=year)]
    (comparison,) = gap(rows).comparisons
    told = trend_words(comparison, NAMES)
    assert told
    assert told.endswith("The lead changed hands in between, 2 times, the last in 2016.")


def test_where_two_were_level_all_along_nobody_has_a_lead() -> None:
    (comparison,) = gap([*pair(5, 5, period="2022"), *pair(7, 7, period="2023")]).comparisons
    assert comparison.trend
    assert (comparison.trend.leader, comparison.trend.direction) == (None, "flat")
    assert trend_words(comparison, NAMES) == "Steady: the two were level in 2022 and in 2023."


def test_a_sentence_names_the_publisher_where_that_is_known() -> None:
    rows = pair(30, 10, source="report-2024")
    known = standing(rows, **{"report-2024": "An Institute"})
    assert known.publisher == "An Institute"
    assert known.sentence == (
        "Funding, total, 2023, scope ai, says An Institute (report-2024): US 30 USD against CN "
        "10 USD, 3.0 to 1."
    )
    assert ", says report-2024: " in str(standing(rows).sentence)


@pytest.mark.parametrize(
    ("figures", "crossover", "told"),
    [
        ({"2015": (10, 90), "2016": (60, 40), "2017": (90, 10)}, "2016", "taken over in 2016"),
        ({"2015": (10, 90), "2016": (50, 50), "2017": (90, 10)}, "2017", "taken over in 2017"),
        ({"2014": (90, 10), "2015": (40, 60), "2016": (70, 30)}, "2016", "closing since 2014"),
        ({"2015": (90, 10), "2016": (70, 30)}, None, "closing since 2015"),
    ],
)
def test_a_lead_was_taken_over_in_the_period_in_which_another_came_ahead(
    figures: dict[str, tuple[int, int]], crossover: str | None, told: str
) -> None:
    rows = [row for year, both in figures.items() for row in pair(*both, period=year)]
    found = standing(rows)
    assert (found.crossover, scoreboard_row(found)["direction"]) == (crossover, told)


def test_what_the_lead_does_of_late_is_told_with_the_period_it_was_taken_over_in() -> None:
    figures = {"2014": (90, 10), "2015": (40, 60), "2016": (70, 30)}
    found = standing([row for year, both in figures.items() for row in pair(*both, period=year)])
    assert (found.direction, found.recent_direction, found.recent_since) == (
        *("closing", "reversed"),
        "2015",
    )
    assert scoreboard_row(found)["recent"] == "taken over in 2016"


def test_a_crossover_that_what_has_no_country_could_move_is_not_told() -> None:
    """Who was ahead in 2016 cannot be known, so that it was after 2015 is all that can be said."""
    rows = [
        row
        for year, both in {"2015": (10, 90), "2016": (60, 50), "2017": (90, 10)}.items()
        for row in pair(*both, period=year)
    ]
    witnesses = {"one": Witness("one", None)}
    for rest, crossover, told in (
        (5, "2016", "taken over in 2016"),
        (20, None, "taken over after 2015"),
    ):
        left_out: LeftOut = {("one", "2016", "USD", "ai", NOBODYS): rest}
        found = _standing(FUNDING, ("US", "CN"), rows, witnesses, left_out)
        assert (found.direction, found.crossover) == ("reversed", crossover)
        assert scoreboard_row(found)["direction"] == told


def scoreboard_row(found: Standing) -> dict[str, Any]:
    """Return what the row of a standing on the scoreboard says."""
    return scoreboard.row(view_of("US", "CN"), found)


def view_of(*codes: str) -> RaceView:
    """Return as much of a view as the scoreboard needs."""
    countries = {code: CountryName(NAMES[code], is_group=False) for code in codes}
    return cast(
        "RaceView",
        SimpleNamespace(
            choice=Choice(codes, "funding-amount"),
            countries=countries,
            publisher=lambda source: source,
        ),
    )


def test_countries_have_their_article_on_the_scoreboard() -> None:
    rows = [*pair(60, 50), observation("GB", "2023", 40)]
    left_out: LeftOut = {("one", "2023", "USD", "ai", NOBODYS): 90}
    witnesses = {"one": Witness("one", None)}
    found = _standing(FUNDING, ("CN", "GB"), rows, witnesses, left_out)
    assert scoreboard.row(view_of("CN", "GB"), found)["unless"] == "the United Kingdom"
    found = _standing(FUNDING, ("CN", "GB", "WLD"), rows, witnesses)
    assert scoreboard.row(view_of("CN", "GB", "WLD"), found)["over"] == " over the United Kingdom"


# Ties


NOTHING_OF_A_LEADER = (
    "leader",
    "runner_up",
    "margin",
    "margin_qualifier",
    "margin_least",
    "margin_most",
    "leader_certain",
    "direction",
    "direction_source",
    "direction_since",
    "crossover",
    "recent_direction",
    "recent_since",
    "depends_on_first",
)


@pytest.mark.parametrize("figure", [0, 7])
def test_those_that_are_level_are_told_so_by_source_period_and_sentence(figure: int) -> None:
    rows = [
        *pair(5, 5, source="early", period="2022"),
        *pair(3, 3, source="late", period="2022"),
        *pair(figure, figure, source="late", period="2023"),
    ]
    found = standing(rows, early="An Institute", late="Another")
    assert [name for name in NOTHING_OF_A_LEADER if getattr(found, name) is not None] == []
    assert (found.source, found.publisher, found.scope, found.period) == (
        *("late", "Another"),
        *("ai", "2023"),
    )
    assert found.sentence == (
        f"Funding, total, 2023, scope ai, says Another (late): US {figure} USD against CN "
        f"{figure} USD."
    )
    assert (found.witnesses_for, found.witnesses_against, found.witnesses_level) == (0, 0, 2)
    assert (found.directions, found.not_compared) == ({}, [])


def test_of_more_than_two_all_that_are_compared_have_to_be_level() -> None:
    def told(*countries: str, **figures: int) -> Standing:
        rows = [observation(code, "2023", value) for code, value in figures.items()]
        return _standing(FUNDING, countries, rows, {"one": Witness("one", None)})

    found = told("US", "CN", "GB", US=4, CN=4, GB=4)
    assert (found.period, found.witnesses_level, found.not_compared) == ("2023", 1, [])
    found = told("US", "CN", "GB", US=4, GB=4)
    assert (found.period, found.witnesses_level, found.not_compared) == ("2023", 1, ["CN"])
    found = told("US", "CN", "GB", US=4, CN=4, GB=1)
    assert (found.leader, found.period, found.sentence) == (None, None, None)
    assert found.witnesses_level == 0


def test_sources_that_are_divided_put_nobody_level() -> None:
    found = standing([*pair(2, 1, source="a"), *pair(1, 2, source="b"), *pair(1, 1, source="c")])
    assert (found.leader, found.period, found.witnesses_level) == (None, None, 0)
    neither = replace(FUNDING, higher_is="neither")
    found = _standing(neither, ("US", "CN"), pair(1, 1), {"one": Witness("one", None)})
    assert (found.period, found.witnesses_level) == (None, 0)


def test_the_page_says_level_also_where_other_periods_are_refused(database: Database) -> None:
    rows = [
        *(total(key, country=key.upper(), **firm(7)) for key in ("us", "cn")),
        total("alone", period="2022", **firm(9)),
    ]
    papers = [
        statistic(f"{key}-papers", country=key.upper(), metric="papers", unit="papers", value=value)
        for key, value in (("us", 4), ("cn", 2))
    ]
    write(database, {ROUNDS: rows, STATISTICS: papers})
    row = read(database, "/race?countries=US,CN")
    (level,) = (one for one in row["data"]["standings"] if one["indicator"] == "funding-amount")
    assert (level["refusals"]["one_sided"], level["witnesses_level"]) == (1, 1)
    assert "Figures of House & Co_#1 $" in row["citation"]["text"]
    page = read_page(database, "/")
    assert (
        "<h1>The United States leads China on 1 of 2 indicators that can be compared; they are "
        "level on 1</h1>"
    ) in page
    assert "<span>level in 2023 by the figures of House &amp; Co_#1 $ (via X) (AI)</span>" in page
    assert f"On {len(row['data']['standings']) - 2} others no leader can be named." in page
    first, *_ = page.partition('<ul class="silent">')[2].split("</li>")
    assert "level in 2023" in first, "what has an answer goes before what has none"
    three = read_page(database, "/?countries=US,CN,GB")
    assert "(AI); the United Kingdom not compared</span>" in three


# Projections and parts


def test_what_was_projected_speaks_only_where_nothing_was_counted() -> None:
    counted = pair(80, 20, source="a", period="2024", scope="ai")
    projected = pair(10, 90, source="b", period="2025", scope="ai-investment-projected")
    found = standing([*counted, *projected])
    assert (found.leader, found.period, found.witnesses_for) == ("US", "2024", 1)
    assert found.witnesses_against == 0
    alone = standing(projected)
    assert (alone.leader, alone.scope) == ("CN", "ai-investment-projected")


def test_a_figure_in_a_scope_that_both_have_lacks_its_counterpart() -> None:
    rows = [
        *pair(80, 20, scope="ai"),
        observation("US", "2023", 5, scope="ai-military"),
    ]
    (refusal,) = (one for one in gap(rows).refusals if one.period)
    assert (refusal.reason, refusal.scope) == ("one_sided", "ai-military")
    apart = [observation("US", "2023", 5, scope="ai"), observation("CN", "2023", 5, scope="chips")]
    assert {one.reason for one in gap(apart).refusals} == {"different_scope"}


# Through the API


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with two sources, that the test writes to."""
    opened = Database(templates.empty())
    write(opened, {SOURCES: [source("s", publisher="House & Co_#1 $ (via X)"), source("t")]})
    yield opened
    opened.close()


def read(database: Database, path: str) -> Any:
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json() if "json" in answer.headers["content-type"] else answer.text


def test_claims_on_parts_stand_aside_and_scopes_can_be_asked_for(database: Database) -> None:
    amounts = {"ai": 100, "ai-speech": 0, "ai-chips": 40}
    rows = [
        total(f"s-{scope}", country="CN", scope=scope, amount_usd=amount, qualifier="exact")
        for scope, amount in amounts.items()
    ]
    other = total("t", country="CN", scope="ai", amount_usd=90, qualifier="exact", source="t")
    write(database, {ROUNDS: [*rows, other]})
    found = read(database, "/claims?indicator=funding-amount&country=CN")["data"]
    assert [(one["scope"], one["part_of"]) for one in found["claims"]] == [
        *(("ai-speech", "ai"), ("ai-chips", "ai"), ("ai", None), ("ai", None)),
    ]
    assert [one["differs_in"] for one in found["claims"][2:]] == [[], ["counting"]]
    (spread,) = found["spreads"]
    assert (spread["claims"], spread["lowest"], spread["highest"]) == (2, 90, 100)
    for query, count in (("scope=ai", 2), ("scope=ai-chips", 1), ("source=t", 1)):
        claims = read(database, f"/claims?indicator=funding-amount&country=CN&{query}")["data"]
        assert len(claims["claims"]) == count
    page = read(database, "/claims.csv?indicator=funding-amount&country=CN&scope=ai-chips")
    assert page.splitlines()[1].split(",").count("ai-chips") == 1


def test_a_citation_names_whose_figures_they_are(database: Database) -> None:
    both = [
        total(
            f"{key}-{country.lower()}",
            country=country,
            amount_usd=amount,
            qualifier="exact",
            source=key,
        )
        for key in ("s", "t")
        for country, amount in (("US", 100), ("CN", 50))
    ]
    write(database, {ROUNDS: both})
    for path in (
        "/gap?indicator=funding-amount",
        "/claims?indicator=funding-amount",
    ):
        told = read(database, path)["citation"]
        assert "Figures of House & Co_#1 $; P of t." in told["text"]
        assert told["csl"]["note"] == "Figures of House & Co_#1 $; P of t"
        assert r"note = {Figures of House \& Co\_\#1 \$; P of t}" in told["bibtex"]
    assert "Figures of P of t." in read(database, "/race")["citation"]["text"]
    assert "Figures" not in read(database, "/indicators")["citation"]["text"]
    for asked, note in (
        ("source=t", "Figures of P of t"),
        ("source=s,t&limit=1", "Figures of House & Co_#1 $; P of t"),
        ("shape=wide", "Figures of House & Co_#1 $; P of t"),
        ("shape=wide&source=t", "Figures of P of t"),
        ("limit=1", None),
    ):
        told = read(database, f"/observations?indicator=funding-amount&{asked}")["citation"]
        assert told["csl"].get("note") == note


def test_an_index_of_shares_has_one_base_whatever_the_length_of_its_periods(
    database: Database,
) -> None:
    shares = {"2025-01/2025-06": 26.3, "2025-07/2025-12": 28.3, "2026-Q1": 31.3}
    rows = [
        statistic(f"p{n}", metric="ai-use", unit=unit, period=period, value=value)
        for unit in ("percent", "papers")
        for n, (period, value) in enumerate(shares.items(), 10 * len(unit))
    ]
    write(database, {STATISTICS: rows})
    found = read(database, "/observations?indicator=ai-use&units=index&sort=period")["data"]
    of_quarter = sorted(row["value"] for row in found if row["period"] == "2026-Q1")
    assert of_quarter == [100, pytest.approx(119.01, abs=0.01)], "papers of a quarter begin anew"


def test_where_there_are_no_figures_the_page_says_that_and_not_that_sources_are_divided(
    database: Database,
) -> None:
    write(database, {ROUNDS: [total("a", **firm(1)), total("b", country="CN", **firm(2))]})
    page = read_page(database, "/?period=2019")
    assert "no source gives figures of two of these countries within these periods" in page
    assert "its sources are divided" not in page


def test_the_page_says_that_sources_are_divided(database: Database) -> None:
    amounts = {"s": (1, 2), "t": (2, 1)}
    rows = [
        total(f"{key}-{code.lower()}", country=code, source=key, **firm(amount))
        for key, both in amounts.items()
        for code, amount in zip(("US", "CN"), both, strict=True)
    ]
    write(database, {ROUNDS: [*rows, total("alone", period="2020", **firm(9))]})
    assert "<span>its sources are divided</span>" in read_page(database, "/")
    three = read_page(database, "/?countries=US,CN,GB")
    assert "its sources are divided, or put some of these countries level</span>" in three


def test_a_group_that_no_figure_is_of_can_be_asked_for(database: Database) -> None:
    write(database, {ROUNDS: [total("a"), total("b", country="CN")]})
    assert "no source gives figures" in read_page(database, "/?countries=AFRICA,US")


def read_page(database: Database, path: str) -> str:
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        return client.get(path, headers={"Accept": "text/html"}).text


def test_the_scoreboard_says_what_its_figures_cover(database: Database) -> None:
    write(
        database,
        {
            ROUNDS: [
                total(key, country=key.upper(), scope="generative-ai", **firm(amount))
                for key, amount in (("us", 100), ("cn", 50))
            ]
        },
    )
    assert ": generative AI</span>" in read_page(database, "/")
    assert (scope_words(None), scope_words("ai-private-investment")) == (
        *(None, "AI private investment"),
    )


def test_an_instant_before_the_first_revision_is_told_as_that(database: Database) -> None:
    app = create_app(Settings(database_url=database.url.render_as_string(hide_password=False)))
    with TestClient(app) as client:
        for as_of, told in (("1999-01-01", "before the first revision"), ("99", "not a revision")):
            answer = client.get(f"/funding?as_of={as_of}")
            assert answer.status_code == 422
            assert told in answer.text


def test_answers_may_be_asked_for_of_what_may_be_reused(database: Database) -> None:
    licences = {"s": "CC BY 4.0", "t": "CC BY-NC 4.0"}
    write(database, {SOURCES: [source(key, licence=name) for key, name in licences.items()]})
    write(
        database,
        {
            ROUNDS: [
                total(f"{key}-{country.lower()}", country=country, source=key, **firm(amount))
                for key in ("s", "t")
                for country, amount in (("US", 100), ("CN", 50))
            ],
            AI_MODELS: [ai_model("m", developers=[], source="t", released="2023")],
        },
    )
    for licence, keys in (
        ("open", ["s"]),
        ("other", ["t"]),
        ("none", []),
        ("open,other", ["s", "t"]),
    ):
        asked = f"licence={licence}&indicator=funding-amount"
        gap_ = read(database, f"/gap?{asked}")["data"]
        assert [one["source"] for one in gap_["comparisons"]] == keys
        others = [one["source"] for one in gap_["refusals"] if one["reason"] == "licence"]
        assert others == [key for key in licences if key not in keys], "that there are is told"
        claims = read(database, f"/claims?{asked}")["data"]["claims"]
        assert sorted({one["source"] for one in claims}) == keys
        rows = read(database, f"/observations?{asked}&units=share&country=US,CN")["data"]
        assert sorted({row["source"] for row in rows}) == keys
        assert {row["licence"] for row in rows} == {licences[key] for key in keys}
        (first, *_) = read(database, f"/race?licence={licence}")["data"]["standings"]
        assert first["witnesses_for"] == len(keys)
        models = read(database, f"/gap?licence={licence}&indicator=models-released")["data"]
        assert len(models["refusals"]) == ("t" in keys), "what has no country is a source's too"
    whole = total("whole", scope="all", source="t", country="US", **firm(9))
    parts = [
        total(f"part-{code.lower()}", scope="all-chips", source="s", country=code, **firm(amount))
        for code, amount in (("US", 1), ("CN", 2))
    ]
    write(database, {ROUNDS: [whole, *parts]})
    write(
        database,
        {SOURCES: [source(key, licence=name, publisher="House") for key, name in licences.items()]},
    )
    asked = "indicator=funding-amount&licence=open&scope=all,all-chips"
    (part,) = read(database, f"/gap?{asked}")["data"]["comparisons"]
    assert part["part_of"] == "all", "the whole may not be reused, and is one all the same"
    assert {one["part_of"] for one in read(database, f"/claims?{asked}")["data"]["claims"]} == {
        "all"
    }
    then = read(database, "/gap?indicator=funding-amount&licence=open&as_of=3")["data"]
    assert len(then["comparisons"]) == 1
    with database.write(author="a", message="m") as writing:
        writing.put(SOURCES.ledger, [source("s", licence="all rights reserved")])
    assert not read(database, "/gap?indicator=funding-amount&licence=open")["data"]["comparisons"]
    for as_of, licence in (("&as_of=3", "CC BY 4.0"), ("", "all rights reserved")):
        for units in ("level", "change"):
            asked = f"indicator=funding-amount&source=s&units={units}{as_of}"
            rows = read(database, f"/observations?{asked}")["data"]
            assert {row["licence"] for row in rows} == {licence}
    assert read(database, "/gap?indicator=funding-amount&licence=open&as_of=3")["data"] == then
