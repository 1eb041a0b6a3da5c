"""Answers to reads: lists and rows, in each format, with what lets others keep them."""

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.analysis.citation import cite, read_publishers
from app.analysis.view import View
from app.http import problems
from app.http.caching import Validator
from app.http.citing import absolute, citation_answer, table_wanted, wanted_citation
from app.http.headers import header_of
from app.http.middleware import RawHeader
from app.http.negotiation import JSON, best_media_type
from app.http.streams import Stream
from app.kit.errors import Fault, NotAllowed
from app.kit.formats import CSV, TABLE_FORMATS, Batches, DoesNotFit, TableFormat
from app.kit.promptly import take_time
from app.kit.queries import UnacceptableValue, UnreadableQuery, plain_name, read_query
from app.kit.tables import Column
from app.resources.changes import ChangeQuery
from app.resources.json_pages import JsonPage, may_be_prompt, read_json_page
from app.resources.queries import DetailQuery, PageQuery
from app.resources.reading import (
    Listing,
    Page,
    Unanswerable,
    pinned_revision,
    read_one,
    read_page,
    table_columns,
)
from app.resources.resource import Resource
from app.resources.results import has_more_rows, read_rows
from app.storage.database import Database, ReadTransaction, Revision

_PARAMETERS_AT_MOST = 100
_CLEAN = ("text without control characters",)
_SAFE = ",:"
_PLAIN = re.compile(r"[A-Za-z0-9_.~,:=&-]*").fullmatch
_ALTERNATES = tuple(
    (f".{table.suffix}", f'>; rel="alternate"; type="{table.media_type}"')
    for table in TABLE_FORMATS
)
Query = TypeVar("Query", bound=BaseModel)
Pairs = list[tuple[str, str]]
Check = Callable[[ReadTransaction, Revision, PageQuery], None]
"""Raises a problem where the data show that there is nothing to list."""


class JsonAnswer(Response):
    """JSON under headers as they leave, but for its length and type."""

    status_code = 200
    background = None

    def __init__(self, content: bytes, headers: list[RawHeader]) -> None:
        self.body = content
        length = (b"content-length", b"%d" % len(content))
        self.raw_headers = [*headers, length, (b"content-type", JSON.encode())]


def link_header(links: Sequence[str]) -> RawHeader:
    """Return the header of links as it leaves."""
    return b"link", ", ".join(links).encode("latin-1")


def list_answer(
    request: Request,
    database: Database,
    listed: Callable[[Any], Listing],
    query_model: type[PageQuery],
    *,
    table: TableFormat | None = None,
    check: Check | None = None,
    title: str | None = None,
    sources: Callable[[Any], Iterable[str]] = lambda _query: (),
) -> Response:
    """Answer a list: a page of JSON, or a table, whole unless `limit` asks for a page of it.

    `listed` gives what a query asks for; `table` is the format that the address asks for:
    without it the Accept header chooses. A list with a `title` says how to cite it, with
    who published the `sources` that a query asks for.
    """
    pairs = parameters(request)
    query = read_parameters(query_model, pairs)
    listing = listed(query)
    table = table or table_wanted(query, header_of(request.scope, b"accept"))
    _be_prompt_or_not(listing, query, table)
    page: JsonPage | Page | None = None
    with database.read() as transaction:
        at = told(lambda: pinned_revision(transaction, listing, query))
        if check:
            check(transaction, at, query)
        stays = transaction.stays(query.as_of) or query.cursor is not None
        validator = Validator.of(request, at, table.media_type if table else JSON, pinned=stays)
        known = validator.is_known_by(header_of(request.scope, b"if-none-match"))
        if known and not may_not_fit(table):
            return validator.unchanged()
        if table is None:
            page = told(lambda: read_json_page(transaction, listing, query, at))
        elif query.limit is not None or query.cursor is not None:
            page = told(lambda: read_page(transaction, listing, query, at))
        elif (most := table.rows_at_most) and has_more_rows(transaction, listing, query, at, most):
            raise problems.does_not_fit(table, f"has more than {most} rows")
        columns = table_columns(transaction, listing, query, at) if table else ()
        publishers = read_publishers(View(transaction, at), sources(query)) if title else []
    path = path_of(request)
    cited: dict[str, Any] = {}
    asked = query_text(pairs)
    # A cursor holds its revision, so that its page stays as it is without `as_of`.
    pinned = located(path, asked) if query.cursor else pinned_address(path, pairs, at, asked)
    if title:
        citation = cite(title, at, absolute(request, pinned), publishers)
        if wanted := wanted_citation(query):
            cited_alone = citation_answer(citation, wanted, validator.headers)
            return validator.unchanged() if known else cited_alone
        cited = {"citation": citation.model_dump()}
    following = None
    rest = query_without(pairs, asked, "cursor")
    if page and page.next_cursor:
        following = located(path, rest, f"cursor={page.next_cursor}")
    links = [f'<{following}>; rel="next"'] if following else []
    links.append(f'<{pinned}>; rel="canonical"')
    if isinstance(page, JsonPage):
        links += alternates(path, rest)
        content = {
            "data": page.rows,
            "meta": {**meta(at), "count": page.count, "total": page.total},
            "links": {"self": located(path, asked), "next": following, "pinned": pinned},
            **cited,
        }
        return JsonAnswer(orjson.dumps(content), [*validator.raw, link_header(links)])
    rows = [[tuple(item.values()) for item in page.items]] if page else None
    batches = rows or read_rows(database, listing, query, at)
    headers = {**validator.headers, "Link": ", ".join(links)}
    answer = table_answer(table or CSV, listing.name, columns, batches, headers)
    return validator.unchanged(instead_of=answer) if known else answer


