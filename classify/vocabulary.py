"""Terms and their weights: counts of a text's terms, and tf-idf of counts that may be summed first. Pure.

A mail is counted once, unit by unit; the features of a unit, of an issue and of the whole mail are weighed sums of the same
counts. Workers need no scikit-learn for it, whose import costs them a second.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_LONGEST_GRAM = 4
_BLANKS = re.compile(r"\s\s+")


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Terms (columns) with their inverse document frequencies, shape (n_terms,), and how a text is cut into terms."""

    cut: Callable[[Any], Iterable[str]]
    columns: dict[str, int]
    idf: NDArray[np.float32]

    @property
    def terms(self) -> list[str]:
        """In the order of the columns."""
        return list(self.columns)

    def counts(self, texts: Sequence[Any]) -> csr_matrix:
        """How often each term stands in each text, shape (n_texts, n_terms)."""
        found = [self._found(text) for text in texts]
        ends = np.cumsum([0, *map(len, found)])
        places = np.fromiter(chain.from_iterable(found), dtype=np.int32, count=ends[-1])
        amounts = np.fromiter(chain.from_iterable(one.values() for one in found), dtype=np.float32, count=ends[-1])
        return csr_matrix((amounts, places, ends), shape=(len(texts), len(self.columns)))

    def _found(self, text: Any) -> Counter[int]:  # noqa: ANN401 - whatever `cut` takes
        """How often each column's term stands in the text, in the order of their first places."""
        found: Counter[Any] = Counter(map(self.columns.get, self.cut(text)))
        found.pop(None, None)  # the terms that are none
        return found

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        """Logarithmic tf-idf, rows of unit length (of 0 where there is no term)."""
        data = (np.log(counts.data) + 1.0) * self.idf[counts.indices]
        row = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        lengths = np.sqrt(np.bincount(row, weights=data * data, minlength=counts.shape[0]))
        data = (data / lengths[row]).astype(np.float32)
        return csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)


def fit(cut: Callable[[Any], Iterable[str]], texts: Sequence[Any], at_least: int) -> Vocabulary:
    """The terms that stand in so many texts."""
    within = Counter(chain.from_iterable(set(cut(text)) for text in texts))
    terms = sorted(term for term, n in within.items() if n >= at_least and "\0" not in term)
    idf = np.log((1 + len(texts)) / (1 + np.array([within[term] for term in terms]))) + 1.0
    return known(cut, terms, idf.astype(np.float32))


def known(cut: Callable[[Any], Iterable[str]], terms: Sequence[str], idf: NDArray[np.float32]) -> Vocabulary:
    """What `fit` found."""
    return Vocabulary(cut, {term: place for place, term in enumerate(terms)}, idf)


def chars(text: str) -> Iterable[str]:
    """Every run of 1 to 4 characters (unigrams matter in Japanese)."""
    text = _BLANKS.sub(" ", text)
    return chain.from_iterable(
        [text[at : at + n] for at in range(len(text) - n + 1)] for n in range(1, _LONGEST_GRAM + 1)
    )


def words_and_pairs(words: Sequence[str]) -> Iterable[str]:
    """The words, and each two that follow each other."""
    return chain(words, (f"{one} {other}" for one, other in pairwise(words)))
