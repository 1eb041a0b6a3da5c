"""Sensitivity: the answer under every choice that could have been made, and which ones turn it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, get_args

from pydantic import Field
from sqlalchemy import exists, or_, select

from app.analysis.comparison import Comparison, Direction, Gap, Reason, Shape
from app.analysis.gaps import read_gap
from app.analysis.indicator import Indicator
from app.analysis.view import ATTRIBUTIONS, View
from app.resources.registry import RESOURCES
from app.storage.records import RevisionRecord

Choice = Literal["source", "scope", "attribution", "revision"]
DirectionChoice = Literal["first_period", "source", "scope", "attribution", "revision"]
REVISIONS_AT_MOST = 20
_CHOICES: tuple[Choice, ...] = get_args(Choice)


class Refused(Shape):
    """What could not be answered under one set of choices."""

    source: str = Field(description="The source.", examples=["bnn-2024-03-31"])
    scope: str | None = Field(description="The scope.", examples=["generative-ai"])
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    revision: int = Field(description="The revision.", examples=[2], ge=0)
    period: str | None = Field(description="The period.", examples=["2022"])
    reason: Reason = Field(description="Why, for programs.", examples=["one_sided"])


class Answer(Shape):
    """Who leads under one set of choices."""

    source: str = Field(description="The source.", examples=["bnn-2024-03-31"])
    scope: str | None = Field(description="The scope.", examples=["generative-ai"])
    unit: str = Field(description="The unit of the figures.", examples=["USD"])
    attribution: str | None = Field(
        description="How AI models count for countries; null where it does not matter.",
        examples=["any"],
    )
    revision: int = Field(description="The revision.", examples=[2], ge=0)
    period: str = Field(description="The newest period both have.", examples=["2023"])
    leader: str | None = Field(
        description="The leader; null where the two are equal, or more is neither ahead nor "
        "behind.",
        examples=["US"],
    )
    higher: str | None = Field(
        description="The country with the larger figure; null where equal.", examples=["US"]
    )
    leader_certain: bool = Field(
        description="Whether it would stay ahead if all that the source lists without a country "
        "were the other one's.",
        examples=[True],
    )
    ratio: float | None = Field(
        description="a divided by b; null where b is zero.", examples=[15.5]
    )
    direction: Direction | None = Field(
        description="What the lead does over all periods; null where that cannot be told, or "
        "what is of no country could turn it.",
        examples=["closing"],
    )
    direction_since: str | None = Field(description="The first period of that.", examples=["2015"])
    depends_on_first: bool = Field(
        description="Whether another first period would give another direction.", examples=[True]
    )


class Sensitivity(Shape):
    """The answers under every choice."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    a: str = Field(description="The first country.", examples=["US"])
    b: str = Field(description="The second country.", examples=["CN"])
    revisions: list[int] = Field(
        description=f"The revisions asked: the newest {REVISIONS_AT_MOST}, at most, that changed "
        "what the answer is worked out from.",
        examples=[[1, 2]],
    )
    revisions_left_out: int = Field(
        description="How many older ones of that sort were not asked.", examples=[0], ge=0
    )
    answers: list[Answer] = Field(description="The answer under each set of choices.")
    refusals: list[Refused] = Field(description="What could not be answered, and why.")
    leaders: dict[str, int] = Field(
        description="How many sets of choices give which leader; where more is neither ahead nor "
        "behind, which country the larger figure.",
        examples=[{"US": 9}],
    )
    turned_by: list[Choice] = Field(
        description="The choices that, changed alone, give another leader.", examples=[["source"]]
    )
    direction_turned_by: list[DirectionChoice] = Field(
        description="The choices that, changed alone, turn the direction: `first_period` where an "
        "answer depends on it, others where the lead of the same country widens by one answer and "
        "closes by another.",
        examples=[["first_period", "source"]],
    )


