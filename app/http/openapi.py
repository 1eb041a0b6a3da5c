"""What OpenAPI says of a route, made from the same models that read its parameters."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.http.negotiation import BYTES, HTML, JSON
from app.http.problems import MEDIA_TYPE, ProblemDetails
from app.http.shapes import Shape, made
from app.kit.formats import TableFormat
from app.kit.queries import list_names

_STATUS_WORDS = {
    304: "Not changed: the `If-None-Match` header names the current ETag.",
    400: "The query cannot be read: an unknown or repeated parameter, or garbled text.",
    404: "There is nothing here.",
    405: "The address does not take this method.",
    406: "The Accept header takes none of the formats.",
    412: "The `If-Match` header does not name the current ETag.",
    413: "The body is too large.",
    414: "The address is too long.",
    422: "A parameter has a value that is not allowed.",
    431: "The request line and the header lines are too large together.",
    500: "Something went wrong here.",
    503: "The data cannot be reached, or the service stops; try again in a moment.",
}
_HEADERS = {
    "ETag": "Names this answer; send it back in `If-None-Match` to be told if it changed.",
    "Cache-Control": "How long the answer may be kept.",
    "Link": "The next page, other formats, and the address that keeps giving this answer "
    "(RFC 8288).",
    "Vary": "The request headers that the answer depends on.",
}
_OF_ALL = {405, 406, 413, 414, 431, 500, 503}
"""The errors that routes have if nothing else is said."""

_MOVED: dict[str, Any] = {
    "description": "The row goes on under another key: `Location` has its address, with the same "
    "query. At a revision before the change of keys the old address answers the row itself.",
    "headers": {
        "Location": {"description": "Where the row is.", "schema": {"type": "string"}},
        "Cache-Control": {
            "description": "How long the answer may be kept.",
            "schema": {"type": "string"},
        },
    },
}


QueryModel = type[BaseModel] | Callable[[], type[BaseModel]]


class Parameters(dict[str, Any]):
    """The `parameters` of a route in OpenAPI, worked out when the text is made and not before.

    They are those of a query model, or of the one that is given when asked for, after others.
    """

    def __init__(self, query: QueryModel, *others: dict[str, Any]) -> None:
        super().__init__(parameters=None)
        self._query = query
        self._others = others

    def __getitem__(self, key: str) -> Any:
        """Return the parameters."""
        model = self._query if isinstance(self._query, type) else self._query()
        return [*self._others, *query_parameters(model)]

    def items(self) -> Any:
        """Return the parameters under their name."""
        return {key: self[key] for key in self}.items()


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the parameters of a query model, each with its description and an example."""
    schema = model.model_json_schema(mode="validation", ref_template="#/components/schemas/{model}")
    lists = list_names(model)
    parameters = []
    for name, described in schema["properties"].items():
        plain = _without_null(described)
        parameter = {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": plain.pop("description"),
            "schema": plain,
        }
        if name in lists:
            parameter |= {"style": "form", "explode": False}
            plain.setdefault("minItems", 1)
        parameters.append(parameter)
    return sorted(parameters, key=lambda parameter: _order(parameter["name"]))


def path_parameter(name: str, description: str, example: str) -> dict[str, Any]:
    """Return a parameter that is a part of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "examples": [example]},
        "example": example,
    }


def responses(
    *shapes: Shape,
    others: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    never: tuple[int, ...] = (),
    moves: bool = False,
    is_kept: bool = True,
    has_links: bool = False,
    tells_browsers: bool = False,
    description: str,
) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route: its shapes in JSON, other media types, and its errors.

    `never` are those that most routes have and this one has not. What `moves` may be found at
    another address. What `is_kept` has an ETag. What `tells_browsers` has pages for errors too.
    """
    content: dict[str, Any] = {}
    if shapes:
        refs = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in shapes]
        content[JSON] = {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}
    for media_type in others:
        content[media_type] = _described(media_type)
    headers = {
        name: {"description": words, "schema": {"type": "string"}}
        for name, words in _HEADERS.items()
        if {"ETag": is_kept, "Link": has_links}.get(name, True)
    }
    answers: dict[int | str, dict[str, Any]] = {
        200: {"description": description, "content": content, "headers": headers},
    }
    if 304 not in never:  # noqa: PLR2004
        answers[304] = {"description": _STATUS_WORDS[304]}
    if moves:
        answers[308] = _MOVED
    compared = {412} if is_kept else set()
    for status in sorted({*errors, *compared, *_OF_ALL}.difference(never)):
        answers[status] = {
            "description": _STATUS_WORDS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        if tells_browsers and status in errors:
            answers[status]["content"][HTML] = {"schema": {"type": "string"}}
    return answers


def _described(media_type: str) -> dict[str, Any]:
    """Return what OpenAPI says of another media type: bytes have no type of JSON."""
    if media_type in BYTES:
        return {"schema": {"contentMediaType": media_type}}
    kind = "object" if media_type.endswith(("/json", "+json")) else "string"
    return {"schema": {"type": kind}}


def component_schemas(shapes: list[Shape]) -> dict[str, Any]:
    """Return the schemas of all shapes that answers refer to, and of those inside them."""
    both = [(made(shape), "serialization") for shape in (*shapes, ProblemDetails)]
    _, definitions = models_json_schema(
        both,  # type: ignore[arg-type]
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def table_words(table: TableFormat) -> str:
    """Return what a list in a table format is, in a sentence."""
    return f"The whole result as {table.name}. {table.description}"


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that is given: null is how it is left out."""
    plain = {key: value for key, value in schema.items() if key not in ("title", "default")}
    if schema.get("default") is not None:
        plain["default"] = schema["default"]
    options = [option for option in plain.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        plain = {**options[0], **plain}
    elif options:
        plain["anyOf"] = options
    return plain


_LAST = ("as_of", "sort", "fields", "limit", "cursor", "count")


def _order(name: str) -> int:
    return _LAST.index(name) + 1 if name in _LAST else 0
