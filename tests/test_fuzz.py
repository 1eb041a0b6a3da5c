"""Generated requests, right and wrong: no fault of ours, no answer that the document leaves out.

`AIRACE_FUZZ_CASES=5000` tries that many on each database; the default is a short form.

Checks that are left out: `positive_data_acceptance`, because a period, a country, a cursor or an
instant that its schema allows as text need not exist; `unsupported_method` and
`allow_header_conformance`, which `test_contract` tries on every address; those on bodies,
credentials, required headers and resources that requests create, because there are none here.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import Templates

CASES = int(os.environ.get("AIRACE_FUZZ_CASES", "200"))
LONG = "AIRACE_FUZZ_CASES" in os.environ
schemathesis.checks.load_all_checks()


def what_is_wrong_is_refused(context: Any, answer: Any, case: Any) -> bool | None:
    """Check it, unless a wrong value, such as `{}`, was lost on its way into the address."""
    sent = parse_qs(urlsplit(answer.request.url).query, keep_blank_values=True)
    if set(case.query or ()) - set(sent):
        return None
    accepted: bool | None = checks.negative_data_rejection(context, answer, case)
    return accepted


CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    what_is_wrong_is_refused,
]

# What is wrong may also be too long.
REFUSED = [400, 404, 414, 422]
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
)


@pytest.fixture(scope="module")
def app(templates: Templates) -> Iterator[FastAPI]:
    """The application over the packs that ship."""
    app = create_app(Settings(database_url=templates.seeded()))
    with TestClient(app):
        yield app


def cases_of(operation: Any) -> st.SearchStrategy[Any]:
    """Return requests of an operation: as the document says, and as it says they may not be."""
    right: st.SearchStrategy[Any] = operation.as_strategy(GenerationMode.POSITIVE)
    if not operation.query and not operation.path_parameters:
        return right
    return st.one_of(right, operation.as_strategy(GenerationMode.NEGATIVE))


def rounds(operations: list[Any]) -> Iterator[tuple[Any, int]]:
    """Yield operations with the cases to try, those with parameters again if any are left."""
    share = -(-CASES // len(operations))
    yield from ((operation, share) for operation in operations)
    while True:
        yield from ((operation, share) for operation in operations if operation.query)


@pytest.mark.timeout(0 if LONG else 300)
def test_no_request_finds_a_fault_or_an_answer_that_is_not_documented(
    app: FastAPI, record_property: Any
) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=CONFIG)
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    tried: Counter[int] = Counter()
    strategies: dict[str, st.SearchStrategy[Any]] = {}
    for operation, share in rounds(operations):
        if tried.total() >= CASES:
            break
        cases = strategies.setdefault(operation.label, cases_of(operation))

        @settings(
            max_examples=share,
            database=None,
            derandomize=not LONG,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def try_case(case: Any) -> None:
            answer = case.call_and_validate(checks=CHECKS)
            tried[int(answer.status_code)] += 1

        try_case()
    record_property("cases", tried.total())
    print(f"{tried.total()} cases: {dict(sorted(tried.items()))}")  # noqa: T201  (shown by -s)
    assert tried[200] > CASES // 20
    assert tried[400] + tried[422] > CASES // 20
