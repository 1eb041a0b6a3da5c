"""What is kept is kept by what it takes, not by count; compiled statements among it."""

from sqlalchemy import literal, select

from app.kit.keeping import KeptBySize
from app.storage.database import Database
from tests.conftest import Templates


def kept_texts() -> KeptBySize[object, str]:
    """Return a place for a hundred characters."""
    return KeptBySize(100, len)


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = kept_texts()
    for number in range(4):
        kept[number] = "x" * 25
    assert kept.get(0)
    kept["new"] = "x" * 20
    assert list(kept) == [2, 3, 0, "new"]
    assert (kept.size, len(kept)) == (95, 4)
    kept[2] = "y"
    assert (kept.size, kept[2]) == (71, "y")
    del kept[2]
    assert (kept.size, kept.get(2)) == (70, None)


def test_what_is_too_large_is_not_kept() -> None:
    kept = kept_texts()
    kept["large"] = "x" * 26
    assert (kept.size, len(kept)) == (0, 0)


def test_the_same_question_is_compiled_once(empty: Database) -> None:
    with empty.read() as transaction:
        kept = transaction.connection.get_execution_options()["compiled_cache"]
        before = len(kept)
        for number in range(3):
            assert transaction.connection.scalar(select(literal(number).label("asked"))) == number
        assert len(kept) == before + 1


def test_questions_of_many_shapes_take_a_bounded_room(templates: Templates) -> None:
    database = Database(templates.empty())
    with database.read() as transaction:
        kept = transaction.connection.get_execution_options()["compiled_cache"]
        for number in range(100):
            transaction.connection.scalar(select(literal(1).label(f"{'x' * 10_000}{number}")))
        assert 300_000 < kept.size <= 400_000
    database.close()
