"""The gap: figures worked out by hand, and what must hold whatever the figures are."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.analysis.bounds import bounds, ratio_qualifier
from app.analysis.comparison import Agreement, Gap
from app.analysis.figures import Observation, Witness
from app.analysis.gaps import compare
from app.analysis.indicators import INDICATORS
from app.analysis.left_out import LeftOut
from app.analysis.race import _standing as standing
from app.kit.periods import parse_period
from app.site.trend_words import trend_words
from app.site.words import range_words

FUNDING = next(indicator for indicator in INDICATORS if indicator.id == "funding-amount")


def observation(
    country: str, period: str, value: float, *, source: str = "one", **others: Any
) -> Observation:
    days = parse_period(period)
    stated: dict[str, Any] = {
        "unit": "USD",
        "qualifier": "exact",
        "scope": "ai",
        "basis": "reported",
        "fact": None,
        **others,
    }
    return Observation(
        country=country,
        period=period,
        first_day=days.first.isoformat(),
        last_day=days.last.isoformat(),
        value=value,
        source=source,
        **stated,
    )


def gap(observations: list[Observation], **restated: str) -> Gap:
    """Compare the two, where some sources restate others."""
    sources = {one.source for one in observations}
    witnesses = {source: Witness(restated.get(source, source), None) for source in sources}
    return compare(FUNDING, "US", "CN", observations, witnesses)


def pair(us: float, cn: float, *, period: str = "2023", **stated: Any) -> list[Observation]:
    """Return what one source says of the two."""
    return [
        observation("US", period, us, **stated),
        observation("CN", period, cn, **stated),
    ]


def asked(client: TestClient, **query: str | int) -> dict[str, Any]:
    """Ask the application for a gap."""
    answer = client.get("/gap", params={"a": "US", "b": "CN", **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def table(found: dict[str, Any]) -> dict[tuple[str, str | None, str], tuple[str | None, float]]:
    """Return who leads, and the ratio to a tenth, by source, scope and period."""
    return {
        (comparison["source"], comparison["scope"], period["period"]): (
            period["leader"],
            round(period["ratio"], 1),
        )
        for comparison in found["comparisons"]
        for period in comparison["periods"]
    }


def test_the_article_alone_says_by_how_much_and_refuses_the_rest(client: TestClient) -> None:
    amount = asked(client, indicator="funding-amount", as_of=1)
    assert table(amount) == {
        ("bnn-2024-03-31", "generative-ai", "2023"): ("US", round(31 / 2, 1)),
    }
    (comparison,) = amount["comparisons"]
    assert comparison["periods"][0]["ratio"] == 15.5
    assert round(comparison["periods"][0]["a"]["share"], 1) == round(100 * 31 / (31 + 2), 1) == 93.9
    assert comparison["trend"] is None
    assert amount["agreement"] == {
        "witnesses": 1,
        "leaders": {"US": 1},
        "higher": {"US": 1},
        "undecided": 0,
    }
    assert {(refusal["period"], refusal["reason"]) for refusal in amount["refusals"]} == {
        ("2022", "one_sided"),
        (None, "single_period"),
    }
    deals = asked(client, indicator="funding-deals", as_of=1)
    assert table(deals) == {
        ("bnn-2024-03-31", "generative-ai", "2023"): ("US", round(1151 / 68, 1)),
    }
    assert round(1151 / 68, 1) == 16.9


def test_every_gap_of_the_cross_check_is_the_one_worked_out_by_hand(client: TestClient) -> None:
    amount = asked(client, indicator="funding-amount")
    assert table(amount) == {
        ("bnn-2024-03-31", "generative-ai", "2023"): ("US", 15.5),  # 31 / 2
        ("cnbc-2024-03-31", "ai", "2023"): ("US", 15.5),  # 31 / 2
        ("vibrancy-2024", "ai-private-investment", "2023"): ("US", 8.7),  # 67.22 / 7.76 = 8.66
        ("ai-index-2025", "ai-private-investment", "2024"): ("US", 11.7),  # 109.1 / 9.3 = 11.73
        ("globaldata-2025", "generative-ai", "2025-01/2025-05"): ("US", 200.0),  # 50 / 0.25
    }
    refused = {(r["source"], r["scope"], r["period"], r["reason"]) for r in amount["refusals"]}
    assert {item for item in refused if item[2]} == {
        ("bnn-2024-03-31", "generative-ai", "2022", "one_sided"),
        ("cnbc-2024-03-31", "ai", "2022", "one_sided"),
        ("globaldata-2025", "generative-ai", "2020", "one_sided"),
        ("globaldata-2025", "generative-ai", "2024", "one_sided"),
        ("techcrunch-china-ai-2023", "ai", "2023", "one_sided"),
        ("techcrunch-china-ai-2023", "ai", "2023-01/2023-11", "one_sided"),
    }
    deals = asked(client, indicator="funding-deals")
    assert table(deals) == {
        ("bnn-2024-03-31", "generative-ai", "2023"): ("US", 16.9),  # 1151 / 68
        ("cnbc-2024-03-31", "ai", "2023"): ("US", 16.9),
        ("globaldata-2025", "generative-ai", "2024"): ("US", 15.4),  # 600 / 39
        ("globaldata-2025", "generative-ai", "2025-01/2025-05"): ("US", 14.3),  # 200 / 14
    }
    notable = asked(client, indicator="notable-models")
    assert table(notable) == {
        ("vibrancy-2024", None, "2023"): ("US", 4.1),  # 61 / 15
        ("ai-index-2025", None, "2024"): ("US", 2.7),  # 40 / 15
    }
    elite = asked(client, indicator="elite-researchers-origin-share")
    assert table(elite) == {
        ("mit-tr-2024-03-27", None, "2022"): ("US", 1.1),  # 28 / 26
    }
    people = asked(client, indicator="people-using-ai")
    assert table(people) == {
        ("ms-diffusion-2026q1", "working-age", "2025-01/2025-06"): ("US", 1.7),  # 26.3 / 15.4
        ("ms-diffusion-2026q1", "working-age", "2025-07/2025-12"): ("US", 1.7),  # 28.3 / 16.3
        ("ms-diffusion-2026q1", "working-age", "2026-Q1"): ("US", 1.9),  # 31.3 / 16.4
    }
    trend = people["comparisons"][0]["trend"]  # a state, whatever the length of its periods
    assert (trend["first"], trend["last"]) == ("2025-01/2025-06", "2026-Q1")
    assert round(trend["first_lead"], 1) == 10.9  # 26.3 - 15.4
    assert round(trend["last_lead"], 1) == 14.9  # 31.3 - 16.4
    assert trend["direction"] == "widening"


def test_who_restates_another_is_no_second_witness(client: TestClient) -> None:
    found = asked(client, indicator="funding-amount")
    roots = {comparison["source"]: comparison["witness"] for comparison in found["comparisons"]}
    assert roots["bnn-2024-03-31"] == roots["cnbc-2024-03-31"] == "cbinsights-state-of-ai-2023"
    assert len(found["comparisons"]) == 5
    # Both of Stanford HAI's are of one publisher: with CB Insights and GlobalData three.
    assert {"ai-index-2025", "vibrancy-2024"} < roots.keys()
    assert found["agreement"] == {
        "witnesses": 3,
        "leaders": {"US": 3},
        "higher": {"US": 3},
        "undecided": 0,
    }


def test_the_sources_of_one_publisher_are_one_witness_by_the_newest_edition() -> None:
    def compared(**publishers: str) -> Agreement:
        rows = [
            *pair(9, 1, source="early", period="2022"),
            *pair(1, 9, source="late", period="2024"),
            *pair(9, 1, source="other", period="2024"),
        ]
        witnesses = {
            key: Witness(key, None, publisher=publishers.get(key))
            for key in ("early", "late", "other")
        }
        return compare(FUNDING, "US", "CN", rows, witnesses).agreement

    apart = compared()
    assert (apart.witnesses, apart.leaders, apart.undecided) == (3, {"CN": 1, "US": 2}, 0)
    editions = compared(early="House", late="House")
    assert (editions.witnesses, editions.leaders) == (2, {"CN": 1, "US": 1})
    corrected = compare(
        FUNDING,
        "US",
        "CN",
        [*pair(9, 1, source="first"), *pair(1, 9, source="second"), *pair(9, 1, source="undated")],
        {
            "first": Witness("first", "2024-06-30", publisher="House"),
            "second": Witness("second", "2025-06-30", publisher="House"),
            "undated": Witness("undated", None, publisher="Another"),
        },
    ).agreement
    assert (corrected.leaders, corrected.undecided) == ({"CN": 1, "US": 1}, 0)
    divided = compared(late="House", other="House")  # of one year, and of one scope
    assert (divided.witnesses, divided.leaders, divided.undecided) == (2, {"US": 1}, 1)


def test_a_part_of_a_scope_does_not_contradict_the_whole() -> None:
    rows = [
        *pair(9, 1, scope="ai"),
        *pair(1, 9, scope="ai-chips"),
        *pair(1, 9, scope="ai-chips-large"),
        *pair(1, 9, scope="aid"),
    ]
    found = gap(rows)
    assert len(found.comparisons) == 4
    assert (found.agreement.leaders, found.agreement.undecided) == ({}, 1)  # aid is no part of ai
    assert gap(rows[:-2]).agreement.leaders == {"US": 1}
    alone = gap(rows[2:-2])
    assert alone.agreement.leaders == {"CN": 1}  # without the whole the widest of its parts
    witnesses = {"one": Witness("one", None), "two": Witness("two", None, publisher="one")}
    assert standing(FUNDING, ("US", "CN"), rows[:-2], witnesses).scope == "ai"
    # Nor does a part speak for a whole that is refused, or that stands in another table or unit.
    loose = pair(9, 10, scope="ai", qualifier="about")
    for whole in (loose, pair(9, 1, scope="ai", source="two", unit="USD of 2021")):
        found = compare(FUNDING, "US", "CN", [*whole, *rows[2:4]], witnesses)
        (part,) = (one for one in found.comparisons if one.part_of)
        assert (part.scope, part.part_of) == ("ai-chips", "ai")
        assert found.agreement.leaders == ({} if whole is loose else {"US": 1})
        assert found.agreement.undecided == 0


def test_a_standing_tells_how_far_apart_the_margins_of_its_sources_are() -> None:
    rows = [
        *pair(20, 10, source="one", period="2023"),  # not its newest
        *pair(90, 10, source="one", period="2024"),
        *pair(60, 10, source="two"),
        *pair(99, 1, source="two", scope="ai-chips"),  # a part
        *pair(10, 20, source="three"),  # puts the other ahead
        *pair(5, 0, source="four"),  # has no ratio
    ]
    witnesses = {key: Witness(key, None) for key in ("one", "two", "three", "four")}
    for countries in (("US", "CN"), ("CN", "US")):
        found = standing(FUNDING, countries, rows, witnesses)
        assert (found.leader, found.margin) == ("US", 9)
        assert (found.margin_least, found.margin_most) == (6, 9)
        assert range_words(found) == "by source 6 to 9"
    alone = standing(FUNDING, ("US", "CN"), rows[2:4], witnesses)
    assert (alone.margin_least, alone.margin_most, range_words(alone)) == (9, 9, None)
    nobody = standing(FUNDING, ("US", "CN"), pair(1, 1), witnesses)
    assert (nobody.margin_least, nobody.margin_most, range_words(nobody)) == (None, None, None)


def test_a_publisher_is_one_however_it_was_read(client: TestClient) -> None:
    named = asked(client, indicator="notable-models")["agreement"]
    assert named["leaders"] == {"US": 1}  # Stanford HAI, by way of two others


@pytest.mark.parametrize(
    ("us", "cn", "refused"),
    [
        (("about", 100), ("exact", 95), True),  # 90 to 110 holds 95
        (("about", 100), ("exact", 80), False),
        (("at_least", 100), ("exact", 120), True),  # it may be more than 120
        (("at_least", 100), ("exact", 80), False),
        (("up_to", 100), ("exact", 80), True),  # it may be less than 80
        (("disputed", 100), ("exact", 1), True),
        (("exact", 100), ("exact", 99), False),
        (("exact", 100), ("exact", 100), False),
    ],
)
def test_figures_that_could_be_the_same_are_not_compared(
    us: tuple[str, float], cn: tuple[str, float], *, refused: bool
) -> None:
    found = gap(
        [
            observation("US", "2023", us[1], qualifier=us[0]),
            observation("CN", "2023", cn[1], qualifier=cn[0]),
        ]
    )
    assert ("qualifier_overlap" in {refusal.reason for refusal in found.refusals}) == refused


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"scope": "generative-ai"}, "different_scope"),
        ({"unit": "USD of 2021"}, "not_comparable_unit"),
        ({"period": "2022"}, "one_sided"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(
    other: dict[str, str], reason: str
) -> None:
    chinese = {"country": "CN", "period": "2023", "value": 2.0, **other}
    found = gap([observation("US", "2023", 31), observation(**chinese)])  # type: ignore[arg-type]
    assert not found.comparisons
    assert {refusal.reason for refusal in found.refusals} == {reason}


def test_a_period_that_was_not_over_when_the_source_came_out_is_refused() -> None:
    observations = [observation("US", "2023", 31), observation("CN", "2023", 2)]
    early = {"one": Witness("one", "2023-11-30")}
    found = compare(FUNDING, "US", "CN", observations, early)
    assert [refusal.reason for refusal in found.refusals] == ["incomplete_period"]


@pytest.mark.parametrize("pair", [("WLD", "US"), ("US", "WLD"), ("EU", "FR")])
def test_a_part_is_not_compared_with_its_whole(pair: tuple[str, str]) -> None:
    observations = [observation(country, "2023", 5.0) for country in pair]
    found = compare(FUNDING, *pair, observations, {"one": Witness("one", None)})
    assert not found.comparisons
    assert [refusal.reason for refusal in found.refusals] == ["part_of_whole"]


def test_two_figures_of_one_source_for_the_same_thing_are_refused() -> None:
    found = gap([observation("US", "2023", 31), *(observation("CN", "2023", v) for v in (2, 3))])
    assert [refusal.reason for refusal in found.refusals] == ["several_values"]


def test_whose_figure_it_is_makes_the_witness() -> None:
    """A fact says so where its source as a whole restates another one, or none."""
    both = [observation("US", "2023", 31), observation("CN", "2023", 2)]
    counted = [one._replace(source="two", original_source="counter") for one in both]
    own = [one._replace(source="three", original_source="three") for one in both]
    found = gap([*both, *counted, *own], one="counter", three="counter")
    assert [comparison.witness for comparison in found.comparisons] == [
        "counter",
        "three",
        "counter",
    ]
    assert found.agreement.witnesses == 2


def test_who_restates_a_figure_that_was_passed_on_is_of_its_origin() -> None:
    both = [observation("US", "2023", 31), observation("CN", "2023", 2)]
    passed = [one._replace(source="two", original_source="one") for one in both]
    echo = [one._replace(source="three") for one in both]
    witnesses = {
        "one": Witness("one", None),
        "two": Witness("two", None),
        "three": Witness("two", None, ("two",)),
    }
    found = compare(FUNDING, "US", "CN", [*both, *passed, *echo], witnesses)
    assert found.agreement.witnesses == 1


def test_two_counts_that_one_source_passes_on_are_not_compared() -> None:
    american = observation("US", "2023", 31)._replace(original_source="counter")
    found = gap([american, observation("CN", "2023", 2)])
    assert not found.comparisons
    assert {refusal.reason for refusal in found.refusals} == {"different_origin"}


def test_more_is_not_always_ahead() -> None:
    both = [observation("US", "2023", 31), observation("CN", "2023", 2)]
    average = replace(FUNDING, id="average", higher_is="neither")
    behind = replace(FUNDING, id="dependence", higher_is="behind")
    sources = {"one": Witness("one", None)}
    neither = compare(average, "US", "CN", both, sources)
    assert neither.comparisons[0].periods[0].leader is None
    assert (neither.agreement.leaders, neither.agreement.higher) == ({}, {"US": 1})
    other = compare(behind, "US", "CN", both, sources)
    assert (other.agreement.leaders, other.agreement.higher) == ({"CN": 1}, {"US": 1})
    later = [*both, observation("US", "2024", 31), observation("CN", "2024", 20)]
    trend = compare(behind, "US", "CN", later, sources).comparisons[0].trend
    assert trend
    assert trend.direction == "closing"  # CN has less by fewer points
    assert 0 < trend.last_lead < trend.first_lead


@pytest.mark.parametrize(
    ("above", "below", "ratio"),
    [
        ("exact", "exact", "exact"),
        ("about", "exact", "about"),
        ("at_least", "exact", "at_least"),
        ("exact", "up_to", "at_least"),
        ("at_least", "about", "at_least"),
        ("up_to", "exact", "up_to"),
        ("exact", "at_least", "up_to"),
        ("at_least", "at_least", "about"),
        ("disputed", "exact", "disputed"),
    ],
)
def test_a_ratio_is_as_firm_as_its_sides_let_it_be(above: str, below: str, ratio: str) -> None:
    assert ratio_qualifier(above, below) == ratio


@pytest.mark.parametrize(
    ("chinese", "direction", "crossover"),
    [
        ((50, 25), "widening", None),
        ((25, 50), "closing", None),
        ((50, 50), "flat", None),
        ((50, 150), "reversed", "2023"),
        ((50, 200), "reversed", "2023"),  # 33.3 points behind after 33.3 ahead
        ((50, 400), "reversed", "2023"),
        ((99, 101), "reversed", "2023"),  # by one point, and yet
        ((50, 100), "closing", None),
        ((100, 150), "widening", None),
        ((100, 50), "widening", None),
    ],
)
def test_the_direction_is_that_of_the_lead(
    chinese: tuple[float, float], direction: str, crossover: str | None
) -> None:
    years = zip(("2022", "2023"), chinese, strict=True)
    observations = [
        one
        for year, value in years
        for one in (observation("US", year, 100), observation("CN", year, value))
    ]
    (comparison,) = gap(observations).comparisons
    assert comparison.trend
    assert (comparison.trend.direction, comparison.trend.crossover) == (direction, crossover)


def series(figures: Mapping[str, tuple[float, float]], **stated: Any) -> list[Observation]:
    """Return figures of the two by period."""
    return [
        observation(country, period, value, **stated)
        for period, values in figures.items()
        for country, value in zip(("US", "CN"), values, strict=True)
    ]


def test_a_lead_that_was_taken_over_is_said_to_be_so() -> None:
    (comparison,) = gap(series({"2022": (100, 50), "2023": (100, 150)})).comparisons
    assert comparison.trend
    assert comparison.trend.leader == "US"
    assert trend_words(comparison, {"US": "United States", "CN": "China"}) == (
        "Taken over: the United States was ahead by 33.3 percentage points of the two together in "
        "2022, and China by 20.0 in 2023. The lead changed hands in 2023."
    )
    (level,) = gap(series({"2022": (50, 50), "2023": (100, 150)})).comparisons
    assert level.trend
    assert (level.trend.leader, level.trend.direction) == ("CN", "widening")
    assert level.trend.last_lead == 20


def test_a_lead_that_is_lost_by_way_of_a_tie_has_changed_hands() -> None:
    figures = {"2019": (100, 50), "2020": (100, 100), "2021": (100, 150), "2022": (200, 100)}
    (comparison,) = gap(series(figures)).comparisons
    assert comparison.trend
    assert comparison.trend.crossovers == ["2021", "2022"]
    assert comparison.trend.crossover == "2022"


def test_a_trend_is_that_of_periods_as_long_as_the_newest() -> None:
    years = {"2020": (10, 5), "2022": (30, 10)}
    quarters = {"2021-Q1": (10, 5), "2021-Q2": (10, 8), "2021-Q3": (10, 9)}
    (comparison,) = gap(
        sorted(series(years) + series(quarters), key=lambda o: o.first_day)
    ).comparisons
    assert comparison.trend
    assert (comparison.trend.first, comparison.trend.direction) == ("2020", "widening")


@pytest.mark.parametrize(
    ("percentages", "told", "crossovers"),
    [
        (
            {"2023-Q1": (18, 19), "2023-Q2": (19, 12), "2023": (20, 15), "2024": (30, 20)},
            ["2023"],
            [],
        ),
        (  # two half-years, and the quarter that follows on them
            {"2024-01/2024-06": (9, 10), "2024-07/2024-12": (12, 10), "2025-Q1": (14, 15)},
            ["2024-01/2024-06", "2024-07/2024-12"],
            ["2024-07/2024-12", "2025-Q1"],
        ),
        (  # the year before, and quarters without the year that they are of
            {"2022": (9, 10), "2023-Q1": (12, 10), "2023": (5, 15), "2023-Q4": (14, 10)},
            ["2022", "2023-Q1"],
            ["2023-Q1"],
        ),
        (  # days that lie in others
            {"2024-01-01/2024-01-20": (9, 10), "2024-01-10": (12, 10), "2024-03-01": (14, 10)},
            ["2024-01-10"],
            [],
        ),
        ({"2023-Q1": (9, 10), "2023": (12, 10)}, [], []),
    ],
)
def test_no_part_of_a_period_is_set_beside_the_whole(
    percentages: dict[str, tuple[float, float]], told: list[str], crossovers: list[str]
) -> None:
    found = gap(series(percentages, unit="percent"))
    (comparison,) = found.comparisons
    assert [one.period for one in comparison.periods] == [*percentages]
    assert [one.reason for one in found.refusals] == ["single_period"] * (not told)
    trend = comparison.trend
    assert ([*trend.by_first] if trend else []) == told
    assert (trend.crossovers if trend else []) == crossovers


def test_periods_of_some_days_are_not_of_one_length() -> None:
    figures = {"2024-01-02/2024-01-20": (10, 5), "2024-02-02": (10, 5), "2024-03-02": (10, 9)}
    (comparison,) = gap(series(figures)).comparisons
    assert comparison.trend
    assert comparison.trend.first == "2024-02-02"


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (("exact", "exact"), ("exact", "exact"), "closing"),
        (("at_least", "exact"), ("exact", "up_to"), None),  # from 33 or more to 25 or more
        (("exact", "exact"), ("exact", "up_to"), None),  # to anything from 25 to 100
        (("at_least", "exact"), ("exact", "exact"), "closing"),  # from 33 or more to 25
    ],
)
def test_a_trend_holds_for_all_that_its_figures_can_stand_for(
    first: tuple[str, str], last: tuple[str, str], told: str | None
) -> None:
    figures = [("2020", (100, 50), first), ("2021", (100, 60), last)]
    found = gap(
        [
            observation(country, period, value, qualifier=qualifier)
            for period, values, firmness in figures
            for country, value, qualifier in zip(("US", "CN"), values, firmness, strict=True)
        ]
    )
    (comparison,) = found.comparisons
    assert (comparison.trend and comparison.trend.direction) == told
    reasons = {refusal.reason for refusal in found.refusals}
    assert reasons == (set() if told else {"qualifier_overlap"})


LARGEST = next(one for one in INDICATORS if one.id == "largest-training-compute")
NAMES = {"US": "United States", "CN": "China"}


@pytest.mark.parametrize(
    ("figures", "direction", "leads", "said"),
    [
        (  # 1 - 2/10, 1 - 1/20
            {"2020": (10, 2), "2021": (20, 1)},
            "widening",
            (80, 95),
            (
                "Widening: China was 80.0 percent below the United States in 2020, and 95.0 "
                "percent in 2021."
            ),
        ),
        (  # 1 - 2/10, -(1 - 10/40)
            {"2020": (10, 2), "2021": (10, 40)},
            "reversed",
            (80, -75),
            (
                "Taken over: China was 80.0 percent below the United States in 2020, and the "
                "United States 75.0 percent below China in 2021. The lead changed hands in 2021."
            ),
        ),
        ({"2019": (0, 0), "2020": (4, 4), "2021": (10, 5)}, "widening", (0, 50), None),
    ],
)
def test_what_does_not_add_up_has_a_trend_by_how_much_the_other_one_is_below(
    figures: Mapping[str, tuple[float, float]],
    direction: str,
    leads: tuple[float, float],
    said: str | None,
) -> None:
    found = compare(LARGEST, "US", "CN", series(figures), {"one": Witness("one", None)})
    (comparison,) = found.comparisons
    trend = comparison.trend
    assert trend
    assert (trend.direction, trend.first) == (direction, "2020")
    assert (trend.first_lead, trend.last_lead) == leads
    assert "below" in trend.measure
    if said:
        assert trend_words(comparison, NAMES) == said


@pytest.mark.parametrize(
    ("nobodys", "is_certain"),
    [(3, True), (9, False)],  # the largest of nobody is the other's own, and is not added to it
)
def test_the_largest_of_no_country_could_be_the_others(nobodys: float, is_certain: bool) -> None:  # noqa: FBT001
    figures = series({"2020": (10, 2), "2021": (20, 3)})
    nowhere: LeftOut = {("one", "2021", "USD", "ai", ""): nobodys}
    sources = {"one": Witness("one", None)}
    (comparison,) = compare(LARGEST, "US", "CN", figures, sources, nowhere).comparisons
    assert comparison.trend
    assert comparison.trend.direction == "widening"
    assert comparison.trend.certain is is_certain
    assert "worked out here from the data of one: US 20" in comparison.sentence


@pytest.mark.parametrize(
    ("figures", "nobodys", "told"),
    [
        ({"2020": (19, 1), "2023": (125, 69)}, {"2023": 50}, "closing"),  # to 0.6 at the least
        ({"2020": (19, 1), "2023": (125, 69)}, {"2023": 62}, None),  # CN could be ahead
        ({"2020": (19, 1), "2023": (125, 69)}, {"2020": 30}, None),  # it could have been
        ({"2020": (1, 1), "2023": (5, 8)}, {}, "widening"),
        ({"2020": (1, 1), "2023": (5, 8)}, {"2020": 1}, None),
        ({"2020": (1, 1), "2023": (5, 8)}, {"2023": 9}, None),
        ({"2020": (9, 1), "2023": (1, 9)}, {"2023": 7}, "reversed"),
        ({"2020": (9, 1), "2023": (1, 9)}, {"2023": 9}, None),
    ],
)
def test_a_trend_is_certain_where_nobodys_cannot_turn_it(
    figures: Mapping[str, tuple[float, float]], nobodys: Mapping[str, float], told: str | None
) -> None:
    counted = next(one for one in INDICATORS if one.id == "models-released")
    left_out: LeftOut = {
        ("one", period, "USD", "ai", ""): value for period, value in nobodys.items()
    }
    sources = {"one": Witness("one", None)}
    (comparison,) = compare(counted, "US", "CN", series(figures), sources, left_out).comparisons
    trend = comparison.trend
    assert trend
    assert trend.certain is (told is not None)
    assert trend.by_first == {"2020": told}
    said = str(trend_words(comparison, NAMES)).endswith("What has no country could turn that.")
    assert said is not trend.certain


def test_a_trend_says_whose_lead_it_is_that_widens_or_closes_later() -> None:
    # 60, -20 and 50 points for the US
    back = gap(series({"2020": (80, 20), "2021": (40, 60), "2022": (75, 25)}))
    (comparison,) = back.comparisons
    assert comparison.trend
    assert comparison.trend.by_first == {"2020": "closing", "2021": "reversed"}
    assert "Seen from 2021 the other one was ahead." in str(trend_words(comparison, NAMES))
    # 60, -60 and -20 points for the US
    lost = gap(series({"2020": (80, 20), "2021": (20, 80), "2022": (40, 60)}))
    (comparison,) = lost.comparisons
    assert comparison.trend
    assert comparison.trend.by_first == {"2020": "reversed", "2021": "closing"}
    assert "Seen from 2021 that of China is closing." in str(trend_words(comparison, NAMES))


def test_a_trend_tells_what_it_is_seen_from_later_periods() -> None:
    # 60, 20, 40, 50, 50.6 and 55 points of the two together
    figures = {
        "2017": (0, 0),
        "2018": (80, 20),
        "2019": (60, 40),
        "2020": (70, 30),
        "2021": (75, 25),
        "2022": (753, 247),
        "2023": (775, 225),
    }
    (comparison,) = gap(series(figures)).comparisons
    trend = comparison.trend
    assert trend
    assert (trend.first, trend.direction) == ("2018", "closing")
    assert trend.by_first == {
        "2018": "closing",
        **dict.fromkeys(("2019", "2020", "2021", "2022"), "widening"),
    }
    assert (trend.recent, trend.recent_since, trend.depends_on_first) == ("widening", "2019", True)
    assert str(trend_words(comparison, NAMES)).endswith(
        "in 2018 and 55.0 in 2023. Seen from any of 2019 to 2022 it is widening."
    )
    (steady,) = gap(series({**figures, "2023": (753, 247)})).comparisons
    assert steady.trend
    assert (steady.trend.recent, steady.trend.recent_since) == ("flat", "2021")
    assert steady.trend.depends_on_first  # from 2019 and 2020 it is widening
    only_flat = {"2020": (60, 40), "2021": (75, 25), "2022": (751, 249)}
    (rested,) = gap(series(only_flat)).comparisons
    assert rested.trend
    assert (rested.trend.direction, rested.trend.recent) == ("widening", "flat")
    assert not rested.trend.depends_on_first


def test_why_there_is_no_trend_or_counterpart_is_told() -> None:
    nothing = gap(series({"2020": (5, 0), "2021": (0, 0)}))
    assert {refusal.reason for refusal in nothing.refusals} == {"zero_sum"}
    ended = gap(series({"2019": (0, 0), "2020": (5, 1), "2021": (0, 0)}))
    assert {refusal.reason for refusal in ended.refusals} == {"zero_sum"}
    parts = gap([observation("US", "2021", 5), observation("CN", "2021-01/2021-06", 3)])
    assert {refusal.reason for refusal in parts.refusals} == {"different_period"}


@pytest.mark.parametrize(
    ("values", "qualifier", "said"),
    [
        ((200, 14), "at_least", "at least 14.2 to 1"),  # 14.2857 is less than 14.3
        ((200, 14), "exact", ", 14.3 to 1"),
        ((100, 99.6), "exact", ", 1.004 to 1"),
        ((9_999_999, 9_999_998), "exact", "9.999999 million USD against CN 9.999998 million USD"),
        (
            (1_000_000_000, 999_999_999.4),
            "exact",
            "US 1 billion USD against CN 999.999999 million",
        ),
        ((999_999_960, 5), "exact", "US 1 billion USD"),
        ((1e28, 1), "exact", ", 1e+28 to 1"),
        ((1.23456e28, 1), "at_least", ", at least 1.234e+28 to 1"),
        ((1e300, 1e-300), "exact", "against CN 1e-300 USD"),
    ],
)
def test_a_sentence_says_no_more_than_the_figures(
    values: tuple[float, float], qualifier: str, said: str
) -> None:
    american = observation("US", "2023", values[0], qualifier=qualifier)
    (comparison,) = gap([american, observation("CN", "2023", values[1])]).comparisons
    assert said in comparison.sentence


def test_a_ratio_has_the_bounds_that_its_figures_allow() -> None:
    american = observation("US", "2023", 50, qualifier="at_least")
    found = gap([american, observation("CN", "2023", 0.25, qualifier="about")])
    (period,) = found.comparisons[0].periods
    assert (period.ratio, period.ratio_qualifier) == (200, "at_least")
    assert period.ratio_least == pytest.approx(50 / 0.275)
    assert period.ratio_most is None


def test_sources_that_restate_each_other_are_one_witness() -> None:
    circle = {"one": Witness("one", None, ("two",)), "two": Witness("one", None, ("one",))}
    both = [one for source in circle for one in series({"2023": (3, 2)}, source=source)]
    assert compare(FUNDING, "US", "CN", both, circle).agreement.witnesses == 1


def test_a_standing_tells_who_puts_them_level_and_who_has_no_figure_then() -> None:
    witnesses = {source: Witness(source, None) for source in ("one", "two")}
    level = series({"2021": (4, 2)}) + series({"2023": (3, 3)}, source="two")
    found = standing(FUNDING, ("US", "CN"), level, witnesses)
    assert (found.leader, found.witnesses_for, found.witnesses_level) == ("US", 1, 1)
    three = [*series({"2021": (9, 3), "2022": (9, 4)}), observation("GB", "2021", 1)]
    found = standing(FUNDING, ("US", "CN", "GB"), three, witnesses)
    assert (found.leader, found.period, found.not_compared) == ("US", "2021", [])


def test_whole_numbers_stay_whole() -> None:
    (comparison,) = gap(series({"2023": (31_000_000_000, 2_000_000_000)})).comparisons
    assert repr(comparison.periods[0].difference) == "29000000000"


_values = st.one_of(st.integers(0, 10**12), st.floats(1e-3, 1e26))
_periods = st.sampled_from(("2021", "2022", "2023", "2023-Q1", "2023-01/2023-11"))
_observations = st.lists(
    st.builds(
        observation,
        st.sampled_from(("US", "CN")),
        _periods,
        _values,
        source=st.sampled_from(("one", "two", "three")),
        scope=st.sampled_from(("ai", "generative-ai", None)),
        unit=st.sampled_from(("USD", "USD of 2021")),
        qualifier=st.sampled_from(("exact", "exact", "about", "at_least", "up_to", "disputed")),
        original_source=st.sampled_from((None, None, "two", "counter")),
    ),
    max_size=14,
)


@given(_observations)
def test_swapping_the_countries_swaps_the_answer(observations: list[Observation]) -> None:
    witnesses = {source: Witness(source, None) for source in ("one", "two", "three")}
    ahead = compare(FUNDING, "US", "CN", observations, witnesses)
    behind = compare(FUNDING, "CN", "US", observations, witnesses)
    assert ahead.agreement == behind.agreement
    assert ahead.refusals == behind.refusals
    for one, other in zip(ahead.comparisons, behind.comparisons, strict=True):
        for here, there in zip(one.periods, other.periods, strict=True):
            assert (here.leader, here.a, here.b) == (there.leader, there.b, there.a)
            if here.ratio and there.ratio:
                assert here.ratio * there.ratio == pytest.approx(1)


@given(_observations)
def test_a_source_that_restates_changes_no_count(observations: list[Observation]) -> None:
    before = gap(observations)
    copies = [one._replace(source="echo") for one in observations if one.source == "one"]
    after = gap([*observations, *copies], echo="one")
    assert after.agreement == before.agreement


@given(_observations, st.sampled_from((0.5, 2.0, 1024.0)))
def test_another_unit_of_measure_changes_no_ratio(
    observations: list[Observation], factor: float
) -> None:
    before = gap(observations)
    after = gap([one._replace(value=one.value * factor) for one in observations])
    assert after.agreement == before.agreement
    assert [refusal.reason for refusal in after.refusals] == [r.reason for r in before.refusals]
    for one, other in zip(before.comparisons, after.comparisons, strict=True):
        for here, there in zip(one.periods, other.periods, strict=True):
            assert there.ratio == pytest.approx(here.ratio)


@given(_observations, st.data())
def test_without_a_fact_an_answer_is_refused_or_gone(
    observations: list[Observation], data: st.DataObject
) -> None:
    keys = {
        (o.country, o.period, o.source, o.scope, o.unit, o.original_source) for o in observations
    }
    assume(observations and len(keys) == len(observations))  # one figure for each thing
    gone = data.draw(st.sampled_from(observations))
    before = gap(observations)
    after = gap([one for one in observations if one is not gone])
    found, left = (
        {
            (one.source, one.witness, one.scope, one.unit, period.period)
            for one in answer.comparisons
            for period in one.periods
        }
        for answer in (before, after)
    )
    assert left <= found
    assert after.agreement.witnesses <= before.agreement.witnesses


@given(_values, st.sampled_from(("exact", "about", "at_least", "up_to", "disputed")))
def test_a_figure_lies_within_its_bounds(value: float, qualifier: str) -> None:
    found = bounds(value, qualifier)
    assert found.least <= value <= found.most
    assert found.overlap(found)


@pytest.mark.parametrize(
    ("us", "cn", "direction"),
    [
        ((60.9, 62.3), (38.7, 41.1), "flat"),  # 22.2 to 21.2 points, which floats make more than 1
        ((41.1, 62.4), (28.2, 48.5), "flat"),
        ((41.1, 62.4), (28.2, 48.4), "widening"),  # 12.9 to 14
    ],
)
def test_a_lead_that_moved_by_just_one_point_is_flat(
    us: tuple[float, float], cn: tuple[float, float], direction: str
) -> None:
    waves = zip(("2025-H", "2026-Q1"), us, cn, strict=True)
    told = [
        one
        for period, a, b in waves
        for one in pair(a, b, period=period.replace("2025-H", "2025-07/2025-12"), unit="percent")
    ]
    (comparison,) = gap(told).comparisons
    assert comparison.trend
    assert comparison.trend.direction == direction
