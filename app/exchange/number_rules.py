"""The rules of fields that hold numbers: from a text, by the signs that it is written with."""

from collections.abc import Callable
from typing import Any, get_args

from app.exchange.kept_values import Make
from app.exchange.mapping import TableMapping, UnusableMapping
from app.exchange.mapping_parts import Rule
from app.exchange.number_texts import clear_number, with_point
from app.exchange.tables.delimited import DELIMITED, SEMICOLONS
from app.exchange.transforms import TRANSFORMS


def number_reader(mapping: TableMapping, name: str, rule: Rule, table_format: str) -> Make:
    """Return what makes the number of a field of a text.

    Raises UnusableMapping where the numbers of the table cannot have the sign that it names.
    """
    is_whole = rule.transform == "number" and _holds_whole_numbers(
        mapping.resource.fact.model_fields[name].annotation
    )
    convert: Callable[..., Any] = TRANSFORMS["whole" if is_whole else rule.transform].read
    times, sign = rule.times, rule.decimal
    if sign == "," and table_format not in DELIMITED:
        raise UnusableMapping(
            f"{mapping.name}: fields.{name}.decimal is a comma, and numbers of {table_format} "
            "have a point: leave it out for such a file"
        )
    if sign:
        return lambda text: convert(with_point(text, sign), times)
    if table_format == SEMICOLONS:
        return lambda text: convert(clear_number(text), times)
    return convert if times == 1 else lambda text: convert(text, times)


def refuses_unclear(mapping: TableMapping, name: str, rule: Rule, table_format: str) -> bool:
    """Return whether a text is taken for a number that in such a file need not be what it says."""
    is_taken = rule.transform in ("as_it_is", "text") and table_format == SEMICOLONS
    return is_taken and _holds_numbers(mapping.resource.fact.model_fields[name].annotation)


def _holds_numbers(annotation: Any) -> bool:
    return annotation in (int, float) or any(map(_holds_numbers, get_args(annotation)))


def _holds_whole_numbers(annotation: Any) -> bool:
    return annotation is int or any(map(_holds_whole_numbers, get_args(annotation)))
