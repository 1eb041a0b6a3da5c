"""A large load does what small writes do, to the row, and a load that fails leaves no trace."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, text

from app.analysis.checks import check
from app.cli.group import bar
from app.exchange import beside, packs
from app.exchange.beside import read_batches_beside
from app.exchange.pack_tables import _last_lines, read_batches, read_table
from app.exchange.packs import UnreadablePack, load_pack
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.sources import SOURCES
from app.storage import batches, ledger
from app.storage.aside import IndexesAside
from app.storage.batches import Batch, Form
from app.storage.database import Database
from app.storage.ledger import StoredRow
from app.storage.records import LEDGER, LedgerTable
from app.storage.refusals import LedgerRefusal, RepeatedKey
from tests.conftest import Templates
from tests.ledger_rows import company, funding_round, latest, listed, source, write
from tests.support import ROOT
from tests.test_migrations import _schema
from tests.test_packs import write_pack

Tables = dict[str, list[tuple[Any, ...]]]

PAYERS = ("c0", "c1", "c2")


@pytest.fixture
def in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two rows be a large batch, and one row enough to copy."""
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(IndexesAside, "_LARGE", 2)
    monkeypatch.setattr(batches, "_COPIED_FROM", 1)


def _everything(database: Database) -> Tables:
    """Return all that is recorded but when it was."""
    names: list[str] = []
    for table in LEDGER.values():
        names += [table.name, table.history.name]
        for members in table.members.values():
            names += [members.current.name, members.history.name]
    with database.read() as transaction:
        found = {
            name: transaction.connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2, 3"))
            for name in names
        }
        told = text("SELECT id, added, changed, removed FROM revisions ORDER BY id")
        return {
            "revisions": [tuple(row) for row in transaction.connection.execute(told)],
            **{name: sorted(map(tuple, rows), key=repr) for name, rows in found.items()},
        }


def _with_companies(database: Database) -> None:
    write(database, {SOURCES: [source("s")], COMPANIES: [company(key) for key in PAYERS]})


def _rounds(count: int, **fields: Any) -> list[StoredRow]:
    paid = {"investors": ["c1", "c2"], **fields}
    return [funding_round(f"f{number:02}", "c0", **paid) for number in range(count)]


@pytest.fixture
def some_rounds(empty: Database) -> Database:
    """A database with nine rounds."""
    _with_companies(empty)
    write(empty, {FUNDING: _rounds(9)})
    return empty


some_rows = st.dictionaries(
    st.sampled_from([f"f{number}" for number in range(9)]),
    st.tuples(
        st.sampled_from(PAYERS),
        st.lists(st.sampled_from(PAYERS), unique=True, max_size=3),
        st.sampled_from([None, "A note", 'with "quotes", a \\ and é']),
        st.sampled_from([None, 0, 7, 2**63 - 1]),
    ),
    min_size=1,
)


def _row(key: str, drawn: tuple[str, list[str], str | None, int | None]) -> StoredRow:
    made_by, investors, note, amount = drawn
    firm = None if amount is None else "exact"
    fields = {"investors": investors, "note": note, "amount_usd": amount, "qualifier": firm}
    return funding_round(key, made_by, **fields)


@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(writes=st.lists(some_rows, min_size=1, max_size=4), is_alone=st.booleans())
def test_in_bulk_the_same_comes_out_as_in_small_writes(
    templates: Templates, writes: list[dict[str, Any]], *, is_alone: bool
) -> None:
    small, large = Database(templates.empty()), Database(templates.empty())
    try:
        for database in (small, large):
            _with_companies(database)
        for drawn in writes:
            rows = [_row(key, values) for key, values in drawn.items()]
            write(small, {FUNDING: rows})
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(batches, "BATCH", 2)
                patch.setattr(IndexesAside, "_LARGE", 2)
                patch.setattr(batches, "_COPIED_FROM", 1)
                write(large, {FUNDING: iter(rows)}, is_alone=is_alone)
        assert _everything(large) == _everything(small)
        assert _schema(large) == _schema(small)
        with large.read() as transaction:
            assert list(check(transaction)) == []
    finally:
        small.close()
        large.close()


# Indexes and guards