def _be_prompt_or_not(listing: Listing, query: PageQuery, table: TableFormat | None) -> None:
    """Raise TakesTime where others wait for an answer that is likely to be long."""
    if table or not may_be_prompt(listing, query):
        take_time()


def detail_answer(request: Request, database: Database, resource: Resource, key: str) -> Response:
    """Answer one row, as the list has it, or with where it went under another key."""
    query = read_parameters(DetailQuery, parameters(request))
    best_media_type(header_of(request.scope, b"accept"), [JSON])
    with database.read() as transaction:
        at = told(lambda: revision_asked(transaction, query))
        item = read_one(transaction, resource, key, at)
        moved = None if item else transaction.replacement(resource.ledger, key, at)
        if item is None and moved is None:
            raise _missing(transaction, resource, key, at)
        validator = Validator.of(request, at, JSON, pinned=transaction.stays(query.as_of))
    if moved:
        return _moved(request, f"{resource.path}/{moved}", validator)
    if validator.is_known_by(header_of(request.scope, b"if-none-match")):
        return validator.unchanged()
    root = request.scope["root_path"]
    list_path = f"{root}{resource.path}"
    path = f"{list_path}/{key}"
    content = {
        "data": item,
        "meta": meta(at),
        "links": {"self": path, "history": f"{path}/history", "list": list_path},
    }
    return Response(orjson.dumps(content), headers=validator.headers, media_type=JSON)


def _moved(request: Request, path: str, validator: Validator) -> Response:
    """Lead from a key that was replaced to the one that replaced it, with the same query."""
    location = address(request.scope["root_path"] + path, parameters(request))
    headers = {"Location": location, "Cache-Control": validator.headers["Cache-Control"]}
    return Response(status_code=HTTPStatus.PERMANENT_REDIRECT, headers=headers)


def require_versions(resource: Resource, key: str) -> Check:
    """Return a check that a key ever had a row, which raises the 404 problem."""

    def check(transaction: ReadTransaction, at: Revision, _query: PageQuery) -> None:
        versions = transaction.versions(resource.ledger, at, [key])
        if not transaction.connection.execute(versions.select(["id"]).limit(1)).first():
            raise _missing(transaction, resource, key, at)

    return check


def require_known_past(_transaction: ReadTransaction, at: Revision, query: PageQuery) -> None:
    """Raise the 422 problem where changes are asked for since a revision that is still to come."""
    if isinstance(query, ChangeQuery) and (query.since or 0) > at.id:
        allowed = (f"0 to {at.id}",)
        raise problems.unacceptable_value([Fault("since", "is still to come", allowed)])


def parameters(request: Request) -> Pairs:
    """Return the decoded parameters. Raises the 400 problem where they are garbled."""
    try:
        text = request.scope["query_string"].decode("ascii")
        if _PLAIN(text) and text.count("&") < _PARAMETERS_AT_MOST:
            parts = [part.partition("=") for part in text.split("&") if part]
            return [(name, value) for name, _, value in parts]
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_PARAMETERS_AT_MOST,
        )
    except UnicodeError:
        fault = Fault(None, "is not UTF-8 text in percent-encoding")
        raise problems.unreadable_query([fault]) from None
    except ValueError:
        fault = Fault(None, f"is one of more than {_PARAMETERS_AT_MOST}")
        raise problems.unreadable_query([fault]) from None
    garbled = {name for name, value in pairs if not (name + value).isprintable()}
    if garbled:
        wrong = "has control characters"
        faults = [Fault(plain_name(name), wrong, _CLEAN) for name in sorted(garbled)]
        raise problems.unreadable_query(faults)
    return pairs


