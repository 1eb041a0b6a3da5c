"""Rows for tests of the ledger, as short as they can be, and reading back what was written."""

from collections.abc import Iterable, Mapping
from typing import Any

import app.resources.registry  # noqa: F401  (a process of its own needs the tables referred to)
from app.kit.queries import read_query
from app.resources.adoption import ADOPTION, AdoptionFact
from app.resources.ai_models import AI_MODELS, AIModelFact
from app.resources.companies import COMPANIES, CompanyFact
from app.resources.funding import FUNDING, FundingFact
from app.resources.ledger_lists import RevisionList, RevisionQuery, VersionList
from app.resources.queries import ListQuery, PageQuery, list_query
from app.resources.reading import Item, ResourceList, pinned_revision, read_page
from app.resources.resource import Resource
from app.resources.sources import SOURCES, SourceFact
from app.resources.statistics import STATISTICS, StatisticFact
from app.storage.database import Database
from app.storage.ledger import StoredRow, Writing

Rows = Mapping[Resource, Iterable[StoredRow]]


def source(key: str = "s", **fields: Any) -> StoredRow:
    given = {"kind": "article", "publisher": f"P of {key}", "title": "T", **fields}
    return SourceFact.model_validate({"id": key, **given}).stored()


def company(key: str, **fields: Any) -> StoredRow:
    given = {"name": key.upper(), "source": "s", **fields}
    return CompanyFact.model_validate({"id": key, **given}).stored()


def ai_model(key: str, **fields: Any) -> StoredRow:
    given = {"name": key.upper(), "kind": "model", "source": "s", **fields}
    return AIModelFact.model_validate({"id": key, **given}).stored()


def total(key: str, **fields: Any) -> StoredRow:
    given = {"kind": "total", "country": "US", "scope": "ai", "period": "2023", "source": "s"}
    return FundingFact.model_validate({"id": key, **given, **fields}).stored()


def funding_round(key: str, company_key: str, **fields: Any) -> StoredRow:
    given = {"kind": "round", "company": company_key, "period": "2023-Q1", "source": "s"}
    return FundingFact.model_validate({"id": key, **given, **fields}).stored()


def adoption(key: str, **fields: Any) -> StoredRow:
    given = {"metric": "users", "country": "US", "period": "2024-03", "source": "s", **fields}
    return AdoptionFact.model_validate({"id": key, **given}).stored()


def statistic(key: str, **fields: Any) -> StoredRow:
    given = {"metric": "patents", "country": "US", "value": 5, "unit": "patents", "period": "2023"}
    firm = {"qualifier": "exact", "source": "s", **fields}
    return StatisticFact.model_validate({"id": key, **given, **firm}).stored()


def write(
    database: Database,
    put: Rows | None = None,
    remove: Mapping[Resource, list[str]] | None = None,
    *,
    is_alone: bool = False,
) -> Writing:
    """Write one revision and return it."""
    with database.write(author="tester", message="a test", is_alone=is_alone) as writing:
        for resource, rows in (put or {}).items():
            writing.put(resource.ledger, rows)
        for resource, ids in (remove or {}).items():
            writing.remove(resource.ledger, ids)
    return writing


def write_one_of_each(database: Database) -> Writing:
    """Write a few rows of every resource but the countries, so that each reference is used."""
    return write(
        database,
        {
            SOURCES: [source("s"), source("restated", restates="s")],
            COMPANIES: [
                company("maker", country="US", roles=["ai-developer"], aliases=["Maker Inc"]),
                company("payer", country="CN", roles=["investor", "adopter"]),
            ],
            AI_MODELS: [
                ai_model("base", developers=["maker", "payer"], released="2023-11"),
                ai_model("tuned", based_on=["base"], disputed_by=["restated"]),
            ],
            FUNDING: [
                total("us", deals=3, deals_qualifier="exact"),
                funding_round("deal", "maker", investors=["payer"]),
            ],
            ADOPTION: [adoption("use", model="base", value=5, unit="users")],
            STATISTICS: [statistic("patents")],
        },
    )


def listed(database: Database, resource: Resource, **parameters: Any) -> list[Item]:
    """Return what a list of the resource shows, asked as over HTTP."""
    pairs = [(name, str(value)) for name, value in parameters.items()]
    query: ListQuery = read_query(list_query(resource), [("limit", "1000"), *pairs])
    listing = ResourceList(resource)
    with database.read() as transaction:
        at = pinned_revision(transaction, listing, query)
        return read_page(transaction, listing, query, at).items


def row_of(database: Database, resource: Resource, key: str) -> StoredRow | None:
    """Return the row of a key as the ledger takes it, None where there is none."""
    table = resource.ledger.current
    with database.read() as transaction:
        found = transaction.connection.execute(table.select().where(table.c.id == key)).mappings()
        rows = [{name: row[name] for name in row if name != "revision"} for row in found]
    return rows[0] if rows else None


def history(database: Database, resource: Resource, key: str) -> list[Item]:
    """Return every version of a row, oldest first."""
    query = PageQuery(limit=1000)
    with database.read() as transaction:
        listing = VersionList(resource, key)
        return read_page(transaction, listing, query, transaction.latest).items


def lifetimes(database: Database, resource: Resource, key: str) -> list[tuple[int, int | None]]:
    """Return since when and until when each version of a row held."""
    return [(item["revision"], item["until"]) for item in history(database, resource, key)]


def revisions(database: Database) -> list[Item]:
    """Return all revisions, oldest first."""
    query = RevisionQuery(limit=1000, sort=["id"])
    with database.read() as transaction:
        return read_page(transaction, RevisionList(), query, transaction.latest).items


def latest(database: Database) -> int:
    """Return the number of the newest revision."""
    with database.read() as transaction:
        return transaction.latest.id
