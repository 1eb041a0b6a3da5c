"""Migrations make the schema that the records declare, and that `tests/golden/` has on record."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from app.analysis.checks import check
from app.resources.sources import SOURCES
from app.storage.database import Database
from app.storage.engine import UnusableDatabase
from app.storage.migration import applied, downgrade, drift, location, migrate, newest
from app.storage.records import LEDGER
from tests.support import ROOT

GOLDEN = Path(__file__).parent / "golden"
RENEW = "AIRACE_RENEW_GOLDEN"


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(location()))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


NUMBERS = [script.revision for script in reversed(list(_scripts().walk_revisions()))]


def test_the_newest_migration_is_told_by_the_names_of_files() -> None:
    assert newest() == _scripts().get_current_head()


@pytest.fixture
def fresh(fresh_url: str) -> Iterator[Database]:
    database = Database(fresh_url)
    yield database
    database.close()


def _applied(database: Database) -> str | None:
    with database.migrating() as connection:
        return applied(connection)


# The schema as text


def _schema(database: Database) -> str:
    """Return the whole schema as SQL, in an order that does not change."""
    with database.migrating() as connection:
        if connection.dialect.name == "sqlite":
            statements = _sqlite_schema(connection)
        else:
            statements = _postgresql_schema(connection)
    return "".join(f"{statement};\n" for statement in statements)


def _sqlite_schema(connection: Connection) -> list[str]:
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type = 'table' "
    return [_plain(sql) for sql in connection.scalars(text(query + "DESC, type, name"))]


def _plain(sql: str) -> str:
    """Return a statement with the same white space whoever wrote it."""
    return "\n".join(line.replace("\t", "    ").rstrip() for line in sql.splitlines())


_POSTGRESQL = """
SELECT sql FROM (
    SELECT t.oid::regclass::text AS of_table, 0 AS place, '' AS name,
        format(E'CREATE TABLE %s (\n%s\n)', t.oid::regclass, (
            SELECT string_agg(
                format('    %I %s', attname, format_type(atttypid, atttypmod))
                || coalesce(' COLLATE ' || quote_ident(nullif(collname, 'default')), '')
                || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
                || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
                E',\n' ORDER BY attnum)
            FROM pg_attribute
            LEFT JOIN pg_collation c ON c.oid = attcollation
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped
        )) AS sql
    FROM pg_class t WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT conrelid::regclass::text, 1, conname,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s',
               conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT tablename, 2, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND indexname !~ '^(pk|uq)_'
    UNION ALL
    SELECT tgrelid::regclass::text, 3, tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT '', 4, proname, rtrim(pg_get_functiondef(oid), E' \n') FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
) AS statements
ORDER BY of_table COLLATE "C", place, name COLLATE "C"
"""


def _postgresql_schema(connection: Connection) -> list[str]:
    return [_plain(sql) for sql in connection.scalars(text(_POSTGRESQL.replace(":", r"\:")))]


def test_the_schema_is_the_one_on_record(fresh: Database) -> None:
    """Compare with `tests/golden/`: a migration that has been released must not change."""
    migrate(fresh)
    golden = GOLDEN / f"schema.{fresh.url.get_backend_name()}.sql"
    schema = _schema(fresh)
    if os.environ.get(RENEW):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(schema, encoding="utf-8")
    assert golden.is_file(), f"there is no {golden.name}: make it with {RENEW}=1"
    assert schema.splitlines() == golden.read_text(encoding="utf-8").splitlines(), (
        f"the migrations make another schema than tests/golden/{golden.name} has. If that is "
        f"meant, renew the file with `{RENEW}=1 python -m pytest tests/test_migrations.py`, and "
        "read the difference before you commit it."
    )


# Up, again, down


def test_there_is_one_head_and_every_number_follows_the_one_before() -> None:
    assert _scripts().get_heads() == [NUMBERS[-1]]
    assert [f"{place:04}" for place in range(1, len(NUMBERS) + 1)] == NUMBERS


def test_migrating_from_nothing_applies_all_and_repeating_nothing(fresh: Database) -> None:
    assert migrate(fresh) == NUMBERS
    schema = _schema(fresh)
    assert migrate(fresh) == []
    assert (_applied(fresh), _schema(fresh)) == (NUMBERS[-1], schema)


def test_the_migrations_make_what_the_records_declare(fresh: Database) -> None:
    migrate(fresh)
    assert drift(fresh) == []


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE funding ADD COLUMN more text", "DROP INDEX ix_funding_kind_id"],
)
def test_a_schema_that_drifted_is_told(fresh: Database, change: str) -> None:
    migrate(fresh)
    with fresh._writer.begin() as connection:
        connection.execute(text(change))
    assert len(drift(fresh)) == 1


def test_all_the_way_down_and_up_again_makes_the_same_schema(fresh: Database) -> None:
    migrate(fresh)
    schema = _schema(fresh)
    downgrade(fresh, "base")
    assert _applied(fresh) is None
    left = [line for line in _schema(fresh).splitlines() if line.startswith("CREATE")]
    ours = ("alembic_version", "migration_lock")
    assert [line for line in left if not any(name in line for name in ours)] == []
    assert migrate(fresh) == NUMBERS
    assert _schema(fresh) == schema


def test_each_step_down_and_up_again_makes_the_same_schema(fresh: Database) -> None:
    schemas = {}
    for number in NUMBERS:
        assert migrate(fresh, number) == [number]
        schemas[number] = _schema(fresh)
    for before, number in reversed(list(pairwise(NUMBERS))):
        downgrade(fresh, before)
        assert (_applied(fresh), _schema(fresh)) == (before, schemas[before])
        assert migrate(fresh, number) == [number]
        assert _schema(fresh) == schemas[number]
        downgrade(fresh, before)


def test_the_newest_migrations_leave_rows_as_they_are(seeded: Database) -> None:
    def rows() -> dict[str, Sequence[Any]]:
        with seeded.read() as transaction:
            tables = [each for table in LEDGER.values() for each in (table.current, table.history)]
            return {
                table.name: transaction.connection.execute(select(table).order_by(table.c.id)).all()
                for table in tables
            }

    before = rows()
    assert any(row.qualifier is None for row in before["funding"]), "a check must let none pass"
    downgrade(seeded, "0011")
    assert migrate(seeded) == NUMBERS[NUMBERS.index("0011") + 1 :]
    assert rows() == before
    with seeded.read() as transaction:
        assert list(check(transaction)) == []
    rumour = {**dict.fromkeys(("id", "kind", "publisher", "title", "search"), "x"), "revision": 9}
    statement = insert(SOURCES.ledger.current).values(rumour)
    with seeded._writer.connect() as connection:
        with pytest.raises(DBAPIError, match="ck_sources_kind"):
            connection.execute(statement)
        connection.rollback()


# What else may be found where the database should be


def _airace(url: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "AIRACE_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_database_of_a_newer_version_is_refused_in_a_sentence(
    fresh: Database, fresh_url: str
) -> None:
    migrate(fresh)
    with fresh._writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    schema = _schema(fresh)
    with pytest.raises(UnusableDatabase, match="newer version of this software"):
        migrate(fresh)
    process = _airace(fresh_url, "migrate")
    out, err = process.communicate(timeout=60)
    told = "Error: the database was made by a newer version of this software\n"
    assert (process.returncode, out, err) == (1, "", told)
    for command in ("check", "diff"):
        process = _airace(fresh_url, command, *(["1", "2"] if command == "diff" else []))
        assert process.communicate(timeout=60) == ("", told), command
    assert (_applied(fresh), _schema(fresh)) == ("9999", schema)


def test_processes_that_migrate_at_once_take_turns(fresh_url: str) -> None:
    processes = [_airace(fresh_url, "migrate") for _ in range(4)]
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told
    assert [err for _, err in told] == [""] * 4
    out = sorted(out for out, _ in told)
    done = f"Applied {', '.join(NUMBERS)}.\n"
    assert out == [done, *["The database is up to date.\n"] * 3]
