"""Commands that run the service: serve, migrate."""

import gc
from typing import TYPE_CHECKING

import click

from app.cli.group import main, open_database, plainly, read_settings, told

if TYPE_CHECKING:
    from app.settings import Settings
    from app.storage.database import Database


@main.command()
@click.option("--host", help="The address to serve on; 127.0.0.1 unless HOST says otherwise.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port; 8000 unless PORT says so.")
@plainly
def serve(host: str | None, port: int | None) -> None:
    """Serve the data over HTTP.

    Brings the database to the schema of this version first and, when it starts for the first
    time, loads the packs that ship (AIRACE_SEED chooses which).
    """
    gc.disable()  # what is loaded stays: to look through it for garbage is a sixth of the start
    try:
        from app.serving import run

        settings = read_settings()
        database = prepare(settings)
        database.close()
        run(settings, host=host or settings.host, port=settings.port if port is None else port)
    finally:
        gc.enable()


@main.command()
@plainly
def migrate() -> None:
    """Bring the database to the schema of this version. Safe to interrupt and to repeat."""
    from app.storage.migration import migrate as bring_up

    done = bring_up(open_database())
    click.echo(f"Applied {', '.join(done)}." if done else "The database is up to date.")


def prepare(settings: "Settings") -> "Database":
    """Migrate and seed; say what was done, and nothing where there was nothing to do."""
    from app.storage.database import Database
    from app.storage.migration import migrate as bring_up

    database = Database(settings.database_url)
    if done := bring_up(database):
        click.echo(f"Made the database ready (migrations {done[0]} to {done[-1]}).")
    if not settings.seed_packs:
        return database
    from app.exchange.seed import seed

    for loaded in seed(database, settings.seed_packs):
        if loaded.revision is not None:
            click.echo(told(loaded))
    return database
