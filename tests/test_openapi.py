"""The OpenAPI document is whole, true and valid: what it describes is what is served."""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from starlette.testclient import TestClient

from app.http import answers
from app.kit.formats import PARQUET, XLSX
from app.main import create_app
from app.resources.registry import RESOURCES
from app.settings import Settings
from app.storage.database import Database
from tests.answering import ANEW, SUFFIXES
from tests.conftest import Templates
from tests.ledger_rows import row_of, write
from tests.support import ROOT, need

Schema = dict[str, Any]
# A cursor is good for one list at one revision: an example of it would fail whoever tries it.
WITHOUT_EXAMPLE = {"cursor"}

# What the packs that ship have no rows of, or not under the word that all resources share.
NOT_IN_THE_PACKS = {
    "countries": {"q"},
    "companies": {"q"},
    "models": {
        f"{end}_{of}" for end in ("min", "max") for of in ("parameters", "training_compute_flop")
    },
    "funding": {"round_type", "price_base", "licence"},
    "adoption": {"company", "scope", "original_source"},
    "statistics": {"scope", "original_source", "licence"},
}


REPLACED = "a-key-that-was-replaced"


@pytest.fixture(scope="module")
def offline(sqlite_templates: Templates) -> Iterator[TestClient]:
    """A client of the packs that ship, and of one row a resource whose key was replaced."""
    settings = Settings(database_url=sqlite_templates.seeded())
    database = Database(settings.database_url)
    for resource in RESOURCES:
        row = row_of(database, resource, resource.example)
        assert row, f"no pack of seed/ has the example of {resource.many}, {resource.example}"
        write(database, {resource: [{**row, "id": REPLACED}]})
        with database.write(author="tests", message="another key") as writing:
            writing.rename(resource.ledger, REPLACED, "another-key")
    database.close()
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def document(offline: TestClient) -> Schema:
    """The document as it is served."""
    found: Schema = offline.get("/openapi.json").json()
    return found


def operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield each address with its operation; there are no others than GET."""
    for path, item in document["paths"].items():
        assert set(item) == {"get"}
        yield path, item["get"]


def value_of(parameter: Schema) -> str:
    """Return the example of a parameter as it stands in an address."""
    (example, *_) = parameter["schema"]["examples"]
    return ",".join(example) if isinstance(example, list) else str(example)


def address_of(path: str, operation: Schema, **query: str) -> str:
    """Return an address with the example of each part of the path, and of what it must ask."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(value_of(parameter)))
        elif parameter["required"]:
            query.setdefault(parameter["name"], value_of(parameter))
    return f"{path}?{urlencode(query)}" if query else path


def test_it_keeps_to_the_specification(document: Schema) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_it_describes_every_address_that_answers(document: Schema, offline: TestClient) -> None:
    app: Any = offline.app
    plain = {"/openapi.json", "/docs", "/static/{path:path}"}  # the document and its page
    served = {path for route in app.routes for path in _paths(route)}
    assert served - plain == set(document["paths"])


def test_the_map_leads_to_every_address_that_is_no_part_of_another(
    document: Schema, offline: TestClient
) -> None:
    map_ = offline.get("/").json()
    linked = [*map_["links"].values(), *(entry["url"] for entry in map_["resources"])]
    led = {link.split("?")[0].replace("funding-amount", "{indicator}") for link in linked}
    others = ("/", "{id}", "/history", *SUFFIXES, ".png", ".vl.json")
    whole = {path for path in document["paths"] if not path.endswith(others)}
    assert whole == led - {"/docs", "/openapi.json"}


def _paths(route: Any) -> list[str]:
    if hasattr(route, "path"):
        return [route.path]
    return [path for inner in route.original_router.routes for path in _paths(inner)]


def test_every_operation_has_a_name_a_tag_a_summary_and_a_description(document: Schema) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    for path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"].endswith("."), path
        assert len(operation["tags"]) == 1
        assert tags[operation["tags"][0]]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), path
    ids = Counter(operation["operationId"] for _, operation in operations(document))
    assert [name for name, times in ids.items() if times > 1] == []


