"""Triggers by which the database itself keeps history append-only. Migrations create them.

What they refuse: to change or delete history or a revision; to change or delete a current row
whose old version is not in the history; to write a row into a revision that has been recorded.
A statement here that changes needs a migration that puts the new triggers in place.
"""

from sqlalchemy import Connection

_NEWEST = "(SELECT max(id) FROM revisions)"

_POSTGRESQL_FUNCTIONS = f"""
CREATE FUNCTION airace_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END $$;
CREATE FUNCTION airace_next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> coalesce({_NEWEST} + 1, 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION airace_keep_old_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept boolean;
    ended bigint;
BEGIN
    EXECUTE 'SELECT count(*) = 1, max(until) FROM ' || quote_ident(TG_TABLE_NAME || '_history')
        || ' WHERE id = $1 AND revision = $2' INTO kept, ended USING OLD.id, OLD.revision;
    IF NOT kept OR (TG_OP = 'UPDATE' AND (NEW.id <> OLD.id OR NEW.revision <> ended)) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION airace_keep_old_member() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept boolean;
BEGIN
    EXECUTE 'SELECT count(*) = 1 FROM ' || quote_ident(TG_TABLE_NAME || '_history')
        || ' WHERE id = $1 AND revision = $2 AND position = $3 AND member = $4'
        INTO kept USING OLD.id, OLD.revision, OLD.position, OLD.member;
    IF NOT kept THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN OLD;
END $$;
CREATE FUNCTION airace_new_old_member() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    copied boolean;
BEGIN
    EXECUTE 'SELECT count(*) = 1 FROM ' || quote_ident(TG_ARGV[1]) || ' AS now JOIN '
        || quote_ident(TG_ARGV[2]) || ' AS ended USING (id, revision) WHERE now.id = $1 '
        || 'AND now.revision = $2 AND now.position = $3 AND now.member = $4 AND ended.until > $5'
        INTO copied USING NEW.id, NEW.revision, NEW.position, NEW.member, {_NEWEST};
    IF NOT copied THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION airace_new_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows WHERE revision <= {_NEWEST}) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION airace_new_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows WHERE until <= {_NEWEST}) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
"""

_FUNCTIONS = (
    "refuse",
    "next_revision",
    "keep_old_version",
    "keep_old_member",
    "new_old_member",
    "new_rows",
    "new_history",
)


def guard_revisions(connection: Connection) -> None:
    """Make `revisions` append-only and gapless. On PostgreSQL, create the trigger functions."""
    gapless = "revisions are numbered without gaps"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL_FUNCTIONS)
        connection.exec_driver_sql(
            "CREATE TRIGGER revisions_gapless BEFORE INSERT ON revisions "
            f"FOR EACH ROW EXECUTE FUNCTION airace_next_revision('{gapless}')"
        )
    else:
        connection.exec_driver_sql(
            "CREATE TRIGGER revisions_gapless BEFORE INSERT ON revisions "
            f"WHEN NEW.id <> coalesce({_NEWEST} + 1, 0) "
            f"BEGIN SELECT RAISE(ABORT, '{gapless}'); END"
        )
    guard_append_only(connection, "revisions")


def drop_functions(connection: Connection) -> None:
    """Drop the trigger functions of PostgreSQL, when no table is left that uses them."""
    if connection.dialect.name == "postgresql":
        for function in _FUNCTIONS:
            connection.exec_driver_sql(f"DROP FUNCTION airace_{function}()")


def guard_append_only(connection: Connection, table: str) -> None:
    """Refuse to change or delete a row of the table."""
    message = f"{table} is append-only"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION airace_refuse('{message}')"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('{message}')"
        )
        return
    for event in ("update", "delete"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


def guard_replacements(connection: Connection) -> None:
    """Make `replacements` append-only, and let each be of the revision that is being written."""
    past = "replacements cannot be written into a revision that has been recorded"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE TRIGGER replacements_new_rows AFTER INSERT ON replacements REFERENCING NEW "
            f"TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('{past}')"
        )
    else:
        there = "SELECT 1 FROM replacements WHERE resource = NEW.resource AND id = NEW.id"
        connection.exec_driver_sql(
            "CREATE TRIGGER replacements_new_rows BEFORE INSERT ON replacements "
            f"WHEN NEW.revision <= {_NEWEST} OR EXISTS ({there}) "
            f"BEGIN SELECT RAISE(ABORT, '{past}'); END"
        )
    guard_append_only(connection, "replacements")


