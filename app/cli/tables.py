"""The command line's ways in: a table by a mapping, and what the mappings are."""

import csv
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TextIO

import click

from app.cli.group import told_rows, tried
from app.exchange.generic import GENERIC, describe_generic, generic_mapping
from app.exchange.import_report import Asked, Report, TooManyRejects
from app.exchange.importing import import_table
from app.exchange.mapping import (
    TableMapping,
    UnusableMapping,
    find_mapping,
    recognise,
    shipped_mappings,
)
from app.exchange.rejects import Reject
from app.exchange.tables import Table, UnreadableTable, open_table
from app.kit.formulas import defuse
from app.kit.text import counted
from app.storage.database import Database

NONE_LOADED, SOME_REJECTED = 1, 3
"""The exit codes where no row was loaded, and where rows were and others refused."""

_KEPT_NEWER = (
    "Rows that it lacks are kept, and so is the date of the source; others are as it has them. "
    "With --missing remove it takes the place of the newer one."
)
_SHOWN_REJECTS = 20
_SHOWN_AT_MOST = 5
Bar = Callable[[str, int | None, str], AbstractContextManager[Callable[[int], None]]]


def load_file(
    database: Database,
    path: Path,
    asked: Asked,
    *,
    mapping: str | None,
    resource: str | None,
    sheet: str | None,
    reject_file: Path | None,
    bar: Bar,
) -> None:
    """Load a table and say what came of it. Exits with 1 where nothing was loaded."""
    with _opened(reject_file, path) as rejects:
        try:
            with open_table(path, fallbacks=(), sheet=sheet) as table:
                found = _mapping(mapping, resource, table)
            fallbacks = found.content.file.fallback_encodings
            with (
                bar("Loading", path.stat().st_size, "bytes") as tell,
                open_table(path, fallbacks=fallbacks, sheet=sheet, progress=tell) as table,
            ):
                report = import_table(database, table, found, asked, name=path.name)
        except UnusableMapping as error:
            raise click.ClickException(f"nothing was loaded.\n{error}") from None
        except UnreadableTable as error:
            raise click.ClickException(f"nothing was loaded.\n{path.name} {error}") from None
        except TooManyRejects as error:
            _tell_rejects(error.report, rejects)
            raise click.ClickException(
                f"nothing was loaded: {error}. Mend the rows, or allow more by --max-rejects."
            ) from None
        kind = " of ".join([*reversed(table.parts), table.format])
        click.echo(
            f"{path.name}: {kind}, {table.decoding}; {counted(report.rows, 'row')}, "
            f"by {found.name}."
        )
        _tell_done(report, dry_run=asked.dry_run)
        _tell_release(report, takes_place=asked.missing == "remove")
        _tell(report, found.aside)
        _tell_rejects(report, rejects)
    if report.rejected:
        sys.exit(SOME_REJECTED if report.facts or _has_changed(report) else NONE_LOADED)


@contextmanager
def _opened(path: Path | None, table: Path) -> Iterator[TextIO | None]:
    """Open the file for what is refused, before anything is loaded."""
    if path is None:
        yield None
        return
    try:
        is_table = path.exists() and path.samefile(table)
        file = None if is_table else path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(
            f"nothing was loaded.\n{path} cannot be written, for --reject-file: {error.strerror}"
        ) from None
    if file is None:
        raise click.ClickException(
            f"nothing was loaded.\n{path} is the table itself: --reject-file takes another name"
        )
    with file:
        yield file


def _mapping(name: str | None, resource: str | None, table: Table) -> TableMapping:
    if name == GENERIC:
        return generic_mapping(table, resource)
    return find_mapping(name) if name else recognise(table.header)


def _has_changed(report: Report) -> bool:
    return bool(report.added or report.changed or report.removed)


