"""Measuring by load: all servers up, each driven in turn, the whole round several times."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import orjson

from benchmarks import driving
from benchmarks.driving import Driven
from benchmarks.modes import COLUMNS, SLICE, Mode, modes, ours_filtered, paged
from benchmarks.servers import BODY, SERVERS, Place, Running, Server, running
from benchmarks.shared import cores

CHECKED = 5
Quiet = Callable[[], AbstractContextManager[None]]
"""Keeps other benchmarks of the machine from measuring meanwhile."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: rows, rounds, and seconds of load in each."""

    rows: int
    rounds: int
    seconds: float
    growth: tuple[int, ...]
    """How many rows the tables have of which it is seen what growing costs."""
    warming_up: int = 1
    """How many rounds come before those that count."""


QUICK = Effort(rows=100_000, rounds=3, seconds=1, growth=(1_000, 10_000, 100_000))
FULL = Effort(rows=1_000_000, rounds=5, seconds=2, growth=tuple(10**n for n in range(3, 8)))


@dataclass
class Load:
    """What came of the load: by mode, and why some were left out."""

    modes: tuple[Mode, ...]
    driven: dict[str, list[Driven]]
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Up:
    """The servers that run, by name; those that are several workers have them in order."""

    workers: dict[str, list[Running]]
    left_out: dict[str, str]


@contextmanager
def servers_up(place: Place, wanted: Sequence[Server] = SERVERS) -> Iterator[Up]:
    """Start each server that this machine has; check that all give the same rows."""
    with ExitStack() as stack:
        service = next(server for server in wanted if server.name == "ours")
        workers = {"ours": [stack.enter_context(running(service, place, cores().server))]}
        (place.folder / BODY).write_bytes(workers["ours"][0].get(ours_filtered(0, 1)[0])[1])
        left_out = {}
        for server in wanted:
            if server is service:
                continue
            if why := server.missing():
                left_out[server.name] = why
            elif not server.name.endswith("_postgresql") or place.postgresql:
                up = stack.enter_context(running(server, place, cores().server))
                workers[server.name] = [up]
        # The second worker has the core of the load generators. What that costs bare uvicorn shows.
        for server in wanted:
            if server.name in {"ours", "bare"}:
                second = stack.enter_context(running(server, place, cores().rest))
                workers[server.name].append(second)
        yield Up(workers, left_out)


def measure_load(place: Place, up: Up, effort: Effort, quiet: Quiet) -> Load:
    """Drive each mode in turn, the whole round again and again."""
    pages = paged(up.workers["ours"][0], effort.rows)
    every = modes(effort.rows, pages, place)
    present = tuple(mode for mode in every if mode.server in up.workers)
    left_out = {m.name: up.left_out[m.server] for m in every if m.server in up.left_out}
    check_same_rows(up, present)
    load = Load(present, {mode.key: [] for mode in present}, left_out)
    turns = range(effort.warming_up + effort.rounds)
    for some in (turns[start : start + 2] for start in turns[::2]):  # others get their turn between
        with quiet():
            for turn, mode in product(some, present):
                counts = turn >= effort.warming_up
                seconds = effort.seconds if counts else 1
                found = drive(mode, up.workers[mode.server], turn, seconds, place.folder)
                if counts:
                    load.driven[mode.key].append(found)
    return load


def drive(
    mode: Mode, workers: Sequence[Running], turn: int, seconds: float, folder: Path
) -> Driven:
    """Drive all workers of a mode at once; return what they do together."""
    begun = []
    for place, worker in enumerate(workers[: mode.workers]):
        # What is asked of one worker in one round is not asked again in any mode of its server.
        series = turn if mode.workers == 1 else 10 * (place + 1) + turn
        addresses = mode.addresses(series * SLICE, SLICE)
        if mode.repeated:
            addresses = mode.addresses(0, 1)
        process = driving.started(
            worker.port,
            addresses,
            folder / f"addresses-{place}.txt",
            seconds=seconds,
            core=cores().rest if mode.workers == 1 else None,
            headers=mode.headers(worker, addresses[0]),
        )
        begun.append((process, addresses))
    found = [driving.finished(process, addresses, seconds=seconds) for process, addresses in begun]
    return replace(found[0], rate=sum(one.rate for one in found))


def check_same_rows(up: Up, present: Sequence[Mode]) -> None:
    """End the benchmark where two servers give different rows for the same request."""
    service = up.workers["ours"][0]
    expected = [rows_of(service.get(address)[1]) for address in ours_filtered(-CHECKED, CHECKED)]
    constant = rows_of(service.get(ours_filtered(0, 1)[0])[1])
    for mode in present:
        if mode.key in {"first_pages", "middle_pages"}:
            continue
        worker = up.workers[mode.server][0]
        for place, address in enumerate(mode.addresses(-CHECKED, CHECKED)):
            wanted = constant if mode.server in {"bare", "nginx"} else expected[place]
            if rows_of(worker.get(address)[1]) != wanted:
                raise SystemExit(f"{mode.name} gives other rows for {address}")


def rows_of(body: bytes) -> list[Any]:
    """Return the rows of an answer of any server: the values of the columns, in order."""
    answer = orjson.loads(body)
    if isinstance(answer, dict):
        answer = answer.get("data", answer.get("results"))
    return [[row[name] for name in COLUMNS] for row in answer]
