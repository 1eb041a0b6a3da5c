"""Large tables: read by a second process, with nothing of what comes of it different."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from app.exchange import checked_beside
from app.exchange.checked_rows import CheckedRows
from app.exchange.import_report import Asked, TooManyRejects
from app.exchange.importing import import_table
from app.exchange.mapped_rows import MappedRows
from app.exchange.mapping import find_mapping
from app.exchange.parts import Part
from app.exchange.tables import Bounds, Row, UnreadableTable, open_table
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.storage.database import Database
from tests.conftest import Templates
from tests.ledger_rows import latest, listed

_ROWS = 2_500
_SMALL = Bounds(rows=_ROWS - 100)


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A table of rounds, with one fault of each kind in every hundred rows."""
    rows = [
        f"/Organization/Firm-{n % 90},/funding-round/{n:06x},seed,,05-01-2015,{n}\n".encode()
        for n in range(_ROWS)
    ]
    rows[10::100] = [row.replace(b"05-01", b"31-02") for row in rows[10::100]]
    rows[20::100] = [row.replace(b"Firm", b"f\xedrm") for row in rows[20::100]]
    rows[30::100] = [row.replace(b",seed,", b",") for row in rows[30::100]]
    rows[40::100] = rows[41::100]
    rows[50::100] = [row.lower() for row in rows[50::100]]
    header = b"company_permalink,funding_round_permalink,funding_round_type,funding_round_code,"
    made = tmp_path / "rounds.csv"
    made.write_bytes(header + b"funded_at,raised_amount_usd\n" + b"".join(rows))
    return made


def let_fork(patch: pytest.MonkeyPatch) -> None:
    """Let a second process read tables of any size, on any machine."""
    patch.setattr(checked_beside, "_LARGE", 0)
    patch.setattr(os, "cpu_count", lambda: 2)
    patch.setattr(threading, "active_count", lambda: 1)  # those of the tests hold no lock


def loaded(
    database: Database, path: Path, bounds: Bounds | None = None, **asked: Any
) -> tuple[dict[str, Any], str, int]:
    """Load rounds; return the report, how the file was decoded, how many bytes were told of."""
    told: list[int] = []
    mapping = find_mapping("crunchbase-rounds")
    with open_table(path, fallbacks=(), bounds=bounds or Bounds(), progress=told.append) as table:
        report = import_table(database, table, mapping, Asked(**asked), name=path.name)
    return asdict(report), str(table.decoding), sum(told)


def test_a_second_process_reads_and_all_that_comes_of_it_is_the_same(
    sqlite_templates: Templates, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for process in ("one", "two"):
        if process == "two":
            let_fork(monkeypatch)
        database = Database(sqlite_templates.empty())
        report, decoding, told = loaded(database, path, max_rejects=200)
        rows = [*listed(database, FUNDING), *listed(database, COMPANIES)]
        for row in rows:
            del row["recorded_at"]
        database.close()
        found.append((report, decoding, told, rows))
    assert found[0] == found[1]
    report, decoding, told, _ = found[0]
    assert report["rejected"] == 100
    assert report["told"]["spellings"]
    assert report["told"]["companies_made"]
    assert "25 bytes" in decoding
    assert told == path.stat().st_size


def test_by_column_the_same_comes_out_as_row_by_row(
    sqlite_templates: Templates, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    at_once: list[bool] = []
    by_column = MappedRows.at_once

    def told(rows: MappedRows, run: Sequence[Row]) -> Any:
        made = by_column(rows, run)
        at_once.append(made is not None)
        return made

    for way in (told, lambda _rows, _run: None):
        monkeypatch.setattr(MappedRows, "at_once", way)
        database = Database(sqlite_templates.empty())
        report, *others = loaded(database, path, max_rejects=200)
        rows = [*listed(database, FUNDING), *listed(database, COMPANIES)]
        for row in rows:
            del row["recorded_at"]
        database.close()
        found.append((report, others, rows))
    assert any(at_once), "some rows have no fault near them"
    assert not all(at_once), "some have"
    assert found[0] == found[1]


@pytest.mark.parametrize("limit", [0, 57])
def test_too_many_rejects_end_the_second_process_with_the_report_that_one_would_give(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    before = set(multiprocessing.active_children())  # those that draw charts for other tests
    with pytest.raises(TooManyRejects) as alone:
        loaded(database, path, max_rejects=limit)
    let_fork(monkeypatch)
    with pytest.raises(TooManyRejects) as beside:
        loaded(database, path, max_rejects=limit)
    assert asdict(beside.value.report) == asdict(alone.value.report)
    assert latest(database) == 0
    assert set(multiprocessing.active_children()) <= before


def test_a_table_that_goes_beyond_a_bound_is_refused_from_the_second_process_too(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fork(monkeypatch)
    with pytest.raises(UnreadableTable, match="has more than 2,400 rows"):
        loaded(database, path, _SMALL, max_rejects=200)
    assert latest(database) == 0


@pytest.mark.parametrize("beside", [False, True])
def test_nothing_is_loaded_of_a_file_that_is_changed_meanwhile(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    if beside:
        let_fork(monkeypatch)
    parts = CheckedRows.parts

    def changed(checked: CheckedRows) -> Iterator[Part]:
        os.utime(path, (1, 1))
        yield from parts(checked)

    monkeypatch.setattr(CheckedRows, "parts", changed)
    with pytest.raises(UnreadableTable, match="was changed while it was read"):
        loaded(database, path, max_rejects=200)
    assert latest(database) == 0


def test_nothing_is_loaded_where_the_second_process_ends_early(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fork(monkeypatch)
    writer = os.getpid()

    parts = CheckedRows.parts

    def killed(checked: CheckedRows) -> Iterator[Part]:
        assert os.getpid() != writer, "a second process reads"
        yield next(parts(checked))
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(CheckedRows, "parts", killed)
    with pytest.raises(ChildProcessError, match="has ended early"):
        loaded(database, path)
    assert latest(database) == 0
