"""Ridge regression in its dual form, for a few thousand texts with very many features and several answers at once.

One factorisation serves all answers, and what the model would have said of a group (a writer) that it had not seen
follows in closed form from the same inverse: the honest scores that the combiners are fitted on cost nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Ridge:
    """Fitted weights: `coef` of shape (n_features, n_answers), `intercept` of shape (n_answers,)."""

    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]

    def scores(self, features: csr_matrix) -> NDArray[np.float64]:
        """Shape (n_texts, n_answers); near 1 for yes, near 0 for no, but no probabilities."""
        return np.asarray(features @ self.coef + self.intercept, dtype=np.float64)


def fit_ridge(
    features: csr_matrix, answers: NDArray[np.float64], groups: Sequence[str], alpha: float
) -> tuple[Ridge, NDArray[np.float64]]:
    """Weights, and for each text the scores of a model that had not seen its group.

    Args:
        features: Shape (n_texts, n_features).
        answers: 0 or 1, shape (n_texts, n_answers).
        groups: One name a text.
        alpha: Strength of the penalty, above 0.
    """
    mean = answers.mean(axis=0)
    gram = _gram(features)
    inverse = linalg.inv(gram + alpha * np.eye(len(gram)), overwrite_a=True, check_finite=False)
    dual = inverse @ (answers - mean)
    unseen = np.empty_like(answers)
    names = np.asarray(groups)
    for name in dict.fromkeys(groups):
        rows = np.flatnonzero(names == name)
        block = inverse[np.ix_(rows, rows)]
        unseen[rows] = answers[rows] - linalg.solve(block, dual[rows], assume_a="pos", check_finite=False)
    coef = np.asarray(features.T @ dual, dtype=np.float32)
    return Ridge(coef, mean.astype(np.float32)), unseen


def _gram(features: csr_matrix) -> NDArray[np.float64]:
    """Inner products of all pairs of rows; columns that hardly any text lacks go through dense algebra."""
    is_dense = np.diff(features.tocsc().indptr) > features.shape[0] // 4
    dense = features[:, is_dense].toarray().astype(np.float64)
    sparse = features[:, ~is_dense]
    return np.asarray((sparse @ sparse.T).toarray() + dense @ dense.T)
