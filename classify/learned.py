"""The learned scorer: taggers over the units of a mail, ridges over whole texts, combiners that make probabilities of both.

What the rules heard is among the combiners' features, so that the two voices are weighed by what each was worth on mails
of writers that the taggers had not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.feature_extraction.text import TfidfVectorizer

from classify import rows
from classify.borders import border_rows, contrasts, several_row
from classify.features import DIMENSIONS, MAX_LINES, mask, words
from classify.scorer import Opinion, Scores, Tags
from classify.subjects import subject_rows
from classify.units import layout, units_of, units_within
from models.assessment import FACETS_OF_KIND, Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classify.features import Encoder
    from classify.issues import Piece
    from classify.products import Mention
    from classify.ridge import Ridge
    from classify.scorer import IssueVoice, Voice
    from classify.segment import Document
    from classify.units import Unit
    from policy.pack import Pack

MAX_TEXT = 6_000  # characters of one mail that the n-grams see
OWN, NEIGHBOUR, LAYOUT_WEIGHT, WHOLE = 1.2, 0.5, 0.7, 0.6  # weights of the dense features beside the n-grams' 1
SECTIONS, FACETS, KINDS, CATEGORIES = tuple(Section), tuple(Facet), tuple(SymptomKind), tuple(Category)
KIND_OF_FACET = {facet: kind for kind, facets in FACETS_OF_KIND.items() for facet in facets}
# Columns of the unit ridge: sections, "another issue begins", facets, then the category and the kind that a unit's words have.
SYMPTOM, BORDER = SECTIONS.index(Section.SYMPTOM), len(SECTIONS)
FIRST_FACET = BORDER + 1
CATEGORY_TAGS = slice(FIRST_FACET + len(FACETS), FIRST_FACET + len(FACETS) + len(CATEGORIES))
KIND_TAGS = slice(CATEGORY_TAGS.stop, CATEGORY_TAGS.stop + len(KINDS))
_SPEAKS_FOR = 0.3  # a unit's score from which it is shown as proof


class TextFeatures:
    """Fitted n-gram and word weights, and the encoder; turns texts into one sparse matrix."""

    def __init__(self, encoder: Encoder, chars: TfidfVectorizer, tokens: TfidfVectorizer) -> None:
        self.encoder, self.chars, self.tokens = encoder, chars, tokens
        self._row = lru_cache(maxsize=8)(self._new_row)  # a mail's only issue is the whole mail: read once

    def of_units(self, units: tuple[Unit, ...], voice: Voice) -> csr_matrix:
        """Features of shape (n_units, n_unit_features): the unit, its neighbours, its layout, the rules' hits inside."""
        vectors = self.encoder.encode([unit.text for unit in units])
        none = np.zeros((1, vectors.shape[1]), np.float32)
        before, after = np.concatenate([none, vectors[:-1]]), np.concatenate([vectors[1:], none])
        dense = np.concatenate(
            [OWN * vectors, NEIGHBOUR * before, NEIGHBOUR * after, LAYOUT_WEIGHT * layout(units, voice)], axis=1
        )
        masked = [mask(unit.text) for unit in units]
        return csr_matrix(hstack([self.chars.transform(masked), self.tokens.transform(masked), csr_matrix(dense)]))

    def of_texts(self, texts: Sequence[str], lines: Sequence[Sequence[str]]) -> csr_matrix:
        """Features of shape (n_texts, n_text_features), at least one text; `lines` are each text's lines, for the embedding."""
        dense = np.stack([self._embedding(one) for one in lines])
        return csr_matrix(hstack([vstack([self._row(text[:MAX_TEXT]) for text in texts]), csr_matrix(dense)]))

    def _new_row(self, text: str) -> csr_matrix:
        masked = [mask(text)]
        return csr_matrix(hstack([self.chars.transform(masked), self.tokens.transform(masked)]))

    def _embedding(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """Mean and maximum of the lines' vectors."""
        if not lines:
            return np.zeros(2 * DIMENSIONS, np.float32)
        vectors = self.encoder.encode(list(lines)[:MAX_LINES])
        mean = vectors.mean(axis=0)
        both = np.concatenate([2.0 * mean, vectors.max(axis=0)])
        return np.asarray(WHOLE * both, dtype=np.float32)


def new_vectorizers() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    """Unfitted: characters 1 to 4 (unigrams matter in Japanese), Sudachi words 1 to 2."""
    chars = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), min_df=4, sublinear_tf=True, lowercase=False, dtype=np.float32
    )
    tokens = TfidfVectorizer(
        tokenizer=words,
        token_pattern=None,
        ngram_range=(1, 2),
        min_df=3,
        sublinear_tf=True,
        lowercase=False,
        dtype=np.float32,
    )
    return chars, tokens