@pytest.mark.usefixtures("in_bulk")
def test_a_bulk_load_leaves_the_schema_to_the_letter(some_rounds: Database) -> None:
    before = _schema(some_rounds)
    on_sqlite = some_rounds.url.get_backend_name() == "sqlite"
    during: list[int] = []
    with some_rounds.write(author="tester", message="a test") as writing:

        def rows() -> Iterator[StoredRow]:
            yield from _rounds(30, note="New")
            if on_sqlite:
                during.append(writing._connection.exec_driver_sql(_COUNT_INDEXES).scalar_one())
            yield funding_round("last", "c0")

        writing.put(FUNDING.ledger, rows())
    assert during == ([0] if on_sqlite else []), "the indexes were not put aside"
    assert (writing.added, writing.changed) == (22, 9)
    assert _schema(some_rounds) == before


@pytest.mark.usefixtures("in_bulk")
@pytest.mark.parametrize("again", [False, True])
def test_a_load_that_is_alone_leaves_the_schema_to_the_letter(
    some_rounds: Database, *, again: bool
) -> None:
    before = _schema(some_rounds)
    on_sqlite = some_rounds.url.get_backend_name() == "sqlite"
    during: list[tuple[Any, ...]] = []
    with some_rounds.write(author="tester", message="a test", is_alone=True) as writing:

        def rows() -> Iterator[StoredRow]:
            yield from _rounds(9) if again else _rounds(30, note="New")
            if not on_sqlite:
                counted = writing._connection.exec_driver_sql(_COUNT_ON_POSTGRESQL).one()
                during.append(tuple(counted))
            yield funding_round("last" if not again else "f90", "c0")

        writing.put(COMPANIES.ledger, [company("c0", name="Changed"), company("c9")])
        writing.put(FUNDING.ledger, rows())
    if not on_sqlite:
        ((indexes, keys),) = during
        assert keys == 0
        assert (indexes == 0) is not again, "they are put aside where much is new"
    assert latest(some_rounds) == 3
    assert _schema(some_rounds) == before
    with some_rounds.read() as transaction:
        assert list(check(transaction)) == []


def test_a_load_that_is_alone_and_changes_nothing_leaves_the_schema(some_rounds: Database) -> None:
    before = _schema(some_rounds)
    write(some_rounds, {FUNDING: _rounds(9)}, is_alone=True)
    assert latest(some_rounds) == 2
    assert _schema(some_rounds) == before


@pytest.mark.usefixtures("in_bulk")
def test_an_index_on_what_names_a_growing_table_stays(some_rounds: Database) -> None:
    before = _schema(some_rounds)
    on_sqlite = some_rounds.url.get_backend_name() == "sqlite"
    kept: list[str] = []
    with some_rounds.write(author="tester", message="a test") as writing:
        companies, rounds = (Form(writing.dialect, one.ledger) for one in (COMPANIES, FUNDING))

        def tables() -> Iterator[tuple[LedgerTable, Batch]]:
            yield COMPANIES.ledger, companies.batch([company("new", name="New")])
            yield FUNDING.ledger, rounds.batch(_rounds(30, note="New"))
            if on_sqlite:
                kept.extend(writing._connection.exec_driver_sql(_NAMES_OF_INDEXES).scalars())
            yield COMPANIES.ledger, companies.batch([company("newer", name="Newer")])
            yield FUNDING.ledger, rounds.batch([funding_round("last", "newer")])

        writing.put_tables(tables())
    assert kept == (["ix_funding_company_id"] if on_sqlite else [])
    assert _schema(some_rounds) == before
    with some_rounds.read() as transaction:
        assert list(check(transaction)) == []


_NAMES_OF_INDEXES = """
SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'funding' AND sql > ''
"""

_COUNT_INDEXES = """
SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'funding' AND sql > ''
"""

_COUNT_ON_POSTGRESQL = """
SELECT (SELECT count(*) FROM pg_indexes WHERE tablename = 'funding' AND indexname LIKE 'ix%%'),
    (SELECT count(*) FROM pg_constraint WHERE conrelid = 'funding'::regclass AND contype = 'f')
"""


