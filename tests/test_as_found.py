"""What stands in a file comes in as it stands there, or is refused by its line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.exchange.transforms import TRANSFORMS
from app.kit.errors import NotAllowed
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed, row_of, source, write
from tests.test_generic_tables import lines
from tests.test_imports_beside import let_fork
from tests.test_public_tables import opened
from tests.test_tables import rows_of, written

SHARED = {"kind": "round", "period": "2023", "source": "s"}


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with a source, that the test writes to."""
    opened_ = Database(sqlite_templates.empty())
    write(opened_, {SOURCES: [source("s")]})
    yield opened_
    opened_.close()


# JSON


def test_a_list_with_bytes_of_no_text_is_refused_by_the_second_process_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fork(monkeypatch)
    rows = [{"id": f"r{n}", "company": "Firm", "investors": ["A"], **SHARED} for n in range(3)]
    path = lines(tmp_path / "a.ndjson", *rows)
    bad = json.dumps({**rows[0], "id": "bad", "investors": ["C", "D?"]}).encode()
    path.write_bytes(path.read_bytes() + bad.replace(b"?", b"\xe9") + b"\n")
    report = load(database, path, "generic", source="s", max_rejects=1)
    assert [(one.line, one.column, one.found) for one in report.rejects] == [
        (4, "investors", "C;D\ufffd")
    ]
    assert report.facts == 3


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"a":' + '{"a":' * 1_000 + "1" + "}" * 1_001, "values are not all texts, numbers or"),
        ('{"a":' + "[" * 1_000 + "]" * 1_000 + "}", "values are not all texts, numbers or lists"),
        ('{"a": {"a": 1}}', "values are not all texts, numbers or lists"),
        ('{"a": "x", "a": "y"}', "an object that has a more than once"),
        ('{"a": ' + "9" * 5_000 + "}", "is not JSON"),
    ],
)
def test_a_line_that_no_row_can_be_made_of_is_refused(
    tmp_path: Path, line: str, fault: str
) -> None:
    (_, told) = rows_of(written(tmp_path, f'{{"a": "1"}}\n{line}\n'.encode(), "a.ndjson"))
    assert fault in told


def test_a_number_keeps_all_its_digits(tmp_path: Path) -> None:
    numbers = ("123456789012345678901234", "18446744073709551616", "-9223372036854775809", "1.5")
    content = "".join(f'{{"a": {number}, "b": ["x"]}}\n' for number in numbers)
    found = rows_of(written(tmp_path, content.encode(), "a.ndjson"))
    assert found == [[number, "x"] for number in numbers]


# Signs that stand for something while a file is read


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "xlsx"])
def test_a_list_of_ours_comes_back_as_it_was(
    sqlite_templates: Templates, tmp_path: Path, suffix: str
) -> None:
    texts = ("Table  3", "no\u00a0break", "an\ufffdy", "odd\ufdd1")
    with opened(sqlite_templates.empty()) as (client, database):
        given = [{"id": f"f{n}", "name": text, "source": "s"} for n, text in enumerate(texts)]
        write(database, {SOURCES: [source("s", title="Two  spaces")], COMPANIES: given_rows(given)})
        path = tmp_path / f"companies.{suffix}"
        path.write_bytes(client.get(f"/companies.{suffix}").content)
        report = load(database, path, "generic", resource="companies")
        assert (report.revision, report.rejects) == (None, [])
        (tmp_path / "s.csv").write_bytes(client.get("/sources.csv").content)
        assert load(database, tmp_path / "s.csv", "generic", resource="sources").revision is None


def given_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [COMPANIES.fact.model_validate(row).stored() for row in rows]


def test_a_line_end_within_a_cell_is_a_space(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,name,source\na,"two\nlines\tand  more",s\n', encoding="utf-8")
    load(database, path, "generic", resource="companies")
    found = row_of(database, COMPANIES, "a")
    assert found
    assert found["name"] == "two lines and more"


def test_a_sign_that_no_text_has_is_a_text_of_a_table(tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, "a,b\n\uffff,x\ufffd\n".encode())) == [["\uffff", "x\ufffd"]]


# Keys and names


MODELS = """
title = "A table of a test"
about = "AI models."
resource = "models"
missing = "remove"
[source]
id = "s"
publisher = "P of s"
title = "T"
[file]
columns = ["Name"]
[fields]
id = { column = "Name", as = "key" }
name = { column = "Name" }
kind = { constant = "model" }
"""


def test_a_name_is_the_same_however_its_accents_are_encoded(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "m.toml").write_text(MODELS, encoding="utf-8")
    path = tmp_path / "a.csv"
    for name in ("Caf\u00e9 1", "Cafe\u0301 1"):
        path.write_text(f"Name\n{name}\nOther\n", encoding="utf-8")
        load(database, path, str(tmp_path / "m.toml"))
        assert [row["id"] for row in listed(database, AI_MODELS)] == ["cafe-1", "other"]
    path.write_text("Name\nCaf\u00e9 1\nCafe\u0301 1\n", encoding="utf-8")
    report = load(database, path, str(tmp_path / "m.toml"), max_rejects=1)
    assert [(one.line, one.found) for one in report.rejects] == [(3, "cafe-1")]


@pytest.mark.parametrize("more", [0, 1])
def test_a_refused_row_changes_no_key_of_others(
    database: Database, tmp_path: Path, more: int
) -> None:
    """Who names a company first gives it its key, row by row, also where all rows are right."""
    rows: list[dict[str, Any]] = [
        {"id": "k1", "company": "Beta", "investors": ["C", "ACME"], **SHARED},
        {"id": "k2", "company": "C#", "investors": ["Acme"], **SHARED},
        *[{"id": "k3", "company": "Beta", "investors": [], **SHARED, "period": "2020-13"}] * more,
    ]
    path = lines(tmp_path / "a.ndjson", *rows)
    assert load(database, path, "generic", source="s", max_rejects=1).rejected == more
    found = {row["id"]: row["name"] for row in listed(database, COMPANIES)}
    assert found == {"beta": "Beta", "c": "C", "acme": "ACME", "c-2": "C#"}


# Periods


@pytest.mark.parametrize("text", ["2020/9999", "1899/2020", "2101", "2099/2101"])
def test_a_span_lies_in_the_years_that_there_can_be(text: str) -> None:
    with pytest.raises(NotAllowed, match="is not in the years 1900 to 2100"):
        TRANSFORMS["period"].read(text)
