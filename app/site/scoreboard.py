"""The scoreboard of the first page: a row for each indicator, or why nobody can be said to lead."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.analysis.catalogue import IndicatorEntry
from app.analysis.comparison import Direction
from app.analysis.race import Standing
from app.kit.text import counted
from app.site import words
from app.site.race_view import FIRST_COUNTRIES, Choice, RaceView


def tally(standings: Sequence[Standing]) -> str:
    """Return what the headline does not say: how much cannot be told, and that nothing is added."""
    board = [standing for standing in standings if standing.leader]
    silent = len(standings) - len(board) - sum(map(words.is_level, standings))
    if silent == len(standings):
        return "Nothing is guessed: where no source gives both sides, there is no answer."
    left = f"On {counted(silent, 'other')} no leader can be named. " if silent else ""
    if unsure := sum(not standing.leader_certain for standing in board):
        left = f"On {unsure} of them what has no country could turn that. {left}"
    return f"{left}Indicators are counted here, never weighed: what matters more is yours to say."


def link(choice: Choice, standing: Standing) -> dict[str, Any]:
    """Return what leads to the page of an indicator."""
    return {
        "name": standing.name,
        "address": replace(choice, indicator=standing.indicator).page(),
        "is_chosen": standing.indicator == choice.indicator,
    }


def row(view: RaceView, standing: Standing) -> dict[str, Any]:
    """Return what the row of an indicator that has a leader says."""
    over = f" over {_name(view, standing.runner_up)}" if standing.runner_up else ""
    return {
        "link": link(view.choice, standing),
        "leader": view.countries[standing.leader or ""].name,
        "margin": words.margin_words(standing),
        "range": words.range_words(standing),
        "over": over if len(view.choice.countries) > len(FIRST_COUNTRIES) else "",
        "unless": None if standing.leader_certain else _name(view, standing.runner_up or ""),
        "beside": _beside(view, standing),
        "direction": _direction(standing.direction, standing.direction_since, standing.crossover),
        "recent": _recent(standing),
        "direction_by": None
        if standing.direction_source in (None, standing.source)
        else view.publisher(standing.direction_source or ""),
        "is_disputed": len(standing.directions) > 1,
        "scope": words.scope_words(standing.scope),
        "period": words.period_words(standing.period or ""),
        "source": view.publisher(standing.source or ""),
        "source_id": standing.source,
        "for": standing.witnesses_for,
        "against": standing.witnesses_against,
    }


def _recent(standing: Standing) -> str | None:
    """Return what the lead does seen from a later period, where that is something else."""
    if not standing.depends_on_first:
        return None
    if standing.recent_direction in (None, standing.direction):
        return "seen from later periods it differs"
    return _direction(standing.recent_direction, standing.recent_since, standing.crossover)


def _direction(direction: Direction | None, since: str | None, crossover: str | None) -> str | None:
    """Return what a lead does, and since when; of one that was taken over in which period."""
    if direction is None:
        return None
    if direction == "reversed" and crossover:
        return f"{words.DIRECTIONS[direction]} in {words.period_words(crossover)}"
    from_then = "after" if direction == "reversed" else "since"
    return f"{words.DIRECTIONS[direction]} {from_then} {words.period_words(since or '')}"


def _name(view: RaceView, code: str) -> str:
    """Return the name of a country as it stands inside a sentence."""
    return words.with_article(code, view.countries[code].name)


def _beside(view: RaceView, standing: Standing) -> str | None:
    """Return which of more than two countries are not compared, None where all are."""
    if len(view.choice.countries) == len(FIRST_COUNTRIES) or not standing.not_compared:
        return None
    return f"{words.listed(_name(view, code) for code in standing.not_compared)} not compared"


def silence(view: RaceView, standing: Standing, entry: IndicatorEntry) -> str:
    """Return why nobody can be said to lead."""
    choice = view.choice
    if words.is_level(standing):
        return _level(view, standing)
    if entry.higher_is == "neither":
        return "more of it is neither ahead nor behind"
    if not set(entry.countries) & set(choice.countries) & set(view.countries):
        return "no source gives figures for these countries"
    if set(standing.not_compared) != set(choice.countries):
        more = ", or put some of these countries level"
        return f"its sources are divided{more * (len(choice.countries) > len(FIRST_COUNTRIES))}"
    said = [words.REASONS[reason] for reason in standing.refusals if reason in words.REASONS]
    within = " within these periods" if choice.period else ""
    return "; ".join(said) or f"no source gives figures of two of these countries{within}"


def _level(view: RaceView, standing: Standing) -> str:
    """Return when those that are compared are level, and by whose figures."""
    period, who = words.period_words(standing.period or ""), view.publisher(standing.source or "")
    scope = words.scope_words(standing.scope)
    covers = f" ({scope})" if scope else ""
    told = f"level in {period} by the figures of {who}{covers}"
    return "; ".join(filter(None, [told, _beside(view, standing)]))
