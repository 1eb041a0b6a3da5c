"""Reading ahead: the next item is made while the one before it is made use of."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

Item = TypeVar("Item")

_END: Final = object()


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, the next of which is made in another thread meanwhile: one, never more.

    What making one raises is raised in its place. Whoever does not go on waits for the one that is
    being made.
    """
    coming: Iterator[Item | object] = iter(items)
    begun = Event()

    def make() -> Item | object:
        begun.set()
        return next(coming, _END)

    with ThreadPoolExecutor(1) as other:
        made = other.submit(make)
        while (item := made.result()) is not _END:
            begun.clear()
            made = other.submit(make)
            begun.wait()  # or this thread would keep the interpreter till it wants the next item
            yield item  # type: ignore[misc]
