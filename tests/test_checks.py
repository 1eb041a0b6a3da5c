"""`airace check` finds each kind of damage, also where the database can no longer refuse it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.analysis.checks import Finding, check
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.storage.database import Database, ReadTransaction
from tests.conftest import Templates
from tests.ledger_rows import ai_model, company, funding_round, source, total, write
from tests.support import ROOT


def _findings(database: Database) -> list[Finding]:
    with database.read() as transaction:
        return list(check(transaction))


def _lift_guards(connection: Connection) -> None:
    """Let the transaction pass triggers. References are only looked at when it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for name in connection.scalars(triggers).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def _findings_after(database: Database, sql: str) -> list[Finding]:
    """Do damage, see what is found, and undo it."""
    with database._writer.connect() as connection:
        _lift_guards(connection)
        changed = connection.execute(text(sql)).rowcount
        assert changed > 0, "nothing was damaged"
        found = list(check(ReadTransaction(connection)))
        connection.rollback()
    return found


@pytest.fixture(scope="module")
def sound(templates: Templates) -> Iterator[Database]:
    """The packs that ship, and rows with a history of their own. What is done to it is undone."""
    database = Database(templates.seeded())
    facts = {"source": "bnn-2024-03-31"}
    write(
        database,
        {
            COMPANIES: [company("a", roles=["investor"], **facts), company("b", **facts)],
            AI_MODELS: [ai_model("m", developers=["a", "b"], released="2023-Q4", **facts)],
            FUNDING: [
                funding_round("r", "a", investors=["b"], **facts),
                total("t", amount_usd=5, qualifier="exact", **facts),
            ],
        },
    )
    write(database, {AI_MODELS: [ai_model("m", developers=["b"], released="2023", **facts)]})
    write(database, {AI_MODELS: [ai_model("m", developers=["b", "a"], **facts)]})
    write(database, {FUNDING: [funding_round("r", "b", investors=["a"], **facts)]})
    yield database
    assert _findings(database) == []
    database.close()


def test_the_packs_that_ship_are_sound(seeded: Database) -> None:
    assert _findings(seeded) == []


def test_an_empty_database_is_sound(empty: Database) -> None:
    assert _findings(empty) == []


_M = "(SELECT revision FROM ai_models WHERE id = 'm')"

