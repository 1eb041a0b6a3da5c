"""The least that can be done for a page: `by_hand.py PORT FILE`, the SQLite file of the table.

uvicorn, one SQL statement through the driver on a connection that is held, which makes JSON of the
rows, and the two messages of an answer. No parameter is checked, nothing is linked, nobody can keep
the answer, a query that lasts holds up everybody. So it shows what is left to be won, and no way to
serve.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite
import uvicorn

PORT, FILE = int(sys.argv[1]), sys.argv[2]
COLUMNS: Final = (
    *("id", "kind", "country", "company", "round_type", "period", "amount_usd"),
    *("amount", "currency", "qualifier", "source", "locator"),
)
_SHOWN = ", ".join(f"'{name}', {name}" for name in COLUMNS)
PAGE: Final = (
    f"SELECT json_object({_SHOWN}) FROM funding "  # noqa: S608  (our names)
    "WHERE country = ? AND +amount_usd >= ? ORDER BY id LIMIT 50"
)
"""`+` has the rows found by the index of country and key, and the amount looked at in each."""

Message = dict[str, Any]
connection = sqlite.connect(FILE, isolation_level=None)


async def app(scope: Message, _receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
    """Answer `?country=C&min_amount_usd=A` and nothing else."""
    if scope["type"] != "http":
        return
    country, amount = (part.partition("=")[2] for part in scope["query_string"].decode().split("&"))
    rows = connection.execute(PAGE, (country, int(amount))).fetchall()
    body = b'{"data":[' + ",".join([row for (row,) in rows]).encode() + b"]}"
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=PORT,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
