"""What a request costs as the table grows: one worker, requests that differ."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.measuring import Effort, Quiet, drive
from benchmarks.modes import Addresses, Mode, ours_filtered, paged
from benchmarks.servers import Place, ours, running
from benchmarks.shared import cores
from benchmarks.tables import FIRST_NUMBER, TOTALS, build

BYTES_A_ROW: Final = 1_200  # with room for building the indexes
READS: Final = ("a page by two filters", "a page in the middle", "one row by its key")

Growth = dict[str, dict[int, list[float]]]
"""Milliseconds of a request, by what is read and how many rows there are."""


def measure_growth(effort: Effort, folder: Path, quiet: Quiet) -> tuple[Growth, dict[str, str]]:
    """Build a table of each size, drive each in turn; return the costs, and what was left out."""
    left_out = {}
    growth: Growth = {read: {} for read in READS}
    with ExitStack() as stack:
        up = []
        for rows in effort.growth:
            if shutil.disk_usage(folder).free < rows * BYTES_A_ROW:
                left_out[f"{rows:,} rows"] = "there is not enough room on the disk"
                continue
            place = Place(folder, folder / f"rows-{rows}.db")
            build(place.sqlite_url, rows)
            product = stack.enter_context(running(ours(f"ours-{rows}"), place, cores().server))
            up.append((rows, product, _modes(rows, paged(product, rows))))
        seconds = max(effort.seconds / 2, 0.5)
        with quiet():
            for turn in range(effort.warming_up + min(effort.rounds, 3)):
                for rows, product, modes in up:
                    for mode in modes:
                        found = drive(mode, [product], turn, seconds, folder)
                        if turn >= effort.warming_up:
                            growth[mode.name].setdefault(rows, []).append(1_000 / found.rate)
    for rows in effort.growth:
        for file in folder.glob(f"rows-{rows}.db*"):
            file.unlink()
    return growth, left_out


def _modes(rows: int, pages: Mapping[str, Addresses]) -> Sequence[Mode]:
    totals = min(TOTALS, rows // 10)

    def by_key(first: int, count: int) -> list[str]:
        # Far from the one before; the other filter keeps requests apart where there are few rows.
        return [
            f"/funding?id=round-{FIRST_NUMBER + totals + n * 7_919 % (rows - totals)}"
            f"&max_amount_usd={2_000_000_000 + n}"
            for n in range(first, first + count)
        ]

    addresses = (ours_filtered, pages["middle_pages"], by_key)
    return [Mode(read, read, "ours", way) for read, way in zip(READS, addresses, strict=True)]
