"""What `airace load` says and writes of a table: what was refused, and what came of the load."""

import csv
from pathlib import Path

import pytest

from tests.test_mappings import LABS, airace, own, written


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("reject_file", "said"),
    [
        (
            "nowhere/rejects.csv",
            "cannot be written, for --reject-file: No such file",
        ),
        ("labs-2024-05-01.csv/a.csv", "cannot be written, for --reject-file: Not a directory"),
        ("labs-2024-05-01.csv", "labs-2024-05-01.csv is the table itself"),
    ],
)
def test_nothing_is_loaded_where_what_is_refused_cannot_be_written(
    scratch: Path, reject_file: str, said: str
) -> None:
    table, mapping = written(scratch, LABS), own(scratch)
    result = airace("load", str(table), "--as", mapping, "--reject-file", reject_file)
    assert result.exit_code == 1
    assert f"nothing was loaded.\n{reject_file} " in result.stderr
    assert said in result.stderr
    assert table.read_text(encoding="utf-8") == LABS
    again = airace("load", str(table), "--as", mapping)
    assert "Loaded as revision 1" in again.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_what_is_refused_is_told_where_its_file_comes_to_be_full(scratch: Path) -> None:
    rows = [f"Atlantis,{year},1" for year in range(1950, 1980)]
    table = written(scratch, "\n".join(["Country,Year,Labs", *rows]))
    result = airace("load", str(table), "--as", own(scratch), "--reject-file", "/dev/full")
    assert result.exit_code == 1
    assert "/dev/full does not have what was refused: No space left on device." in result.stderr
    assert "line 2, column Country: 'Atlantis'" in result.stderr
    assert "and 10 more; --reject-file F has them all" in result.stderr


def test_the_file_of_what_is_refused_holds_no_formula(scratch: Path) -> None:
    table = written(scratch, "Country,Year,Labs\n=HYPERLINK(1),2023,1\nUS,2023,-5\n'@a,2023,1\n")
    result = airace("load", str(table), "--as", own(scratch), "--reject-file", "rejects.csv")
    assert result.exit_code == 1
    _, *rows = lines_of(scratch / "rejects.csv")
    assert [row[2] for row in rows] == ["'=HYPERLINK(1)", "'-5", "''@a"]
    told = " ".join(airace("load", "--help").stdout.split())
    assert "the line, column, found and expected of what was refused" in told


def test_rows_that_are_all_refused_are_not_said_to_be_there(scratch: Path) -> None:
    mapping = own(scratch)
    table = written(scratch, "Country,Year,Labs\nAtlantis,2023,1\nUS,2022,n/a\n")
    tried = airace("load", str(table), "--as", mapping, "--dry-run")
    assert "No row of it is loaded: 1 refused, 1 left out.\nOnly tried: " in tried.stdout
    loaded = airace("load", str(table), "--as", mapping)
    assert "No row of it is loaded: 1 refused, 1 left out.\nNothing was changed." in loaded.stdout
    assert (tried.exit_code, loaded.exit_code) == (1, 1)
    empty = airace("load", str(written(scratch, "Country,Year,Labs\n")), "--as", mapping)
    assert "It has no rows.\nNothing was changed.\n" in empty.stdout
    assert not [one for one in (tried, loaded, empty) if "there already" in one.stdout]


def test_the_rows_beside_those_that_are_refused_may_all_be_there(scratch: Path) -> None:
    table, mapping = written(scratch, LABS), own(scratch)
    airace("load", str(table), "--as", mapping)
    again = airace("load", str(table), "--as", mapping)
    assert "Everything else in it is there already; nothing was changed." in again.stdout
    right = written(scratch, "Country,Year,Labs\nUS,2023,12\n")
    same = airace("load", str(right), "--as", mapping, "--missing", "keep")
    assert "Everything in it is there already; nothing was changed." in same.stdout
