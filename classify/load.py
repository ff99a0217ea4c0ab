"""[shell] The scorer of this installation: the shipped artefacts, or the rules alone where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.scorer import NoModels

if TYPE_CHECKING:
    from pathlib import Path

    from classify.scorer import Scorer


def load_scorer(folder: Path | None = None, models: str | None = None) -> Scorer:
    """The learned scorer if artefacts are installed, and were taught the mails of such a desk.

    What was learned from one trade's mails says nothing, and says it surely, of another's: then the rules decide alone.

    Args:
        folder: Where the artefacts are; the shipped ones when absent.
        models: The pack's word (`Pack.models`) for whose mails its own are like; whatever was taught is used when absent.

    Raises:
        ConfigError: The artefacts are damaged.
    """
    from classify.artefacts import BUILT_IN, is_installed, load, taught_pack  # noqa: PLC0415 - the heaviest imports of all
    from classify.features import SentenceEncoder  # noqa: PLC0415

    where = folder or BUILT_IN
    if not is_installed(where) or (models is not None and models != taught_pack(where)):
        return NoModels()
    scorer = load(where, SentenceEncoder())
    _use_one_thread()
    return scorer


def _use_one_thread() -> None:
    """From now on this process multiplies matrices in one thread.

    A mail's matrices are small: a second thread waits for work in a loop, for half as much processor time again and no
    mail sooner (docs/load.md). More workers are what uses more cores.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - as above; comes with scikit-learn

    threadpool_limits(limits=1)
