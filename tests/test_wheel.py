"""The wheel: complete, and able to serve from any folder."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from app import __version__
from tests.clone import copy_of_the_repository
from tests.serving import serving
from tests.support import ROOT

BUILD: Final = ("-m", "hatchling", "build", "-t", "wheel")
START: Final = (
    "from importlib.metadata import entry_points;"
    "(airace,) = entry_points(group='console_scripts', name='airace');"
    "airace.load()(prog_name='airace')"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files of the repository by the locked build tools."""
    source = copy_of_the_repository(tmp_path_factory.mktemp("source"))
    command = [sys.executable, *BUILD]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = (source / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and borrows its dependencies."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path in a .pth file lends what lies there, and not the project itself, which is
    # installed there by a .pth file of its own.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


def test_the_build_tools_are_the_locked_ones() -> None:
    locked = (ROOT / "requirements" / "build.txt").read_text()
    assert f"hatchling=={version('hatchling')} " in locked


def test_it_holds_the_program_its_migrations_and_its_packs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (metadata,) = (name for name in held if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    inside = {"app": "app", "migrations": "app/migrations", "seed": "app/seed"}
    shipped = {
        f"{inside[top]}/{path.relative_to(ROOT / top).as_posix()}"
        for top in inside
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }
    info = metadata.removesuffix("METADATA")
    assert {name for name in held if not name.startswith(info)} - {
        "app/site/.gitattributes"
    } == shipped
    assert {f"{info}licenses/LICENSE", f"{info}entry_points.txt"} <= held
    assert wheel.name == f"ai_race_indicators-{__version__}-py3-none-any.whl"

    wanted = set(re.findall(r"^Requires-Dist: (.+)$", text, re.MULTILINE))
    pinned = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert wanted == set(pinned)
    locked = (ROOT / "requirements" / "run.txt").read_text()
    pins = set(re.findall(r"^([a-z0-9-]+==\S+)", locked, re.MULTILINE))
    assert {re.sub(r"\[.*\]", "", requirement) for requirement in wanted} <= pins


def test_it_serves_from_any_folder(installed: Path, scratch: Path) -> None:
    where = "import app, sys; print(app.__file__)"
    found = subprocess.run(
        [str(installed), "-c", where], capture_output=True, text=True, check=True
    ).stdout
    assert Path(found.strip()).is_relative_to(installed.parent.parent)

    with serving(command=[str(installed), "-c", START, "serve"]) as served:
        answer = served.get("/funding?country=US&source=bnn-2024-03-31&kind=total").json()
        assert [row["amount_usd"] for row in answer["data"]] == [31_000_000_000]
        assert served.get("/docs").status_code == 200
        assert served.get("/static/swagger-ui/swagger-ui-bundle.js").status_code == 200
    assert {path.suffix.partition("-")[0] for path in scratch.iterdir()} == {".db"}
    shutil.rmtree(installed.parent.parent)
