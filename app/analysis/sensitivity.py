"""Sensitivity: the answer under every choice that could have been made, and which ones turn it."""

from collections import defaultdict
from typing import Literal

from pydantic import Field

from app.analysis.comparison import Shape
from app.analysis.gaps import read_gap
from app.analysis.indicator import Indicator
from app.analysis.view import ATTRIBUTIONS, View

Choice = Literal["source", "scope", "attribution", "revision"]
_REVISIONS_AT_MOST = 20


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
    leader: str | None = Field(description="The leader; null where equal.", examples=["US"])
    ratio: float | None = Field(
        description="a divided by b; null where b is zero.", examples=[15.5]
    )


class Sensitivity(Shape):
    """The answers under every choice."""

    indicator: str = Field(description="The indicator.", examples=["funding-amount"])
    a: str = Field(description="The first country.", examples=["US"])
    b: str = Field(description="The second country.", examples=["CN"])
    answers: list[Answer] = Field(description="The answer under each set of choices.")
    leaders: dict[str, int] = Field(
        description="How many sets of choices give which leader.", examples=[{"US": 9}]
    )
    turned_by: list[Choice] = Field(
        description="The choices that, changed alone, give another leader.", examples=[["source"]]
    )


def read_sensitivity(views: list[View], indicator: Indicator, a: str, b: str) -> Sensitivity:
    """Return the answers over views: one a revision. Attribution varies where it matters."""
    rules = ATTRIBUTIONS if indicator.attributed else ATTRIBUTIONS[:1]
    answers = []
    for view in views[-_REVISIONS_AT_MOST:]:
        for rule in rules:
            gap = read_gap(View(view.transaction, view.at, rule), indicator, a, b)
            for comparison in gap.comparisons:
                newest = comparison.periods[-1]
                answers.append(
                    Answer(
                        source=comparison.source,
                        scope=comparison.scope,
                        unit=comparison.unit,
                        attribution=gap.attribution,
                        revision=view.at.id,
                        period=newest.period,
                        leader=newest.leader,
                        ratio=newest.ratio,
                    )
                )
    leaders: dict[str, int] = defaultdict(int)
    for answer in answers:
        leaders[answer.leader or "equal"] += 1
    return Sensitivity(
        indicator=indicator.id,
        a=a,
        b=b,
        answers=answers,
        leaders=dict(sorted(leaders.items())),
        turned_by=turning_choices(answers),
    )


def turning_choices(answers: list[Answer]) -> list[Choice]:
    """Return the choices for which two answers differ in nothing else, and name other leaders."""
    choices: tuple[Choice, ...] = ("source", "scope", "attribution", "revision")
    turning: list[Choice] = []
    for choice in choices:
        others = ["unit", *(name for name in choices if name != choice)]
        groups: dict[tuple[object, ...], set[str | None]] = defaultdict(set)
        for answer in answers:
            groups[tuple(getattr(answer, name) for name in others)].add(answer.leader)
        if any(len(said) > 1 for said in groups.values()):
            turning.append(choice)
    return turning
