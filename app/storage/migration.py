"""Bringing a database to the schema of this version: all of it or nothing, one process at a time.

The whole of it is one transaction on both databases. A process that is killed leaves the schema
that was; one that comes second waits, and finds nothing left to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from app.storage.database import Database
from app.storage.engine import UnusableDatabase

if TYPE_CHECKING:  # a database that has the schema is told without it, and served at once
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_APP = Path(__file__).parent.parent
_ATTEMPTS = 5
_NEWER = "the database was made by a newer version of this software"


def migrate(database: Database, target: str = "head") -> list[str]:
    """Apply the migrations that are missing; return the numbers of those that were applied.

    Raises UnusableDatabase where the schema is of a newer version of this software.
    """
    with _turn(database) as connection:
        before = applied(connection)
        if before == newest() and target == "head":
            return []
        from alembic import command
        from alembic.script import ScriptDirectory

        config = _config(connection)
        scripts = ScriptDirectory.from_config(config)
        if before is not None and before not in {script.revision for script in _known(scripts)}:
            raise UnusableDatabase(_NEWER)
        command.upgrade(config, target)
        _check_references(connection)
        connection.commit()
        known = [script.revision for script in reversed(_known(scripts))]
        start = known.index(before) + 1 if before else 0
        return known[start : known.index(applied(connection) or known[-1]) + 1]


def downgrade(database: Database, target: str) -> None:
    """Undo migrations down to a number, or `base` for all. What their tables held is lost."""
    from alembic import command

    with _turn(database) as connection:
        command.downgrade(_config(connection), target)
        connection.commit()


def require_schema(database: Database) -> None:
    """Raise UnusableDatabase unless the database is there and has the schema of this version."""
    url = database.url
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise UnusableDatabase(f"there is no database {url.database} yet: airace migrate makes it")
    with database.read() as transaction:
        connection = transaction.connection
        before = applied(connection)
        if before is not None and before > newest():
            raise UnusableDatabase(_NEWER)
        if before != newest():
            raise UnusableDatabase(
                "the database has not the schema of this version: airace migrate brings it there"
            )


def drift(database: Database) -> list[str]:
    """Return how the schema differs from the one that the records declare: empty if not at all."""
    from alembic import command
    from alembic.util.exc import CommandError

    with database.migrating() as connection:
        try:
            command.check(_config(connection))
        except CommandError as error:
            return [str(error)]
        return []


def applied(connection: Connection) -> str | None:
    """Return the number of the newest migration in the database, None where there is none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def newest() -> str:
    """Return the number of the newest migration of this version: the files begin with theirs."""
    return max(file.name.partition("_")[0] for file in (location() / "versions").glob("*_*.py"))


def location() -> Path:
    """Return the folder of the migrations: in a wheel inside the package, else beside it."""
    packaged = _APP / "migrations"
    return packaged if packaged.is_dir() else _APP.parent / "migrations"


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(location()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _known(scripts: "ScriptDirectory") -> list[Any]:
    return list(scripts.walk_revisions())


@contextmanager
def _turn(database: Database) -> Iterator[Connection]:
    """Open a transaction that no other migrating process shares the time with."""
    with database.migrating() as connection:
        if connection.dialect.name == "sqlite":
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            try:
                yield connection  # it begins with BEGIN IMMEDIATE, which waits for its turn
            finally:
                connection.rollback()
                raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]
        else:
            _make_lock(connection)
            connection.execute(text("SELECT id FROM migration_lock FOR UPDATE"))
            yield connection


def _make_lock(connection: Connection) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            connection.execute(
                text("CREATE TABLE IF NOT EXISTS migration_lock (id bigint PRIMARY KEY)")
            )
            connection.execute(
                text("INSERT INTO migration_lock (id) VALUES (1) ON CONFLICT DO NOTHING")
            )
            connection.commit()
        except DBAPIError:  # another process made the table in the same moment
            connection.rollback()
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise UnusableDatabase(f"a migration would break {len(broken)} references")
