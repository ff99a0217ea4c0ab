"""The short rows of features that the combiners read: the taggers' best scores, the rules' strength, what the mail is about.

Training and reading build them here alike. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classify.hits import together
from models.assessment import Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classify.hits import Hit
    from classify.scorer import Voice
    from classify.segment import Document

_CERTAIN = 0.93
_GROUPS = (
    (Category.TROUBLESHOOTING,),
    (Category.INCIDENT,),
    (Category.HOW_TO,),
    (Category.OVERVIEW_PRICING, Category.PURCHASE_USAGE, Category.PAYMENT_BILLING, Category.ACCOUNT),
    (Category.OUT_APPLICATION, Category.OUT_OS_PATCHING, Category.OUT_DB_TUNING),
    (Category.UNDISCLOSED_INCIDENT, Category.UNDISCLOSED_PERFORMANCE, Category.UNDISCLOSED_MAINTENANCE),
    (Category.OUT_UNRELATED,),
    (Category.ACKNOWLEDGEMENT,),
)


def about(doc: Document, categories: Sequence[Mapping[Category, float]], voice: Voice) -> NDArray[np.float64]:
    """What the mail is about: the surest issue of each group of categories, several issues, questions, length."""
    groups = [
        max((sum(issue.get(one, 0.0) for one in group) for issue in categories), default=0.0) for group in _GROUPS
    ]
    return np.array(
        [
            *groups,
            len(categories) > 1,
            min(len(voice.questions), 4) / 4,
            np.log1p(sum(1 for _ in doc.spoken())) / 4,
            np.log1p(sum(1 for line in doc.lines if line.is_log)) / 4,
        ],
        dtype=np.float64,
    )


def section_row(
    section: Section,
    tags: NDArray[np.float64],
    whole: float,
    mail: NDArray[np.float64],
    doc: Document,
    voice: Voice,
) -> NDArray[np.float64]:
    """One section of one mail; `tags` are the scores of its units, `mail` is what `about` says."""
    under = doc.fields.get(section)
    layout = (
        under is not None and bool(under),
        under is not None and not under,
        section in voice.answered,
    )
    return np.concatenate([_tagged(tags), _heard(voice.sections.get(section, ())), [whole, *layout], mail])


def facet_row(facet: Facet, tags: NDArray[np.float64], voice: Voice, n_units: int) -> NDArray[np.float64]:
    """One facet of one mail."""
    return np.concatenate([_tagged(tags), _heard(voice.facets.get(facet, ())), [np.log1p(n_units) / 4]])


def kind_row(scores: NDArray[np.float64], heard: Mapping[SymptomKind, float]) -> NDArray[np.float64]:
    """The ridge's scores and the rules' shares, kind by kind."""
    return np.concatenate([scores, _shares([heard.get(kind, 0.0) for kind in SymptomKind])])


def category_row(scores: NDArray[np.float64], heard: Mapping[Category, float]) -> NDArray[np.float64]:
    """The ridge's scores and what the rules heard, category by category."""
    rules = np.array([heard.get(category, 0.0) for category in Category])
    return np.concatenate([scores, np.minimum(rules, 5.0) / 5.0, _shares(rules)])


def _tagged(tags: NDArray[np.float64]) -> list[float]:
    """The best scores of the units, and how much they add up to."""
    best = sorted((float(tag) for tag in tags), reverse=True)[:3]
    best += [0.0] * (3 - len(best))
    return [best[0], best[1], sum(best) / 3, min(2.0, float(np.clip(tags, 0.0, 1.0).sum())) / 2]


def _heard(hits: Sequence[Hit]) -> list[float]:
    strength = together(hits)
    return [strength, strength >= _CERTAIN, not hits, min(3, len({hit.rule for hit in hits})) / 3]


def _shares(scores: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(1.1 * (np.asarray(scores, dtype=np.float64) - max(scores, default=0.0)))
    return np.asarray(powers / powers.sum())
