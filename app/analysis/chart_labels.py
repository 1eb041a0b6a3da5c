"""Figures written beside points and bars, where there is room for them."""

from collections.abc import Sequence
from typing import Final

from app.analysis.chart_panels import LABEL, Frame, Spec
from app.analysis.chart_style import SIGNS, short, width_of
from app.analysis.figures import Observation

_ABOVE: Final = 14
"""How far above a panel a figure may begin."""


_NEAR: Final = 40
"""A figure is not written between two points that are nearer than this."""


def figure(row: Observation) -> str:
    unit = " %" if row.unit == "percent" else ""
    return f"{SIGNS.get(row.qualifier, '')}{short(row.value)}{unit}"


_LEAST = 14
"""Figures one under the other are at least this far apart."""
_Box = tuple[float, float, float, float]


def _offsets(*, bars: bool) -> dict[str, tuple[float, float]]:
    """Return how far from its point a figure is written: its middle, or its left on the right."""
    near, far = (10, 26) if bars else (14, 27)
    beside: dict[str, tuple[float, float]] = {
        "right": (9, 0),
        "right_up": (9, -11),
        "right_down": (9, 11),
    }
    over: dict[str, tuple[float, float]] = {"above": (0, -near), "above_arrow": (0, -far)}
    return over if bars else beside | over | {"below": (0, near), "below_arrow": (0, far)}


def labels(frame: Frame, size: int = LABEL, *, bars: bool = False) -> list[Spec]:
    return [
        {
            "transform": [{"filter": f"datum.label == '{label}'"}],
            "mark": {
                "type": "text",
                "dx": dx,
                "dy": dy,
                "align": "left" if dx else "center",
                "baseline": "middle",
                "fontSize": size,
                "fill": frame.theme.text,
            },
            "encoding": {"text": {"field": "figure", "type": "nominal"}},
        }
        for label, (dx, dy) in _offsets(bars=bars).items()
    ]


def sides_of(
    rows: Sequence[Observation],
    spots: Sequence[tuple[float, float]],
    named: set[int],
    frame: Frame,
    *,
    bars: bool = False,
) -> list[str]:
    """Return where each figure is written beside its point, or `nowhere` for want of room.

    The newest of each country come first, then those that are not exact, then the largest.
    """
    taken: list[_Box] = []
    for row, (x, y) in zip(rows, spots, strict=True):
        if not bars:
            taken.append((x - 5, y - 5, x + 5, y + 5))
        if row.qualifier in ("at_least", "up_to"):
            away = (10 if bars else 13) * (-1 if row.qualifier == "at_least" else 1)
            taken.append((x - 4, y + away - 5, x + 4, y + away + 5))
    lines = [] if bars else _along(rows, spots)
    offsets = _offsets(bars=bars)
    last = max((x for x, _ in spots), default=0)
    sides = ["nowhere"] * len(rows)
    order = sorted(
        range(len(rows)),
        key=lambda i: (id(rows[i]) not in named, rows[i].qualifier == "exact", -rows[i].value),
    )
    for i in order:
        row, (x, y) = rows[i], spots[i]
        prefix = f"{row.country} " if id(row) in named else ""
        wide = width_of(prefix + figure(row), LABEL)
        near = [spot[1] - y for spot in spots if abs(spot[0] - x) < wide / 2]
        ways = ["above", "above_arrow"] if not any(-_NEAR < away < 0 for away in near) else []
        ways += ["below", "below_arrow"] if not any(0 < away < _NEAR for away in near) else []
        if prefix and x == last:
            beside = [spot[1] - y for spot in spots if spot[0] == x]
            tight = any(0 < away < _LEAST for away in beside)
            ways = ["right_up" if tight else "right", "right", "right_up", "right_down", *ways]
        boxes = {}
        for way in (way for way in ways if way in offsets):
            dx, dy = offsets[way]
            start = x + dx - (0 if dx else wide / 2)
            box = (start, y + dy - 6, start + wide, y + dy + 6)
            inside = box[1] > -_ABOVE and box[3] <= frame.height + 8 and box[2] <= frame.width + 8
            if inside and not any(_overlap(box, other) for other in taken):
                boxes[way] = box
        clear = (way for way, box in boxes.items() if not any(_overlap(box, b) for b in lines))
        if way := next(clear, next(iter(boxes), "")):
            taken.append(boxes[way])
            sides[i] = way
    return sides


def _along(rows: Sequence[Observation], spots: Sequence[tuple[float, float]]) -> list[_Box]:
    """Return small boxes along the lines that join the points of each country."""
    boxes = []
    before: dict[str, tuple[float, float]] = {}
    for row, (x, y) in zip(rows, spots, strict=True):
        x0, y0 = before.get(row.country, (x, y))
        steps = int(max(abs(x - x0), abs(y - y0)) // 5) + 1
        for step in range(steps):
            at = (x0 + (x - x0) * step / steps, y0 + (y - y0) * step / steps)
            boxes.append((at[0] - 2, at[1] - 2, at[0] + 2, at[1] + 2))
        before[row.country] = (x, y)
    return boxes


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
