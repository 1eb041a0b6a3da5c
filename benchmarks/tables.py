"""The table that is measured: made-up funding rows, the same ones on both databases.

Loading ten million rows takes long and is measured elsewhere (`loading`). Here the rows are made
inside the database by INSERT … SELECT into the tables that the migrations made; the indexes are
taken down before and put back as they were, and references are not looked up for each row. Nothing
is wrong with the result: a test has it checked as `airace check` does.
"""

from typing import Final

import pysqlite3.dbapi2 as sqlite
from sqlalchemy import Connection, create_engine, text

from app.resources.companies import COMPANIES, CompanyFact
from app.resources.sources import SOURCES, SourceFact
from app.storage.database import Database
from app.storage.engine import database_url
from app.storage.migration import migrate
from benchmarks.shared import COMPANY_COUNT, COUNTRIES, SOURCE_COUNT

SCOPES: Final = ("ai", "generative-ai")
ROUND_TYPES: Final = ("seed", "series-a", "series-b", "series-c")
YEARS: Final = range(2014, 2025)
TOTALS: Final = SOURCE_COUNT * len(COUNTRIES) * len(SCOPES) * len(YEARS)
FIRST_NUMBER: Final = 10_000_000  # so that keys sort as numbers do
REVISION: Final = 2
_AT_ONCE: Final = 1_000_000

_PLAIN_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master "
    "WHERE type = 'index' AND tbl_name = 'funding' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'funding' "
    "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
}


def build(url: str, rows: int) -> None:
    """Make the tables at a URL and fill them: `rows` of funding in one revision."""
    database = Database(url)
    migrate(database)
    with database.write(author="benchmark", message="Sources and companies") as writing:
        sources = [
            SourceFact(
                id=f"s{n}", kind="dataset", publisher=f"P{n}", title=f"T{n}", published="2025"
            )
            for n in range(SOURCE_COUNT)
        ]
        writing.put(SOURCES.ledger, [fact.stored() for fact in sources])
        companies = [
            CompanyFact(
                id=f"c{n}", name=f"C{n}", country=COUNTRIES[n % len(COUNTRIES)], source="s0"
            )
            for n in range(COMPANY_COUNT)
        ]
        writing.put(COMPANIES.ledger, [fact.stored() for fact in companies])
    database.close()
    # Not the engine of the application, which is set to lose nothing in a power cut.
    chosen = database_url(url)
    driver = {"module": sqlite} if chosen.get_backend_name() == "sqlite" else {}
    engine = create_engine(chosen, **driver)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
        _fill(connection, rows)
        if connection.dialect.name == "postgresql":  # which would do so itself after a minute
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("VACUUM (ANALYZE) funding")
    engine.dispose()


def _fill(connection: Connection, rows: int) -> None:
    if connection.dialect.name == "postgresql":  # or each row would cost five look-ups
        connection.exec_driver_sql("SET session_replication_role = replica")
    indexes = connection.exec_driver_sql(_PLAIN_INDEXES[connection.dialect.name]).all()
    for name, _ in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    # At most a tenth are totals: what sources state of each country, scope and year.
    insert = text(_insert(min(TOTALS, rows // 10)))
    for first in range(0, rows, _AT_ONCE):
        connection.execute(insert, {"first": first, "end": min(first + _AT_ONCE, rows)})
        connection.commit()  # or all of it would be held in memory
    recorded = "INSERT INTO revisions (id, recorded_at, author, message, added, changed, removed) "
    values = "SELECT :id, recorded_at, author, 'Made-up rows', :rows, 0, 0 FROM revisions "
    last = text(f"{recorded} {values} WHERE id = :id - 1")
    connection.execute(last, {"id": REVISION, "rows": rows})
    for _, definition in indexes:
        connection.exec_driver_sql(definition)
        connection.commit()


def _insert(totals: int) -> str:
    """Return the one statement: its numbers are hashes of the row's own, so they repeat."""
    of_total = _year(f"i / {SOURCE_COUNT * len(COUNTRIES) * len(SCOPES)}")
    month = "substr(CAST(101 + (b / 11) % 12 AS TEXT), 2)"
    day = "substr(CAST(101 + (b / 132) % 28 AS TEXT), 2)"
    of_round = f"{_year('b')} || '-' || {month} || '-' || {day}"
    columns = {
        "id": f"kind || '-' || CAST({FIRST_NUMBER} + i AS TEXT)",
        "kind": "kind",
        "country": f"CASE kind WHEN 'total' THEN {_word(COUNTRIES, f'i / {SOURCE_COUNT}')} "
        f"ELSE {_word(COUNTRIES, 'a')} END",
        "company": f"CASE kind WHEN 'round' THEN 'c' || CAST((a / 10) % {COMPANY_COUNT} AS TEXT) "
        "END",
        "investors": "'[]'",
        "scope": "CASE kind WHEN 'total' THEN "
        f"{_word(SCOPES, f'i / {SOURCE_COUNT * len(COUNTRIES)}')} END",
        "round_type": f"CASE kind WHEN 'round' THEN {_word(ROUND_TYPES, 'c')} END",
        "period": f"CASE kind WHEN 'total' THEN {of_total} ELSE {of_round} END",
        "period_first_day": f"CASE kind WHEN 'total' THEN {of_total} || '-01-01' "
        f"ELSE {of_round} END",
        "period_last_day": f"CASE kind WHEN 'total' THEN {of_total} || '-12-31' "
        f"ELSE {of_round} END",
        "amount_usd": "100000 + d % 999900000",
        "amount": "100000 + d % 999900000",
        "currency": "'USD'",
        "price_base": "CASE kind WHEN 'total' THEN 'nominal' END",
        "qualifier": f"{_word(('exact', 'about'), 'c / 4')}",
        "source": f"CASE kind WHEN 'total' THEN 's' || CAST(i % {SOURCE_COUNT} AS TEXT) "
        f"ELSE 's' || CAST((c / 8) % {SOURCE_COUNT} AS TEXT) END",
        "locator": "'Row ' || CAST(i AS TEXT)",
        "revision": f"{REVISION}",
    }
    mixed = ", ".join(
        f"(i * {factor}) % 4294967296 / {kept} AS {name}"
        for name, factor, kept in (
            ("a", 2654435761, 65536),
            ("b", 2246822519, 65536),
            ("c", 3266489917, 65536),
            ("d", 668265263, 1),
        )
    )
    return f"""
        WITH RECURSIVE counted(i) AS (
            SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :end
        ), mixed AS (
            SELECT i, CASE WHEN i < {totals} THEN 'total' ELSE 'round' END AS kind, {mixed}
            FROM counted
        )
        INSERT INTO funding ({", ".join(columns)}) SELECT {", ".join(columns.values())} FROM mixed
    """


def _year(number: str) -> str:
    return f"CAST({YEARS.start} + ({number}) % {len(YEARS)} AS TEXT)"


def _word(words: tuple[str, ...], number: str) -> str:
    cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE ({number}) % {len(words)} {cases} END"