def _tell_done(report: Report, *, dry_run: bool) -> None:
    """Print what became of the rows, and what was written."""
    left_out = sum(report.told.skipped.values())
    is_empty = not report.facts and (report.rejected or left_out or not report.rows)
    if is_empty and report.rows:
        click.echo(f"No row of it is loaded: {report.rejected:,} refused, {left_out:,} left out.")
    elif is_empty:
        click.echo("It has no rows.")
    rows = report.added, report.changed, report.removed
    if dry_run:
        click.echo(tried(*rows))
    elif report.revision is not None:
        source = f", source {report.source}" if report.source else ""
        click.echo(f"Loaded as revision {report.revision}: {told_rows(*rows)}{source}.")
    elif is_empty:
        click.echo("Nothing was changed.")
    else:
        what = "Everything else in it" if report.rejected else "Everything in it"
        click.echo(f"{what} is there already; nothing was changed.")


def _tell_release(report: Report, *, takes_place: bool) -> None:
    """Print what its release comes to: when it came out, and what became of rows that it lacks."""
    if report.published_by_rows:
        click.echo(
            f"Nobody says when the source was published: {report.published_by_rows} is taken, as "
            "its newest rows are of that day. --published DATE says it."
        )
    if report.older:
        this, here = report.older
        click.echo(
            f"It is an older release ({this}) than what was here ({here}). "
            + ("It takes the place of that." if takes_place else _KEPT_NEWER),
            err=True,
        )
    if report.source_kept:
        kept = [
            f"{name} of {key} ({here or 'none'}, not {told})"
            for key, name, here, told in report.source_kept
        ]
        click.echo(f"Of sources these stay, as others have said them: {'; '.join(kept)}.")
    if report.kept_missing and report.facts + report.rejected:
        click.echo("Rows that it lacks are kept: not all of its own say which they are.")
    elif report.kept_missing and report.rows:
        click.echo("What was loaded before is kept: a table of which nothing is taken lacks none.")
    elif report.kept_missing:
        click.echo("What was loaded before is kept: a table without rows lacks none.")
    if report.of_others:
        click.echo(
            f"{counted(len(report.of_others), 'row')} of the source that it lacks stay: they came "
            "by another mapping or a pack. --missing remove takes them away, too."
        )
    if report.kept_named:
        click.echo(
            f"Rows that it lacks stay where others name them: {_some(sorted(report.kept_named))}."
        )


def _tell(report: Report, aside: Collection[str]) -> None:
    """Print what was made, merged and left out."""
    told = report.told
    made = [
        *([counted(told.companies_made, "company", "companies")] if told.companies_made else []),
        *([counted(report.models_made, "AI model")] if report.models_made else []),
        *([f"the groups {', '.join(report.groups_made)}"] if report.groups_made else []),
        *([f"the source {report.restated_made}"] if report.restated_made else []),
    ]
    if made:
        click.echo(f"Made, as rows name them: {'; '.join(made)}.")
    if told.merged:
        known = [f"{name} is {key}" for name, key in sorted(told.merged.items())]
        click.echo(f"Known by another name or source: {_some(known, '; ')}.")
    if told.spellings:
        click.echo(f"Addresses that differ in the case of letters only: {told.spellings:,}.")
    _tell_companies(report)
    for why, count in told.skipped.items():
        click.echo(f"Left out: {counted(count, 'row')} {why}.")
    if report.left_out:
        members = [f"line {line}, column {name}: {text!r}" for line, name, text in report.left_out]
        left = members[:_SHOWN_AT_MOST]
        more = report.left_out_count - len(left)
        rest = f"; and {more:,} more" if more else ""
        click.echo(f"Aliases left out, as they have control characters: {'; '.join(left)}{rest}.")
    if left := [name for name in report.unused_columns if name in aside]:
        click.echo(f"Columns left aside, as they are worked out here: {', '.join(left)}.")
    if report.kept_columns:
        kept = ", ".join(report.kept_columns)
        click.echo(f"Columns that it does not have, kept in rows that are here already: {kept}.")
    if unread := [name for name in report.unused_columns if name not in aside]:
        click.echo(f"Columns that nothing reads: {', '.join(unread)}.")


