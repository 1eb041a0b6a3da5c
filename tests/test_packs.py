"""Packs: what is exported is what was there, and what is wrong is named and loads nothing."""

import json
import os
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from hashlib import md5, sha256, sha512
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import frictionless
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.exchange import exporting
from app.exchange.datapackage import descriptor
from app.exchange.exporting import export_pack
from app.exchange.packs import UnreadablePack, load_pack, open_pack
from app.exchange.seed import find_pack, location
from app.resources.queries import PageQuery
from app.resources.reading import ResourceList
from app.resources.registry import RESOURCES
from app.resources.results import read_all
from app.storage.database import Database
from tests.conftest import Templates

EXAMPLES: Final = int(os.environ.get("AIRACE_EXAMPLES", "10"))  # more of them is the long form

Facts = dict[str, list[dict[str, Any]]]


def newest(database: Database) -> int:
    """Return the number of the newest revision."""
    with database.read() as transaction:
        return transaction.latest.id


def facts(database: Database) -> Facts:
    """Return all facts, without what the ledger adds to them."""
    with database.read() as transaction:
        at = transaction.latest
    return {
        resource.many: [
            {name: row[name] for name in resource.pack_columns}
            for batch in read_all(database, ResourceList(resource), PageQuery(), at)
            for row in batch
        ]
        for resource in RESOURCES
    }


def export(database: Database, folder: Path, at: int | None = None) -> dict[str, bytes]:
    """Export to a folder; return its files."""
    with database.read() as transaction:
        revision = transaction.revision(at)
    export_pack(database, folder, revision)
    return files(folder)


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# Loading and exporting.


def test_loading_twice_changes_nothing(seeded: Database) -> None:
    before = newest(seeded)
    again = load_pack(seeded, find_pack("cross-check"))
    assert (again.revision, again.added, again.changed) == (None, 0, 0)
    assert newest(seeded) == before


def test_a_descriptor_may_come_with_a_mark_and_without_who_made_it(
    empty: Database, tmp_path: Path
) -> None:
    pack = write_pack(tmp_path, {"sources": _SOURCES}, contributors=[])
    descriptor_file = pack / "datapackage.json"
    descriptor_file.write_bytes(BOM_UTF8 + descriptor_file.read_bytes())
    assert load_pack(empty, pack).added == 1


def test_a_dry_run_says_what_would_be_and_loads_nothing(empty: Database, tmp_path: Path) -> None:
    tried = load_pack(empty, find_pack("article-2024-03-31"), dry_run=True)
    assert (tried.revision, tried.added) == (None, 16)
    assert newest(empty) == 0
    dangling = write_pack(tmp_path, {"companies": _COMPANIES})
    with pytest.raises(UnreadablePack, match="names sources that do not exist"):
        load_pack(empty, dangling, dry_run=True)
    assert load_pack(empty, find_pack("article-2024-03-31")).revision == 1


def test_loading_records_who_and_why(empty: Database) -> None:
    load_pack(empty, find_pack("article-2024-03-31"), author="An editor", message="As read")
    told: list[tuple[int, int]] = []
    loaded = load_pack(empty, find_pack("cross-check"), progress=lambda n: told.append((n, 1)))
    assert loaded.revision == 2
    assert loaded.changed == 4  # what the second pack knows better of rows of the first
    size = open_pack(find_pack("cross-check")).size
    assert sum(count for count, _ in told) == size
    with empty.read() as transaction:
        rows = transaction.connection.exec_driver_sql(
            "SELECT author, message, origin FROM revisions WHERE id > 0 ORDER BY id"
        ).all()
    title = "The figures of other sources on the same matters"
    assert rows[0] == ("An editor", "As read", "article-2024-03-31")
    assert rows[1][0] == "AI Race Indicators"
    assert rows[1][2] == "cross-check"
    assert rows[1][1] == open_pack(find_pack("cross-check")).title or title


def test_an_export_loads_as_the_same_facts(
    seeded: Database, templates: Templates, tmp_path: Path
) -> None:
    exported = export(seeded, tmp_path / "first")
    other = Database(templates.empty())
    loaded = load_pack(other, tmp_path / "first")
    assert (loaded.revision, loaded.changed) == (1, 0)
    assert facts(other) == facts(seeded)
    again = export(other, tmp_path / "second")
    other.close()
    described = [orjson.loads(found.pop("datapackage.json")) for found in (exported, again)]
    assert again == exported
    for content in described:
        for name in ("name", "title", "revision"):  # these say of which revision
            del content[name]
    assert described[0] == described[1]
    assert load_pack(seeded, tmp_path / "second").revision is None


