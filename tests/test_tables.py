"""Files as tables: what they are is told by their bytes, and what they are not is said."""

import codecs
import gzip
import io
import os
import zipfile
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.tables import BadRow, Bounds, Row, UnreadableTable, open_table

SMALL = Bounds(bytes=20_000, rows=100, columns=10, cell=1_000, ratio=50)
TEXT = "name,value\nÉcole,1\n文心,2\n"
ROWS = [["École", "1"], ["文心", "2"]]


def written(folder: Path, content: bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows_of(path: Path, **options: object) -> list[list[str] | str]:
    """Return the cells of each row, or what is wrong with it."""
    with open_table(path, **options) as table:  # type: ignore[arg-type]
        return [row.cells if isinstance(row, Row) else row.fault for row in table.rows]


def zipped(content: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("table.csv",):
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        zipped(TEXT.encode()),
        zipped(TEXT.encode(), "table.csv", "__MACOSX/table.csv", ".hidden"),
        '{"name": "École", "value": 1}\n\n{"name": "文心", "value": "2"}'.encode(),
        gzip.compress(
            b'{"name":"\\u00c9cole","value":"1"}\n{"value":"2","name":"\\u6587\\u5fc3"}\n',
            mtime=0,
        ),
    ],
)
def test_one_table_is_the_same_in_every_wrapping(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    with open_table(path) as table:
        assert table.header == ["name", "value"]
        assert [row.cells for row in table.rows if isinstance(row, Row)] == ROWS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"SQLite format 3\0", "is an SQLite database"),
        (b"PAR1\0\0", "is a Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old .xls form"),
        (b"a,b\n\0\0", "is not text"),
        (b"PK\x03\x04 and no more", "is a zip archive, and broken"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9] + b"123456789", "is compressed, and broken"),
        (zipped(b"a,b\n", "one.csv", "two.csv"), "of 2 files and not of one table"),
        (b",,\n1,2,3\n", "has no header"),
        (b'"a,b\n', "has a first line that is not CSV"),
        (b",".join(b"c%d" % n for n in range(11)), "has more than 10 columns"),
        (b"a\n" + b"1\n" * 101, "has more than 100 rows"),
        (b"a\n" + b"1234567890" * 2_001, "has more than"),
        (b'{"a": [1]}\n', "has a first line that is an object whose values"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UnreadableTable, match=said.replace("(", r"\(")):
        rows_of(path, bounds=SMALL)


@pytest.mark.parametrize("packed", [gzip.compress, zipped])
def test_a_small_file_that_swells_is_refused(
    tmp_path: Path, packed: Callable[[bytes], bytes]
) -> None:
    content = packed(b"a,b\n" + b" " * 40_000_000)
    bounds = Bounds(cell=100_000_000)
    with pytest.raises(UnreadableTable, match="times larger when it is opened"):
        rows_of(written(tmp_path, content), bounds=bounds)


def test_a_row_that_cannot_be_read_is_told_by_its_line_and_others_go_on(tmp_path: Path) -> None:
    content = b'a,b\n1,2\n3\n"x"y,4\n5,6,\n\n7,"8\n8"\nna\xefve,9\n10,11\n'
    with open_table(written(tmp_path, content), fallbacks=()) as table:
        found = list(table.rows)
    assert [row.line for row in found] == [2, 3, 4, 5, 7, 9, 10]
    assert [row.cells for row in found if isinstance(row, Row)] == [
        *(["1", "2"], ["5", "6"], ["7", "8\n8"], ["10", "11"]),
    ]
    bad = [row for row in found if isinstance(row, BadRow)]
    assert [row.fault for row in bad] == [
        "has 1 cells, and the header 2",
        "is not CSV (',' expected after '\"')",
        (
            "text in UTF-8 (save the file as UTF-8, or name its encoding in a mapping, by "
            "fallback_encodings)"
        ),
    ]
    assert (bad[-1].column, bad[-1].found) == ("a", "na\ufffdve")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'a,b\n1,2\n3,"4\n5,6\n7,8\n', "has a quote in line 3 that is not closed"),
        (b'a,b\n1,2\n3,"4', "has a quote in line 3 that is not closed"),
        (b'a,b\n"1\n2","3\n', "has a quote in line 3 that is not closed"),
        (b'a,b\n1,"2\n3,4\n5,"6"\n', "has a quote in line 2 that is not closed"),
        (b'a,b\n1,"' + b"2\n3,4\n" * 400 + b'5"\n', "line 2 that is not closed"),
        (b'a,b\n1,"' + b"2" * 2_000 + b'\n3,4\n5"\n', "line 2 that is not closed"),
        (b'a,b\n1,2\n3,"' + b"\n" * 60 + b'5"\n', "in line 3 whose cell goes on for more than 50"),
    ],
)
def test_a_quote_that_is_not_closed_is_told_and_no_row_is_lost_in_it(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UnreadableTable, match=said):
        rows_of(path, bounds=Bounds(cell=1_000, lines=50 if b"\n\n" in content else 500))


