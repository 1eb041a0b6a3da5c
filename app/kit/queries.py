"""Query strings, read strictly: nothing unknown, nothing twice, nothing that is guessed."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.kit.errors import Fault, faults_of
from app.kit.fields import is_list
from app.kit.text import nearest

Query = TypeVar("Query", bound=BaseModel)

_PIECES = re.compile(r"\\[\\,]|,|\\|[^\\,]+")
_LONGEST_NAME = 40
_PLAIN_NAME = re.compile(rf"[A-Za-z0-9_.\[\]-]{{1,{_LONGEST_NAME}}}")


class UnreadableQuery(Exception):
    """Parameters that are unknown, repeated or garbled: the query has no meaning."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


class UnacceptableValue(UnreadableQuery):
    """Parameters that are known, with values that are not allowed."""


def read_query(model: type[Query], pairs: Iterable[tuple[str, str]]) -> Query:
    r"""Read decoded name-value pairs as a query of this model.

    A list takes commas, repeats, or both; `\,` is a comma that belongs to a member. Raises
    UnreadableQuery or UnacceptableValue with every fault that was found.
    """
    known, lists = _names(model), list_names(model)
    given: dict[str, Any] = {}
    faults = []
    for name, value in pairs:
        if name not in known:
            faults.append(_unknown(name, known))
        elif name in lists:
            given.setdefault(name, []).extend(_members(value))
        elif name in given:
            faults.append(Fault(name, "is given more than once and takes one value"))
        else:
            given[name] = value
    if faults:
        raise UnreadableQuery(faults)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise UnacceptableValue(faults_of(error, given)) from None


def _members(text: str) -> list[str]:
    r"""Return the members of a list: commas are between them, `\,` and `\\` are characters."""
    if "\\" not in text:
        return text.split(",")
    members = [""]
    for piece in _PIECES.findall(text):
        if piece == ",":
            members.append("")
        else:
            members[-1] += piece.removeprefix("\\") or piece
    return members


@cache
def _names(model: type[BaseModel]) -> dict[str, None]:
    """Return the names of all parameters, in their order."""
    return dict.fromkeys(model.model_fields)


@cache
def list_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the parameters that take a list."""
    return frozenset(name for name, field in model.model_fields.items() if is_list(field))


def plain_name(name: str) -> str | None:
    """Return the name of a parameter if it is plain: nothing else of the input is repeated."""
    return name if _PLAIN_NAME.fullmatch(name) else None


def _unknown(name: str, known: Iterable[str]) -> Fault:
    near = nearest(name[:_LONGEST_NAME], known)
    return Fault(plain_name(name), "is not a parameter here", tuple(known), near)