def test_an_export_of_the_past_is_what_was(
    seeded: Database, templates: Templates, tmp_path: Path
) -> None:
    export(seeded, tmp_path / "past", at=1)
    article, past = Database(templates.empty()), Database(templates.empty())
    load_pack(article, find_pack("article-2024-03-31"))
    load_pack(past, tmp_path / "past")
    assert facts(past) == facts(article)
    article.close()
    past.close()


def test_an_export_is_a_valid_data_package(seeded: Database, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    told: list[int] = []
    with seeded.read() as transaction:
        at = transaction.latest
    export_pack(seeded, folder, at, progress=told.append)
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    assert sum(told) == sum(map(len, facts(seeded).values()))
    assert [p.name for p in folder.parent.iterdir()] == ["folder"]


def test_an_export_spares_a_folder_that_holds_anything(seeded: Database, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="is not empty"):
        export(seeded, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_export_goes_into_this_folder_and_through_a_link_to_an_empty_one(
    seeded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "here")
    here, there = export(seeded, Path()), export(seeded, tmp_path / "link")
    assert here == there == export(seeded, tmp_path / "new")
    assert files(tmp_path / "here") == files(tmp_path / "there") == here


@pytest.mark.parametrize("there", [False, True])
def test_an_export_that_fails_leaves_nothing_behind(
    seeded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    folder = tmp_path / "pack"
    if there:
        folder.mkdir()

    def fail(*_: Any) -> Iterator[bytes]:
        yield b"id,"
        raise OSError("No space left on device")

    monkeypatch.setattr(exporting, "write_csv", fail)
    with pytest.raises(OSError, match="No space left"):
        export(seeded, folder)
    assert list(tmp_path.rglob("*")) == ([folder] if there else [])


# Random facts.

_SLUGS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
_TERMS = st.from_regex(r"[a-z0-9]{1,8}([-_][a-z0-9]{1,8})?", fullmatch=True)
_TEXTS = (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda text: bool(text) and not re.fullmatch("#[A-Z/_0]+[!?A]", text))
) | st.sampled_from(['"', '""', ",", "=1+1", "a,b", 'say "hi"', "'", "#", "0", "null", "é\u0301"])
_MEMBERS = _TEXTS.map(lambda text: text.replace(";", "").strip()).filter(bool)
_PERIODS = st.sampled_from(["2023", "2023-Q1", "2024-02", "2024-03-27", "2023-01/2023-11"])
_COUNTRIES = st.sampled_from(["US", "CN", "GB", "EU", "WLD", "TR"])
_COUNTS = st.integers(0, 2**63 - 1)
_NUMBERS = st.just(0.0) | st.floats(1e-100, 1e100, exclude_max=True)
_QUALIFIERS = st.sampled_from(["exact", "about", "at_least", "up_to", "disputed"])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def random_facts(draw: st.DrawFn) -> Facts:
    """Draw facts of every resource that refer to one another."""

    def keys(size: int) -> list[str]:
        return draw(st.lists(_SLUGS, unique=True, max_size=size))

    def one_of(known: list[str]) -> st.SearchStrategy[Any]:
        return _maybe(st.sampled_from(known)) if known else st.none()

    def some_of(known: list[str]) -> st.SearchStrategy[list[str]]:
        return st.lists(st.sampled_from(known), unique=True, max_size=3) if known else st.just([])

    sources = ["source", *(key for key in keys(3) if key != "source")]
    companies, ai_models = keys(4), keys(4)
    about = {"source": st.sampled_from(sources), "locator": _maybe(_TEXTS), "note": _maybe(_TEXTS)}

    def fact(key: str, **fields: Any) -> dict[str, Any]:
        return {"id": key, **draw(st.fixed_dictionaries(fields))}

    def funding(key: str) -> dict[str, Any]:
        is_round = bool(companies) and draw(st.booleans())
        row = fact(
            key,
            kind=st.just("round" if is_round else "total"),
            country=_maybe(_COUNTRIES) if is_round else _COUNTRIES,
            company=st.sampled_from(companies) if is_round else st.none(),
            investors=some_of(companies),
            scope=st.none() if is_round else _TERMS,
            round_type=_maybe(_TERMS),
            period=_PERIODS,
            amount_usd=_maybe(_COUNTS),
            deals=st.none() if is_round else _maybe(_COUNTS),
            amount=_maybe(_COUNTS),
            currency=st.sampled_from(["USD", "CNY"]),
            price_base=st.sampled_from([None, "nominal", "constant-2021"]),
            qualifier=_QUALIFIERS,
            deals_qualifier=_QUALIFIERS,
            original_source=one_of(sources),
            **about,
        )
        for value, beside in (
            ("amount_usd", "qualifier"),
            ("deals", "deals_qualifier"),
            ("amount", "currency"),
        ):
            row[beside] = None if row[value] is None else row[beside]
        return row

    def adoption(key: str) -> dict[str, Any]:
        row = fact(
            key,
            metric=_TERMS,
            model=one_of(ai_models),
            company=one_of(companies),
            country=_COUNTRIES,
            value=_maybe(_NUMBERS),
            unit=_TEXTS,
            period=_PERIODS,
            qualifier=_maybe(_QUALIFIERS),
            scope=_maybe(_TERMS),
            original_source=one_of(sources),
            **about,
        )
        return row if row["value"] is not None else {**row, "unit": None}

    return {
        "sources": [
            fact(
                key,
                kind=st.sampled_from(["article", "report", "dataset"]),
                publisher=_TEXTS,
                title=_TEXTS,
                published=_maybe(_PERIODS),
                url=_maybe(st.just("https://example.org/?a=1,2&b=%22")),
                licence=_maybe(_TEXTS),
                restates=one_of([other for other in sources if other != key]),
                note=_maybe(_TEXTS),
            )
            for key in sources
        ],
        "companies": [
            fact(
                key,
                name=_TEXTS,
                country=_maybe(_COUNTRIES),
                roles=some_of(["ai-developer", "investor", "chip-maker", "adopter"]),
                aliases=st.lists(_MEMBERS, max_size=3, unique=True),
                website=_maybe(st.just("http://example.org")),
                **about,
            )
            for key in companies
        ],
        "models": [
            fact(
                key,
                name=_TEXTS,
                kind=st.sampled_from(["model", "family", "product"]),
                aliases=st.lists(_MEMBERS, max_size=3, unique=True),
                developers=some_of(companies),
                released=_maybe(_PERIODS),
                openness=st.sampled_from([None, "open", "hosted", "closed"]),
                based_on=some_of([other for other in ai_models if other != key]),
                disputed_by=some_of(sources),
                parameters=_maybe(_COUNTS),
                training_compute_flop=_maybe(_NUMBERS),
                domain=_maybe(_TERMS),
                **about,
            )
            for key in ai_models
        ],
        "funding": [funding(key) for key in keys(4)],
        "adoption": [adoption(key) for key in keys(4)],
        "statistics": [
            fact(
                key,
                metric=_TERMS,
                country=_COUNTRIES,
                value=_NUMBERS,
                unit=_TEXTS,
                period=_PERIODS,
                qualifier=_QUALIFIERS,
                scope=_maybe(_TERMS),
                original_source=one_of(sources),
                **about,
            )
            for key in keys(4)
        ],
    }


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(drawn=random_facts())
def test_export_then_load_is_the_identity(templates: Templates, drawn: Facts) -> None:
    first, second = Database(templates.empty()), Database(templates.empty())
    try:
        with first.write(author="tests", message="drawn") as writing:
            for resource in RESOURCES[1:]:
                rows = [resource.fact.model_validate(row).stored() for row in drawn[resource.many]]
                writing.put(resource.ledger, rows)
        with TemporaryDirectory() as scratch:
            exported = export(first, Path(scratch) / "first")
            load_pack(second, Path(scratch) / "first")
            again = export(second, Path(scratch) / "second")
        stored = facts(first)
        for name, rows in drawn.items():
            assert stored[name] == sorted(rows, key=lambda row: row["id"].encode())
        assert facts(second) == stored
        assert again == exported
    finally:
        first.close()
        second.close()


# Faults. Each names what is wrong, and nothing is loaded.

_SOURCES: Final = (
    "id,kind,publisher,title,published,url,licence,restates,note\n"
    "a,article,A Paper,A title,2024-03,,,,\n"
)
_COMPANIES: Final = (
    "id,name,country,roles,aliases,website,source,locator,note\nx,X,US,investor,,,a,,\n"
)


def write_pack(folder: Path, tables: dict[str, str | bytes], **changes: Any) -> Path:
    """Write a pack of these files; `changes` are made to its descriptor."""
    folder.mkdir(exist_ok=True)
    resources = [resource for resource in RESOURCES if resource.many in tables]
    content = descriptor(
        name="trial",
        title="A trial",
        description="A trial.",
        author="tests",
        resources=resources,
        has_replacements="replacements" in tables,
        has_named="named" in tables,
    )
    (folder / "datapackage.json").write_bytes(orjson.dumps({**content, **changes}))
    for name, text in tables.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def untouched(templates: Templates) -> Iterator[Database]:
    """An empty database for all the packs that are refused: none of them may change it."""
    database = Database(templates.empty())
    yield database
    database.close()


def refuse(database: Database, folder: Path) -> str:
    """Load a pack that must be refused; return what is told."""
    before = facts(database)
    with pytest.raises(UnreadablePack) as refused:
        load_pack(database, folder)
    assert newest(database) == 0
    assert facts(database) == before
    return str(refused.value)


def test_the_trial_pack_is_right_but_for_what_a_test_breaks(
    empty: Database, tmp_path: Path
) -> None:
    loaded = load_pack(empty, write_pack(tmp_path, {"sources": _SOURCES, "companies": _COMPANIES}))
    assert (loaded.pack, loaded.revision, loaded.added) == ("trial", 1, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + _SOURCES.encode(),
        _SOURCES.replace("\n", "\r\n").encode(),
        _SOURCES.rstrip("\n").encode(),
        b"publisher,id,kind,title\nA Paper,a,article,A title\n",
    ],
    ids=["byte-order mark", "CR LF", "no last line end", "fewer columns in another order"],
)
def test_a_file_may_come_from_another_program(empty: Database, tmp_path: Path, data: bytes) -> None:
    load_pack(empty, write_pack(tmp_path, {"sources": data}))
    (row,) = facts(empty)["sources"]
    assert (row["id"], row["title"]) == ("a", "A title")


def said_of_sources(folder: Path, **said: object) -> Path:
    """Write the trial pack, whose descriptor says this of its sources."""
    write_pack(folder, {"sources": _SOURCES})
    content = orjson.loads((folder / "datapackage.json").read_bytes())
    content["resources"][0] |= said
    (folder / "datapackage.json").write_bytes(orjson.dumps(content))
    return folder


_BYTES: Final = _SOURCES.encode()


@pytest.mark.parametrize(
    "said",
    [
        {"bytes": len(_BYTES), "hash": f"sha256:{sha256(_BYTES).hexdigest()}"},
        {"hash": f"SHA512:{sha512(_BYTES).hexdigest().upper()}"},
        {"hash": md5(_BYTES, usedforsecurity=False).hexdigest()},
    ],
)
def test_a_file_is_what_the_descriptor_says_of_it(
    empty: Database, tmp_path: Path, said: dict[str, object]
) -> None:
    assert load_pack(empty, said_of_sources(tmp_path, **said)).added == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"bytes": 5},
            f"sources.csv: has {len(_BYTES)} bytes, and datapackage.json says 5: it was",
        ),
        ({"bytes": "many"}, "datapackage.json says many"),
        ({"hash": f"sha256:{sha256(b'other').hexdigest()}"}, "sources.csv: does not have the hash"),
        ({"hash": md5(b"other", usedforsecurity=False).hexdigest()}, "does not have the hash"),
        ({"hash": "crc32:0"}, "a hash in datapackage.json that is none of md5, sha1, sha256, sha5"),
        ({"hash": 5}, "does not have the hash"),
    ],
)
def test_a_file_that_is_not_what_the_descriptor_says_is_refused(
    untouched: Database, tmp_path: Path, said: dict[str, object], told: str
) -> None:
    assert told in refuse(untouched, said_of_sources(tmp_path, **said))


