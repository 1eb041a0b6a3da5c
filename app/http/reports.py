"""Answers that are worked out: one report in JSON, or its rows as a table, with a citation."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.analysis.citation import cite, read_publishers
from app.analysis.indicators import indicators
from app.analysis.view import View
from app.http.answers import (
    alternates,
    located,
    may_not_fit,
    meta,
    parameters,
    path_of,
    pinned_address,
    query_text,
    read_parameters,
    revision_asked,
    table_answer,
    told,
)
from app.http.caching import Validator
from app.http.citing import absolute, citation_answer, table_wanted, wanted_citation
from app.http.headers import header_of
from app.http.negotiation import JSON
from app.http.problems import Problem
from app.kit.formats import TableFormat
from app.kit.tables import Column
from app.resources.queries import DetailQuery
from app.resources.reading import Item
from app.storage.database import Database, ReadTransaction, Revision

Query = TypeVar("Query", bound=DetailQuery)


@dataclass(frozen=True)
class Report(Generic[Query]):
    """A kind of report: what may be asked, how it is worked out, and its rows as a table."""

    name: str
    title: Callable[[Any], str]
    """What a citation calls it."""

    query: type[Query]
    read: Callable[[ReadTransaction, Revision, Query], BaseModel]
    columns: Callable[[Any], Sequence[Column]]
    rows: Callable[[Any], list[Item]]
    sources: Callable[[Any], Iterable[str]] = lambda _found: ()
    """Whose figures it is made of, for its citation."""

    countries_from: Callable[[Any], Iterable[str]] = lambda _found: ()
    """Who else says for which countries AI models count in it, for its citation."""

    check: Callable[[ReadTransaction, Revision, Query], object] | None = None
    """Raises whatever reading raises, at little cost; None where only reading can tell."""


def report_answer(
    request: Request, database: Database, report: Report[Query], table: TableFormat | None
) -> Response:
    """Answer a report. `table` is the format that the address asks for, if it asks for one."""
    pairs = parameters(request)
    try:
        query = read_parameters(report.query, pairs)
    except Problem as problem:
        with database.read() as transaction:
            raise _naming_indicators(problem, transaction) from None
    table = table or table_wanted(query, header_of(request.scope, b"accept"))
    with database.read() as transaction:
        at = told(lambda: revision_asked(transaction, query))
        media_type = table.media_type if table else JSON
        validator = Validator.of(request, at, media_type, pinned=transaction.stays(query.as_of))
        known = validator.is_known_by(header_of(request.scope, b"if-none-match"))
        if known and report.check and not may_not_fit(table):
            check = report.check
            told(lambda: check(transaction, at, query))
            return validator.unchanged()
        found = told(lambda: report.read(transaction, at, query))
        is_cited = table is None or wanted_citation(query)
        publishers, of_countries = (
            read_publishers(View(transaction, at), named(found) if is_cited else ())
            for named in (report.sources, report.countries_from)
        )
        of_countries = [name for name in of_countries if name not in publishers]
    path, asked = path_of(request), query_text(pairs)
    pinned = pinned_address(path, pairs, at, asked)
    headers = {**validator.headers, "Link": f'<{pinned}>; rel="canonical"'}
    if table and not wanted_citation(query):
        columns = report.columns(found)
        rows = [tuple(row[column.name] for column in columns) for row in report.rows(found)]
        answer = table_answer(table, report.name, columns, [rows], headers)
        return validator.unchanged(instead_of=answer) if known else answer
    if known:
        return validator.unchanged()
    citation = cite(report.title(found), at, absolute(request, pinned), publishers, of_countries)
    if wanted := wanted_citation(query):
        return citation_answer(citation, wanted, headers)
    headers["Link"] = ", ".join((headers["Link"], *alternates(path, asked)))
    content = {
        "data": found.model_dump(),
        "meta": meta(at),
        "links": {"self": located(path, asked), "pinned": pinned},
        "citation": citation.model_dump(),
    }
    return Response(orjson.dumps(content), headers=headers, media_type=JSON)


def _naming_indicators(problem: Problem, transaction: ReadTransaction) -> Problem:
    """Return a problem of a query; where it lacks an indicator, with those that there are."""
    if ("indicator", ()) in [(fault.name, fault.allowed) for fault in problem.faults]:
        known = tuple(indicators(View(transaction, transaction.latest)))
        problem.faults = [
            replace(fault, allowed=known) if fault.name == "indicator" else fault
            for fault in problem.faults
        ]
    return problem