@dataclass(frozen=True, slots=True)
class Combiner:
    """A logistic regression over a short row of named features: coef (n_classes or 1, n_features), intercept alike."""

    classes: tuple[str, ...]
    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def probabilities(self, row: NDArray[np.float64]) -> dict[str, float]:
        """The probability of each class; a binary combiner's classes are (no, yes)."""
        scores = self.coef.astype(np.float64) @ row + self.intercept
        if len(scores) == 1:
            scores = np.array([0.0, scores[0]])
        powers = np.exp(scores - scores.max())
        return dict(zip(self.classes, (float(one) for one in powers / powers.sum()), strict=True))


def lines_of(doc: Document) -> list[str]:
    """The lines that the embedding reads: the sender's own sentences, no logs, greetings, headings."""
    return [line.text for line in doc.prose() if line.text]


def piece_lines(text: str) -> list[str]:
    """The lines of one issue's text."""
    return [line.strip() for line in text.split("\n") if line.strip()][:MAX_LINES]


class LearnedScorer:
    """Opinions of the shipped models."""

    def __init__(self, features: TextFeatures, ridges: Mapping[str, Ridge], combiners: Mapping[str, Combiner]) -> None:
        self._features, self._ridges, self._combiners = features, ridges, combiners

    def tag(self, doc: Document, voice: Voice, named: Sequence[Mention], rules: Sequence[Piece], pack: Pack) -> Tags:
        """The scores of the mail's units, and where issues begin."""
        units = units_of(doc)
        if not units:
            return Tags()
        table = self._ridges["unit"].scores(self._features.of_units(units, voice))
        vectors = self._features.encoder.encode([unit.text for unit in units])
        contrast = contrasts(table[:, SYMPTOM], table[:, CATEGORY_TAGS], vectors)
        layout_rows = border_rows(doc, units, vectors, table[:, [BORDER, SYMPTOM]], named, pack)
        probability = self._combiners["border"].probabilities
        borders = np.array([probability(row)["yes"] for row in np.concatenate([layout_rows, contrast], axis=1)])
        whole = self._ridges["mail"].scores(self._features.of_texts([doc.text], [lines_of(doc)]))[0]
        several = self._combiners["several"].probabilities(
            several_row(borders, contrast, whole[-1], doc, len(voice.questions), rules)
        )["yes"]
        return Tags(
            units=units, table=table, borders=tuple(float(p) for p in borders), several=several, mail=tuple(whole)
        )

    def score(
        self,
        doc: Document,
        tags: Tags,
        voice: Voice,
        issues: Sequence[IssueVoice],
        named: Sequence[Mention],
        pack: Pack,
    ) -> Scores:
        """All opinions on one mail and on each of its issues."""
        if tags.table is None:
            return Scores()
        kinds, categories = self._issues(issues, tags)
        about = rows.about(doc, categories, voice)
        table, units = tags.table, tags.units
        return Scores(
            sections={
                section: self._opinion(
                    f"section:{section.value}",
                    rows.section_row(section, table[:, place], tags.mail[place], about, doc, voice),
                    table[:, place],
                    units,
                )
                for place, section in enumerate(SECTIONS)
            },
            facets={
                facet: self._opinion(
                    f"facet:{facet.value}",
                    rows.facet_row(facet, table[:, place], voice, len(units)),
                    table[:, place],
                    units,
                )
                for place, facet in enumerate(FACETS, FIRST_FACET)
            },
            kinds=kinds,
            categories=categories,
            products=tuple(
                {
                    product: self._combiners["product"].probabilities(row)["yes"]
                    for product, row in subject_rows(
                        doc, issue.spans, named, pack, units, table[:, SYMPTOM], category
                    ).items()
                }
                for issue, category in zip(issues, categories, strict=True)
            ),
        )

    def _opinion(
        self, name: str, row: NDArray[np.float64], tags: NDArray[np.float64], units: tuple[Unit, ...]
    ) -> Opinion:
        best = sorted(range(len(units)), key=lambda place: -tags[place])[:2]
        spans = tuple((units[place].start, units[place].end) for place in best if tags[place] >= _SPEAKS_FOR)
        return Opinion(probability=self._combiners[name].probabilities(row)["yes"], spans=spans)

    def _issues(
        self, issues: Sequence[IssueVoice], tags: Tags
    ) -> tuple[tuple[Mapping[SymptomKind, float], ...], tuple[Mapping[Category, float], ...]]:
        """Kind and category of each issue."""
        if not issues or tags.table is None:
            return (), ()
        table = self._features.of_texts([one.text for one in issues], [piece_lines(one.text) for one in issues])
        by_kind, by_category = self._ridges["kind"].scores(table), self._ridges["category"].scores(table)
        kinds, categories = [], []
        for place, one in enumerate(issues):
            mine = tags.table[units_within(tags.units, one.spans)]
            kind = rows.kind_row(by_kind[place], one.kinds, mine[:, SYMPTOM], mine[:, KIND_TAGS])
            category = rows.category_row(by_category[place], one.categories, mine[:, SYMPTOM], mine[:, CATEGORY_TAGS])
            kinds.append({SymptomKind(n): p for n, p in self._combiners["kind"].probabilities(kind).items()})
            categories.append({Category(n): p for n, p in self._combiners["category"].probabilities(category).items()})
        return tuple(kinds), tuple(categories)
