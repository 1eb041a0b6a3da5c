"""Processes that write at the same time take turns: nothing is lost, and readers see an order.

AIRACE_RACE_SECONDS says how long they write; 5 is the long form.
"""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from tempfile import TemporaryFile

from sqlalchemy import func, select

from app.analysis.checks import check
from app.resources.companies import COMPANIES
from app.resources.queries import list_query
from app.resources.reading import Item, ResourceList
from app.resources.results import read_all
from app.resources.sources import SOURCES
from app.storage.database import Database, ReadTransaction
from tests.conftest import Templates
from tests.ledger_rows import history, source, write
from tests.race_writer import SHARED, Acknowledged
from tests.support import ROOT

SECONDS = float(os.environ.get("AIRACE_RACE_SECONDS", "1"))
WRITERS = [f"w{number}" for number in range(8)]


def _newest_of_rows(transaction: ReadTransaction) -> int:
    """Return the newest revision that any row of this snapshot speaks of."""
    current, past = COMPANIES.ledger.current, COMPANIES.ledger.history
    columns = (current.c.revision, past.c.revision, past.c.until)
    found = [transaction.connection.scalar(select(func.max(column))) for column in columns]
    return max(number or 0 for number in found)


def _watch(database: Database, writers: "subprocess.Popen[bytes]") -> int:
    """Read until the writers have ended; return how many snapshots were read."""
    last, snapshots, deadline = 0, 0, time.monotonic() + SECONDS + 60
    while writers.poll() is None:
        assert time.monotonic() < deadline, "the writers do not end"
        with database.read() as transaction:
            latest = transaction.latest.id
            assert latest >= last, "revision numbers went back"
            assert _newest_of_rows(transaction) == (latest if latest > 1 else 0)
        last, snapshots = latest, snapshots + 1
    return snapshots


def test_writers_at_the_same_time_lose_nothing(templates: Templates) -> None:
    url = templates.empty()
    database = Database(url)
    write(database, {SOURCES: [source("s")]})
    command = [sys.executable, "-m", "tests.race_writer", url, str(SECONDS), *WRITERS]
    with TemporaryFile("w+", encoding="utf-8") as out:
        with subprocess.Popen(command, cwd=ROOT, stdout=out) as process:
            snapshots = _watch(database, process)
        assert process.returncode == 0
        out.seek(0)
        written: dict[str, list[Acknowledged]] = {
            name: [(number, key, told) for number, key, told in entries]
            for name, entries in json.load(out).items()
        }
    acknowledged = sorted(entry for entries in written.values() for entry in entries)
    print(  # noqa: T201
        f"{len(acknowledged) / SECONDS:.0f} writes a second by {len(WRITERS)} writers, "
        f"{snapshots} snapshots read beside them"
    )

    _revisions_are_in_order(database, written)
    _every_version_is_there(database, acknowledged)
    with database.read() as transaction:
        assert list(check(transaction)) == []
    database.close()


def _revisions_are_in_order(database: Database, written: dict[str, list[Acknowledged]]) -> None:
    with database.read() as transaction:
        made = list(transaction.connection.execute(_REVISIONS).mappings())
    assert [row["id"] for row in made] == list(range(len(made)))
    instants = [row["recorded_at"] for row in made]
    assert instants == sorted(instants)
    told = {(row["id"], row["author"], row["message"]) for row in made[2:]}
    assert told == {
        (number, name, str(turn))
        for name, entries in written.items()
        for turn, (number, _, _) in enumerate(entries)
    }
    assert all(entries == sorted(entries) for entries in written.values())
    assert all(written.values()), "a writer had no turn at all"


def _companies(database: Database) -> list[Item]:
    query = list_query(COMPANIES)()
    with database.read() as transaction:
        at = transaction.latest
    listing = ResourceList(COMPANIES)
    return [item for batch in read_all(database, listing, query, at) for item in batch]


_REVISIONS = COMPANIES.record.metadata.tables["revisions"].select().order_by("id")


def _every_version_is_there(database: Database, acknowledged: list[Acknowledged]) -> None:
    versions: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, key, told in acknowledged:
        versions[key].append((number, told))
    assert {item["id"]: (item["revision"], item["note"]) for item in _companies(database)} == {
        key: entries[-1] for key, entries in versions.items()
    }
    for key in (*WRITERS, *SHARED):
        kept = history(database, COMPANIES, key)
        shown = [(version["revision"], version["note"]) for version in kept]
        # A list of versions shows a thousand at most.
        assert shown == versions[key][: len(shown)]
        assert len(shown) == min(len(versions[key]), 1_000)
        ends = [version["until"] for version in kept]
        following = [number for number, _ in versions[key][1:]]
        assert ends == [*following, None][: len(ends)]
    assert {told.split()[0] for _, told in versions[SHARED[0]]} == {*WRITERS}
