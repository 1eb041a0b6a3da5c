"""Types of single values: what a key, a text, a count, a country or a period may be."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core.core_schema import no_info_before_validator_function

from app.kit.countries import country_code
from app.kit.errors import NotAllowed
from app.kit.formulas import refuse_error
from app.kit.periods import parse_period

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LARGEST_WHOLE = 2**63 - 1
_LEAST_DECIMAL, _DECIMALS_END = 1e-100, 1e100
_NOT_ZERO = re.compile(r"[+-]?[0.]*[1-9]")
_DECIMALS_ALLOWED = ("26.3", "5.0e25")
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def _clean(text: str) -> str:
    # All control characters are unprintable, and to ask that first costs far less.
    if not text.isprintable() and _CONTROL.search(text):
        raise NotAllowed("has control characters")
    if text != text.strip():
        raise NotAllowed("begins or ends with a space")
    refuse_error(text)
    return text


def _decimal_number(value: Any) -> Any:
    number = value
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise NotAllowed("is not a number in plain digits", allowed=_DECIMALS_ALLOWED)
        number = float(value)
        if number == 0 and _NOT_ZERO.match(value):
            raise _out_of_bounds()
    if isinstance(number, int | float) and not (
        number == 0 or _LEAST_DECIMAL <= number < _DECIMALS_END
    ):
        raise _out_of_bounds()
    return number


def _out_of_bounds() -> NotAllowed:
    bounds = f"{_LEAST_DECIMAL} to below {_DECIMALS_END}"
    return NotAllowed(f"is neither 0 nor from {bounds}", allowed=_DECIMALS_ALLOWED)


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or " " in text:
        raise NotAllowed("is not a web address that begins with https:// or http://")
    return text


LIST_SEPARATOR = ";"


def is_list(field: FieldInfo) -> bool:
    """Return whether a field holds a list, which stands in one cell of a CSV file."""
    return _is_list(field.annotation)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


def _member(text: str) -> str:
    if LIST_SEPARATOR in text:
        raise NotAllowed(f"holds {LIST_SEPARATOR!r}, which separates the members of a list")
    return text


LONGEST_TEXT: Final = 2_000
"""The most characters of a text."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_clean)]
"""One line of text without control characters."""

Member = Annotated[Text, AfterValidator(_member)]
"""A text that may stand in a list."""

LONGEST_KEY: Final = 100
"""The most characters of a key."""

Slug = Annotated[str, Field(pattern=_SLUG, min_length=1, max_length=LONGEST_KEY)]
"""A readable key: small letters, digits and single hyphens. Safe in a URL."""

Term = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=100)]
"""A word of a vocabulary that sources may extend, such as a scope or a metric."""


class _PlainDigits:
    """Reads text as a whole number, and names the bounds that stand before it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        bounded: Any = handler(source)
        least, most = bounded["ge"], bounded["le"]
        allowed = (f"{least} to {most}",)

        def read(value: Any) -> Any:
            if isinstance(value, str):
                if not _WHOLE.fullmatch(value):
                    raise NotAllowed("is not a whole number in plain digits", allowed=allowed)
                value = int(value)
            if type(value) is int and not least <= value <= most:
                raise NotAllowed(f"is not from {least} to {most}", allowed=allowed)
            return value

        return no_info_before_validator_function(read, bounded)


PlainDigits = _PlainDigits()
"""Reads text as a whole number. It stands after the bounds, and names them in its errors."""

Count = Annotated[int, Field(strict=True, ge=0, le=_LARGEST_WHOLE), PlainDigits]
"""A whole number of 64 bits that is not negative. As text: plain digits."""

Decimal = Annotated[
    float, Field(ge=0, lt=_DECIMALS_END, allow_inf_nan=False), BeforeValidator(_decimal_number)
]
"""A number that is not negative: 0, or one that leaves room to be multiplied and divided.

Beyond these bounds a ratio or a share may be more than a double can be, for which PostgreSQL gives
no answer and SQLite none that is right.
"""

WebAddress = Annotated[Text, AfterValidator(_web_address)]
"""An address that begins with https:// or http://."""

Qualifier = Literal["exact", "about", "at_least", "up_to", "disputed"]
"""How firmly a source states a figure."""


@lru_cache(maxsize=5_000)
def _country(text: str) -> str:
    return country_code(_clean(text))


CountryCode = Annotated[
    str,
    AfterValidator(_country),
    Field(min_length=2, max_length=100),
]
"""A country or a group, understood as `US`, `USA` or `United States`; kept as its code."""


@dataclass(frozen=True)
class PeriodMark:
    """Marks a field that holds a period, beside which its first and last day are kept."""


def _period(text: str) -> str:
    return parse_period(text).text


PeriodText = Annotated[str, AfterValidator(_period), PeriodMark()]
"""A period as its source wrote it: `2023`, `2023-Q1`, `2024-03`, `2024-03-27`, or a span."""