def test_cells_of_several_lines_and_cells_too_large_in_one_are_no_fault_of_others(
    tmp_path: Path,
) -> None:
    content = b'a,b\n1,"2\n""3"",\n4"\n"5","' + b"6" * 2_000 + b'"\n7,"8""\n"\n'
    found = rows_of(written(tmp_path, content), bounds=Bounds(cell=1_000))
    assert found == [
        ["1", '2\n"3",\n4'],
        "is not CSV (field larger than field limit (1000))",
        ["7", '8"\n'],
    ]


@pytest.mark.parametrize(
    ("content", "fallback", "cell", "said"),
    [
        (b"T\x9frkiye", "mac_roman", "Türkiye", "UTF-8, with 1 byte read as Mac Roman"),
        ("Łódź".encode("cp1250"), "cp1250", "Łódź", "UTF-8, with 3 bytes read as cp1250"),
        ("文心 ż".encode("gb18030"), "gb18030", "文心 ż", "UTF-8, with 6 bytes read as gb18030"),
        ("ソフト表".encode("shift_jis"), "shift_jis", "ソフト表", "with 4 bytes read as shift_jis"),
        ("文心".encode(), "gb18030", "文心", "UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_in_the_encoding_that_a_mapping_names(
    tmp_path: Path, content: bytes, fallback: str, cell: str, said: str
) -> None:
    for lines in (b'name\n"%b"\n\xe6\x96\x87\n', b'{"name":"%b"}\n{"name":"\xe6\x96\x87"}\n'):
        path = written(tmp_path, lines % content)
        with open_table(path, fallbacks=(fallback,)) as table:
            assert [row.cells for row in table.rows if isinstance(row, Row)] == [[cell], ["文"]]
            assert said in str(table.decoding)


def test_an_object_that_has_a_name_twice_is_refused(tmp_path: Path) -> None:
    content = (
        b"""{"a": "x\\": 1", "b": 2}\n{"a":1,"b":2,"a":3}\n{"a":1,"b":"a\\":2, \\"b\\": 3"}\n"""
    )
    assert rows_of(written(tmp_path, content, "table.ndjson")) == [
        ['x": 1', "2"],
        "is an object that has a more than once",
        ["1", 'a":2, "b": 3'],
    ]


@pytest.mark.parametrize("fallbacks", [(), ("gb18030",)])
@pytest.mark.parametrize(
    "text",
    [
        "Łódź i Gdańsk są większe niż Żywiec".encode("cp1250"),
        "Le garçon déjà âgé préférait la forêt".encode("cp1252"),
        "開発会社です".encode("shift_jis"),
        "人工智能公司".encode("gb18030"),
        "naïve 文心".encode(),
    ],
)
def test_a_row_in_an_encoding_that_is_not_certain_is_refused(
    tmp_path: Path, text: bytes, fallbacks: tuple[str, ...]
) -> None:
    text += b" \xff"
    for content in (b"name\nok\n%b\n", b'{"name":"ok"}\n{"name":"%b"}\n'):
        with open_table(written(tmp_path, content % text), fallbacks=fallbacks) as table:
            first, second = table.rows
        assert isinstance(first, Row)
        assert isinstance(second, BadRow)
        assert (second.line, second.column) == (2 + content.startswith(b"name"), "name")
        assert "\ufffd" in second.found
        assert second.fault.startswith("text in UTF-8")
        assert ("by fallback_encodings" in second.fault) == (not fallbacks)


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zipped])
@pytest.mark.parametrize(
    ("content", "cells", "said"),
    [
        ("ソフト表".encode("shift_jis"), "ソフト表", "UTF-8, with 4 bytes read as shift_jis"),
        ("Łódź 文".encode("gb18030"), "Łódź 文", "bytes read as gb18030"),
        (b"caf\xe9, \x81", "caf\xe9, \x81", "UTF-8, with 2 bytes read as ISO 8859-1"),
        ("文心".encode(), "文心", "UTF-8"),
    ],
)
def test_of_several_encodings_the_first_that_reads_the_whole_file_is_used(
    tmp_path: Path, content: bytes, cells: str, said: str, packed: Callable[[bytes], bytes]
) -> None:
    fallbacks = ("shift_jis", "gb18030", "cp1252", "latin_1")
    lines = b"name\n" + b"ok\n" * 9 + b'"%b"\n' % content
    path = written(tmp_path, packed(lines))
    with open_table(path, fallbacks=fallbacks) as table:
        *_, last = table.rows
    assert isinstance(last, Row)
    assert last.cells == [cells]
    assert str(table.decoding).endswith(said)


