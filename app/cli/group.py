"""The group of all commands, and what they share: the database, errors as sentences, progress."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from app import __version__
from app.kit.text import counted

if TYPE_CHECKING:
    from app.exchange.packs import Loaded
    from app.settings import Settings
    from app.storage.database import Database

Command = Callable[..., None]


def plainly(command: Command) -> Command:
    """Turn what can be expected to go wrong into a sentence and exit code 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except BrokenPipeError:  # who reads has enough, as `head` does: click ends quietly
            raise
        except Exception as error:
            said = _in_words(error)
            if said is None:
                raise
            raise click.ClickException(said) from None

    return run


def _in_words(error: Exception) -> str | None:
    """Return what went wrong as a sentence, None where it cannot be expected to."""
    from sqlalchemy.exc import DBAPIError

    from app.exchange.packs import UnreadablePack
    from app.kit.errors import NotAllowed
    from app.kit.queries import UnreadableQuery
    from app.resources.reading import Unanswerable
    from app.storage.engine import UnusableDatabase
    from app.storage.refusals import LedgerRefusal

    match error:
        case UnreadablePack():
            return f"nothing was loaded.\n{error}"
        case UnusableDatabase() | NotAllowed() | UnreadableQuery() | LedgerRefusal() | OSError():
            return str(error)
        case Unanswerable():
            return str(error.fault)
        case DBAPIError():
            reason = str(error.orig).strip().splitlines()[0]
            return f"the database cannot be used: {reason}"
    return None


def read_settings() -> "Settings":
    from pydantic import ValidationError

    from app.settings import Settings

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


def open_database() -> "Database":
    from app.storage.database import Database

    return Database(read_settings().database_url)


def migrated() -> "Database":
    from app.storage.migration import migrate

    database = open_database()
    migrate(database)
    return database


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="airace")
def main() -> None:
    """AI race indicators: figures on the AI race, each traced to its source.

    The database is a file, airace.db in this folder, unless AIRACE_DATABASE_URL names another
    (sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME).
    """


def told(loaded: "Loaded") -> str:
    """Return what loading a pack came to, as a line to print."""
    if loaded.revision is None:
        return f"{loaded.pack}: everything in it is there already; nothing was changed."
    done = told_rows(loaded.added, loaded.changed, loaded.removed)
    return f"Loaded {loaded.pack} as revision {loaded.revision}: {done}."


def tried(added: int, changed: int, removed: int) -> str:
    """Return what loading would come to, as a line to print."""
    return f"Only tried: as it stands there would be {told_rows(added, changed, removed)}."


def told_rows(added: int, changed: int, removed: int) -> str:
    """Return how many rows a revision wrote, as part of a line."""
    gone = f", {removed:,} removed" if removed else ""
    return f"{counted(added, 'row')} added, {changed:,} changed{gone}"


@contextmanager
def bar(label: str, length: int | None, unit: str) -> Iterator[Callable[[int], None]]:
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
    ) as shown:

        def tell(count: int) -> None:
            nonlocal done
            done += count
            shown.update(count)

        yield tell
