"""What answers are worked out from: the rows of every resource at one revision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, select, union_all

from app.kit.licences import Reuse, licence_of, reusable
from app.resources.ai_models import AI_MODELS
from app.resources.ledger_lists import PlainRows
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.storage.columns import Characters
from app.storage.database import ReadTransaction, Revision
from app.storage.snapshots import OfLicence, Rows

Attribution = Literal["any", "first", "fractional", "exclusive"]
ATTRIBUTIONS: tuple[Attribution, ...] = get_args(Attribution)
DEFAULT_ATTRIBUTION: Attribution = "any"


@dataclass(frozen=True)
class View:
    """The data at one revision, and the rule by which an AI model counts for a country.

    `any` counts it for each country that a developer is of, `first` for that of the first
    developer, `fractional` in equal parts for each, `exclusive` only where there is just one. A
    developer whose country is not known takes its place and part, and counts for none. The country
    of a developer is known where its company's row here has one, whoever states that; with
    `licences`, where it is stated by a source that has such a licence.
    """

    transaction: ReadTransaction
    at: Revision
    attribution: Attribution = DEFAULT_ATTRIBUTION
    licences: tuple[Reuse, ...] = ()
    """What licences are asked for; none for all."""

    countries: tuple[str, ...] | None = None
    """The countries that are asked about: what is of others need not be read. None for all."""

    of_no_country: bool = False
    """Whether what counts for no country is asked for, in place of what counts for one: AI models
    and listed rounds. Their country is empty; of what counts for one by the rule `any` all the
    same, there is that one beside it."""

    def rows(self, resource: Resource) -> Rows:
        """Return the rows of a resource."""
        return self.transaction.rows(resource.ledger, self.at)

    @property
    def rule(self) -> str:
        """What decides for which countries AI models count: other rules give other answers."""
        return " ".join((self.attribution, *sorted(set(self.licences))))

    @property
    def licence(self) -> OfLicence | None:
        """Whether a licence is one of those that are asked for, None where all are."""
        return licence_of(self.licences) if self.licences else None

    def countries_of_ai_models(self) -> Subquery:
        """Return the AI models by country, once each: `id`, `value`, `position`, `told`.

        The country is null where that of some developers is not known; `told` is the newest
        revision of the rows of those that are of it.
        """
        return self.rows(AI_MODELS).pairs("countries", self.licence).subquery()

    def attributed(self) -> Subquery:
        """Return the AI models by country: `id`, `country`, `told`, and the `weight` of each.

        `told` is the newest revision of the companies' rows that say so.
        """
        if self.of_no_country:
            return self._of_no_country().subquery("attributed")
        if self.attribution == "any":
            pairs, one = self._unranked(), literal(1.0).label("weight")
            everyone = select(pairs.c.id, pairs.c.country, pairs.c.told, one)
            return everyone.where(pairs.c.country.is_not(None)).subquery("attributed")
        ranked = self._ranked()
        counted: dict[str, tuple[ColumnElement[bool] | None, ColumnElement[Any]]] = {
            "first": (ranked.c.place == 1, literal(1.0)),
            "fractional": (None, 1.0 / ranked.c.among),
            "exclusive": (ranked.c.among == 1, literal(1.0)),
        }
        kept, weight = counted[self.attribution]
        query: Select[tuple[str, str, int, float]] = select(
            ranked.c.id, ranked.c.country, ranked.c.told, weight.label("weight")
        ).where(ranked.c.country.is_not(None))
        return (query if kept is None else query.where(kept)).subquery("attributed")

    def _unranked(self) -> Subquery:
        """Return AI models by country where nobody's place matters: to find it takes most time."""
        pairs = self.countries_of_ai_models()
        return select(pairs.c.id, pairs.c.value.label("country"), pairs.c.told).subquery()

    def _ranked(self) -> Subquery:
        """Return AI models by country with its `place`, and `among` how many it is."""
        pairs = self.countries_of_ai_models()
        place = func.row_number().over(partition_by=pairs.c.id, order_by=pairs.c.position)
        among = func.count().over(partition_by=pairs.c.id)
        told: ColumnElement[int] = pairs.c.told
        if self.attribution == "fractional":  # the part of each depends on all
            told = func.max(told).over(partition_by=pairs.c.id)
        return select(
            pairs.c.id,
            pairs.c.value.label("country"),
            place.label("place"),
            among.label("among"),
            told.label("told"),
        ).subquery()

    def _of_no_country(self) -> Select[Any]:
        """Return the AI models that count, wholly or in part, for a country that is not known."""
        rows = self.rows(AI_MODELS).source.c
        ranked = self._unranked() if self.attribution == "any" else self._ranked()
        nowhere = literal("", Characters()).label("country")
        part: ColumnElement[Any] = literal(1.0)
        lacking: ColumnElement[bool] = ranked.c.country.is_(None)  # once for each AI model
        match self.attribution:
            case "first":
                lacking = and_(lacking, ranked.c.place == 1)
            case "exclusive":
                lacking = and_(lacking, ranked.c.among == 1)
            case "fractional":
                part = 1.0 / ranked.c.among
        of_somebody = select(ranked.c.id, nowhere, ranked.c.told, part.label("weight")).where(
            lacking
        )
        nobody, whole = literal(0).label("told"), literal(1.0).label("weight")
        of_nobody = select(rows.id, nowhere, nobody, whole).where(
            rows.id.not_in(select(ranked.c.id))
        )
        every = [of_somebody, of_nobody]
        if self.attribution == "any":  # beside it, what of these counts for a country all the same
            partly = select(ranked.c.id).where(lacking)
            known = ranked.c.country.is_not(None), ranked.c.id.in_(partly)
            partly_so = select(ranked.c.id, ranked.c.country, ranked.c.told, literal(1.0))
            every.append(partly_so.where(*known))
        return select(union_all(*every).subquery())


@dataclass(frozen=True)
class ObservedRows(PlainRows):
    """Rows that sources state, worked out from the data of a view."""

    view: View

    def sources(
        self, condition: Callable[[ColumnElement[Any]], ColumnElement[bool]]
    ) -> Select[Any]:
        """Return a query of the keys of the sources whose licence meets a condition."""
        rows = self.view.rows(SOURCES)
        return rows.select(("id",)).where(condition(rows.column("licence")))


def sources_with(view: View, licences: Sequence[Reuse]) -> frozenset[str]:
    """Return the keys of the sources with such licences."""
    every = ObservedRows(view.rows(SOURCES).select(("id",)).subquery("every"), view)
    query = every.select(("id",)).where(reusable(every, "id", licences))
    return frozenset(view.transaction.connection.scalars(query))


def year(first_day: ColumnElement[str], last_day: ColumnElement[str]) -> ColumnElement[str]:
    """Return the year that a period lies in, null where it lies in more than one."""
    return case(
        (func.substr(first_day, 1, 4) == func.substr(last_day, 1, 4), func.substr(first_day, 1, 4))
    )
