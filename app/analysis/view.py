"""What answers are worked out from: the rows of every resource at one revision."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal, select

from app.resources.ai_models import AI_MODELS
from app.resources.resource import Resource
from app.storage.database import ReadTransaction, Revision
from app.storage.snapshots import Rows

Attribution = Literal["any", "first", "fractional", "exclusive"]
ATTRIBUTIONS: tuple[Attribution, ...] = get_args(Attribution)
DEFAULT_ATTRIBUTION: Attribution = "any"


@dataclass(frozen=True)
class View:
    """The data at one revision, and the rule by which an AI model counts for a country.

    `any` counts it for each country that a developer is of, `first` for that of the first
    developer, `fractional` in equal parts for each, `exclusive` only where there is just one. A
    developer whose country is not known takes its place and part, and counts for none.
    """

    transaction: ReadTransaction
    at: Revision
    attribution: Attribution = DEFAULT_ATTRIBUTION
    countries: tuple[str, ...] | None = None
    """The countries that are asked about: what is of others need not be read. None for all."""

    def rows(self, resource: Resource) -> Rows:
        """Return the rows of a resource."""
        return self.transaction.rows(resource.ledger, self.at)

    def attributed(self) -> Subquery:
        """Return the AI models by country: `id`, `country`, and the `weight` that each counts."""
        pairs = self.rows(AI_MODELS).pairs("countries").subquery()
        if self.attribution == "any":  # nobody's place matters, and to find it takes most time
            everyone = select(
                pairs.c.id, pairs.c.value.label("country"), literal(1.0).label("weight")
            )
            return everyone.where(pairs.c.value.is_not(None)).subquery("attributed")
        place = func.row_number().over(partition_by=pairs.c.id, order_by=pairs.c.position)
        among = func.count().over(partition_by=pairs.c.id)
        ranked = select(
            pairs.c.id, pairs.c.value.label("country"), place.label("place"), among.label("among")
        ).subquery()
        counted: dict[str, tuple[ColumnElement[bool] | None, ColumnElement[Any]]] = {
            "first": (ranked.c.place == 1, literal(1.0)),
            "fractional": (None, 1.0 / ranked.c.among),
            "exclusive": (ranked.c.among == 1, literal(1.0)),
        }
        kept, weight = counted[self.attribution]
        query: Select[tuple[str, str, float]] = select(
            ranked.c.id, ranked.c.country, weight.label("weight")
        ).where(ranked.c.country.is_not(None))
        return (query if kept is None else query.where(kept)).subquery("attributed")


def year(first_day: ColumnElement[str], last_day: ColumnElement[str]) -> ColumnElement[str]:
    """Return the year that a period lies in, null where it lies in more than one."""
    return case(
        (func.substr(first_day, 1, 4) == func.substr(last_day, 1, 4), func.substr(first_day, 1, 4))
    )