def test_a_file_that_changes_while_it_is_read_is_refused(
    untouched: Database, tmp_path: Path
) -> None:
    folder = write_pack(tmp_path, {"sources": _SOURCES})

    def change(_bytes: int) -> None:
        (folder / "sources.csv").write_text(_row("title", "Another"), encoding="utf-8")

    with pytest.raises(UnreadablePack, match=r"sources\.csv: was changed while it was read"):
        load_pack(untouched, folder, progress=change)
    assert newest(untouched) == 0


def _row(column: str, value: str) -> str:
    """Return the table of sources with another value in its row."""
    header, row, _ = _SOURCES.split("\n")
    cells = dict(zip(header.split(","), row.split(","), strict=True))
    return f"{header}\n{','.join((cells | {column: value}).values())}\n"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (_SOURCES.replace("publisher", "publischer", 1), "line 1: column 3 is not a column here"),
        (_SOURCES.replace("publisher", "publischer", 1), "did you mean publisher?"),
        (_SOURCES.replace("publisher", "publischer", 1), "line 1: publisher is missing"),
        (_SOURCES.replace(",note", ",kind"), "line 1: kind is there twice"),
        ("", "line 1: id is missing"),
        ("\n", "line 1: id is missing"),
        (_SOURCES + "b,article\n", "line 3: has 2 cells, not 9"),
        (_SOURCES + "b,article,B,B,2024,,,,,more\n", "line 3: has 10 cells, not 9"),
        (_row("id", "Not A Slug"), "line 2: id has not the form"),
        (_row("id", ""), "line 2: id is missing"),
        (_row("kind", "artcle"), "line 2: kind is not one of the allowed words"),
        (_row("kind", "artcle"), "did you mean article?"),
        (_row("published", "2024-13"), "line 2: published is not a day of the calendar"),
        (_row("published", "soon"), "line 2: published is not a period"),
        (_row("url", "javascript:alert(1)"), "line 2: url is not a web address"),
        (_row("title", " A title"), "line 2: title begins or ends with a space"),
        (_row("title", '"two\nlines"'), "line 3: title has control characters"),
        (_row("title", "NUL\0"), "line 2: title has control characters"),
        (_row("title", "x" * 2_001), "line 2: title string should have at most 2000"),
        (_row("title", "x" * 200_000), "line 2: is not CSV (field larger than field limit"),
        (_row("title", '"open'), "is not CSV (unexpected end of data)"),
        (_row("title", '"A" title'), "line 2: is not CSV"),
        (_row("note", "#N/A"), "line 2: note is an error of a spreadsheet and no text"),
        (_row("restates", "a"), "line 2: input breaks a rule: a source does not restate itself"),
        (_row("title", "caf\xe9").encode("latin-1"), "is not UTF-8 text"),
        (_SOURCES.encode("utf-16"), "is not UTF-8 text"),
        (b"\x00" * 100, "line 1"),
        (b"<!doctype html><html><body>Sign in</body></html>\n", "line 1: id is missing"),
    ],
)
def test_a_fault_in_a_file_is_named_by_file_and_line(
    untouched: Database, tmp_path: Path, table: str | bytes, told: str
) -> None:
    said = refuse(untouched, write_pack(tmp_path, {"sources": table}))
    assert all(line.startswith("sources.csv: ") for line in said.splitlines())
    assert told in said
    assert "x" * 100 not in said


