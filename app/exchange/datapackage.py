"""The descriptor of a pack: a Data Package (version 2) whose schemas follow from the resources."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, get_args

from pydantic.fields import FieldInfo

from app.exchange import named_rows, replaced_keys
from app.kit.fields import LIST_SEPARATOR, is_list
from app.resources.resource import Entry, Resource

_REPLACEMENTS = (
    replaced_keys.NAME,
    replaced_keys.Replacement,
    replaced_keys.PRIMARY_KEY,
)
_NAMED = (named_rows.NAME, named_rows.Named, named_rows.PRIMARY_KEY)
NAME: Final = "datapackage.json"
"""What it is called in a pack."""

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


def descriptor(
    *,
    name: str,
    title: str,
    description: str,
    author: str,
    resources: Iterable[Resource],
    has_replacements: bool = False,
    has_named: bool = False,
) -> dict[str, Any]:
    """Return the content of `datapackage.json` for CSV files of these resources.

    Where the pack has the keys that were replaced, or names of rows that it leaves out, their
    tables come after those.
    """
    tables = [_table(resource.many, resource.fact, ["id"]) for resource in resources]
    if has_replacements:
        tables.append(_table(*_REPLACEMENTS))
    if has_named:
        tables.append(_table(*_NAMED))
    return {
        "$schema": PROFILE,
        "name": name,
        "title": title,
        "description": description,
        "contributors": [{"title": author}],
        "resources": tables,
    }


def _table(name: str, entry: type[Entry], primary_key: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "path": f"{name}.csv",
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(field, info) for field, info in entry.model_fields.items()],
            "primaryKey": list(primary_key),
            "missingValues": [""],
        },
    }


def _field(name: str, field: FieldInfo) -> dict[str, Any]:
    description = field.description or ""
    if is_list(field):
        description += f" Members are joined by `{LIST_SEPARATOR}`."
    described: dict[str, Any] = {
        "name": name,
        "type": _type(field.annotation),
        "description": description,
    }
    if field.is_required():
        described["constraints"] = {"required": True}
    return described


def _type(annotation: Any) -> str:
    kinds = {annotation, *get_args(annotation)}
    names = {int: "integer", float: "number"}
    for kind in kinds:
        plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
        if plain in names:
            return names[plain]
    return "string"
