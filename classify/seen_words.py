"""Which words the models were trained on, and how much of a mail is none of them: what tells when to train again. Pure.

The vocabularies of the weights hold only words of three units and more, so that the words seen are kept beside them. Nothing
is decided by them.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from classify.units import Unit

_LETTER = re.compile(r"[^\W\d_]")


def seen_in(texts: Iterable[Iterable[str]]) -> frozenset[str]:
    """The words of these texts that hold a letter; numbers and marks say nothing of a field."""
    return frozenset(word for word in chain.from_iterable(texts) if _LETTER.search(word))


def share_unseen(units: Sequence[Unit], words: Sequence[Iterable[str]], seen: AbstractSet[str]) -> float | None:
    """Of the different words of a mail's units, the share that is not among `seen`, in [0, 1]; None: it has no words.

    Each word counts once, or endings like ます would hide the rest. Log lines are left out: names of hosts and
    processes are new in every one of them.
    """
    told = seen_in(said for unit, said in zip(units, words, strict=True) if not unit.line.is_log)
    return len(told - seen) / len(told) if told else None
