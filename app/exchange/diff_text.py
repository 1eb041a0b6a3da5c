"""A difference between two states of the data as text: for people, or as CSV."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from app.kit.formats import write_csv
from app.kit.tables import columns_of
from app.kit.text import counted
from app.resources.differences import DiffList
from app.resources.reading import Item
from app.resources.results import read_all
from app.storage.database import Database


def diff_lines(database: Database, query: Any) -> Iterator[str]:
    """Yield a line for each row added or removed and each changed cell, then the sums by field.

    Raises Unanswerable where an end is not known.
    """
    counts: Counter[tuple[str, str, str | None]] = Counter()
    for batch in _batches(database, query):
        for item in batch:
            counts[item["resource"], item["action"], item["field"]] += 1
            yield _line(item)
    if not counts:
        yield "Nothing differs."
        return
    yield ""
    for (resource, action, field), count in counts.items():
        what = f"{counted(count, 'cell')} of {field}" if field else counted(count, "row")
        yield f"{resource}: {what} {action}"


def diff_csv(database: Database, query: Any) -> Iterator[bytes]:
    """Yield the difference as CSV, as `/diff.csv` has it. Raises as `diff_lines` does."""
    columns = columns_of(DiffList.shape)
    batches = _batches(database, query)
    yield from write_csv(columns, ([tuple(item.values()) for item in batch] for batch in batches))


def _batches(database: Database, query: Any) -> Iterator[list[Item]]:
    listing = DiffList(query)
    with database.read() as transaction:
        at = transaction.latest
        listing.ends(transaction, at)
    yield from read_all(database, listing, query, at)


def _line(item: Item) -> str:
    place = f"{item['action']:<8} {item['resource']}/{item['id']}"
    if item["field"] is None:
        return place
    old, new = (item[end] if item[end] is not None else "(empty)" for end in ("old", "new"))
    return f"{place} {item['field']}: {old} -> {new}"
