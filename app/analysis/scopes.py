"""Scopes and parts of them: a scope whose name goes on after that of another is a part of it."""

from collections.abc import Collection

_PROJECTED = "projected"


def is_projection(scope: str | None) -> bool:
    """Return whether figures of a scope were projected and not counted."""
    return (scope or "").split("-")[-1] == _PROJECTED


def wider(scope: str | None, there: Collection[str | None]) -> str | None:
    """Return the widest scope there that one is a part of: `ai-chips` is a part of `ai`."""
    words = (scope or "").split("-")
    names = ("-".join(words[:count]) for count in range(1, len(words)))
    return next((name for name in names if name in there), None)
