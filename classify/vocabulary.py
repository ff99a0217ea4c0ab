"""[shell] Terms and their weights: counts of a text's terms, and tf-idf of counts that may be summed first.

A mail is counted once, unit by unit; the features of a unit, of an issue and of the whole mail are weighed sums of the same
counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Terms (columns) with their inverse document frequencies, shape (n_terms,)."""

    counter: CountVectorizer
    idf: NDArray[np.float32]

    @property
    def terms(self) -> list[str]:
        """In the order of the columns."""
        return sorted(self.counter.vocabulary_, key=self.counter.vocabulary_.__getitem__)

    def counts(self, texts: Sequence[Any]) -> csr_matrix:
        """How often each term stands in each text, shape (n_texts, n_terms)."""
        if not texts:
            return csr_matrix((0, len(self.idf)), dtype=np.float32)
        return csr_matrix(self.counter.transform(texts), dtype=np.float32)

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        """Logarithmic tf-idf, rows of unit length (of 0 where there is no term)."""
        data = (np.log(counts.data) + 1.0) * self.idf[counts.indices]
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        lengths = np.sqrt(np.bincount(row, weights=data * data, minlength=counts.shape[0]))
        data = (data / lengths[row]).astype(np.float32)
        return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def fit_chars(texts: Sequence[str], at_least: int) -> Vocabulary:
    """Characters 1 to 4 (unigrams matter in Japanese) that stand in so many texts."""
    return _fit(CountVectorizer(analyzer="char", ngram_range=(1, 4), min_df=at_least, lowercase=False), texts)


def fit_words(texts: Sequence[Sequence[str]], at_least: int) -> Vocabulary:
    """Words and pairs of words that stand in so many texts; a text is its list of words."""
    return _fit(CountVectorizer(analyzer=words_and_pairs, min_df=at_least), texts)


def known_chars(terms: Sequence[str], idf: NDArray[np.float32]) -> Vocabulary:
    """What `fit_chars` found."""
    return Vocabulary(CountVectorizer(analyzer="char", ngram_range=(1, 4), lowercase=False, vocabulary=terms), idf)


def known_words(terms: Sequence[str], idf: NDArray[np.float32]) -> Vocabulary:
    """What `fit_words` found."""
    return Vocabulary(CountVectorizer(analyzer=words_and_pairs, vocabulary=terms), idf)


def words_and_pairs(words: Sequence[str]) -> list[str]:
    """The words, and each two that follow each other."""
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


def _fit(counter: CountVectorizer, texts: Sequence[Any]) -> Vocabulary:
    counts = csr_matrix(counter.fit_transform(texts))
    within = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + within)) + 1.0
    return Vocabulary(counter, idf.astype(np.float32))