def read_parameters(model: type[Query], pairs: Pairs) -> Query:
    """Return the query that parameters make. Raises the 400 or the 422 problem."""
    try:
        return read_query(model, pairs)
    except UnacceptableValue as error:
        raise problems.unacceptable_value(error.faults) from None
    except UnreadableQuery as error:
        raise problems.unreadable_query(error.faults) from None


Answer = TypeVar("Answer")


def told(read: Callable[[], Answer]) -> Answer:
    """Return what is read, or raise the problem of a parameter that the data show to be wrong."""
    try:
        return read()
    except Unanswerable as error:
        raise problems.unacceptable_value([error.fault]) from None


def revision_asked(transaction: ReadTransaction, query: DetailQuery) -> Revision:
    """Return the revision that a query asks for. Raises Unanswerable."""
    try:
        return transaction.revision(query.as_of)
    except NotAllowed as error:
        raise Unanswerable("as_of", error) from None


def _missing(
    transaction: ReadTransaction, resource: Resource, key: str, at: Revision
) -> problems.Problem:
    """Return the 404 problem of a key: never there, not yet there, or there no more."""
    versions = transaction.versions(resource.ledger, transaction.latest, [key])
    spans = transaction.connection.execute(versions.select(["revision", "until"])).all()
    if not spans:
        return problems.not_found(f"{resource.path} has no row of this key")
    ended = [until for _, until in spans if until is not None and until <= at.id]
    if ended:
        detail = f"it was removed by revision {max(ended)}; its history is still there"
    else:
        detail = f"it was added by revision {min(since for since, _ in spans)}, after this one"
    return problems.not_found(detail)


def may_not_fit(table: TableFormat | None) -> bool:
    """Return whether only making a table tells if the format can hold it."""
    return table is not None and table.rows_at_most is not None


def table_answer(
    table: TableFormat,
    name: str,
    columns: Sequence[Column],
    batches: Batches,
    headers: dict[str, str],
) -> Stream:
    """Answer a table as a stream. Raises the 422 problem where the format cannot hold it."""
    filename = f"{name.replace('/', '-')}.{table.suffix}"
    headers["Content-Disposition"] = f'inline; filename="{filename}"'
    pieces = table.write(columns, batches)
    try:
        return Stream(pieces, headers=headers, media_type=table.content_type)
    except DoesNotFit as error:
        raise problems.does_not_fit(table, str(error)) from None


def path_of(request: Request) -> str:
    """Return the path that was asked for, as it is from outside."""
    root: str = request.scope["root_path"]
    path: str = request.scope["path"]
    return root + path.removeprefix(root)


def alternates(path: str, query: str) -> list[str]:
    """Return the links to the same answer in the other formats; the query is encoded already."""
    query = located("", query)
    return [f"<{path}{suffix}{query}{ending}" for suffix, ending in _ALTERNATES]


def meta(at: Revision) -> dict[str, Any]:
    """Return what an answer says of the revision that it is read at."""
    return {"revision": at.id, "recorded_at": at.recorded_at}


def pinned_address(path: str, pairs: Pairs, at: Revision, asked: str) -> str:
    """Return the address of an answer that stays as it is at a revision."""
    return located(path, query_without(pairs, asked, "as_of", "citation"), f"as_of={at.id}")


def without(pairs: Pairs, *names: str) -> Pairs:
    """Return the parameters but for some."""
    return [pair for pair in pairs if pair[0] not in names]


def query_without(pairs: Pairs, asked: str, *names: str) -> str:
    """Return parameters but for some encoded as in an address; all of them are so in `asked`."""
    kept = without(pairs, *names)
    return asked if len(kept) == len(pairs) else query_text(kept)


def address(path: str, pairs: Pairs) -> str:
    """Return the address of a path with parameters."""
    return located(path, query_text(pairs))


def located(path: str, *queries: str) -> str:
    """Return the address of a path with parameters that are encoded already."""
    query = "&".join(filter(None, queries))
    return f"{path}?{query}" if query else path


def query_text(pairs: Pairs) -> str:
    """Return parameters encoded as in an address."""
    plain = "&".join([f"{name}={value}" for name, value in pairs])
    is_plain = _PLAIN(plain) and plain.count("=") == len(pairs) == plain.count("&") + 1
    return plain if is_plain else urlencode(pairs, safe=_SAFE)
