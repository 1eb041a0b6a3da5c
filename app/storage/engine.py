"""Engines for SQLite and PostgreSQL: how each is opened, locked and told apart."""

from typing import Any

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from app.kit.keeping import KeptBySize

_BUSY_SECONDS = 60
_READERS = 40
_WRITER_CACHE_KILOBYTES = 128_000
_READ_ONLY_SERVER = "25006"
_STATEMENTS_AT_MOST = 400_000
"""So many characters of SQL are kept. With its parts, a statement takes some 20 bytes for each."""

# The driver looks for a way to adapt each None it is given, which costs more than the rest of a
# row; it takes the first callable that is registered, and this one gives None back at once.
sqlite.register_adapter(type(None), {}.get)


class UnusableDatabase(Exception):
    """The database cannot be used as it is; the message says why, for a person."""


def database_url(text: str) -> URL:
    """Return the URL with its driver: `sqlite:///file` or `postgresql://host/name`.

    Raises UnusableDatabase for anything else, without repeating the URL (it holds a password).
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UnusableDatabase("AIRACE_DATABASE_URL is not a database URL") from None
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return url.set(drivername="sqlite+pysqlite")
        case "sqlite":
            raise UnusableDatabase("a database in memory cannot be shared: name a file instead")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case _:
            raise UnusableDatabase(
                "AIRACE_DATABASE_URL must begin with sqlite:/// or postgresql://"
            )


def read_engine(url: URL) -> Engine:
    """Return an engine whose transactions are snapshots and cannot write."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, begin="BEGIN", query_only=True)
    engine = _postgresql(url)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def prompt_engine(url: URL) -> Engine:
    """Return an engine to read an SQLite file by for those for whom everybody else waits.

    It waits for nothing: neither for locks, nor for others that connect, nor for their connections.
    """
    return _sqlite(url, begin="BEGIN", query_only=True, waits=False)


def write_engine(url: URL) -> Engine:
    """Return an engine whose transactions may write; on SQLite they wait for their turn."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, begin="BEGIN IMMEDIATE", query_only=False)
    engine = _postgresql(url)
    event.listen(engine, "handle_error", _leave_a_server_that_became_a_replica)
    return engine


def integrity_problems(connection: Connection) -> list[str]:
    """Return what the database itself finds broken in its file and its references."""
    if connection.dialect.name != "sqlite":
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    problems = [f"file: {line}" for line in found if line != "ok"]
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        problems.append(f"reference: row {row} of {table} has no {parent}")
    return problems


def _sqlite(url: URL, *, begin: str, query_only: bool, waits: bool = True) -> Engine:
    waiting = {"timeout": _BUSY_SECONDS if waits else 0}
    pool: dict[str, Any] = {"poolclass": NullPool}
    if waits:
        pool = {"pool_size": _READERS, "max_overflow": 0}
    engine = create_engine(url, module=sqlite, query_cache_size=0, connect_args=waiting, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin and end where we say
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
            *([] if query_only else [f"cache_size=-{_WRITER_CACHE_KILOBYTES}"]),
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin_as_said(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:  # as one that is held may be
            connection.exec_driver_sql(begin)

    return _keeping(engine)


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        query_cache_size=0,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=30,
        connect_args={
            "connect_timeout": 5,
            "keepalives": 1,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
    return _keeping(engine)


def _keeping(engine: Engine) -> Engine:
    """Return an engine that keeps compiled statements as long as there is room for them."""
    # By size: one over all indicators takes as much memory as a hundred that read a list.
    kept = KeptBySize[Any, Any](_STATEMENTS_AT_MOST, lambda made: len(made.string or ""))
    return engine.execution_options(compiled_cache=kept)


def _leave_a_server_that_became_a_replica(context: ExceptionContext) -> None:
    """After a failover the old primary refuses writes: drop such connections from the pool."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY_SERVER:
        context.is_disconnect = True
