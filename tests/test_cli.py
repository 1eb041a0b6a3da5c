"""The command line: what each command does, says and ends with, started as people start it."""

import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import httpx2
import pytest
from click.testing import CliRunner, Result

from app import __version__
from app.cli import main
from tests.conftest import Templates
from tests.serving import AIRACE, PATIENCE, free_port, serving

_FIRST_ANSWER: Final = """
import asyncio, sys
from app.cli.running import prepare, read_settings
settings = read_settings()
prepare(settings).close()
import app.serving
app = app.serving.create_app(settings)
started = []
async def send(message): started.append(message)
async def receive(): return {"type": "http.request"}
scope = {"type": "http", "method": "GET", "path": "/funding", "query_string": b"country=US",
    "headers": [], "root_path": "", "http_version": "1.1", "scheme": "http"}
asyncio.run(app(scope, receive, send))
assert started[0]["status"] == 200, started
print(*sys.modules)
"""
"""What `airace serve` does until it has answered its first list."""

NOT_TO_START: Final = (
    *("alembic", "difflib", "jinja2", "psycopg", "pyarrow", "xlsxwriter"),
    *("app.exchange.packs", "app.exchange.importing", "sqlalchemy.dialects.postgresql"),
)
"""Modules that a start over a database that is ready has no use for, and that take their time."""


COMMANDS: Final = sorted(main.commands)


def airace(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, arguments, prog_name="airace")


