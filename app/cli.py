"""The command line: airace serve | migrate | load | export | check."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app import __version__
from app.settings import Settings
from app.storage.database import Database
from app.storage.engine import UnusableDatabase

Command = Callable[..., None]


def _plainly(command: Command) -> Command:
    """Turn what can be expected to go wrong into a sentence and exit code 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        from app.exchange.packs import UnreadablePack
        from app.kit.errors import NotAllowed

        try:
            command(*args, **options)
        except UnreadablePack as error:
            raise click.ClickException(f"nothing was loaded.\n{error}") from None
        except (UnusableDatabase, NotAllowed, OSError) as error:
            raise click.ClickException(str(error)) from None
        except DBAPIError as error:
            reason = str(error.orig).strip().splitlines()[0]
            raise click.ClickException(f"the database cannot be used: {reason}") from None

    return run


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{_variable(f['loc'][0])}: {f['msg']}" for f in error.errors())
        raise click.ClickException(f"a setting is not usable: {wrong}") from None


def _variable(setting: int | str) -> str:
    """Return the environment variable that a setting was read from."""
    name = str(setting).upper().removeprefix("AIRACE_")
    names = [f"AIRACE_{name}", name]
    return next((name for name in names if name in os.environ), names[0])


def _database() -> Database:
    return Database(_settings().database_url)


def _migrated() -> Database:
    from app.storage.migration import migrate

    database = _database()
    migrate(database)
    return database


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="airace")
def main() -> None:
    """AI race indicators: figures on the AI race, each traced to its source.

    The database is a file, airace.db in this folder, unless AIRACE_DATABASE_URL names another
    (sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME).
    """


@main.command()
@click.option("--host", help="The address to serve on; 127.0.0.1 unless HOST says otherwise.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 8000 unless PORT says so.")
@_plainly
def serve(host: str | None, port: int | None) -> None:
    """Serve the data over HTTP.

    Brings the database to the schema of this version first and, when it starts for the first
    time, loads the packs that ship (AIRACE_SEED chooses which).
    """
    from app.serving import run

    settings = _settings()
    database = _prepare(settings)
    database.close()
    run(settings, host=host or settings.host, port=settings.port if port is None else port)


@main.command()
@_plainly
def migrate() -> None:
    """Bring the database to the schema of this version. Safe to interrupt and to repeat."""
    from app.storage.migration import migrate as bring_up

    done = bring_up(_database())
    click.echo(f"Applied {', '.join(done)}." if done else "The database is up to date.")


@main.command()
@click.argument("pack")
@click.option("--author", help="Who loads it; the pack's own author unless given.")
@click.option("--message", help="Why; the pack's title unless given.")
@_plainly
def load(pack: str, author: str | None, message: str | None) -> None:
    """Load PACK: a folder with a datapackage.json, or the name of a pack that ships.

    All of it becomes one revision, or nothing is loaded and each fault is named by file and
    line. Rows that are there already as they are change nothing.
    """
    from app.exchange.packs import load_pack, open_pack
    from app.exchange.seed import find_pack

    folder = find_pack(pack)
    size = open_pack(folder).size
    with _bar("Loading", size, "bytes") as tell:
        loaded = load_pack(_migrated(), folder, author=author, message=message, progress=tell)
    click.echo(_told(loaded.pack, loaded.revision, loaded.added, loaded.changed))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--as-of", help="A revision, or an instant such as 2024-03-31T12:00:00Z.")
@_plainly
def export(folder: Path, as_of: str | None) -> None:
    """Write all facts to FOLDER (new or empty) as a pack that airace load reads again."""
    from app.exchange.packs import export_pack
    from app.kit.errors import Fault, NotAllowed
    from app.kit.queries import UnreadableQuery, read_query
    from app.resources.queries import DetailQuery

    try:
        query = read_query(DetailQuery, [("as_of", as_of)] if as_of else [])
    except UnreadableQuery as error:
        raise click.ClickException(str(error)) from None
    database = _migrated()
    with database.read() as transaction:
        try:
            at = transaction.revision(query.as_of)
        except NotAllowed as error:
            raise click.ClickException(
                str(Fault("as_of", str(error), error.allowed, error.nearest))
            ) from None
    with _bar("Writing", None, "rows") as tell:
        export_pack(database, folder, at, author="airace export", progress=tell)
    click.echo(f"Wrote the facts of revision {at.id} to {folder}.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@_plainly
def check(*, as_json: bool) -> None:
    """Prove the data sound: the file, references, periods, totals and rounds, history.

    Exit code 0 means that nothing was found, 1 that something was.
    """
    from app.analysis.checks import check as find
    from app.storage.migration import require_schema

    database = _database()
    require_schema(database)
    with database.read() as transaction:
        findings = list(find(transaction))
    if as_json:
        click.echo(json.dumps([finding.__dict__ for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.resource} {finding.id}: {finding.problem}")
        click.echo(f"{len(findings)} findings." if findings else "Sound: nothing was found.")
    if findings:
        sys.exit(1)


def _prepare(settings: Settings) -> Database:
    """Migrate and seed; say what was done, and nothing where there was nothing to do."""
    from app.exchange.seed import seed
    from app.storage.migration import migrate as bring_up

    database = Database(settings.database_url)
    if done := bring_up(database):
        click.echo(f"Made the database ready (migrations {done[0]} to {done[-1]}).")
    for loaded in seed(database, settings.seed_packs):
        if loaded.revision is not None:
            click.echo(_told(loaded.pack, loaded.revision, loaded.added, loaded.changed))
    return database


def _told(pack: str, revision: int | None, added: int, changed: int) -> str:
    if revision is None:
        return f"{pack}: everything in it is there already; nothing was changed."
    return f"Loaded {pack} as revision {revision}: {added} rows added, {changed} changed."


@contextmanager
def _bar(label: str, length: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Show progress, rate and time left, on a terminal only, of what the block tells of."""
    began, done = time.monotonic(), 0

    def rate(_: object) -> str:
        return f"{done / max(time.monotonic() - began, 0.001):,.0f} {unit}/s"

    hidden = not sys.stderr.isatty()
    endless = iter(lambda: 0, 0) if length is None else None  # empty, and nobody can tell
    with click.progressbar(
        endless,
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        show_pos=True,
        item_show_func=rate,
    ) as bar:

        def tell(count: int) -> None:
            nonlocal done
            done += count
            bar.update(count)

        yield tell


if __name__ == "__main__":
    main()
