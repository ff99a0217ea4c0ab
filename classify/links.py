"""The guide's ★ checks: do evidence and goal belong to the symptom? By shared objects, products, words, meaning, and words of otherness.

The rules alone dare only what is plain; the combiner weighs everything. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classify.goal import goal_hits
from models.assessment import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classify.hits import Hit
    from classify.products import Mention
    from classify.segment import Document
    from classify.units import Unit

LINKED = (Section.EVIDENCE, Section.GOAL)  # the sections whose link with the symptom the guide checks
_SPEAKS, _LEAST = 0.35, 0.02  # a unit's score from which it speaks of the section; the least weight of one
_WORD = re.compile(r"[a-z0-9][\w.-]{2,}|[ァ-ヴー]{2,}|[一-龥]{2,}")
_OBJECT = re.compile(
    r"(?<![\w.-])(?:[a-z]{1,5}-[a-z0-9]{10,22}|\d{1,3}(?:\.\d{1,3}){3}|[a-z]+[-_]?[a-z]*[-_]\d{1,3}|[a-z]+\d{2})(?![\w.-])",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"(?:別(?:の)?(?:サーバー?|インスタンス|ホスト|システム|環境|件|マシン)の(?:ログ|もの|結果|画面|キャプチャ)|(?:参考(?:まで)?に|ご参考).{0,16}(?:別|他)の?.{0,16}(?:ログ|結果|画面)|\b(?:log|output|trace|screenshot)s? (?:is |are )?(?:from|of|on) (?:another|a different|the other|our other) (?:server|host|instance|machine|system|project|environment))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTags:
    """What the taggers say of a mail's units; each of shape (n_units,), the categories of (n_units, n_categories)."""

    symptom: NDArray[np.float64]
    section: NDArray[np.float64]  # of the evidence, or the goal
    stray: NDArray[np.float64]  # that it is about another thing than the symptom
    categories: NDArray[np.float64]


def evidence_link(doc: Document) -> bool:
    """False only for a clear sign: the words say it is another thing's, or logs name only objects that the prose never names."""
    if _OTHER.search(doc.text):
        return False
    logs = "\n".join(line.text for line in doc.lines if line.is_log)
    prose = "\n".join(line.text for line in doc.lines if not line.is_log)
    in_logs, in_prose = _objects(logs), _objects(prose)
    return bool(in_logs & in_prose) or not (_hosts(in_logs) and _hosts(in_prose))


def goal_link(doc: Document, goal: list[Hit], mentions: Sequence[Mention]) -> bool:
    """False if the goal names other products or objects than the rest of the mail, and none of its own."""
    if not goal:
        return True
    lines = [line for line in doc.lines if any(line.start <= hit.start < line.end for hit in goal)]
    inside = {
        m.product
        for m in mentions
        if any(line.start <= m.start < line.end for line in lines) and (m.is_strong or m.is_id)
    }
    outside = {
        m.product
        for m in mentions
        if not any(line.start <= m.start < line.end for line in lines) and (m.is_strong or m.is_id)
    }
    objects = _objects("\n".join(line.text for line in lines))
    others = _objects("\n".join(line.text for line in doc.lines if line not in lines))
    return not (inside and outside and not inside & outside and not objects & others)


def link_by_rules(section: Section, doc: Document, named: Sequence[Mention]) -> bool:
    """What the rules alone think."""
    return evidence_link(doc) if section is Section.EVIDENCE else goal_link(doc, goal_hits(doc), named)


def link_row(
    doc: Document,
    units: Sequence[Unit],
    named: Sequence[Mention],
    vectors: NDArray[np.float32],
    tags: LinkTags,
    *,
    holds: bool,
) -> NDArray[np.float64]:
    """Does what one section says (evidence, goal) belong to the symptom? A row of features, shape (n_features,).

    Args:
        doc: The mail.
        units: Its units, at least one.
        named: The products named.
        vectors: The units' embeddings, unit length.
        tags: What the taggers say of the units.
        holds: What the rules think.
    """
    n = len(units)
    mine = np.flatnonzero(tags.section >= _SPEAKS)
    if not len(mine):
        mine = np.array([int(np.argmax(tags.section))])
    rest = np.setdiff1d(np.arange(n), mine)
    others = rest if len(rest) else mine
    said = others[tags.symptom[others] >= _SPEAKS]
    if not len(said):
        said = others[[int(np.argmax(tags.symptom[others]))]]
    inside, outside = _text(units, mine), _text(units, others)
    my_products, their_products = _products(units, named, mine), _products(units, named, others)
    my_objects, their_objects = _objects(inside), _objects(outside)
    my_hosts, their_hosts = _hosts(my_objects), _hosts(their_objects)
    words, other_words = _words(inside), _words(outside)
    strays = tags.stray[mine]
    weights = np.clip(tags.section, _LEAST, 1.0)
    return np.array(
        [
            _likeness(vectors[said], tags.symptom[said], vectors[mine], tags.section[mine]),
            float((vectors[mine] @ vectors[said].T).max()),
            float((vectors[mine] @ vectors[others].T).max()),
            _same_category(tags.categories[said].mean(axis=0), tags.categories[mine].mean(axis=0)),
            bool(my_products & their_products),
            bool(my_products - their_products) and bool(their_products - my_products),
            not my_products,
            bool(my_objects & their_objects),
            not my_objects,
            len(words & other_words) / max(1, len(words)),
            bool(words & _words(doc.lines[0].text)),
            _OTHER.search(doc.text) is not None,
            holds,
            len(mine) / n,
            bool(my_hosts) and bool(their_hosts) and not my_hosts & their_hosts,
            float(strays.max()),
            float(strays.mean()),
            float(strays.min()),
            float(weights @ tags.stray / weights.sum()),
            float(tags.stray.max()),
        ],
        dtype=np.float64,
    )


def _likeness(
    one: NDArray[np.float32], weights: NDArray[np.float64], other: NDArray[np.float32], others: NDArray[np.float64]
) -> float:
    """The cosine of two weighted sums of vectors."""
    left, right = np.clip(weights, _LEAST, 1.0) @ one, np.clip(others, _LEAST, 1.0) @ other
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right) + 1e-9))


def _same_category(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    left, right = np.exp(6.0 * (one - one.max())), np.exp(6.0 * (other - other.max()))
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))


def _text(units: Sequence[Unit], places: NDArray[np.intp]) -> str:
    return "\n".join(units[place].text for place in places)


def _products(units: Sequence[Unit], named: Sequence[Mention], places: NDArray[np.intp]) -> set[str]:
    return {m.product for m in named if any(units[place].start <= m.start < units[place].end for place in places)}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _objects(text: str) -> set[str]:
    return {match.lower() for match in _OBJECT.findall(text)}


def _hosts(objects: set[str]) -> set[str]:
    """Host-like names and ids only: addresses may be the other end's."""
    return {one for one in objects if not re.fullmatch(r"[\d.]+", one)}
