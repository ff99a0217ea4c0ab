"""Where one issue ends and the next begins: for each unit of a mail a short row of features, and the cut that follows.

Pure. A border is a unit with which another issue starts; the first unit that says anything is none.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from classify.issues import BRIDGE, REQUEST, STRONG_BRIDGE, SYMPTOM, Piece
from classify.rows import LEAST_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classify.products import Mention
    from classify.segment import Document
    from classify.units import Unit
    from policy.pack import Pack

CUT = 0.5  # the least probability of a border in a mail that is surely several issues
_BLANK = re.compile(r"\n[ ]*\n\s*$")
_HEAD = re.compile(r"\s*(?:【|■|●|◆|▼|▲|◎|□|○|##?\s|-{3,}|={3,}|[A-Z][).:]|Q\d|\[)")
COLUMNS, CONTRASTS = 22, 9
_SHARPNESS = 6.0


def border_rows(
    doc: Document,
    units: tuple[Unit, ...],
    vectors: NDArray[np.float32],
    tags: NDArray[np.float64],
    named: Sequence[Mention],
    pack: Pack,
) -> NDArray[np.float64]:
    """Of shape (n_units, COLUMNS).

    Args:
        doc: The mail.
        units: Its units.
        vectors: Their embeddings, unit length.
        tags: Two columns: the taggers' scores of "a new issue begins" and of the symptom.
        named: The products named.
        pack: The catalogue; services and means are no subject of their own.
    """
    rows = np.zeros((len(units), COLUMNS))
    before: set[str] = set()
    has_asked = has_complained = False
    products = [_products(unit, named, pack) for unit in units]
    ahead = [set().union(*products[row : row + 3]) for row in range(len(units))]
    for row, unit in enumerate(units):
        words = doc.text[unit.start : unit.end]
        asks, complains = bool(REQUEST.search(words)), bool(SYMPTOM.search(words))
        lead = doc.text[max(0, unit.start - 40) : unit.start]
        mean = vectors[max(0, row - 6) : row].mean(axis=0) if row else np.zeros(vectors.shape[1])
        rest = vectors[row : row + 3].mean(axis=0)
        rows[row] = (
            tags[row, 0],
            tags[row, 1],
            float(tags[:row, 1].max()) if row else 0.0,
            bool(BRIDGE.search(words)),
            bool(STRONG_BRIDGE.search(words)),
            unit.line.item is not None and unit.line.item >= 2,
            unit.line.item == 1,
            unit.line.is_bullet,
            bool(_HEAD.match(doc.text[unit.line.start : unit.line.end])) and unit.start <= unit.line.value_start + 1,
            unit.start <= unit.line.value_start + 1,
            bool(_BLANK.search(lead)),
            bool(ahead[row] - before) and bool(before),
            bool(products[row] - before) and bool(before),
            bool(ahead[row] & before),
            asks,
            complains,
            has_asked,
            has_complained,
            float(vectors[row] @ mean),
            float(rest @ mean),
            row / max(1, len(units)),
            row <= 1,
        )
        if row:
            before |= products[row]
            has_asked, has_complained = has_asked or asks, has_complained or complains
    return rows


def contrasts(
    symptom: NDArray[np.float64], categories: NDArray[np.float64], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How much what stands before a unit differs from what follows, were it a border; shape (n_units, CONTRASTS).

    Args:
        symptom: The taggers' scores of the symptom, shape (n_units,).
        categories: Their scores of each category, shape (n_units, n_categories).
        vectors: Embeddings, unit length.
    """
    weights = np.clip(symptom, LEAST_WEIGHT, 1.0)
    weighted, pulled = categories * weights[:, None], vectors * weights[:, None]
    table = np.zeros((len(weights), CONTRASTS))
    for row in range(1, len(weights)):
        before = _likely(weighted[:row].sum(axis=0) / weights[:row].sum())
        behind = _likely(weighted[row:].sum(axis=0) / weights[row:].sum())
        one, other = int(np.argmax(weights[:row])), row + int(np.argmax(weights[row:]))
        near = row + int(np.argmax(weights[row : row + 3]))
        differs = 1.0 - float(before @ behind)
        table[row] = (
            differs,
            float(vectors[one] @ vectors[other]),
            weights[one],
            weights[other],
            weights[near],
            _cosine(pulled[:row].sum(axis=0), pulled[row:].sum(axis=0)),
            1.0 - float(_likely(categories[one]) @ _likely(categories[other])),
            min(weights[one], weights[other]) * differs,
            float(vectors[near] @ vectors[one]),
        )
    return table


def several_row(
    probabilities: NDArray[np.float64],
    contrast: NDArray[np.float64],
    whole: float,
    doc: Document,
    n_questions: int,
    rules: Sequence[Piece],
) -> NDArray[np.float64]:
    """Does the mail hold several issues? From its best borders and their contrasts, the whole's score, the rules' own cut."""
    best = sorted((float(p) for p in probabilities), reverse=True)[:2]
    best += [0.0] * (2 - len(best))
    items = {line.item for line in doc.lines if line.item is not None}
    n_units = len(probabilities)
    differing = np.clip(probabilities, 0.0, 0.99) * contrast[:, 0]
    return np.array(
        [
            *best,
            1.0 - float(np.prod(1.0 - np.clip(probabilities, 0.0, 0.99))),
            whole,
            len(rules) > 1,
            min(len(rules), 4) / 4,
            min(n_questions, 5) / 5,
            {1, 2} <= items,
            np.log1p(sum(1 for _ in doc.prose())) / 4,
            *(contrast[int(np.argmax(probabilities))] if n_units else np.zeros(CONTRASTS)),
            1.0 - float(np.prod(1.0 - differing)),
            float((probabilities * contrast[:, 7]).max()) if n_units else 0.0,
            float((probabilities > CUT).sum()) / 4,
            any(STRONG_BRIDGE.search(line.text) for line in doc.prose()),
        ],
        dtype=np.float64,
    )


def _likely(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores as shares of one."""
    powers = np.exp(_SHARPNESS * (scores - scores.max()))
    return np.asarray(powers / powers.sum())


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


def cut(
    doc: Document,
    units: tuple[Unit, ...],
    borders: Sequence[float],
    several: float | None,
    rules: tuple[Piece, ...],
) -> tuple[Piece, ...]:
    """The issues: the rules' cut where the models agree that there are several, else the likeliest borders; or one."""
    if several is None or not units:
        return rules
    start, end = doc.lines[0].start, max(unit.end for unit in units)
    if several < 0.5:
        return (Piece(((start, end),)),) if len(rules) > 1 else rules
    if len(rules) > 1:
        return rules
    places = [unit.start for unit, p in zip(units, borders, strict=True) if p >= CUT and unit.line.number > 0]
    if not places and max(borders, default=0.0) >= CUT / 2:
        places = [max(zip(borders, units, strict=True), key=lambda pair: pair[0])[1].start]
    edges = [start, *(place for place in places if place > start), end]
    return tuple(Piece(((one, other),)) for one, other in pairwise(edges))


def _products(unit: Unit, named: Sequence[Mention], pack: Pack) -> set[str]:
    return {
        m.product
        for m in named
        if unit.start <= m.start < unit.end
        and not pack.products[m.product].is_service
        and not pack.products[m.product].is_means
    }
