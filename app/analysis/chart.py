"""Charts: the Vega-Lite specification of one indicator's figures. Pure: nothing is read or drawn.

Each source and scope has a panel of its own, on one scale, so that no line joins and no eye
adds up what is not comparable. All sizes are worked out here: the picture is as large as asked.
"""

import math
from collections.abc import Sequence
from typing import Final

from app.analysis.chart_content import PUBLISHER, Chart, description, listed, notes_of
from app.analysis.chart_marks import ARROW, ARROW_DOWN, DASH, draw
from app.analysis.chart_panels import LABEL, Frame, Panel, Scale, Spec, arrange, left_of, scales
from app.analysis.chart_style import (
    FONT,
    QUALIFIERS,
    SIGNS,
    THEME,
    Look,
    Theme,
    cut,
    letters,
    looks,
    width_of,
    wrapped,
)

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"


_LINE: Final = 14


_HEADING: Final = 22
"""From the top of the words over a panel to the panel, where they have one line."""


_SMALL: Final = 420


_LOW: Final = 260
"""Charts that are lower than this have a header of two lines."""


_NARROWEST_CELL: Final = 150


_LOWEST_CELL: Final = 104


_LOWEST_PLOT: Final = 30
"""The words over a panel have two lines where they need them and so much is left below."""


_LEAST_OF_NAME: Final = 0.3
"""The part of the line over a panel that the name of its source has, whatever else is there."""


_BEST_SHAPE: Final = 1.6


_GAP: Final = 18


def chart_specification(chart: Chart) -> Spec:
    """Return the Vega-Lite (version 6) specification of a chart that has observations."""
    page = _Page(chart)
    return {
        "$schema": SCHEMA,
        "description": description(chart),
        "usermeta": {"title": chart.title, "revision": chart.revision},
        "background": page.theme.background,
        "autosize": "none",
        "padding": {"left": page.left, "top": page.top, "right": 0, "bottom": 0},
        # The size of the whole: panels are placed by their own sizes, whatever is around them.
        "params": [
            {"name": "width", "value": chart.width - page.left},
            {"name": "height", "value": chart.height - page.top},
        ],
        "concat": page.panels(),
        "columns": page.columns,
        "bounds": "flush",
        "spacing": {"row": page.row_gap, "column": page.column_gap},
        "resolve": {"scale": {"xOffset": "independent"}},
        "config": _config(page.theme),
    }


