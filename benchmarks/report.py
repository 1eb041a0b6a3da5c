"""The results as text: tables in Markdown, which also read well on a terminal."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.driving import CONNECTIONS, Summary
from benchmarks.pictures import growth_picture, rates_picture
from benchmarks.results import Results, comparisons

BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"
PICTURES = {"performance-rates.svg": rates_picture, "performance-growth.svg": growth_picture}


def tables(results: Results) -> str:
    """Return all tables of the results."""
    return "\n".join(_lines(results)) + "\n"


def write(results: Results, folder: Path, today: date) -> None:
    """Put the pictures and, into `performance.md`, the tables; text around them there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in PICTURES.items():
        (folder / name).write_bytes(picture(results))
    page = folder / "performance.md"
    text = page.read_text(encoding="utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    measured = f"Measured on {today.isoformat()}.\n\n{tables(results)}"
    page.write_text(f"{before}{BEGIN}\n{measured}{END}{after}", encoding="utf-8")


def _lines(results: Results) -> Iterator[str]:
    effort = results.effort
    yield "### The machine"
    yield ""
    yield from (f"- {line}" for line in results.machine)
    yield ""
    yield "### What was to be reached"
    yield ""
    yield from _table(
        ("what", "beside", "ratio", "to reach", ""),
        [
            (
                *(one.what, one.beside, f"{_figures(one.ratio)}{one.unit}"),
                f"{'≤' if one.at_most else '≥'} {one.wanted:g}{one.unit}",
                "yes" if one.reached else "**no**",
            )
            for one in comparisons(results)
        ],
    )
    yield ""
    yield f"### Requests a second, {effort.rows:,} rows"
    yield ""
    yield (
        f"Medians of {effort.rounds} rounds of {effort.seconds:g} s each; "
        f"{CONNECTIONS} connections at once, whose waiting the milliseconds are."
    )
    yield ""
    yield from _table(
        ("what", "requests/s", "least to most", "of bare", "half within", "99 of 100 within"),
        list(_rates(results)),
    )
    yield ""
    yield "### The first answer after a write, and the second"
    yield ""
    yield from _table(
        ("address", "first", "second", "one GROUP BY by hand"),
        [
            (f"`{one.address}`", _ms(one.first), _ms(one.second), _ms(one.by_hand))
            for one in results.after_writes
        ],
    )
    yield ""
    started = (f"{name} {_ms(times)}" for name, times in results.starts.items())
    yield f"From the start to the first answer: {', '.join(started)}."
    yield ""
    yield "### As the table grows"
    yield ""
    sizes = sorted({rows for costs in results.growth.values() for rows in costs})
    yield from _table(
        ("one request", *(f"{rows:,} rows" for rows in sizes)),
        [
            (read, *(f"{median(costs[rows]):.2f} ms" for rows in sizes))
            for read, costs in results.growth.items()
        ],
    )
    yield from _left_out({**results.load.left_out, **results.left_out})


def _rates(results: Results) -> Iterator[Sequence[str]]:
    for mode in results.load.modes:
        driven, rate = results.load.driven[mode.key], results.rate(mode.key)
        yield (
            mode.name,
            f"{rate.median:,.0f}",
            f"{rate.least:,.0f} to {rate.most:,.0f}",
            _figures(results.of_bare(mode)),
            f"{median(one.half_within for one in driven):.2f} ms",
            f"{median(one.most_within for one in driven):.2f} ms",
        )


def _left_out(reasons: dict[str, str]) -> Iterator[str]:
    if reasons:
        yield ""
        yield "Left out: " + "; ".join(f"{what} ({why})" for what, why in reasons.items()) + "."


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _ms(seconds: Sequence[float]) -> str:
    found = Summary.of([1_000 * one for one in seconds])
    return f"{found.median:,.0f} ms ({found.least:,.0f} to {found.most:,.0f})"


def _figures(ratio: float) -> str:
    """Return a ratio with as many digits as it has meaning."""
    return f"{ratio:.3f}" if ratio < 1 else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"  # noqa: PLR2004
