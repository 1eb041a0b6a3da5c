"""What loads say in the note of a source, beside what else stands there."""

import re

from app.storage.batches import StoredRow

BY_ROWS = "Published on {day} or later, as its newest rows tell."
"""What the note of a source says where its rows alone tell when it came out."""

SAID_BY_ROWS = re.compile(r" ?Published on (\S+) or later, as its newest rows tell\.")

OF_KNOWN = "Of {resource} only rows whose {field} is known here were loaded."
"""What the note of a source says where others were left out of all that it has."""


def said_of_known(resource: str) -> re.Pattern[str]:
    """Return what finds that in a note, of a resource."""
    return re.compile(
        " ?" + re.escape(OF_KNOWN).replace(r"\{field\}", r"\w+").replace(r"\{resource\}", resource)
    )


_SAID_BY_LOADS = re.compile(f"{SAID_BY_ROWS.pattern}|{said_of_known(r'[a-z]+').pattern}")


def is_of_known_alone(source: StoredRow, resource: str) -> bool:
    """Return whether a source says that of a resource it has only rows of what is known here."""
    return bool(said_of_known(resource).search(source["note"] or ""))


def plain_note(note: str | None) -> str | None:
    """Return a note without what loads say in it, None where nothing else stands there."""
    return _SAID_BY_LOADS.sub("", note or "").strip() or None


def with_plain_note(note: str | None, plain: str | None) -> str | None:
    """Return a note in which something else stands beside what loads say in it."""
    said = [match[0].strip() for match in _SAID_BY_LOADS.finditer(note or "")]
    return " ".join(filter(None, [plain, *said])) or None
