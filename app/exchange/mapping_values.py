"""What a mapping says itself of a field, by constants and the meanings of words.

Where the field does not take it, the mapping is wrong and not the rows.
"""

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from app.exchange.mapping_parts import ITSELF, LOOKED_UP, OF_NUMBERS, Rule
from app.exchange.mapping_texts import error_at, name_in_path
from app.exchange.tables.members import members_of
from app.exchange.transforms import TRANSFORMS
from app.kit.errors import NotAllowed, faults_of


def stated_values(at: str, rule: Rule, countries: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Yield what a rule gives a field without a table, with where that stands.

    Raises NotAllowed for a meaning that its transform does not take. Numbers, and names that are
    looked up, are known only with a table; names of `countries` are those of the mapping.
    """
    if rule.constant is not None:
        yield f"{at}.constant", rule.constant
    for number, other in enumerate(rule.also):
        yield from stated_values(f"{at}.also.{number}", other, countries)
    if rule.transform in {*LOOKED_UP, *OF_NUMBERS}:
        return
    for word, meaning in (rule.words or {}).items():
        if meaning in ("", ITSELF) or (rule.transform == "country" and meaning in countries):
            continue
        where, read = f"{at}.words.{name_in_path(word)}", TRANSFORMS[rule.transform].read
        try:
            if rule.separator is None:
                yield where, read(meaning)
            else:
                parts = members_of(meaning, rule.separator, quoted=rule.quoted)
                yield where, list(map(read, parts))
        except NotAllowed as error:
            raise error_at(where, error) from None


def refuse_what_no_field_takes(fact: type[BaseModel], field: str, value: Any, *, at: str) -> None:
    """Raise NotAllowed where a field does not take a value, whatever the others have."""
    try:
        fact.model_validate({field: value})
    except ValidationError as error:
        wrong = next((one for one in faults_of(error) if one.name == field), None)
        if wrong:
            fault = NotAllowed(wrong.message, allowed=wrong.allowed, nearest=wrong.nearest)
            raise error_at(at, fault) from None
