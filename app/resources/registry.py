"""All resources, each before those that refer to it: the order in which packs are loaded."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from app.kit.errors import choose
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.companies import COMPANIES
from app.resources.countries import COUNTRIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS

RESOURCES: tuple[Resource, ...] = (
    COUNTRIES,
    SOURCES,
    COMPANIES,
    AI_MODELS,
    FUNDING,
    ADOPTION,
    STATISTICS,
)

BY_NAME: Mapping[str, Resource] = {resource.many: resource for resource in RESOURCES}
"""The same by name."""

NAMES = tuple(BY_NAME)
"""The names of the resources, in that order."""

ResourceName = Annotated[
    str,
    AfterValidator(partial(choose, choices=NAMES, what="a resource")),
    WithJsonSchema({"type": "string", "enum": list(NAMES)}),
]
"""The name of a resource, in a filter."""
