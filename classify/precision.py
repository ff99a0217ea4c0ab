"""From what confidence on may a letter of a kind go by itself? The measured curve of each kind answers for a wanted precision.

Takes letters of mails whose writer was left out of training, each with its confidence and whether it was right, and keeps
counts by threshold. Promises: a threshold was reached by measured letters, not by a fit between them; pure but for
`load_curves` and `dump_curves`, which touch the file beside the weights. Does not know what a right letter is
(`classify.figures` does), nor what precision a desk wants (the pack does).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from math import floor, sqrt
from typing import TYPE_CHECKING, Any

from models.decision import LetterKind
from models.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FILE = "precision.toml"  # beside the weights
ENOUGH = 20  # letters that must have been measured at or above a threshold
_CARD = "card.toml"
_FORMAT = 1
_MEND = "run uketsuke evaluate --curves"
_GRID = 100  # thresholds are hundredths
_Z = 1.959964  # of the normal distribution, for an interval of 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was measured of the letters at least as sure as `threshold`."""

    threshold: float
    letters: int
    right: int

    @property
    def precision(self) -> float:
        """The share that was right, in [0, 1]."""
        return self.right / self.letters

    @property
    def at_least(self) -> float:
        """The lower bound of the precision's 95 % interval."""
        return wilson_lower(self.right, self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionCurve:
    """The letters of one kind, by threshold."""

    kind: LetterKind
    steps: tuple[Step, ...]  # thresholds rise, letters fall; the first step counts every letter

    def threshold_for(self, wanted: float) -> float | None:
        """The least confidence from which on letters go with the wanted precision; None if all must wait for an agent.

        Single steps are noise: among many, one reaches any figure by luck. So the share of right letters is first made to
        rise with the confidence, as it should (isotonic regression by pooling adjacent violators: Ayer et al. 1955, "An
        empirical distribution function for sampling with incomplete information", Ann. Math. Statist. 26, 641-647), and
        only where a pool begins may a threshold stand. There the precision is the measured one, and it never falls from
        one pool to the next. A pool with fewer than `ENOUGH` letters at or above it proves nothing.
        """
        fit = (one for one in self._pools() if one.letters >= ENOUGH and one.precision >= wanted)
        return next((one.threshold for one in fit), None)

    def at(self, threshold: float) -> Step | None:
        """The first step at or above this threshold; None above all letters."""
        return next((one for one in self.steps if one.threshold >= threshold), None)

    def precision_at(self, threshold: float) -> float | None:
        """The measured share of right letters at or above this threshold; None where there were none."""
        step = self.at(threshold)
        return step.precision if step else None

    def coverage_at(self, threshold: float | None) -> float:
        """The share of the letters of this kind that still go by themselves; none do without a threshold."""
        step = None if threshold is None else self.at(threshold)
        return step.letters / self.steps[0].letters if step else 0.0

    def _pools(self) -> Iterator[Step]:
        """The steps at which a pool begins, the least sure first."""
        pools: list[tuple[int, int, Step]] = []  # (letters, right of this pool alone, its first step)
        for step, after in zip(self.steps, (*self.steps[1:], None), strict=True):
            letters, right = step.letters, step.right
            if after:
                letters, right = letters - after.letters, right - after.right
            first = step
            while pools and pools[-1][1] * letters >= right * pools[-1][0]:
                before = pools.pop()
                letters, right, first = letters + before[0], right + before[1], before[2]
            pools.append((letters, right, first))
        return (first for _, _, first in pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """The curves of an installation; `trouble` says to an operator why there are none."""

    by_kind: Mapping[LetterKind, PrecisionCurve] = field(default_factory=dict)
    trouble: str = ""


def wilson_lower(right: int, letters: int) -> float:
    """The lower bound of the 95 % score interval of a share; honest for few letters and for shares near 1.

    E. B. Wilson 1927, "Probable inference, the law of succession, and statistical inference", J. Amer. Statist. Assoc. 22,
    209-212.
    """
    share, z2 = right / letters, _Z * _Z
    middle = share + z2 / (2 * letters)
    reach = _Z * sqrt(share * (1 - share) / letters + z2 / (4 * letters * letters))
    return max(0.0, (middle - reach) / (1 + z2 / letters))


def curve_of(kind: LetterKind, letters: Iterable[tuple[float, bool]]) -> PrecisionCurve:
    """The curve of measured letters, at least one: (confidence, whether it was right), in any order."""
    measured = sorted(letters)
    thresholds = sorted({floor(confidence * _GRID) / _GRID for confidence, _ in measured})
    steps = []
    for threshold in thresholds:
        above = [is_right for confidence, is_right in measured if confidence >= threshold]
        steps.append(Step(threshold=threshold, letters=len(above), right=sum(above)))
    return PrecisionCurve(kind=kind, steps=tuple(steps))


def curves_text(curves: Mapping[LetterKind, PrecisionCurve], weights_sha256: str) -> str:
    """The curves as TOML, a step a line: threshold, letters at or above it, right ones among them."""
    lines = [
        "# Letters of mails whose writer was left out of training. Written by: uketsuke evaluate --curves",
        "# Each step: threshold, letters at least as sure, right ones among them (# precision, lower bound of its 95 % interval)",
        f"format = {_FORMAT}",
        f'weights_sha256 = "{weights_sha256}"',
    ]
    for kind, curve in sorted(curves.items()):
        lines += ["", f"[{kind.value}]", "steps = ["]
        lines += [
            f"  [{one.threshold:.2f}, {one.letters}, {one.right}],  # {one.precision:.3f}, {one.at_least:.3f}"
            for one in curve.steps
        ]
        lines.append("]")
    return "\n".join(lines) + "\n"


def parse_curves(text: str, weights_sha256: str) -> Curves:
    """What `curves_text` wrote; no curves, but the reason, if they were measured with other weights.

    Raises:
        ValueError: It is not the text of curves.
    """
    tables = tomllib.loads(text)
    if tables.pop("format", None) != _FORMAT or tables.pop("weights_sha256", "") != weights_sha256:
        return Curves(trouble="measured with other weights, so not used")
    return Curves(by_kind={LetterKind(name): _curve(LetterKind(name), table) for name, table in tables.items()})


def load_curves(path: Path) -> Curves:
    """The curves in this file, if they belong to the weights beside it. Fast: the card names the weights.

    Raises:
        ConfigError: The file is damaged, or the card is.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Curves(trouble=f"{path}: not there, so no precision is known; {_MEND}")
    try:
        curves = parse_curves(text, weights_beside(path))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}; {_MEND}") from None
    return Curves(trouble=f"{path}: {curves.trouble}; {_MEND}") if curves.trouble else curves


def dump_curves(path: Path, curves: Mapping[LetterKind, PrecisionCurve]) -> None:
    """Write the curves, as measured with the weights beside this file.

    Raises:
        ConfigError: The weights have no card, or a damaged one.
    """
    path.write_text(curves_text(curves, weights_beside(path)), encoding="utf-8")


def weights_beside(path: Path) -> str:
    """The digest of the weights beside this file, as their card names it.

    Raises:
        ConfigError: There is no card, or it is damaged.
    """
    return _card(path, "weights_sha256")


def corpus_beside(path: Path) -> str:
    """The digest of the corpus that the weights beside this file were trained on.

    Raises:
        ConfigError: There is no card, or it is damaged.
    """
    return _card(path, "corpus_sha256")


def _card(path: Path, key: str) -> str:
    card = path.parent / _CARD
    try:
        return str(tomllib.loads(card.read_text(encoding="utf-8"))[key])
    except FileNotFoundError:
        raise ConfigError(f"{card}: not there; run uketsuke train") from None
    except (ValueError, KeyError) as error:
        raise ConfigError(f"{card}: {error}; run uketsuke train") from None


def _curve(kind: LetterKind, table: Any) -> PrecisionCurve:  # noqa: ANN401 - from TOML
    try:
        steps = tuple(Step(threshold=float(t), letters=int(n), right=int(right)) for t, n, right in table["steps"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{kind.value}: steps are [threshold, letters, right]") from None
    pairs = zip(steps, (*steps[1:], Step(threshold=1.01, letters=0, right=0)), strict=True)
    if not steps or not all(_follows(one, after) for one, after in pairs):
        raise ValueError(f"{kind.value}: steps must rise in threshold and fall in letters")
    return PrecisionCurve(kind=kind, steps=steps)


def _follows(one: Step, after: Step) -> bool:
    wrong, wrong_after = one.letters - one.right, after.letters - after.right
    return (
        one.threshold < after.threshold
        and one.letters > after.letters
        and one.right >= after.right
        and wrong >= wrong_after >= 0
    )
