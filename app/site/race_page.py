"""The first page: who leads, by how much, is the gap closing, and which source says so.

A pure function of answers that are already worked out. What it shows are the words of those
answers, each beside the address of the API call that gives it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from app.analysis.catalogue import IndicatorEntry
from app.analysis.claims import Claim, whole_claims
from app.analysis.comparison import Comparison, Gap, Refusal
from app.analysis.figures import house_of
from app.analysis.newest_said import of_the_whole
from app.analysis.scopes import wider
from app.kit.text import counted
from app.site import scoreboard, words
from app.site.race_view import FIRST_COUNTRIES, Choice, Frame, RaceView, SourceName
from app.site.templating import mount_point, render
from app.site.trend_words import trend_words

_SHOWN_AT_ONCE: Final = 8


def race_page(view: RaceView, frame: Frame) -> str:
    """Return the first page."""
    choice = view.choice
    entries = {entry.id: entry for entry in view.catalogue}
    board = [standing for standing in view.race.standings if standing.leader]
    silent = sorted(
        (standing for standing in view.race.standings if not standing.leader),
        key=words.is_level,
        reverse=True,
    )
    chosen = entries[choice.indicator]
    names = [(code, view.countries[code].name) for code in choice.countries]
    offered = _offered(view)
    return render(
        "race.html",
        name=frame.name,
        version=frame.version,
        root=mount_point(frame.root_path),
        choice=choice,
        at=view.at,
        latest=view.latest,
        is_empty=not view.at.id,
        day=words.day_words(view.at.recorded_at),
        latest_day=words.day_words(view.latest.recorded_at),
        headline=words.headline(names, view.race.standings),
        tally=scoreboard.tally(view.race.standings),
        country_names={code: country.name for code, country in view.countries.items()},
        first_countries=offered[:_SHOWN_AT_ONCE],
        more_countries=offered[_SHOWN_AT_ONCE:],
        revisions=[(one, words.day_words(one.recorded_at)) for one in view.revisions],
        board=[scoreboard.row(view, standing) for standing in board],
        silent=[
            (scoreboard.link(choice, one), scoreboard.silence(view, one, entries[one.indicator]))
            for one in silent
        ],
        indicator=chosen,
        has_figures=bool(view.claims.claims),
        chart=_chart(choice, chosen) if view.claims.claims else None,
        names=words.listed(words.with_article(*pair) for pair in names),
        pairs=[_pair(view, gap) for gap in view.gaps],
        claims=[_claim(view, claim) for claim in whole_claims(view.claims.claims)],
        parts=len(view.claims.claims) - len(whole_claims(view.claims.claims)),
        spreads=_spreads(view),
        shelves=view.shelves,
        calls=_calls(view),
        pinned=replace(choice, as_of=str(view.at.id)).page(),
    )


def _offered(view: RaceView) -> list[str]:
    """Return the countries to choose: the first two, those chosen, some that most is told of.

    Then all by name.
    """
    first = [*FIRST_COUNTRIES, *view.choice.countries]
    by_name = sorted(
        view.countries, key=lambda code: (view.countries[code].is_group, view.countries[code].name)
    )
    told = Counter(code for entry in view.catalogue for code in entry.countries)
    of_most = sorted(by_name, key=lambda code: (view.countries[code].is_group, -told[code]))
    shown = [code for code in dict.fromkeys([*first, *of_most]) if code in view.countries]
    return list(dict.fromkeys([*shown[:_SHOWN_AT_ONCE], *by_name]))


def _pair(view: RaceView, gap: Gap) -> dict[str, Any]:
    a, b = (view.countries[code].name for code in (gap.a, gap.b))
    whole = of_the_whole(gap.comparisons)
    refused, refused_parts = _refusals_of_parts_apart(view, gap)
    return {
        "title": f"{a} and {b}",
        "agreement": _agreement(view, gap),
        "comparisons": [_comparison(view, gap, one) for one in whole],
        "parts": [_comparison(view, gap, one) for one in gap.comparisons if one not in whole],
        "refusals": _refusals(view, refused),
        "refused_parts": _refusals(view, refused_parts),
        "parts_refused": counted(
            len({(view.publisher(one.source), one.scope) for one in refused_parts}),
            "scope that is part of another",
            "scopes that are parts of others",
        ),
        "call": view.choice.call(
            "/gap", indicator=gap.indicator, a=gap.a, b=gap.b, period=view.choice.period
        ),
    }


def _agreement(view: RaceView, gap: Gap) -> str:
    """Return how many independent sources name which leader."""
    said = gap.agreement
    if not said.witnesses:
        return "No source gives figures of both that can be compared."
    parts = []
    named = said.higher if gap.higher_is == "neither" else said.leaders
    for code, count in named.items():
        if code == "equal":
            parts.append(f"{count} put{'s' * (count == 1)} them level")
        else:
            country = words.with_article(code, view.countries[code].name)
            verb = "has" if gap.higher_is == "neither" else "puts"
            rest = "the higher figure for" if gap.higher_is == "neither" else ""
            plural = {"has": "have", "puts": "put"}[verb]
            tail = f"{rest} {country}" if rest else f"{country} ahead"
            parts.append(f"{count} {verb if count == 1 else plural} {tail}")
    if said.undecided:
        parts.append(f"{said.undecided} contradict{'s' * (said.undecided == 1)} itself by scope")
    start = counted(said.witnesses, "independent source")
    return f"{start} can say: {words.listed(parts)}."


def _comparison(view: RaceView, gap: Gap, comparison: Comparison) -> dict[str, Any]:
    shared = [c for c in gap.comparisons if c.witness == comparison.witness]
    others = {c.witness for c in gap.comparisons} - {comparison.witness}
    root = comparison.witness
    restated = None
    if root != comparison.source:
        restated = f"It restates {view.publisher(root)}"
        restated += ": one witness with the others that do." if len(shared) > 1 else "."
    elif house_of(view.publisher(root)) in {house_of(view.publisher(one)) for one in others}:
        restated = "One witness with the other of its publisher."
    return {
        "sentence": comparison.sentence,
        "source": _source(view, comparison.source),
        "restated": restated,
        "trend": trend_words(comparison, {code: one.name for code, one in view.countries.items()}),
    }


def _refusals_of_parts_apart(view: RaceView, gap: Gap) -> tuple[list[Refusal], list[Refusal]]:
    """Return the refusals, and apart from them those in a part of a scope of the same publisher."""
    stated = [(one.source, one.scope) for one in gap.comparisons]
    stated += [(one.source, one.scope) for one in gap.refusals]
    scopes: dict[str, set[str | None]] = defaultdict(set)
    for source, scope in stated:
        scopes[house_of(view.publisher(source))].add(scope)
    parts = [
        one
        for one in gap.refusals
        if wider(one.scope, scopes[house_of(view.publisher(one.source))])
    ]
    return [one for one in gap.refusals if one not in parts], parts


def _refusals(view: RaceView, refusals: Iterable[Refusal]) -> list[tuple[str, list[str]]]:
    """Return each reason in words, with its sources, and the scopes and periods of each."""
    grouped: dict[str, dict[str, dict[str, list[str]]]] = {}
    for refusal in refusals:
        of_source = grouped.setdefault(refusal.detail, {}).setdefault(
            view.publisher(refusal.source), {}
        )
        periods = of_source.setdefault(refusal.scope or "", [])
        if refusal.period:
            periods.append(words.period_words(refusal.period))
    return [
        (words.capital(detail), [_refused(who, scopes) for who, scopes in by_source.items()])
        for detail, by_source in grouped.items()
    ]


def _refused(who: str, scopes: Mapping[str, Iterable[str]]) -> str:
    """Return a publisher with the scopes, and the periods of each, that it is refused in."""
    told = (
        f"{scope} {', '.join(dict.fromkeys(periods))}".strip() for scope, periods in scopes.items()
    )
    return f"{who}: {'; '.join(told)}".removesuffix(": ")


def _source(view: RaceView, key: str) -> dict[str, Any]:
    found = view.sources.get(key) or SourceName(key, key, None, None)
    is_web = bool(found.url) and (found.url or "").startswith(("https://", "http://"))
    return {
        "id": key,
        "publisher": found.publisher,
        "title": found.title,
        "published": words.period_words(found.published) if found.published else None,
        "url": found.url if is_web else None,
    }


def _claim(view: RaceView, claim: Claim) -> dict[str, Any]:
    said = [words.DIFFERENCES[d] for d in claim.differs_in if d in words.DIFFERENCES]
    return {
        "country": view.countries[claim.country].name,
        "period": words.period_words(claim.period),
        "figure": words.figure_words(claim.value, claim.unit, claim.qualifier),
        "scope": claim.scope,
        "basis": claim.basis,
        "source": _source(view, claim.source),
        "chain": [(key, view.publisher(key)) for key in claim.chain],
        "differs_in": words.listed(said) if said else None,
    }


def _spreads(view: RaceView) -> list[str]:
    """Return how far the claims on each country and year are apart, in words."""
    found = []
    for spread in view.claims.spreads:
        if spread.claims == 1:
            continue
        figures = "in several units"
        if spread.lowest is not None and spread.highest is not None:
            low = words.figure_words(spread.lowest, "", "exact").strip()
            high = words.figure_words(spread.highest, spread.unit or "", "exact")
            figures = high if spread.highest == spread.lowest else f"{low} to {high}"
        said = [words.DIFFERENCES[d] for d in spread.differs_in if d in words.DIFFERENCES]
        terms = f"; they differ in {words.listed(said)}" if said else ""
        found.append(
            f"{view.countries[spread.country].name}, {spread.year}: "
            f"{counted(spread.claims, 'figure')} from "
            f"{counted(spread.witnesses, 'independent source')}, {figures}{terms}."
        )
    return found


def _chart(choice: Choice, entry: IndicatorEntry) -> dict[str, str]:
    """Return the addresses of the chart by theme and size, and what it shows in words."""
    sizes = {"wide": ("900", "520"), "narrow": ("360", "520")}
    return {
        f"{size}_{theme}": choice.call(
            f"/charts/{entry.id}.png",
            country=",".join(choice.countries),
            period=choice.period,
            theme=theme,
            width=width,
            height=height,
        )
        for size, (width, height) in sizes.items()
        for theme in ("light", "dark")
    }


def _calls(view: RaceView) -> dict[str, str]:
    choice = view.choice
    codes = ",".join(choice.countries)
    one = {"indicator": choice.indicator, "country": codes, "period": choice.period}
    return {
        "race": choice.call("/race", countries=codes, period=choice.period),
        "race_csv": choice.call("/race.csv", countries=codes, period=choice.period),
        "claims": choice.call("/claims", **one),
        "claims_csv": choice.call("/claims.csv", **one),
        "observations": choice.call("/observations", **one),
        "observations_csv": choice.call("/observations.csv", shape="wide", **one),
        "sensitivity": choice.call(
            "/sensitivity",
            indicator=choice.indicator,
            a=choice.countries[0],
            b=choice.countries[1],
        ),
        "indicator": choice.call(f"/indicators/{choice.indicator}"),
    }