def _tell_companies(report: Report) -> None:
    """Print what came to be known of companies, and what others tell otherwise."""
    told = report.told
    if told.taken:
        count = counted(len(told.taken), "company", "companies")
        click.echo(f"Described now, as others only named them: {count}: {_some(told.taken)}.")
    if told.gone_on:
        pairs = [f"{old} is {new}" for old, new in told.gone_on.items()]
        count = counted(len(pairs), "company", "companies")
        click.echo(
            f"Only named by others, and by an alias here one that is described: {count}: "
            f"{_some(pairs)}."
        )
    new = [f"{key} ({now})" for key, (before, now) in report.countries.items() if not before]
    if new:
        count = counted(len(new), "company", "companies")
        click.echo(f"Of a country now, and of none before: {count}: {_some(new)}.")
    others = {key: pair for key, pair in report.countries.items() if pair[0]}
    if others:
        pairs = [f"{key} ({now or 'none'}, not {before})" for key, (before, now) in others.items()]
        click.echo(f"Of another country than before: {_some(pairs)}.")
    if report.followed:
        click.echo(f"Rounds that have the country of their company now: {report.followed:,}.")
    if report.not_followed:
        click.echo(
            f"Rounds that keep the country that their company had: {report.not_followed:,}. "
            "What they were loaded from, loaded again, may tell another one."
        )
    if told.contradicted:
        pairs = [f"{key} ({here}, not {other})" for key, (here, other) in told.contradicted.items()]
        click.echo(f"Of another country here, where another source says so: {_some(pairs)}.")
    if told.shared_addresses:
        click.echo(
            "Addresses that several companies have, and that lead to none: "
            f"{_some(told.shared_addresses)}."
        )


def _some(words: Sequence[str], between: str = ", ") -> str:
    """Return the first few of some words, and how many more there are."""
    more = len(words) - _SHOWN_AT_MOST
    return between.join(words[:_SHOWN_AT_MOST]) + (f", and {more:,} more" if more > 0 else "")


def _tell_rejects(report: Report, file: TextIO | None) -> None:
    """Write and print the rows that were refused, then how many of which kind."""
    is_written = file is not None and _write_rejects(file, report.rejects)
    if not report.rejected:
        return
    for reject in report.rejects[:_SHOWN_REJECTS]:
        where = f"line {reject.line}" + (f", column {reject.column}" if reject.column else "")
        found = f"{reject.found!r}: " if reject.found else ""
        click.echo(f"{where}: {found}{reject.expected}", err=True)
    if report.rejected > _SHOWN_REJECTS:
        rest = report.rejected - _SHOWN_REJECTS
        where = f"all are in {file.name}" if file and is_written else "--reject-file F has them all"
        click.echo(f"... and {rest:,} more; {where}.", err=True)
    click.echo(f"Refused: {counted(report.rejected, 'row')}.", err=True)
    for kind, count in report.kinds.most_common():
        click.echo(f"  {counted(count, 'time')} {kind}", err=True)


def _write_rejects(file: TextIO, rejects: list[Reject]) -> bool:
    """Write the rows that were refused; return whether that could be done."""
    try:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", "column", "found", "expected"])
        for one in rejects:
            writer.writerow([one.line, *map(defuse, (one.column, one.found, one.expected))])
        file.close()
    except OSError as error:
        click.echo(f"{file.name} does not have what was refused: {error.strerror}.", err=True)
        return False
    return True


def list_mappings() -> None:
    """Print the mappings that ship, a line each."""
    shipped = shipped_mappings()
    width = max(map(len, [*shipped, GENERIC]))
    for name, mapping in shipped.items():
        click.echo(f"{name:<{width}}  {mapping.content.title}")
    click.echo(f"{GENERIC:<{width}}  A table that has our own column names")


def show_mapping(name: str) -> None:
    """Print a mapping as it is declared; of the generic one, what it reads."""
    if name == GENERIC:
        click.echo(describe_generic())
        return
    try:
        click.echo(find_mapping(name).text.rstrip())
    except UnusableMapping as error:
        raise click.ClickException(str(error)) from None
