"""Companies that share a name, of one source or several: loaded again, a table changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.resources.companies import COMPANIES
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import company, listed, source, write
from tests.support import shared
from tests.test_described_companies import firms
from tests.test_imports_beside import let_fork

NAMED = {"country": "CN"}
DESCRIBED = {"country": "CN", "website": "https://one.example"}


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database without companies."""
    opened = Database(templates.empty())
    yield opened
    opened.close()


def parat(path: Path) -> Path:
    """Write a table of names, one of which two companies have."""
    return firms(path, "1,One,US,,,", "2,Two,US,,Dos,", "3,One,FR,,Un,")


def crunchbase(path: Path, *more: str) -> Path:
    """Write a table of addresses with the same companies."""
    rows = ("/organization/one,One,,USA", "/organization/two,Two,,USA", "/organization/un,One,,FRA")
    text = "\n".join(("permalink,name,homepage_url,country_code", *rows, *more, ""))
    (path / "crunchbase.csv").write_text(text, encoding="utf-8")
    return path / "crunchbase.csv"


def write_others(database: Database, *keys: str, **more: Any) -> None:
    """Write what another source says of companies of a name that the tables have, too."""
    write(database, {SOURCES: [source("s")]})
    write(database, {COMPANIES: [company(key, name="ONE", **more) for key in keys]})


def found(database: Database) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["country"], row["source"]) for row in listed(database, COMPANIES)}


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("are_first", [False, True])
@pytest.mark.parametrize("more", [NAMED, DESCRIBED])
@pytest.mark.parametrize("keys", [("mine",), ("mine", "other")])
@pytest.mark.parametrize("table", [parat, crunchbase])
def test_a_table_loaded_again_changes_nothing_where_another_source_has_one_of_its_names(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: Any,
    keys: tuple[str, ...],
    more: dict[str, Any],
    *,
    are_first: bool,
    beside: bool,
) -> None:
    if beside:
        let_fork(monkeypatch)
    file = table(tmp_path)
    if are_first:
        write_others(database, *keys, **more)
    rejected = load(database, file, max_rejects=1).rejected
    if not are_first:
        write_others(database, *keys, **more)
    before = found(database)
    for _ in range(3):
        again = load(database, file, max_rejects=1)
        assert (again.revision, again.rejected, found(database)) == (None, rejected, before)
    countries = {"US", "FR"} if table is crunchbase else {"US"}
    told = {country for country, stated in before.values() if stated != "s"}
    is_known = are_first and keys == ("mine",) and more is DESCRIBED
    assert ("mine" in before, told) == (True, {"US"} if is_known else countries)


def test_one_that_a_row_with_an_address_takes_is_no_other_rows(
    database: Database, tmp_path: Path
) -> None:
    """Another address is another company; the same address in other letters is the same."""
    write_others(database, "mine", **NAMED)
    file = crunchbase(tmp_path, "/Organization/ONE,One,,CAN")
    report = load(database, file, max_rejects=1)
    assert [(one.line, one.column) for one in report.rejects] == [(5, "id")]
    assert report.told.taken == ["mine"]
    assert {key: country for key, (country, _) in found(database).items()} == {
        "mine": "US",
        "one": "FR",
        "two": "US",
    }


def test_of_several_of_its_own_that_share_a_name_a_table_goes_on_with_the_first(
    database: Database, tmp_path: Path
) -> None:
    write_others(database, "mine", **DESCRIBED)
    load(database, firms(tmp_path, "1,Two,US,,,"))
    own = [company(key, name="One", source="cset-parat") for key in ("one-2", "one", "one-10")]
    write(database, {COMPANIES: own})
    report = load(database, firms(tmp_path, "1,Two,US,,,", "2,One,US,,,"))
    assert (report.added, report.changed, found(database)["one"][0]) == (0, 1, "US")
    assert load(database, firms(tmp_path, "1,Two,US,,,", "2,One,US,,,")).revision is None


@pytest.mark.parametrize("are_first", [False, True])
def test_parat_changes_nothing_when_it_is_loaded_again(
    sqlite_templates: Templates, *, are_first: bool
) -> None:
    """Also where another source has a company called as one of it."""
    database = Database(sqlite_templates.empty())
    file = shared("data/parat/companies.csv")
    others = {SOURCES: [source("s")], COMPANIES: [company("my-apple", name="apple", **DESCRIBED)]}
    if are_first:
        write(database, others)
    load(database, file)
    if not are_first:
        write(database, others)
    assert [load(database, file).revision for _ in range(2)] == [None, None]
    assert ("apple" in found(database)) is not are_first
    database.close()
