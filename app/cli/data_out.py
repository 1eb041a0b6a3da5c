"""Commands that tell what is there: export, diff, check."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.group import bar, main, migrated, open_database, plainly
from app.kit.text import counted

if TYPE_CHECKING:
    from app.analysis.data_checks import Remarks

_REMARKS_LISTED = 20
"""So many remarks of each kind are printed."""


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--as-of", help="A revision, or an instant such as 2024-03-31T12:00:00Z.")
@click.option(
    "--licence",
    multiple=True,
    help="Only what sources with such a licence state: open, other or none; may be given again.",
)
@plainly
def export(target: Path, as_of: str | None, licence: tuple[str, ...]) -> None:
    """Write all facts to TARGET as a pack that airace load reads again.

    TARGET is a folder that is new or empty or, where it ends in .zip, a new file. With --licence
    what others state is left out; companies and AI models of theirs that rows name have no more
    than their names in it, and a database that knows more of them keeps that when it loads it.
    """
    from app.exchange.exporting import export_pack, export_zip
    from app.kit.errors import Fault, NotAllowed
    from app.kit.queries import UnreadableQuery, read_query
    from app.resources.queries import ExportQuery

    pairs = [("as_of", as_of)] if as_of else []
    try:
        query = read_query(ExportQuery, [*pairs, *(("licence", kind) for kind in licence)])
    except UnreadableQuery as error:
        raise click.ClickException(str(error)) from None
    database = migrated()
    with database.read() as transaction:
        try:
            at = transaction.revision(query.as_of)
        except NotAllowed as error:
            raise click.ClickException(
                str(Fault("as_of", str(error), error.allowed, error.nearest))
            ) from None
    with bar("Writing", None, "rows") as tell:
        write = export_zip if target.suffix.lower() == ".zip" else export_pack
        write(database, target, at, progress=tell, licences=query.licence)
    click.echo(f"Wrote the facts of revision {at.id} to {target}.")


@main.command()
@click.argument("start", metavar="A")
@click.argument("end", metavar="B", required=False)
@click.option("--resource", multiple=True, help="Only this resource; may be given again.")
@click.option("--source", multiple=True, help="Only what this source states; may be given again.")
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV, a line a row or cell.")
@plainly
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
    database = open_database()
    require_schema(database)
    if as_csv:
        for chunk in diff_csv(database, query):
            click.echo(chunk, nl=False)
    else:
        for line in diff_lines(database, query):
            click.echo(line)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the faults alone, as JSON.")
@plainly
def check(*, as_json: bool) -> None:
    """Prove the data sound, and remark on what they say.

    Faults are of the file, references, periods, totals and rounds, history: exit code 1 means
    that there are any, 0 that there are none. Remarks are on the figures themselves (a round from
    two sources, parts that contradict their whole, outliers, a missing licence or locator). They
    are printed where there are no faults and do not change the exit code; GET /checks has all.
    """
    from app.analysis.checks import check as find
    from app.analysis.data_checks import read_remarks
    from app.storage.migration import require_schema

    database = open_database()
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