def test_operation_names_follow_from_the_resources(document: Schema) -> None:
    names = {path: operation["operationId"] for path, operation in operations(document)}
    for resource in RESOURCES:
        one, path = resource.operation, resource.path
        assert names[path] == f"list_{resource.many}"
        assert names[f"{path}/{{id}}"] == f"get_{one}"
        assert names[f"{path}/{{id}}/history"] == f"list_{one}_history"
        for listed in (path, f"{path}/{{id}}/history"):
            for suffix in SUFFIXES:
                assert names[f"{listed}.{suffix}"] == f"{names[listed]}_{suffix}"
    # Clients that were generated have methods of these names: they outlast better words.
    known = {names[f"{resource.path}/{{id}}"] for resource in RESOURCES}
    assert known >= {"get_funding", "get_model", "get_adoption_figure", "get_company"}


def test_every_parameter_has_a_description_and_an_example(document: Schema) -> None:
    for path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            place = (path, parameter["name"])
            assert parameter["description"].endswith("."), place
            has_example = bool(parameter["schema"].get("examples"))
            assert has_example == (parameter["name"] not in WITHOUT_EXAMPLE), place


def test_every_property_has_a_description_and_an_example(document: Schema) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for key, described in schema.get("properties", {}).items():
            place = f"{name}.{key}"
            assert described.get("description", "").endswith("."), place
            # What only holds other shapes has its examples in them.
            holds_shapes = "$ref" in json.dumps(described)
            assert "examples" in described or holds_shapes, place


def test_what_is_always_there_is_required(document: Schema) -> None:
    schemas = document["components"]["schemas"]
    for resource in RESOURCES:
        shape = schemas[resource.item.__name__]
        assert shape["required"] == list(shape["properties"]) == list(resource.columns)
    assert not schemas["FundingColumns"].get("required")


def examples(path: str, operation: Schema) -> dict[str, str]:
    """Return the examples of the parameters of an operation."""
    asked = {
        parameter["name"]: value_of(parameter)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter["name"] not in WITHOUT_EXAMPLE
    }
    # The row need not be there at the first revision.
    return asked | ({"as_of": "2"} if "{id}" in path else {})


def test_every_example_is_answered(document: Schema, offline: TestClient) -> None:
    tried = 0
    for path, operation in operations(document):
        # One by one as JSON and as one table: the other tables read the same rows the same way.
        is_table = path.endswith(tuple(SUFFIXES)) and not path.endswith(".csv")
        for name, value in () if is_table else examples(path, operation).items():
            answer = offline.get(address_of(path, operation, **{name: value}))
            assert answer.status_code == 200, (path, name, answer.text)
            tried += 1
    assert tried > 100


def test_all_examples_are_answered_together(document: Schema, client: TestClient) -> None:
    for path, operation in operations(document):
        assert client.get(address_of(path, operation)).status_code == 200, path
        together = client.get(address_of(path, operation, **examples(path, operation)))
        assert together.status_code == 200, (path, together.text)


def test_every_filter_example_finds_something(client: TestClient, document: Schema) -> None:
    """An example that a reader tries shows rows, where the packs that ship have any to show."""
    for resource in RESOURCES:
        operation = document["paths"][resource.path]["get"]
        for parameter in operation["parameters"]:
            name = parameter["name"]
            if name not in resource.filters.model_fields:
                continue
            if name in NOT_IN_THE_PACKS.get(resource.many, ()):
                continue
            found = client.get(resource.path, params={name: value_of(parameter)}).json()["data"]
            assert found, (resource.many, name)


# Statuses


def _provoke(status: int, client: TestClient, path: str, operation: Schema) -> httpx2.Response:
    """Ask so that an operation answers with a status, if it ever does."""
    plain = address_of(path, operation)
    missing = re.sub(r"\{\w+\}", "no-such-key", path)
    asked: dict[int, tuple[str, str, dict[str, str]]] = {
        308: ("GET", re.sub(r"\{\w+\}", REPLACED, path), {}),
        304: ("GET", plain, {"If-None-Match": "*"}),
        400: ("GET", address_of(path, operation, no_such_parameter="1"), {}),
        404: ("GET", missing, {}),
        405: ("POST", plain, {}),
        406: ("GET", plain, {"Accept": "image/png"}),
        412: ("GET", plain, {"If-Match": '"x"'}),
        413: ("GET", plain, {"Content-Length": "9" * 9}),
        414: ("GET", address_of(path, operation, q="x" * 9_000), {}),
        422: ("GET", address_of(path, operation, as_of="99"), {}),
    }
    method, address, headers = asked.get(status, ("GET", plain, {}))
    return client.request(method, address, headers=headers, follow_redirects=False)