def test_faults_are_all_told_up_to_a_hundred(untouched: Database, tmp_path: Path) -> None:
    wrong = [f"Key {n},article,A,A,20XX,,,,\n" for n in range(1_000)]
    said = refuse(
        untouched, write_pack(tmp_path, {"sources": _SOURCES + "".join(wrong)})
    ).splitlines()
    assert len(said) == 100
    assert said[0].startswith("sources.csv: line 3: id ")
    assert said[1].startswith("sources.csv: line 3: published ")


@pytest.mark.parametrize(
    ("companies", "told"),
    [
        (_COMPANIES.replace(",a,,", ",nobody,,"), "names sources that do not exist: x -> nobody"),
        (_COMPANIES + "x,Y,US,investor,,,a,,\n", "x comes more than once"),
        (_COMPANIES.replace(",US,", ",Korea,"), "companies.csv: line 2: country is not a country"),
        (_COMPANIES.replace("investor", "investor;;"), "companies.csv: line 2: roles"),
        (_COMPANIES.replace("investor", "inventor"), "did you mean investor?"),
        (_COMPANIES.replace("investor", "inventor"), "line 2: roles is not one of the allowed"),
        (
            _COMPANIES.replace("investor", "investor;inventor"),
            "line 2: roles (the 2nd of the list) is not one of the allowed words",
        ),
    ],
)
def test_a_fault_in_the_last_file_undoes_the_first(
    untouched: Database, tmp_path: Path, companies: str, told: str
) -> None:
    pack = write_pack(tmp_path, {"sources": _SOURCES, "companies": companies})
    assert told in refuse(untouched, pack)


