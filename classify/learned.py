"""The learned scorer: taggers over the units of a mail, ridges over whole texts, combiners that make probabilities of both.

What the rules heard is among the combiners' features, so that the two voices are weighed by what each was worth on mails
of writers that the taggers had not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from classify import rows
from classify.features import DIMENSIONS, MAX_LINES, mask, words
from classify.scorer import Opinion, Scores
from classify.units import layout, units_of
from models.assessment import FACETS_OF_KIND, Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classify.features import Encoder
    from classify.ridge import Ridge
    from classify.scorer import Voice
    from classify.segment import Document
    from classify.units import Unit

MAX_TEXT = 6_000  # characters of one mail that the n-grams see
OWN, NEIGHBOUR, LAYOUT_WEIGHT, WHOLE = 1.2, 0.5, 0.7, 1.2  # weights of the dense features beside the n-grams' 1
SECTIONS, FACETS, KINDS, CATEGORIES = tuple(Section), tuple(Facet), tuple(SymptomKind), tuple(Category)
KIND_OF_FACET = {facet: kind for kind, facets in FACETS_OF_KIND.items() for facet in facets}
_SPEAKS_FOR = 0.3  # a unit's score from which it is shown as proof


class TextFeatures:
    """Fitted n-gram and word weights, and the encoder; turns texts into one sparse matrix."""

    def __init__(self, encoder: Encoder, chars: TfidfVectorizer, tokens: TfidfVectorizer) -> None:
        self.encoder, self.chars, self.tokens = encoder, chars, tokens

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
        """Features of shape (n_texts, n_text_features); `lines` are each text's lines, for the embedding."""
        masked = [mask(text[:MAX_TEXT]) for text in texts]
        dense = np.stack([self._embedding(one) for one in lines]) if lines else np.zeros((0, 2 * DIMENSIONS))
        return csr_matrix(hstack([self.chars.transform(masked), self.tokens.transform(masked), csr_matrix(dense)]))

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


class Heads(Protocol):
    """Where fitted ridges come from, by name: unit, mail, kind, category."""

    def __getitem__(self, name: str, /) -> Ridge:
        """One ridge."""


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

    def score(self, doc: Document, pieces: Sequence[str], voice: Voice) -> Scores:
        """All opinions on one mail and on each of its issues."""
        units = units_of(doc)
        if not units:
            return Scores()
        tags = self._ridges["unit"].scores(self._features.of_units(units, voice))
        whole = self._features.of_texts([doc.text], [lines_of(doc)])
        mail = self._ridges["mail"].scores(whole)[0]
        categories = self._categories(pieces, voice)
        about = rows.about(doc, categories, voice)
        return Scores(
            sections={
                section: self._opinion(
                    f"section:{section.value}",
                    rows.section_row(section, tags[:, place], mail[place], about, doc, voice),
                    tags[:, place],
                    units,
                )
                for place, section in enumerate(SECTIONS)
            },
            kinds=self._kinds(whole, voice),
            facets={
                facet: self._opinion(
                    f"facet:{facet.value}",
                    rows.facet_row(facet, tags[:, len(SECTIONS) + place], voice, len(units)),
                    tags[:, len(SECTIONS) + place],
                    units,
                )
                for place, facet in enumerate(FACETS)
            },
            several=self._combiners["several"].probabilities(
                rows.several_row(mail[len(SECTIONS)], doc, voice, len(pieces))
            )["yes"],
            categories=categories,
        )

    def _opinion(
        self, name: str, row: NDArray[np.float64], tags: NDArray[np.float64], units: tuple[Unit, ...]
    ) -> Opinion:
        best = sorted(range(len(units)), key=lambda place: -tags[place])[:2]
        spans = tuple((units[place].start, units[place].end) for place in best if tags[place] >= _SPEAKS_FOR)
        return Opinion(probability=self._combiners[name].probabilities(row)["yes"], spans=spans)

    def _kinds(self, whole: csr_matrix, voice: Voice) -> dict[SymptomKind, float]:
        row = rows.kind_row(self._ridges["kind"].scores(whole)[0], voice)
        return {SymptomKind(name): value for name, value in self._combiners["kind"].probabilities(row).items()}

    def _categories(self, pieces: Sequence[str], voice: Voice) -> tuple[Mapping[Category, float], ...]:
        if not pieces:
            return ()
        scores = self._ridges["category"].scores(
            self._features.of_texts(pieces, [piece_lines(piece) for piece in pieces])
        )
        combiner = self._combiners["category"]
        return tuple(
            {Category(name): value for name, value in combiner.probabilities(rows.category_row(one, heard)).items()}
            for one, heard in zip(scores, voice.categories, strict=True)
        )
