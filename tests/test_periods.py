"""Periods: read exactly as they are written, with the first and the last of their days."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.kit.errors import NotAllowed
from app.kit.periods import FORMS, parse_period, parse_period_range

DAYS = st.dates()


def year(day: date) -> str:
    return f"{day.year:04}"


def quarter(day: date) -> str:
    return f"{year(day)}-Q{(day.month + 2) // 3}"


def month(day: date) -> str:
    return f"{year(day)}-{day.month:02}"


FORM = st.sampled_from([year, quarter, month, date.isoformat])


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01", "2023-12-31"),
        ("2023-Q1", "2023-01-01", "2023-03-31"),
        ("2024-Q4", "2024-10-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-02", "2023-02-01", "2023-02-28"),
        ("2024-03-27", "2024-03-27", "2024-03-27"),
        ("2023-01/2023-11", "2023-01-01", "2023-11-30"),
        ("2023-12-31/2024-01-01", "2023-12-31", "2024-01-01"),
        ("0001", "0001-01-01", "0001-12-31"),
        ("9999-12", "9999-12-01", "9999-12-31"),
    ],
)
def test_a_period_has_its_first_and_its_last_day(text: str, first: str, last: str) -> None:
    period = parse_period(text)
    found = (period.text, period.first.isoformat(), period.last.isoformat())
    assert found == (text, first, last)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2022-01/2022-12", "2022"),
        ("2022-Q1/2022-Q4", "2022"),
        ("2022-01-01/2022-12-31", "2022"),
        ("2022-01/2023-12", "2022/2023"),
        ("2022-01/2022-03", "2022-Q1"),
        ("2022-02/2022-04", "2022-02/2022-04"),
        ("2022-Q1/2022-Q2", "2022-01/2022-06"),
        ("2022-Q4/2023", "2022-10/2023-12"),
        ("2024-02-01/2024-02-29", "2024-02"),
        ("2024-02-01/2024-02-28", "2024-02-01/2024-02-28"),
        ("0001-01/0001-12", "0001"),
    ],
)
def test_the_same_days_have_one_text(text: str, written: str) -> None:
    period = parse_period(text)
    assert period.text == written
    assert parse_period(written) == period


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_errors_name_is_one(form: str) -> None:
    assert parse_period(form).text == form


@given(day=DAYS, form=FORM)
def test_a_period_holds_exactly_the_days_that_are_written_alike(day: date, form: object) -> None:
    assert callable(form)
    period = parse_period(form(day))
    assert period.first <= day <= period.last
    assert {form(period.first), form(period.last)} == {period.text}
    if period.first > date.min:
        assert form(period.first - timedelta(1)) != period.text
    if period.last < date.max:
        assert form(period.last + timedelta(1)) != period.text


@given(start=DAYS, end=DAYS, forms=st.tuples(FORM, FORM))
def test_a_span_goes_from_the_first_day_of_its_start_to_the_last_of_its_end(
    start: date, end: date, forms: tuple[object, object]
) -> None:
    a, b = (form(day) for form, day in zip(forms, (start, end), strict=True) if callable(form))
    first, second = parse_period(a), parse_period(b)
    assume(first.first < second.first)
    span = parse_period(f"{a}/{b}")
    assert (span.first, span.last) == (first.first, second.last)
    assert parse_period(span.text) == span
    with pytest.raises(NotAllowed, match="does not come after its start"):
        parse_period(f"{b}/{a}")


@given(day=DAYS, form=FORM)
def test_a_span_of_a_period_with_itself_is_none(day: date, form: object) -> None:
    assert callable(form)
    with pytest.raises(NotAllowed):
        parse_period(f"{form(day)}/{form(day)}")


@given(start=DAYS, end=DAYS, forms=st.tuples(FORM, FORM))
def test_a_range_takes_the_outermost_days_of_its_ends(
    start: date, end: date, forms: tuple[object, object]
) -> None:
    a, b = (form(day) for form, day in zip(forms, (start, end), strict=True) if callable(form))
    first, last = parse_period(a).first, parse_period(b).last
    assume(first <= last)
    for text, expected in (
        (f"{a}..{b}", (first, last)),
        (f"{a}..", (first, None)),
        (f"..{b}", (None, last)),
        (a, (first, parse_period(a).last)),
    ):
        found = parse_period_range(text)
        assert (found.first, found.last) == expected


NOT_PERIODS = [
    *("", " ", "23", "02023", "2023 ", " 2023", "2023\n", "2023-", "-2023", "0000", "0000-01"),
    *("2023-1", "2023-13", "2023-00", "2023-Q0", "2023-Q5", "2023-q1", "2023Q1", "2023-2-3"),
    *("2023-02-29", "2024-02-30", "2024-04-31", "2024-01-00", "2023/", "/2023", "2023/2022"),
    *(
        "2023/2024/2025",
        "2023-11/2023-01",
        "\u0662\u0660\u0662\u0663",
        "\xb2\u2070\xb2\xb3",
        "20230101",
        "2023-W01",
    ),
    *("last year", "2023T", "2023-01-01T00:00:00", "1e3", "2023\u20132024", "NaN", "2023\0"),
]


@pytest.mark.parametrize("text", NOT_PERIODS)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        parse_period(text)
    assert refused.value.allowed == FORMS


@pytest.mark.parametrize(
    "text", [*NOT_PERIODS, "..", "...", "2023...2024", "2022..2023..2024", "2024..2023", "x..2023"]
)
def test_a_range_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotAllowed):
        parse_period_range(text)


@given(text=st.text())
def test_no_text_does_anything_but_be_read_or_be_refused(text: str) -> None:
    for read in (parse_period, parse_period_range):
        with suppress(NotAllowed):
            read(text)
