"""Changes and indexes of series that have periods of several lengths, or that overlap."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.kit.periods import Period, months, parse_period
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests import made_up_answers
from tests.ledger_rows import source, statistic, write
from tests.made_up_answers import read

written = made_up_answers.written

NONE, SEVERAL = "no_earlier_period", "several_values"
Figures = Mapping[str, float]
Figure = tuple[Period, int]

QUARTERS_AND_YEARS = {"2023-Q1": 18, "2023-Q2": 19, "2023-Q4": 22, "2023": 20, "2024": 30}
HALVES_AND_A_QUARTER = {"2025-01/2025-06": 15.4, "2025-07/2025-12": 16.3, "2026-Q1": 16.4}
QUARTERS_OF_EACH_MONTH = {"2023-Q1": 1, "2023-02/2023-04": 2, "2023-Q2": 4, "2023-05/2023-07": 8}


def _worked_out(
    written: tuple[TestClient, Database],
    figures: Figures,
    *,
    unit: str = "percent",
    keys: str = "abcdefghijkl",
    **query: str,
) -> dict[str, Any]:
    client, database = written
    rows = [
        statistic(key, metric="use", unit=unit, period=period, value=value)
        for key, (period, value) in zip(keys, figures.items(), strict=False)
    ]
    write(database, {SOURCES: [source()], STATISTICS: rows})
    found = read(client, "/observations", indicator="use", **query)
    return {one["period"]: one["reason"] or one["value"] for one in found}


@pytest.mark.parametrize("keys", ["abcde", "edcba", "dbeca"])
def test_a_change_is_since_the_period_as_long_that_ends_the_day_before(
    written: tuple[TestClient, Database], keys: str
) -> None:
    changes = _worked_out(written, QUARTERS_AND_YEARS, keys=keys, units="change")
    assert changes == {"2023-Q1": NONE, "2023-Q2": 1, "2023-Q4": NONE, "2023": NONE, "2024": 10}
    percents = _worked_out(written, QUARTERS_AND_YEARS, keys=keys, units="percent_change")
    assert (percents["2023-Q2"], percents["2024"]) == (pytest.approx(100 / 18), 50)


@pytest.mark.parametrize(
    ("figures", "unit", "expected"),
    [
        (HALVES_AND_A_QUARTER, "percent", [NONE, 0.9, 0.1]),
        (HALVES_AND_A_QUARTER, "users", [NONE, 0.9, NONE]),
        # No year is before it, and of a half and a quarter the quarter is nearer.
        ({"2023-07/2023-12": 4, "2023-Q4": 5, "2024": 9}, "percent", [NONE, NONE, 4]),
        ({"2024": 9, "2023-Q4": 5, "2023-07/2023-12": 4}, "percent", [4, NONE, NONE]),
        # What ends later, earlier, or on a day of the month before is not the period before.
        ({"2023-Q2": 4, "2023-01/2023-05": 6, "2023-Q1": 7}, "percent", [-3, NONE, NONE]),
        ({"2022": 4, "2023-Q2": 6}, "percent", [NONE, NONE]),
        ({"2023-01-05/2023-03-20": 4, "2023-Q2": 6}, "percent", [NONE, NONE]),
        ({"2023-01-05/2023-03-31": 4, "2023-Q2": 6}, "percent", [NONE, 2]),
        (QUARTERS_OF_EACH_MONTH, "percent", [NONE, NONE, 3, 6]),
        (QUARTERS_OF_EACH_MONTH, "users", [NONE, NONE, 3, 6]),
        # Days follow days, and without one what ends the day before.
        ({"2023": 4, "2024-01-01": 6, "2024-05-03": 9}, "percent", [NONE, 2, 3]),
        ({"2023": 4, "2024-01-01": 6, "2024-05-03": 9}, "users", [NONE, NONE, 3]),
        ({"9999": 4, "9999-12-31": 6}, "percent", [NONE, NONE]),
    ],
)
def test_the_period_before_ends_the_day_before(
    written: tuple[TestClient, Database], figures: Figures, unit: str, expected: list[Any]
) -> None:
    changes = _worked_out(written, figures, unit=unit, units="change")
    assert [changes[period] for period in figures] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (HALVES_AND_A_QUARTER, [100, 100 * 16.3 / 15.4, 100 * 16.4 / 15.4]),
        (QUARTERS_AND_YEARS, [100, 100 * 19 / 18, 100 * 22 / 18, 100, 150]),
        # A year that only follows quarters goes on from them; and they from one that they follow.
        ({"2023-Q3": 10, "2023-Q4": 12, "2024": 15}, [100, 120, 150]),
        ({"2022": 10, "2023-Q1": 12, "2023-Q3": 15}, [100, 120, 150]),
        ({"2022": 10, "2023-Q1": 12, "2023-Q2": 15, "2023": 20}, [100, 100, 125, 200]),
    ],
)
def test_where_periods_overlap_an_index_begins_anew_for_each_length(
    written: tuple[TestClient, Database], figures: Figures, expected: list[float]
) -> None:
    indexes = _worked_out(written, figures, units="index")
    assert [indexes[period] for period in figures] == pytest.approx(expected)


def test_a_base_that_is_named_is_that_of_percentages_of_every_length(
    written: tuple[TestClient, Database],
) -> None:
    indexes = _worked_out(written, QUARTERS_AND_YEARS, units="index", base_period="2023")
    assert indexes == {"2023-Q1": 90, "2023-Q2": 95, "2023-Q4": 110, "2023": 100, "2024": 150}


PERIODS = [
    *("2022", "2023", "2024", "2022-Q4", "2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1"),
    *("2022-07/2022-12", "2023-01/2023-06", "2023-07/2023-12", "2023-02/2023-04", "2023-12"),
    *("2024-01", "2023-12-31", "2024-01-01", "2023-03-05/2023-06-30", "2022/2023"),
]


@pytest.mark.parametrize("seed", range(6))
def test_changes_and_indexes_are_those_of_the_rules_and_not_of_the_keys(
    written: tuple[TestClient, Database], seed: int
) -> None:
    client, database = written
    random = Random(seed)
    series = {
        (country, scope, unit): [
            (parse_period(period), random.randint(1, 90))
            for period in random.choices(PERIODS, k=random.randint(2, 9))
        ]
        for country in ("US", "CN", "GB")
        for scope in (None, "part")
        for unit in ("percent", "users")
    }
    every = [(one, figure) for one, figures in series.items() for figure in figures]
    keys = random.sample(range(1000), len(every))
    write(
        database,
        {
            SOURCES: [source()],
            STATISTICS: [
                statistic(f"k{key}", metric="use", period=period.text, value=value)
                | {"country": country, "scope": scope, "unit": unit}
                for key, ((country, scope, unit), (period, value)) in zip(keys, every, strict=True)
            ],
        },
    )
    for units, rule in (("change", _changes), ("index", _indexes)):
        found = read(client, "/observations", indicator="use", units=units, limit=1000)
        got = {one["fact"]: one["reason"] or one["value"] for one in found}
        assert len(got) == len(every)
        told = [
            answer for (_, _, unit), figures in series.items() for answer in rule(figures, unit)
        ]
        assert [got[f"k{key}"] for key in keys] == pytest.approx(told)


def _changes(figures: list[Figure], unit: str) -> Iterator[Any]:
    for period, value in figures:
        before = _before(period, {other for other, _ in figures}, unit)
        if before is None:
            is_one_of_several = len(_stated(figures, period)) > 1
            yield SEVERAL if is_one_of_several else NONE
        elif len(_stated(figures, period)) > 1 or len(_stated(figures, before)) > 1:
            yield SEVERAL
        else:
            yield value - _stated(figures, before)[0]


def _before(period: Period, others: set[Period], unit: str) -> Period | None:
    if months(period) == 0 and period.first == period.last:
        days = [one for one in others if one.first == one.last and one.first < period.first]
        if days:
            return max(days, key=lambda one: one.first)
    adjoining = [one for one in others if one.last + timedelta(1) == period.first]
    as_long = [one for one in adjoining if months(one) and months(one) == months(period)]
    if as_long or unit != "percent":
        return as_long[0] if as_long else None
    return max(adjoining, key=lambda one: one.first, default=None)


def _indexes(figures: list[Figure], unit: str) -> Iterator[Any]:
    periods = {period for period, _ in figures}
    pairs = combinations(periods, 2)
    overlap = any(one.first <= other.last and other.first <= one.last for one, other in pairs)
    for period, value in figures:
        like = {one for one in periods if _length(one) == _length(period)}
        base = min(
            like if overlap or unit != "percent" else periods, key=lambda one: (one.first, one.last)
        )
        if len(_stated(figures, period)) > 1 or len(_stated(figures, base)) > 1:
            yield SEVERAL
        else:
            yield 100 * value / _stated(figures, base)[0]


def _length(period: Period) -> Any:
    is_day = period.first == period.last
    return "day" if is_day else months(period) or period.text


def _stated(figures: list[Figure], period: Period) -> list[int]:
    return [value for other, value in figures if other == period]
