"""Named transforms: from the text of a cell to the value of a field.

Each says what it takes. What it cannot take it refuses with what was expected: it never guesses.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType

from app.exchange.number_texts import refuse_comma
from app.kit.countries import country_code
from app.kit.errors import NotAllowed
from app.kit.fields import LIST_SEPARATOR
from app.kit.formulas import refuse_error
from app.kit.periods import parse_period
from app.kit.text import fold, words

Value = str | int | float
_CACHED = 65_536
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DATE = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_LONGEST = 2_000
_DIGITS_AT_MOST = 40
_EXACT = Context(prec=100, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_PAGE = re.compile(
    r"(?:https?://)?(?:www\.)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?P<path>/[^\s?#]*[^\s?#/])",
    re.IGNORECASE,
)
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
_GREEK = re.compile(r"[\u0391-\u03a9\u03b1-\u03c9]")


class ControlCharacters(NotAllowed):
    """A text with characters that no text has."""

    def __init__(self) -> None:
        super().__init__("has control characters")


@dataclass(frozen=True)
class Transform:
    """A transform, and what it takes, in a line of the documentation."""

    takes: str
    read: Callable[[str], Value]


def _text(text: str) -> str:
    refuse_error(text)
    plain = " ".join(text.split())
    if not plain.isprintable() and _CONTROL.search(plain):
        raise ControlCharacters
    if len(plain) > _LONGEST:
        raise NotAllowed(f"has more than {_LONGEST:,} characters")
    return plain


def _as_it_is(text: str) -> str:
    if _CONTROL.search(text):
        return _text(text)
    refuse_error(text)
    if len(text) > _LONGEST:
        raise NotAllowed(f"has more than {_LONGEST:,} characters")
    return text


@lru_cache(_CACHED)
def _term(text: str) -> str:
    refuse_error(text)
    found = "-".join(words(text))
    if not found.isascii() or not found:
        raise NotAllowed("has no Latin letter or digit to make a term of")
    return found


def slug(text: str) -> str:
    """Return a key made from a text: small Latin letters and digits, with hyphens between.

    Greek letters and plus signs, which tell names apart, become words: `PointNet++` gives
    `pointnet-plus-plus`.
    """
    plain = text if text.isascii() else _GREEK.sub(_letter_name, text)
    return _NOT_IN_KEYS.sub("-", fold(plain.replace("+", " plus "))).strip("-")


def _letter_name(match: re.Match[str]) -> str:
    return f" {unicodedata.name(match[0]).rpartition(' ')[2]} "


def _decimal(text: str, times: int) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        refuse_comma(text)
        raise NotAllowed("is not a number", allowed=["31000000", "26.3", "9.0e25"]) from None
    if not found.is_finite() or "_" in text or len(text) > _DIGITS_AT_MOST:
        raise NotAllowed("is not a number", allowed=["31000000", "26.3", "9.0e25"])
    if found < 0:
        raise NotAllowed("is less than 0")
    return found if times == 1 else _EXACT.multiply(found, Decimal(times))


def _whole(text: str, times: int = 1) -> int:
    found = _decimal(text, times)
    if found >= 2**63:
        raise NotAllowed("is more than a whole number of 64 bits can be")
    if found != found.to_integral_value():
        raise NotAllowed("is not a whole number")
    return int(found)


def _number(text: str, times: int = 1) -> float:
    exact = _decimal(text, times)
    found = float(exact)
    if found == 0 and exact:
        raise NotAllowed("is nearer to 0 than a number can be")
    return found


def _percent(text: str, times: int = 1) -> float:
    return _number(text.removesuffix("%").rstrip(), times)


@lru_cache(_CACHED)
def _period(text: str) -> str:
    period = parse_period(text)
    if not _FIRST_YEAR <= period.first.year <= period.last.year <= _LAST_YEAR:
        raise NotAllowed(f"is not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return period.text


@lru_cache(_CACHED)
def _day_first(text: str) -> str:
    match = _DATE.fullmatch(text)
    if not match:
        raise NotAllowed("is not a day with its day first", allowed=["27-03-2024", "27/03/2024"])
    day, month, year = match.groups()
    return _period(f"{year}-{month:0>2}-{day:0>2}")


@lru_cache(_CACHED)
def _month_first(text: str) -> str:
    match = _DATE.fullmatch(text)
    if not match:
        raise NotAllowed("is not a day with its month first", allowed=["03/27/2024"])
    month, day, year = match.groups()
    return _period(f"{year}-{month:0>2}-{day:0>2}")


@lru_cache(_CACHED)
def _country(text: str) -> str:
    return country_code(" ".join(text.split()))


def _web_address(text: str) -> str:
    if any(char.isspace() for char in text):
        raise NotAllowed("is not a web address")
    return text if text.startswith(("https://", "http://")) else f"http://{text}"


def _address(text: str) -> str:
    plain = _text(text)
    if LIST_SEPARATOR in plain or not plain.startswith("/"):
        raise NotAllowed("is not an address such as /organization/anthropic")
    _text(plain.lower())  # in small letters it may be longer
    return plain


def _alias(text: str) -> str:
    if match := _PAGE.match(text):
        plain = _text(f"{match['host']}{match['path']}".lower()).rstrip("/")
        if LIST_SEPARATOR not in plain:
            return plain
    return _address(text).lower()


def _key(text: str) -> str:
    refuse_error(text)
    found = slug(text)
    if not found:
        raise NotAllowed("has no Latin letter or digit to make a key of")
    return found


TRANSFORMS: Mapping[str, Transform] = MappingProxyType(
    {
        "text": Transform("Any text; white space is folded to single spaces.", _text),
        "as_it_is": Transform(
            "Any text, with the white space that it has within; line ends become spaces.", _as_it_is
        ),
        "term": Transform("Words, joined by hyphens in small letters: `Image generation`.", _term),
        "key": Transform("Words, made a key: `Yi-34B` gives `yi-34b`.", _key),
        "whole": Transform("A whole number that is not negative: `600000000.00` is one.", _whole),
        "number": Transform("A number that is not negative, such as `9.0e25`.", _number),
        "percent": Transform("A share in percent: `59.40%` or `59.4`.", _percent),
        "period": Transform("`2023`, `2023-Q1`, `2024-03`, `2024-03-27` or a span.", _period),
        "day_first": Transform("A day as `27-03-2024` or `27/03/2024`.", _day_first),
        "month_first": Transform("A day as `03/27/2024`.", _month_first),
        "country": Transform("A country or group by code or English name.", _country),
        "web_address": Transform(
            "A web address; without `http://` before it, that is added.", _web_address
        ),
        "alias": Transform(
            "The address of an organisation in a data set, kept to find it by: "
            "`/organization/openai`, or a page such as `crunchbase.com/organization/openai`.",
            _alias,
        ),
        "company": Transform("The name of an organisation, which becomes its key.", _text),
        "address": Transform(
            "The address of an organisation in its data set, whatever the case of its letters; it "
            "becomes its key.",
            _address,
        ),
        "ai_model": Transform("The name of an AI model, which becomes its key.", _text),
    }
)
"""The transforms by name. `company`, `address` and `ai_model` look the key up, or make it."""
