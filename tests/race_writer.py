"""Several processes that write to one database at the same time.

`test_writers.py` starts this script with the URL, the seconds, and the names of the writers. It
prints, as JSON by writer, each write that was acknowledged: the number of the revision, the key
of the row, and what was written into it. The writers are forked once everything is imported, so
that they all write for the whole time.
"""

import json
import sys
import time
from multiprocessing import get_context

from app.resources.companies import COMPANIES
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests.ledger_rows import company

SHARED = ("shared-0", "shared-1")

Acknowledged = tuple[int, str, str]


def row_of_turn(name: str, turn: int) -> StoredRow:
    """Return what a writer writes at a turn: a shared row, a new one, or its own row again."""
    told = f"{name} at turn {turn}"
    roles = ["investor"] if turn % 2 else ["investor", "adopter"]
    keys = (SHARED[0], f"{name}-{turn}", SHARED[1], name)
    return company(keys[turn % 4], note=told, roles=roles)


def write_for(url: str, name: str, seconds: float) -> list[Acknowledged]:
    """Write until the time is over; return what was acknowledged."""
    database = Database(url)
    end, turn = time.monotonic() + seconds, 0
    acknowledged: list[Acknowledged] = []
    while time.monotonic() < end:
        row = row_of_turn(name, turn)
        with database.write(author=name, message=str(turn)) as writing:
            writing.put(COMPANIES.ledger, [row])
        acknowledged.append((writing.revision, row["id"], row["note"]))
        turn += 1
    database.close()
    return acknowledged


def main() -> None:
    """Let all write at once, and tell what each of them wrote."""
    url, seconds, *names = sys.argv[1:]
    with get_context("fork").Pool(len(names)) as pool:
        turns = [(url, name, float(seconds)) for name in names]
        written = pool.starmap(write_for, turns, chunksize=1)
    sys.stdout.write(json.dumps(dict(zip(names, written, strict=True))))


if __name__ == "__main__":
    main()
