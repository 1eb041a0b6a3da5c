"""How many independent sources name which leader."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from app.analysis.comparison import Agreement, Comparison
from app.analysis.figures import Sources
from app.analysis.scopes import is_projection
from app.kit.periods import parse_period


def of_the_whole(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Return the comparisons but for those of a part of a scope that their publisher gives whole.

    A country can be behind in a part, and nobody contradicts himself by that. What was projected
    speaks only where nothing was counted.
    """
    whole = [one for one in comparisons if one.part_of is None]
    return [one for one in whole if not is_projection(one.scope)] or whole


def agreement(comparisons: Iterable[Comparison], higher_is: str, sources: Sources) -> Agreement:
    """Count each publisher at the end of a chain once, by what it says of its newest period.

    That is the newest of each scope, and of that what it published last.
    """
    said: dict[tuple[str, str | None], list[Comparison]] = defaultdict(list)
    for one in of_the_whole(comparisons):
        said[sources.house(one.witness), one.scope].append(one)
    ahead: dict[str, set[str]] = defaultdict(set)
    higher: dict[str, set[str]] = defaultdict(set)
    for (house, _), these in said.items():
        for one in newest_of(these, sources.published):
            ahead[house].add(one.periods[-1].leader or "equal")
            higher[house].add(one.periods[-1].higher or "equal")
    return Agreement(
        witnesses=len(higher),
        leaders={} if higher_is == "neither" else _counted(ahead.values()),
        higher=_counted(higher.values()),
        undecided=sum(len(names) > 1 for names in higher.values()),
    )


def newest_of(
    these: Sequence[Comparison], published: Callable[[str], str | None]
) -> list[Comparison]:
    """Return those of the newest period; an edition before another one corrects nothing.

    All are of one publisher and scope; `published` tells the day of a source, if it is known.
    """
    last_days = [parse_period(one.periods[-1].period).last for one in these]
    latest = [one for one, day in zip(these, last_days, strict=True) if day == max(last_days)]
    days = [published(one.witness) for one in latest]
    newest = max((day for day in days if day), default=None)
    return [one for one, day in zip(latest, days, strict=True) if day in (None, newest)]


def _counted(said: Iterable[set[str]]) -> dict[str, int]:
    """Count what each witness says, where it says one thing."""
    return dict(sorted(Counter(next(iter(one)) for one in said if len(one) == 1).items()))
