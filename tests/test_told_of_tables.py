"""What a load says of a table: columns that stand twice, figures that are refused, and by whom."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.exchange.mapping import UnusableMapping
from app.resources.funding import FUNDING
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed
from tests.test_mappings import OWN, own, written

CODES = ("US", "CN", "GB", "FR", "IN", "DE")
OWID = {"column": "Population", "metric": "population", "unit": "people"}


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def test_a_column_that_is_read_stands_once(database: Database, tmp_path: Path) -> None:
    table = written(tmp_path, "Year,Labs,Country,Labs\n2023,5,CN,6\n")
    with pytest.raises(UnusableMapping, match=r"has the column Labs more than once, .* 2, 4: "):
        load(database, table, own(tmp_path))
    table = written(tmp_path, "Entity,Code,Year,Population,Population\nChad,TCD,2023,5,6\n")
    with pytest.raises(UnusableMapping, match=r"the column Population .* columns 4, 5"):
        load(database, table, "owid", answers=OWID)
    share = "Q1 2026 AI Diffusion"
    table = written(tmp_path, f"Economy,{share},{share}\nChad,5%,6%\n")
    with pytest.raises(UnusableMapping, match=rf"the column {share} .* columns 2, 3"):
        load(database, table, "microsoft-diffusion")
    assert listed(database, STATISTICS) == []


def test_a_column_that_is_read_stands_under_one_of_its_names(
    database: Database, tmp_path: Path
) -> None:
    table = written(tmp_path, "Country,Number of labs,Year,Labs\nUS,12,2023,13\n")
    with pytest.raises(UnusableMapping, match="has the columns Labs, Number of labs, which are na"):
        load(database, table, own(tmp_path))
    twice = OWN.replace('["Number of labs"]', '["Number of labs", "Labs", "Year"]')
    with pytest.raises(UnusableMapping, match="has the columns Labs, Year, which are names of one"):
        load(database, written(tmp_path, "Country,Year,Labs\nUS,2023,13\n"), own(tmp_path, twice))
    unread = OWN.replace("[names]", '[names]\n"Notes" = ["Remarks"]')
    both = written(tmp_path, "Country,Year,Labs,Notes,Remarks\nUS,2023,13,a,b\n")
    assert load(database, both, own(tmp_path, unread)).facts == 1


def test_a_column_that_was_asked_for_is_taken_under_the_name_that_was_given(
    database: Database, tmp_path: Path
) -> None:
    text = OWN.replace('column = "Labs"\nas = "number"', 'column = "{which}"\nas = "number"')
    text = text.replace('[[skip]]\ncolumn = "Labs"', '[[skip]]\ncolumn = "{which}"')
    text += '[ask.which]\nabout = "the column of figures"\nexample = "Labs"\n'
    table = written(tmp_path, "Country,Number of labs,Year,Labs\nUS,12,2023,13\n")
    load(database, table, own(tmp_path, text), answers={"which": "Labs"})
    assert [row["value"] for row in listed(database, STATISTICS)] == [13]


def test_columns_that_nothing_reads_may_repeat(database: Database, tmp_path: Path) -> None:
    table = written(tmp_path, "Entity,Code,Year,Population,Note,Note\nChad,TCD,2023,5,a,b\n")
    report = load(database, table, "owid", answers=OWID)
    assert (report.facts, report.unused_columns) == (1, ["Note"])


def test_a_chart_file_of_all_times_loads_without_what_is_no_country_or_too_old(
    database: Database, tmp_path: Path
) -> None:
    told = {
        "Chad,TCD": [*range(-10000, 0, 1000), 0, 500, *range(1700, 1900), 1900, 2023],
        "European Union (27),OWID_EU27": [1899, 2023],
        "World,OWID_WRL": [1800, 2023],
        "High-income countries,OWID_HIC": range(1950, 2024),
        "Kosovo,OWID_KOS": range(1950, 2024),
        "USSR,OWID_USS": [1800, 1950],
        "Africa (UN),": [2023],
    }
    rows = [f"{entity},{year},5" for entity, years in told.items() for year in years]
    table = written(
        tmp_path, "\n".join(["Entity,Code,Year,Population", *rows, "Oz,OWID_OZ,2023,5"])
    )
    report = load(database, table, "owid", answers=OWID)
    assert [(row["country"], row["period"]) for row in listed(database, STATISTICS)] == [
        ("EU", "2023"),
        ("TD", "1900"),
        ("TD", "2023"),
        ("WLD", "2023"),
    ]
    assert [one.found for one in report.rejects] == ["OWID_OZ"]
    assert sorted(report.told.skipped.items()) == [
        ("a group by income, a territory or a country of the past that is not known here", 150),
        ("a group of countries that is not known here (it has no code)", 1),
        ("of a year before 1900", 214),
    ]


FUNDS = """
title = "Funds"
about = "Funding of countries, in millions."
resource = "funding"
file = { columns = ["Country", "Millions"] }
source = { id = "funds", publisher = "P", title = "Funds" }
[fields]
id = { template = "{Country}-2023-funds", as = "key" }
kind = { constant = "total" }
country = { column = "Country", as = "country" }
scope = { constant = "ai" }
period = { constant = "2023" }
amount_usd = { column = "Millions", as = "whole", times = 1000000 }
qualifier = { constant = "exact" }
locator = { template = "Row of {Country}" }
"""


@pytest.mark.parametrize("transform", ["whole", "number"])
def test_what_is_multiplied_is_exact_before_it_is_asked_whether_it_is_whole(
    database: Database, tmp_path: Path, transform: str
) -> None:
    broken = f"1.{35 * '0'}1"
    cells = ("26.5", "0.000001", broken, "1.1", "9e12", "1e999999")
    rows = [f"{country},{cell}" for country, cell in zip(CODES, cells, strict=True)]
    table = written(tmp_path, "\n".join(["Country,Millions", *rows]))
    report = load(database, table, own(tmp_path, FUNDS.replace("whole", transform)))
    found = {row["country"]: row["amount_usd"] for row in listed(database, FUNDING)}
    assert found == {"US": 26_500_000, "CN": 1, "FR": 1_100_000, "IN": 9 * 10**18}
    assert [(one.found, one.expected) for one in report.rejects] == [
        (broken, "is not a whole number"),
        ("1e999999", "is more than a whole number of 64 bits can be"),
    ]


def test_a_number_that_is_multiplied_is_the_nearest_to_what_it_comes_to(
    database: Database, tmp_path: Path
) -> None:
    mapping = own(tmp_path, OWN.replace('as = "number"', 'as = "number"\ntimes = 1000000'))
    load(database, written(tmp_path, "Country,Year,Labs\nUS,2023,16.4\nCN,2023,8.2e-6\n"), mapping)
    assert [row["value"] for row in listed(database, STATISTICS)] == [8.2, 16_400_000]


@pytest.mark.parametrize(
    ("decimal", "cells", "values"),
    [
        (",", ("1.200", "8,5", "1.234.567,25", "9,0e3"), [1200, 8.5, 1_234_567.25, 9000]),
        (".", ("1,200", "8.5", "1,234,567.25", "7"), [1200, 8.5, 1_234_567.25, 7]),
    ],
)
def test_numbers_have_the_signs_that_the_mapping_names(
    database: Database, tmp_path: Path, decimal: str, cells: tuple[str, ...], values: list[float]
) -> None:
    mapping = own(tmp_path, OWN.replace('"number"', f'"number"\ndecimal = "{decimal}"'))
    rows = [f"{country};2023;{cell}" for country, cell in zip(CODES, cells, strict=False)]
    load(database, written(tmp_path, "\n".join(["Country;Year;Labs", *rows])), mapping)
    found = {row["country"]: row["value"] for row in listed(database, STATISTICS)}
    assert list(map(found.get, CODES[:4])) == values


@pytest.mark.parametrize(
    ("decimal", "cells"),
    [
        (",", ("1.2", "1,200.5", "1.2000", "n", "1,2,3")),
        (",", ("0.263", "00.263", "000.000", "01.200", "0.263,5", "1.500e3")),
        (".", ("1,2", "1.200,5", "12,00", "0,263")),
    ],
)
def test_numbers_without_these_signs_are_refused(
    database: Database, tmp_path: Path, decimal: str, cells: tuple[str, ...]
) -> None:
    mapping = own(tmp_path, OWN.replace('"number"', f'"number"\ndecimal = "{decimal}"'))
    rows = [f"{country};2023;{cell}" for country, cell in zip(CODES, cells, strict=False)]
    table = written(tmp_path, "\n".join(["Country;Year;Labs", *rows]))
    told = [one[2] for one in refused(database, table, mapping)]
    assert len(told) == len(cells)
    assert all(f"is not a number that has {decimal} before its decimals" in one for one in told)


def test_a_number_that_may_have_a_point_between_thousands_is_refused(
    database: Database, tmp_path: Path
) -> None:
    cells = ("1.200", "0.263", "15.30", "1.234.567", "8,5", "1200")
    rows = [f"{country};2023;{cell}" for country, cell in zip(CODES, cells, strict=True)]
    table = written(tmp_path, "\n".join(["Country;Year;Labs", *rows]))
    found = refused(database, table, own(tmp_path))
    way = 'say in the mapping which sign is before decimals, by decimal = "," or decimal = "."'
    assert [one[1] for one in found] == ["1.200", "1.234.567", "8,5"]
    assert all(way in one[2] for one in found)
    plain = written(
        tmp_path, table.read_text(encoding="utf-8").replace(";8,5", ";8").replace(";", ",")
    )
    assert [one[1] for one in refused(database, plain, own(tmp_path))] == ["1.234.567"]


def test_numbers_of_a_workbook_have_no_comma(database: Database, tmp_path: Path) -> None:
    mapping = own(tmp_path, OWN.replace('"number"', '"number"\ndecimal = ","'))
    table = written(tmp_path, '{"Country": "US", "Year": 2023, "Labs": 1.2}\n', "labs.ndjson")
    with pytest.raises(UnusableMapping, match=r"mine: fields\.value\.decimal is a comma, and numb"):
        load(database, table, mapping)


# Rows that are refused


def refused(database: Database, path: Path, mapping: str, **asked: Any) -> list[tuple[str, ...]]:
    """Return what is refused of a file: the columns, what is there, what was expected."""
    report = load(database, path, mapping, **asked)
    return [(one.column, one.found, one.expected) for one in report.rejects]


def test_a_refusal_names_the_column_that_was_asked_for(database: Database, tmp_path: Path) -> None:
    table = written(tmp_path, "Entity,Code,Year,Population\nChad,TCD,2023,many\n")
    ((column, found, _),) = refused(database, table, "owid", answers=OWID)
    assert (column, found) == ("Population", "many")
    table = written(tmp_path, "Entity,Code,Year,Population\nChad,TCD,2023,4\n")
    asked = {**OWID, "metric": "a metric"}
    ((column, found, _),) = refused(database, table, "owid", answers=asked)
    assert (column, found) == ("metric", "a metric")


@pytest.mark.parametrize("cell", ["1e400", "1e100", "1e-101"])
def test_a_refusal_by_the_schema_names_the_column_and_the_cell_as_it_was_found(
    database: Database, tmp_path: Path, cell: str
) -> None:
    table = written(tmp_path, f"Country,Year,Number of labs\nUS,2023,{cell}\n")
    ((column, found, expected),) = refused(database, table, own(tmp_path))
    assert (column, found) == ("Number of labs", cell)
    assert len(expected) < 70


def test_a_refusal_names_the_one_of_several_columns_that_says_something(
    database: Database, tmp_path: Path
) -> None:
    several = OWN.replace('column = "Country"', 'column = ["Code", "Country"]')
    table = written(tmp_path, "Country,Code,Year,Labs\nAtlantis,,2023,5\nUS,XQ,2023,5\n,,2023,5\n")
    found = refused(database, table, own(tmp_path, several))
    assert [one[:2] for one in found] == [("Country", "Atlantis"), ("Code", "XQ"), ("Code", "")]
    assert found[-1][2] == "is missing"


def test_a_refusal_of_what_a_template_makes_names_its_column_or_else_the_field(
    database: Database, tmp_path: Path
) -> None:
    table = written(tmp_path, f"Country,Year,Labs\nUS,2023,5\nCN,2023,{'0' * 39}\n")
    one = OWN.replace('template = "Row of {Country}, {Year}"', 'template = "{Labs}"\nas = "term"')
    one = one.replace('"{=country}-{Year}-labs-my-institute"', '"{Country}"').replace(
        '"key"', '"text"'
    )
    assert [found[:2] for found in refused(database, table, own(tmp_path, one))] == [
        ("Country", "US"),
        ("Country", "CN"),
    ]
    both = OWN.replace('as = "key"', 'as = "text"')
    assert [found[:2] for found in refused(database, table, own(tmp_path, both))] == [
        ("id", "US-2023-labs-my-institute"),
        ("id", "CN-2023-labs-my-institute"),
    ]


def test_a_refusal_in_a_spread_column_names_it(database: Database, tmp_path: Path) -> None:
    table = written(tmp_path, "Economy,H1 2025 AI Diffusion,H2 2199 AI Diffusion\nChad,x,5%\n")
    found = refused(database, table, "microsoft-diffusion")
    table = written(tmp_path, "Economy,H2 2199 AI Diffusion\nChad,5%\n")
    found += refused(database, table, "microsoft-diffusion")
    assert [one[:2] for one in found] == [
        ("H1 2025 AI Diffusion", "x"),
        ("H2 2199 AI Diffusion", "2199-07/2199-12"),
    ]


def test_what_words_mean_is_refused_as_it_was_found(database: Database, tmp_path: Path) -> None:
    mapping = OWN.replace('"number"', '"number"\nwords = { "X" = "ten", "*" = "=" }')
    found = refused(
        database, written(tmp_path, "Country,Year,Labs\nUS,2023,X\n"), own(tmp_path, mapping)
    )
    assert [one[1:] for one in found] == [("X", found[0][2])]
    assert found[0][2].startswith("is not a number")


def test_kinds_of_refusals_have_the_whole_name_of_their_column(
    database: Database, tmp_path: Path
) -> None:
    mapping = OWN.replace('column = "Labs"', 'column = "Labs (all)"').replace(
        '"Labs"]', '"Labs (all)"]'
    )
    rows = ["US,2023,few", "CN,2023,many", "FR,2023,3", "FRA,2023,3", "IN,2023,3", "IND,2023,3"]
    table = written(tmp_path, "\n".join(["Country,Year,Labs (all)", *rows]))
    report = load(database, table, own(tmp_path, mapping))
    assert report.kinds == {"Labs (all): is not a number": 2, "id: a key of its own": 2}
