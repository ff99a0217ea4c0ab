"""Counting and weighing agree with scikit-learn's own vectoriser; counts may be summed before they are weighed."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from classify.vocabulary import chars, fit, known, words_and_pairs

TEXTS = ["接続できません。", "ecs に  接続 できない", "connection timed out", "接続がtimed out", ""]
WORDS = [["接続", "できる", "ない"], ["接続", "timed", "out"], ["timed", "out"], []]


def test_characters_are_weighed_as_scikit_learn_weighs_them() -> None:
    ours = fit(chars, TEXTS, 2)
    theirs = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, lowercase=False)
    weighed = theirs.fit_transform(TEXTS).toarray()
    assert ours.terms == sorted(theirs.vocabulary_)
    np.testing.assert_allclose(ours.weigh(ours.counts(TEXTS)).toarray(), weighed, atol=1e-6)


def test_words_come_alone_and_in_pairs() -> None:
    assert list(words_and_pairs(["a", "b", "c"])) == ["a", "b", "c", "a b", "b c"]
    assert fit(words_and_pairs, WORDS, 2).terms == ["out", "timed", "timed out", "接続"]


def test_a_text_of_two_units_is_the_sum_of_their_counts() -> None:
    vocabulary = fit(words_and_pairs, WORDS, 1)
    both = csr_matrix(vocabulary.counts(WORDS[:2]).sum(axis=0))
    assert both[0, vocabulary.columns["接続"]] == 2
    row = vocabulary.weigh(both)
    assert np.isclose(row.multiply(row).sum(), 1.0)


def test_no_text_and_no_known_term_give_nothing() -> None:
    vocabulary = known(chars, ["x"], np.ones(1, np.float32))
    assert vocabulary.counts([]).shape == (0, 1)
    assert vocabulary.weigh(vocabulary.counts(["abc"])).nnz == 0
