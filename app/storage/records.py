"""How a record is declared, and the tables that follow from the declaration.

A subclass of `LedgeredRecord` is one table of current rows. From it follow a history table (the
same columns and `until`), and for each list column that is searched or refers to other rows a
table of members, with a history of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from app.storage.columns import Characters, Number, TextList, Whole

_MEMBERS = "members of"
_SPARSE = "sparse"


class Base(DeclarativeBase):
    """The base of all records: names of constraints and the types of columns."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Characters,
        int: Whole,
        float: Number,
        list[str]: TextList,
    }


class RevisionRecord(Base):
    """One commit to the data. Rows are only ever added, numbered without gaps."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[str]
    author: Mapped[str]
    message: Mapped[str]
    origin: Mapped[str | None]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]


class WriteLockRecord(Base):
    """The one row that a writer locks, so that revisions become visible in their order."""

    __tablename__ = "write_lock"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ReplacementRecord(Base):
    """Where a row went whose key was replaced by another. Rows are only ever added.

    A key that was replaced never has a row again, so each is replaced once. `resource` is the
    name of the table of its rows.
    """

    __tablename__ = "replacements"
    __table_args__ = (
        CheckConstraint("id <> replaced_by", name="another"),
        ForeignKeyConstraint(["revision"], ["revisions.id"], deferrable=True, initially="DEFERRED"),
    )

    resource: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    replaced_by: Mapped[str]
    revision: Mapped[int]


def one_of(column: str, *words: str) -> CheckConstraint:
    """Return the check that a column, where it has a value, has one of these words.

    Written out, because of a list of three or more SQLite makes a table for each row that it
    checks: that costs as much as all else that is done to add a row.
    """
    return CheckConstraint(" OR ".join(f"{column} = '{word}'" for word in words), name=column)


def _foreign_key(target: str) -> ForeignKey:
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def reference(target: str) -> MappedColumn[Any]:
    """Return a column that holds the key of a row of another table, checked at commit."""
    return mapped_column(Characters, _foreign_key(f"{target}.id"))


def members(target: str | None = None) -> MappedColumn[Any]:
    """Return a list column whose members can be searched and, given a target, are its keys."""
    return mapped_column(info={_MEMBERS: target})


@dataclass(frozen=True)
class Members:
    """The tables behind one list column: `current` and `history`, and what the members are."""

    current: Table
    history: Table
    target: str | None


@dataclass(frozen=True)
class Through:
    """A list worked out on reading: a column of the rows that a list column refers to.

    `Through("developers", "country")` is the countries of the developers, in their order,
    each once.
    """

    members: str
    column: str


@dataclass(frozen=True)
class LedgerTable:
    """A table of current rows with everything that the ledger keeps beside it."""

    current: Table
    history: Table
    members: Mapping[str, Members]
    derived: Mapping[str, Through]

    @property
    def name(self) -> str:
        """The name of the table of current rows."""
        return self.current.name

    def naming(self) -> Iterator[tuple[str, str]]:
        """Yield (column or list, name of the table referred to) for each reference of its rows."""
        lists = {members.current.name: name for name, members in self.members.items()}
        for source, column, target in self.references():
            yield lists.get(source.name, column), target

    def references(self) -> Iterator[tuple[Table, str, str]]:
        """Yield (table, column, name of the table referred to) for each reference to facts."""
        for column in self.current.columns:
            for key in column.foreign_keys:
                if key.column.table.name in LEDGER:
                    yield self.current, column.name, key.column.table.name
        for list_column in self.members.values():
            if list_column.target:
                yield list_column.current, "member", list_column.target


LEDGER: dict[str, LedgerTable] = {}
"""Every ledgered table by its name, in the order of declaration."""


class LedgeredRecord(Base):
    """A record whose every change is kept. `revision` is the one that its row dates from."""

    __abstract__ = True
    __indexes__: ClassVar[tuple[str, ...]] = ()
    __sparse_indexes__: ClassVar[tuple[str, ...]] = ()
    """Columns whose index has only the rows that have a value: enough to filter, not to sort."""

    __derived__: ClassVar[Mapping[str, Through]] = {}
    ledger: ClassVar[LedgerTable]

    id: Mapped[str] = mapped_column(primary_key=True, sort_order=-1)
    revision: Mapped[int] = mapped_column(Whole, _foreign_key("revisions.id"), sort_order=1)

    def __init_subclass__(cls, **options: Any) -> None:
        """Make the history and the member tables of the new record."""
        super().__init_subclass__(**options)
        table = cls.metadata.tables[cls.__tablename__]
        for name in (*cls.__indexes__, "revision"):
            Index(None, table.c[name], table.c.id)
        for name in cls.__sparse_indexes__:
            Index(None, table.c[name], table.c.id, info={_SPARSE: True})
        cls.ledger = LEDGER[table.name] = LedgerTable(
            current=table,
            history=_history(table),
            members={
                column.name: _members(table, column)
                for column in table.columns
                if _MEMBERS in column.info
            },
            derived=cls.__derived__,
        )


def declared() -> MetaData:
    """Return all tables as migrations compare them: with the rows that sparse indexes have.

    Each database says that in words of its own, and SQLAlchemy loads both to hear of them.
    """
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            if _SPARSE in index.info:
                for dialect in ("sqlite", "postgresql"):
                    index.dialect_options[dialect]["where"] = index.columns[0].is_not(None)
    return Base.metadata


def _history(table: Table) -> Table:
    """Rows that were superseded or removed: they held for `revision <= r < until`."""
    columns: list[Column[Any]] = [
        Column(column.name, column.type, nullable=column.nullable) for column in table.columns
    ]
    until: Column[int] = Column("until", Whole, _foreign_key("revisions.id"), nullable=False)
    return Table(
        f"{table.name}_history",
        table.metadata,
        *columns,
        until,
        PrimaryKeyConstraint("id", "revision"),
        CheckConstraint("revision < until", name="half_open"),
        Index(None, "revision", "id"),
        Index(None, "until", "id"),
    )


def _members(table: Table, column: Column[Any]) -> Members:
    target: str | None = column.info[_MEMBERS]
    name = f"{table.name}_{column.name}"

    def own_columns() -> list[Column[Any]]:
        return [
            Column("id", Characters, nullable=False),
            Column("revision", Whole, nullable=False),
            Column("position", Whole, nullable=False),
            Column("member", Characters, nullable=False),
        ]

    current = Table(
        name,
        table.metadata,
        *own_columns(),
        PrimaryKeyConstraint("id", "position"),
        UniqueConstraint("member", "id"),
    )
    current.c.id.append_foreign_key(_foreign_key(f"{table.name}.id"))
    if target:
        current.c.member.append_foreign_key(_foreign_key(f"{target}.id"))
    history = Table(
        f"{name}_history",
        table.metadata,
        *own_columns(),
        PrimaryKeyConstraint("id", "revision", "position"),
        Index(None, "member", "id"),
    )
    return Members(current, history, target)
