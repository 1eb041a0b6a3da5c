"""The scoreboard of the first page: a row for each indicator, or why nobody can be said to lead."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.analysis.catalogue import IndicatorEntry
from app.analysis.race import Standing
from app.kit.text import counted
from app.site import words
from app.site.race_view import FIRST_COUNTRIES, Choice, RaceView


def tally(board: Sequence[Standing], silent: int) -> str:
    """Return what the headline does not say: how much cannot be told, and that nothing is added."""
    if not board:
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
    over = f" over {view.countries[standing.runner_up].name}" if standing.runner_up else ""
    return {
        "link": link(view.choice, standing),
        "leader": view.countries[standing.leader or ""].name,
        "margin": words.margin_words(standing),
        "range": words.range_words(standing),
        "over": over if len(view.choice.countries) > len(FIRST_COUNTRIES) else "",
        "unless": None
        if standing.leader_certain
        else view.countries[standing.runner_up or ""].name,
        "direction": words.DIRECTIONS.get(standing.direction or ""),
        "since": words.period_words(standing.direction_since or ""),
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
    since = words.period_words(standing.recent_since or "")
    return f"{words.DIRECTIONS[standing.recent_direction]} since {since}"


def silence(standing: Standing, entry: IndicatorEntry, choice: Choice, known: Iterable[str]) -> str:
    """Return why nobody can be said to lead."""
    if entry.higher_is == "neither":
        return "more of it is neither ahead nor behind"
    if not set(entry.countries) & set(choice.countries) & set(known):
        return "no source gives figures for these countries"
    said = [words.REASONS[reason] for reason in standing.refusals if reason in words.REASONS]
    if not said and set(standing.not_compared) == set(choice.countries):
        within = " within these periods" if choice.period else ""
        return f"no source gives figures of two of these countries{within}"
    return "; ".join(said) or "its sources are divided, or put them level"
