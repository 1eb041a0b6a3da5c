"""Workbooks as tables: the texts that their readers see, and no more memory than these need."""

import gzip
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.exchange.tables import Row, UnreadableTable, open_table, sheets
from app.kit.tables import Column, Kind
from app.kit.workbook import write_workbook
from tests.support import ROOT
from tests.test_tables import rows_of, written, zipped

Parts = Mapping[str, str | bytes]


def test_a_workbook_is_read_as_the_text_that_it_shows(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Figures")
        sheet.write_row(0, 0, ["name", "value", "day"])
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(1, 0, ["École", 31_000_000_000])
        sheet.write_datetime(1, 2, datetime(2024, 3, 27, tzinfo=UTC).replace(tzinfo=None), day)
        sheet.write_row(2, 0, ["文心", 26.3])
        book.add_worksheet("Notes").write(0, 0, "nothing here")
    with pytest.raises(UnreadableTable, match=r"several sheets: name one of them \(Figures, Notes"):
        rows_of(path)
    found = rows_of(path, sheet="Figures")
    assert found == [["École", "31000000000", "2024-03-27"], ["文心", "26.3", ""]]
    with pytest.raises(UnreadableTable, match="without such a sheet"):
        rows_of(path, sheet="Figure")


def sheet_of(folder: Path, *rows: Sequence[object], formats: Sequence[str] = ()) -> Path:
    """Return a workbook of one sheet, whose columns have these number formats."""
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        shown = [book.add_format({"num_format": code}) for code in formats]
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(line, column, value, *shown[column : column + 1] if line else ())
    return path


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("0%", 0.263, "26.3%"),
        ("0.0%", 0.28299999999999997, "28.3%"),
        ("0.00%", 1, "100%"),
        ("[Red]0.0%;[Blue]-0.0%", -0.05, "-5%"),
        ('0%;-0%;"-"', 0, "0"),
        ('0.0"%"', 26.3, "26.3"),
        ("0.0\\%", 26.3, "26.3"),
        ("[<=1]0%;[>1]0", 0.5, "50%"),
        ("[<=1]0%;[>1]0", 26.3, "26.3"),
        ("[<=1]0%;0", 26.3, "26.3 in the format [<=1]0%;0"),
        ("[h]:mm:ss", 1.5, "36:00:00"),
        ("[h]:mm", -1.25, "-30:00:00"),
        ("[mm]:ss", 0.001, "00:01:26"),
        ("yyyy", 45000, "2023"),
        ("mmm yy", 45000, "2023-03"),
        ("[$-409]mmmm yyyy;@", 45000, "2023-03"),
        ("d mmm", 45000, "2023-03-15"),
        ("hh:mm", 0.75, "18:00:00"),
        ("[h]:mm", 1e300, "1e+300"),
        ("yyyy-mm-dd", 2_958_465.9999999999, "2958466"),
        ("yyyy-mm-dd", -1, "-1"),
        ('"day" 0', 31, "31"),
        ("dd.mm.yyyy hh:mm", 45000.75, "2023-03-15T18:00:00"),
        ("General", 9.0e25, "9e+25"),
        ("General", 4.35 * 100, "435"),
        ("0.00", 0.1 + 0.2, "0.3"),
        ("0.00", -0.1 - 0.2, "-0.3"),
        ("General", 3 * 1.1e25, "3.3e+25"),
        ("General", 3 * 1.1e-7, "3.3e-07"),
        ("General", 1 / 3, "0.3333333333333333"),
        ("General", 0.9344621985124387, "0.9344621985124387"),
    ],
)
def test_a_number_in_a_workbook_is_what_its_format_shows(
    tmp_path: Path, code: str, number: float, text: str
) -> None:
    path = sheet_of(tmp_path, ["value"], [number], formats=[code])
    assert rows_of(path) == [[text]]


