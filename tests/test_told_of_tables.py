"""What a load says of a table: columns that stand twice, figures that are refused, and by whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.exchange.mapping import UnusableMapping
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed
from tests.test_mappings import own, written

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
