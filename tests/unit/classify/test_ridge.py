from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from classify.ridge import fit_ridge


def test_the_scores_of_an_unseen_group_are_those_of_a_model_fitted_without_it() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(40, 12)) * (rng.random((40, 12)) < 0.6)
    answers = (rng.random((40, 3)) < 0.4).astype(float)
    groups = [f"w{place % 4}" for place in range(40)]
    _, unseen = fit_ridge(csr_matrix(table), answers, groups, alpha=0.7)
    mean = answers.mean(axis=0)
    for name in set(groups):
        out = np.array([group == name for group in groups])
        seen = table[~out]
        coef = np.linalg.solve(seen.T @ seen + 0.7 * np.eye(12), seen.T @ (answers[~out] - mean))
        np.testing.assert_allclose(unseen[out], table[out] @ coef + mean, atol=1e-8)


def test_the_weights_answer_what_they_were_fitted_on() -> None:
    table = csr_matrix(np.eye(6))
    answers = np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [0.0]])
    ridge, _ = fit_ridge(table, answers, ["a"] * 6, alpha=0.01)
    assert ((ridge.scores(table) > 0.5) == (answers > 0.5)).all()
