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

CUT = 0.6  # the least probability of a border in a mail that is surely several issues
_BLANK = re.compile(r"\n[ ]*\n\s*$")
_HEAD = re.compile(r"\s*(?:【|■|●|◆|▼|▲|◎|□|○|##?\s|-{3,}|={3,}|[A-Z][).:]|Q\d|\[)")
COLUMNS, CONTRASTS = 23, 9
_SHARPNESS = 6.0
# A unit that counts on: the second, the third, the last, one more.
_ORDINAL = re.compile(
    r"\s*(?:[(（]?[A-Ca-c2-4２-４][)）.、:]|[②-⑤]|(?:2|二|ふた|3|三|みっ)(?:つ|件|点)目|ふたつ[目め]|みっつ[目め]|[2-4]件目|[二三]件目|第[二三]|second(?:ly)?\b|third(?:ly)?\b|(?:issue|question|matter|topic|item|q) ?#?[2-4B-C]\b"
    r"|まず|最後に|もう(?:一|1|ひと)(?:つ|点|件)|それから|そのほか|一方|on top of that|and (?:finally|lastly)|P\.?S\b|追伸)",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?<![\d.])(?:[2-5２-５二三四五]|ふた|みっ|両)\s*(?:点|つ|件|項目|個|種類)(?!目)|\b(?:two|three|four|2|3|4|couple of|some|several|a few) (?:\w+ ){0,2}(?:questions?|issues?|problems?|requests?|things?|topics?|matters?|points?|doubts?|errors?)\b|いくつか|まとめて|ほか|他に",
    re.IGNORECASE,
)
_ALL_ONE = re.compile(r"同じ(?:原因|件|もの)|すべて上記|どれも|all the same|細か|詳細|details?\b", re.IGNORECASE)
_LISTED = re.compile(r"[、,/+&;・]|\band\b|および|及び|\Sと\S", re.IGNORECASE)
_TOPIC = re.compile(r"[、,/+&;・]|\band\b|および|及び|と", re.IGNORECASE)
_SHORTEST_TOPIC = 3  # characters of one topic in a subject that lists some


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
            bool(_ORDINAL.match(unit.text)),
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
    announced: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Does the mail hold several issues? From its best borders and their contrasts, the whole's score, the rules' own cut, and its own word."""
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
            *announced,
        ],
        dtype=np.float64,
    )


def announcements(doc: Document, units: Sequence[Unit], named: Sequence[Mention], pack: Pack) -> NDArray[np.float64]:
    """What the mail itself says of how many matters it brings: a number, ordinals, topics listed in the subject; shape (8,)."""
    end = doc.lines[0].end
    subject = doc.text[:end]
    in_subject = {m.product for m in named if m.start < end and _is_subject(m.product, pack)}
    topics = [topic for topic in _TOPIC.split(subject) if len(topic.strip()) >= _SHORTEST_TOPIC]
    ordinals = sum(bool(_ORDINAL.match(unit.text)) for unit in units)
    return np.array(
        [
            _ANNOUNCED.search(subject) is not None,
            _ANNOUNCED.search(doc.text, end) is not None,
            min(ordinals, 4) / 4,
            ordinals >= 2,
            _LISTED.search(subject) is not None,
            min(len(topics), 4) / 4,
            len(in_subject) >= 2,
            _ALL_ONE.search(doc.text) is not None,
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
    return {m.product for m in named if unit.start <= m.start < unit.end and _is_subject(m.product, pack)}


def _is_subject(product: str, pack: Pack) -> bool:
    """Something that may be asked about on its own: no service entry, no mere means."""
    return not pack.products[product].is_service and not pack.products[product].is_means
