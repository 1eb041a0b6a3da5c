"""Giving a row another key, which is a revision of its own."""

from pydantic import ValidationError

from app.kit.errors import Fault, NotAllowed, choose, faults_of
from app.resources.registry import RESOURCES
from app.resources.resource import Resource
from app.storage.database import Database


def rename(
    database: Database, name: str, old: str, new: str, *, author: str, message: str
) -> tuple[int, int]:
    """Let a row of a resource go on under another key; return the revision, and rows changed.

    The old key never has a row again. Changed are the rows that referred to it. Raises NotAllowed
    for a resource or a key that cannot be, LedgerRefusal for a row that cannot be renamed so.
    """
    resource = _resource(name)
    _require_key(resource, new)
    with database.write(author=author, message=message) as writing:
        writing.rename(resource.ledger, old, new)
    return writing.revision, writing.changed


def _resource(name: str) -> Resource:
    by_name = {resource.many: resource for resource in RESOURCES}
    try:
        return by_name[choose(name, tuple(by_name), what="one that is here")]
    except NotAllowed as error:
        raise _told(Fault("the resource", str(error), error.allowed, error.nearest)) from None


def _require_key(resource: Resource, key: str) -> None:
    """Raise NotAllowed where a key has not the form that keys of the resource have."""
    try:
        resource.fact.model_validate({"id": key})
    except ValidationError as error:
        for fault in faults_of(error):
            if fault.name == "id":
                told = Fault("the new key", fault.message, fault.allowed, fault.nearest)
                raise _told(told) from None


def _told(fault: Fault) -> NotAllowed:
    """Return the error whose message is a whole sentence, for whoever prints only that."""
    return NotAllowed(str(fault))
