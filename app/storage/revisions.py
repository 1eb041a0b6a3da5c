"""Queries of the newest revision."""

from functools import lru_cache

from sqlalchemy import Dialect, Label, String, cast, select

from app.storage.compiled import Compiled
from app.storage.records import RevisionRecord

_revisions = RevisionRecord.__table__
_newest = _revisions.c.id.desc()


@lru_cache
def newest_revision(dialect: Dialect) -> Compiled:
    """Return the query of the number of the newest revision and the instant it was recorded at."""
    newest = select(_revisions.c.id, _revisions.c.recorded_at).order_by(_newest)
    return Compiled(newest.limit(1), dialect)


def state_seen() -> Label[str]:
    """Return what tells the state of the data that a query sees, as one more column of it."""
    told = cast(_revisions.c.id, String) + " " + _revisions.c.recorded_at
    return select(told).order_by(_newest).limit(1).scalar_subquery().label("state_seen")


@lru_cache
def state_alone(dialect: Dialect) -> Compiled:
    """Return the query of the state alone."""
    return Compiled(select(state_seen()), dialect)
