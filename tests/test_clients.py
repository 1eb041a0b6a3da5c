"""What people read the service with: pandas, and a client made from the OpenAPI document."""

import importlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.api import types

from app.kit.formats import CSV, PARQUET, XLSX
from app.kit.tables import Column, Kind
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from tests.support import need


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.many)
def test_pandas_reads_each_table_with_types_that_can_be_used(
    live_server: str, resource: Resource
) -> None:
    address = f"{live_server}{resource.path}"
    table = pd.read_csv(f"{address}.csv")
    assert list(table.columns) == list(resource.columns)
    lines = pd.read_json(f"{address}.ndjson", lines=True, dtype=False)
    assert list(lines["id"]) == list(table["id"].fillna("NA"))
    for name, shown in table.items():
        given = [value for value in lines[name] if isinstance(value, int | float | str)]
        given = [value for value in given if not pd.isna(value)]
        if any(isinstance(value, int | float) for value in given):
            assert types.is_numeric_dtype(shown), name
            assert list(shown.dropna()) == given
        elif any(not str(value).isdigit() for value in given):
            assert types.is_string_dtype(shown), name


def test_pandas_reads_large_numbers_beside_empty_cells() -> None:
    columns = [Column("id", Kind.TEXT), Column("flop", Kind.NUMBER)]
    given = [("a", 1e19), ("b", None), ("c", 5e25)]
    found = pd.read_csv(io.BytesIO(b"".join(CSV.write(columns, [given]))))["flop"]
    assert str(found.dtype) == "float64"
    assert found.max() == 5e25
    excel = pd.read_excel(io.BytesIO(b"".join(XLSX.write(columns, [given[:2]]))), engine="calamine")
    assert str(excel["flop"].dtype) == "object", "so that the README no longer warns of XLSX"


def test_pandas_adds_up_what_a_country_took_in(live_server: str) -> None:
    address = f"{live_server}/funding.csv?country=US,CN&source=bnn-2024-03-31&kind=total"
    table = pd.read_csv(address)
    assert types.is_integer_dtype(table["amount_usd"])
    assert types.is_integer_dtype(table["deals"])
    years = table.set_index(["country", "period"])["amount_usd"]
    assert years["US", 2023] == 31_000_000_000
    assert years["CN", 2022] + years["CN", 2023] == 7_500_000_000
    days = pd.to_datetime(table["period_first_day"])
    assert days.dt.year.tolist() == table["period"].tolist()


def test_pandas_reads_a_table_without_rows(live_server: str) -> None:
    table = pd.read_csv(f"{live_server}/funding.csv?country=AQ")
    assert len(table) == 0
    assert "amount_usd" in table.columns


def test_a_generated_client_lists_funding(
    live_server: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Path(sys.executable).parent / "openapi-python-client"
    need("openapi-python-client", generator.exists())
    # What it does not know as a type of JSON or text it shall hand over as bytes.
    pictures = ("image/png", "image/svg+xml", "application/vnd.vegalite.v6+json")
    tables = ("application/x-ndjson", PARQUET.media_type, XLSX.media_type, "application/zip")
    others = dict.fromkeys((*tables, *pictures), "application/octet-stream")
    config = {
        "post_hooks": [],
        "content_type_overrides": others,
        "literal_enums": True,
        "http_timeout": 60,  # and not its five seconds, which a slow machine may need
    }
    (scratch / "config.yml").write_text(json.dumps(config), encoding="utf-8")
    options = {"--meta": "none", "--config": "config.yml", "--output-path": "race_client"}
    command = [str(generator), "generate", "--url", f"{live_server}/openapi.json"]
    for pair in options.items():
        command += pair
    made = subprocess.run(
        [*command, "--fail-on-warning"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(scratch))
    race_client = importlib.import_module("race_client")
    list_funding, get_funding = (
        importlib.import_module(f"race_client.api.funding.{name}_funding")
        for name in ("list", "get")
    )
    with race_client.Client(base_url=live_server) as client:
        page: Any = list_funding.sync(client=client, country=["US"], sort=["-amount_usd"], limit=5)
        one: Any = get_funding.sync(client=client, id="us-2023-generative-ai-bnn")
        missing: Any = get_funding.sync(client=client, id="no-such-key")
    assert [row.country for row in page.data] == ["US"] * 5
    assert page.data[0].amount_usd == 109_100_000_000
    assert page.meta.revision == 2
    assert (one.data.amount_usd, one.data.deals) == (31_000_000_000, 1151)
    assert missing.status == 404