def test_whole_numbers_beyond_what_is_shown_stay_as_they_are(tmp_path: Path) -> None:
    header = "<row r='1'><c r='A1' t='str'><v>a</v></c></row>"
    rows = "<row r='2'><c r='A2'><v>1000000000000001</v></c></row>"
    rows += "<row r='3'><c r='A3'><v>9007199254740991</v></c></row>"
    assert rows_of(cells_of(tmp_path, header + rows)) == [
        ["1000000000000001"],
        ["9007199254740991"],
    ]


@settings(max_examples=30, deadline=None)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
@example(number=0.1 + 0.2)
@example(number=4.35 * 100)
@example(number=3 * 1.1e25)
def test_a_number_comes_back_from_our_own_workbooks_in_all_its_digits(number: float) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.xlsx"
        book = write_workbook([Column("value", Kind.NUMBER)], iter([[[number]]]))
        path.write_bytes(b"".join(book))
        (cells,) = rows_of(path)
    assert repr(float(cells[0])) == repr(number)


def test_a_workbook_has_the_texts_and_the_lines_of_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet()
        sheet.write_row(2, 1, ["name", "is open"])
        sheet.write_rich_string(4, 1, "Société ", bold, "A", " & <B>")
        sheet.write_boolean(4, 2, True)
        sheet.write_string(5, 1, " bell\x07 _x0041_\n")
        sheet.write_formula(6, 1, '="x"', None, "x")
        sheet.write_blank(9, 700, None, bold)
    with open_table(path) as table:
        assert table.header == ["name", "is open"]
        assert list(table.rows) == [
            Row(5, ["Société A & <B>", "True"]),
            Row(6, [" bell\x07 _x0041_\n", ""]),
            Row(7, ["x", ""]),
        ]


@pytest.mark.parametrize(
    ("packed", "parts"),
    [
        (lambda content: gzip.compress(content, mtime=0), ["Sheet1"]),
        (lambda content: zipped(content, "book.xlsx"), ["book.xlsx", "Sheet1"]),
        (
            lambda content: zipped(content, "book.xlsx", "__MACOSX/book.xlsx"),
            ["book.xlsx", "Sheet1"],
        ),
    ],
)
def test_a_workbook_is_the_same_in_every_wrapping(
    tmp_path: Path, packed: Callable[[bytes], bytes], parts: list[str]
) -> None:
    content = sheet_of(tmp_path, ["name", "value"], ["École", 26.3]).read_bytes()
    with open_table(written(tmp_path, packed(content), "wrapped")) as table:
        assert table.header == ["name", "value"]
        assert [row.cells for row in table.rows if isinstance(row, Row)] == [["École", "26.3"]]
        assert table.format == "XLSX"
        assert table.parts == parts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(zipped(b"a\n1\n"), mtime=0), "is an archive in another one"),
        (zipped(gzip.compress(b"a\n1\n", mtime=0)), "is compressed twice"),
        (zipped(b"PK\x03\x04 and no more"), "is a zip archive, and broken"),
    ],
    ids=["archive", "compressed", "broken"],
)
def test_what_is_wrapped_twice_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableTable, match=said):
        rows_of(written(tmp_path, content))


def cells_of(folder: Path, rows: str, base: Path | None = None, parts: Parts | None = None) -> Path:
    """Return a workbook whose sheet has this XML for its rows, and these other parts."""
    path = base or sheet_of(folder, ["a"])
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    before, after = re.split("<sheetData>.*</sheetData>", contents[name].decode())
    contents[name] = f"{before}<sheetData>{rows}</sheetData>{after}".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **(parts or {})}.items():
            archive.writestr(name, content)
    return path


