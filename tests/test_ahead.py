"""Reading ahead gives what reading gives, one item sooner."""

from collections.abc import Iterator
from threading import Event, current_thread

import pytest

from app.kit.ahead import ahead


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_all_items_come_in_order(count: int) -> None:
    assert list(ahead(range(count))) == list(range(count))


def test_the_next_item_is_made_elsewhere_meanwhile_and_no_other() -> None:
    made: list[int] = []
    third = Event()

    def items() -> Iterator[int]:
        for number in range(9):
            made.append(number)
            assert current_thread() is not here
            if number == 2:
                third.set()
            yield number

    here = current_thread()
    found = ahead(items())
    assert [next(found), next(found)] == [0, 1]
    assert third.wait(20)  # while nobody asks for it
    assert made == [0, 1, 2]
    assert list(found) == list(range(2, 9))


def test_a_failure_comes_in_the_place_of_its_item() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(LookupError, match="gone"):
        next(found)


def test_who_does_not_go_on_leaves_no_thread_behind() -> None:
    threads = set()

    def items() -> Iterator[int]:
        for number in range(9):
            threads.add(current_thread())
            yield number

    found: Iterator[int] = ahead(items())
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    assert [thread.is_alive() for thread in threads] == [False]
