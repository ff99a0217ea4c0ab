"""What is worked out once for each pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.once import once_for_each

if TYPE_CHECKING:
    from collections.abc import Callable


def test_each_thing_is_asked_about_once() -> None:
    asked: list[list[int]] = []

    @once_for_each
    def total(of: list[int]) -> int:
        asked.append(of)
        return sum(of)

    one, equal = [1, 2], [1, 2]
    assert [total(one), total(one), total(equal), total(one)] == [3, 3, 3, 3]
    assert asked == [one, equal]


def test_things_that_are_gone_are_never_taken_for_others() -> None:
    first: Callable[[list[int]], int] = once_for_each(lambda of: of[0])
    assert [first([number]) for number in range(100)] == list(range(100))
