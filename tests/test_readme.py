"""The README: every command in it works as it stands, and its tables are those of the code."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

from app.http import problems
from app.http.connections import LARGEST_HEAD
from app.settings import Settings
from tests.serving import Served, serving
from tests.support import ROOT, need

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
BASE: Final = "http://127.0.0.1:8000"

# Run by tests of their own.
ELSEWHERE: Final = {
    "make serve": "test_newcomer.py",
    "make test": "this very run",
    ".venv/bin/hatchling build -t wheel": "test_wheel.py",
}

# An answer that is not 2xx is a failure, and progress is not an answer.
CURL: Final = 'curl() { command curl --fail-with-body --silent --show-error "$@"; }\n'


def fences(language: str) -> list[str]:
    """Return what stands in the code fences of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """Return the lines of a block that are commands, without their comments."""
    lines = (line.partition(" #")[0].strip() for line in block.splitlines())
    return [line for line in lines if line]


BLOCKS: Final = [block for block in fences("sh") if not set(commands(block)) <= ELSEWHERE.keys()]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Served]]:
    """The folder of a newcomer, and the service that they started in it."""
    need("curl", shutil.which("curl"))
    need("bash", shutil.which("bash"))
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "examples").symlink_to(ROOT / "examples")
    with serving(folder=folder) as served:
        yield folder, served


def run(block: str, served: tuple[Path, Served]) -> str:
    """Run a block of the README in the newcomer's folder; return what it printed."""
    folder, service = served
    script = CURL + block.replace(BASE, service.base)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_enough_to_type() -> None:
    assert sum(block.count("curl ") for block in BLOCKS) >= 6
    assert {"make serve", "make test"} <= {c for block in fences("sh") for c in commands(block)}


@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_to_be_typed_works(block: str, served: tuple[Path, Served]) -> None:
    printed = run(block, served)
    assert printed
    asked = re.findall(r"^curl '([^']+)'$", block, re.MULTILINE)
    if len(commands(block)) == len(asked) == 1:
        if ".csv" in asked[0]:
            header, *rows = csv.reader(io.StringIO(printed))
            assert all(len(row) == len(header) for row in rows)
        else:
            rows = json.loads(printed)["data"]
        assert rows


@pytest.mark.parametrize("block", fences("python"))
def test_what_is_python_works(block: str, served: tuple[Path, Served]) -> None:
    names: dict[str, Any] = {}
    exec(block.replace(BASE, served[1].base), names)  # noqa: S102
    tables = [value for value in names.values() if isinstance(value, pd.DataFrame)]
    assert tables
    assert all(len(table) for table in tables)
    assert pd.api.types.is_numeric_dtype(tables[0]["amount_usd"])


def test_what_it_shows_of_an_answer_is_said(served: tuple[Path, Served]) -> None:
    (asked,) = re.findall(r"^curl '([^']+/gap[^']*)'$", README, re.MULTILINE)
    found = served[1].get(asked.removeprefix(BASE)).json()["data"]
    (shown,) = fences("json")
    told = [json.loads(line) for line in shown.splitlines()]
    assert [[*each] for each in told] == [["sentence"], ["source", "period", "reason", "detail"]]
    said = [*found["comparisons"], *found["refusals"]]
    assert all(any(each.items() <= other.items() for other in said) for each in told)


def test_every_address_in_its_table_answers(served: tuple[Path, Served]) -> None:
    addresses = [
        address
        for cell in re.findall(r"^\| (`/.*?) \|", README, re.MULTILINE)
        for address in re.findall(r"`([^`]+)`", cell)
    ]
    resources = {item["url"] for item in served[1].get("/").json()["resources"]}
    assert resources <= set(addresses)
    answers = {address: served[1].get(address).status_code for address in addresses}
    assert answers == dict.fromkeys(addresses, 200)


def test_the_settings_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (`[^`]*`)? ?\| (.+) \|$", README, re.MULTILINE)
    told = {name: (default.strip("`"), words) for name, default, words in rows}
    assert told == {
        _variable(name): (str(field.default), field.description)
        for name, field in Settings.model_fields.items()
    }


def test_the_limits_are_those_of_the_code() -> None:
    (limits,) = re.findall(r"^- \*\*Limits\*\*: (.*?)^- ", README, re.MULTILINE | re.DOTALL)
    told = [(int(number), unit) for number, unit in re.findall(r"(\d+) ([KM]iB)", limits)]
    assert [number * {"KiB": 1024, "MiB": 1024**2}[unit] for number, unit in told] == [
        Settings().largest_body,
        Settings().largest_address,
        LARGEST_HEAD,
    ]
    refusals = [problems.too_large(1), problems.address_too_long(1), problems.head_too_large(1)]
    passing = [problems.unavailable(), problems.stopping()]
    assert re.findall(r"\((\d+)\)", limits) == [str(problem.status) for problem in refusals]
    assert all(f"(`{problem.kind}`)" in limits for problem in passing)
    assert {problem.status for problem in passing} == {503}


def _variable(name: str) -> str:
    """Return the shortest name by which a setting can be set."""
    alias = Settings.model_fields[name].validation_alias
    choices = getattr(alias, "choices", None) or [f"AIRACE_{name.upper()}"]
    return min(map(str, choices), key=len)


def test_its_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
