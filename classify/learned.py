"""The learned scorer: linear heads over n-grams, words and sentence embeddings, loaded from arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from classify.features import DIMENSIONS, MAX_LINES, mask, words
from classify.scorer import Scores
from models.assessment import Category, Facet, Section, SymptomKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from classify.features import Encoder
    from classify.segment import Document

MAX_TEXT = 6_000  # characters of one mail that the n-grams see
EMBEDDING_WEIGHT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One linear classifier: coef of shape (n_classes or 1, n_features), intercept of shape (n_classes or 1,)."""

    classes: tuple[str, ...]
    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def probabilities(self, features: csr_matrix) -> NDArray[np.float64]:
        """Shape (n_texts, n_classes); a binary head's columns are (no, yes)."""
        scores = np.asarray(features @ self.coef.T + self.intercept, dtype=np.float64)
        if scores.shape[1] == 1:
            yes = 1.0 / (1.0 + np.exp(-scores[:, 0]))
            return np.stack([1.0 - yes, yes], axis=1)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class TextFeatures:
    """Fitted n-gram and word weights, and the encoder; turns texts into one sparse matrix."""

    def __init__(self, encoder: Encoder, chars: TfidfVectorizer, tokens: TfidfVectorizer) -> None:
        self.encoder, self.chars, self.tokens = encoder, chars, tokens

    def transform(self, texts: Sequence[str], lines: Sequence[Sequence[str]]) -> csr_matrix:
        """Features of shape (n_texts, n_features); `lines` are each text's lines, for the embedding."""
        masked = [mask(text[:MAX_TEXT]) for text in texts]
        dense = np.stack([self._embedding(one) for one in lines]) if lines else np.zeros((0, 2 * DIMENSIONS))
        return csr_matrix(hstack([self.chars.transform(masked), self.tokens.transform(masked), csr_matrix(dense)]))

    def _embedding(self, lines: Sequence[str]) -> NDArray[np.float32]:
        """Mean and maximum of the lines' vectors."""
        if not lines:
            return np.zeros(2 * DIMENSIONS, np.float32)
        vectors = self.encoder.encode(list(lines)[:MAX_LINES])
        both = np.concatenate([vectors.mean(axis=0), vectors.max(axis=0)])
        return np.asarray(both * EMBEDDING_WEIGHT, dtype=np.float32)


def new_vectorizers() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    """Unfitted: characters 1 to 4 (unigrams matter in Japanese), Sudachi words 1 to 2."""
    chars = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, lowercase=False, dtype=np.float32
    )
    tokens = TfidfVectorizer(
        tokenizer=words,
        token_pattern=None,
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
        lowercase=False,
        dtype=np.float32,
    )
    return chars, tokens


def lines_of(doc: Document) -> list[str]:
    """The lines that the embedding reads: the sender's own sentences, no logs, greetings, headings."""
    return [line.text for line in doc.prose() if line.text]


class LearnedScorer:
    """Opinions of the shipped models."""

    def __init__(self, features: TextFeatures, heads: Mapping[str, Head]) -> None:
        self._features, self._heads = features, heads

    def score(self, doc: Document, pieces: Sequence[str]) -> Scores:
        """All heads over one mail and over each of its issues."""
        whole = self._features.transform([doc.text], [lines_of(doc)])
        return Scores(
            sections={
                section: self._yes(f"section:{section.value}", whole)
                for section in Section
                if f"section:{section.value}" in self._heads
            },
            kinds={SymptomKind(name): value for name, value in self._classes("kind", whole).items()},
            facets={
                facet: self._yes(f"facet:{facet.value}", whole)
                for facet in Facet
                if f"facet:{facet.value}" in self._heads
            },
            several=self._yes("several", whole) if "several" in self._heads else None,
            categories=self._categories(pieces),
        )

    def _categories(self, pieces: Sequence[str]) -> tuple[Mapping[Category, float], ...]:
        if not pieces or "category" not in self._heads:
            return ()
        features = self._features.transform(pieces, [piece_lines(piece) for piece in pieces])
        head = self._heads["category"]
        return tuple(
            {Category(name): float(value) for name, value in zip(head.classes, row, strict=True)}
            for row in head.probabilities(features)
        )

    def _yes(self, name: str, features: csr_matrix) -> float:
        return float(self._heads[name].probabilities(features)[0, 1])

    def _classes(self, name: str, features: csr_matrix) -> dict[str, float]:
        head = self._heads.get(name)
        if head is None:
            return {}
        row: Any = head.probabilities(features)[0]
        return {one: float(value) for one, value in zip(head.classes, row, strict=True)}


def piece_lines(text: str) -> list[str]:
    """The lines of one issue's text."""
    return [line.strip() for line in text.split("\n") if line.strip()][:MAX_LINES]