# The kind of damage, the SQL that does it, and a part of what is to be found.
DAMAGES: tuple[tuple[str, str, Finding], ...] = (
    (
        "a wrong first day",
        "UPDATE funding SET period_first_day = '2022-12-31' WHERE id = 't'",
        Finding("funding", "t", "period_first_day is not what follows from the fact"),
    ),
    (
        "a wrong last day",
        "UPDATE funding SET period_last_day = '2024-01-01' WHERE id = 't'",
        Finding("funding", "t", "period_last_day is not what follows from the fact"),
    ),
    (
        "no such period",
        "UPDATE funding SET period = '2023-Q5' WHERE id = 't'",
        Finding("funding", "t", "period is not a period"),
    ),
    (
        "wrong search words",
        "UPDATE companies SET search = ' other' WHERE id = 'a'",
        Finding("companies", "a", "search is not what follows from the fact"),
    ),
    (
        "a new name without its words",
        "UPDATE companies SET name = 'Other' WHERE id = 'a'",
        Finding("companies", "a", "search is not what follows from the fact"),
    ),
    (
        "a value that no fact has",
        "UPDATE funding SET price_base = 'real' WHERE id = 't'",
        Finding("funding", "t", "price_base has not the form that is asked for"),
    ),
    (
        "a dangling source",
        "UPDATE funding SET source = 'nobody' WHERE id = 't'",
        Finding("funding", "t", "names nobody, which is not in sources"),
    ),
    (
        "a dangling company",
        "UPDATE funding SET company = 'nobody' WHERE id = 'r'",
        Finding("funding", "r", "names nobody, which is not in companies"),
    ),
    (
        "a dangling member",
        "UPDATE funding_investors SET member = 'nobody' WHERE id = 'r'",
        Finding("funding", "r", "names nobody, which is not in companies"),
    ),
    (
        "a row that went without its references",
        "DELETE FROM companies WHERE id = 'a'",
        Finding("models", "m", "names a, which is not in companies"),
    ),
    (
        "a list that is not that of its members",
        "UPDATE ai_models SET developers = '[\"b\"]' WHERE id = 'm'",
        Finding("models", "m", "developers is not found by its members"),
    ),
    (
        "members in another order",
        "UPDATE ai_models SET developers = '[\"a\",\"b\"]' WHERE id = 'm'",
        Finding("models", "m", "developers is not found by its members"),
    ),
    (
        "members that were removed",
        "DELETE FROM ai_models_developers WHERE id = 'm'",
        Finding("models", "m", "developers is not found by its members"),
    ),
    (
        "members of another revision",
        "UPDATE ai_models_developers SET revision = revision - 1 WHERE id = 'm'",
        Finding("models", "m", "developers is not found by its members"),
    ),
    (
        "members of the past that were removed",
        "DELETE FROM ai_models_developers_history WHERE id = 'm' AND position = 1",
        Finding("models", "m", "developers is not found by its members"),
    ),
    (
        "members of no row",
        "INSERT INTO companies_roles VALUES ('nobody', 1, 0, 'investor')",
        Finding("companies", "nobody", "roles has members without a row"),
    ),
    (
        "members of no version",
        "INSERT INTO companies_roles_history VALUES ('a', 1, 0, 'investor')",
        Finding("companies", "a", "roles has members without a row"),
    ),
    (
        "versions that overlap",
        f"UPDATE ai_models_history SET until = until + 1 WHERE id = 'm' AND until < {_M}",
        Finding("models", "m", "two versions held at the same time"),
    ),
    (
        "a version that held beside the current row",
        f"UPDATE ai_models_history SET until = {_M} + 1 WHERE id = 'm' AND until = {_M}",
        Finding("models", "m", "an old version held when the current one did"),
    ),
    (
        "a version that was forgotten",
        f"DELETE FROM ai_models_history WHERE id = 'm' AND until < {_M}",
        Finding("revisions", "3", "its counts are not those of its rows"),
    ),
    (
        "a version of no revision",
        f"UPDATE ai_models_history SET until = 99 WHERE id = 'm' AND until = {_M}",
        Finding("models", "m", "a version is of a revision that is not known"),
    ),
    (
        "a current row of no revision",
        "UPDATE companies SET revision = 99 WHERE id = 'a'",
        Finding("companies", "a", "is of a revision that is not known"),
    ),
    (
        "a missing revision",
        "DELETE FROM revisions WHERE id = 2",
        Finding("revisions", "3", "is the number 2 in the list"),
    ),
    (
        "the newest revision missing",
        "DELETE FROM revisions WHERE id = (SELECT max(id) FROM revisions)",
        Finding("funding", "r", "a version is of a revision that is not known"),
    ),
    (
        "wrong counts",
        "UPDATE revisions SET added = added + 1 WHERE id = 1",
        Finding("revisions", "1", "its counts are not those of its rows"),
    ),
    (
        "time that goes back",
        "UPDATE revisions SET recorded_at = '2001-01-01T00:00:00.000000Z' WHERE id = 2",
        Finding("revisions", "2", "was recorded before the one before it"),
    ),
    (
        "a list that is not one",
        "UPDATE companies SET aliases = 'Other' WHERE id = 'a'",
        Finding("companies", "a", "aliases is not a list"),
    ),
    (
        "a list of no texts",
        "UPDATE ai_models_history SET based_on = '[1]' WHERE id = 'm'",
        Finding("models", "m", "based_on is not a list"),
    ),
)