def told(result: Result) -> str:
    """Return the sentence that a command failed with: one line, and no traceback."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.exception is None or isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


@pytest.fixture
def sound(scratch: Path) -> Path:
    """A folder with a migrated database that holds the article."""
    assert airace("load", "article-2024-03-31").exit_code == 0
    return scratch


# What the commands are.


def test_the_commands_are_those_that_are_promised() -> None:
    assert [
        *("check", "diff", "export", "load", "mappings", "migrate", "rename", "serve"),
    ] == COMMANDS


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(scratch: Path, command: str, flag: str) -> None:
    result = airace(*command.split(), flag)
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: airace {command}".rstrip())
    assert not list(scratch.iterdir())  # asking for help makes no database


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_every_option_has_words(command: str) -> None:
    declared = main.commands[command]
    assert declared.help
    assert declared.get_short_help_str(limit=200).endswith(".")
    for parameter in declared.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
        else:
            assert str(parameter.human_readable_name).upper() in declared.help


def test_the_version_is_that_of_the_package() -> None:
    assert airace("--version").output == f"airace, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["srve"], ["serve", "--prt", "1"], ["load"], ["serve", "--port", "x"], []]
)
def test_a_wrong_call_ends_with_2_and_the_usage(scratch: Path, arguments: list[str]) -> None:
    result = airace(*arguments)
    assert result.exit_code == 2
    assert "Usage: airace" in result.stderr
    assert not list(scratch.iterdir())


# What they do.


def test_migrate_says_what_it_did_and_repeats_in_peace(scratch: Path) -> None:
    first, again = airace("migrate"), airace("migrate")
    assert re.fullmatch(r"Applied 0001(, \d{4})+\.\n", first.output)
    assert again.output == "The database is up to date.\n"
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert (scratch / "airace.db").is_file()


def test_what_a_pack_has_no_use_for_is_refused_and_a_dry_run_loads_nothing(scratch: Path) -> None:
    tried = airace("load", "article-2024-03-31", "--dry-run")
    assert tried.output == ("Only tried: as it stands there would be 16 rows added, 0 changed.\n")
    assert airace("load", "article-2024-03-31").output.startswith("Loaded")
    for option in ("--source=x", "--missing=remove", "--max-rejects=3", "--reject-file=r.csv"):
        result = airace("load", "article-2024-03-31", option)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{option.partition('=')[0]} is for a table" in result.stderr
    assert not (scratch / "r.csv").exists()


def test_load_says_what_it_did_and_repeats_in_peace(scratch: Path) -> None:
    first, again = airace("load", "article-2024-03-31"), airace("load", "article-2024-03-31")
    assert first.output == "Loaded article-2024-03-31 as revision 1: 16 rows added, 0 changed.\n"
    assert "is there already" in again.output
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert airace("check").output.startswith("Sound: nothing was found.\n")
    assert [path.name for path in scratch.glob("*.db")] == ["airace.db"]


def test_export_writes_what_load_reads_again(sound: Path) -> None:
    exported = airace("export", "out")
    assert exported.output == "Wrote the facts of revision 1 to out.\n"
    assert {path.suffix for path in (sound / "out").iterdir()} == {".csv", ".json"}
    assert "is there already" in airace("load", "./out").output
    assert "as revision 0" not in airace("export", "--as-of", "0", "before").output
    assert (sound / "before" / "funding.csv").read_text().count("\n") == 1


def test_check_ends_with_1_where_something_is_wrong(sound: Path) -> None:
    database = sqlite3.connect(sound / "airace.db")
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE funding SET period_last_day = '2024-12-31' WHERE period = '2023'")
    database.commit()
    database.close()
    plain, as_json = airace("check"), airace("check", "--json")
    assert (plain.exit_code, as_json.exit_code) == (1, 1)
    assert "funding us-2023-generative-ai-bnn: period_last_day" in plain.output
    assert plain.output.splitlines()[-1] == "2 findings."
    found = json.loads(as_json.output)
    assert [finding["resource"] for finding in found] == ["funding", "funding"]


def test_check_of_sound_data_as_json_is_an_empty_list(sound: Path) -> None:
    result = airace("check", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, [])
    assert sound.exists()


# What goes wrong, in one sentence.


@pytest.mark.parametrize("command", [["check"], ["migrate"], ["serve"], ["load", "cross-check"]])
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://user:geheim@127.0.0.1:1/x", "the database cannot be used: connection fail"),
        ("mysql://user:geheim@localhost/x", "AIRACE_DATABASE_URL must begin with sqlite:/// or"),
        ("postgresql://user:geheim@localhost:port/x", "AIRACE_DATABASE_URL is not a database URL"),
        ("user:geheim", "AIRACE_DATABASE_URL is not a database URL"),
        ("sqlite://", "a database in memory cannot be shared: name a file instead"),
        ("sqlite:///:memory:", "a database in memory cannot be shared: name a file instead"),
        ("sqlite:////proc/airace.db", ""),  # a folder that cannot be written, even by root
        ("sqlite:///no/such/folder/airace.db", ""),
        ("sqlite:///garbage.db", "the database cannot be used: file is not a database"),
    ],
)
def test_an_unusable_database_is_told_in_a_sentence(
    scratch: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], url: str, sentence: str
) -> None:
    (scratch / "garbage.db").write_bytes(b"not a database " * 1_000)
    monkeypatch.setenv("AIRACE_DATABASE_URL", url)
    said = told(airace(*command))
    assert sentence in said
    assert "geheim" not in said
    assert [path.name for path in scratch.iterdir()] == ["garbage.db"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", "eighty"), ("PORT", "65536"), ("PORT", ""), ("AIRACE_PORT", "-1")),
        *(("HOST", ""), ("AIRACE_ROOT_PATH", "no-slash"), ("AIRACE_LARGEST_BODY", "-1")),
    ],
)
def test_an_unusable_setting_is_told_by_its_name(
    scratch: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert told(airace("serve")).startswith(f"a setting is not usable: {name}: ")
    assert not list(scratch.iterdir())


def test_a_database_without_its_tables_is_not_called_sound(scratch: Path) -> None:
    assert told(airace("check")) == "there is no database airace.db yet: airace migrate makes it"
    assert not list(scratch.iterdir())
    (scratch / "airace.db").touch()
    assert "airace migrate brings it there" in told(airace("check"))


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        ("7", "as_of is not a revision of this data (allowed: 0 to 1"),
        ("soon", "as_of is neither a revision nor an instant"),
        ("9999-01-01", "as_of is an instant that is still to come"),
    ],
)
def test_a_revision_that_is_not_there_is_told(sound: Path, as_of: str, sentence: str) -> None:
    assert sentence in told(airace("export", "--as-of", as_of, "out"))
    assert not (sound / "out").exists()


def test_an_export_spares_what_is_there(sound: Path) -> None:
    assert told(airace("export", ".")) == ". is not empty"
    assert [path.name for path in sound.glob("*.csv")] == []


def test_faults_of_a_pack_are_told_by_line(scratch: Path) -> None:
    assert airace("export", "pack").exit_code == 0
    with (scratch / "pack" / "sources.csv").open("a") as file:
        file.write("A,article,A,A,,,,,\nb,artcle,A,A,,,,,\n")
    result = airace("load", "pack")
    assert result.exit_code == 1
    assert "sources.csv: has 97 bytes, and datapackage.json says 60: it was cut" in result.stderr
    described = json.loads((scratch / "pack" / "datapackage.json").read_bytes())
    for table in described["resources"]:
        del table["bytes"], table["hash"]
    (scratch / "pack" / "datapackage.json").write_text(json.dumps(described))
    result = airace("load", "pack")
    assert result.exit_code == 1
    first, *faults = result.stderr.splitlines()
    assert first == "Error: nothing was loaded."
    assert [fault.partition(": ")[2].partition(": ")[0] for fault in faults] == ["line 2", "line 3"]
    missing = airace("load", "no-such-pack")
    assert missing.exit_code == 1
    assert "cross-check" in missing.stderr


# Progress.


@pytest.mark.parametrize("arguments", [("load", "article-2024-03-31"), ("export", "out")])
def test_the_progress_bar_shows_on_a_terminal_only(
    scratch: Path, arguments: tuple[str, ...]
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*AIRACE, *arguments], stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # so Linux says that the other end was closed
        pass
    os.close(ours)
    assert process.communicate()[0]
    assert process.returncode == 0
    label = {"load": b"Loading", "export": b"Writing"}[arguments[0]]
    assert label in shown
    assert b"/0" not in shown  # a bar whose end is not known shows how far it is, and no end

    again = [part.replace("out", "out2") for part in arguments]
    hidden = subprocess.run([*AIRACE, *again], capture_output=True, text=True, check=True)
    assert hidden.stderr == ""
    assert len(hidden.stdout.splitlines()) == 1
    assert scratch.exists()


# Serving, as a process of its own.


def test_the_first_start_fills_the_database_and_says_what_is_worth_opening(
    scratch: Path,
) -> None:
    with serving() as served:
        assert served.said.index("migrations 0001 to ") < served.said.index("as revision 1: ")
        assert served.said.index("as revision 2: ") < served.said.index("Serving on ")
        named = re.findall(r"http://\S+", served.said)
        assert f"{served.base}/docs" in named
        assert f"{served.base}/funding?country=US" in named
        paths = [*(url.removeprefix(served.base) for url in named), "/companies", "/adoption"]
        assert {path: served.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
        (total,) = served.get("/funding?country=US&source=bnn-2024-03-31&kind=total").json()["data"]
        assert (total["amount_usd"], total["deals"]) == (31_000_000_000, 1151)
        assert served.base.startswith("http://127.0.0.1:")
    assert (scratch / "airace.db").is_file()


def test_a_second_start_loads_nothing_again(scratch: Path) -> None:
    with serving() as served:
        first = served.get("/revisions").json()
    with serving() as served:
        again = served.get("/revisions").json()
        assert "Loaded" not in served.said
    assert again["data"] == first["data"]
    assert len(again["data"]) == 3
    assert scratch.exists()


def test_host_port_and_database_change_what_they_say(templates: Templates, scratch: Path) -> None:
    port = free_port()
    with serving(HOST="127.0.0.2", PORT=str(port), AIRACE_DATABASE_URL=templates.fresh()) as served:
        assert served.base == f"http://127.0.0.2:{port}"
        assert len(served.get("/revisions").json()["data"]) == 3
    assert not list(scratch.iterdir())


def test_arguments_win_over_the_environment(scratch: Path) -> None:
    port = free_port()
    with serving("--port", str(port), "--host", "127.0.0.1", HOST="127.0.0.2") as served:
        assert served.base == f"http://127.0.0.1:{port}"
    assert scratch.exists()


def test_the_service_lives_below_its_mount_point(scratch: Path) -> None:
    with serving(AIRACE_ROOT_PATH="/airace", AIRACE_SEED="article-2024-03-31") as served:
        links = served.get("/").json()["links"]
        assert links["docs"] == "/airace/docs"
        assert len(served.get("/revisions").json()["data"]) == 2
    assert scratch.exists()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_stop_is_orderly_and_quiet(scratch: Path, how: signal.Signals, code: int) -> None:
    with serving() as served, httpx2.Client(base_url=served.base) as idle:
        assert idle.get("/health").status_code == 200  # its connection is kept open
        assert served.end(how) == (code, "")
    assert not list(scratch.glob("*-wal"))


def _serve_in_vain(environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [*AIRACE, "serve"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


def test_an_address_that_cannot_be_had_is_told_in_a_sentence(scratch: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = _serve_in_vain({"PORT": port})
    assert said == (
        f"Error: cannot serve on 127.0.0.1, port {port}: address already in use; "
        "HOST and PORT name another address"
    )
    assert "cannot assign requested address" in _serve_in_vain({"HOST": "192.0.2.1"})
    assert scratch.exists()


def test_a_start_loads_only_what_its_first_answer_needs(sqlite_templates: Templates) -> None:
    environment = {"AIRACE_DATABASE_URL": sqlite_templates.empty(), "AIRACE_SEED": ""}
    ran = subprocess.run(
        [sys.executable, "-c", _FIRST_ANSWER],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    loaded = set(ran.stdout.split())
    assert "app.resources.funding" in loaded
    assert loaded.isdisjoint(NOT_TO_START), loaded.intersection(NOT_TO_START)
