"""Checks on what the data say: findings that a reader should know, each with its reason.

They are no faults of the ledger (`checks.py` proves that), and nothing is changed by them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from sqlalchemy import ColumnElement, func, or_, select

from app.analysis.data_findings import KINDS, LISTED_AT_MOST, findings
from app.analysis.sentences import number_words
from app.analysis.view import View
from app.kit.countries import GROUPS
from app.kit.errors import choose
from app.kit.filters import Filterable, Where, among
from app.resources.ledger_lists import PlainRows
from app.resources.queries import PageQuery
from app.resources.reading import Item, Selectable, read_page
from app.resources.registry import RESOURCES
from app.resources.resource import Key
from app.storage.database import ReadTransaction, Revision

_LEAST_PERCENT, _WHOLE_PERCENTS = 0.01, 10
_RESOURCES = tuple(resource.many for resource in RESOURCES)


class DataFinding(BaseModel):
    """Something about the data that a reader should know."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: str = Field(
        description="What sort of finding it is.",
        examples=["same_round_twice"],
        json_schema_extra={"enum": list(KINDS)},
    )
    resource: str = Field(description="The resource of the rows.", examples=["funding"])
    ids: list[str] = Field(
        description="The keys of the rows it is about; where it is about many, the first "
        f"{LISTED_AT_MOST}.",
        examples=[["anthropic-amazon-2024-03", "anthropic-amazon-2024-03-dcd"]],
    )
    sources: list[str] = Field(
        description="The sources of these rows.", examples=[["bnn-2024-03-31", "dcd-2024-03"]]
    )
    reason: str = Field(
        description="What was found, in a sentence.",
        examples=["It is stated twice, and a sum would count it twice."],
    )


def _of_sources(rows: Filterable, _name: str, values: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(rows.column(name).in_(values) for name in ("source", "other_source")))


_KindWord = Annotated[
    str,
    AfterValidator(partial(choose, choices=tuple(KINDS), what="a kind of finding")),
    WithJsonSchema({"type": "string", "enum": list(KINDS)}),
]
_ResourceWord = Annotated[
    str,
    AfterValidator(partial(choose, choices=_RESOURCES, what="a resource")),
    WithJsonSchema({"type": "string", "enum": list(_RESOURCES)}),
]


