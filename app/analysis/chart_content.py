"""What a chart shows, and what it says of it in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.analysis.chart_panels import Panel, arrange, words_of
from app.analysis.chart_style import ThemeName
from app.analysis.comparison import Refusal
from app.analysis.figures import Observation

PUBLISHER: Final = "AI Race Indicators"


_MOST_SAID: Final = 12
"""A series of more figures than this is described by its ends, least and most."""


_NOT_COMPARED: Final = "Not compared"
_NO_TREND: Final = "No trend"


_FEW: Final = 2
"""More years than these that follow each other are told by the first and the last."""


@dataclass(frozen=True, slots=True)
class SourceName:
    """How a source is called: over a panel, and under the chart."""

    name: str
    cited: str


@dataclass(frozen=True)
class Chart:
    """All that a chart shows."""

    title: str
    unit: str
    observations: Sequence[Observation]
    countries: Mapping[str, str]
    """The names of the countries by their codes, in the order in which they are shown."""
    sources: Mapping[str, SourceName]
    revision: int
    recorded: str
    """The day of the revision."""
    refusals: Sequence[Refusal] = ()
    notes: Sequence[str] = ()
    theme: ThemeName = "light"
    width: int = 860
    height: int = 520


def notes_of(chart: Chart, panels: Sequence[Panel]) -> list[str]:
    """Return what is refused, in words, and what else a reader has to know."""
    refused: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for refusal in chart.refusals:
        of_trend = refusal.reason == "single_period"
        start = _NO_TREND if of_trend else _NOT_COMPARED
        scope = f" ({refusal.scope})" if refusal.scope else ""
        where = f"{chart.sources[refusal.source].name}{scope}"
        refused[start, refusal.detail][where] += [refusal.period] if refusal.period else []
    notes: dict[str, list[str]] = defaultdict(list)
    for (start, detail), places in sorted(refused.items(), reverse=True):
        told = listed(" ".join([where, runs(when)]).rstrip() for where, when in places.items())
        notes[start].append(f"{start}: {told}: {detail}.")
    loose = dict.fromkeys(f"{row.country} {row.period}" for panel in panels for row in panel.loose)
    unjoined = [f"Not joined, being of another length of period: {listed(loose)}."] if loose else []
    return [*chart.notes, *notes[_NOT_COMPARED], *unjoined, *notes[_NO_TREND]]


def runs(periods: Iterable[str]) -> str:
    """Return periods in their order, years that follow each other as one: `2010, 2012 to 2015`."""
    found: list[list[str]] = []
    for period in sorted(set(periods)):
        last = found[-1][-1] if found else ""
        if period.isdigit() and last.isdigit() and int(period) == int(last) + 1:
            found[-1].append(period)
        else:
            found.append([period])
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > _FEW else ", ".join(run) for run in found
    )


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def description(chart: Chart) -> str:
    """Return the chart in words, for those who cannot see it."""
    names = ", ".join(f"{name} ({code})" for code, name in chart.countries.items())
    panels = arrange(chart.observations)
    said = [f"Chart of {chart.title}, in {chart.unit}, for {names}."]
    for panel in panels:
        scope = f", scope {panel.scope}" if panel.scope else ""
        unit = f", in {panel.unit}" if panel.unit != chart.unit else ""
        series: dict[str, list[Observation]] = defaultdict(list)
        for row in panel.rows:
            series[row.country].append(row)
        stated = "; ".join(f"{code} {_series(rows)}" for code, rows in sorted(series.items()))
        said.append(f"{chart.sources[panel.source].name}{scope}{unit}: {stated}.")
    said += notes_of(chart, panels)
    cited = dict.fromkeys(chart.sources[row.source].cited for row in chart.observations)
    said.append(f"Sources: {'; '.join(cited)}.")
    said.append(f"{PUBLISHER}, revision {chart.revision} of {chart.recorded}.")
    return " ".join(said)


def _series(rows: Sequence[Observation]) -> str:
    if len(rows) <= _MOST_SAID:
        return ", ".join(map(words_of, rows))
    least, most = min(rows, key=_value), max(rows, key=_value)
    return (
        f"{len(rows)} figures from {words_of(rows[0])} to {words_of(rows[-1])}, "
        f"least {words_of(least)}, most {words_of(most)}"
    )


def _value(row: Observation) -> float:
    return row.value
