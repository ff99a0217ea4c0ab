"""The short rows of features that the combiners read: the taggers' best scores, the rules' strength, what the mail is about.

Training and reading build them here alike. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from classify.combine import CERTAIN
from classify.hits import together
from models.assessment import Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classify.hits import Hit
    from classify.scorer import Voice
    from classify.segment import Document

LEAST_WEIGHT = 0.03  # of a unit that says nothing of the symptom
_TIME = re.compile(
    r"\d\s?[月日時分秒回度週年号點点]|\d{1,2}[:/]\d{2}|20\d\d|[今昨毎每本前先翌][日朝晩夜夕月週年回度時]|[朝昼夜晩夕]|曜|最近|以来|以降|から(?:発生|ずっと)|ごと|たび|度に|常に|時々|たま|ずっと|断続"
    r"|今も|現在|まだ|先ほど|さっき|直後|[時後前]に|後から|とき|周[一二三四五六日末]|天|刚|昨|早上|下午|晚上|上午|一直|经常|每"
    r"|\b(?:to(?:day|night|morrow)|yester\w+|morning|afternoon|evening|night|noon|midnight|week\w*|month\w*|day|days|daily|hour\w*|minute\w*|min|mins|ago|since|after|before|when\w*|while|during|every|each|always|often|sometimes"
    r"|intermittent\w*|once|twice|times|again|still|now|started|began|last|recent\w*|just|mon|tue|wed|thu|fri|sat|sun|\w+day|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec\w*|am|pm|utc|jst|gmt|until|random\w*|load|peak)\b",
    re.IGNORECASE,
)
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
    extra = [_speaks_of_time(doc)] if section is Section.WHEN else []
    return np.concatenate([_tagged(tags), _heard(voice.sections.get(section, ())), [whole, *layout, *extra], mail])


def facet_row(facet: Facet, tags: NDArray[np.float64], voice: Voice, n_units: int) -> NDArray[np.float64]:
    """One facet of one mail."""
    return np.concatenate([_tagged(tags), _heard(voice.facets.get(facet, ())), [np.log1p(n_units) / 4]])


def kind_row(
    scores: NDArray[np.float64],
    heard: Mapping[SymptomKind, float],
    symptom: NDArray[np.float64],
    tags: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The ridge's scores and the rules' shares, kind by kind; and what the issue's sentences are tagged as."""
    return np.concatenate([scores, _shares([heard.get(kind, 0.0) for kind in SymptomKind]), _voted(symptom, tags)])


def category_row(
    scores: NDArray[np.float64],
    heard: Mapping[Category, float],
    symptom: NDArray[np.float64],
    tags: NDArray[np.float64],
    *,
    goes_on: bool,
) -> NDArray[np.float64]:
    """The ridge's scores and what the rules heard, category by category; and what the issue's sentences are tagged as.

    Args:
        scores: Of the whole text, shape (n_categories,).
        heard: By the rules.
        goes_on: Beside any thanks something persists, comes back or is asked.
        symptom: How much each of the issue's units speaks of the symptom, shape (n_units,).
        tags: The units' own categories, shape (n_units, n_categories).
    """
    rules = np.array([heard.get(category, 0.0) for category in Category])
    return np.concatenate([scores, np.minimum(rules, 5.0) / 5.0, _shares(rules), _voted(symptom, tags), [goes_on]])


def _voted(symptom: NDArray[np.float64], tags: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tags' mean, sentences of the symptom counting most, and the tags of the sentence that speaks of it most."""
    if not len(tags):
        return np.zeros(2 * tags.shape[1])
    weights = np.clip(symptom, LEAST_WEIGHT, 1.0)
    return np.concatenate([weights @ tags / weights.sum(), tags[int(np.argmax(weights))]])


def _speaks_of_time(doc: Document) -> bool:
    """Any word of time at all, be it the onset's or not: without one the onset is surely absent."""
    return any(_TIME.search(doc.text, line.start, line.end) for line in doc.spoken())


def _tagged(tags: NDArray[np.float64]) -> list[float]:
    """The best scores of the units, and how much they add up to."""
    best = sorted((float(tag) for tag in tags), reverse=True)[:3]
    best += [0.0] * (3 - len(best))
    return [best[0], best[1], sum(best) / 3, min(2.0, float(np.clip(tags, 0.0, 1.0).sum())) / 2]


def _heard(hits: Sequence[Hit]) -> list[float]:
    strength = together(hits)
    return [strength, strength >= CERTAIN, not hits, min(3, len({hit.rule for hit in hits})) / 3]


def _shares(scores: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(1.1 * (np.asarray(scores, dtype=np.float64) - max(scores, default=0.0)))
    return np.asarray(powers / powers.sum())
