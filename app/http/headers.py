"""The headers of requests, as a scope has them."""

from starlette.types import Scope


def header_of(scope: Scope, name: bytes, default: str = "") -> str:
    """Return the first value of a request header; its name is in small letters."""
    for given, value in scope["headers"]:
        if given == name:
            text: str = value.decode("latin-1")
            return text
    return default
