"""Working ahead changes nothing about what comes, and leaves no thread behind."""

import threading
from collections.abc import Iterator

import pytest

from lfr_engine.errors import BadInput
from lfr_engine.video.ahead import ahead


def counting(upto: int, error: Exception | None = None) -> Iterator[int]:
    yield from range(upto)
    if error is not None:
        raise error


def threads() -> int:
    return sum(thread.name == "working ahead" for thread in threading.enumerate())


def test_everything_comes_in_order() -> None:
    assert list(ahead(counting(100), depth=3)) == list(range(100))
    assert threads() == 0


def test_what_breaks_comes_out_after_what_came_before() -> None:
    got: list[int] = []
    with pytest.raises(BadInput, match="broken off"):
        got.extend(ahead(counting(5, BadInput("broken off"))))
    assert got == [0, 1, 2, 3, 4]
    assert threads() == 0


def test_whoever_leaves_early_leaves_no_thread() -> None:
    taken = ahead(counting(1000), depth=2)
    assert next(taken) == 0
    taken.close()
    assert threads() == 0


def test_the_source_is_never_further_ahead_than_asked() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    for taken, one in enumerate(ahead(source(), depth=4)):
        assert one == taken
        assert len(made) <= taken + 4 + 2
