"""Formats: what goes out comes back unchanged, keeps its types, and is no formula anywhere."""

import csv
import io
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.kit import workbook
from app.kit.formats import CSV, PARQUET, TABLE_FORMATS, XLSX, DoesNotFit, TableFormat
from app.kit.formulas import SIGNS, defuse, restore
from app.kit.tables import Column, Kind
from app.resources.funding import FUNDING
from tests.answering import ANEW, is_problem
from tests.reading_tables import READERS, arrow, typed, xlsx_table

each_table = pytest.mark.parametrize("table", TABLE_FORMATS, ids=lambda table: table.suffix)

REPORTS = (
    "/gap?indicator=funding-amount",
    "/race?countries=US,CN",
    "/claims?indicator=funding-amount",
    "/sensitivity?indicator=funding-amount",
    "/indicators",
    "/indicators/funding-amount",
    "/observations",
    "/observations?units=change&indicator=funding-amount",
    "/observations?shape=wide&indicator=funding-amount",
)


def written(table: TableFormat, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return a table of one batch."""
    return b"".join(table.write(columns, [rows]))


def at(path: str, suffix: str) -> str:
    """Return the address of a path with its query in a format."""
    address, _, query = path.partition("?")
    return f"{address}.{suffix}?{query}"


# Reports.


@each_table
@pytest.mark.parametrize("path", REPORTS)
def test_each_answer_is_a_table_in_each_format(
    client: TestClient, path: str, table: TableFormat
) -> None:
    lines = READERS["ndjson"](client.get(at(path, "ndjson")).content)
    answer = client.get(at(path, table.suffix))
    assert (answer.status_code, answer.headers["content-type"]) == (200, table.content_type)
    by_accept = client.get(path, headers={"Accept": table.media_type})
    assert by_accept.content == answer.content
    names, rows = READERS[table.suffix](answer.content)
    assert names == lines[0]
    assert [list(map(typed, *pair)) for pair in zip(rows, lines[1], strict=True)] == lines[1]


@each_table
def test_the_same_rows_are_the_same_bytes(client: TestClient, table: TableFormat) -> None:
    """A strong ETag says so."""
    first, second = (client.get(f"/funding.{table.suffix}").content for _ in range(2))
    assert first == second


# Types.


@pytest.mark.parametrize("path", ["/funding", "/models", "/changes", "/revisions", *REPORTS])
def test_parquet_columns_have_the_same_types_whatever_rows_come(
    client: TestClient, path: str
) -> None:
    whole = arrow(client.get(at(path, "parquet")).content)
    kinds = {str(whole.field(name).type) for name in whole.column_names}
    assert not any("Null" in kind for kind in kinds), kinds
    if path in {"/funding", "/models"}:
        none = arrow(client.get(f"{path}.parquet?id=no-such-key").content)
        assert none.num_rows == 0
        assert none.schema.equals(whole.schema)
        one = arrow(client.get(f"{path}.parquet?limit=1").content)
        assert one.schema.equals(whole.schema)


def test_parquet_columns_are_what_their_resource_says(client: TestClient) -> None:
    table = arrow(client.get("/funding.parquet").content)
    types = {name: str(table.field(name).type).strip() for name in table.column_names}
    wanted = {
        "amount_usd": "Int64",
        "investors": "List(Utf8)",
        "period": "Utf8",
        "revision": "Int64",
    }
    for name, word in wanted.items():
        assert types[name] == f"arro3.core.DataType<{word}>"
    assert list(types) == list(FUNDING.columns)


def test_numbers_stay_numbers_in_a_workbook_and_large_ones_lose_nothing() -> None:
    values = [-5, 1.5, 5e25, 2**53, 2**53 + 1, 2**63 - 1, 0.1 + 0.2]
    columns = [Column(f"c{place}", Kind.NUMBER) for place, _ in enumerate(values)]
    _, ((*cells,),) = xlsx_table(written(XLSX, columns, [values]))
    assert cells[:4] == values[:4]
    assert cells[4:6] == [str(value) for value in values[4:6]]
    assert cells[6] == values[6]


def test_the_header_of_a_workbook_is_bold_and_stays_in_view(client: TestClient) -> None:
    with ZipFile(io.BytesIO(client.get("/funding.xlsx").content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert 'topLeftCell="A2"' in sheet
    assert 'state="frozen"' in sheet
    assert re.search(r'<c r="A1" s="1"', sheet)
    assert "<b/>" in styles


# Formulas.

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
BEGUN = st.builds("".join, st.lists(st.sampled_from([*SIGNS, "'", "a", ";", '"', ","]), max_size=6))
PRINTED = (TEXTS | BEGUN).filter(lambda text: text.isprintable())


@given(TEXTS | BEGUN)
def test_a_defused_text_is_no_formula_and_comes_back(text: str) -> None:
    cell = defuse(text)
    assert not cell.startswith(tuple(SIGNS))
    assert restore(cell) == text


@given(TEXTS | BEGUN)
def test_a_text_that_was_never_defused_is_left_alone_unless_it_looks_so(text: str) -> None:
    assert restore(text) == text or re.match(rf"'+[{re.escape(SIGNS)}]", text)


@each_table
@given(rows=st.lists(st.tuples(PRINTED, PRINTED), min_size=1, max_size=5))
def test_any_text_goes_out_and_comes_back_unchanged(
    table: TableFormat, rows: list[tuple[str, str]]
) -> None:
    columns = [Column("number", Kind.WHOLE), Column("a", Kind.TEXT), Column("b", Kind.TEXT)]
    numbered = [(number, *row) for number, row in enumerate(rows, 1)]
    names, found = READERS[table.suffix](written(table, columns, numbered))
    assert names == ["number", "a", "b"]
    assert [tuple(cell or "" for cell in row[1:]) for row in found] == rows


@pytest.mark.parametrize("sign", SIGNS.replace("\r", ""))  # no text here can have that one
def test_no_cell_is_a_formula(sign: str) -> None:
    texts = [f"{sign}1+1", f"'{sign}1", f"a{sign}b", f'{sign}"x",1']
    columns = [Column("text", Kind.TEXT), Column("list", Kind.LIST), Column("number", Kind.NUMBER)]
    rows = [(text, [text, "b"], -5) for text in texts]
    cells = list(csv.reader(io.StringIO(written(CSV, columns, rows).decode(), newline="")))[1:]
    for text, listed, number in cells:
        assert not text.startswith(tuple(SIGNS))
        assert not listed.startswith(tuple(SIGNS))
        assert number == "-5"
    if sign.isprintable():
        with ZipFile(io.BytesIO(written(XLSX, columns, rows))) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        shown = re.findall(r"<t[^>]*>([^<]*)</t>", sheet)
        assert len(shown) == 3 + 2 * len(rows)
        assert not any(text.startswith(tuple(SIGNS)) for text in shown)


# What does not fit.


@pytest.mark.parametrize("path", ["/funding", "/changes", "/race", "/observations"])
def test_too_many_rows_for_a_workbook_are_a_problem(client: TestClient, path: str) -> None:
    object.__setattr__(XLSX, "rows_at_most", 3)
    try:
        problem = is_problem(client.get(f"{path}.xlsx", headers=ANEW), 422)
        assert problem["type"].endswith(":does-not-fit")
        assert "fewer rows" in problem["detail"]
        assert "csv, ndjson, parquet" in problem["detail"]
        assert client.get("/funding.xlsx?limit=3", headers=ANEW).status_code == 200
    finally:
        object.__setattr__(XLSX, "rows_at_most", 1_048_575)


def test_a_cell_that_a_workbook_cannot_hold_is_refused_and_not_cut() -> None:
    columns = [Column("text", Kind.TEXT)]
    fits = "x" * workbook._LONGEST_CELL
    assert xlsx_table(written(XLSX, columns, [[fits]]))[1] == [[fits]]
    with pytest.raises(DoesNotFit, match="a cell of more than 32767"):
        written(XLSX, columns, [[fits + "x"]])


# Streams.


def _batches(count: int, size: int, *, fail: bool = False) -> Iterator[list[tuple[str, int]]]:
    for batch in range(count):
        yield [(f"{batch * size + row:040}", row) for row in range(size)]
    if fail:
        raise RuntimeError("read no further")


COLUMNS = (Column("text", Kind.TEXT), Column("number", Kind.WHOLE))


def test_parquet_leaves_while_it_is_made() -> None:
    seen = 0

    def counted() -> Iterator[list[tuple[str, int]]]:
        nonlocal seen
        for batch in _batches(40, 10_000):
            seen += 1
            yield batch

    chunks = PARQUET.write(COLUMNS, counted())
    parts = [next(chunks)]
    assert seen < 20
    parts += chunks
    assert len(parts) > 5
    table = arrow(b"".join(parts))
    assert table.num_rows == 400_000


def test_a_fault_while_parquet_is_made_is_that_fault_and_no_whole_file() -> None:
    chunks = PARQUET.write(COLUMNS, _batches(40, 10_000, fail=True))
    parts: list[bytes] = []
    with pytest.raises(RuntimeError, match="read no further"):
        parts.extend(chunks)
    assert parts
    assert not b"".join(parts).endswith(b"PAR1")


def test_parquet_that_nobody_wants_any_more_ends() -> None:
    before = threading.active_count()
    chunks: Any = PARQUET.write(COLUMNS, _batches(1_000, 1_000))
    next(chunks)
    assert threading.active_count() == before + 1
    chunks.close()
    assert threading.active_count() == before


def test_a_workbook_leaves_no_file_behind(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    chunks: Any = XLSX.write(COLUMNS, _batches(2, 5_000))
    next(chunks)
    assert list(tmp_path.iterdir())
    chunks.close()
    broken = XLSX.write(COLUMNS, _batches(1, 10, fail=True))
    with pytest.raises(RuntimeError, match="read no further"):
        next(broken)
    assert list(tmp_path.iterdir()) == []


def test_the_libraries_of_formats_are_loaded_when_they_are_first_needed() -> None:
    program = (
        "import sys, app.cli, app.main; app.main.create_app(); "
        "print([name for name in ('arro3', 'xlsxwriter') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
