"""Which of the products named in an issue it is about: for each candidate a short row of features.

Pure. The catalogue, the ids and the signs of context are `classify.products`'; here they are only counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from classify.products import is_related, named_in, subject_score
from models.assessment import Category

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from classify.products import Mention
    from classify.segment import Document
    from classify.units import Unit
    from policy.pack import Pack

LEAST = 0.4  # the best named candidate is taken from here, the others from an even chance
LEAST_SOUND, _UNNAMED = (
    0.25,
    3,
)  # from which score the words may mean a product that they do not name, and how many such
COLUMNS = 35  # of a row, before how the words sound
_THANKS = re.compile(
    r"(?:ありがとうござい|お世話にな|助かりました|解決(?:し|いたし)まし|感謝)|\bthank|\bresolved\b", re.IGNORECASE
)
_GROUPS = (
    (Category.TROUBLESHOOTING,),
    (Category.INCIDENT,),
    (Category.HOW_TO,),
    (Category.OVERVIEW_PRICING,),
    (Category.PURCHASE_USAGE,),
    (Category.PAYMENT_BILLING,),
    (Category.ACCOUNT,),
    (Category.OUT_APPLICATION, Category.OUT_OS_PATCHING),
    (Category.OUT_DB_TUNING,),
    (Category.UNDISCLOSED_INCIDENT, Category.UNDISCLOSED_PERFORMANCE, Category.UNDISCLOSED_MAINTENANCE),
    (Category.OUT_UNRELATED, Category.ACKNOWLEDGEMENT),
)


def subject_rows(
    doc: Document,
    spans: Sequence[tuple[int, int]],
    everything: Sequence[Mention],
    pack: Pack,
    units: Sequence[Unit],
    symptom: NDArray[np.float64],
    categories: Mapping[Category, float],
    scores: Mapping[str, float],
) -> dict[str, NDArray[np.float64]]:
    """A row for each product named within the spans of one issue, in the order of the text; then those its words sound like.

    Args:
        doc: The mail.
        spans: The issue's, in the folded text.
        everything: All mentions of the mail.
        pack: The catalogue; its services are no candidates.
        units: The mail's units.
        symptom: Their scores as words of the symptom.
        categories: The issue's category, as probabilities.
        scores: How much the issue's words sound like each product that was learnt, named or not.
    """
    inside, trusted = named_in(doc, spans, everything, pack)
    by_product: dict[str, list[Mention]] = {}
    for mention in inside:
        if not pack.products[mention.product].is_service:
            by_product.setdefault(mention.product, []).append(mention)
    speaking = {product: [subject_score(m, doc) for m in found] for product, found in by_product.items()}
    sums = {product: sum(values) for product, values in speaking.items()}
    ranks = {product: rank for rank, product in enumerate(sorted(scores, key=lambda one: -scores[one]))}
    about = [sum(categories.get(one, 0.0) for one in group) for group in _GROUPS]
    rows: dict[str, NDArray[np.float64]] = {}
    for order, (product, found) in enumerate(by_product.items()):
        others = [value for other, value in sums.items() if other != product]
        best = max(others, default=0.0)
        rival = next((other for other, value in sums.items() if other != product and value == best), None)
        tags = [
            max((float(s) for u, s in zip(units, symptom, strict=True) if u.start <= m.start < u.end), default=0.0)
            for m in found
        ]
        in_subject = any(m.start < doc.lines[0].end for m in found)
        is_trusted = any(m in trusted for m in found)
        mine = speaking[product]
        rows[product] = np.array(
            [
                min(3, sum(m.is_strong for m in found)) / 3,
                min(3, sum(m.is_id for m in found)) / 3,
                min(3, sum(not m.is_strong and not m.is_id for m in found)) / 3,
                in_subject,
                is_trusted,
                all(m.is_id for m in found),
                max(mine),
                min(mine),
                min(4.0, sums[product]) / 4,
                sum(value < 0 for value in mine) / len(mine),
                all(_in_thanks(m, doc) for m in found),
                max(tags),
                order == 0,
                order / 4,
                min(4, len(by_product)) / 4,
                np.tanh(sums[product] - best),
                sums[product] >= best,
                pack.products[product].is_means,
                rival is not None and is_related(product, rival, pack),
                rival is not None and is_related(product, rival, pack) and sums[product] < best,
                (found[0].start - spans[0][0]) / max(1, spans[-1][1] - spans[0][0]),
                *about,
                *(one * in_subject for one in about[4:7]),
                *_sound(product, by_product, scores, ranks),
            ],
            dtype=np.float64,
        )
    for product, rank in ranks.items():
        is_known = product in pack.products and not pack.products[product].is_service
        if rank < _UNNAMED and is_known and scores[product] > LEAST_SOUND and product not in rows:
            rows[product] = np.concatenate([np.zeros(COLUMNS), _sound(product, by_product, scores, ranks)])
    return rows


def _sound(
    product: str, named: Collection[str], scores: Mapping[str, float], ranks: Mapping[str, int]
) -> tuple[float, ...]:
    """How much the words sound like the product, against the others named; its rank; not learnt; not named."""
    best = max((scores.get(other, 0.0) for other in named if other != product), default=0.0)
    mine = scores.get(product, 0.0)
    return mine, mine - best, 1 / (1 + ranks.get(product, 20)), product not in scores, product not in named


def chosen(probabilities: Mapping[str, float], named: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(asked about, context) by the probabilities of being asked about; what is not `named` is no context."""
    best = max((p for one, p in probabilities.items() if one in named), default=0.0)
    about = tuple(one for one, p in probabilities.items() if p >= 0.5 or (p == best and p >= LEAST and one in named))
    return about, tuple(one for one in probabilities if one not in about and one in named)


def _in_thanks(mention: Mention, doc: Document) -> bool:
    """In a sentence that thanks for another matter."""
    before = doc.text.rfind("\n", 0, mention.start)
    left = max(before, doc.text.rfind("。", 0, mention.start)) + 1
    ends = [at for at in (doc.text.find("\n", mention.end), doc.text.find("。", mention.end)) if at >= 0]
    return bool(_THANKS.search(doc.text[left : min(ends, default=len(doc.text))]))
