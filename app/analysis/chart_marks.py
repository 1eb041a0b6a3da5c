"""What is drawn in a panel: lines with points, or bars."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from app.analysis.chart_labels import figure, labels, sides_of
from app.analysis.chart_panels import CODE, LABEL, Frame, Panel, Scale, Spec, length
from app.analysis.chart_style import short, width_of
from app.analysis.figures import Observation

DASH: Final = "\u2013"


ARROW: Final = "M0,-1L0.6,-0.2L0.2,-0.2L0.2,1L-0.2,1L-0.2,-0.2L-0.6,-0.2Z"


ARROW_DOWN: Final = "M0,1L0.6,0.2L0.2,0.2L0.2,-1L-0.2,-1L-0.2,0.2L-0.6,0.2Z"


_WIDEST_BAR: Final = 56


_MOST_BESIDE: Final = 0.55
"""The part of a panel that figures to the right of its lines may take."""


_APART: Final = 9
"""Periods under a panel are at least this far apart."""


_ASIDE: Final = 8
"""How far before its point the last period begins where it is not under its middle."""


_DAY: Final = "utcFormat(datum.value, '%Y-%m-%d')"


_BOUNDS: Final = ("at_least", "up_to")
"""A line that ran down to one of these would show a fall where there may be none."""


def draw(panel: Panel, scale: Scale, frame: Frame) -> Spec:
    """Return the layers of a panel, without its heading."""
    layers = _lines(panel, scale, frame) if panel.usual else _bars(panel, scale, frame)
    return {"width": frame.width, "height": frame.height, "layer": layers}


def _lines(panel: Panel, scale: Scale, frame: Frame) -> list[Spec]:
    days = [_middle(row) for row in panel.rows]
    first, last = min(days), max(days)
    newest = {row.country: row for row in panel.rows}
    ends = [row for row in newest.values() if _middle(row) == last]
    after = max((width_of(f"{row.country} {figure(row)}", LABEL) for row in ends), default=0)
    under = max((_width_of_period(row.period) - _ASIDE for row in panel.odd), default=0)
    left = min(26, frame.width // 7)
    right = min(max(after + 14, under), frame.width * _MOST_BESIDE)
    across = frame.width - left - right

    def place(row: Observation) -> tuple[float, float]:
        x = left + across * ((_middle(row) - first) / (last - first))
        return x, frame.height - scale.height(row.value, frame.height)

    counts = Counter((row.country, row.period) for row in panel.rows)
    spots = [place(row) for row in panel.rows]
    sides = sides_of(panel.rows, spots, set(map(id, newest.values())), frame)
    rows = [
        _row(row)
        | {
            "day": f"{_middle(row).isoformat()}T12:00:00Z",
            "joined": length(row.period) == panel.usual
            and counts[row.country, row.period] == 1
            and row.qualifier not in _BOUNDS,
            "label": side,
        }
        | ({"figure": f"{row.country} {figure(row)}"} if newest[row.country] is row else {})
        for row, side in zip(panel.rows, sides, strict=True)
    ]
    shown = _days_shown(panel, across)
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {
            "type": "utc",
            "domain": [f"{day.isoformat()}T12:00:00Z" for day in (first, last)],
            "range": [left, left + across],
        },
        "axis": {
            "values": [f"{day.isoformat()}T12:00:00Z" for day in shown],
            "labelExpr": _period_words(shown),
            "labelPadding": 5,
            **_aside(panel, last),
        },
    }
    encoding = {"x": x, "y": _y(scale)}
    country = _by_country(frame)
    stroke = {"stroke": country["colour"]}
    filled = {
        "condition": {"test": "datum.qualifier == 'exact'", **country["colour"]},
        "value": frame.theme.background,
    }
    return [
        {
            "data": {"values": rows},
            "encoding": encoding,
            "layer": [
                {
                    "transform": [{"filter": "datum.joined"}],
                    "mark": {"type": "line", "strokeWidth": 2},
                    "encoding": {**stroke, "strokeDash": country["dash"]},
                },
                {
                    "mark": {"type": "point", "size": 52, "strokeWidth": 1.8, "opacity": 1},
                    "encoding": {**stroke, "fill": filled, "shape": country["shape"]},
                },
                *_arrows(country, 13),
                *labels(frame),
            ],
        }
    ]


def _bars(panel: Panel, scale: Scale, frame: Frame) -> list[Spec]:
    periods = list(dict.fromkeys(row.period for row in panel.rows))
    rows, slots = _slots(panel, periods, frame)
    step = min(frame.width / len(periods), (_WIDEST_BAR * len(slots)) / 0.75)
    used = step * len(periods)
    band = step * 0.75 / len(slots)
    start = (frame.width - used) / 2
    spots = []
    stated = []
    for row, shown in rows:
        x = start + step * (periods.index(shown["period"]) + 0.125)
        x += band * (slots.index(shown["slot"]) + 0.5)
        if row:
            spots.append((x, frame.height - scale.height(row.value, frame.height)))
            stated.append(row)
    sides = iter(sides_of(stated, spots, set(), frame, bars=True))
    for row, shown in rows:
        shown["label"] = next(sides) if row else "none"
    size = LABEL if band >= width_of("≥ 9.99 B", LABEL) * 0.75 else LABEL - 1
    country = _by_country(frame)
    exact = "datum.qualifier == 'exact'"
    encoding: Spec = {
        "x": {
            "field": "period",
            "type": "nominal",
            "sort": periods,
            "scale": {
                "range": [start, start + used],
                "paddingInner": 0.25,
                "paddingOuter": 0.125,
            },
            "axis": {
                "domain": False,
                "labelPadding": 5 + CODE,
                "labelExpr": _lines_of("datum.value"),
                "labelLimit": math.floor(step),
            },
        },
        "xOffset": {
            "field": "slot",
            "sort": slots,
            "scale": {"paddingInner": 0.1, "paddingOuter": 0.05, "domain": slots},
        },
        "y": _y(scale, grid=False),
    }
    code: Spec = {"type": "text", "y": frame.height + 11, "baseline": "middle"}
    code |= {"fontSize": LABEL - 1, "fill": frame.theme.text}
    none: Spec = {"type": "text", "y": frame.height - 7, "text": DASH, "fill": frame.theme.muted}
    layers: list[Spec] = [
        {
            "transform": [{"filter": "isValid(datum.value)"}],
            "mark": {"type": "bar", "strokeWidth": 1.6},
            "encoding": {
                "fill": country["colour"],
                "stroke": country["colour"],
                "fillOpacity": {"condition": {"test": exact, "value": 1}, "value": 0.18},
                "strokeDash": {"condition": {"test": exact, "value": [1, 0]}, "value": [4, 2]},
            },
        },
        *_arrows(country, 10),
        *labels(frame, size, bars=True),
        {"transform": [{"filter": "datum.label == 'none'"}], "mark": none, "encoding": {"y": None}},
    ]
    if band >= width_of("CN", LABEL - 1):
        text = {"field": "country", "type": "nominal"}
        layers.append({"mark": code, "encoding": {"y": None, "text": text}})
    drawn = {"data": {"values": [shown for _, shown in rows]}, "encoding": encoding}
    return [_grid_lines(scale, frame), {**drawn, "layer": layers}]


def _grid_lines(scale: Scale, frame: Frame) -> Spec:
    """Return the lines from edge to edge, which the axis would end with the bars."""
    y = _y(scale, grid=False)
    ends = {"x": {"value": 0}, "x2": {"value": frame.width}}
    colour = {"condition": {"test": "datum.value == 0", "value": frame.theme.muted}}
    return {
        "data": {"values": [{"value": tick} for tick in scale.ticks]},
        "mark": {"type": "rule"},
        "encoding": {"y": y, **ends, "color": {**colour, "value": frame.theme.grid}},
    }


def _slots(
    panel: Panel, periods: Sequence[str], frame: Frame
) -> tuple[list[tuple[Observation | None, Spec]], list[str]]:
    """Return a row for each bar, also for those that the source gives no figure for."""
    given: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for row in panel.rows:
        given[row.country, row.period].append(row)
    slots = []
    rows: list[tuple[Observation | None, Spec]] = []
    for country in frame.looks:
        most = max(1, *(len(given[country, period]) for period in periods))
        for place in range(most):
            slots.append(f"{country} {place + 1}")
            for period in periods:
                here = given[country, period]
                if place < len(here):
                    rows.append((here[place], _row(here[place]) | {"slot": slots[-1]}))
                elif place == 0:
                    empty = {"country": country, "period": period, "value": None}
                    rows.append((None, empty | {"slot": slots[-1]}))
    return rows, slots


def _row(row: Observation) -> Spec:
    shown: Spec = {
        "country": row.country,
        "period": row.period,
        "value": row.value,
        "qualifier": row.qualifier,
        "figure": figure(row),
    }
    return shown


def _y(scale: Scale, *, grid: bool = True) -> Spec:
    words = " : ".join(f"datum.value == {tick!r} ? '{short(tick)}'" for tick in scale.ticks)
    kind = "log" if scale.log else "linear"
    return {
        "field": "value",
        "type": "quantitative",
        "scale": {"type": kind, "domain": [scale.least, scale.most], "nice": False},
        "axis": {
            "values": list(scale.ticks),
            "labelExpr": f"{words} : ''",
            "domain": False,
            "grid": grid,
        },
        "stack": None,
    }


def _by_country(frame: Frame) -> dict[str, Spec]:
    """Return the encodings that tell countries apart."""
    ranges: dict[str, list[Any]] = {
        "colour": [look.colour for look in frame.looks.values()],
        "dash": [look.dash for look in frame.looks.values()],
        "shape": [look.shape for look in frame.looks.values()],
    }
    return {
        name: {
            "field": "country",
            "type": "nominal",
            "scale": {"domain": list(frame.looks), "range": range_},
            "legend": None,
        }
        for name, range_ in ranges.items()
    }


def _arrows(country: dict[str, Spec], away: int) -> list[Spec]:
    """Return the arrows that say to which side the truth lies."""
    return [
        {
            "transform": [{"filter": f"datum.qualifier == '{qualifier}'"}],
            "mark": {"type": "point", "shape": shape, "size": 90, "opacity": 1, "yOffset": offset}
            | {"strokeWidth": 0},
            "encoding": {"fill": country["colour"]},
        }
        for qualifier, shape, offset in (("at_least", ARROW, -away), ("up_to", ARROW_DOWN, away))
    ]


def _middle(row: Observation) -> date:
    first, last = date.fromisoformat(row.first_day), date.fromisoformat(row.last_day)
    return first + timedelta(days=(last - first).days // 2)


def _days_shown(panel: Panel, across: float) -> dict[date, str]:
    """Return the periods that are written under their days, as many as there is room for.

    The newest of each country come first where they are of another length than the usual ones,
    which follow, the newest of them first.
    """
    usual = {_middle(row): row.period for row in panel.rows if length(row.period) == panel.usual}
    odd = {_middle(row): row.period for row in panel.odd}
    days = sorted({_middle(row) for row in panel.rows})
    pixels = across / max((days[-1] - days[0]).days, 1)
    shown: dict[date, str] = {}
    taken: list[tuple[float, float]] = []
    for day, period in (*sorted(odd.items(), reverse=True), *sorted(usual.items(), reverse=True)):
        wide = _width_of_period(period)
        before = _ASIDE if _aside(panel, day) else wide / 2
        start = (day - days[0]).days * pixels - before
        if all(start + wide + _APART <= left or right + _APART <= start for left, right in taken):
            shown[day] = period
            taken.append((start, start + wide))
    return shown


def _aside(panel: Panel, day: date) -> Spec:
    """Return how the last period is written where it is an odd one: it begins under its point.

    So it leaves room to the usual ones before it, of which the next may be near.
    """
    last = max(map(_middle, panel.rows))
    if day != last or day not in map(_middle, panel.odd):
        return {}
    test = f"{_DAY} == '{day.isoformat()}'"
    return {
        "labelAlign": {"condition": {"test": test, "value": "left"}, "value": "center"},
        "labelOffset": {"condition": {"test": test, "value": -_ASIDE}, "value": 0},
    }


def _width_of_period(period: str) -> float:
    return max(width_of(line, LABEL) for line in period.replace("/", f" {DASH}/").split("/"))


def _lines_of(words: str) -> str:
    """Return the expression that breaks a span in two: `2023-01 -` and `2023-11`."""
    return f"split(replace({words}, '/', ' {DASH}/'), '/')"


def _period_words(shown: Mapping[date, str]) -> str:
    """Return the expression of the words under each day."""
    words = " : ".join(f"{_DAY} == '{day.isoformat()}' ? '{shown[day]}'" for day in shown)
    return _lines_of(f"({words} : '')")
