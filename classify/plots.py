"""[shell] The plots of docs/quality, as SVG: reliability, error at coverage, letters, learning curve. Needs matplotlib (the dev extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from classify.figures import error_at_coverage, reliability
from classify.precision import ENOUGH
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from classify.figures import Read
    from classify.precision import PrecisionCurve
    from models.decision import LetterKind

# Told apart by colour-blind readers, and by their marks.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKS = ("o", "s", "^", "D", "v", "P")


def plot_reads(reads: Sequence[Read], folder: Path) -> None:
    """reliability.svg and coverage.svg.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    pyplot = _pyplot()
    groups = reliability(reads)
    figure, axes = pyplot.subplots(figsize=(4.6, 4.2))
    axes.plot([0, 1], [0, 1], color="#888888", linestyle=":", label="as said")
    axes.plot([g[0] for g in groups], [g[1] for g in groups], color=_COLOURS[0], marker="o", label="measured")
    axes.set(xlabel="confidence said", ylabel="share of dispositions right", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    _save(figure, folder / "reliability.svg")
    points = error_at_coverage(reads, [part / 20 for part in range(4, 21)])
    figure, axes = pyplot.subplots(figsize=(4.6, 4.2))
    axes.plot([100 * p[0] for p in points], [100 * p[1] for p in points], color=_COLOURS[1], marker="s")
    axes.set(xlabel="surest mails, %", ylabel="wrong dispositions among them, %", ylim=(0, None))
    _save(figure, folder / "coverage.svg")


def plot_letters(curves: Mapping[LetterKind, PrecisionCurve], folder: Path) -> None:
    """letters.svg: the precision of each kind of letter against the share that goes; kinds with too few letters are left out.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    figure, axes = _pyplot().subplots(figsize=(6.4, 4.2))
    shown = [one for one in curves.values() if one.steps[0].letters >= ENOUGH]
    for place, curve in enumerate(shown):
        steps = [step for step in curve.steps if step.letters >= ENOUGH]
        axes.plot(
            [100 * curve.coverage_at(step.threshold) for step in steps],
            [100 * step.precision for step in steps],
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKS[place % len(_MARKS)],
            markevery=0.1,
            label=f"{curve.kind.value} ({curve.steps[0].letters})",
        )
    axes.set(xlabel="letters of the kind that go by themselves, %", ylabel="right ones among them, %", xlim=(0, 100))
    if shown:
        axes.legend(fontsize=8)
    _save(figure, folder / "letters.svg")


def plot_curve(curve: Sequence[tuple[int, dict[str, float]]], folder: Path) -> None:
    """learning-curve.svg: figures by the number of mails learnt from.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    figure, axes = _pyplot().subplots(figsize=(6.4, 4.2))
    for place, name in enumerate(curve[0][1]):
        axes.plot(
            [n for n, _ in curve],
            [figures[name] for _, figures in curve],
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKS[place % len(_MARKS)],
            label=name,
        )
    axes.set(xlabel="labelled mails of other writers", ylabel="figure on unseen writers")
    axes.legend(fontsize=8)
    _save(figure, folder / "learning-curve.svg")


def _pyplot() -> Any:  # noqa: ANN401 - matplotlib is imported only where it is used
    try:
        import matplotlib as mpl  # noqa: PLC0415
    except ImportError:
        raise ConfigError("plots need matplotlib: pip install 'uketsuke[dev]'") from None
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "uketsuke", "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True})
    from matplotlib import pyplot as plt  # noqa: PLC0415

    return plt


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
