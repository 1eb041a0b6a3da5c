"""What stands in a mapping and has a form of its own: patterns, places, separators, encodings.

Each raises NotAllowed where it cannot be used, with a message that goes on from its name.
"""

import re
from encodings.aliases import aliases
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from app.kit.countries import country_code
from app.kit.errors import NotAllowed, choose
from app.kit.text import nearest

PLACE = re.compile(r"\{(=?)([^{}]+)\}")
"""A place in a template: `{Column}`, or `{=field}` for a field that was read before."""

_HIGH_BYTES = [bytes([number]) for number in range(128, 256)]
_LARGEST_TIMES = 10**18
_SOME_ENCODINGS = ("cp1252", "latin_1", "mac_roman")


def columns_of(template: str | None) -> list[str]:
    """Return the columns that a template reads."""
    return [match[2] for match in PLACE.finditer(template or "") if not match[1]]


def fields_of(template: str | None) -> list[str]:
    """Return the fields that a template reads."""
    return [match[2] for match in PLACE.finditer(template or "") if match[1]]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise NotAllowed(f"is not a regular expression: {error}") from None
    return text


def _pattern_with_group(text: str) -> str:
    if not re.compile(_pattern(text)).groups:
        raise NotAllowed(
            "has no group, which is what is taken of the name", allowed=[r"(\d{4}-\d{2}-\d{2})"]
        )
    return text


def _separator(text: str) -> str:
    if not text:
        raise NotAllowed(
            "is empty, and has to stand between the members of a list", allowed=[";", ", "]
        )
    return text


def _columns(given: str | list[str]) -> str | list[str]:
    if given == []:
        raise NotAllowed("is empty: it has to name a column, or some of which the first is taken")
    return given


def _times(number: int) -> int:
    if not 1 <= number <= _LARGEST_TIMES:
        raise NotAllowed(f"is not from 1 to {_LARGEST_TIMES}", allowed=["1000", "1000000"])
    return number


def _encoding(name: str) -> str:
    try:
        for byte in _HIGH_BYTES:
            byte.decode(name, "replace")
    except (LookupError, ValueError):
        raise NotAllowed(
            "is not an encoding of text",
            allowed=_SOME_ENCODINGS,
            nearest=nearest(name, {*aliases.values()} - {name}),
        ) from None
    return name


def _encodings(names: list[str]) -> list[str]:
    for name in names[:-1]:
        if _reads_any_bytes(name):
            raise NotAllowed(
                f"has encodings after {name}, which reads any bytes, so that they are never tried: "
                "name it last"
            )
    return names


def _reads_any_bytes(encoding: str) -> bool:
    try:
        return all(len(byte.decode(encoding)) == 1 for byte in _HIGH_BYTES)
    except UnicodeError:
        return False


def _country_or_none(text: str) -> str:
    return text and country_code(text)


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression."""

PatternWithGroup = Annotated[str, AfterValidator(_pattern_with_group)]
"""A regular expression that takes something out of a text."""

Separator = Annotated[str, AfterValidator(_separator)]
"""What stands between the members of a list."""

ColumnNames = Annotated[str | list[str], AfterValidator(_columns)]
"""A column, or several of which the first that says something is taken."""

Times = Annotated[int, AfterValidator(_times)]
"""What a number is multiplied by."""

Encodings = Annotated[list[Annotated[str, AfterValidator(_encoding)]], AfterValidator(_encodings)]
"""The names of encodings of text, to be tried in turn."""

CountryOrNone = Annotated[str, AfterValidator(_country_or_none)]
"""A country by code or name, or empty for what is none."""


def refuse_unknown_groups(name: str, text: str, header: str) -> None:
    """Raise NotAllowed where a text cannot be filled from the groups of a pattern."""
    known = tuple(re.compile(header).groupindex)
    try:
        places = [place for _, *place in Formatter().parse(text) if place[0] is not None]
    except ValueError:
        raise NotAllowed(
            f"has in {name} a {{ or }} that belongs to no place such as {{group}}; {{{{ and }}}} "
            "stand for the signs themselves"
        ) from None
    for group, spec, conversion in places:
        if spec or conversion:
            raise NotAllowed(f"has in {name} the place {{{group}}} with more than a name")
        try:
            choose(str(group), known, what="a group of header")
        except NotAllowed as error:
            raise error_at(f"has in {name} {{{group}}}, which", error) from None


def error_at(place: str, error: NotAllowed) -> NotAllowed:
    """Return an error whose message begins with where it is."""
    return NotAllowed(f"{place} {error}", allowed=error.allowed, nearest=error.nearest)