def test_a_cell_far_from_the_others_is_refused_with_its_row_and_costs_nothing(
    tmp_path: Path,
) -> None:
    """In a process of its own, as the memory that it may take is what matters."""
    far = "<row r='{0}'><c r='{1}{0}'><v>3</v></c></row>"
    header = (
        "<row r='1'><c r='A1' t='str'><v>a</v></c></row><row r='2'><c r='A2'><v>1</v></c></row>"
    )
    path = cells_of(tmp_path, header + far.format(1_048_575, "BI") + far.format(1_048_576, "XFD"))
    script = (
        "import resource, sys, pathlib, app.exchange.tables as t;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "table = t.open_table(pathlib.Path(sys.argv[1])).__enter__();"
        "print([row.line for row in table.rows if isinstance(row, t.BadRow)]);"
        "assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000_000"
    )
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1048575, 1048576]"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (
            (
                "<row><c t='str'><v>a</v></c><c/><c t='str'><v>b</v></c></row>"
                "<row><c/><c><v>2</v></c></row>"
            ),
            ["", "2", ""],
        ),
        (
            (
                "<x:row xmlns:x='y'><x:c r='B1' t='inlineStr'><x:is><x:r><x:t>a</x:t></x:r>"
                "<x:rPh><x:t>A</x:t></x:rPh></x:is></x:c></x:row>"
                "<row><c r='B3' t='d'><v>2024-03-27T00:00:00</v></c></row>"
            ),
            ["2024-03-27"],
        ),
        (
            (
                "<row r='1'><c r='A1' t='str'><v>a</v></c></row><row r='2'><c r='A2' t='str'>"
                "<f>x</f><!-- <c> --><v><![CDATA[<b>]]> &amp; _x0063_</v></c></row>"
            ),
            ["<b> & c"],
        ),
        (
            (
                "<row r='1'><c r='C1' t='str'><v>a</v></c></row>"
                "<row r='2'><c r='B2'><v>7</v></c><c r='C2' t='b'><v>0</v></c></row>"
            ),
            ["7", "False"],
        ),
    ],
)
def test_workbooks_of_every_writer_are_read(tmp_path: Path, rows: str, found: list[str]) -> None:
    assert rows_of(cells_of(tmp_path, rows)) == [found]


@pytest.mark.parametrize("form", ["{}", "<!-- -->{}"], ids=["by pattern", "parsed"])
@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("<c r='B2'><f>1+1</f></c>", sheets.NOT_WORKED_OUT),
        ("<c r='B2'><f>1+1</f><v></v></c>", sheets.NOT_WORKED_OUT),
        ("<c r='B2'><f>1+1</f><v/></c>", sheets.NOT_WORKED_OUT),
        ("<c r='B2' s='0'><f t='shared' si='0'/></c>", sheets.NOT_WORKED_OUT),
        ("<c r='B2'><f>1+1</f><v>2</v></c>", "2"),
        ("<c r='B2' t='str'><f>A1&amp;A1</f><v></v></c>", ""),
        ("<c r='B2'><v></v></c>", ""),
    ],
)
def test_a_formula_whose_result_is_not_there_is_no_blank(
    tmp_path: Path, form: str, cell: str, found: str
) -> None:
    rows = (
        "<row r='1'><c r='A1' t='str'><v>a</v></c><c r='B1' t='str'><v>b</v></c></row>"
        f"<row r='2'><c r='A2'><v>1</v></c>{cell}</row><row r='3'><c r='A3'><v>2</v></c></row>"
    )
    path = cells_of(tmp_path, form.format(rows.replace("'", '"')))
    assert rows_of(path) == [["1", found], ["2", ""]]


@pytest.mark.parametrize("form", ["{}", "<!-- -->{}"], ids=["by pattern", "parsed"])
def test_a_blank_text_is_nothing(tmp_path: Path, form: str) -> None:
    cells = (
        "<row r='1'><c r='B1' t='str'><v>a</v></c></row>"
        "<row r='2'><c r='A2' t='str'><v> </v></c><c r='B2'><v>1</v></c>"
        "<c r='C2' t='str'><v>&#160;\t</v></c></row><row r='3'><c r='B3' t='str'><v> </v></c></row>"
    )
    assert rows_of(cells_of(tmp_path, form.format(cells))) == [["1"]]


def test_a_sheet_of_blank_texts_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Notes").write_string(0, 0, " ")
        sheet = book.add_worksheet("Figures")
        sheet.write_string(0, 0, "value")
        sheet.write_number(1, 0, 1)
        sheet.write_string(1, 3, " ")
    assert rows_of(path) == [["1"]]


