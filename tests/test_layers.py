"""The house keeps its order: imports run downward only, files are short, names say something."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.schema import CreateTable

from app.resources.registry import RESOURCES
from app.storage import sums
from tests.support import ROOT

APP = ROOT / "app"
MODULES = sorted(path for path in APP.rglob("*.py"))
OURS = [
    path
    for folder in ("app", "migrations", "tests", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "node_modules" not in path.parts
]
# From the bottom up. Parts of one line do not import each other.
ORDER = (
    ("settings",),
    ("kit",),
    ("storage",),
    ("resources",),
    ("exchange", "analysis"),
    ("site",),
    ("http",),
    ("main",),
    ("serving",),
    ("cli",),
)
LEVEL = {part: level for level, parts in enumerate(ORDER) for part in parts}
LONGEST = 400


def part_of(module: str) -> str:
    """Return the part of the house that a module `app.part.…` belongs to."""
    return module.split(".")[1] if "." in module else ""


def name_of(path: Path) -> str:
    """Return the name by which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("app."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name their module in full"
            module = node.module or ""
            if module == "app":
                yield from (
                    f"app.{alias.name}" for alias in node.names if not alias.name.startswith("__")
                )
            elif module.startswith("app."):
                for alias in node.names:
                    inner = APP.parent.joinpath(*module.split("."), f"{alias.name}.py")
                    yield f"{module}.{alias.name}" if inner.exists() else module


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@each_module
def test_imports_run_downward_only(path: Path) -> None:
    own = part_of(name_of(path))
    if not own:
        assert list(imports_of(path)) == []
        return
    for imported in imports_of(path):
        part = part_of(imported)
        assert part == own or LEVEL[part] < LEVEL[own], f"{name_of(path)} imports {imported}"


def test_every_part_has_its_place() -> None:
    parts = {part_of(name_of(path)) for path in MODULES} - {""}
    assert parts == set(LEVEL)


def test_resources_do_not_import_each_other() -> None:
    single = {resource.fact.__module__ for resource in RESOURCES}
    assert len(single) == len(RESOURCES)
    for path in MODULES:
        if name_of(path) in single:
            assert single.intersection(imports_of(path)) == set(), path


def test_only_the_ledger_writes() -> None:
    """Statements that change rows are made in one module; migrations and checks use none of it.

    Sums are taken up into a table that is temporary, and the only one that module knows.
    """
    known = [value for value in vars(sums).values() if isinstance(value, Table)]
    assert [list(table.metadata.tables) for table in known] == [["sums"]]
    assert all("TEMPORARY" in str(CreateTable(table)) for table in known)
    allowed = {"ledger.py": {"insert", "update", "delete"}, "sums.py": {"insert"}}
    for path in MODULES:
        named = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
            for alias in node.names
        }
        writing = named & {"insert", "update", "delete"}
        assert writing <= allowed.get(path.name, set()), path


BATCHES = "app.storage.batches"
WRITES_BATCHES = {"insert", "update"}
SQL_THAT_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|COPY)\b")
MAY_SAY_IT = {
    "batches.py": "which only the ledger calls to write",
    "guards.py": "whose triggers name what they refuse",
    "migration.py": "whose one row says that somebody migrates",
}


def test_only_the_ledger_has_batches_written() -> None:
    for path in MODULES:
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        called = {
            name
            for node in tree
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.ImportFrom) and node.module == BATCHES
                else [node.attr]
                if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("batches")
                else []
            )
        }
        assert path.name == "ledger.py" or not called & WRITES_BATCHES, path


def test_no_sql_in_a_text_writes_but_where_that_is_meant() -> None:
    saying = {
        path.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and SQL_THAT_WRITES.search(str(node.value))
    }
    assert saying == set(MAY_SAY_IT)


def test_the_lower_parts_know_nothing_of_the_web() -> None:
    for path in MODULES:
        if LEVEL.get(part_of(name_of(path)), 0) >= LEVEL["http"]:
            continue
        text = path.read_text(encoding="utf-8")
        for library in ("fastapi", "starlette", "uvicorn"):
            assert f"import {library}" not in text, path
            assert f"from {library}" not in text, path


@each_module
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_name_says_nothing() -> None:
    empty = {"models", "schemas", "utils", "util", "helpers", "helper", "misc", "core", "common"}
    for path in OURS:
        assert path.stem not in empty, path
        assert not empty.intersection(path.relative_to(ROOT).parts), path


@each_module
def test_the_word_model_never_stands_alone_in_a_class_name(path: Path) -> None:
    """An AI model is an `AIModel`, a table is a `…Record`, a shape is the bare noun."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            assert "Model" not in node.name.replace("AIModel", ""), node.name
