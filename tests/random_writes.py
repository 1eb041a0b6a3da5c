"""Small random writes to a few keys, so that rows come, change back and forth, go and come back."""

from collections.abc import Sequence
from random import Random

from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests.ledger_rows import ai_model, company, listed, total, write

_WHERE = ("US", "CN", None)


def write_at_random(
    database: Database, random: Random, *, sources: Sequence[str] = ("s", "t")
) -> None:
    """Add, change back and forth and remove a few rows, each of a few keys and values."""
    put: dict[Resource, list[StoredRow]] = {COMPANIES: [], AI_MODELS: [], FUNDING: []}
    gone: dict[Resource, list[str]] = {AI_MODELS: [], FUNDING: []}
    there = {
        resource: {item["id"] for item in listed(database, resource, fields="id")}
        for resource in put
    }
    for key in random.sample(["c0", "c1", "c2"], 2 if there[COMPANIES] else 3):
        roles = random.sample(["investor", "adopter"], random.randint(0, 2))
        fields = {
            "source": random.choice(sources),
            "roles": roles,
            "country": random.choice(_WHERE),
        }
        put[COMPANIES].append(company(key, **fields))
    for key in random.sample(["m0", "m1", "m2"], 2):
        if key in there[AI_MODELS] and random.random() < 0.5:
            gone[AI_MODELS].append(key)
        else:
            compute = random.choice([None, 9e25, 5e25, 1151.0])
            put[AI_MODELS].append(ai_model(key, training_compute_flop=compute, developers=["c0"]))
    for key in random.sample(["f0", "f1", "f2", "f3"], 3):
        if key in there[FUNDING] and random.random() < 0.5:
            gone[FUNDING].append(key)
        else:
            deals, note = random.choice([1, 2, 2**53 + 1]), random.choice(['a "b", c', "=1+1"])
            firm = {"deals_qualifier": "exact", "source": random.choice(sources)}
            put[FUNDING].append(total(key, deals=deals, note=note, **firm))
    write(database, put, gone)