def test_a_header_is_no_formula_whose_result_is_not_there(tmp_path: Path) -> None:
    rows = "<row r='1'><c r='A1'><f>B1</f></c></row><row r='2'><c r='A2'><v>1</v></c></row>"
    with pytest.raises(UnreadableTable, match=r"header .* formula"):
        rows_of(cells_of(tmp_path, rows))


def test_rows_that_are_read_by_their_pattern_are_those_that_are_parsed(tmp_path: Path) -> None:
    random = Random(0)
    odd = ("a", "a & b", "<c>", "1\r\n2", " ", "_x0041_", "é文", 0, 0.263, 45000.75, -1e300, True)
    rows = [[random.choice(odd) for _ in range(random.randrange(12))] for _ in range(3_000)]
    codes = ("General", "0.0%", "yyyy-mm-dd", "h:mm", "@", "0;0%", "[h]:mm")
    path = sheet_of(tmp_path, [*"abcdefghijkl"], *rows, formats=codes)
    found = rows_of(path)
    assert len(found) > 2_000
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert sheets._ROW.search(sheet.encode())
    inside = sheet.partition("<sheetData>")[2].partition("</sheetData>")[0]
    mixed = "</row >".join(inside.split("</row>", 1_000))
    for text in (f"<!-- -->{inside}", inside + "<!-- -->", mixed, inside.replace("<c ", "<c  ")):
        assert rows_of(cells_of(tmp_path, text, base=path)) == found


@pytest.mark.parametrize("hidden", ["<!--{}-->", "<?x {}?>", "<x><![CDATA[{}]]></x>"])
@pytest.mark.parametrize("before", [1, 700, 2_000])
def test_what_only_looks_like_a_row_is_none(tmp_path: Path, hidden: str, before: int) -> None:
    row = '<row r="{0}"><c r="A{0}" t="str"><v>{0}</v></c></row>'
    start = "".join(map(row.format, range(1, before + 1)))
    path = cells_of(tmp_path, start + hidden.format(row.format(9_000)) + row.format(9_001))
    assert rows_of(path) == [[str(line)] for line in (*range(2, before + 1), 9_001)]


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_sheet_is_in_the_encoding_that_it_declares(tmp_path: Path, name: str) -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>é</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    text = f"<worksheet><sheetData>{rows}</sheetData></worksheet>"
    text = f'<?xml version="1.0" encoding="{name}"?>{text}'
    part = {"xl/worksheets/sheet1.xml": text.encode(name)}
    with open_table(cells_of(tmp_path, "", parts=part)) as table:
        assert table.header == ["é"]


@pytest.mark.parametrize(
    "rows",
    [
        "<row><c t='s'><v>7</v></c></row>",
        "<row><c><v>seven</v></c></row>",
        "<row><c><v>1_000</v></c></row>",
        "<row><c r='XFE1'><v>1</v></c></row>",
        "<row><c r='1'><v>1</v></c></row>",
        "<row><c s='99'><v>1</v></c></row>",
        "<row><c></row>",
        "<row>" + "<c><v>1</v></c>" * 16_385 + "</row>",
    ],
)
def test_a_broken_workbook_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(UnreadableTable, match="is a workbook, and broken"):
        rows_of(cells_of(tmp_path, rows))


def test_a_row_with_two_cells_in_one_column_is_refused(tmp_path: Path) -> None:
    header = '<row r="1"><c r="A1" t="str"><v>a</v></c></row>'
    twice = '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>9</v></c></row>'
    assert rows_of(cells_of(tmp_path, header + twice)) == ["has two cells in one column"]


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    strings = "<!DOCTYPE sst [<!ENTITY a 'b'>]><sst><si><t>&a;</t></si></sst>"
    path = cells_of(
        tmp_path, "<row><c t='s'><v>0</v></c></row>", parts={"xl/sharedStrings.xml": strings}
    )
    with pytest.raises(UnreadableTable, match="is a workbook, and broken"):
        rows_of(path)
