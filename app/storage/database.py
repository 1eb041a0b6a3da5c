"""The database of one installation: snapshots to read from, and writing through the ledger."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from app.kit.errors import NotAllowed
from app.kit.promptly import AT_ONCE_AT_MOST, TakesTime, is_prompt
from app.storage.batches import in_batches
from app.storage.engine import database_url, prompt_engine, read_engine, write_engine
from app.storage.freshness import FileWatch, ServerWatch, Watch, own_writes
from app.storage.held import Confirm, HeldConnection, Kept, ReadingFile, ReadingServer
from app.storage.ledger import Writing
from app.storage.records import LedgerTable, RevisionRecord
from app.storage.replacements import all_replaced, replacement
from app.storage.revisions import newest_revision
from app.storage.snapshots import Rows, current_rows, rows_as_of, versions_until
from app.storage.steps import Done, Limit, within

_revisions = RevisionRecord.__table__


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit to the data: its number and the instant (UTC) at which it was recorded."""

    id: int
    recorded_at: str


@dataclass(frozen=True)
class ReadTransaction:
    """One snapshot of the data. It cannot write."""

    connection: Connection
    kept: Kept = field(default_factory=dict)
    """What has been read of the same state of the data."""

    limit: Limit | None = None
    """What says whether to give up what runs on the connection, where others wait for it."""

    confirm: Confirm | None = None
    """What may be told which state the last statement saw, by those who had it told by that."""

    def within_steps(self, most: int, work: Callable[[], Done]) -> tuple[Done, int]:
        """Return what reading from SQLite gives, and the steps it took; at most so many.

        Raises TooManySteps.
        """
        return within(most, work, self.connection, self.limit)

    @property
    def latest(self) -> Revision:
        """The newest revision in this snapshot."""
        found: Revision | None = self.kept.get("latest")
        if found is None:
            newest = newest_revision(self.connection.dialect).fetch(self.connection, {})
            found = self.kept["latest"] = Revision(*newest[0])
        return found

    def revision(self, as_of: int | datetime | None) -> Revision:
        """Return the revision that was the newest at a number or an instant.

        Raises NotAllowed for what is still to come, or came before the first revision.
        """
        if as_of is None or as_of == self.latest.id:
            return self.latest
        query = select(_revisions.c.id, _revisions.c.recorded_at)
        allowed = (f"0 to {self.latest.id}, or an instant since the first revision",)
        if isinstance(as_of, datetime):
            if as_of > datetime.now(UTC):
                raise NotAllowed("is an instant that is still to come", allowed=allowed)
            wrong = "is before the first revision of this data was recorded"
            query = query.where(_revisions.c.recorded_at <= instant(as_of))
        else:
            query = query.where(_revisions.c.id == as_of)
            wrong = "is not a revision of this data"
        found = self.connection.execute(query.order_by(_revisions.c.id.desc()).limit(1)).first()
        if not found:
            raise NotAllowed(wrong, allowed=allowed)
        return Revision(*found)

    def stays(self, as_of: int | datetime | None) -> bool:
        """Return whether what is asked as of a number or an instant is the same for good.

        After an instant that no revision has come after, one may still come that was recorded
        before it: it is seen when it is whole.
        """
        if isinstance(as_of, datetime):
            return instant(as_of) < self.latest.recorded_at
        return as_of is not None

    def rows(self, table: LedgerTable, at: Revision) -> Rows:
        """Return the rows of a table as they stood at a revision."""
        if at.id == self.latest.id:
            return current_rows(table)
        return rows_as_of(table, at.id)

    def versions(
        self, table: LedgerTable, at: Revision, ids: Sequence[str], *, as_ended: bool = False
    ) -> Rows:
        """Return every version of the rows of these keys that was known at a revision.

        What is worked out from other rows is as each version began, or as it was when it last
        held.
        """
        return versions_until(table, at.id, ids, as_ended=as_ended)

    def replacement(self, table: LedgerTable, key: str, at: Revision) -> str | None:
        """Return the key under which a row went on at a revision, None where it did not.

        Where that one was replaced in its turn it is the last of them.
        """
        return replacement(self.connection, table, key, at.id)

    def replaced(self, table: LedgerTable, at: Revision) -> dict[str, str]:
        """Return the keys of a table that were replaced at a revision, in order.

        Each comes with the key of the row that goes on; left out are those whose row went since.
        """
        last = all_replaced(self.connection, table, at.id)
        ids = self.rows(table, at).column("id")
        there = set[str]()
        for some in in_batches(set(last.values())):
            there.update(self.connection.scalars(select(ids).where(ids.in_(some))))
        return {old: last[old] for old in sorted(last) if last[old] in there}


class Database:
    """The data of one installation, by URL. Opening it connects to nothing yet."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self._reader = read_engine(self.url)
        self._writer = write_engine(self.url)
        self.is_file = self.url.get_backend_name() == "sqlite"
        """Whether it is a file, which this process reads itself: nobody else is waited for."""
        self._prompt = prompt_engine(self.url) if self.is_file else self._reader
        self._held = [
            HeldConnection(
                self._prompt,
                ReadingFile() if self.is_file else ReadingServer(),
                ReadTransaction,
            )
            for _ in range(1 if self.is_file else AT_ONCE_AT_MOST)
        ]

    def read(self) -> AbstractContextManager[ReadTransaction]:
        """Open a snapshot to read from.

        Where others wait for it that is done on a connection that is held, and raises TakesTime
        if it lasts.
        """
        if not is_prompt():
            return self._read()
        for held in self._held:
            if held.take():
                return held
        raise TakesTime

    @contextmanager
    def _read(self) -> Iterator[ReadTransaction]:
        with self._reader.begin() as connection:
            yield ReadTransaction(connection)

    @contextmanager
    def write(
        self,
        *,
        author: str,
        message: str,
        origin: str | None = None,
        is_alone: bool = False,
        dry_run: bool = False,
    ) -> Iterator[Writing]:
        """Open a revision: all of what is written in it becomes visible at once, or nothing.

        Writers take turns. Where nothing came to be different, no revision is made. One that is
        alone takes a fraction of the time on PostgreSQL where much is new, and has those who read
        wait until it ends. A dry run is undone once all that may be refused was looked at.
        """
        try:
            with self._writer.begin() as connection:
                writing = Writing(connection, is_alone=is_alone)
                yield writing
                writing.record(author=author, message=message, origin=origin, now=_now)
                if dry_run:
                    connection.rollback()
        finally:  # also where the answer to a commit was lost
            own_writes.add()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Open a connection for migrations, which begin and end their own transaction."""
        try:
            with self._writer.connect() as connection:
                yield connection
        finally:
            own_writes.add()

    def watch(self, seconds: float) -> Watch:
        """Return what tells states of the data apart. Whoever takes it closes it.

        It notices a write of this process at once. That of another it notices on SQLite within
        two milliseconds, on PostgreSQL within these seconds.
        """
        if self.is_file:
            return FileWatch(self._prompt)
        return ServerWatch(self._reader, seconds)

    def close(self) -> None:
        """Close all connections."""
        for held in self._held:
            held.close()
        self._reader.dispose()
        self._writer.dispose()


def _now() -> str:
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> str:
    """Return an instant as it is stored: UTC, to the microsecond, in text that sorts by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