def read_sensitivity(view: View, indicator: Indicator, a: str, b: str) -> Sensitivity:
    """Return the answers at each revision that could differ. Attribution varies if it matters."""
    transaction = view.transaction
    changed = _changes(view, indicator)
    asked = changed[-REVISIONS_AT_MOST:]
    rules = ATTRIBUTIONS if indicator.attributed else ATTRIBUTIONS[:1]
    answers: list[Answer] = []
    refusals: list[Refused] = []
    for number in asked:
        for rule in rules:
            then = replace(view, at=transaction.revision(number), attribution=rule)
            gap = read_gap(then, indicator, a, b)
            answers += [_answer(gap, comparison, number) for comparison in gap.comparisons]
            refusals += [
                Refused(
                    source=refusal.source,
                    scope=refusal.scope,
                    attribution=gap.attribution,
                    revision=number,
                    period=refusal.period,
                    reason=refusal.reason,
                )
                for refusal in gap.refusals
                if refusal.reason != "single_period"  # a trend that cannot be told: not asked here
            ]
    leaders = Counter(answer.higher or "equal" for answer in answers)
    if indicator.higher_is != "neither":
        leaders = Counter(answer.leader or "equal" for answer in answers)
    return Sensitivity(
        indicator=indicator.id,
        a=a,
        b=b,
        revisions=asked,
        revisions_left_out=len(changed) - len(asked),
        answers=answers,
        refusals=refusals,
        leaders=dict(sorted(leaders.items())),
        turned_by=turning_choices(answers),
        direction_turned_by=directing_choices(answers),
    )


def _answer(gap: Gap, comparison: Comparison, revision: int) -> Answer:
    newest = comparison.periods[-1]
    trend = comparison.trend if comparison.trend and comparison.trend.certain else None
    return Answer(
        source=comparison.source,
        scope=comparison.scope,
        unit=comparison.unit,
        attribution=gap.attribution,
        revision=revision,
        period=newest.period,
        leader=newest.leader,
        higher=newest.higher,
        leader_certain=newest.leader_certain,
        ratio=newest.ratio,
        direction=trend.direction if trend else None,
        direction_since=trend.first if trend else None,
        depends_on_first=bool(trend and trend.depends_on_first),
    )


def _changes(view: View, indicator: Indicator) -> list[int]:
    """Return the revisions that changed what an indicator is worked out from, oldest first."""
    revisions = RevisionRecord.__table__
    stated = [indicator.resource, "sources", *(["companies"] if indicator.attributed else [])]
    touched = []
    for resource in RESOURCES:
        if resource.many in stated:
            current, history = resource.ledger.current, resource.ledger.history
            columns = (current.c.revision, history.c.revision, history.c.until)
            touched += [exists().where(column == revisions.c.id) for column in columns]
    query = select(revisions.c.id).where(revisions.c.id <= view.at.id, or_(*touched))
    return list(view.transaction.connection.scalars(query.order_by(revisions.c.id)))


def turning_choices(answers: list[Answer]) -> list[Choice]:
    """Return the choices for which two answers differ in nothing else, and put another ahead."""
    return _turning(answers, lambda answer: answer.higher)


def directing_choices(answers: list[Answer]) -> list[DirectionChoice]:
    """Return the choices that alone give another direction of the lead of the same country."""
    told = [answer for answer in answers if answer.direction in ("widening", "closing")]
    turning: list[DirectionChoice] = [*_turning(told, lambda one: one.direction, "higher")]
    if any(answer.depends_on_first for answer in answers):
        turning.insert(0, "first_period")
    return turning


def _turning(
    answers: Sequence[Answer], said: Callable[[Answer], str | None], *alike: str
) -> list[Choice]:
    """Return the choices for which answers that are alike otherwise say different things."""
    turning: list[Choice] = []
    for choice in _CHOICES:
        others = ["unit", *alike, *(name for name in _CHOICES if name != choice)]
        groups: dict[tuple[object, ...], set[str | None]] = defaultdict(set)
        for answer in answers:
            groups[tuple(getattr(answer, name) for name in others)].add(said(answer))
        if any(len(different) > 1 for different in groups.values()):
            turning.append(choice)
    return turning
