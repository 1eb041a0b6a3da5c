"""Giving a row another key, which is a revision of its own."""

from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from app.kit.errors import Fault, NotAllowed, choose, faults_of
from app.resources.countries import COUNTRIES
from app.resources.registry import BY_NAME
from app.resources.resource import Resource
from app.storage.database import Database


def rename(
    database: Database, name: str, old: str, new: str, *, author: str, message: str
) -> tuple[int, int]:
    """Let a row of a resource go on under another key; return the revision, and rows changed.

    The old key never has a row again. Changed are the rows that referred to it. Countries keep the
    codes that they have. Raises NotAllowed for a resource or a key that cannot be, LedgerRefusal
    for a row that cannot be renamed so.
    """
    resource = _resource(name)
    new = _key(resource, new)
    with database.write(author=author, message=message) as writing:
        writing.rename(resource.ledger, old, new)
    return writing.revision, writing.changed


def _resource(name: str) -> Resource:
    by_name = {name: one for name, one in BY_NAME.items() if one is not COUNTRIES}
    try:
        return by_name[choose(name, tuple(by_name), what="one that is here")]
    except NotAllowed as error:
        raise _told(Fault("the resource", str(error), error.allowed, error.nearest)) from None


def _key(resource: Resource, text: str) -> str:
    """Return a key as it is stored. Raises NotAllowed where it has not the form of the others."""
    field = resource.fact.model_fields["id"]
    form: Any = Annotated[field.annotation, field]
    try:
        key: str = TypeAdapter(form).validate_python(text)
    except ValidationError as error:
        fault = faults_of(error)[0]
        told = Fault("the new key", fault.message, fault.allowed, fault.nearest)
        raise _told(told) from None
    return key


def _told(fault: Fault) -> NotAllowed:
    """Return the error whose message is a whole sentence, for whoever prints only that."""
    return NotAllowed(str(fault))
