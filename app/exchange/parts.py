"""What comes of the rows of a table: a part after the other, and then what they named."""

from dataclasses import dataclass, field

from app.exchange.rejects import Reject
from app.storage.batches import BATCH, Batch, StoredColumns

LeftOut = tuple[int, str, str]
"""A member of a list that is left out of its row: the line, the column, what stands there."""


@dataclass(slots=True)
class Part:
    """What came of rows that were read one after the other."""

    read: int
    """How many rows of the table were read when it ended."""

    rejects: list[tuple[int, Reject]]
    """What was refused, each with how many rows were read by then."""

    facts: Batch
    lines: dict[str, int]
    """By the key of each fact the line that its row began on."""

    companies: Batch
    """Companies that the facts name and that are new."""

    refused: list[str]
    """The keys of rows that were refused, as far as these say them."""

    unknown: int
    """How many rows were refused whose keys nothing says."""

    groups: set[str]
    """Groups of countries that the facts name, where no part before has named them."""

    left_out: list[LeftOut]


@dataclass(slots=True)
class Told:
    """What a report tells of what the rows of a table named."""

    companies_made: int = 0
    merged: dict[str, str] = field(default_factory=dict)
    """Other names under which rows named a company or an AI model that was known, and its key."""

    spellings: int = 0
    """Addresses of organisations that differed from another in the case of letters only."""

    skipped: dict[str, int] = field(default_factory=dict)
    """How many rows were left out, by why."""

    contradicted: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Companies of other sources with their country here, which stays, and that in the rows."""

    shared_addresses: list[str] = field(default_factory=list)
    """Addresses that several companies have among their aliases: they lead to none.

    Where the table names companies by address, or tells such."""

    taken: list[str] = field(default_factory=list)
    """Companies that others only named, and that are the table's own now."""

    gone_on: dict[str, str] = field(default_factory=dict)
    """Such companies that go on under the key of the one that has their name as an alias."""


@dataclass(slots=True)
class Named:
    """What the rows of a table came to name, known when all of them have been read."""

    models: dict[str, str]
    """AI models by key: their names. Those that only refused rows name may be among them."""

    may_be_named: set[str]
    """The keys of all AI models that rows may mean, those that were refused too."""

    companies: Batch
    """Companies that could not be known before: new ones, and own ones of another country."""

    newest: str | None
    """The newest day of the rows, where it was looked for."""

    told: Told


@dataclass(slots=True)
class Gathered:
    """What will be a part."""

    rejects: list[tuple[int, Reject]] = field(default_factory=list)
    facts: list[StoredColumns] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unknown: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether it is as long as parts are."""
        return len(self.lines) >= BATCH or len(self.rejects) >= BATCH
