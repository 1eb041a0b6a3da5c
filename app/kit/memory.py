"""How memory is used where very many values are made and dropped."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cycles_left_alone() -> Iterator[None]:
    """Look for no circles of garbage meanwhile.

    To look for them costs a third of a load: values by the million that hold only texts and
    numbers. What is dropped is freed as ever.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
