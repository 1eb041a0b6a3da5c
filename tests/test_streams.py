"""Streams: whole and from one revision, or visibly cut off."""

import gc
import json
import logging
import threading
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest

from app.http import answers
from app.main import create_app
from app.resources import results
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.sources import SOURCES, SourceFact
from app.settings import Settings
from app.storage.database import Database
from tests.answering import MARK, SUFFIXES, is_problem, serving
from tests.conftest import Templates

# Streams


def _failing_after(batches: int) -> Callable[..., Iterator[list[tuple[Any, ...]]]]:
    def read_rows(*_args: Any) -> Iterator[list[tuple[Any, ...]]]:
        for _ in range(batches):
            yield [("x",) * len(COMPANIES.columns)] * 1000
        raise RuntimeError(MARK)

    return read_rows


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_stream_that_fails_is_cut_off(
    sqlite_templates: Templates, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    monkeypatch.setattr(answers, "read_rows", _failing_after(2))
    headers = {"Accept-Encoding": encoding}
    with serving(app) as base, httpx2.Client(base_url=base, headers=headers) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/companies.csv")
        assert client.get("/health").status_code == 200


def test_a_stream_that_fails_at_once_is_a_problem(
    sqlite_templates: Templates,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "airace.http")
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    monkeypatch.setattr(answers, "read_rows", _failing_after(0))
    with serving(app) as base, httpx2.Client(base_url=base) as client:
        is_problem(client.get("/companies.csv"), 500)


@pytest.mark.parametrize("query", ["fields=id,name", "fields=id,name&sort=-name"])
def test_an_export_is_one_revision_while_others_write(
    templates: Templates, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two parts of the rows, every one of them is changed."""
    monkeypatch.setattr(results, "_LINES_A_BATCH", 1_000)
    url = templates.empty()
    database = Database(url)
    fact = SourceFact(id="made-up", kind="report", publisher="P", title="T")
    with database.write(author="tests", message="source") as writing:
        writing.put(SOURCES.ledger, [fact.stored()])

    def write(number: int) -> None:
        named = {"name": f"mark {number}", "source": "made-up"}
        rows = [CompanyFact.model_validate({"id": f"c{row}", **named}) for row in range(2500)]
        with database.write(author="tests", message=f"mark {number}") as writing:
            writing.put(COMPANIES.ledger, [row.stored() for row in rows])

    write(0)
    parts: list[bytes] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": "/companies.ndjson",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"here")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            parts.append(message["body"])
            write(len(parts))

    anyio.run(create_app(Settings(database_url=url)), scope, receive, send)
    rows = [json.loads(line) for line in b"".join(parts).splitlines()]
    assert len(parts) == 3
    assert len({row["id"] for row in rows}) == len(rows) == 2500
    assert {row["name"] for row in rows} == {"mark 0"}
    database.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_answer_that_nobody_reads_to_its_end_leaves_nothing_running(
    sqlite_templates: Templates,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    suffix: str,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = threading.Event()

    def read_rows(*_args: Any) -> Iterator[list[tuple[Any, ...]]]:
        try:
            for number in range(20 if suffix == "xlsx" else 2_000):
                yield [(f"{number}-{row}", MARK) for row in range(500)]
        finally:
            ended.set()

    address = f"/companies.{suffix}?fields=id,name"
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    monkeypatch.setattr(answers, "read_rows", read_rows)
    with serving(app) as base:
        with httpx2.Client(base_url=base) as client:
            with client.stream("GET", address) as answer:
                next(answer.iter_raw())
            assert client.head(address).status_code == 200
        assert ended.wait(20)
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if "_fill" in name]
