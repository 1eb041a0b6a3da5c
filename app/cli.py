"""The command line: airace serve | migrate | load | mappings | export | diff | rename | check."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app import __version__
from app.kit.text import counted
from app.settings import Settings
from app.storage.database import Database
from app.storage.engine import UnusableDatabase

if TYPE_CHECKING:
    from app.analysis.data_checks import Remarks

Command = Callable[..., None]
_REMARKS_LISTED = 20
"""So many remarks of each kind are printed."""


def _plainly(command: Command) -> Command:
    """Turn what can be expected to go wrong into a sentence and exit code 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        from app.exchange.packs import UnreadablePack
        from app.kit.errors import NotAllowed
        from app.kit.queries import UnreadableQuery
        from app.resources.reading import Unanswerable
        from app.storage.ledger import LedgerRefusal

        try:
            command(*args, **options)
        except UnreadablePack as error:
            raise click.ClickException(f"nothing was loaded.\n{error}") from None
        except (UnusableDatabase, NotAllowed, UnreadableQuery, LedgerRefusal, OSError) as error:
            raise click.ClickException(str(error)) from None
        except Unanswerable as error:
            raise click.ClickException(str(error.fault)) from None
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
@click.argument("what")
@click.option("--as", "mapping", help="How to read a table: a mapping, or a .toml file of one.")
@click.option("--resource", help="With --as generic: the resource that the rows are of.")
@click.option("--source", help="The key of the source; the mapping's own unless given.")
@click.option("--published", help="When the source was published, such as 2024-03-22.")
@click.option("--set", "answers", multiple=True, help="NAME=TEXT: what the mapping asks for.")
@click.option(
    "--missing",
    type=click.Choice(["remove", "keep"]),
    help="What happens to the source's rows that the table no longer has.",
)
@click.option("--sheet", help="The sheet of a workbook.")
@click.option("--dry-run", is_flag=True, help="Only say what would be loaded.")
@click.option(
    "--max-rejects",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="How many rows may be refused before nothing is loaded.",
)
@click.option(
    "--reject-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the rows that were refused, as CSV.",
)
@click.option("--author", help="Who loads it; the pack's own author unless given.")
@click.option("--message", help="Why; a title unless given.")
@_plainly
def load(
    what: str,
    *,
    mapping: str | None,
    resource: str | None,
    source: str | None,
    published: str | None,
    answers: tuple[str, ...],
    missing: str | None,
    sheet: str | None,
    dry_run: bool,
    max_rejects: int,
    reject_file: Path | None,
    author: str | None,
    message: str | None,
) -> None:
    """Load WHAT: a table, or a pack: a folder, a zip of it, or the name of one that ships.

    A table is CSV, NDJSON or XLSX, plain or as .gz or .zip. It is read by a mapping (airace
    mappings lists them), told by its columns unless --as names it. All of it becomes one revision,
    or nothing is loaded. Rows that are there already as they are change nothing.

    Rows of a table that cannot be understood are named by line and column, and left out: exit
    code 3. Where they are more than --max-rejects nothing is loaded: exit code 1. A fault in a
    pack is that of the whole pack.
    """
    path = Path(what)
    from app.exchange.archives import is_packed

    if not mapping and (not path.is_file() or is_packed(path)):
        _load_pack(what, author, message)
        return
    from app.cli_loading import load_file
    from app.exchange.import_report import Asked

    if not path.is_file():
        raise click.ClickException(f"{what}: no such file")
    asked = Asked(
        answers=_answers(answers),
        source=source,
        published=published,
        missing=missing,
        max_rejects=max_rejects,
        author=author or "airace load",
        message=message,
        dry_run=dry_run,
    )
    load_file(
        _migrated(),
        path,
        asked,
        mapping=mapping,
        resource=resource,
        sheet=sheet,
        reject_file=reject_file,
        bar=_bar,
    )


def _load_pack(what: str, author: str | None, message: str | None) -> None:
    from app.exchange.archives import unpacked
    from app.exchange.packs import load_pack, open_pack
    from app.exchange.seed import find_pack

    with unpacked(find_pack(what)) as folder, _bar("Loading", open_pack(folder).size) as tell:
        loaded = load_pack(_migrated(), folder, author=author, message=message, progress=tell)
    click.echo(_told(loaded.pack, loaded.revision, loaded.added, loaded.changed))


