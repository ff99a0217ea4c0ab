"""[shell] The scorer of this installation: the shipped artefacts, or the rules alone where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.scorer import NoModels

if TYPE_CHECKING:
    from pathlib import Path

    from classify.scorer import Scorer


def load_scorer(folder: Path | None = None) -> Scorer:
    """The learned scorer if artefacts are installed.

    Raises:
        ConfigError: The artefacts are damaged.
    """
    from classify.artefacts import BUILT_IN, is_installed, load  # noqa: PLC0415 - the heaviest imports of all
    from classify.features import SentenceEncoder  # noqa: PLC0415

    where = folder or BUILT_IN
    if not is_installed(where):
        return NoModels()
    return load(where, SentenceEncoder())
