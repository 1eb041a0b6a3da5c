"""The mapping of tables that have our own column names, as packs and exports have."""

from app.exchange.mapping import FileMark, MappingFile, Rule, TableMapping, UnusableMapping
from app.exchange.tables import Table
from app.kit.fields import LIST_SEPARATOR
from app.resources.registry import RESOURCES
from app.resources.resource import Resource, list_names

GENERIC = "generic"
_AS_THEY_ARE = {"NDJSON"}
"""Formats in which no text is taken for a formula, so that none is defused."""


def generic_mapping(table: Table, resource: str | None = None) -> TableMapping:
    """Return the mapping of a table that has our own column names, as packs and exports have.

    Without `resource` it is the one that has all of the columns and misses none that it needs.
    Raises UnusableMapping where there is no such, or more than one.
    """
    header = table.header
    fitting = [
        one
        for one in RESOURCES
        if (resource in (None, one.many))
        and set(header) <= one.fact.model_fields.keys()
        and all(
            name in header
            for name, field in one.fact.model_fields.items()
            if field.is_required() and name != "source"
        )
    ]
    if len(fitting) != 1:
        names = ", ".join(one.many for one in fitting) or "none"
        raise UnusableMapping(
            f"{GENERIC}: the columns are those of {names}: say which resource, by --resource, and "
            "leave no column that it has not"
        )
    (found,) = fitting
    fields = {name: _generic_rule(found, name) for name in header}
    mark = FileMark(columns=list(header), fallback_encodings=None)
    content = MappingFile(
        title=f"{found.many} with our own column names",
        about="A table that has the columns of a pack.",
        resource=found.many,
        file=mark,
        fields=fields,
    )
    return TableMapping(
        name=GENERIC, content=content, text="", restores=table.format not in _AS_THEY_ARE
    )


def _generic_rule(resource: Resource, name: str) -> Rule:
    """Return the rule of a column under its own name: keys are looked up, the rest is as it is."""
    ledger = resource.ledger
    keys = [key.column.table.name for key in ledger.current.c[name].foreign_keys]
    if name in ledger.members:
        keys = [ledger.members[name].target or ""]
    transforms = {"companies": "company", "ai_models": "ai_model", "countries": "country"}
    transform = next((transforms[key] for key in keys if key in transforms), "text")
    separator = LIST_SEPARATOR if name in list_names(resource.fact) else None
    return Rule.model_validate({"column": name, "as": transform, "separator": separator})