class CheckFilters(BaseModel):
    """What findings can be asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    kind: Annotated[
        list[_KindWord] | None,
        Where("kind", among),
        Field(description="Only findings of these kinds.", examples=[["same_round_twice"]]),
    ] = None
    resource: Annotated[
        list[_ResourceWord] | None,
        Where("resource", among),
        Field(description="Only findings on these resources.", examples=[["funding"]]),
    ] = None
    source: Annotated[
        list[Key] | None,
        Where("source", _of_sources),
        Field(
            description="Only findings on what these sources state, or on them.",
            examples=[["dcd-2024-03"]],
        ),
    ] = None


@dataclass(frozen=True)
class FindingList:
    """The findings at a revision, by kind, resource and key."""

    kinds: tuple[str, ...] = tuple(KINDS)
    today: str | None = None
    """The day that periods of sources without a date may not begin after; without it that of the
    revision, so that one revision always has the same findings."""

    name = "checks"
    shape = DataFinding
    columns = tuple(DataFinding.model_fields)
    key = ("kind", "resource", "id", "part")

    @property
    def sort_keys(self) -> Mapping[str, str]:
        """Findings come in one order only."""
        return {}

    def rows(self, transaction: ReadTransaction, at: Revision) -> Selectable:
        """Return the findings; what their `reason` is made from stands in its place."""
        today = self.today or at.recorded_at[: len("2024-03-27")]
        found = findings(View(transaction, at), self.kinds, today)
        told = found.c.told.label("reason")
        others = (column for column in found.c if column.name != "told")
        return PlainRows(select(*others, told).subquery("told_findings"))

    def complete(self, _transaction: ReadTransaction, items: list[Item]) -> list[Item]:
        """Return the findings with their reasons as sentences."""
        return [
            {**item, "reason": _REASONS[item["kind"]](*item["reason"].split(" "))} for item in items
        ]


@dataclass(frozen=True)
class Remarks:
    """The findings of one kind: how many there are, and the first of them."""

    kind: str
    count: int
    first: list[Item]


def read_remarks(
    transaction: ReadTransaction,
    at: Revision,
    *,
    listed: int,
    kinds: Sequence[str] = tuple(KINDS),
) -> Iterator[Remarks]:
    """Yield the findings of each kind that has any, with at most so many of them listed."""
    for kind in kinds:
        listing = FindingList((kind,))
        rows = listing.rows(transaction, at)
        count = transaction.connection.scalar(rows.select(()).add_columns(func.count())) or 0
        if count:
            page = read_page(transaction, listing, PageQuery(limit=listed), at)
            yield Remarks(kind, count, page.items)


def _number(text: str) -> str:
    return number_words(float(text))


def _parts(group: str, whole: str, least: str, count: str, measure: str, period: str) -> str:
    return (
        f"The {count} countries of its source add up to at least {_number(least)} ({measure}, "
        f"{period}), which is more than the {_number(whole)} of {GROUPS[group]}"
        f"{_by_how_much(float(least), float(whole))}."
    )


def _periods(
    way: str,
    sum_: str,
    whole: str,
    measure: str,
    period: str,
    count: str,
    part: str,
    first: str,
    last: str,
) -> str:
    if count == "1":
        parts = f"{part} of its source comes"
    else:
        parts = f"The {count} parts of {period} of its source, from {first} to {last}, add up"
    bound = "at least" if way == "more" else "at most"
    return (
        f"{parts} to {bound} {_number(sum_)} ({measure}), which is {way} than the "
        f"{_number(whole)} of {period}{_by_how_much(float(sum_), float(whole))}."
    )


def _by_how_much(figure: float, than: float) -> str:
    """Return how far a figure is from another: where it is little the two may read the same."""
    if not than:
        return ""
    percent = 100 * abs(figure / than - 1)
    if percent < _LEAST_PERCENT:
        return f", by under {_LEAST_PERCENT} %"
    return f", by {percent:,.0f} %" if percent >= _WHOLE_PERCENTS else f", by {percent:.2g} %"


def _twice(company: str, one: str, amount: str, other: str, other_amount: str) -> str:
    return (
        f"{one} states {_number(amount)} US dollars for a round of {company}, and {other} states "
        f"{_number(other_amount)} at about the same time: if it is one, a sum counts it twice."
    )


def _far(value: str, middle: str, count: str, which: str, measure: str, *unit: str) -> str:
    stated = f"Its {measure} of {_number(value)} {' '.join(unit).strip()} is a thousandfold from"
    if which in {"company", "source"}:
        end = "at most" if float(value) > float(middle) else "at least"
        all_ = f"what nearly all rounds of its {which} come to"
        return f"{stated} {all_}: {end} {_number(middle)} (of {count})."
    of = "its own series" if which == "own" else "all such figures"
    return f"{stated} the median of {of}: {_number(middle)} (of {count})."


def _early(field: str, period: str, by: str, day: str) -> str:
    after = f"its source came out ({day})" if by == "published" else f"it was recorded ({day})"
    return f"Its {field} {period} begins after {after}."


def _many(count: str) -> str:
    if count == "1":
        return "1 fact of the source does not say where in it it stands."
    return f"{count} facts of the source do not say where in it they stand."


_REASONS: dict[str, Any] = {
    "parts_exceed_whole": _parts,
    "periods_contradict_whole": _periods,
    "same_round_twice": _twice,
    "outlier": _far,
    "future_period": _early,
    "no_licence": lambda _source: (
        "The source states no licence: what may be done with it is not known."
    ),
    "no_locator": _many,
}
