"""Errors in outside input, whatever it came through: a query, a pack, a command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.kit.text import nearest as nearest_spelling
from app.kit.text import ordinal

_LISTED_AT_MOST = 60


class NotAllowed(ValueError):
    """A value that cannot be taken: says what is allowed and never repeats the value itself.

    Raised inside Pydantic validators too, which keep it as the cause of their own error.
    The message completes the sentence that begins with the name of the parameter or column.
    """

    def __init__(
        self, message: str, *, allowed: Iterable[str] = (), nearest: str | None = None
    ) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in some input: where it stands, what is wrong, what is allowed."""

    name: str | None
    message: str
    allowed: tuple[str, ...] = ()
    nearest: str | None = None
    place: int | None = None
    """Which of a list it is, counted from one; None where it is no member, or the only one."""

    @property
    def said(self) -> str:
        """What is wrong and with which of a list, to stand after the name."""
        place = f"(the {ordinal(self.place)} of the list) " if self.place else ""
        return f"{place}{self.message}"

    def __str__(self) -> str:
        allowed = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        nearest = f"; did you mean {self.nearest}?" if self.nearest else ""
        return f"{self.name or 'input'} {self.said}{allowed}{nearest}"


def choose(word: str, choices: Sequence[str], *, what: str) -> str:
    """Return the word if it is one of the choices; raise NotAllowed with the nearest otherwise."""
    if word in choices:
        return word
    raise NotAllowed(
        f"is not {what}",
        allowed=choices[:_LISTED_AT_MOST],
        nearest=nearest_spelling(word, choices),
    )


def faults_of(error: ValidationError, given: Mapping[str, Any] | None = None) -> list[Fault]:
    """Return what Pydantic found wrong, in our words and without the values it was given.

    Members of the lists that were `given` are told by their places, where there are several.
    """
    return [
        replace(_fault(details), place=_place(details, given or {}))
        for details in error.errors(include_url=False)
    ]


def _place(details: ErrorDetails, given: Mapping[str, Any]) -> int | None:
    """Return which of a list of several is wrong, counted from one."""
    match details["loc"]:
        case (str(name), int(place), *_) if len(given.get(name) or ()) > 1:
            return place + 1
    return None


def _fault(details: ErrorDetails) -> Fault:
    name = str(details["loc"][0]) if details["loc"] else None
    context = details.get("ctx", {})
    match details["type"], context.get("error"):
        case _, NotAllowed() as cause:
            return Fault(name, str(cause), cause.allowed, cause.nearest)
        case "value_error", cause:
            return Fault(name, f"breaks a rule: {cause}")
        case "literal_error", _:
            allowed = tuple(part.strip("'") for part in _split(context["expected"]))
            near = nearest_spelling(str(details["input"]), allowed)
            return Fault(name, "is not one of the allowed words", allowed, near)
        case "missing", _:
            return Fault(name, "is missing")
        case "string_pattern_mismatch", _:
            return Fault(name, "has not the form that is asked for", (context["pattern"],))
        case _:
            return Fault(name, _lower_first(_message(details)), _bound(details))


_OF_MEMBERS = {"too_short": "has too few members", "too_long": "has too many members"}


def _bound(details: ErrorDetails) -> tuple[str, ...]:
    """Return how many members a list may have, where it has not as many."""
    match details["type"]:
        case "too_short":
            return (f"at least {details['ctx']['min_length']}",)
        case "too_long":
            return (f"at most {details['ctx']['max_length']}",)
    return ()


def _message(details: ErrorDetails) -> str:
    if details["type"] == "less_than":  # which Pydantic writes out, with hundreds of digits
        return f"Input should be less than {details['ctx']['lt']}"
    return _OF_MEMBERS.get(details["type"], details["msg"])


def _split(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:]
