"""Ranges of periods as filters take them: `2023`, `2022..2023`, `2022..`, `..2023`."""

from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from app.kit.periods import PeriodRange, parse_period_range

PeriodRangeText = Annotated[
    PeriodRange,
    BeforeValidator(parse_period_range),
    WithJsonSchema({"type": "string", "maxLength": 40}),
]
"""A period or a range of periods, read as the days from its first to its last."""
