"""Set up and run AI Race Indicators: python3 run.py COMMAND [ARGUMENTS].

serve   start the API, on http://127.0.0.1:8000 unless HOST and PORT say otherwise
test    run the tests; arguments go to pytest
lint    check style and types; --fix mends what can be mended
bench   measure what answers cost beside others that serve the same; --quick takes 3 minutes,
        bench --help names the other benchmarks
lock    pin the dependencies anew, needs uv; --upgrade takes the newest that fit
clean   remove the environment and the caches; data stays

The first run installs the pinned dependencies into .venv, with uv if it is there and with
pip if not. This needs Python 3.11 or newer and nothing else. The folder .venv belongs to this
script, which makes it anew whenever it cannot vouch for it.
"""

import sys

if sys.version_info < (3, 11):  # stands first, so that an old Python can read this far and say so
    sys.exit(
        "Python 3.11 or newer is needed and this is {}.{}: try PYTHON=python3.11 make serve, "
        "or python3.11 run.py serve.".format(*sys.version_info)
    )

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed.json"
PEERS_VENV = ROOT / ".venv-bench"  # what others serve with never comes near the product

# Not the Python of an activated .venv, which may be about to be replaced.
BASE_PYTHON = str(getattr(sys, "_base_executable", None) or sys.executable)

