"""Tables with a column for each period: each cell is a figure, or is left out alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.resources.adoption import ADOPTION
from app.resources.companies import COMPANIES
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import company, listed, source, write
from tests.test_mappings import OWN, own, written

SPREAD = "[[spread]]\nheader = '(?P<year>\\d{4}) .*'\nset = { year = \"{year}\" }\n\n[[skip]]"
WIDE = (
    re.sub(r"published_from = .*", "", OWN)
    .replace('"Country", "Year", "Labs"]', '"Country"]')
    .replace("[[skip]]", SPREAD, 1)
    .replace('column = "Labs"\nas = "number"', 'column = "value"\nas = "number"\nnothing = [".."]')
    .replace('"Year"', '"year"')
    .replace("{Year}", "{year}")
    .replace('[[skip]]\ncolumn = "Labs"', '[[skip]]\ncolumn = "value"')
)
USERS = """
title = "Users by company"
about = "A column for each company."
resource = "adoption"

[file]
columns = ["Year"]

[source]
id = "users"
publisher = "P"
title = "T"
published = "2025"

[[spread]]
header = '(?P<who>[A-Z].+)(?<!Year)'
set = { who = "{who}" }

[fields]
id = { template = "{=company}-{Year}-users", as = "key" }
company = { column = "who", as = "company" }
metric = { constant = "users" }
period = { column = "Year", as = "period" }
value = { column = "value", as = "number" }
unit = { constant = "users" }
qualifier = { constant = "exact" }
"""


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with a company, that the test writes to."""
    opened = Database(templates.empty())
    write(opened, {SOURCES: [source("s")], COMPANIES: [company("acme")]})
    yield opened
    opened.close()


def figures_of(database: Database) -> list[tuple[str, str, float]]:
    rows = listed(database, STATISTICS)
    return sorted((row["country"], row["period"], row["value"]) for row in rows)


def test_a_figure_that_says_nothing_is_left_out_alone(database: Database, tmp_path: Path) -> None:
    rows = "Country,2022 [a],2023 [b],2024 [c]\nUS,1,..,\nChina,..,5,6\nFR,..,,\n"
    mapping = WIDE.replace(' "n/a"]', ' "-"]')
    report = load(database, written(tmp_path, rows), own(tmp_path, mapping), max_rejects=0)
    assert (report.rejected, report.facts, report.told.skipped) == (0, 3, {})
    expected = [("CN", "2023", 5.0), ("CN", "2024", 6.0), ("US", "2022", 1.0)]
    assert figures_of(database) == expected


def test_what_is_no_figure_is_refused_with_its_row(database: Database, tmp_path: Path) -> None:
    rows = "Country,2022 [a],2023 [b]\nUS,n/a,few\nChina,5,..\n"
    report = load(database, written(tmp_path, rows), own(tmp_path, WIDE), max_rejects=1)
    assert [(one.column, one.found) for one in report.rejects] == [("2023 [b]", "few")]
    assert (figures_of(database), report.told.skipped) == ([("CN", "2022", 5.0)], {})


@pytest.mark.parametrize(
    ("column", "texts", "left", "skipped"),
    [
        ("value", "n/a", ["CN 2022", "US 2023"], {"why": 1, "why, in some columns": 1}),
        ("header", "2023 [b]", ["CN 2022"], {"why": 1}),
        ("year", "2022", ["US 2023"], {"why, in some columns": 1, "why": 2}),
        ("Country", "China", ["US 2023"], {"why": 1}),
    ],
)
def test_figures_are_left_out_by_what_is_known_of_each(
    database: Database,
    tmp_path: Path,
    column: str,
    texts: str,
    left: list[str],
    skipped: dict[str, int],
) -> None:
    skip = f'[[skip]]\ncolumn = "{column}"\nis = ["{texts}"]\nwhy = "why"\n'
    start = WIDE.index("[[skip]]")
    mapping = WIDE[:start] + skip + WIDE[WIDE.index("[fields.id]") :]
    mapping = mapping.replace('nothing = [".."]', 'nothing = ["n/a"]')
    rows = "Country,2022 [a],2023 [b]\nUS,n/a,2\nChina,5,\nFR,n/a,\n"
    report = load(database, written(tmp_path, rows), own(tmp_path, mapping), max_rejects=0)
    assert [f"{country} {year}" for country, year, _ in figures_of(database)] == left
    assert report.told.skipped == skipped


def test_only_figures_of_known_companies_are_loaded_where_a_column_is_of_one(
    database: Database, tmp_path: Path
) -> None:
    rows = "Year,ACME,Others\n2023,5,6\n2024,,7\n"
    table, mapping = written(tmp_path, rows), own(tmp_path, USERS)
    report = load(database, table, mapping, only_known="company", max_rejects=0)
    assert [(row["company"], row["period"]) for row in listed(database, ADOPTION)] == [
        ("acme", "2023")
    ]
    why = "whose company is not known here"
    assert report.told.skipped == {f"{why}, in some columns": 1, why: 1}
