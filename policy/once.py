"""What is worked out of a pack once, not once a mail. Pure, as long as what is asked about never changes, as no pack does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Of = TypeVar("_Of")
_Made = TypeVar("_Made")
_MOST = 8  # of one kind: a desk has one pack, and another one whenever agents save a text


def once_for_each(make: Callable[[_Of], _Made]) -> Callable[[_Of], _Made]:
    """The same function, which works once for each thing it is asked about and then remembers.

    Things are told apart by identity: to compare two packs, or to hash one, would cost more than it saves. What is
    remembered keeps its thing alive, so that no other can take its identity.
    """
    known: dict[int, tuple[_Of, _Made]] = {}

    def ask(of: _Of) -> _Made:
        found = known.get(id(of))
        if found is None:
            if len(known) >= _MOST:
                known.clear()
            found = known[id(of)] = (of, make(of))
        return found[1]

    return ask
