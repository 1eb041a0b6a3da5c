"""The newcomer's walk: nothing but the files of the repository, one command, an answer.

It installs the dependencies anew, and so runs where all must be there (AIRACE_REQUIRE=all).
"""

import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.clone import copy_of_the_repository
from tests.serving import Served, serving
from tests.support import need

SECOND_START: Final = 2.0  # seconds to the first answer, as promised
NOT_THEIRS: Final = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "AIRACE_")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the files of the repository."""
    if os.environ.get("AIRACE_REQUIRE") != "all":
        pytest.skip("it installs everything anew; AIRACE_REQUIRE=all runs it")
    need("make", shutil.which("make"))
    return copy_of_the_repository(tmp_path_factory.mktemp("clone"))


def start(clone: Path, command: Sequence[str]) -> tuple[Served, float]:
    """Start, ask what the README asks, stop; return what was said and the time that it took."""
    theirs = {k: v for k, v in os.environ.items() if not k.startswith(NOT_THEIRS)}
    started = time.monotonic()
    with serving(command=command, folder=clone, environment=theirs) as served:
        answer = served.get("/funding?country=US").json()
        took = time.monotonic() - started
        stated = {
            (row["amount_usd"], row["deals"]): row["source"]
            for row in answer["data"]
            if row["source"] == "bnn-2024-03-31"
        }
        assert stated[31_000_000_000, 1151] == "bnn-2024-03-31"
        assert len(served.get("/revisions").json()["data"]) == 3
        served.end(signal.SIGINT)
    return served, took


def test_one_command_installs_and_serves(clone: Path) -> None:
    served, _ = start(clone, ["make", "serve"])
    assert "Installing the dependencies into .venv" in served.said
    assert "Loaded article-2024-03-31 as revision 1" in served.said
    assert (clone / ".venv").is_dir()
    assert (clone / "airace.db").is_file()


@pytest.mark.parametrize("command", [["python3", "run.py", "serve"], ["make", "serve"]])
def test_a_second_start_installs_and_loads_nothing(clone: Path, command: list[str]) -> None:
    starts = [start(clone, command) for _ in range(3)]
    assert all("Install" not in served.said for served, _ in starts)
    assert all("Loaded" not in served.said for served, _ in starts)
    assert min(took for _, took in starts) <= SECOND_START
