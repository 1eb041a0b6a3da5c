"""What tests of answers share: the addresses, the shape of errors, servers in this process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.http.connections import Connection
from app.http.early_answers import early_answers
from app.kit.formats import TABLE_FORMATS
from app.resources.registry import RESOURCES

MARK = "zzmarkerzz"
ANEW = {"Authorization": "Bearer x"}
"""The headers of a request that is never answered from the cache."""

SUFFIXES = [table.suffix for table in TABLE_FORMATS]
ADDRESSES = [
    *(resource.path for resource in RESOURCES),
    *(f"{resource.path}.{suffix}" for resource in RESOURCES for suffix in SUFFIXES),
    *(f"{resource.path}/{resource.example}" for resource in RESOURCES),
    *(f"{resource.path}/{resource.example}/history" for resource in RESOURCES),
    *("/revisions", "/revisions.csv", "/changes", "/changes.ndjson", "/changes.parquet"),
    *("/race", "/race.xlsx", "/observations.parquet", "/export.zip"),
    *("/checks", "/checks.csv"),
    *("/", "/health", "/ready", "/openapi.json", "/docs", "/static/site.css"),
]
CACHED = [address for address in ADDRESSES if address not in {"/health", "/ready"}]
DATA = [address for address in CACHED if not address.startswith(("/openapi", "/docs", "/static"))]


def is_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """Prove that an answer is a problem of the one shape that errors have, and return it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    problem: dict[str, Any] = answer.json()
    assert list(problem) == ["type", "title", "status", "detail", "errors"]
    assert problem["type"].startswith("urn:airace:problem:")
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    for error in problem["errors"]:
        assert list(error) == ["parameter", "detail", "allowed", "nearest"]
        assert isinstance(error["allowed"], list)
    for leak in (MARK, "SELECT", "sqlite", "psycopg", "Traceback", "/app/", ".py", ".db"):
        assert leak not in answer.text, leak
    return problem


@contextmanager
def serving(app: FastAPI, *, early: bool = True, silence: int = 60) -> Iterator[str]:
    """Serve an application by uvicorn on a free port, as we do; yield its base URL.

    A connection is closed after so many seconds of `silence`: not the five of uvicorn, as a test
    on a slow machine may be silent for longer than that.
    """
    http = early_answers(app.state.cache, app.state.at_once) if early else Connection
    config = uvicorn.Config(
        app,
        http=http,
        ws="none",
        log_level="critical",
        access_log=False,
        timeout_keep_alive=silence,
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextmanager
def client_of(app: FastAPI) -> Iterator[TestClient]:
    """Yield a client of an application that answers its own faults."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
