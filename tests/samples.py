"""Made-up facts of every resource, from its declaration alone: with nulls, ties and odd text."""

from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from app.resources.countries import COUNTRIES
from app.resources.registry import RESOURCES
from app.resources.resource import Entry, Resource
from app.storage.database import Database

MADE_UP = tuple(resource for resource in RESOURCES if resource is not COUNTRIES)
_COUNTRIES = ("US", "CN", "GB", "FR", "CI", "WLD")
_PERIODS = ("2022", "2023", "2023-Q1", "2023-03", "2023-03-27", "2023-01/2023-11", "2024-02")
_NUMBERS = (0, 1, 2, 68, 1151, 31_000_000_000, 2**53, 2**53 + 1, 2**63 - 1)
_FRACTIONS = (0.0, 0.1, 1.0, 26.3, 1151.0, 5e25, 1e-7)
_TEXTS = (
    *("alpha", "beta-2", "gamma_ray", "generative-ai", "series-c", "language"),
    *("CC BY 4.0", "MIT", "CC BY-NC 4.0"),
    *("USD", "CNY", "nominal", "constant-2021", "https://example.org/a?b=c&d"),
    *("Émile Ångström", "ERNIE Bot", "Türkiye İş", "=1+1", "a, b", 'says "so"', "文心一言"),
)
_NULL_PART = 0.4


def fill(database: Database, rows: int, *, seed: int = 1) -> None:
    """Write this many made-up facts of each resource; then change some and remove some."""
    random = Random(seed)
    facts = make_facts(rows, random)
    again = make_facts(rows, random)
    write(database, facts, "made up")
    write(database, {name: again[name][::3] for name in again}, "changed")
    with database.write(author="tests", message="removed") as writing:
        for resource in (MADE_UP[-1], MADE_UP[-2]):  # what no other row refers to
            writing.remove(resource.ledger, [fact.id for fact in facts[resource.many][1::7]])


def write(database: Database, facts: dict[str, list[Any]], message: str) -> None:
    """Write facts as one revision."""
    with database.write(author="tests", message=message) as writing:
        for resource in RESOURCES:
            rows = facts.get(resource.many, [])
            writing.put(resource.ledger, [fact.stored() for fact in rows])


def make_facts(rows: int, random: Random) -> dict[str, list[Any]]:
    """Return this many facts of each resource; each refers to facts that are among them."""
    facts: dict[str, list[Any]] = {}
    keys = {COUNTRIES.record.ledger.name: list(_COUNTRIES)}
    for resource in MADE_UP:
        own = keys.setdefault(resource.ledger.name, [])
        made = facts[resource.many] = []
        for number in range(rows):
            made.append(_fact(resource, number, keys, random))
            own.append(made[-1].id)
    return facts


def _fact(resource: Resource, number: int, keys: dict[str, list[str]], random: Random) -> Entry:
    """Return a fact that keeps the rules of its resource: the first of many tries that does."""
    for _ in range(10_000):
        given = dict(_values(resource, keys, random))
        try:
            return resource.fact(**{**given, "id": f"{resource.many}-{number:04}"})
        except ValidationError:
            continue
    raise LookupError(f"no made-up row keeps the rules of {resource.many}")


def _values(
    resource: Resource, keys: dict[str, list[str]], random: Random
) -> Iterator[tuple[str, Any]]:
    for name, field in resource.fact.model_fields.items():
        if name == "id" or (not field.is_required() and random.random() < _NULL_PART):
            continue
        choices = _choices(resource, name, keys)
        if is_list(field):
            yield name, random.sample(choices, random.randint(0, min(3, len(choices))))
        elif choices:
            yield name, random.choice(choices)


def _choices(resource: Resource, name: str, keys: dict[str, list[str]]) -> list[Any]:
    targets = references(resource)
    return keys[targets[name]][:40] if name in targets else _plain_choices(resource, name)


@cache
def _plain_choices(resource: Resource, name: str) -> list[Any]:
    """Return those of all our values that this field may have."""
    field = resource.fact.model_fields[name]
    accepts = TypeAdapter[Any](field.rebuild_annotation())
    found = []
    for value in words_of(field.annotation) or (*_TEXTS, *_NUMBERS, *_FRACTIONS, *_PERIODS):
        wrapped = [value] if is_list(field) else value
        try:
            if type(accepts.validate_python(wrapped)) is type(wrapped):
                found.append(value)
        except ValidationError:
            continue
    return found


def references(resource: Resource) -> dict[str, str]:
    """Return the columns that hold keys of other rows, and the tables that they refer to."""
    table = resource.ledger
    single = {
        column.name: key.column.table.name
        for column in table.current.columns
        for key in column.foreign_keys
        if column.name != "revision"
    }
    lists = {name: members.target for name, members in table.members.items() if members.target}
    return single | lists


def is_list(field: FieldInfo) -> bool:
    """Return whether a field holds a list."""
    return any(get_origin(part) is list for part in (field.annotation, *get_args(field.annotation)))


def words_of(annotation: Any) -> tuple[str, ...]:
    """Return the words of a closed vocabulary that is anywhere in an annotation."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(word for part in get_args(annotation) for word in words_of(part))
