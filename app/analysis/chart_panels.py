"""The panels of a chart: one for each source and scope, and their scales."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.analysis.chart_style import QUALIFIERS, Look, Theme, short, width_of
from app.analysis.figures import Observation

Spec = dict[str, Any]


LABEL: Final = 11
"""The size of small text in pixels."""


CODE: Final = 15
"""The height of the line with the codes of countries under bars."""


_MANY: Final = 1e4
"""Lines whose largest value is this many times the smallest need a logarithmic scale."""


@dataclass(frozen=True)
class Panel:
    """What one source states in one scope and unit."""

    source: str
    scope: str | None
    unit: str
    rows: Sequence[Observation]
    usual: str | None
    """The length of the periods that lines join; None where there is nothing to join."""

    @property
    def loose(self) -> list[Observation]:
        """The observations of another length of period than those that are joined."""
        return [row for row in self.rows if self.usual and length(row.period) != self.usual]

    @property
    def odd(self) -> list[Observation]:
        """The newest of each country where it is of another length of period than is joined."""
        newest = {row.country: row for row in self.rows}
        return [row for row in self.loose if newest[row.country] is row]

    @property
    def bottom(self) -> int:
        """How many pixels the words under the panel take."""
        told = self.odd if self.usual else self.rows
        spans = any("/" in row.period for row in told)
        return 16 + (0 if self.usual else CODE) + (13 if spans else 0)


@dataclass(frozen=True)
class Scale:
    """The vertical scale: what it spans, where its lines are, and whether it is logarithmic."""

    least: float
    most: float
    ticks: tuple[float, ...]
    log: bool

    def height(self, value: float, pixels: float) -> float:
        """Return how high above the base a value stands."""
        if self.log:
            whole = math.log10(self.most / self.least)
            return pixels * math.log10(max(value, self.least) / self.least) / whole
        return pixels * (value - self.least) / (self.most - self.least)


@dataclass(frozen=True)
class Frame:
    """What panels have in common: their size, the countries, and how these look."""

    width: int
    height: int
    looks: Mapping[str, Look]
    theme: Theme


def length(period: str) -> str:
    """Return what sort of period it is: only those of one sort are joined."""
    if "/" in period:
        return "span"
    return "quarter" if "Q" in period else str(len(period))


def arrange(observations: Iterable[Observation]) -> list[Panel]:
    """Return the panels, those that say most of most countries first."""
    groups: dict[tuple[str, str, str, str], list[Observation]] = defaultdict(list)
    for row in observations:
        groups[row.source, row.scope or "", row.unit, row.basis].append(row)
    found = []
    for (source, scope, unit, _), rows in groups.items():
        rows.sort(key=lambda row: (row.first_day, row.last_day, row.country))
        found.append(Panel(source, scope or None, unit, rows, _usual(rows)))
    return sorted(
        found,
        key=lambda panel: (
            -len({row.country for row in panel.rows}),
            -len(panel.rows),
            panel.source,
            panel.scope or "",
            panel.unit,
        ),
    )


def _usual(rows: Sequence[Observation]) -> str | None:
    """Return the commonest length of which a country has two periods, spans aside."""
    periods = {(row.country, row.period) for row in rows}
    series = Counter((country, length(period)) for country, period in periods)
    lengths: Counter[str] = Counter()
    for (_, sort), count in series.items():
        if count > 1 and sort != "span":
            lengths[sort] += count
    return max(sorted(lengths), key=lambda sort: lengths[sort]) if lengths else None


def scales(panels: Sequence[Panel], height: int) -> dict[str, Scale]:
    """Return one scale for each unit, so that panels of one unit can be compared by eye."""
    by_unit: dict[str, list[Panel]] = defaultdict(list)
    for panel in panels:
        by_unit[panel.unit].append(panel)
    return {unit: _scale(of_unit, height) for unit, of_unit in by_unit.items()}


def _scale(panels: Sequence[Panel], height: int) -> Scale:
    values = [row.value for panel in panels for row in panel.rows]
    least, most = min(values), max(values)
    if all(panel.usual for panel in panels) and least > 0 and most / least > _MANY:
        low, high = math.floor(math.log10(least)), math.ceil(math.log10(most * 1.5))
        step = max(1, math.ceil((high - low) / max(2, height // 30)))
        ticks = tuple(10.0**power for power in range(low, high + 1, step))
        return Scale(10.0**low, 10.0**high, ticks, log=True)
    top = 0.0
    for row in (row for panel in panels for row in panel.rows):
        room = min(height * 0.4, 34 if row.qualifier == "at_least" else 18)
        top = max(top, row.value * height / (height - room))
    top = top or 1
    return Scale(0, top, _ticks(top, max(2, height // 42)), log=False)


def _ticks(top: float, about: int) -> tuple[float, ...]:
    size = 10 ** math.floor(math.log10(top / about))
    step = next(size * part for part in (1, 2, 5, 10) if size * part * about >= top)
    return tuple(round(step * place, 12) for place in range(int(top / step) + 1))


def left_of(scale: Scale) -> int:
    """Return how many pixels the words to the left of a panel take."""
    return math.ceil(max(width_of(short(tick), LABEL) for tick in scale.ticks)) + 8


def words_of(row: Observation) -> str:
    """Return an observation in words: `US 2023 about 31 B`."""
    qualifier = QUALIFIERS.get(row.qualifier, "")
    return " ".join(part for part in (row.period, qualifier, short(row.value)) if part)