TO_SERVE = ["requirements/run.txt", "requirements/build.txt"]
TO_DEVELOP = [*TO_SERVE, "requirements/dev.txt"]
FOR_PEERS = "requirements/bench.txt"
PROJECT = ["pyproject.toml", "app/__init__.py"]  # what the installed metadata is made from
CACHES = [".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "build", "dist", "htmlcov"]

NO_NETWORK = re.compile(
    r"name resolution|dns error|failed to establish|connection (refused|reset|error)|error sending"
    r"|network is unreachable|timed out|proxyerror|failed to fetch|client error \(connect\)",
    re.IGNORECASE,
)

Digests = dict[str, str]


def serve(arguments: list[str]) -> None:
    prepare(TO_SERVE)
    become(str(BIN / "airace"), "serve", *arguments)


def test(arguments: list[str]) -> None:
    prepare(TO_DEVELOP)
    spread = [] if any(word.startswith("-n") for word in arguments) else ["-n", "auto"]
    become(str(PYTHON), "-m", "pytest", *spread, *arguments)


def lint(arguments: list[str]) -> None:
    prepare(TO_DEVELOP)
    check = [] if "--fix" in arguments else ["--check"]
    steps = [["ruff", "check", *arguments], ["ruff", "format", *check], ["mypy"]]
    codes = [subprocess.call([str(PYTHON), "-m", *step]) for step in steps]
    sys.exit(max(codes))


def bench(arguments: list[str]) -> None:
    prepare(TO_DEVELOP)
    if not arguments or (arguments[0].startswith("--") and arguments[0] != "--help"):
        prepare_peers()
    become(str(PYTHON), "-m", "benchmarks", *arguments)


def lock(arguments: list[str]) -> None:
    if not shutil.which("uv"):
        sys.exit(
            "Pinning the dependencies needs uv: see https://docs.astral.sh/uv/ or pip install uv."
        )
    # dev.txt holds all; the other two are parts of it, and so the three agree.
    everything = ["pyproject.toml", "--group", "dev"]
    same = ["--constraints", "requirements/dev.txt"]
    compile_lock("requirements/dev.txt", *everything, *arguments)
    compile_lock("requirements/run.txt", "pyproject.toml", *same, *arguments)
    compile_lock("requirements/build.txt", "--group", "build", *same, *arguments)
    compile_lock(FOR_PEERS, "--group", "bench", *arguments)


def clean(_: list[str]) -> None:
    for name in [VENV.name, PEERS_VENV.name, *CACHES]:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ["app", "benchmarks", "migrations", "tests"]:
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


def show_help(_: list[str]) -> None:
    print(__doc__.strip())


def prepare(locks: list[str]) -> None:
    """Have an environment in which these locks and the project itself are installed."""
    wanted = {name: digest(name) for name in [*locks, *PROJECT]}
    if not missing(wanted):
        return
    with one_at_a_time():
        if missing(wanted):  # another run may have just done it
            install(locks, wanted)


def install(locks: list[str], wanted: Digests) -> None:
    started = time.monotonic()
    installed = stamp()
    STAMP.unlink(missing_ok=True)  # until all is there, nothing is
    stale = [name for name in locks if name in installed and installed[name] != wanted[name]]
    if stale or not installed or not can_install():
        installed = environment()
        make_environment()

    new = [name for name in locks if installed.get(name) != wanted[name]]
    if new:
        print(f"Installing the dependencies into {VENV.name} ...", flush=True)
        files = [part for name in new for part in ("-r", name)]
        run_installer("--require-hashes", *files)
    run_installer("--no-deps", "--no-build-isolation", "--editable", ".")
    run_quietly(str(PYTHON), "-m", "compileall", "-q", "app")  # or each start would do it

    half = STAMP.with_suffix(".part")
    half.write_text(json.dumps(installed | wanted, indent=1), encoding="utf-8")
    half.replace(STAMP)
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def prepare_peers() -> None:
    """Have an environment for the peers of the benchmark, apart from that of the product."""
    stamp = PEERS_VENV / STAMP.name
    wanted = json.dumps(environment() | {FOR_PEERS: digest(FOR_PEERS)})
    with one_at_a_time():
        if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        print(f"Installing what is compared into {PEERS_VENV.name} ...", flush=True)
        make_environment(PEERS_VENV)
        python = str(PEERS_VENV / PYTHON.relative_to(VENV))
        run_installer("--require-hashes", "-r", FOR_PEERS, python=python)
        stamp.write_text(wanted, encoding="utf-8")


def make_environment(folder: Path = VENV) -> None:
    uv = shutil.which("uv")
    if uv:
        run_quietly(uv, "venv", "--clear", "--python", BASE_PYTHON, str(folder))
        return
    try:
        import ensurepip  # noqa: F401  # Debian and Ubuntu ship it apart
    except ImportError:
        sys.exit(
            "This Python cannot make virtual environments: install its venv module "
            "(on Debian and Ubuntu: apt install python3-venv) or uv."
        )
    run_quietly(BASE_PYTHON, "-m", "venv", "--clear", str(folder))


def can_install() -> bool:
    """Whether there is uv or else, in the environment, pip, which uv leaves out."""
    return bool(shutil.which("uv") or shutil.which("pip", path=str(BIN)))


def run_installer(*arguments: str, python: str = str(PYTHON)) -> None:
    uv = shutil.which("uv")
    if uv:
        run_quietly(uv, "pip", "install", "--compile-bytecode", "--python", python, *arguments)
    else:
        run_quietly(python, "-m", "pip", "install", "--progress-bar=off", *arguments)


def run_quietly(*command: str) -> None:
    """Run a step of the installation: its current line on a terminal, all of it on failure."""
    # A user's pip settings for installing outside of environments are errors inside of one.
    settings = os.environ | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    lines = []
    with subprocess.Popen(
        command,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            show_progress(lines[-1].strip())
    show_progress("")
    if process.returncode == 0:
        return
    if NO_NETWORK.search("\n".join(lines)):
        sys.exit(
            "The dependencies could not be fetched: check the network connection, then repeat."
        )
    print("\n".join(lines[-20:]), file=sys.stderr)
    sys.exit("The installation failed, for the reason above.")


def show_progress(line: str) -> None:
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r\033[K" + line[:width], end="", flush=True)


def compile_lock(target: str, *arguments: str) -> None:
    print(target, flush=True)
    command = ["uv", "pip", "compile", *arguments, "--universal", "--generate-hashes", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.11"]
    command += ["--custom-compile-command", "make lock", "--output-file", target]
    code = subprocess.call(command, stdout=subprocess.DEVNULL)  # it prints the lock as well
    if code:
        sys.exit(code)


def environment() -> Digests:
    """What an environment is bound to: its Python and, by the paths in its scripts, its place."""
    return {"python": "{}.{}".format(*sys.version_info), "root": str(ROOT)}


def stamp() -> Digests:
    """What is installed, by file; empty where there is no environment, a half-made or another's."""
    try:
        installed: Digests = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    ours = environment().items() <= installed.items() and PYTHON.exists()
    return installed if ours else {}


def missing(wanted: Digests) -> bool:
    return not wanted.items() <= stamp().items()


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep two runs from installing at once; where there are no such locks, trust the user."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with Path(__file__).open("rb") as mutex:
        fcntl.flock(mutex, fcntl.LOCK_EX)
        yield


def become(*command: str) -> None:
    """Hand over to the command, so that signals and the exit code are its own."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)  # on Windows, exec would return to the prompt at once
    while True:
        try:
            sys.exit(process.wait())
        except KeyboardInterrupt:
            continue  # the command has seen it too, and ends in its own way


COMMANDS = {
    "serve": serve,
    "test": test,
    "lint": lint,
    "bench": bench,
    "lock": lock,
    "clean": clean,
    "help": show_help,
}


def main() -> None:
    name, *arguments = sys.argv[1:] or ["help"]
    command = COMMANDS.get({"-h": "help", "--help": "help"}.get(name, name))
    if command is None:
        sys.exit(f"There is no command {name!r}: choose from {', '.join(COMMANDS)}.")
    os.chdir(ROOT)
    try:
        command(arguments)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