class _Page:
    """Where everything stands, in pixels."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.theme = THEME[chart.theme]
        self.looks = looks(tuple(chart.countries), self.theme)
        self.margin = 16 if chart.width >= _SMALL else 8
        self.inner = chart.width - 2 * self.margin
        self.foot_lines = 0
        found = arrange(chart.observations)
        head = self._header(found)
        foot_most = chart.height - head - _LOWEST_CELL
        foot: float = len(self._footer(found, ())) * _LINE + 8
        most = chart.height * (0.19 if len(found) > 2 else 0.3)  # noqa: PLR2004  (panels need room)
        foot = max(min(foot, most, foot_most), 2 * _LINE + 6)
        body = chart.height - head - foot - self.margin / 2
        self.columns, self.rows = _grid(len(found), self.inner, body)
        self.shown = found[: self.columns * self.rows]
        if len(self.shown) < len(found):  # what is left out is said, which may take a line more
            body -= 0 if chart.height < _LOW else _LINE
            foot += 0 if chart.height < _LOW else _LINE
        self.columns = min(self.columns, len(self.shown))
        self.foot_lines = max(2, int((foot - 4) // _LINE))
        self.lines = self._footer(found, found[len(self.shown) :])
        bottom = max(panel.bottom for panel in self.shown)
        cell = body / self.rows
        across = (self.inner - _GAP * (self.columns - 1)) / self.columns
        left_over = math.floor(cell - _HEADING - bottom - 6)
        self.has_two_lines = left_over - _LINE >= _LOWEST_PLOT and any(
            not self._has_one_line(panel, across) for panel in self.shown
        )
        self.heading = _HEADING + _LINE * self.has_two_lines
        height = max(_LOWEST_PLOT, left_over - _LINE * self.has_two_lines)
        self.scales = scales(self.shown, height)
        side = max(left_of(scale) for scale in self.scales.values())
        width = max(40, math.floor(across - side))
        self.frame = Frame(width, height, self.looks, self.theme)
        self.side = side
        self.left = self.margin + side
        self.top = head + self.heading
        self.column_gap = side + _GAP
        self.row_gap = math.floor(cell) - height

    def panels(self) -> list[Spec]:
        """Return the panels, the first with all the words and signs around them."""
        drawn = []
        for panel in self.shown:
            spec = draw(panel, self.scales[panel.unit], self.frame)
            spec["layer"] += map(_free, self._heading(panel, self.scales[panel.unit]))
            drawn.append(spec)
        around = [*self.header, *self._foot()]
        drawn[0]["layer"] += [_free(mark, self.left, self.top) for mark in around]
        return drawn

    def _heading(self, panel: Panel, scale: Scale) -> list[Spec]:
        """Return the words over a panel: the source, and what its figures cover."""
        room = self.frame.width + self.side
        beside, below = self._covered(panel, scale, room)
        name = self.chart.sources[panel.source].name
        if beside:
            left = room - 6 - width_of(beside, LABEL)
            name = cut(name, max(left, room * _LEAST_OF_NAME), 12, bold=True)
        name = cut(name, room, 12, bold=True)
        heading = _text([name], -self.side, -self.heading, self.theme.text)
        marks = [heading | {"fontSize": 12, "fontWeight": "bold"}]
        start = width_of(name, 12, bold=True) + 6
        for words, x, y in ((beside, start, 1), (below, 0, 1 + _LINE)):
            if words:
                line = [cut(words, room - x, LABEL)]
                covered = _text(line, x - self.side, y - self.heading, self.theme.muted)
                marks.append(covered | {"fontSize": LABEL})
        return marks

    def _covered(self, panel: Panel, scale: Scale, room: float) -> tuple[str, str]:
        """Return what stands beside the name of the source, and what below it."""
        words = self._scope(panel, scale)
        if not self.has_two_lines:
            return words, ""
        if panel.scope and panel.unit != self.chart.unit and width_of(words, LABEL) > room:
            return panel.unit, words.removeprefix(f"{panel.unit}, ")
        return "", words

    def _has_one_line(self, panel: Panel, room: float) -> bool:
        name = width_of(self.chart.sources[panel.source].name, 12, bold=True)
        return name + 6 + width_of(self._scope(panel), LABEL) <= room

    def _scope(self, panel: Panel, scale: Scale | None = None) -> str:
        parts = [panel.unit] if panel.unit != self.chart.unit else []  # first: it may be cut
        parts.append(panel.scope or "")
        if scale and scale.log:
            parts.append("logarithmic scale")
        return ", ".join(part for part in parts if part)

    def _header(self, found: Sequence[Panel]) -> float:
        """Lay out title, unit and legend; return how much height they take."""
        chart, theme = self.chart, self.theme
        size = 19 if chart.width >= _SMALL else 14
        self.header: list[Spec] = []
        y = self.margin * 0.75
        low = chart.height < _LOW
        title = wrapped(chart.title, self.inner, size, bold=True)[: 1 if low else 2]
        self.header.append(
            _text(title, self.margin, y, theme.text)
            | {"fontSize": size, "fontWeight": "bold", "lineHeight": size + 3}
        )
        y += len(title) * (size + 3)
        meaning = letters([row.value for row in chart.observations])
        unit = f"{chart.unit} ({meaning})" if meaning else chart.unit
        beside = self.margin + width_of(title[-1], size, bold=True) + 8
        if beside + width_of(unit, 12) <= chart.width - self.margin:
            self.header.append(_text([unit], beside, y - 17, theme.muted))
        elif not low:
            self.header.append(_text([cut(unit, self.inner, 12)], self.margin, y, theme.muted))
            y += 17
        if len(self.header) > 1:
            self.header[-1]["fontSize"] = 12
        y += 4
        lines = any(panel.usual for panel in found)
        x: float = self.margin
        for words, signs, wide in self._legend(found, lines=lines):
            room = wide + 5 + width_of(words, 12) + 14
            if x > self.margin and x + room - 14 > chart.width - self.margin:
                if chart.height < _LOW:
                    break
                x, y = self.margin, y + 17
            self.header += [_moved(sign, x, y + 6) for sign in signs]
            self.header.append(_text([words], x + wide + 5, y + 6.5, theme.text))
            self.header[-1] |= {"fontSize": 12, "baseline": "middle"}
            x += room
        return y + 24

    def _legend(self, found: Sequence[Panel], *, lines: bool) -> list[tuple[str, list[Spec], int]]:
        """Return the words, the signs and the width of the signs of each entry."""
        rows = [row for panel in found for row in panel.rows]
        named = self.inner >= 110 * len(self.looks)
        entries = [
            (f"{code} {self.chart.countries[code]}" if named else code, *_swatch(look, lines=lines))
            for code, look in self.looks.items()
        ]
        stated = {row.qualifier for row in rows}
        for qualifier, words in QUALIFIERS.items():
            if qualifier in stated:
                signs, wide = _hollow(qualifier, self.theme, lines=lines)
                entries.append((f"{SIGNS[qualifier]}{words}", signs, wide))
        whole = len(self.looks)
        bars = [panel for panel in found if panel.usual is None]
        if any(
            len({row.country for row in panel.rows if row.period == period}) < whole
            for panel in bars
            for period in {row.period for row in panel.rows}
        ):
            entries.append((f"{DASH} no figure", [], 0))
        return entries

    def _footer(self, found: Sequence[Panel], left_out: Sequence[Panel]) -> list[str]:
        """Return the lines under the chart, the most telling first and the revision last."""
        notes = notes_of(self.chart, found)
        if left_out:
            missing = listed(self._named(panel) for panel in left_out)
            notes.insert(0, f"No room here for {missing}: ask for one source, or a larger height.")
        lines = [line for note in notes for line in self._wrap(note)]
        cited = [self.chart.sources[key].cited for key in self._sources()]
        last = f"{PUBLISHER}, revision {self.chart.revision} of {self.chart.recorded}."
        ending = self._wrap(f"Sources: {'; '.join(cited)}. {last}")
        room = self.foot_lines
        if not room or len(lines) + len(ending) <= room:
            return lines + ending
        names = [self.chart.sources[key].name for key in self._sources()]
        ending = self._wrap(f"Sources: {', '.join(names)}. {last}")
        if len(ending) > max(2, room // 2):
            few = cut(f"Sources: {', '.join(names)}", self.inner, LABEL)
            brief = f"{PUBLISHER}, revision {self.chart.revision}"
            if left_out:
                shown = len(found) - len(left_out)
                brief = f"Revision {self.chart.revision}; {shown} of {len(found)} panels shown"
            ending = [few, cut(brief, self.inner, LABEL)]
        kept = lines[: max(0, room - len(ending))]
        if kept and len(kept) < len(lines):
            more = " … more in /gap"
            kept[-1] = cut(kept[-1].rstrip(" …"), self.inner - width_of(more, LABEL), LABEL)
            kept[-1] = kept[-1].rstrip("…") + more
        return kept + ending

    def _foot(self) -> list[Spec]:
        y = self.chart.height - len(self.lines) * _LINE - self.margin * 0.4
        spec = _text(self.lines, self.margin, y, self.theme.muted)
        return [spec | {"fontSize": LABEL, "lineHeight": _LINE}]

    def _wrap(self, text: str) -> list[str]:
        return wrapped(text, self.inner, LABEL)

    def _sources(self) -> list[str]:
        return list(dict.fromkeys(row.source for row in self.chart.observations))

    def _named(self, panel: Panel) -> str:
        name = self.chart.sources[panel.source].name
        return f"{name} ({panel.scope})" if panel.scope else name


def _grid(panels: int, width: float, height: float) -> tuple[int, int]:
    """Return the columns and rows of the grid whose cells are shaped best, or the most that fit."""
    fits = []
    for columns in range(1, panels + 1):
        rows = math.ceil(panels / columns)
        cell = (width / columns, height / rows)
        if cell[0] >= _NARROWEST_CELL and cell[1] >= _LOWEST_CELL:
            empty = columns * rows - panels
            shape = (cell[0] - 40) / (cell[1] - 58)
            off = abs(math.log(shape / _BEST_SHAPE)) + 0.4 * empty
            fits.append((off, columns, rows))
    if fits:
        return min(fits)[1:]
    most = max(1, int(width // _NARROWEST_CELL)), max(1, int(height // _LOWEST_CELL))
    return min(most[0], panels), most[1]


def _free(mark: Spec, left: float = 0, top: float = 0) -> Spec:
    """Return the layer of a mark that stands where it is told to, whatever the scales."""
    mark = {**mark, "x": mark["x"] - left, "y": mark["y"] - top}
    encoding = {"x2": {"value": mark.pop("x2") - left}} if "x2" in mark else {}
    if encoding:
        encoding |= {name: {"value": mark.pop(name)} for name in ("x", "y")}
    return {"data": {"values": [{}]}, "mark": {**mark, "clip": False}, "encoding": encoding}


def _text(lines: list[str], x: float, y: float, colour: str) -> Spec:
    return {
        "type": "text",
        "text": lines,
        "x": x,
        "y": y,
        "align": "left",
        "baseline": "top",
        "fill": colour,
    }


def _moved(sign: Spec, x: float, y: float) -> Spec:
    moved = {**sign, "x": sign["x"] + x, "y": y}
    return moved | ({"x2": sign["x2"] + x} if "x2" in sign else {})


def _swatch(look: Look, *, lines: bool) -> tuple[list[Spec], int]:
    sign: Spec = {"type": "point", "opacity": 1, "fill": look.colour, "stroke": look.colour}
    if not lines:
        return [{**sign, "shape": "square", "size": 130, "x": 6}], 12
    dash = {"type": "rule", "stroke": look.colour, "strokeDash": look.dash, "strokeWidth": 2}
    return [{**dash, "x": 0, "x2": 26}, {**sign, "shape": look.shape, "size": 52, "x": 13}], 26


def _hollow(qualifier: str, theme: Theme, *, lines: bool) -> tuple[list[Spec], int]:
    """Return the sign of a figure that is not exact: hollow, with an arrow if it leans one way."""
    sign: Spec = {"type": "point", "opacity": 1, "stroke": theme.muted, "strokeWidth": 1.6, "x": 6}
    sign |= {"shape": "circle", "size": 52} if lines else {"shape": "square", "size": 110}
    sign["fill"] = theme.background
    if not lines:
        sign["strokeDash"] = [3, 2]
    arrows = {"at_least": ARROW, "up_to": ARROW_DOWN}
    if qualifier not in arrows:
        return [sign], 12
    arrow = {"type": "point", "opacity": 1, "fill": theme.muted, "size": 90, "x": 17}
    return [sign, {**arrow, "shape": arrows[qualifier], "strokeWidth": 0}], 22


def _config(theme: Theme) -> Spec:
    """Return the look of what is not told apart. Roles inside would hide the description."""
    return {
        "aria": False,
        "font": FONT,
        "view": {"stroke": None},
        "text": {"font": FONT},
        "axis": {
            "labelFont": FONT,
            "labelFontSize": LABEL,
            "labelColor": theme.muted,
            "title": None,
            "ticks": False,
            "gridColor": theme.grid,
            "domainColor": theme.muted,
            "labelOverlap": False,
        },
        "axisX": {"grid": False, "labelAngle": 0, "labelFlush": False},
        "axisY": {"labelPadding": 6, "labelLimit": 200},
    }
