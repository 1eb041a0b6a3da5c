"""What a mapping says of its source, where the source is here already: which of the two holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.exchange.import_report import Report
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import row_of, source
from tests.test_mappings import LABS, OWN, airace, own, written
from tests.test_renaming import rename

KEY = "my-institute-labs"
LICENCE = 'licence = "CC BY 4.0"\n'
TITLE = 'publisher = "My Institute"\ntitle = "AI labs by country"\n'
RESTATES = '[source.restates]\nid = "first"\npublisher = "P"\ntitle = "T"\n\n[names]'


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def loaded(database: Database, folder: Path, *changes: tuple[str, str], **asked: Any) -> Report:
    """Load the table of the guide by its mapping, in which some texts are others."""
    text = OWN
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return load(database, written(folder, LABS), own(folder, text), **asked)


def said(database: Database, *names: str, key: str = KEY) -> list[Any]:
    found = row_of(database, SOURCES, key) or {}
    return [found.get(name) for name in names]


def change(database: Database, origin: str | None, **fields: Any) -> None:
    """Change the source as a pack of this name, or as a hand."""
    with database.write(author="a", message="m", origin=origin) as writing:
        here = row_of(database, SOURCES, KEY) or source(KEY)
        fact = {name: here[name] for name in SOURCES.fact.model_fields} | fields
        writing.put(SOURCES.ledger, [SOURCES.fact.model_validate(fact).stored()])


def test_a_mapping_that_is_mended_mends_what_it_said(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path, (LICENCE, ""))
    assert said(database, "licence") == [None]
    report = loaded(database, tmp_path)
    assert (said(database, "licence"), report.changed) == (["CC BY 4.0"], 1)
    assert loaded(database, tmp_path).revision is None
    mended = 'publisher = "Your Institute"\ntitle = "Labs"\nurl = "https://x.org/"\nnote = "N"\n'
    report = loaded(database, tmp_path, (TITLE, mended), (LICENCE, 'kind = "report"\n'))
    assert (report.changed, report.source_kept) == (1, [])
    fields = "publisher", "title", "url", "note", "kind", "licence", "published"
    now = ["Your Institute", "Labs", "https://x.org/", "N", "report", None, "2024-05-01"]
    assert said(database, *fields) == now, "the licence that it does not have any more is gone"
    loaded(database, tmp_path)
    assert said(database, "title", "note") == ["AI labs by country", None]


@pytest.mark.parametrize("origin", ["a-pack", None])
def test_what_others_have_said_since_stays_and_is_told(
    database: Database, tmp_path: Path, origin: str | None
) -> None:
    loaded(database, tmp_path, (LICENCE, ""))
    change(database, origin, title="By hand", note="Seen.")
    report = loaded(database, tmp_path, (TITLE, TITLE + 'note = "N"\n'), published="2024-06")
    assert report.source_kept == [
        (KEY, "title", "By hand", "AI labs by country"),
        (KEY, "note", "Seen.", "N"),
    ]
    assert said(database, "title", "note", "licence") == ["By hand", "Seen.", "CC BY 4.0"]
    rename(database, SOURCES, KEY, "labs")
    mended = TITLE.replace("My Institute", "Your Institute").replace("AI labs", "Labs")
    report = loaded(database, tmp_path, (TITLE, mended), published="2024-06")
    assert report.source_kept == [("labs", "title", "By hand", "Labs by country")]
    assert said(database, "publisher", "title", key="labs") == ["Your Institute", "By hand"]


def test_what_a_pack_said_first_stays_but_what_is_empty_is_filled(
    database: Database, tmp_path: Path
) -> None:
    change(database, "a-pack", title="Of a pack", publisher="Mine", note="Seen.")
    report = loaded(database, tmp_path)
    assert said(database, "title", "publisher", "note") == ["Of a pack", "Mine", "Seen."]
    assert said(database, "licence") == ["CC BY 4.0"]
    assert [name for _, name, _, _ in report.source_kept] == ["kind", "publisher", "title"]
    mended = LICENCE.replace("4.0", "3.0")
    loaded(database, tmp_path, (LICENCE, mended))
    assert said(database, "licence") == ["CC BY 3.0"]
    with database.write(author="a", message="m", origin="other") as writing:
        writing.put(SOURCES.ledger, [source("pack-made")])
    loaded(database, tmp_path, ('labs-my-institute"', 'labs-other"'), source="pack-made")
    assert said(database, "licence", key="pack-made") == [None], "it is of another publisher"


def test_what_loads_say_in_a_note_stays_beside_what_a_mapping_says(
    database: Database, tmp_path: Path
) -> None:
    by_rows = "Published on 2023-01-01 or later, as its newest rows tell."
    labs = written(tmp_path, LABS, "labs.csv")
    assert load(database, labs, own(tmp_path)).revision
    assert said(database, "note") == [by_rows]
    noted = own(tmp_path, OWN.replace(TITLE, TITLE + 'note = "N."\n'))
    load(database, labs, noted)
    assert said(database, "note") == [f"N. {by_rows}"]
    load(database, labs, own(tmp_path))
    assert said(database, "note") == [by_rows]


def test_an_older_release_leaves_the_source_as_it_is(database: Database, tmp_path: Path) -> None:
    loaded(database, tmp_path)
    mended = TITLE, TITLE.replace("AI labs", "Labs")
    report = loaded(database, tmp_path, mended, published="2023")
    assert (report.older, report.revision) == (("2023", "2024-05-01"), None)
    loaded(database, tmp_path, mended, published="2023", missing="remove")
    assert said(database, "title", "published") == ["Labs by country", "2023"]


def test_what_is_said_of_the_source_before_it_is_mended_too(
    database: Database, tmp_path: Path
) -> None:
    names = "[names]", RESTATES
    loaded(database, tmp_path, names)
    mended = "[names]", RESTATES.replace('title = "T"', 'title = "U"\nlicence = "MIT"')
    loaded(database, tmp_path, mended)
    assert said(database, "title", "licence", key="first") == ["U", "MIT"]
    other = "[names]", RESTATES.replace("first", "second")
    report = loaded(database, tmp_path, other)
    assert (report.restated_made, said(database, "restates")) == ("second", ["second"])
    change(database, None, restates="first")
    report = loaded(database, tmp_path, other)
    assert (report.source_kept, report.revision) == ([(KEY, "restates", "first", "second")], None)


def test_the_command_says_what_stays_of_a_source(scratch: Path) -> None:
    labs, mapping = written(scratch, LABS), own(scratch)
    airace("load", str(labs), "--as", mapping)
    other = str(written(scratch, OWN.replace('"CC BY 4.0"', '"MIT"'), "other.toml"))
    told = airace("load", str(labs), "--as", other).stdout
    assert f"as others have said them: licence of {KEY} (CC BY 4.0, not MIT).\n" in told
