"""Scopes and parts of them: a scope whose name goes on after that of another is a part of it."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

One = TypeVar("One")


def without_parts(
    these: Sequence[One], scope_of: Callable[[One], tuple[Hashable, str | None]]
) -> list[One]:
    """Return those whose scope is no part of another one's: `ai-chips` is a part of `ai`.

    `scope_of` gives what they have to have in common, such as their source, and the scope.
    """
    there = set(map(scope_of, these))

    def is_part(one: One) -> bool:
        common, scope = scope_of(one)
        words = (scope or "").split("-")
        wider = ("-".join(words[:count]) for count in range(1, len(words)))
        return any((common, name) in there for name in wider)

    return [one for one in these if not is_part(one)]
