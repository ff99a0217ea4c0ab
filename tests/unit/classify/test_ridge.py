"""One factorisation answers for every group left out: its closed forms agree with models fitted anew."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classify.ridge import RidgeFamily

ALPHA = 0.7
GROUPS = [f"w{place % 4}" for place in range(40)]


@pytest.fixture
def texts() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(40, 12)) * (rng.random((40, 12)) < 0.6)
    return table, (rng.random((40, 3)) < 0.4).astype(float)


def coef_fitted_anew(table: NDArray[np.float64], centred: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(table.T @ table + ALPHA * np.eye(table.shape[1]), table.T @ centred), np.float64)


def test_the_scores_of_an_unseen_group_are_those_of_a_model_fitted_without_it(
    texts: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    table, answers = texts
    unseen = RidgeFamily.of(csr_matrix(table), answers, GROUPS, ALPHA).unseen()
    for name in set(GROUPS):
        out = np.array([group == name for group in GROUPS])
        mean = answers[~out].mean(axis=0)
        coef = coef_fitted_anew(table[~out], answers[~out] - mean)
        np.testing.assert_allclose(unseen[out], table[out] @ coef + mean, atol=1e-8)


def test_a_family_without_a_group_is_the_family_of_the_others(
    texts: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    table, answers = texts
    out = np.array([group == "w1" for group in GROUPS])
    ridge = RidgeFamily.of(csr_matrix(table), answers, GROUPS, ALPHA).without("w1").ridge()
    mean = answers[~out].mean(axis=0)
    coef = coef_fitted_anew(table[~out], answers[~out] - mean)
    np.testing.assert_allclose(ridge.coef, coef, atol=1e-5)
    np.testing.assert_allclose(ridge.intercept, mean, atol=1e-6)


def test_other_texts_are_read_by_a_model_without_their_group(
    texts: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    table, answers = texts
    trained = np.arange(40) % 3 > 0
    family = RidgeFamily.of(
        csr_matrix(table[trained]), answers[trained], [g for g, t in zip(GROUPS, trained, strict=True) if t], ALPHA
    )
    found = family.unseen_of(csr_matrix(table), GROUPS)
    np.testing.assert_allclose(found[trained], family.unseen(), atol=1e-8)


def test_the_weights_answer_what_they_were_fitted_on() -> None:
    table = csr_matrix(np.eye(6))
    answers = np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [0.0]])
    ridge = RidgeFamily.of(table, answers, ["a"] * 6, alpha=0.01).ridge()
    assert ((ridge.scores(table) > 0.5) == (answers > 0.5)).all()


def test_a_group_that_is_not_there_changes_nothing() -> None:
    family = RidgeFamily.of(csr_matrix(np.eye(4)), np.eye(4), ["a", "a", "b", "b"], alpha=0.5)
    assert family.without("nobody") is family