@pytest.mark.parametrize("lines", [b"name\nok\n\x81\n", b"name\x81\n", b'{"name":"\x81"}\n'])
def test_a_file_that_none_of_several_encodings_reads_is_refused(
    tmp_path: Path, lines: bytes
) -> None:
    with pytest.raises(UnreadableTable, match="reads all of it: shift_jis, Windows-1252"):
        rows_of(written(tmp_path, lines), fallbacks=("shift_jis", "cp1252"))


def test_a_file_that_says_its_encoding_needs_none_of_several(tmp_path: Path) -> None:
    path = written(tmp_path, codecs.BOM_UTF8 + b"name\nok\n\x81\n")
    ok, bad = rows_of(path, fallbacks=("shift_jis", "latin_1"))
    assert ok == ["ok"]
    assert "text in UTF-8 with a byte-order mark" in bad


def test_an_encoding_that_is_none_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.encode())
    for name in ("utf-9", "hex"):
        with pytest.raises(UnreadableTable, match=f"the encoding {name}, which is none"):
            rows_of(path, fallbacks=(name,))


@pytest.mark.parametrize("name", ["utf_16", "utf-16-le", "utf-32", "cp500"])
def test_an_encoding_that_goes_with_no_other_one_is_no_fallback(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "name\nÉcole\n".encode("cp1252"))
    with pytest.raises(UnreadableTable, match=f"the encoding {name}, which goes with no other one"):
        rows_of(path, fallbacks=(name,))


def _cut(path: Path) -> None:
    os.truncate(path, 400_000)


def _grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"3,4\n")


def _replaced(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    os.utime(other, (1, 1))
    other.replace(path)


def _touched(path: Path) -> None:
    os.utime(path, (1, 1))


@pytest.mark.parametrize("change", [_cut, _grown, _replaced, _touched, Path.unlink])
@pytest.mark.parametrize("packed", [bytes, zipped])
def test_a_file_that_is_changed_while_it_is_read_is_refused(
    tmp_path: Path, change: Callable[[Path], None], packed: Callable[[bytes], bytes]
) -> None:
    path = written(tmp_path, packed(b"a,b\n" + b"1,2\n" * 200_000))
    with open_table(path) as table:
        next(table.rows)
        change(path)
        with pytest.raises(UnreadableTable, match=r"was changed while it was read|broken"):
            deque(table.rows, maxlen=0)


def test_what_was_read_is_told_to_the_end(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n" + b"1,2\n" * 100_000)
    seen: list[int] = []
    with open_table(path, progress=seen.append) as table:
        assert sum(1 for _ in table.rows) == 100_000
    assert sum(seen) == path.stat().st_size


@given(st.binary(max_size=400), st.integers(0, 2**32))
def test_no_bytes_make_it_fail_in_another_way(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, seed: int
) -> None:
    """Whatever a file holds, it is a table with good and bad rows, or it is refused."""
    random = Random(seed)
    base = random.choice(
        (
            TEXT.encode(),
            gzip.compress(TEXT.encode(), mtime=0),
            zipped(TEXT.encode()),
            b'{"a":"b"}\n',
            b"",
        )
    )
    place = random.randint(0, len(base))
    path = tmp_path_factory.mktemp("noise") / "table.csv"
    path.write_bytes(base[:place] + noise + base[place + random.randint(0, len(noise)) :])
    with suppress(UnreadableTable):
        rows_of(path, bounds=SMALL)