@pytest.mark.parametrize(
    ("sql", "expected"), [damage[1:] for damage in DAMAGES], ids=[damage[0] for damage in DAMAGES]
)
def test_damage_is_found(sound: Database, sql: str, expected: Finding) -> None:
    found = _findings_after(sound, sql)
    alike = [
        finding
        for finding in found
        if (finding.resource, finding.id) == (expected.resource, expected.id)
        and finding.problem.startswith(expected.problem)
    ]
    assert alike, found


def test_a_total_that_became_a_round_is_found(sqlite_templates: Templates) -> None:
    """Only SQLite lets checks be ignored: elsewhere the database refuses it."""
    database = Database(sqlite_templates.seeded())
    key = "us-2023-generative-ai-bnn"
    connection = sqlite.connect(str(database.url.database), isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    connection.execute("DROP TRIGGER funding_kept_on_update")
    connection.execute("UPDATE funding SET kind = 'round' WHERE id = ?", [key])
    connection.close()
    told = "a round has a company, and neither a scope nor a number of deals"
    found = [finding for finding in _findings(database) if finding.id == key]
    assert [finding.problem.endswith(told) for finding in found] == [True]
    database.close()


# The file


@pytest.fixture
def compact(sqlite_templates: Templates) -> Iterator[Database]:
    """The packs that ship, in a file without free space in which old bytes could stand."""
    database = Database(sqlite_templates.seeded())
    connection = sqlite.connect(str(database.url.database))
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")
    connection.close()
    yield database
    database.close()


def test_a_flipped_bit_is_found_wherever_a_key_is_stored(compact: Database) -> None:
    file = Path(str(compact.url.database))
    whole, key = file.read_bytes(), b"us-2023-generative-ai-bnn"
    size = int.from_bytes(whole[16:18], "big")
    places = [
        place
        for place in range(len(whole))
        # A page of type 5 has row numbers only; a key there is left over from a split.
        if whole.startswith(key, place) and whole[place // size * size] != 5
    ]
    assert len(places) > 5, "the row, and an index of each of several columns"
    for place in places:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        damaged = Database(compact.url.render_as_string())
        assert _findings(damaged) != [], f"the key at byte {place}"
        damaged.close()


def test_a_page_that_is_gone_is_told_and_not_hidden(compact: Database) -> None:
    file = Path(str(compact.url.database))
    whole = file.read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for page in range(1, len(whole) // size, 7):
        file.write_bytes(whole[: page * size] + bytes(size) + whole[(page + 1) * size :])
        damaged = Database(compact.url.render_as_string())
        try:
            found = [finding.problem for finding in _findings(damaged)]
        except DBAPIError as error:
            found = [str(error.orig)]
        assert found, f"page {page}"
        damaged.close()


def test_a_circle_of_restatement_is_found(empty: Database) -> None:
    write(empty, {SOURCES: [source("a", restates="b"), source("b", restates="a"), source("c")]})
    found = [(finding.resource, finding.id, finding.problem) for finding in _findings(empty)]
    problem = "restates itself by way of others"
    assert found == [("sources", "a", problem), ("sources", "b", problem)]


# The command


def _airace_check(url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "check", *options],
        cwd=ROOT,
        env={**os.environ, "AIRACE_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_tells_what_it_found_and_exits_so(sqlite_templates: Templates) -> None:
    url = sqlite_templates.seeded()
    sound = _airace_check(url)
    assert sound.returncode == 0
    assert sound.stdout.startswith("Sound: nothing was found.\n")
    assert json.loads(_airace_check(url, "--json").stdout) == []
    database = Database(url)
    with database._writer.begin() as connection:
        _lift_guards(connection)
        connection.execute(text("UPDATE revisions SET added = added + 1 WHERE id = 1"))
    database.close()
    problem = "its counts are not those of its rows"
    told = _airace_check(url)
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout == f"revisions 1: {problem}\n1 findings.\n"
    found = _airace_check(url, "--json")
    assert found.returncode == 1
    assert json.loads(found.stdout) == [{"resource": "revisions", "id": "1", "problem": problem}]