def test_an_ai_model_is_not_based_on_itself(untouched: Database, tmp_path: Path) -> None:
    models = "id,name,kind,based_on,source\nx,X,model,x,a\n"
    said = refuse(untouched, write_pack(tmp_path, {"sources": _SOURCES, "models": models}))
    assert "models.csv: line 2: input breaks a rule: an AI model is not based on itself" in said


def test_a_key_may_not_come_twice_however_far_apart(untouched: Database, tmp_path: Path) -> None:
    many = "".join(f"k{n},article,A,A,2024,,,,\n" for n in range(1_500))
    said = refuse(
        untouched, write_pack(tmp_path, {"sources": _SOURCES + many + "k7,report,A,A,,,,,\n"})
    )
    assert "k7 comes more than once (sources.csv: lines 10 and 1503)" in said


def _named(path: Any, name: Any = "sources") -> dict[str, Any]:
    return {"resources": [{"name": name, "path": path}]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (_named("../outside.csv"), "names a file that is not in it"),
        (_named("inside/../../outside.csv"), "names a file that is not in it"),
        (_named("/etc/passwd"), "names a file that is not in it"),
        (_named("link.csv"), "names a file that is not in it"),
        (_named("missing.csv"), "names a file that is not in it (missing.csv), for sources"),
        (_named("."), "names a file that is not in it"),
        (_named("sources\0.csv"), "names a file that is not in it"),
        (_named("x" * 5_000), "names a file that is not in it"),
        (_named(["sources.csv"]), "names a file that is not in it"),
        (_named(None), "names a file that is not in it"),
        (_named("https://127.0.0.1/sources.csv"), "names a file that is not in it"),
        (_named("sources.csv", "sorces"), "sorces is not a resource here"),
        (_named("sources.csv", "sorces"), "did you mean sources?"),
        (_named("sources.csv", ["sources"]), "is not a data package"),
        ({"resources": None}, "is not a data package"),
        ({"resources": ["sources.csv"]}, "is not a data package"),
        ({"resources": [{"name": "sources"}]}, "is not a data package"),
        ({"name": None}, "is not a data package"),
        (
            {"resources": [{"name": "sources", "path": "sources.csv"}] * 2},
            "is not a data package",
        ),
    ],
)
def test_a_descriptor_reaches_nothing_but_the_files_of_its_pack(
    untouched: Database, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    (tmp_path / "outside.csv").write_text(_SOURCES)
    pack = write_pack(tmp_path / "pack", {"sources": _SOURCES}, **changes)
    (pack / "inside").mkdir()
    (pack / "link.csv").symlink_to(tmp_path / "outside.csv")
    said = refuse(untouched, pack)
    assert told in said
    assert said.startswith(str(pack))


@pytest.mark.parametrize(
    "break_it",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("{"),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text("null"),
        lambda file: file.write_text("{}"),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text("[" * 100_000),
    ],
)
def test_a_pack_has_a_descriptor_that_can_be_read(
    untouched: Database, tmp_path: Path, break_it: Callable[[Path], None]
) -> None:
    pack = write_pack(tmp_path, {"sources": _SOURCES})
    break_it(pack / "datapackage.json")
    assert refuse(untouched, pack).startswith(f"{pack}: ")


@pytest.mark.parametrize("text", ["a\0b", "a\x1b[31m", "x" * 2_001])
@pytest.mark.parametrize("what", ["name", "title", "contributor"])
def test_what_is_said_of_a_pack_is_text_of_some_length(
    untouched: Database, tmp_path: Path, what: str, text: str
) -> None:
    pack = write_pack(tmp_path, {"sources": _SOURCES})
    file = pack / "datapackage.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content |= {"contributors": [{"title": text}]} if what == "contributor" else {what: text}
    file.write_text(json.dumps(content), encoding="utf-8")
    assert f"{what} in its datapackage.json" in refuse(untouched, pack)


def test_what_ships_is_found_by_name_and_a_folder_by_path(
    scratch: Path,
) -> None:
    assert find_pack("cross-check") == location() / "cross-check"
    (scratch / "mine").mkdir()
    assert find_pack("mine").resolve() == scratch / "mine"
    assert find_pack("./mine").resolve() == scratch / "mine"
    with pytest.raises(UnreadablePack, match=r"article-2024-03-31, cross-check"):
        find_pack("cross-chek")
