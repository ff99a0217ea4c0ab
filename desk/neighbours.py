"""The labelled mails nearest to an issue, for the desk: vectors and encoder are loaded at the first look and shared by all threads.

Promises: an installation without the file or the encoder shows none; nothing waits for them but the page that asks.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classify.features import Encoder
    from classify.nearest import Neighbour, Neighbours
    from policy.pack import Pack

_LOCK = Lock()  # the encoder remembers lines, and is one thread's at a time


def nearest_to(texts: Sequence[str], pack: Pack, count: int = 3) -> list[list[Neighbour]]:
    """For each text its nearest labelled issues, the nearest first; a list of empty lists where there is nothing to look in.

    Nor is there for a desk of another trade than that whose mails are labelled: they would be another's, and far away.
    """
    if pack.models != _taught():
        return [[] for _ in texts]
    with _LOCK:
        corpus, encoder = _corpus(), _encoder() if texts else None
        if corpus is None or encoder is None:
            return [[] for _ in texts]
        return corpus.nearest(texts, encoder, count)


@cache
def _taught() -> str:
    from classify.artefacts import BUILT_IN, taught_pack  # noqa: PLC0415 - as below

    return taught_pack(BUILT_IN)


@cache
def _corpus() -> Neighbours | None:
    from classify.nearest import BUILT_IN, load  # noqa: PLC0415 - most pages need no numbers

    return load(BUILT_IN)


@cache
def _encoder() -> Encoder | None:
    from classify.features import SentenceEncoder  # noqa: PLC0415 - a hundred megabytes

    try:
        return SentenceEncoder()
    except ImportError:
        return None
