"""From the start of a process to its first answer, beside an empty FastAPI application."""

from compileall import compile_dir

from benchmarks.measuring import Quiet
from benchmarks.servers import EMPTY, EMPTY_WITH_SQLALCHEMY, ROOT, Place, ours, running
from benchmarks.shared import cores

FIRST = "/funding?country=US&limit=50"
AT_MOST = 1.5


def measure_starts(place: Place, rounds: int, quiet: Quiet) -> dict[str, list[float]]:
    """Return the seconds of each start, in turn: of ours to a page of the table, of the others.

    All start from bytecode, as what is installed does, also where ours was edited since.
    """
    compile_dir(ROOT / "app", quiet=1)
    started = ((ours("ours"), FIRST), (EMPTY, "/"), (EMPTY_WITH_SQLALCHEMY, "/"))
    found: dict[str, list[float]] = {server.name: [] for server, _ in started}
    with quiet():
        for _ in range(rounds):
            for server, first in started:
                with running(server, place, cores().server, first=first) as up:
                    found[server.name].append(up.seconds)
    return found
