"""All resources, each before those that refer to it: the order in which packs are loaded."""

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
