"""Broken files: a clear refusal or a right load, never a crash, and never half of it.

AIRACE_FAULTS says how many broken copies of each file are tried; 10000 is the long form.
"""

import io
import os
import zipfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from app.analysis.checks import Finding, check
from app.exchange.import_report import TooManyRejects
from app.exchange.mapping import UnusableMapping, find_mapping
from app.exchange.tables import UnreadableTable
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import latest
from tests.support import shared
from tests.test_public_tables import CRUNCHBASE, CSET, EPOCH_2023, MICROSOFT, OWID, PARAT

FAULTS = int(os.environ.get("AIRACE_FAULTS", "4"))
FILES = {
    EPOCH_2023: "epoch-models",
    CSET: "cset-investment-estimated",
    OWID: "owid-ai-investment",
    MICROSOFT: "microsoft-diffusion",
    PARAT: "parat-companies",
    CRUNCHBASE: "crunchbase-rounds",
}
_SIZE = 100_000
"""Bytes of a file that are tried: its beginning, so that many copies can be."""

_IN_ONE_DATABASE = 250
_LOOKED_AT_EACH = 25
"""What is wrong in the data stays there: of many copies, it is looked for after some."""

_OF_TABLES = b'""\',;|\t\n\r -/.0123456789aZ\x8f\xc3\xff'
"""Bytes that leave a table a table; of all bytes, one of a few hundred ends it with a NUL."""


def broken(content: bytes, random: Random) -> bytes:
    """Return a copy with up to ten thousand random bytes, or cut, or with a piece out of place."""
    found = bytearray(content)
    faults = random.choice((bytes(range(256)), _OF_TABLES, _OF_TABLES))
    for _ in range(random.choice((1, 10, 100, 1_000, 10_000))):
        found[random.randrange(len(found))] = random.choice(faults)
    start, end = sorted(random.randrange(len(found)) for _ in range(2))
    match random.randrange(4):
        case 0:
            del found[start:]
        case 1:
            del found[start:end]
        case 2:
            found[start:start] = found[start : min(end, start + 1_000)]
    return bytes(found)


def broken_file(original: Path, random: Random) -> bytes:
    """Return a broken copy of the beginning of a file; of an archive, or of the table in it."""
    if original.suffix != ".zip":
        return broken(original.read_bytes()[:_SIZE], random)
    with zipfile.ZipFile(original) as archive:
        (name,) = archive.namelist()
        content = archive.open(name).read(_SIZE)
    if random.randrange(4) == 0:
        return broken(_archive(name, content), random)
    return _archive(name, broken(content, random))


def _archive(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def _tried(database: Database, path: Path, mapping: str, random: Random) -> tuple[int | None, str]:
    """Load a file; return the revision that came of it, and what the load came to in a word."""
    try:
        report = load(database, path, mapping, max_rejects=random.choice((0, 50, 10**6)))
    except (UnreadableTable, UnusableMapping, TooManyRejects) as refusal:
        return None, type(refusal).__name__
    return report.revision, "loaded"


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_broken_file_is_refused_or_loaded_whole(
    sqlite_templates: Templates, tmp_path: Path, name: str
) -> None:
    original = shared(name)
    random = Random(FAULTS)
    came: Counter[str] = Counter()
    for start in range(0, FAULTS, _IN_ONE_DATABASE):
        database = Database(sqlite_templates.empty())
        copies = min(_IN_ONE_DATABASE, FAULTS - start)
        for number in range(copies):
            path = tmp_path / original.name
            path.write_bytes(broken_file(original, random))
            before = latest(database)
            revision, outcome = _tried(database, path, FILES[name], random)
            assert latest(database) == (revision or before)
            came[outcome] += 1
            if copies <= _LOOKED_AT_EACH or number % _LOOKED_AT_EACH == _LOOKED_AT_EACH - 1:
                assert _wrong(database, FILES[name]) == [], start + number
        database.close()
    print(f"{name}: {dict(came)}")  # noqa: T201


def _wrong(database: Database, mapping: str) -> list[Finding]:
    """Return what is wrong in the data, in what a mapping writes."""
    written = ("companies", find_mapping(mapping).resource.many)
    with database.read() as transaction:
        return [finding for finding in check(transaction) if finding.resource in written]
