"""What a load says of a table: columns that stand twice, figures that are refused, and by whom."""

from collections.abc import Iterator
from pathlib import Path

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


def test_columns_that_nothing_reads_may_repeat(database: Database, tmp_path: Path) -> None:
    table = written(tmp_path, "Entity,Code,Year,Population,Note,Note\nChad,TCD,2023,5,a,b\n")
    report = load(database, table, "owid", answers=OWID)
    assert (report.facts, report.unused_columns) == (1, ["Note"])


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
