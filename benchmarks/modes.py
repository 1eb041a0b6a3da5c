"""What is asked of which server, and what is to be reached. A new way to measure is one entry."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

from benchmarks.servers import Place, Running
from benchmarks.shared import COUNTRIES
from benchmarks.tables import FIRST_NUMBER, TOTALS

COLUMNS: Final = (
    *("id", "kind", "country", "company", "round_type", "period", "amount_usd"),
    *("amount", "currency", "qualifier", "source", "locator"),
)
PAGE_SIZE: Final = 50
SLICE: Final = 50_000
"""How many requests are prepared for each time that a server is driven with requests that differ:
more than it can answer meanwhile, so that none comes twice."""

Addresses = Callable[[int, int], list[str]]
"""Some addresses, from a number on: requests of the same number ask the same of every server."""


@dataclass(frozen=True)
class Target:
    """What the rate of a mode is to be, as a ratio to that of another."""

    of: str
    at_least: float = 0.0
    as_long_at_most: float = 0.0
    """Where times are compared and not rates: how many times as long it may take."""


@dataclass(frozen=True)
class Mode:
    """A row of the table: a server, and what it is asked."""

    key: str
    name: str
    server: str
    addresses: Addresses
    repeated: bool = False
    headers: Callable[[Running, str], Mapping[str, str]] = lambda _running, _address: {}
    targets: tuple[Target, ...] = field(default=())
    workers: int = 1


def _filtered(template: str) -> Addresses:
    """Return addresses with another country and another least amount each."""

    def addresses(first: int, count: int) -> list[str]:
        return [
            template.format(country=COUNTRIES[n % len(COUNTRIES)], amount=100_000 + 20 * n)
            for n in range(first, first + count)
        ]

    return addresses


OURS: Final = "/funding?country={country}&min_amount_usd={amount}&fields=" + ",".join(COLUMNS)
PEER: Final = "/funding?country={country}&min_amount_usd={amount}"
DATASETTE: Final = (
    "/tables/funding.json?country__exact={country}&amount_usd__gte={amount}&_sort=id&_size=50"
    "&_shape=array&_nocount=1&_nofacet=1&_nosuggest=1&" + "&".join(f"_col={n}" for n in COLUMNS)
)

ours_filtered = _filtered(OURS)


def _known(running: Running, address: str) -> Mapping[str, str]:
    """Return what a client sends that has the answer already."""
    return {"If-None-Match": running.header(address, "ETag")}


def paged(running: Running, rows: int) -> dict[str, Addresses]:
    """Return the addresses of first pages, and of pages in the middle, each after another row.

    A cursor names the row that it goes on after. These are a cursor of the list with other keys in
    it, which spares turning half a million rows' pages. The keys lie between those of two rows.
    """
    address = f"/funding?fields={','.join(COLUMNS)}"
    _, body = running.get(address)
    cursor = orjson.loads(body)["links"]["next"].partition("cursor=")[2].partition("&")[0]
    tied = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[:2]

    first_round = FIRST_NUMBER + min(TOTALS, rows // 10)

    def after(row: int, another: int) -> str:
        key = f"round-{first_round + row}-{another}"
        place = urlsafe_b64encode(orjson.dumps([*tied, key])).rstrip(b"=").decode()
        return f"{address}&cursor={place}"

    def pages(start: int) -> Addresses:
        return lambda first, count: [
            after(start + n % (rows // 4), n) for n in range(first, first + count)
        ]

    return {"first_pages": pages(0), "middle_pages": pages(rows // 2)}


def middle_page(rows: int) -> str:
    """Return which page the middle of a table is, in words."""
    return f"{rows // 2 // PAGE_SIZE:,}"


def modes(rows: int, pages: Mapping[str, Addresses], place: Place) -> tuple[Mode, ...]:
    """Return all that is measured by load over tables of so many rows."""
    never = (Target("bare", 0.15), Target("orm", 12), Target("datasette", 10))
    on_postgresql = (
        Mode("orm_postgresql", "FastAPI + ORM, PostgreSQL", "orm_postgresql", _filtered(PEER)),
        Mode(
            "ours_postgresql",
            "ours, never repeated, PostgreSQL",
            "ours_postgresql",
            ours_filtered,
            targets=(Target("orm_postgresql", 5),),
        ),
        Mode(
            "ours_postgresql_repeated",
            "ours, repeated, PostgreSQL",
            "ours_postgresql",
            ours_filtered,
            repeated=True,
        ),
    )
    return (
        Mode("bare", "bare uvicorn, constant bytes", "bare", ours_filtered, repeated=True),
        Mode("nginx", "nginx, static file", "nginx", ours_filtered, repeated=True),
        Mode(
            "ours_repeated",
            "ours, repeated",
            "ours",
            ours_filtered,
            repeated=True,
            targets=(Target("bare", 0.9), Target("nginx", 1.0)),
        ),
        Mode(
            "ours_known",
            "ours, repeated with If-None-Match (304)",
            "ours",
            ours_filtered,
            repeated=True,
            headers=_known,
            targets=(Target("bare", 1.0),),
        ),
        Mode("ours_never", "ours, never repeated", "ours", ours_filtered, targets=never),
        Mode("by_hand", "one SQL statement by hand, nothing checked", "by_hand", _filtered(PEER)),
        Mode("orm", "FastAPI + ORM + response model", "orm", _filtered(PEER)),
        Mode("datasette", "Datasette", "datasette", _filtered(DATASETTE)),
        Mode("django", "Django REST framework", "django", _filtered(PEER)),
        Mode("first_pages", "ours, page 1 (by cursor)", "ours", pages["first_pages"]),
        Mode(
            "middle_pages",
            f"ours, page {middle_page(rows)} (by cursor)",
            "ours",
            pages["middle_pages"],
            targets=(Target("first_pages", as_long_at_most=1.2),),
        ),
        Mode(
            "two_workers",
            "ours, never repeated, two workers",
            "ours",
            ours_filtered,
            targets=(Target("ours_never", 1.8),),
            workers=2,
        ),
        Mode(
            "two_bare",
            "bare uvicorn, two workers",
            "bare",
            ours_filtered,
            repeated=True,
            workers=2,
        ),
        *(on_postgresql if place.postgresql else ()),
    )