def _answers(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, text in pairs:
        if not (name and equals and text):
            raise click.ClickException("--set takes NAME=TEXT, such as --set metric=population")
    return {name: text for name, _, text in pairs}


@main.group(invoke_without_command=True)
@click.pass_context
def mappings(context: click.Context) -> None:
    """List the mappings by which tables are read; `show NAME` prints one, to write one's own by."""
    if context.invoked_subcommand is None:
        from app.cli_loading import list_mappings

        list_mappings()


@mappings.command("show")
@click.argument("name")
def mappings_show(name: str) -> None:
    """Print the mapping NAME as it is declared."""
    from app.cli_loading import show_mapping

    show_mapping(name)


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--as-of", help="A revision, or an instant such as 2024-03-31T12:00:00Z.")
@_plainly
def export(target: Path, as_of: str | None) -> None:
    """Write all facts to TARGET as a pack that airace load reads again.

    TARGET is a folder that is new or empty or, where it ends in .zip, a new file.
    """
    from app.exchange.exporting import export_pack, export_zip
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
    with _bar("Writing", None) as tell:
        write = export_zip if target.suffix.lower() == ".zip" else export_pack
        write(database, target, at, progress=tell)
    click.echo(f"Wrote the facts of revision {at.id} to {target}.")


@main.command()
@click.argument("start", metavar="A")
@click.argument("end", metavar="B", required=False)
@click.option("--resource", multiple=True, help="Only this resource; may be given again.")
@click.option("--source", multiple=True, help="Only what this source states; may be given again.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV, a line a row or cell.")
@_plainly
def diff(
    start: str, end: str | None, resource: tuple[str, ...], source: tuple[str, ...], *, as_csv: bool
) -> None:
    """Tell what changed from A to B: rows added and removed, cells with old and new value.

    A and B are revisions, or instants such as 2024-03-31T12:00:00Z; without B it is the newest.
    Net between the two: what was changed and changed back is not told.
    """
    from app.exchange.diff_text import diff_csv, diff_lines
    from app.kit.queries import read_query
    from app.resources.differences import DiffQuery
    from app.storage.migration import require_schema

    pairs = [("from", start), *([("to", end)] if end else [])]
    pairs += [("resource", name) for name in resource] + [("source", key) for key in source]
    query = read_query(DiffQuery, pairs)
    database = _database()
    require_schema(database)
    if as_csv:
        for chunk in diff_csv(database, query):
            click.echo(chunk, nl=False)
    else:
        for line in diff_lines(database, query):
            click.echo(line)


@main.command()
@click.argument("resource")
@click.argument("old")
@click.argument("new")
@click.option("--author", help="Who renames it; airace rename unless given.")
@click.option("--message", help="Why; what was done unless given.")
@_plainly
def rename(resource: str, old: str, new: str, author: str | None, message: str | None) -> None:
    """Let the row OLD of RESOURCE go on under the key NEW, as one revision.

    Every row that refers to it then names the new key. The old address leads to the new one, and
    the old key never has a row again.
    """
    from app.resources.renaming import rename as give_key

    revision, changed = give_key(
        _migrated(),
        resource,
        old,
        new,
        author=author or "airace rename",
        message=message or f"Rename {resource}/{old} to {new}",
    )
    click.echo(
        f"Renamed {resource}/{old} to {new} as revision {revision}: "
        f"{counted(changed, 'other row')} changed."
    )


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the faults alone, as JSON.")
@_plainly
def check(*, as_json: bool) -> None:
    """Prove the data sound, and remark on what they say.

    Faults are of the file, references, periods, totals and rounds, history: exit code 1 means
    that there are any, 0 that there are none. Remarks are on the figures themselves (a round from
    two sources, parts above their whole, outliers, a missing licence or locator). They are
    printed where there are no faults and do not change the exit code; GET /checks has all.
    """
    from app.analysis.checks import check as find
    from app.analysis.data_checks import read_remarks
    from app.storage.migration import require_schema

    database = _database()
    require_schema(database)
    with database.read() as transaction:
        faults = list(find(transaction))
        at = transaction.latest
        wanted = not (as_json or faults)  # what is not sound may not even be readable
        remarks = list(read_remarks(transaction, at, listed=_REMARKS_LISTED)) if wanted else []
    if as_json:
        click.echo(json.dumps([fault.__dict__ for fault in faults], indent=2))
    else:
        for fault in faults:
            click.echo(f"{fault.resource} {fault.id}: {fault.problem}")
        click.echo(f"{len(faults)} findings." if faults else "Sound: nothing was found.")
        _tell_remarks(remarks)
    if faults:
        sys.exit(1)


def _tell_remarks(remarks: "list[Remarks]") -> None:
    """Print the first remarks of each kind, then how many there are of each."""
    for remark in remarks:
        click.echo()
        for item in remark.first:
            click.echo(
                f"{remark.kind} {item['resource']} {', '.join(item['ids'])}: {item['reason']}"
            )
        if remark.count > len(remark.first):
            click.echo(f"{remark.kind}: {remark.count - len(remark.first)} more")
    if remarks:
        counts = ", ".join(f"{remark.count} {remark.kind}" for remark in remarks)
        total = sum(remark.count for remark in remarks)
        click.echo(f"\n{counted(total, 'remark')} on the data: {counts}.")


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
def _bar(label: str, length: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar, on a terminal only, while the block does what it tells of."""
    hidden = not sys.stderr.isatty()
    endless = iter(lambda: 0, 0) if length is None else None  # empty, and nobody can tell
    with click.progressbar(
        endless, length=length, label=label, file=sys.stderr, hidden=hidden, show_pos=True
    ) as bar:
        yield bar.update


if __name__ == "__main__":
    main()
