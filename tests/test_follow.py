"""The sample follower keeps a copy that is the data, while a writer writes."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen

import httpx2
import pytest

from app.main import create_app
from app.resources.registry import RESOURCES
from app.resources.sources import SOURCES
from app.settings import Settings
from app.storage.database import Database
from examples.follow import follow
from tests.answering import serving
from tests.conftest import Templates
from tests.ledger_rows import latest, listed, source, write
from tests.random_writes import write_at_random
from tests.support import ROOT

REVISIONS = 25
Copy = dict[str, Any]


class Written:
    """A served database with a writer that writes until it has made some revisions."""

    def __init__(self, url: str, base: str) -> None:
        self.database, self.base = Database(url), base
        write(self.database, {SOURCES: [source("s"), source("t")]})
        self.writer = threading.Thread(target=self._write)

    def _write(self) -> None:
        random = Random(1)
        while (number := latest(self.database)) < REVISIONS:
            if number % 10 == 0:
                with self.database.write(author="tests", message="renamed") as writing:
                    old = "t" if number == 10 else f"t{number - 10}"
                    writing.rename(SOURCES.ledger, old, f"t{number}")
                write(self.database, {SOURCES: [source(f"new-{number}")]})
            write_at_random(self.database, random, sources=("s",))

    def rows_at(self, revision: int) -> dict[str, dict[str, Any]]:
        """Return every row of every resource at a revision, read from the database."""
        return {
            resource.many: {
                item["id"]: _stored(resource.many, item)
                for item in listed(self.database, resource, as_of=revision)
            }
            for resource in RESOURCES
        }


@pytest.fixture
def written(templates: Templates) -> Iterator[Written]:
    url = templates.empty()
    with serving(create_app(Settings(database_url=url))) as base:
        served = Written(url, base)
        yield served
        served.database.close()


def _stored(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without what is worked out from other rows, which change without it."""
    derived = {"models": {"countries", "licence"}, "sources": set[str]()}.get(name, {"licence"})
    return {key: value for key, value in item.items() if key not in derived}


def _rows(copy: Copy) -> dict[str, dict[str, Any]]:
    return {resource.many: copy["rows"].get(resource.many, {}) for resource in RESOURCES}


def test_a_copy_is_the_data_at_each_revision_that_it_stops_at(
    written: Written, tmp_path: Path
) -> None:
    copies: list[Copy] = []
    written.writer.start()
    while written.writer.is_alive() or copies[-1]["revision"] < latest(written.database):
        copies.append(follow(written.base, tmp_path / "copy.json"))
    written.writer.join()
    assert len({copy["revision"] for copy in copies}) > 2, "it followed while the writer wrote"
    for copy in copies[:: max(1, len(copies) // 10)] + copies[-1:]:
        assert _rows(copy) == written.rows_at(copy["revision"])
    assert copies[-1]["revision"] == latest(written.database) >= REVISIONS


def test_a_copy_of_one_resource_holds_that_alone(written: Written, tmp_path: Path) -> None:
    file = tmp_path / "funding.json"
    written.writer.start()
    while written.writer.is_alive():
        follow(written.base, file, "funding")
    written.writer.join()
    copy = follow(written.base, file, "funding")
    assert set(copy["rows"]) == {"funding"}
    assert _rows(copy)["funding"] == written.rows_at(latest(written.database))["funding"]


def test_a_copy_that_was_interrupted_goes_on_where_its_file_says(
    written: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "copy.json"
    follow(written.base, file)
    before = file.read_bytes()
    write(written.database, {SOURCES: [source(f"n{number:04}") for number in range(1_500)]})
    asked: list[str] = []

    def breaking(address: str) -> Any:
        asked.append(address)
        if len(asked) == 2:
            raise ConnectionResetError
        return urlopen(address)  # noqa: S310  (our own server)

    with monkeypatch.context() as patch:
        patch.setattr("examples.follow.urlopen", breaking)
        with pytest.raises(ConnectionResetError):
            follow(written.base, file)
    assert file.read_bytes() == before
    copy = follow(written.base, file)
    assert len(copy["rows"]["sources"]) == 1_502
    assert _rows(copy)["funding"] == {}


def test_it_runs_as_a_script_and_asks_for_nothing_twice(written: Written, tmp_path: Path) -> None:
    command = [sys.executable, "examples/follow.py", written.base, str(tmp_path / "copy.json")]
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("Revision 1: {'countries': 251, 'sources': 2")
    held = json.loads((tmp_path / "copy.json").read_text(encoding="utf-8"))
    assert set(held["rows"]["sources"]) == {"s", "t"}
    since = httpx2.get(f"{written.base}/changes?since={held['revision']}").json()
    assert since["data"] == []
