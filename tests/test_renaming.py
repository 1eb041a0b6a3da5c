"""A row goes on under another key: nothing points to the old one, and its address says where."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.analysis.checks import check
from app.cli import main
from app.main import create_app
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from app.storage.refusals import LedgerRefusal, RepeatedKey, ReplacedKey
from tests.answering import client_of, is_problem
from tests.conftest import Templates
from tests.ledger_rows import (
    adoption,
    ai_model,
    company,
    funding_round,
    history,
    latest,
    listed,
    revisions,
    row_of,
    source,
    write,
    write_one_of_each,
)


def rename(database: Database, resource: Resource, old: str, new: str) -> int:
    """Rename a row as a revision; return how many other rows were changed."""
    with database.write(author="tester", message="a test") as writing:
        writing.rename(resource.ledger, old, new)
    return writing.changed


@pytest.fixture
def filled(empty: Database) -> Database:
    """A few rows of every resource: revision 1."""
    write_one_of_each(empty)
    return empty


def _sound(database: Database) -> bool:
    with database.read() as transaction:
        return list(check(transaction)) == []


def test_a_row_goes_on_under_its_new_key_as_it_was(filled: Database) -> None:
    before = row_of(filled, COMPANIES, "maker")
    assert rename(filled, COMPANIES, "maker", "better") == 2
    assert row_of(filled, COMPANIES, "maker") is None
    assert row_of(filled, COMPANIES, "better") == {**(before or {}), "id": "better"}
    (made,) = [r for r in revisions(filled) if r["id"] == 2]
    assert (made["added"], made["changed"], made["removed"]) == (1, 2, 1)
    assert _sound(filled)


def test_every_row_that_refers_to_it_follows_in_the_same_revision(filled: Database) -> None:
    rename(filled, COMPANIES, "maker", "better")
    rename(filled, COMPANIES, "payer", "buyer")
    (deal,) = listed(filled, FUNDING, id="deal")
    assert (deal["company"], deal["investors"]) == ("better", ["buyer"])
    (base,) = listed(filled, AI_MODELS, id="base")
    assert (base["developers"], base["countries"]) == (["better", "buyer"], ["US", "CN"])
    rename(filled, AI_MODELS, "base", "base-1")
    assert listed(filled, AI_MODELS, based_on="base-1")[0]["id"] == "tuned"
    assert listed(filled, ADOPTION)[0]["model"] == "base-1"
    rename(filled, SOURCES, "s", "first")
    assert {item["source"] for item in listed(filled, FUNDING)} == {"first"}
    assert listed(filled, SOURCES, id="restated")[0]["restates"] == "first"
    assert listed(filled, FUNDING, as_of=1, id="deal")[0]["company"] == "maker"
    assert _sound(filled)


def test_a_row_that_refers_to_itself_or_twice_follows_whole(empty: Database) -> None:
    write(
        empty,
        {
            SOURCES: [source("s")],
            COMPANIES: [company("c")],
            AI_MODELS: [
                ai_model("c", developers=["c"]),
                {**ai_model("m"), "based_on": ["m", "c"]},  # as it could be stored once
            ],
            FUNDING: [funding_round("f", "c", investors=["c"])],
        },
    )
    assert rename(empty, COMPANIES, "c", "d") == 2
    assert listed(empty, FUNDING)[0]["company"] == listed(empty, FUNDING)[0]["investors"][0] == "d"
    assert [item["id"] for item in listed(empty, AI_MODELS)] == ["c", "m"]
    assert listed(empty, AI_MODELS, id="m")[0]["based_on"] == ["m", "c"]
    rename(empty, AI_MODELS, "m", "n")
    assert listed(empty, AI_MODELS, id="n")[0]["based_on"] == ["c"]
    assert _sound(empty)


def test_thousands_of_rows_follow(empty: Database) -> None:
    facts = [adoption(f"a{number:04}") for number in range(2_500)]
    write(empty, {SOURCES: [source("s")], ADOPTION: facts})
    assert rename(empty, SOURCES, "s", "t") == 2_500
    with empty.read() as transaction:
        rows = transaction.connection.execute(text("SELECT DISTINCT source FROM adoption"))
        assert rows.scalars().all() == ["t"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("nobody", "new", "companies: there is no nobody to rename"),
        ("maker", "payer", "companies: payer is the key of another row"),
        ("maker", "maker", "companies: maker is its key already"),
        ("once", "new", "companies: there is no once to rename: it was replaced by maker"),
        ("maker", "once", "companies: once was replaced by maker and does not come back"),
        ("maker", "went", "companies: went was the key of a row that went"),
    ],
)
def test_what_cannot_be_renamed_is_refused_in_a_sentence(
    empty: Database, old: str, new: str, told: str
) -> None:
    rows = [company("once"), company("payer")]
    write(empty, {SOURCES: [source("s")], COMPANIES: rows})
    write(empty, {COMPANIES: [company("went")]})
    write(empty, remove={COMPANIES: ["went"]})
    rename(empty, COMPANIES, "once", "maker")
    with pytest.raises(LedgerRefusal) as refusal:
        rename(empty, COMPANIES, old, new)
    assert str(refusal.value) == told
    assert latest(empty) == 4


def test_what_a_revision_has_written_cannot_be_renamed_in_it(filled: Database) -> None:
    def put_and_rename() -> None:
        with filled.write(author="tester", message="a test") as writing:
            writing.put(COMPANIES.ledger, [company("maker", note="new")])
            writing.rename(COMPANIES.ledger, "maker", "better")

    with pytest.raises(RepeatedKey):
        put_and_rename()
    assert latest(filled) == 1


def test_a_key_that_was_replaced_never_comes_back(filled: Database) -> None:
    rename(filled, COMPANIES, "maker", "better")
    rename(filled, COMPANIES, "better", "best")
    for key in ("maker", "better"):
        told = f"companies: {key} was replaced by best and does not come back"
        with pytest.raises(ReplacedKey, match=told):
            write(filled, {COMPANIES: [company("other"), company(key)]})
    assert latest(filled) == 3
    write(filled, {AI_MODELS: [ai_model("maker")]})  # keys of another resource are not its own


# The database itself


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE replacements SET replaced_by = 'x'",
        "DELETE FROM replacements",
        "INSERT INTO replacements VALUES ('companies', 'maker', 'x', 3)",
        "INSERT INTO replacements VALUES ('companies', 'payer', 'x', 2)",
        "INSERT INTO replacements VALUES ('companies', 'payer', 'payer', 3)",
        "INSERT INTO replacements VALUES ('companies', 'payer', 'x', 3)",  # of no revision
    ],
)
def test_the_database_keeps_what_was_replaced(filled: Database, statement: str) -> None:
    rename(filled, COMPANIES, "maker", "better")
    with pytest.raises(IntegrityError), filled._writer.begin() as connection:
        connection.execute(text(statement))


def test_a_check_finds_keys_that_came_back_or_lead_nowhere(filled: Database) -> None:
    with filled._writer.begin() as connection:
        connection.execute(text("INSERT INTO replacements VALUES ('companies', 'maker', 'x', 2)"))
        _record(connection, 2)
    with filled.read() as transaction:
        found = [(f.resource, f.id, f.problem) for f in check(transaction)]
    assert found == [
        ("companies", "maker", "has a row again though it was replaced"),
        ("companies", "maker", "was replaced by x, which never had a row"),
    ]


def _record(connection: Any, number: int) -> None:
    connection.execute(
        text(
            "INSERT INTO revisions VALUES (:id, '9999-01-01T00:00:00.000000Z', 'a', 'm', NULL, "
            "0, 0, 0)"
        ),
        {"id": number},
    )


# What readers see


def test_the_old_address_leads_to_the_new_one_in_one_hop(templates: Templates) -> None:
    url = templates.empty()
    database = Database(url)
    write_one_of_each(database)
    rename(database, COMPANIES, "maker", "better")
    rename(database, COMPANIES, "better", "best")
    with client_of(create_app(Settings(database_url=url))) as client:

        def moved(address: str) -> tuple[int, str | None]:
            answer = client.get(address, follow_redirects=False)
            return answer.status_code, answer.headers.get("location")

        assert moved("/companies/maker?as_of=1") == (200, None)
        assert moved("/companies/maker?as_of=2") == (308, "/companies/better?as_of=2")
        assert moved("/companies/maker") == (308, "/companies/best")
        assert moved("/companies/better") == (308, "/companies/best")
        assert client.get("/companies/maker").json()["data"]["id"] == "best"
        assert client.get("/companies/maker?as_of=2").json()["data"]["id"] == "better"
        answer = client.get("/companies/maker", follow_redirects=False)
        assert "no-cache" in answer.headers["cache-control"]
        assert client.head("/companies/maker", follow_redirects=False).status_code == 308
        is_problem(client.get("/companies/maker?as_of=0"), 404)
        is_problem(client.get("/companies/best?as_of=2"), 404)
        is_problem(client.get("/companies/maker?nonsense=1", follow_redirects=False), 400)
    mounted = create_app(Settings(database_url=url, root_path="/airace"))
    with client_of(mounted) as client:
        answer = client.get("/companies/maker", follow_redirects=False)
        assert answer.headers["location"] == "/airace/companies/best"
    database.close()


def test_history_changes_and_differences_say_where_it_went(templates: Templates) -> None:
    url = templates.empty()
    database = Database(url)
    write_one_of_each(database)
    write(database, {COMPANIES: [company("maker", note="new")]})
    rename(database, COMPANIES, "maker", "better")
    ends = [(item["until"], item["replaced_by"]) for item in history(database, COMPANIES, "maker")]
    assert ends == [(2, None), (3, "better")]
    with client_of(create_app(Settings(database_url=url))) as client:
        assert client.get("/companies/maker/history").json()["data"][1]["replaced_by"] == "better"
        past = client.get("/companies/maker/history?as_of=2").json()["data"]
        assert [item["replaced_by"] for item in past] == [None, None]
        changes = client.get("/changes?since=2").json()["data"]
        told = [(c["resource"], c["id"], c["action"], c["replaced_by"]) for c in changes]
        assert told == [
            ("companies", "better", "added", None),
            ("companies", "maker", "removed", "better"),
            ("models", "base", "changed", None),
            ("funding", "deal", "changed", None),
        ]
        differences = client.get("/diff?from=2&resource=companies").json()["data"]
        assert [(d["id"], d["action"]) for d in differences] == [
            ("better", "added"),
            ("maker", "removed"),
        ]
    database.close()


# The command


def test_the_command_renames_and_says_so(scratch: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["load", "article-2024-03-31"]).exit_code == 0
    told = runner.invoke(main, ["rename", "companies", "anthropic", "anthropic-pbc"])
    assert told.output == (
        "Renamed companies/anthropic to anthropic-pbc as revision 2: 1 other row changed.\n"
    )
    who = ["--author", "Ann", "--message", "As it is registered"]
    assert runner.invoke(main, ["rename", "companies", "meta", "meta-inc", *who]).exit_code == 0
    database = Database("sqlite:///airace.db")
    made = [(r["author"], r["message"]) for r in revisions(database)[2:]]
    database.close()
    assert made == [
        ("airace rename", "Rename companies/anthropic to anthropic-pbc"),
        ("Ann", "As it is registered"),
    ]
    assert "nothing was loaded" in runner.invoke(main, ["load", "article-2024-03-31"]).stderr
    assert scratch.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["companis", "meta", "m"], "the resource is not one that is here (allowed: "),
        (["companies", "meta", "Meta Inc"], "the new key has not the form that is asked for"),
        (["companies", "nobody", "m"], "companies: there is no nobody to rename"),
        (["companies", "meta", "baidu"], "companies: baidu is the key of another row"),
        (["countries", "US", "usa"], "the resource is not one that is here (allowed: sources, "),
    ],
)
def test_the_command_refuses_in_a_sentence(
    scratch: Path, arguments: list[str], sentence: str
) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["load", "article-2024-03-31"]).exit_code == 0
    told = runner.invoke(main, ["rename", *arguments])
    assert (told.exit_code, told.stdout) == (1, "")
    assert sentence in told.stderr
    assert scratch.exists()
