"""How many independent sources name which leader."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from app.analysis.comparison import Agreement, Comparison
from app.analysis.figures import Sources
from app.analysis.newest_said import newest_said


def agreement(comparisons: Iterable[Comparison], higher_is: str, sources: Sources) -> Agreement:
    """Count each publisher at the end of a chain once, by what it says of its newest period."""
    ahead: dict[str, set[str]] = defaultdict(set)
    higher: dict[str, set[str]] = defaultdict(set)
    for house, one in newest_said(comparisons, sources):
        ahead[house].add(one.periods[-1].leader or "equal")
        higher[house].add(one.periods[-1].higher or "equal")
    return Agreement(
        witnesses=len(higher),
        leaders={} if higher_is == "neither" else _counted(ahead.values()),
        higher=_counted(higher.values()),
        undecided=sum(len(names) > 1 for names in higher.values()),
    )


def _counted(said: Iterable[set[str]]) -> dict[str, int]:
    """Count what each witness says, where it says one thing."""
    return dict(sorted(Counter(next(iter(one)) for one in said if len(one) == 1).items()))
