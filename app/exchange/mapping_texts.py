"""What stands in a mapping and has a form of its own: patterns, places, separators, encodings.

Each raises NotAllowed where it cannot be used, with a message that goes on from its name.
"""

import json
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

_IN_TEMPLATES = re.compile(rf"\{{\{{|\}}\}}|{PLACE.pattern}")
"""What is no plain text in a template: a brace that is doubled to stand for itself, or a place."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_HIGH_BYTES = [bytes([number]) for number in range(128, 256)]
_NO_PLACE = (
    "{{ or }} that belongs to no place such as {}; {{{{ and }}}} stand for the signs themselves"
)
_LARGEST_TIMES = 10**18
_SOME_ENCODINGS = ("cp1252", "latin_1", "mac_roman")


def columns_of(template: str | None) -> list[str]:
    """Return the columns that a template reads."""
    return [name for is_field, name in places_of(template) if not is_field]


def fields_of(template: str | None) -> list[str]:
    """Return the fields that a template reads."""
    return [name for is_field, name in places_of(template) if is_field]


def places_of(template: str | None) -> list[tuple[bool, str]]:
    """Return the places of a template in their order: whether each is a field, and its name."""
    found = _IN_TEMPLATES.finditer(template or "")
    return [(bool(match[1]), match[2]) for match in found if match[2]]


def form_of(template: str) -> str:
    """Return a template as a form for `%`, with `%s` for each of its places."""
    plain = template.replace("%", "%%")
    return _IN_TEMPLATES.sub(lambda match: "%s" if match[2] else match[0][0], plain)


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


def _template(text: str) -> str:
    rest = _IN_TEMPLATES.sub("", text)
    if "{" in rest or "}" in rest:
        raise NotAllowed(f"has a {_NO_PLACE.format('{Column}')}")
    return text


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

Template = Annotated[str, AfterValidator(_template)]
"""Text with places."""

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
        raise NotAllowed(f"has in {name} a {_NO_PLACE.format('{group}')}") from None
    for group, spec, conversion in places:
        if spec or conversion:
            raise NotAllowed(f"has in {name} the place {{{group}}} with more than a name")
        try:
            choose(str(group), known, what="a group of header")
        except NotAllowed as error:
            raise error_at(f"has in {name} {{{group}}}, which", error) from None


def name_in_path(name: str) -> str:
    """Return a name as TOML has it in a path: in quotes where it needs them."""
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def error_at(place: str, error: NotAllowed) -> NotAllowed:
    """Return an error whose message begins with where it is."""
    return NotAllowed(f"{place} {error}", allowed=error.allowed, nearest=error.nearest)
