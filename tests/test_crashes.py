"""A process that is killed leaves the old state or the new one, and the next start goes on.

AIRACE_KILLS says how often each of `migrate`, `serve` and a load is killed; 200 is the long form.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import Templates
from tests.crash_trial import TABLE
from tests.support import ROOT

KILLS = int(os.environ.get("AIRACE_KILLS", "4"))

Trial = Callable[[float | None], dict[str, Any]]


@contextmanager
def _trials(templates: Templates, mode: str, table: Path) -> Iterator[Trial]:
    """Give a function that makes a trial on a database of its own, killed after some seconds."""
    command = [sys.executable, "-m", "tests.crash_trial"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, TABLE: str(table)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        asked, answers = process.stdin, process.stdout

        def trial(kill_after: float | None) -> dict[str, Any]:
            asked.write(f"{mode}\t{templates.fresh()}\t{kill_after or ''}\n")
            asked.flush()
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        yield trial
        asked.close()
    assert process.returncode == 0


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("mode", ["migrate", "serve", "load"])
def test_each_start_after_a_kill_ends_in_the_right_state(
    templates: Templates, tmp_path: Path, mode: str
) -> None:
    random = Random(KILLS)
    left: Counter[str] = Counter()
    with _trials(templates, mode, _table(tmp_path)) as trial:
        undisturbed = [trial(None) for _ in range(2)][-1]
        right = undisturbed["state"]
        assert right["findings"] == []
        assert [number for number, _ in right["revisions"]] == (
            {"migrate": [0], "serve": [0, 1, 2], "load": [0, 1, 2, 3]}[mode]
        )
        possible = [{"migration": None}, *_states_on_the_way(right)]
        longest = undisturbed["seconds"]
        while sum(count for name, count in left.items() if name.startswith("killed")) < KILLS:
            delay = max(0.001, random.random() * longest)
            answer = trial(delay)
            assert _without_facts(answer["left"]) in possible, "a state between two"
            assert answer["next_exit"] == 0
            assert answer["state"] == right
            left[_named(answer)] += 1
            assert left.total() <= 10 * KILLS, "the work is always done before the kill"
            # The speed of the machine changes: follow it.
            longest = longest * 1.05 if answer["killed"] else delay
    print(f"{mode}: {left.total()} trials: {dict(left)}")  # noqa: T201


def _table(folder: Path) -> Path:
    """Write a table of rounds of companies not known yet, large enough for a second process."""
    header = (
        "company_permalink,funding_round_permalink,funding_round_type,funding_round_code,"
        "funded_at,raised_amount_usd\n"
    )
    rows = [
        f"/organization/firm-{n % 900},/funding-round/{n:08x},seed,,05-01-2015,{1_000 + n}\n"
        for n in range(4_000)
    ]
    path = folder / "rounds.csv"
    path.write_text(header + "".join(rows), encoding="utf-8")
    return path


def _states_on_the_way(right: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the states between two transactions: each number of revisions."""
    revisions = right["revisions"]
    whole = _without_facts(right)
    return [{**whole, "revisions": revisions[:count]} for count in range(1, len(revisions) + 1)]


def _without_facts(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "facts"}


def _named(answer: dict[str, Any]) -> str:
    revisions = answer["left"].get("revisions")
    newest = f"revision {revisions[-1][0]}" if revisions else "nothing"
    return f"{'killed' if answer['killed'] else 'too late'} with {newest} there"
