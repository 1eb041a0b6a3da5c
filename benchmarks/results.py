"""The results of a benchmark: what came of each part, and what that is beside what was wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.after_writes import AT_MOST as AFTER_WRITE_AT_MOST
from benchmarks.after_writes import AfterWrite
from benchmarks.driving import Summary
from benchmarks.growth import Growth
from benchmarks.measuring import Effort, Load
from benchmarks.modes import Mode
from benchmarks.starting import AT_MOST as START_AT_MOST

MEMORY_AT_MOST = 150


@dataclass(frozen=True)
class Results:
    """All that was measured in one run."""

    effort: Effort
    machine: Sequence[str]
    load: Load
    after_writes: Sequence[AfterWrite]
    starts: dict[str, list[float]]
    memory: float
    """MB that one worker holds after all the rest."""
    growth: Growth
    left_out: dict[str, str]

    def rate(self, key: str) -> Summary:
        """Return the requests a second of a mode."""
        return Summary.of([one.rate for one in self.load.driven[key]])

    def of_bare(self, mode: Mode) -> float:
        """Return how much of what bare uvicorn does a mode does."""
        return self.rate(mode.key).median / self.rate("bare").median


@dataclass(frozen=True)
class Comparison:
    """A ratio that was to be reached, and the one that was."""

    what: str
    beside: str
    ratio: float
    wanted: float
    at_most: bool
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is as wanted."""
        return self.ratio <= self.wanted if self.at_most else self.ratio >= self.wanted


def comparisons(results: Results) -> Iterator[Comparison]:
    """Yield each ratio of which something is wanted; those of what was left out are not there."""
    driven, names = results.load.driven, {mode.key: mode.name for mode in results.load.modes}
    for mode in results.load.modes:
        for target in mode.targets:
            if target.of not in driven:
                continue
            ratio = results.rate(mode.key).median / results.rate(target.of).median
            if target.as_long_at_most:
                beside = f"{names[target.of]}, time"
                yield Comparison(mode.name, beside, 1 / ratio, target.as_long_at_most, at_most=True)
            else:
                beside = f"{names[target.of]}, rate"
                yield Comparison(mode.name, beside, ratio, target.at_least, at_most=False)
    for one in results.after_writes:
        ratio = median(one.first) / median(one.by_hand)
        what = f"`{one.address}`, first answer after a write"
        beside = "one GROUP BY by hand, time"
        yield Comparison(what, beside, ratio, AFTER_WRITE_AT_MOST, at_most=True)
    ratio = median(results.starts["ours"]) / median(results.starts["empty"])
    beside = "an empty FastAPI application, time"
    yield Comparison("start to the first answer", beside, ratio, START_AT_MOST, at_most=True)
    yield Comparison(
        "memory of one worker after all that", "", results.memory, MEMORY_AT_MOST, True, " MB"
    )
