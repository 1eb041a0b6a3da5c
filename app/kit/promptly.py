"""Answering at once or not at all: what runs in the event loop must not hold up the others.

Whatever might take long says so by `take_time`; run `promptly` it is then given up, to be run
again in a thread.
"""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

AT_ONCE_AT_MOST: Final = 4
"""How many answers are had at once at the same time, where that is not the event loop's to do."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class TakesTime(Exception):
    """Raised in place of an answer that could not be had at once."""


class _Here(threading.local):
    """What is so in this thread."""

    is_prompt = False


_here = _Here()


def promptly(answer: Callable[[Asked], Answer], asked: Asked) -> Answer:
    """Return an answer if it can be had at once. Raises TakesTime."""
    _here.is_prompt = True
    try:
        return answer(asked)
    finally:
        _here.is_prompt = False


def is_prompt() -> bool:
    """Return whether others wait for what this thread is doing."""
    return _here.is_prompt


def take_time() -> None:
    """Raise TakesTime where others wait for what this thread is doing."""
    if _here.is_prompt:
        raise TakesTime