def test_every_status_that_is_documented_is_answered(
    document: Schema, offline: TestClient, tmp_path: Path
) -> None:
    nowhere = create_app(Settings(database_url=f"sqlite:///{tmp_path}/nowhere/no.db"))
    with TestClient(nowhere, raise_server_exceptions=False) as unreachable:
        for path, operation in operations(document):
            # Whatever fails in a way nobody foresaw is a 500, on every address alike; and a head
            # that is too large is refused where requests are read.
            for documented in set(operation["responses"]) - {"431", "500"}:
                status = int(documented)
                client = unreachable if status == 503 else offline
                answer = _provoke(status, client, path, operation)
                assert answer.status_code == status, (path, status, answer.text)
                content = operation["responses"][documented].get("content", {})
                media_type = answer.headers.get("content-type", "").split(";")[0]
                assert media_type in content or not content, (path, status)


def test_no_other_status_is_answered(document: Schema, offline: TestClient) -> None:
    tried = (304, 308, 400, 404, 405, 406, 412, 413, 414, 422, 200)
    for path, operation in operations(document):
        for status in tried:
            answer = _provoke(status, offline, path, operation)
            assert str(answer.status_code) in operation["responses"], (path, status)


def test_a_fault_of_ours_is_documented(
    document: Schema, offline: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(answers, "parameters", fail)
    assert offline.get("/funding", headers=ANEW).status_code == 500
    assert all("500" in operation["responses"] for _, operation in operations(document))


# Headers and media types


def test_the_headers_that_are_documented_are_sent(document: Schema, offline: TestClient) -> None:
    for path, operation in operations(document):
        documented = operation["responses"]["200"]["headers"]
        answer = offline.get(address_of(path, operation))
        sent = {
            name for name in ("ETag", "Cache-Control", "Link", "Vary") if name in answer.headers
        }
        assert sent <= set(documented), path
        assert ("ETag" in documented) == ("ETag" in sent), path
        assert set(documented) == sent, path
        paged = any(parameter["name"] == "limit" for parameter in operation.get("parameters", []))
        if not (path.endswith(tuple(SUFFIXES)) and paged):
            continue
        first = address_of(path, operation, limit="1")
        plain, _, asked = first.partition("?")
        has_next = offline.get(f"{plain.rpartition('.')[0]}?{asked}").json()["links"]["next"]
        assert ("next" in offline.get(first).links) == bool(has_next), path


def test_what_is_json_is_documented_as_it_is(document: Schema, offline: TestClient) -> None:
    kinds: dict[type, str] = {dict: "object", list: "array", str: "string"}
    for path, operation in operations(document):
        content = operation["responses"]["200"]["content"]
        if "type" in (schema := content.get("application/json", {}).get("schema", {})):
            found = offline.get(address_of(path, operation)).json()
            assert kinds[type(found)] == schema["type"], path


def test_what_is_bytes_is_not_documented_as_text(document: Schema) -> None:
    schemas = {
        media_type: content["schema"]
        for _, operation in operations(document)
        for media_type, content in operation["responses"]["200"]["content"].items()
    }
    for media_type in (PARQUET.media_type, XLSX.media_type, "image/png", "application/zip"):
        assert schemas[media_type] == {"contentMediaType": media_type}
    for media_type in ("text/csv", "application/x-ndjson", "image/svg+xml"):
        assert schemas[media_type] == {"type": "string"}


# Linters


@pytest.fixture(scope="module")
def written(document: Schema, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as a file, alone in a folder."""
    file = tmp_path_factory.mktemp("openapi") / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _lint(tool: str, *arguments: str, file: Path) -> None:
    default = ROOT / "tests" / "tools" / "node_modules" / ".bin"
    program = Path(os.environ.get("AIRACE_NODE_TOOLS", default)) / tool
    need(f"{tool} (npm ci --prefix tests/tools)", program.exists())
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "1"}
    done = subprocess.run(
        [program, "lint", *arguments, file.name],
        cwd=file.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_redocly_finds_no_error(written: Path) -> None:
    _lint("redocly", "--extends=recommended", file=written)


def test_spectral_finds_no_error(written: Path) -> None:
    (written.parent / ".spectral.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    _lint("spectral", "--fail-severity=error", "--ruleset=.spectral.yaml", file=written)