def test_a_load_that_is_small_beside_its_table_keeps_the_indexes(
    some_rounds: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(some_rounds, {FUNDING: _rounds(40)})
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(IndexesAside, "_LARGE", 2)
    schemas: list[str] = []
    put_back = IndexesAside.put_back

    def seen(indexes: IndexesAside) -> None:
        schemas.append(repr(indexes._aside))
        put_back(indexes)

    monkeypatch.setattr(IndexesAside, "put_back", seen)
    write(some_rounds, {FUNDING: [*_rounds(40)[:38], *_rounds(40, note="New")[38:]]})
    assert schemas == ["None"]


def test_a_large_load_leaves_its_tables_counted_on_postgresql(
    postgresql_templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(postgresql_templates.empty())
    monkeypatch.setattr(ledger, "_COUNTED_FROM", 10)
    companies = [company(key) for key in PAYERS]
    write(database, {SOURCES: [source("s")], COMPANIES: companies, FUNDING: _rounds(40)})
    rows = "SELECT relname, reltuples FROM pg_class WHERE relname IN ('funding', 'companies')"
    with database.read() as transaction:
        counted = dict(map(tuple, transaction.connection.execute(text(rows))))
    database.close()
    assert counted == {"funding": 40, "companies": -1}  # of three nothing need be known


@pytest.mark.usefixtures("in_bulk")
@pytest.mark.parametrize(
    "rows",
    [
        [*_rounds(30, note="New"), {**funding_round("bad", "c0"), "kind": "neither"}],
        [*_rounds(30, note="New"), funding_round("bad", "nobody")],
        [*_rounds(30, note="New"), funding_round("f07", "c1")],
    ],
    ids=["a check", "a reference", "a key twice"],
)
@pytest.mark.parametrize("is_alone", [False, True], ids=["", "alone"])
def test_a_bulk_load_that_fails_leaves_everything_as_it_was(
    some_rounds: Database, rows: list[StoredRow], *, is_alone: bool
) -> None:
    before, schema = _everything(some_rounds), _schema(some_rounds)
    with pytest.raises(Exception, match=r"ck_funding_total_or_round|bad -> nobody|f07 comes"):
        write(some_rounds, {FUNDING: rows}, is_alone=is_alone)
    assert (_everything(some_rounds), _schema(some_rounds)) == (before, schema)
    write(some_rounds, {FUNDING: _rounds(30)})
    assert latest(some_rounds) == 3


# Keys that come again


@pytest.mark.usefixtures("in_bulk")
def test_a_key_twice_is_refused_where_nothing_differs(some_rounds: Database) -> None:
    with pytest.raises(RepeatedKey, match=r"^funding: f00, f05 comes more than once$"):
        write(some_rounds, {FUNDING: [*_rounds(9), *_rounds(6)[5:], *_rounds(1)]})
    assert latest(some_rounds) == 2


def test_a_key_that_was_put_as_it_is_cannot_be_removed(some_rounds: Database) -> None:
    with pytest.raises(LedgerRefusal, match=r"f00 comes more than once"):
        write(some_rounds, {FUNDING: _rounds(1)}, remove={FUNDING: ["f00"]})
    assert len(listed(some_rounds, FUNDING)) == 9


@pytest.mark.usefixtures("in_bulk")
def test_keys_of_one_hash_are_not_taken_for_one_key(
    some_rounds: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "hash", lambda key: int(key[-1]) % 3, raising=False)
    write(some_rounds, {FUNDING: _rounds(9)})
    assert latest(some_rounds) == 2


# Reading in a second process

_HEADER = "id,kind,publisher,title\n"


def _sources(count: int) -> str:
    return _HEADER + "".join(f"s{n},article,P,Title é {n}\n" for n in range(count))


def test_a_second_process_reads_the_same_rows(tmp_path: Path) -> None:
    write_pack(tmp_path, {"sources": _sources(5_000)})
    path = tmp_path / "sources.csv"
    told: list[int] = []
    driver = "sqlite+pysqlite"
    form = Form(URL.create(driver).get_dialect()(), SOURCES.ledger)
    (here,) = read_batches(SOURCES, path, form, None)
    beside = read_batches_beside(SOURCES, path, driver, told.append)
    assert [row for batch in beside for row in batch.values] == here.values
    assert (len(here.values), sum(told)) == (5_000, path.stat().st_size)


@pytest.mark.parametrize(
    "table", [_HEADER, "", "id,kynd\n", _sources(3_000) + "x\n" * 150, _HEADER + "a,\n"]
)
def test_a_second_process_tells_the_same_faults(tmp_path: Path, table: str) -> None:
    write_pack(tmp_path, {"sources": table})

    def faults(rows: Iterator[Any]) -> tuple[str, ...]:
        try:
            assert list(rows) == []
        except UnreadablePack as unreadable:
            return unreadable.faults
        return ()

    path = tmp_path / "sources.csv"
    beside = read_batches_beside(SOURCES, path, "sqlite+pysqlite", None)
    assert faults(beside) == faults(read_table(SOURCES.fact, path, None))


def test_a_fault_is_told_by_the_line_that_its_row_ends_on(tmp_path: Path) -> None:
    ends = ("\n", "\r", "\r\n")
    note = '"{0}a{0}{0}b""{0}"'
    rows = [f"x{n},kind,P,T,{note.format(ends[n % 3])}{ends[n % 2 * 2]}" for n in range(2_500)]
    rows[1_200:1_200] = ["\n", "\r\n"]
    table = _HEADER.strip() + ",note\r\n" + "".join(rows)
    path = tmp_path / "sources.csv"
    path.write_text(table, newline="")
    with path.open(newline="") as text:
        lines = [(reader.line_num, row) for reader in [csv.reader(text)] for row in reader][1:]
    with pytest.raises(UnreadablePack) as unreadable:
        list(read_table(SOURCES.fact, path, None))
    told = [int(fault.split(": ")[1].removeprefix("line ")) for fault in unreadable.value.faults]
    assert list(dict.fromkeys(told)) == [line for line, _ in lines][: len(set(told))]
    assert len(set(told)) > 10
    found = _last_lines(1, [row for _, row in lines])
    assert list(found) == [line for line, _ in lines]


def test_nothing_is_loaded_where_the_second_process_ends_early(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pack(tmp_path, {"sources": _sources(20_000)})
    monkeypatch.setattr(packs, "_LARGE", 0)
    started: list[Any] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(beside.subprocess, "Popen", Watched)  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError, match="has ended early"):
        load_pack(empty, tmp_path, progress=lambda _: started[0].kill())
    assert latest(empty) == 0
    assert started[0].returncode == -signal.SIGKILL


_LOAD = """
import sys
from io import StringIO
from pathlib import Path
from app.exchange import packs
from app.storage.batches import Form
from app.storage.database import Database
packs._LARGE = 0
packs.load_pack(Database(sys.argv[1]), Path(sys.argv[2]), progress=lambda n: print(n, flush=True))
"""


@pytest.mark.parametrize("batches_read", [1, 2])
def test_a_large_load_that_is_killed_leaves_the_state_before(
    templates: Templates, tmp_path: Path, batches_read: int
) -> None:
    write_pack(tmp_path, {"sources": _sources(24_000)})
    url = templates.empty()
    command = [sys.executable, "-c", _LOAD, url, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for _ in range(batches_read):
            process.stdout.readline()
        reading = _children(process.pid)
        process.kill()
    assert len(reading) == 1
    assert _gone(reading[0]), "the process that reads goes on without the one that writes"
    database = Database(url)
    assert latest(database) == 0
    assert listed(database, SOURCES) == []
    with database.read() as transaction:
        assert list(check(transaction)) == []
    assert load_pack(database, tmp_path).added == 24_000
    database.close()


def _children(number: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(number)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in found.stdout.split()]


def _gone(number: int) -> bool:
    for _ in range(200):
        with suppress(ProcessLookupError):
            os.kill(number, 0)
            time.sleep(0.05)
            continue
        return True
    return False


def test_progress_tells_its_rate_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with bar("Loading", 4_000, "bytes") as tell:
        for _ in range(4):
            time.sleep(1.1)  # the time left is worked out once a second
            tell(1_000)
    assert re.search(r"Loading .*3000/4000 +00:00:0\d +[\d,]+ bytes/s", terminal.getvalue())
