"""The results as pictures: specifications of Vega-Lite, drawn as the product draws its charts."""

import json
from statistics import median
from typing import Any, Final

from app.site.charts import draw
from benchmarks.results import Results

_OURS: Final = "#0b6e99"
_OTHERS: Final = "#8a949b"
_WANTED: Final = "#b3261e"
_LOOK: Final = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "background": "white",
    "padding": 12,
    "config": {
        "font": "sans-serif",
        "axis": {"labelLimit": 400, "labelFontSize": 12, "titleFontSize": 12},
        "view": {"stroke": None},
        "title": {"fontSize": 15, "anchor": "start", "offset": 12},
        "legend": {"labelFontSize": 12, "labelLimit": 300},
    },
}


def rates_picture(results: Results) -> bytes:
    """Return an SVG of what each does, as a share of bare uvicorn, with the aims as strokes."""
    modes = [mode for mode in results.load.modes if mode.workers == 1]
    bars = [
        {
            "name": mode.name,
            "share": results.of_bare(mode),
            "label": f"{results.of_bare(mode):.3g}",
            "who": "ours" if mode.server.startswith("ours") else "others",
        }
        for mode in modes
    ]
    wanted = [
        {"name": mode.name, "share": target.at_least}
        for mode in modes
        for target in mode.targets
        if target.of == "bare"
    ]
    order = [mode.name for mode in modes]
    row = {"field": "name", "type": "nominal", "sort": order, "title": None}
    share = {
        "field": "share",
        "type": "quantitative",
        "scale": {"type": "log", "nice": True},
        "axis": {"values": [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3], "format": "~g"},
        "title": "requests a second, bare uvicorn = 1; a red stroke is what ours is to reach",
    }
    colours = {"domain": ["ours", "others"], "range": [_OURS, _OTHERS]}
    title = f"{results.effort.rows:,} rows: what one core answers"
    return _drawn(
        title,
        "Requests a second of each server, as a share of what bare uvicorn does: "
        + ", ".join(f"{bar['name']} {bar['label']}" for bar in bars),
        {
            "width": 520,
            "height": {"step": 26},
            "layer": [
                _points(bars, row, share, colours),
                {
                    "data": {"values": bars},
                    "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 12},
                    "encoding": {"y": row, "x": share, "text": {"field": "label"}},
                },
                {
                    "data": {"values": wanted},
                    "mark": {"type": "tick", "color": _WANTED, "thickness": 2, "size": 20},
                    "encoding": {"y": row, "x": share},
                },
            ],
        },
    )


def growth_picture(results: Results) -> bytes:
    """Return an SVG of what a read costs by the number of rows, both on scales of ratios."""
    points: list[dict[str, Any]] = [
        {"read": read, "rows": rows, "milliseconds": median(costs)}
        for read, by_rows in results.growth.items()
        for rows, costs in by_rows.items()
    ]
    sizes = sorted({point["rows"] for point in points})
    return _drawn(
        "What a read costs as the table grows",
        "Milliseconds of one core for a request, by the rows of the table: "
        + ", ".join(f"{p['read']} of {p['rows']:,} rows {p['milliseconds']:.2f}" for p in points),
        {
            "width": 520,
            "height": 260,
            "data": {"values": points},
            "mark": {"type": "line", "point": {"size": 60}},
            "encoding": {
                "x": {
                    "field": "rows",
                    "type": "quantitative",
                    "scale": {"type": "log"},
                    "axis": {"values": sizes, "format": ","},
                    "title": "rows of the table",
                },
                "y": {
                    "field": "milliseconds",
                    "type": "quantitative",
                    "scale": {"domainMin": 0},
                    "title": "milliseconds of one core for a request",
                },
                "color": {
                    "field": "read",
                    "type": "nominal",
                    "sort": list(results.growth),
                    "title": None,
                    "legend": {"orient": "top"},
                },
            },
        },
    )


def _points(
    bars: list[dict[str, Any]], row: dict[str, Any], share: dict[str, Any], colours: dict[str, Any]
) -> dict[str, Any]:
    """Return dots rather than bars: on a scale of ratios a bar has no length that says anything."""
    colour = {"field": "who", "type": "nominal", "scale": colours, "title": None}
    return {
        "data": {"values": bars},
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "encoding": {"y": row, "x": share, "color": {**colour, "legend": {"orient": "top"}}},
    }


def _drawn(title: str, description: str, spec: dict[str, Any]) -> bytes:
    described = {"title": title, "description": description, "usermeta": {"title": title}}
    return draw(json.dumps({**_LOOK, **described, **spec}), "svg")
