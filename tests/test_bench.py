"""The benchmark works: its table is sound, its parts run, its report says what was found."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

import benchmarks.__main__
from app.analysis.checks import check
from app.storage.database import Database
from benchmarks import driving, report
from benchmarks.after_writes import ASKED, measure_after_writes
from benchmarks.growth import READS, measure_growth
from benchmarks.measuring import (
    Effort,
    Up,
    check_same_rows,
    drive,
    measure_load,
    servers_up,
)
from benchmarks.modes import modes, ours_filtered
from benchmarks.results import Results, comparisons
from benchmarks.servers import BARE, BODY, NGINX, SERVERS, Place, Running, ours, running
from benchmarks.shared import memory
from benchmarks.tables import build
from tests.conftest import Templates
from tests.support import ROOT, need

ROWS = 4_000
EFFORT = Effort(rows=ROWS, rounds=1, seconds=0.5, growth=(1_000,), warming_up=0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder with a small table."""
    folder = tmp_path_factory.mktemp("bench")
    made = Place(folder, folder / "tables.db")
    build(made.sqlite_url, ROWS)
    return made


@pytest.fixture(scope="module")
def results(place: Place) -> Results:
    """What the parts of the benchmark find, at their smallest, of bare uvicorn and of ours."""
    need("wrk", not driving.missing())
    absent = replace(BARE, name="django", needs=("no-such-program",))
    by_hand = next(server for server in SERVERS if server.name == "by_hand")
    with servers_up(place, [BARE, absent, by_hand, ours("ours")]) as up:
        load = measure_load(place, up, EFFORT, nullcontext)
        product = up.workers["ours"][0]
        after_writes = measure_after_writes(place, product, 1, nullcontext)
        held = memory(product.process)
        gone = replace(load.modes[0], addresses=lambda _first, _count: ["/no-such-address"])
        with pytest.raises(SystemExit, match="requests failed"):
            drive(gone, [product], 0, 0.5, place.folder)
    growth, left_out = measure_growth(EFFORT, place.folder, nullcontext)
    return Results(
        effort=EFFORT,
        machine=["one machine"],
        load=load,
        after_writes=after_writes,
        starts={"ours": [3.0, 1.5, 2.0], "empty": [1.0]},
        memory=held,
        growth=growth,
        left_out=left_out,
    )


def rows_and_indexes(url: str) -> tuple[list[Any], set[str | None]]:
    """Return all rows of funding at a URL, and the names of its indexes."""
    database = Database(url)
    with database.read() as transaction:
        rows = transaction.connection.execute(text("SELECT * FROM funding ORDER BY id")).mappings()
        found = [dict(row) for row in rows]
        indexes = inspect(transaction.connection).get_indexes("funding")
    database.close()
    return found, {index["name"] for index in indexes}


def test_the_made_up_table_is_sound_and_the_same_on_every_database(
    fresh_url: str, templates: Templates, tmp_path: Path
) -> None:
    build(fresh_url, ROWS)
    database = Database(fresh_url)
    with database.read() as transaction:
        assert list(check(transaction)) == []
    database.close()
    rows, indexes = rows_and_indexes(fresh_url)
    assert len(rows) == ROWS
    again = f"sqlite:///{tmp_path / 'again.db'}"
    build(again, ROWS)
    assert rows == rows_and_indexes(again)[0]
    assert indexes == rows_and_indexes(templates.empty())[1]


def test_each_mode_is_driven_and_told(results: Results) -> None:
    keys = [mode.key for mode in results.load.modes]
    assert keys[0] == "bare"
    asked_of_ours = {"ours_repeated", "ours_known", "ours_never", "middle_pages", "two_workers"}
    assert {*asked_of_ours, "by_hand", "two_bare"} < set(keys)
    assert all(results.rate(key).median > 0 for key in keys)
    assert [one.address for one in results.after_writes] == list(ASKED)
    assert all(one.first and one.second and one.by_hand for one in results.after_writes)
    assert {read: list(costs) for read, costs in results.growth.items()} == {
        read: [1_000] for read in READS
    }
    assert results.memory > 0


def test_the_report_has_each_aim_and_keeps_the_text_around(
    results: Results, tmp_path: Path
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"# Before\n{report.BEGIN}\nold\n{report.END}\nAfter\n", encoding="utf-8")
    report.write(results, tmp_path, date(2026, 11, 24))
    told = page.read_text(encoding="utf-8")
    assert told.startswith("# Before\n")
    assert told.endswith("\nAfter\n")
    assert "old" not in told
    assert (
        "| start to the first answer | an empty FastAPI application, time | 2.00 | ≤ 1.5 |" in told
    )
    assert "Left out: Django REST framework (no-such-program is not installed)." in told
    for one in comparisons(results):
        assert one.what in told
    for name in report.PICTURES:
        picture = (tmp_path / name).read_text(encoding="utf-8")
        assert picture.startswith("<svg")
        assert "<desc" in picture


def test_a_server_that_gives_other_rows_ends_the_benchmark(place: Place) -> None:
    class Odd(Running):
        def get(self, *_: Any) -> tuple[int, bytes]:
            return 200, (place.folder / f"{self.port}.json").read_bytes()

    names = ("id", "kind", "country", "company", "round_type", "period", "amount_usd", "amount")
    more = ("currency", "qualifier", "source", "locator")
    for port, key in ((1, "a"), (2, "b")):
        row = ", ".join(f'"{name}": "{key}"' for name in (*names, *more))
        (place.folder / f"{port}.json").write_text(f'{{"data": [{{{row}}}]}}')
    every = modes(ROWS, {"first_pages": ours_filtered, "middle_pages": ours_filtered}, place)
    same = Up({"ours": [Odd(1, 0, 0.0)], "orm": [Odd(1, 0, 0.0)]}, {})
    other = Up({"ours": [Odd(1, 0, 0.0)], "orm": [Odd(2, 0, 0.0)]}, {})
    present = [mode for mode in every if mode.server in same.workers]
    check_same_rows(same, present)
    with pytest.raises(SystemExit, match=r"ORM .* gives other rows"):
        check_same_rows(other, present)


def test_nginx_serves_the_page(place: Place) -> None:
    nginx = next(server for server in SERVERS if server.name == "nginx")
    need("nginx", Path(NGINX).exists())
    (place.folder / BODY).write_bytes(b'{"data": []}')
    with running(nginx, place) as up:
        assert up.get(ours_filtered(0, 1)[0]) == (200, b'{"data": []}')


def test_the_help_names_every_benchmark() -> None:
    told = benchmarks.__main__.__doc__ or ""
    scripts = {
        path.stem
        for path in (ROOT / "benchmarks").glob("*.py")
        if "if __name__" in path.read_text(encoding="utf-8") and path.stem != "__main__"
    }
    assert scripts == set(benchmarks.__main__.OTHERS)
    for name in benchmarks.__main__.OTHERS:
        assert f"\n{name} " in told
