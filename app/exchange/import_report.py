"""What is asked of an import, and what it came to."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.exchange.parts import LeftOut, Told
from app.exchange.rejects import Reject

REJECTS_AT_MOST = 100
_KEPT_REJECTS = 100_000


@dataclass(frozen=True)
class Asked:
    """What the person who loads a table says of it."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """To what the mapping asks for."""

    source: str | None = None
    only_known: str | None = None
    """The field that names organisations, of which rows are left out that are not known."""

    published: str | None = None
    missing: str | None = None
    max_rejects: int = REJECTS_AT_MOST
    author: str = "airace load"
    message: str | None = None
    dry_run: bool = False
    is_alone: bool = False
    """Whether nobody else uses the database, so that on PostgreSQL others may be made to wait."""


@dataclass
class Report:
    """What loading a table came to."""

    mapping: str
    resource: str
    source: str
    revision: int | None = None
    rows: int = 0
    facts: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    rejects: list[Reject] = field(default_factory=list)
    rejected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """How many rejects of which kind."""

    left_out: list[LeftOut] = field(default_factory=list)
    """Aliases that cannot be names and are left out of rows that are loaded: the first of them."""

    left_out_count: int = 0
    unused_columns: list[str] = field(default_factory=list)
    kept_columns: tuple[str, ...] = ()
    """Fields that the table has no columns for, where rows that are here keep what they have."""

    told: Told = field(default_factory=Told)
    """Of companies and AI models that rows named, and of rows that were left out."""

    models_made: int = 0
    groups_made: list[str] = field(default_factory=list)
    restated_made: str | None = None
    """The source that the table passes on, where it was not there."""

    published_by_rows: str | None = None
    """The day of its newest rows, where these alone tell when the source came out."""

    source_kept: list[tuple[str, str, str | None, str]] = field(default_factory=list)
    """Fields of sources that stay as others said: the source, the field, and what the mapping says
    of it after what it has."""

    older: tuple[str, str] | None = None
    """When the table came out and when what was here before did, where that came later."""

    countries: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Companies of another country than before the load, with both."""

    followed: int = 0
    """Rows that have the country of such a company from there, and have the new one now."""

    not_followed: int = 0
    """Rows that have the country that such a company had, and keep it: nobody knows from where."""

    kept_missing: bool = False
    """Whether rows that may be missing stayed: it is not known which of them are."""

    of_others: set[str] = field(default_factory=set)
    """The keys of rows that it lacks and that came otherwise, which stay unless that was asked."""

    kept_named: set[str] = field(default_factory=set)
    """The keys of rows that it lacks and that stay, as other rows name them."""

    def leave_out(self, members: list[LeftOut]) -> None:
        """Enter members of lists that were left out."""
        self.left_out_count += len(members)
        self.left_out += members[: _KEPT_REJECTS - len(self.left_out)]

    def reject(self, fault: Reject) -> None:
        """Enter a row that was refused."""
        self.rejected += 1
        self.kinds[fault.kind] += 1
        if len(self.rejects) < _KEPT_REJECTS:
            self.rejects.append(fault)


class TooManyRejects(Exception):
    """More rows were refused than may be: nothing was loaded. It has the report."""

    def __init__(self, report: Report, limit: int) -> None:
        super().__init__(f"more than {limit} rows were refused")
        self.report = report
