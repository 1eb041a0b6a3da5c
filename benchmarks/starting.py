"""From the start of a process to its first answer, beside an empty FastAPI application."""

from benchmarks.measuring import Quiet
from benchmarks.servers import EMPTY, Place, ours, running
from benchmarks.shared import cores

FIRST = "/funding?country=US&limit=50"
AT_MOST = 1.5


def measure_starts(place: Place, rounds: int, quiet: Quiet) -> dict[str, list[float]]:
    """Return the seconds of each start, in turn: of ours to a page of the table, of the other."""
    found: dict[str, list[float]] = {"ours": [], "empty": []}
    with quiet():
        for _ in range(rounds):
            for server, first in ((ours("ours"), FIRST), (EMPTY, "/")):
                with running(server, place, cores().server, first=first) as up:
                    found[server.name].append(up.seconds)
    return found
