"""The mapping of tables that have our own column names, as packs and exports have."""

from collections.abc import Collection, Sequence
from textwrap import wrap

from app.exchange.mapping import MappingFile, TableMapping, UnusableMapping
from app.exchange.mapping_parts import FileMark, Rule
from app.exchange.tables import Table
from app.kit.errors import Fault, NotAllowed, choose
from app.kit.fields import LIST_SEPARATOR
from app.kit.text import nearest
from app.resources.registry import BY_NAME, NAMES, RESOURCES
from app.resources.resource import Resource, list_names

GENERIC = "generic"
_WIDTH = 96
_AS_THEY_ARE = {"NDJSON"}
"""Formats in which no text is taken for a formula, so that none is defused."""


def generic_mapping(table: Table, resource: str | None = None) -> TableMapping:
    """Return the mapping of a table that has our own column names, as packs and exports have.

    Without `resource` it is the one that has all of the columns and misses none that it needs. With
    it, columns that its list has beside its own fields are left aside: they are worked out here.
    Raises UnusableMapping where there is no such, or more than one.
    """
    found = _only_fitting(table.header) if resource is None else _named(resource)
    own = [name for name in table.header if name in found.pack_columns]
    aside = [name for name in table.header if name in set(found.columns) - {*own}]
    _refuse_unfit(found, table.header, {*own, *aside})
    content = MappingFile(
        title=f"{found.many} with our own column names",
        about="A table that has the columns of a pack.",
        resource=found.many,
        file=FileMark(columns=own),
        fields={name: _generic_rule(found, name) for name in own},
    )
    return TableMapping(
        name=GENERIC,
        content=content,
        text="",
        restores=table.format not in _AS_THEY_ARE,
        keeps=True,
        aside=tuple(aside),
    )


def describe_generic() -> str:
    """Return what this mapping reads, as comments of TOML: it is made for each table anew."""
    about = (
        "A table that has our own column names, as packs, exports and our own lists have them: "
        "each column feeds the field of its name. It is not declared, as it follows from the "
        "header. The resource is told by the columns, or by --resource; then columns that its "
        "list has beside these are left aside. What rows that are here have in columns that the "
        "table has not stays as it is."
    )
    parts = [about, *map(_columns_told, RESOURCES)]
    return "\n#\n".join(
        "\n".join(f"# {line}" for line in wrap(part, _WIDTH, break_on_hyphens=False))
        for part in parts
    )


def _columns_told(resource: Resource) -> str:
    needed = _needed(resource)
    others = [name for name in resource.pack_columns if name not in needed]
    return f"{resource.many}: needs {', '.join(needed)}; may have {', '.join(others)}"


def _needed(resource: Resource) -> list[str]:
    """Return the columns without which there is no row; the source may be given beside them."""
    fields = resource.fact.model_fields
    return [name for name, field in fields.items() if field.is_required() and name != "source"]


def _named(name: str) -> Resource:
    try:
        choose(name, NAMES, what="a resource")
    except NotAllowed as error:
        fault = Fault(name, str(error), error.allowed, error.nearest)
        raise UnusableMapping(f"{GENERIC}: {fault}") from None
    return BY_NAME[name]


def _only_fitting(header: Sequence[str]) -> Resource:
    fitting = [
        one for one in RESOURCES if set(_needed(one)) <= set(header) <= one.fact.model_fields.keys()
    ]
    if len(fitting) != 1:
        names = ", ".join(one.many for one in fitting) or "none"
        raise UnusableMapping(
            f"{GENERIC}: the columns are those of {names}: say which resource, by --resource, and "
            "leave no column that it has not"
        )
    return fitting[0]


def _refuse_unfit(resource: Resource, header: Sequence[str], known: Collection[str]) -> None:
    """Raise UnusableMapping where a resource has not a column, or needs one that is not there."""
    faults = []
    for name in dict.fromkeys(header):
        if name not in known:
            near = nearest(name, resource.pack_columns)
            hint = f"; did you mean {near}?" if near else ""
            faults.append(f"{resource.many} has no column {name or 'without a name'}{hint}")
    if lacking := [name for name in _needed(resource) if name not in header]:
        faults.append(f"{resource.many} needs the column {', '.join(lacking)}")
    if faults:
        there = ", ".join(resource.pack_columns)
        faults.append(f"its columns are {there}")
        raise UnusableMapping("\n".join(f"{GENERIC}: {fault}" for fault in faults))


def _generic_rule(resource: Resource, name: str) -> Rule:
    """Return the rule of a column under its own name: keys are looked up, the rest is as it is."""
    ledger = resource.ledger
    keys = [key.column.table.name for key in ledger.current.c[name].foreign_keys]
    if name in ledger.members:
        keys = [ledger.members[name].target or ""]
    transforms = {"companies": "company", "ai_models": "ai_model", "countries": "country"}
    transform = next((transforms[key] for key in keys if key in transforms), "as_it_is")
    separator = LIST_SEPARATOR if name in list_names(resource.fact) else None
    return Rule.model_validate({"column": name, "as": transform, "separator": separator})
