"""What differs between two states: the same as comparing two exports cell by cell."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from app.cli import main
from app.exchange.exporting import export_pack
from app.kit.formulas import restore
from app.main import create_app
from app.resources.funding import FUNDING
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.answering import client_of, is_problem
from tests.conftest import Templates
from tests.ledger_rows import latest, source, total, write
from tests.random_writes import write_at_random

Item = dict[str, Any]
Cells = dict[tuple[str, str], dict[str, str]]
REVISIONS = 5


class Histories:
    """A database with a random history, a client of it, and an export of each of its states."""

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.database = Database(url)
        random = Random(seed)
        write(self.database, {SOURCES: [source("s"), source("t")]})
        while latest(self.database) < REVISIONS:
            write_at_random(self.database, random)
        self.states = {
            number: _exported(self.database, folder / str(number), number)
            for number in range(REVISIONS + 1)
        }
        app = create_app(Settings(database_url=url))
        self.client = TestClient(app, raise_server_exceptions=False)

    def lines(self, **asked: Any) -> list[Item]:
        """Return a whole difference."""
        answer = self.client.get("/diff.ndjson", params=asked)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


def _exported(database: Database, folder: Path, number: int) -> Cells:
    """Return a state as an export has it: the cells by resource and key."""
    with database.read() as transaction:
        at = transaction.revision(number)
    export_pack(database, folder, at)
    cells: Cells = {}
    for resource in RESOURCES:
        with (folder / f"{resource.many}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                cells[resource.many, row["id"]] = {name: restore(row[name]) for name in row}
    return cells


def _compared(old: Cells, new: Cells) -> list[Item]:
    """Compare two states cell by cell, in the order of the list."""
    found = []
    for resource in RESOURCES:
        keys = sorted(key for name, key in old.keys() | new.keys() if name == resource.many)
        for key in keys:
            before, after = old.get((resource.many, key)), new.get((resource.many, key))
            place = {"resource": resource.many, "id": key}
            if before is None or after is None:
                action = "removed" if before else "added"
                found.append(
                    {**place, "action": action, "field": None, "old": before, "new": after}
                )
                continue
            for name in resource.pack_columns:
                if before[name] != after[name]:
                    ends = {"old": before[name] or None, "new": after[name] or None}
                    found.append({**place, "action": "changed", "field": name, **ends})
    return found


def _with_rows_as_cells(lines: list[Item]) -> list[Item]:
    """Return the lines with whole rows as an export would write them."""
    for line in lines:
        for end in ("old", "new"):
            if line["field"] is None and line[end] is not None:
                line[end] = {name: _cell(value) for name, value in json.loads(line[end]).items()}
    return lines


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)


@pytest.fixture(scope="module", params=range(2))
def histories(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Histories]:
    found = Histories(templates.empty(), tmp_path_factory.mktemp("states"), request.param)
    with found.client:
        yield found
    found.database.close()


def test_any_two_states_differ_as_their_exports_do(histories: Histories) -> None:
    for start, old in histories.states.items():
        for end, new in histories.states.items():
            lines = histories.lines(**{"from": start, "to": end})
            assert _with_rows_as_cells(lines) == _compared(old, new), (start, end)


def test_the_summary_counts_the_lines(histories: Histories) -> None:
    for start, end in ((0, REVISIONS), (REVISIONS, 2), (3, 4), (4, 4)):
        asked = {"from": start, "to": end}
        data = histories.client.get("/diff/summary", params=asked).json()["data"]
        assert (data["from_revision"], data["to_revision"]) == (start, end)
        lines = histories.lines(**asked)
        counts = Counter((line["resource"], line["action"], line["field"]) for line in lines)
        told = {
            (count["resource"], count["action"], count["field"]): count["count"]
            for count in data["counts"]
        }
        assert told == counts
        assert len(told) == len(data["counts"])


def test_filters_keep_what_they_name(histories: Histories) -> None:
    whole = histories.lines(**{"from": 1})
    old, new = histories.states[1], histories.states[REVISIONS]

    def states(line: Item, key: str) -> bool:
        place = line["resource"], line["id"]
        stated = {row["source"] for row in (old.get(place), new.get(place)) if row}
        return key in stated

    for asked, keep in (
        ({"resource": "funding"}, lambda line: line["resource"] == "funding"),
        ({"resource": "models,companies"}, lambda line: line["resource"] != "funding"),
        ({"id": "m0,f1"}, lambda line: line["id"] in {"m0", "f1"}),
        ({"field": "note,country"}, lambda line: line["field"] in {"note", "country"}),
        ({"source": "t"}, lambda line: states(line, "t")),
    ):
        kept = histories.lines(**{"from": 1, **asked})
        assert kept == [line for line in whole if keep(line)], asked
    assert histories.lines(**{"from": 0, "source": "t", "resource": "sources"})[0]["id"] == "t"


def test_pages_joined_are_the_list_and_tables_hold_the_same(histories: Histories) -> None:
    whole = histories.lines(**{"from": 0})
    address = "/diff?from=0&limit=3&count=exact"
    joined: list[Item] = []
    while address:
        page = histories.client.get(address).json()
        joined += page["data"]
        assert page["meta"]["total"] == len(whole)
        address = page["links"]["next"]
    assert joined == whole
    table = histories.client.get("/diff.csv?from=0").text
    cells = list(csv.DictReader(io.StringIO(table, newline="")))
    assert cells == [{name: value or "" for name, value in line.items()} for line in whole]


def test_without_to_it_is_the_newest_or_what_as_of_says(histories: Histories) -> None:
    newest = histories.lines(**{"from": 2})
    assert newest == histories.lines(**{"from": 2, "to": REVISIONS})
    assert histories.lines(**{"from": 2, "as_of": 4}) == histories.lines(**{"from": 2, "to": 4})
    moment = histories.client.get("/revisions?sort=id").json()["data"][4]["recorded_at"]
    assert histories.lines(**{"from": 2, "to": moment}) == histories.lines(**{"from": 2, "to": 4})


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "from"),
        ("from=soon", "from"),
        ("from=99", "from"),
        ("from=1&to=99", "to"),
        ("from=1&to=5&as_of=4", "to"),
        ("from=5&as_of=4", "from"),
        ("from=1&resource=fundin", "resource"),
        ("from=1&field=amont_usd", "field"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(
    histories: Histories, query: str, named: str
) -> None:
    for path in ("/diff", "/diff.csv", "/diff/summary", "/diff/summary.ndjson"):
        (error,) = is_problem(histories.client.get(f"{path}?{query}"), 422)["errors"]
        assert error["parameter"] == named


# Only what was written between the two is read


def test_no_table_is_read_as_a_whole(sqlite_templates: Templates) -> None:
    url = sqlite_templates.empty()
    database = Database(url)
    write(database, {SOURCES: [source("s")]})
    keys = [f"f{number:04}" for number in range(2_000)]
    write(database, {FUNDING: [total(key) for key in keys]})
    write(database, {FUNDING: [total("f0007", note="changed"), total("new")]}, {FUNDING: ["f0001"]})
    plans: list[str] = []

    def explain(_conn: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "UNION ALL" in statement and "differences" in statement and not plans:
            connection = cursor.connection
            found = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in found.fetchall())

    with client_of(create_app(Settings(database_url=url))) as client:
        event.listen(Engine, "before_cursor_execute", explain)
        try:
            lines = client.get("/diff?from=2&resource=funding").json()["data"]
        finally:
            event.remove(Engine, "before_cursor_execute", explain)
    shown = [(line["id"], line["action"], line["field"]) for line in lines]
    assert shown == [
        ("f0001", "removed", None),
        ("f0007", "changed", "note"),
        ("new", "added", None),
    ]
    scans = [step for step in plans if step.startswith("SCAN") and "funding" in step]
    assert plans
    assert scans == [], plans
    database.close()


# The command


@pytest.fixture
def corrected(scratch: Path) -> Path:
    """A folder with a database whose third revision corrects a figure of the article."""
    database = Database("sqlite:///airace.db")
    runner = CliRunner()
    assert runner.invoke(main, ["load", "article-2024-03-31"]).exit_code == 0
    write(database, {SOURCES: [source("s")]})
    write(database, {SOURCES: [source("s", licence="CC0")]}, {})
    database.close()
    return scratch


def test_the_command_tells_rows_cells_and_sums(corrected: Path) -> None:
    told = CliRunner().invoke(main, ["diff", "2", "3"])
    assert told.output == (
        "changed  sources/s licence: (empty) -> CC0\n\nsources: 1 cell of licence changed\n"
    )
    back = CliRunner().invoke(main, ["diff", "3", "2", "--source", "s", "--resource", "sources"])
    assert back.output.startswith("changed  sources/s licence: CC0 -> (empty)\n")
    added = CliRunner().invoke(main, ["diff", "1"])
    assert added.output == "added    sources/s\n\nsources: 1 row added\n"
    assert CliRunner().invoke(main, ["diff", "2", "2"]).output == "Nothing differs.\n"
    assert CliRunner().invoke(main, ["diff", "2", "--resource", "funding"]).exit_code == 0
    assert corrected.exists()


def test_the_command_prints_csv(corrected: Path) -> None:
    told = CliRunner().invoke(main, ["diff", "2", "--csv"])
    assert told.output == ("resource,id,action,field,old,new\nsources,s,changed,licence,,CC0\n")
    assert corrected.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["diff", "9"], "from is not a revision of this data (allowed: 0 to 3"),
        (["diff", "1", "soon"], "to is neither a revision nor an instant"),
        (["diff", "1", "--resource", "fundin"], "did you mean funding?"),
        (["diff", "1", "--csv", "--resource", "fundin"], "did you mean funding?"),
    ],
)
def test_the_command_tells_in_a_sentence_what_cannot_be_compared(
    corrected: Path, arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert corrected.exists()