def guard_ledger(connection: Connection, table: str) -> None:
    """Keep every version of the rows of a ledgered table: `table` and `table_history`."""
    kept = f"the old version of a row of {table} must be in its history first"
    past = f"{table} cannot be written into a revision that has been recorded"
    if connection.dialect.name == "postgresql":
        for name, target, function in (
            (f"{table}_new_rows", table, "airace_new_rows"),
            (f"{table}_history_new_rows", f"{table}_history", "airace_new_history"),
        ):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} AFTER INSERT ON {target} REFERENCING NEW TABLE AS new_rows "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}('{past}')"
            )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('{kept}')"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('{kept}')"
        )
    else:
        version = f"FROM {table}_history WHERE id = OLD.id AND revision = OLD.revision"
        for name, event, condition, message in (
            # That no key is there already is said here too: INSERT OR REPLACE would pass by it.
            (
                f"{table}_new_rows",
                f"INSERT ON {table}",
                f"NEW.revision <= {_NEWEST} OR EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)",
                past,
            ),
            (
                f"{table}_history_new_rows",
                f"INSERT ON {table}_history",
                (
                    f"NEW.until <= {_NEWEST} OR EXISTS (SELECT 1 FROM {table}_history "
                    "WHERE id = NEW.id AND revision = NEW.revision)"
                ),
                past,
            ),
            (
                f"{table}_kept_on_update",
                f"UPDATE ON {table}",
                f"NEW.id <> OLD.id OR NEW.revision IS NOT (SELECT until {version})",
                kept,
            ),
            (
                f"{table}_kept_on_delete",
                f"DELETE ON {table}",
                f"NOT EXISTS (SELECT 1 {version})",
                kept,
            ),
        ):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
    guard_append_only(connection, f"{table}_history")


def guard_members(connection: Connection, table: str, column: str) -> None:
    """Keep every member of a list column: rows are added and, once in the history, taken out."""
    members = f"{table}_{column}"
    history = f"{members}_history"
    kept = f"the old members of {members} must be in their history first"
    past = f"{members} cannot be written into a revision that has been recorded"
    copied = f"the history of {members} takes what a revision ends"
    if connection.dialect.name == "postgresql":
        for name, event, function in (
            (
                f"{members}_new_rows",
                f"AFTER INSERT ON {members} REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT",
                f"airace_new_rows('{past}')",
            ),
            (
                f"{members}_kept",
                f"BEFORE DELETE ON {members} FOR EACH ROW",
                f"airace_keep_old_member('{kept}')",
            ),
            (
                f"{members}_unchanged",
                f"BEFORE UPDATE ON {members} FOR EACH ROW",
                f"airace_refuse('{kept}')",
            ),
            (
                f"{members}_not_emptied",
                f"BEFORE TRUNCATE ON {members} FOR EACH STATEMENT",
                f"airace_refuse('{kept}')",
            ),
            (
                f"{history}_copied",
                f"BEFORE INSERT ON {history} FOR EACH ROW",
                f"airace_new_old_member('{copied}', '{members}', '{table}_history')",
            ),
        ):
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION {function}")
    else:
        same = "position = {0}.position AND member = {0}.member"
        one = "id = {0}.id AND revision = {0}.revision AND " + same
        for name, event, condition, message in (
            (
                f"{members}_new_rows",
                f"INSERT ON {members}",
                (
                    f"NEW.revision <= {_NEWEST} OR EXISTS (SELECT 1 FROM {members} "
                    "WHERE id = NEW.id AND (position = NEW.position OR member = NEW.member))"
                ),
                past,
            ),
            (
                f"{members}_kept",
                f"DELETE ON {members}",
                f"NOT EXISTS (SELECT 1 FROM {history} WHERE {one.format('OLD')})",
                kept,
            ),
            (f"{members}_unchanged", f"UPDATE ON {members}", "true", kept),
            (
                f"{history}_copied",
                f"INSERT ON {history}",
                (
                    f"NOT EXISTS (SELECT 1 FROM {members} WHERE {one.format('NEW')}) OR NOT EXISTS "
                    f"(SELECT 1 FROM {table}_history WHERE id = NEW.id AND revision = NEW.revision "
                    f"AND until > {_NEWEST})"
                ),
                copied,
            ),
        ):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
    guard_append_only(connection, history)
