"""Keys that are made of the keys of what rows name: they stay where these are replaced."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed, row_of
from tests.test_imports_beside import let_fork
from tests.test_renaming import rename

_SOURCE = """
[source]
id = "mine"
publisher = "P"
title = "T"
published = "2024-06"
"""
ROUNDS = f"""
title = "Rounds of a test"
about = "Rounds."
resource = "funding"
missing = "remove"
{_SOURCE}
[file]
columns = ["Company", "Date", "Amount"]
[fields]
id = {{ template = "{{=company}}-{{Date}}-my", as = "key" }}
kind = {{ constant = "round" }}
company = {{ column = "Company", as = "company" }}
period = {{ column = "Date", as = "period" }}
amount_usd = {{ column = "Amount", as = "whole" }}
qualifier = {{ constant = "exact" }}
"""
USERS = f"""
title = "Users of a test"
about = "Users of AI models."
resource = "adoption"
missing = "remove"
{_SOURCE}
[file]
columns = ["Model", "Maker", "When", "Users"]
[fields]
id = {{ template = "{{=model}}-{{=company}}-{{When}}-users", as = "key" }}
model = {{ column = "Model", as = "ai_model" }}
company = {{ column = "Maker", as = "address" }}
metric = {{ constant = "users" }}
period = {{ column = "When", as = "period" }}
value = {{ column = "Users", as = "number" }}
unit = {{ constant = "users" }}
qualifier = {{ constant = "exact" }}
"""


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def table(folder: Path, mapping: str, *rows: str) -> tuple[Path, str]:
    (folder / "mine.toml").write_text(mapping, encoding="utf-8")
    (folder / "rows.csv").write_text("\n".join((*rows, "")), encoding="utf-8")
    return folder / "rows.csv", str(folder / "mine.toml")


def rounds(database: Database) -> dict[str, tuple[str | None, int | None]]:
    return {row["id"]: (row["company"], row["amount_usd"]) for row in listed(database, FUNDING)}


@pytest.mark.parametrize("missing", ["remove", "keep"])
@pytest.mark.parametrize("beside", [False, True])
def test_a_round_keeps_its_key_where_its_company_has_another_one_now(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    *,
    beside: bool,
) -> None:
    if beside:
        let_fork(monkeypatch)
    rows = ["Company,Date,Amount", "Open AI,2023-04,300", "Other,2023-12,400"]
    load(database, *table(tmp_path, ROUNDS, *rows))
    rename(database, COMPANIES, "open-ai", "openai-global")
    for new in ("openai-inc", None):
        report = load(database, *table(tmp_path, ROUNDS, *rows), missing=missing)
        assert (report.revision, report.facts) == (None, 2), "all of it is there already"
        if new:
            rename(database, COMPANIES, "openai-global", new)
    newer = (*rows[:1], "Open AI,2023-04,350", *rows[2:], "Open AI,2024-05,9")
    report = load(database, *table(tmp_path, ROUNDS, *newer), missing=missing)
    assert (report.added, report.changed, report.removed) == (1, 1, 0)
    assert rounds(database) == {
        "open-ai-2023-04-my": ("openai-inc", 350),
        "other-2023-12-my": ("other", 400),
        "openai-inc-2024-05-my": ("openai-inc", 9),
    }
    wrong = (*rows[:1], "Open AI,2023-04,many", *rows[2:])
    report = load(database, *table(tmp_path, ROUNDS, *wrong), missing="remove")
    assert (report.rejected, report.removed) == (1, 1), "a row that is refused is not missing"
    assert "open-ai-2023-04-my" in rounds(database)


def test_a_round_that_was_renamed_itself_goes_on_under_its_own_new_key(
    database: Database, tmp_path: Path
) -> None:
    file = table(tmp_path, ROUNDS, "Company,Date,Amount", "Open AI,2023-04,300")
    load(database, *file)
    rename(database, COMPANIES, "open-ai", "openai")
    rename(database, FUNDING, "open-ai-2023-04-my", "the-first")
    assert load(database, *file).revision is None
    assert rounds(database) == {"the-first": ("openai", 300)}


def test_rows_of_companies_that_became_one_each_keep_their_own(
    database: Database, tmp_path: Path
) -> None:
    """In whichever order they stand: the text of a row tells which one it was."""
    rows = ["OpenAI,2023-04,1", "Open AI,2023-04,2"]
    header = "Company,Date,Amount"
    load(database, *table(tmp_path, ROUNDS, header, *rows))
    with database.write(author="a", message="m") as writing:
        known = row_of(database, COMPANIES, "openai") or {}
        named = {name: known[name] for name in COMPANIES.fact.model_fields}
        fact = COMPANIES.fact.model_validate({**named, "aliases": ["Open AI"]})
        writing.put(COMPANIES.ledger, [fact.stored()])
        writing.note_replaced({COMPANIES.ledger.name: {"open-ai": "openai"}})
    for order in (rows, rows[::-1]):
        report = load(database, *table(tmp_path, ROUNDS, header, *order))
        assert (report.revision, report.rejected) == (None, 0)


def test_the_key_of_another_source_is_not_taken(database: Database, tmp_path: Path) -> None:
    rows = ["Company,Date,Amount", "Open AI,2023-04,300"]
    load(database, *table(tmp_path, ROUNDS, *rows))
    rename(database, COMPANIES, "open-ai", "openai")
    report = load(database, *table(tmp_path, ROUNDS.replace('"mine"', '"other"'), *rows))
    assert (report.rejected, report.added) == (0, 2), "a round and its source"
    assert set(rounds(database)) == {"open-ai-2023-04-my", "openai-2023-04-my"}


def test_what_is_made_of_several_keys_stays_where_all_of_them_are_replaced(
    database: Database, tmp_path: Path
) -> None:
    header, row = "Model,Maker,When,Users", "Ernie Bot,/organization/Baidu,2024-03,200"
    load(database, *table(tmp_path, USERS, header, row))
    before = {one["id"] for one in listed(database, ADOPTION)}
    assert before == {"ernie-bot-baidu-2024-03-users"}
    rename(database, AI_MODELS, "ernie-bot", "ernie")
    assert load(database, *table(tmp_path, USERS, header, row)).revision is None
    rename(database, COMPANIES, "baidu", "baidu-inc")
    assert load(database, *table(tmp_path, USERS, header, row)).revision is None
    assert {one["id"] for one in listed(database, ADOPTION)} == before
