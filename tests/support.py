"""What tests share: finding the components and the files that a machine may not have."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def need(component: str, present: object) -> None:
    """Skip the test where a component is missing; fail it where all must be there."""
    if present:
        return
    if os.environ.get("AIRACE_REQUIRE") == "all":
        pytest.fail(f"{component} is missing, and AIRACE_REQUIRE=all", pytrace=False)
    pytest.skip(f"{component} is missing")


def shared(name: str) -> Path:
    """Return a file that stands beside the project and is not its own, or skip the test."""
    folder = Path(os.environ.get("AIRACE_SHARED", ROOT.parent / "shared"))
    need(f"the file {name} beside the project", (folder / name).is_file())
    return folder / name
