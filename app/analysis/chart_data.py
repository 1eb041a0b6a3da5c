"""What a chart shows, read from the data: figures, names, and why some are not compared."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from app.analysis.chart_content import Chart, SourceName
from app.analysis.chart_refusals import refusals_of
from app.analysis.chart_style import ThemeName
from app.analysis.figures import Observation, Sources, read_observations, read_witnesses
from app.analysis.indicator import Indicator
from app.analysis.left_out import NOBODYS, asked_of, read_left_out
from app.analysis.sentences import number_words
from app.analysis.view import View
from app.kit.errors import NotAllowed
from app.kit.text import counted
from app.resources.countries import COUNTRIES
from app.resources.reading import Unanswerable
from app.resources.sources import SOURCES

MOST_FIGURES = 2_000


def read_chart(
    view: View,
    indicator: Indicator,
    countries: Sequence[str],
    filters: BaseModel,
    *,
    theme: ThemeName,
    width: int,
    height: int,
) -> Chart:
    """Return the chart of an indicator. Raises Unanswerable where there is nothing to draw."""
    found = read_observations(view, indicator, countries, filters)
    if not found:
        raise Unanswerable("country", _nothing(view, indicator, countries))
    witnesses = read_witnesses(view)
    sources = Sources(witnesses, found)
    whole = [one for one in found if not sources.part_of(one)]
    notes = []
    if indicator.attributed:
        notes.append(f"AI models are counted by attribution={view.attribution}.")
    names = _source_names(view)
    if without := _without_country(view, indicator, filters, found, names):
        notes.append(f"Not drawn, being of no country that is known: {', '.join(without)}.")
    if len(whole) < len(found) and not getattr(filters, "scope", None):
        parts = len({(one.source, one.scope) for one in found}) - len(
            {(one.source, one.scope) for one in whole}
        )
        found = whole
        notes.append(f"Not drawn: {counted(parts, 'part')} of a scope; scope=... draws them.")
    if len(found) > MOST_FIGURES:
        words = f"leaves {len(found)} figures, too many to draw; ask for a shorter one"
        raise Unanswerable("period", NotAllowed(words))
    units = Counter(row.unit for row in found)
    usual = indicator.unit if indicator.unit in units else units.most_common(1)[0][0]
    return Chart(
        title=indicator.name,
        unit=usual,
        observations=found,
        countries=_country_names(view, countries),
        sources=names,
        revision=view.at.id,
        recorded=view.at.recorded_at[:10],
        refusals=refusals_of(indicator, countries, found, witnesses),
        notes=notes,
        theme=theme,
        width=width,
        height=height,
    )


def _without_country(
    view: View,
    indicator: Indicator,
    filters: BaseModel,
    found: Sequence[Observation],
    names: Mapping[str, SourceName],
) -> list[str]:
    """Return in words how much each source lists without a country.

    That is in its newest such period and, of the others, in that with most.
    """
    left_out = asked_of(view, read_left_out(view, [indicator])[indicator.id], filters)
    found_of: dict[str, list[tuple[str, float, str]]] = defaultdict(list)
    for (source, period, unit, _, country), value in sorted(left_out.items(), key=str):
        if country == NOBODYS:
            found_of[source].append((period, value, unit))
    told = []
    for source in dict.fromkeys(one.source for one in found if one.source in found_of):
        *before, (period, value, unit) = found_of[source]
        text = f"{names[source].name} {period} {number_words(value)} {unit}"
        if before:
            earlier, most, unit = max(before, key=lambda one: (one[1], one[0]))
            text += f" and, of {counted(len(before), 'earlier period')}, at most "
            text += f"{number_words(most)} {unit} in {earlier}"
        told.append(text)
    return told


def _nothing(view: View, indicator: Indicator, countries: Sequence[str]) -> NotAllowed:
    if read_observations(view, indicator, countries):
        return NotAllowed("has figures of this indicator, but none that the other parameters leave")
    everyone = sorted(_country_names(view, None))
    there = sorted({row.country for row in read_observations(view, indicator, everyone)})
    if not there:
        return NotAllowed("has nothing to draw: nobody states this indicator at this revision")
    return NotAllowed("has no figure of this indicator, so there is nothing to draw", allowed=there)


def _country_names(view: View, countries: Sequence[str] | None) -> dict[str, str]:
    rows = view.rows(COUNTRIES)
    query = rows.select(("id", "name"))
    names = {row[0]: str(row[1]) for row in view.transaction.connection.execute(query)}
    if countries is None:
        return names
    return {code: names.get(code, code) for code in dict.fromkeys(countries)}


def _source_names(view: View) -> dict[str, SourceName]:
    """Return how each source is called: by its publisher, by its day where that is not one.

    By its key too where that leaves two.
    """
    columns = ("id", "publisher", "title", "published", "restates")
    query = view.rows(SOURCES).select(columns)
    rows = {row[0]: row for row in view.transaction.connection.execute(query)}
    same = Counter(publisher for _, publisher, *_ in rows.values())
    alike = Counter((publisher, published) for _, publisher, _, published, _ in rows.values())
    found = {}
    for id_, publisher, title, published, restates in rows.values():
        day = f" ({published})" if published else ""
        name = f"{publisher}{day}" if same[publisher] > 1 else publisher
        if alike[publisher, published] > 1:
            name += f" {id_}"
        origin = f", restating {rows[restates][1]}" if restates in rows else ""
        found[id_] = SourceName(name, f"{publisher}, {title}{day}{origin}")
    return found
