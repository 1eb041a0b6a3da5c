"""Commands by which data come in: load, mappings, rename."""

from pathlib import Path

import click
from click.core import ParameterSource

from app.cli.group import bar, main, migrated, plainly, told, tried
from app.kit.text import counted


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
@click.option(
    "--only-known",
    metavar="FIELD",
    help="Leave out rows whose FIELD, such as company, names an organisation that is not known.",
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
    help="Where to write, as CSV, the line, column, found and expected of what was refused.",
)
@click.option("--author", help="Who loads it; the pack's own author unless given.")
@click.option("--message", help="Why; a title unless given.")
@click.option(
    "--alone",
    is_flag=True,
    help="Nobody else uses the database. On PostgreSQL much that is new is loaded several times "
    "as fast, and whoever does read waits until the end; SQLite makes nobody wait anyway.",
)
@plainly
def load(
    what: str,
    *,
    mapping: str | None,
    resource: str | None,
    source: str | None,
    published: str | None,
    answers: tuple[str, ...],
    missing: str | None,
    only_known: str | None,
    sheet: str | None,
    dry_run: bool,
    max_rejects: int,
    reject_file: Path | None,
    author: str | None,
    message: str | None,
    alone: bool,
) -> None:
    """Load WHAT: a table, or a pack: a folder, a zip of it, or the name of one that ships.

    A table is CSV, NDJSON or XLSX, plain or as .gz or .zip. It is read by a mapping (airace
    mappings lists them), told by its columns unless --as names it. All of it becomes one revision,
    or nothing is loaded. Rows that are there already as they are change nothing.

    Rows of a table that cannot be understood are named by line and column, and left out: exit
    code 3. Where they are all rows, or more than --max-rejects, nothing is loaded: exit code 1. A
    fault in a pack is that of the whole pack.
    """
    path = Path(what)
    from app.exchange.archives import is_packed

    if not mapping and (not path.is_file() or is_packed(path)):
        _refuse_for_a_pack()
        _load_pack(what, author, message, is_alone=alone, dry_run=dry_run)
        return
    from app.cli.tables import load_file
    from app.exchange.import_report import Asked

    if not path.is_file():
        raise click.ClickException(f"{what}: no such file")
    asked = Asked(
        answers=_answers(answers),
        source=source,
        published=published,
        missing=missing,
        only_known=only_known,
        max_rejects=max_rejects,
        author=author or "airace load",
        message=message,
        dry_run=dry_run,
        is_alone=alone,
    )
    load_file(
        migrated(),
        path,
        asked,
        mapping=mapping,
        resource=resource,
        sheet=sheet,
        reject_file=reject_file,
        bar=bar,
    )


_OF_A_TABLE = (
    *("resource", "source", "published", "answers", "missing", "only_known", "sheet"),
    *("max_rejects", "reject_file"),
)
"""Options of a table, which a pack has no use for."""


def _refuse_for_a_pack() -> None:
    """Raise UsageError for an option that a pack cannot heed: it would be dropped in silence."""
    context = click.get_current_context()
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in _OF_A_TABLE and source is not ParameterSource.DEFAULT:
            raise click.UsageError(
                f"{option.opts[0]} is for a table, and {context.params['what']} is a pack"
            )


def _load_pack(
    what: str, author: str | None, message: str | None, *, is_alone: bool, dry_run: bool
) -> None:
    from app.exchange.archives import unpacked
    from app.exchange.packs import load_pack, open_pack
    from app.exchange.seed import find_pack

    with (
        unpacked(find_pack(what)) as folder,
        bar("Loading", open_pack(folder).size, "bytes") as tell,
    ):
        loaded = load_pack(
            migrated(),
            folder,
            author=author,
            message=message,
            is_alone=is_alone,
            dry_run=dry_run,
            progress=tell,
        )
    if dry_run:
        click.echo(tried(loaded.added, loaded.changed, loaded.removed))
    else:
        click.echo(told(loaded))


def _answers(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, text in pairs:
        if not (name and equals and text):
            raise click.ClickException("--set takes NAME=TEXT, such as --set metric=population")
        if [one for one, *_ in pairs].count(name) > 1:
            raise click.ClickException(f"--set says {name} more than once")
    return {name: text for name, _, text in pairs}


@main.group(invoke_without_command=True)
@click.pass_context
def mappings(context: click.Context) -> None:
    """List the mappings by which tables are read; `show NAME` prints one, to write one's own by."""
    if context.invoked_subcommand is None:
        from app.cli.tables import list_mappings

        list_mappings()


@mappings.command("show")
@click.argument("name")
def mappings_show(name: str) -> None:
    """Print the mapping NAME as it is declared."""
    from app.cli.tables import show_mapping

    show_mapping(name)


@main.command()
@click.argument("resource")
@click.argument("old")
@click.argument("new")
@click.option("--author", help="Who renames it; airace rename unless given.")
@click.option("--message", help="Why; what was done unless given.")
@plainly
def rename(resource: str, old: str, new: str, author: str | None, message: str | None) -> None:
    """Let the row OLD of RESOURCE go on under the key NEW, as one revision.

    Every row that refers to it then names the new key. The old address leads to the new one, and
    the old key never has a row again.
    """
    from app.resources.renaming import rename as give_key

    revision, changed = give_key(
        migrated(),
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
