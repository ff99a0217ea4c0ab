"""[shell] The scorer of this installation: the shipped artefacts, or the rules alone where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.scorer import NoModels

if TYPE_CHECKING:
    from classify.scorer import Scorer


def load_scorer() -> Scorer:
    """The learned scorer if artefacts are installed."""
    return NoModels()
