"""Observations: one uniform table of every indicator, in the units that a reader asks for.

What cannot be worked out stays in the table without a value, and with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    FromClause,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from app.analysis import series, units
from app.analysis.indicator import COLUMNS, Basis, Column, Indicator
from app.analysis.indicators import indicators
from app.analysis.units import Units
from app.analysis.view import Attribution, ObservedRows, View, year
from app.kit.filters import within
from app.kit.licences import Reuse
from app.kit.periods import PeriodRange
from app.resources.ledger_lists import PlainRows
from app.resources.reading import Selectable
from app.resources.sources import SOURCES
from app.storage.columns import Characters, Number
from app.storage.database import ReadTransaction, Revision

SHOWN = (*COLUMNS, "licence", "attribution", "reason")


@dataclass(frozen=True)
class Observations:
    """What observations are asked for, beside the filters on their columns."""

    units: Units
    base: str
    base_period: str | None
    named: tuple[str, ...]
    """The countries asked for: the whole of a share where no source gives the world."""

    sources: tuple[str, ...]
    scopes: tuple[str, ...]
    bases: tuple[Basis, ...]
    indicators: tuple[str, ...]
    """What figures are asked for; those of others need not be read."""

    period: PeriodRange | None
    latest: bool
    attribution: Attribution
    licences: tuple[Reuse, ...]

    key = (
        "indicator",
        "country",
        "period_first_day",
        "period_last_day",
        "source",
        "scope",
        "stated_unit",
        "basis",
        "fact",
    )
    name = "observations"
    columns = SHOWN

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """What may be sorted by."""
        return {
            "indicator": "indicator",
            "country": "country",
            "period": "period_first_day",
            "value": "value",
            "source": "source",
        }

    @property
    def is_read_whole(self) -> bool:
        """Whether figures are set against others, of which each may be any."""
        return self.units != "level" or self.latest

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the observations at a revision."""
        countries = self._countries
        view = View(transaction, at, self.attribution, self.licences, countries or None)
        levels = self._of_what_is_asked(observed(view, self.indicators), countries)
        rows = levels if self.units == "level" else self._worked_out(view, levels)
        if self.units == "level":
            no_reason = cast(null(), Characters()).label("reason")
            stated_unit = levels.c.unit.label("stated_unit")
            said = _licence(view, levels), _attribution(view, levels)
            rows = select(*levels.c, *said, no_reason, stated_unit).subquery("observations")
        return ObservedRows(self._newest(rows) if self.latest else rows, view)

    @property
    def _countries(self) -> tuple[str, ...]:
        """The countries asked for, and what theirs is set against; none for all."""
        beside = {"share": (units.WORLD,), "ratio": (self.base,)}.get(self.units, ())
        return (*self.named, *beside) if self.named else ()

    def _of_what_is_asked(self, levels: FromClause, countries: tuple[str, ...]) -> FromClause:
        """Return the levels that an answer is worked out of: what is of others changes none."""
        wanted = {
            "country": countries,
            "source": self.sources,
            "scope": self.scopes,
            "basis": self.bases,
        }
        conditions = [levels.c[name].in_(words) for name, words in wanted.items() if words]
        return select(levels).where(*conditions).subquery("wanted") if conditions else levels

    def _newest(self, rows: FromClause) -> Subquery:
        """Keep the newest observation with a value of each series, within the period asked for."""
        newest = func.rank().over(  # figures that contradict each other are both the newest
            partition_by=[rows.c[name] for name in units.SERIES if name != "unit"]
            + [rows.c.stated_unit],
            order_by=(rows.c.period_first_day.desc(), rows.c.period_last_day.desc()),
        )
        ranked = select(*rows.c, newest.label("place")).where(rows.c.value.is_not(None))
        if self.period:
            ranked = ranked.where(within(PlainRows(rows), "period", self.period))
        kept = ranked.subquery()
        shown = (kept.c[name] for name in (*SHOWN, "stated_unit"))
        return select(*shown).where(kept.c.place == 1).subquery("observations")

    def _worked_out(self, view: View, stated: FromClause) -> Subquery:
        levels = units.alone(stated, _of_source(view, stated, "published_last_day"))
        source: FromClause = levels
        no_sums = {one.id for one in indicators(view).values() if not one.adds_up}
        match self.units:
            case "change" | "percent_change":
                source = levels = series.with_earlier(levels)
                worked = series.change(levels, in_percent=self.units == "percent_change")
            case "index":
                source = levels = series.with_base(levels, self.base_period)
                worked = series.index(levels, self.base_period)
            case "ratio":
                worked = units.ratio(levels, self.base)
            case "share":
                worked = units.share(levels, self.named, no_sums)
            case _:
                size = units.sizes(view, *units.SIZES[self.units])
                in_year = year(levels.c.period_first_day, levels.c.period_last_day)
                beside = and_(size.c.country == levels.c.country, size.c.year == in_year)
                source = levels.outerjoin(size, beside)
                worked = units.by_size(self.units, levels, size, no_sums)
        columns: dict[str, Column] = {name: levels.c[name] for name in COLUMNS}
        can_be_said = and_(levels.c.is_over, worked.qualifier.is_not(None))
        columns["value"] = case((can_be_said, worked.value))
        columns["value"] = type_coerce(columns["value"], Number()).label("value")
        columns["unit"] = worked.unit.label("unit")
        firmness = case((levels.c.is_over, worked.qualifier))
        columns["qualifier"] = func.coalesce(firmness, levels.c.qualifier).label("qualifier")
        query = select(
            *columns.values(),
            _licence(view, levels),
            _attribution(view, levels),
            case((levels.c.is_over, worked.reason), else_="incomplete_period").label("reason"),
            levels.c.unit.label("stated_unit"),
        )
        return query.select_from(source).subquery("observations")


def _licence(view: View, levels: FromClause) -> Column:
    """Return the licence of the source of each observation."""
    return _of_source(view, levels, "licence").label("licence")


def _of_source(view: View, levels: FromClause, column: str) -> Column:
    """Return a column of the source of each observation."""
    sources = view.rows(SOURCES)
    stated = sources.select((column,)).where(sources.column("id") == levels.c.source)
    return stated.scalar_subquery()


def _attribution(view: View, levels: FromClause) -> Column:
    """Return the rule by which AI models count, where an indicator counts them."""
    counting = [one.id for one in indicators(view).values() if one.attributed]
    rule = literal(view.attribution, Characters())
    return case((levels.c.indicator.in_(counting), rule)).label("attribution")


def observed(view: View, wanted: Sequence[str] = ()) -> FromClause:
    """Return the observations of some indicators, or of all, as a table of `COLUMNS`."""
    known = indicators(view)
    chosen = [known[id_] for id_ in wanted if id_ in known] if wanted else list(known.values())
    parts = [indicator.observe(view, indicator) for indicator in chosen]
    if not parts:
        any_one: Indicator = next(iter(known.values()))
        parts = [any_one.observe(view, any_one).where(false())]
    return (union_all(*parts) if len(parts) > 1 else parts[0]).subquery("observed")
