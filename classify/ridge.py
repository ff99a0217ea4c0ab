"""Ridge regression in its dual form, for some ten thousand texts with very many features and several answers at once.

One factorisation serves all answers, and everything that leaves a group (a writer) out follows from the same inverse: what
a model that had not seen the group would have said of it, and the weights of that model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Ridge:
    """Fitted weights: `coef` of shape (n_features, n_answers), `intercept` of shape (n_answers,); the answers' names if they have any."""

    coef: NDArray[np.float32]
    intercept: NDArray[np.float32]
    names: tuple[str, ...] = ()

    def scores(self, *features: csr_matrix | NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (n_texts, n_answers); near 1 for yes, near 0 for no, but no probabilities. The features may come in blocks of columns."""
        total = np.zeros((features[0].shape[0], len(self.intercept)), np.float32)
        at = 0
        for block in features:
            total += block @ self.coef[at : at + block.shape[1]]
            at += block.shape[1]
        return np.asarray(total + self.intercept, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class RidgeFamily:
    """The regressions over some texts: of all of them, and of all but one group. `answers` are 0 or 1, shape (n_texts, n_answers)."""

    features: csr_matrix
    answers: NDArray[np.float64]
    groups: NDArray[np.str_]
    inverse: NDArray[np.float64]  # of the penalised inner products, shape (n_texts, n_texts)
    names: tuple[str, ...] = ()  # of the answers

    @classmethod
    def of(cls, features: csr_matrix, answers: NDArray[np.float64], groups: Sequence[str], alpha: float) -> RidgeFamily:
        """Factorises; `alpha` is the strength of the penalty, above 0, and `groups` has one name a text."""
        gram = _gram(features)
        gram[np.diag_indices_from(gram)] += alpha
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
        return cls(features, answers, np.asarray(groups), inverse)

    def without(self, group: str) -> RidgeFamily:
        """The family of all other texts, as if the group had never been there."""
        out = self.groups == group
        if not out.any():
            return self
        keep = ~out
        across = self.inverse[np.ix_(keep, out)]
        rest = self.inverse[np.ix_(keep, keep)]
        rest -= across @ linalg.solve(self.inverse[np.ix_(out, out)], across.T, assume_a="pos", check_finite=False)
        return replace(
            self, features=self.features[keep], answers=self.answers[keep], groups=self.groups[keep], inverse=rest
        )

    def ridge(self) -> Ridge:
        """The weights of all texts; of none, weights that say no."""
        if not len(self.answers):
            shape = (self.features.shape[1], self.answers.shape[1])
            return Ridge(np.zeros(shape, np.float32), np.zeros(shape[1], np.float32), self.names)
        mean = self.answers.mean(axis=0)
        dual = self.inverse @ (self.answers - mean)
        return Ridge(np.asarray(self.features.T @ dual, dtype=np.float32), mean.astype(np.float32), self.names)

    def unseen(self) -> NDArray[np.float64]:
        """What a model without its group says of each text, shape (n_texts, n_answers)."""
        found = np.empty_like(self.answers)
        weighed, level = self.inverse @ self.answers, self.inverse.sum(axis=1)
        for name in dict.fromkeys(self.groups):
            rows = np.flatnonzero(self.groups == name)
            block = self.inverse[np.ix_(rows, rows)]
            dual = weighed[rows] - level[rows, None] * self._mean_without(rows)
            found[rows] = self.answers[rows] - linalg.solve(block, dual, assume_a="pos", check_finite=False)
        return found

    def unseen_of(self, features: csr_matrix, groups: Sequence[str]) -> NDArray[np.float64]:
        """The same for other texts: each is read by a model without the texts of its group."""
        names = np.asarray(groups)
        found = np.zeros((features.shape[0], self.answers.shape[1]))
        weighed, level = self.inverse @ self.answers, self.inverse.sum(axis=1)
        for name in dict.fromkeys(names) if len(self.answers) else ():
            out = np.flatnonzero(self.groups == name)
            mine = np.flatnonzero(names == name)
            mean = self._mean_without(out)
            rest = weighed - level[:, None] * mean
            if len(out):
                block = self.inverse[np.ix_(out, out)]
                rest -= self.inverse[:, out] @ linalg.solve(block, rest[out], assume_a="pos", check_finite=False)
            found[mine] = np.asarray(features[mine] @ (self.features.T @ rest)) + mean
        return found

    def _mean_without(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """The answers' mean over the other texts; 0 where there are none."""
        rest = np.delete(self.answers, rows, axis=0)
        return np.asarray(rest.mean(axis=0) if len(rest) else np.zeros(self.answers.shape[1]))


def _gram(features: csr_matrix) -> NDArray[np.float64]:
    """Inner products of all pairs of rows; columns that hardly any text lacks go through dense algebra."""
    is_dense = np.diff(features.tocsc().indptr) > features.shape[0] // 4
    dense = features[:, is_dense].toarray().astype(np.float64)
    sparse = features[:, ~is_dense]
    return np.asarray((sparse @ sparse.T).toarray() + dense @ dense.T)
