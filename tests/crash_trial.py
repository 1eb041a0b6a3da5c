"""Kills a process that migrates and seeds, starts it again, and tells what came of it.

`test_crashes.py` starts this script and gives it one trial a line: a mode, the URL of a database
that holds nothing, and the seconds after which to kill (empty for an undisturbed trial). The
answer is a line of JSON. Each process is forked from this one, which has everything imported, so
that the seconds are those of the work and not of starting Python.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.analysis.checks import check
from app.cli.running import prepare
from app.resources.registry import RESOURCES
from app.settings import Settings
from app.storage.database import Database, ReadTransaction
from app.storage.migration import applied, migrate
from app.storage.records import RevisionRecord
from tests.importing import load

TABLE = "AIRACE_TRIAL_TABLE"
"""The variable that names the table which the mode `load` loads."""


def work(mode: str, url: str) -> None:
    """Do what `airace migrate` does, what `airace serve` does before it serves, or load a table."""
    if mode == "migrate":
        migrate(Database(url))
    elif mode == "serve":
        prepare(Settings(database_url=url))
    else:
        load(prepare(Settings(database_url=url)), Path(os.environ[TABLE]))


def start(mode: str, url: str) -> int:
    """Fork a process that does the work; return its number."""
    if number := os.fork():
        return number
    status = 1
    try:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            work(mode, url)
        status = 0
    finally:
        os._exit(status)


def state(url: str) -> dict[str, Any]:
    """Return what the database holds: the migration, the revisions, the facts, what is wrong."""
    database = Database(url)
    try:
        with database.read() as transaction:
            number = applied(transaction.connection)
            if number is None:
                return {"migration": None}
            try:
                return {"migration": number, **_content(transaction)}
            except DBAPIError:
                return {"migration": number, "findings": ["cannot be read"]}
    finally:
        database.close()


def _content(transaction: ReadTransaction) -> dict[str, Any]:
    connection = transaction.connection
    revisions = select(RevisionRecord.id, RevisionRecord.origin).order_by(RevisionRecord.id)
    tables = [resource.ledger.current for resource in RESOURCES]
    facts = [connection.execute(table.select().order_by(table.c.id)) for table in tables]
    return {
        "revisions": [list(row) for row in connection.execute(revisions)],
        "facts": sha256(repr([rows.all() for rows in facts]).encode()).hexdigest(),
        "findings": [finding.problem for finding in check(transaction)],
    }


def in_a_process(answer: Callable[[str], dict[str, Any]], url: str) -> dict[str, Any]:
    """Return the answer as a forked process finds it: it opens the database afresh."""
    reading, writing = os.pipe()
    if not (number := os.fork()):
        status = 1
        try:
            os.write(writing, json.dumps(answer(url)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    os.waitpid(number, 0)
    found: dict[str, Any] = json.loads(content)
    return found


def trial(mode: str, url: str, kill_after: float | None) -> dict[str, Any]:
    """Return how long the work took, whether it was killed, and the states after it."""
    began = time.perf_counter()
    number = start(mode, url)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    seconds = time.perf_counter() - began
    left = in_a_process(state, url)
    _, next_status = os.waitpid(start(mode, url), 0)
    return {
        "seconds": seconds,
        "killed": os.WIFSIGNALED(status),
        "left": left,
        "next_exit": next_status,
        "state": in_a_process(state, url),
    }


def main() -> None:
    """Answer the trials on standard input, one a line."""
    for line in sys.stdin:
        mode, url, kill_after = line.rstrip("\n").split("\t")
        answer = trial(mode, url, float(kill_after) if kill_after else None)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
