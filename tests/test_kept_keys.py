"""Keys that are made of names: each name has its own for good, whatever rows are renamed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.analysis.checks import check
from app.exchange.import_report import Report
from app.resources.ai_models import AI_MODELS
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import ai_model, listed, source, write
from tests.test_renaming import rename

_MAPPING = """
title = "AI models of a test"
about = "AI models."
resource = "models"
[source]
id = "mine"
publisher = "P"
title = "T"
published = "2024-06"
[file]
columns = ["Model"]
[fields]
id = { column = "Model", as = "key" }
name = { column = "Model" }
kind = { constant = "model" }
"""


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def load_names(database: Database, folder: Path, *names: str) -> Report:
    (folder / "mine.toml").write_text(_MAPPING, encoding="utf-8")
    (folder / "rows.csv").write_text("\n".join(("Model", *names, "")), encoding="utf-8")
    return load(database, folder / "rows.csv", str(folder / "mine.toml"))


def names(database: Database) -> dict[str, str]:
    return {row["id"]: row["name"] for row in listed(database, AI_MODELS)}


def test_no_new_name_has_a_key_that_was_replaced(database: Database, tmp_path: Path) -> None:
    load_names(database, tmp_path, "Foo X", "foo-x")
    rename(database, AI_MODELS, "foo-x-2", "bar")
    report = load_names(database, tmp_path, "FOO X!", "Foo X", "foo-x")
    assert report.rejects == []
    assert names(database) == {"foo-x": "Foo X", "bar": "foo-x", "foo-x-3": "FOO X!"}
    assert load_names(database, tmp_path, "foo-x", "FOO X!", "Foo X").revision is None


def test_a_row_that_was_renamed_keeps_its_name_where_another_makes_its_old_key(
    database: Database, tmp_path: Path
) -> None:
    load_names(database, tmp_path, "Foo X")
    rename(database, AI_MODELS, "foo-x", "bar")
    assert load_names(database, tmp_path, "FOO X", "Foo X", "foo x").rejects == []
    assert names(database) == {"bar": "Foo X", "foo-x-2": "FOO X", "foo-x-3": "foo x"}


def test_what_goes_on_under_the_key_of_another_source_is_not_added_again(
    database: Database, tmp_path: Path
) -> None:
    load_names(database, tmp_path, "Foo", "Bar")
    write(database, {SOURCES: [source("s")], AI_MODELS: [ai_model("theirs")]})
    with database.write(author="tests", message="a test") as writing:
        writing.note_replaced({"ai_models": {"foo": "theirs"}})
    (reject,) = load_names(database, tmp_path, "Foo", "Bar").rejects
    assert reject.expected == "a key that no other source's fact has"
    assert load_names(database, tmp_path, "FOO", "foo", "Bar").rejected == 1
    assert names(database) == {"theirs": "THEIRS", "bar": "Bar", "foo-2": "foo"}


def test_a_number_makes_no_key_longer_than_keys_may_be(database: Database, tmp_path: Path) -> None:
    long = "long-" * 20
    report = load_names(database, tmp_path, long, f"{long[:-1]}e", f"{long[:-1].upper()}E")
    assert report.rejects == []
    assert {len(key) for key in names(database)} == {99, 100, 94}
    with database.read() as transaction:
        assert list(check(transaction)) == []
