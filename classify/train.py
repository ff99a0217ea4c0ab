"""[shell] Fits taggers, ridges and combiners on the corpus. The same corpus gives the same weights, up to rounding.

The combiners are fitted on scores that each writer's mails got from models that had not seen that writer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sklearn
from scipy.sparse import vstack
from sklearn.linear_model import LogisticRegression

from classify import rows
from classify.artefacts import save
from classify.borders import border_rows, several_row
from classify.examples import border_units, examples_of, marked_units
from classify.features import SentenceEncoder, mask
from classify.learned import (
    BORDER,
    CATEGORIES,
    FACETS,
    KIND_OF_FACET,
    KINDS,
    SECTIONS,
    SYMPTOM,
    Combiner,
    TextFeatures,
    lines_of,
    new_vectorizers,
    piece_lines,
)
from classify.ridge import Ridge, fit_ridge
from classify.subjects import subject_rows
from models.assessment import Category

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from classify.examples import Example
    from classify.features import Encoder
    from classify.labelled import LabelledMail
    from policy.pack import Pack

ALPHA_UNIT, ALPHA_TEXT, ALPHA_KIND = 2.0, 0.5, 0.3  # penalties of the ridges
C_SECTION, C_KIND, C_CATEGORY = 0.5, 0.5, 0.2  # of the combiners
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything that a `LearnedScorer` needs."""

    features: TextFeatures
    ridges: dict[str, Ridge]
    combiners: dict[str, Combiner]


def train(mails: Sequence[LabelledMail], digest: str, folder: Path, pack: Pack, on: date) -> None:
    """Fit on all mails and write the artefacts; `digest` is that of their files."""
    fitted = fit(examples_of(mails, pack), SentenceEncoder(), pack)
    card = {
        "corpus_sha256": digest,
        "corpus_mails": str(len(mails)),
        "corpus_writers": str(len({m.writer for m in mails})),
        "scikit_learn": sklearn.__version__,
        "trained_on": on.isoformat(),
    }
    save(folder, fitted.features, fitted.ridges, fitted.combiners, card)


def fit(examples: Sequence[Example], encoder: Encoder, pack: Pack) -> Fitted:
    """All weights from these examples."""
    chars, tokens = new_vectorizers()
    texts = [mask(unit.text) for one in examples for unit in one.units]
    features = TextFeatures(encoder, chars.fit(texts), tokens.fit(texts))
    unit, tags = _fit_units(examples, features)
    category, combined_category, guesses = _fit_categories(examples, features)
    kind, combined_kind = _fit_kinds(examples, features)
    mail, seen = _fit_mails(examples, features)
    combined_border, borders = _fit_borders(examples, tags, encoder, pack)
    combiners = {
        "category": combined_category,
        "kind": combined_kind,
        "border": combined_border,
        "several": _combine_several(examples, borders, seen),
        "product": _fit_products(examples, tags, guesses, pack),
        **_combine_sections(examples, tags, seen, guesses),
        **_combine_facets(examples, tags),
    }
    return Fitted(features, {"unit": unit, "mail": mail, "kind": kind, "category": category}, combiners)


def _fit_mails(examples: Sequence[Example], features: TextFeatures) -> tuple[Ridge, NDArray[np.float64]]:
    """Over whole mails: a column for each section, the last one for several issues."""
    table = features.of_texts([one.doc.text for one in examples], [lines_of(one.doc) for one in examples])
    answers = [[*(s in one.truth.sections for s in SECTIONS), len(one.truth.issues) > 1] for one in examples]
    return fit_ridge(table, np.array(answers, dtype=float), [one.truth.writer for one in examples], ALPHA_TEXT)


def _combine_sections(
    examples: Sequence[Example],
    tags: Sequence[NDArray[np.float64]],
    seen: NDArray[np.float64],
    guesses: Sequence[Sequence[dict[Category, float]]],
) -> dict[str, Combiner]:
    about = [rows.about(one.doc, guess, one.voice) for one, guess in zip(examples, guesses, strict=True)]
    found = {}
    for place, section in enumerate(SECTIONS):
        table = [
            rows.section_row(section, tag[:, place], score[place], what, one.doc, one.voice)
            for one, tag, score, what in zip(examples, tags, seen, about, strict=True)
        ]
        labels = _yes_no(section in one.truth.sections for one in examples)
        found[f"section:{section.value}"] = _combine(table, labels, C_SECTION)
    return found


def _combine_facets(examples: Sequence[Example], tags: Sequence[NDArray[np.float64]]) -> dict[str, Combiner]:
    """Each facet on the mails of its kind."""
    found = {}
    for place, facet in enumerate(FACETS, len(SECTIONS)):
        of_kind = [
            (one, tag) for one, tag in zip(examples, tags, strict=True) if one.truth.kind is KIND_OF_FACET[facet]
        ]
        table = [rows.facet_row(facet, tag[:, place], one.voice, len(one.units)) for one, tag in of_kind]
        labels = _yes_no(facet in one.truth.facets for one, _ in of_kind)
        found[f"facet:{facet.value}"] = _combine(table, labels, C_SECTION)
    return found


def _combine_several(
    examples: Sequence[Example], borders: Sequence[NDArray[np.float64]], seen: NDArray[np.float64]
) -> Combiner:
    table = [
        several_row(border, score[-1], one.doc, len(one.voice.questions), one.rules)
        for one, score, border in zip(examples, seen, borders, strict=True)
    ]
    return _combine(table, _yes_no(len(one.truth.issues) > 1 for one in examples), C_SECTION)


def _fit_units(examples: Sequence[Example], features: TextFeatures) -> tuple[Ridge, list[NDArray[np.float64]]]:
    """The taggers, and each example's tags from taggers that had not seen its writer."""
    table = vstack([features.of_units(one.units, one.voice) for one in examples]).tocsr()
    owner = np.concatenate([[place] * len(one.units) for place, one in enumerate(examples)]).astype(int)
    groups = [examples[place].truth.writer for place in owner]
    marked = np.concatenate([marked_units(one) for one in examples])
    n = len(SECTIONS)
    ridge, tags = fit_ridge(table, marked[:, :n], groups, ALPHA_UNIT)
    border, at_borders = fit_ridge(table, np.concatenate([border_units(one) for one in examples]), groups, ALPHA_UNIT)
    coefs, intercepts, columns = [ridge.coef], [ridge.intercept], [tags]
    for kind in KINDS:
        places = [n + place for place, facet in enumerate(FACETS) if KIND_OF_FACET[facet] is kind]
        mine = np.array([examples[place].truth.kind is kind for place in owner])
        ridge, unseen = fit_ridge(
            table[mine], marked[mine][:, places], [g for g, m in zip(groups, mine, strict=True) if m], ALPHA_UNIT
        )
        column = np.zeros((len(owner), len(places)))
        column[mine] = unseen
        coefs.append(ridge.coef)
        intercepts.append(ridge.intercept)
        columns.append(column)
    order = [KIND_OF_FACET[facet] for facet in FACETS]
    assert order == sorted(order, key=KINDS.index), "facets stand in the order of their kinds"
    whole = np.concatenate([*columns, at_borders], axis=1)
    return (
        Ridge(np.concatenate([*coefs, border.coef], axis=1), np.concatenate([*intercepts, border.intercept])),
        [whole[owner == place] for place in range(len(examples))],
    )


def _fit_borders(
    examples: Sequence[Example], tags: Sequence[NDArray[np.float64]], encoder: Encoder, pack: Pack
) -> tuple[Combiner, list[NDArray[np.float64]]]:
    """The combiner of borders, and each example's probabilities (of a combiner that has seen its writer)."""
    tables = [
        border_rows(
            one.doc,
            one.units,
            encoder.encode([unit.text for unit in one.units]),
            tag[:, [BORDER, SYMPTOM]],
            one.named,
            pack,
        )
        for one, tag in zip(examples, tags, strict=True)
    ]
    labels = _yes_no(begins for one in examples for begins in border_units(one)[:, 0] > 0)
    combiner = _combine(list(np.concatenate(tables)), labels, C_SECTION)
    return combiner, [np.array([combiner.probabilities(row)["yes"] for row in table]) for table in tables]


def _fit_categories(
    examples: Sequence[Example], features: TextFeatures
) -> tuple[Ridge, Combiner, list[list[dict[Category, float]]]]:
    """The ridge, its combiner, and each example's guesses from a ridge that had not seen its writer."""
    owner = [place for place, one in enumerate(examples) for _ in one.issues]
    texts = [issue.text for one in examples for issue in one.issues]
    labels = [label.category for one in examples for label in one.labels]
    heard = [issue.categories for one in examples for issue in one.issues]
    table = features.of_texts(texts, [piece_lines(text) for text in texts])
    answers = np.array([[label is category for category in CATEGORIES] for label in labels], dtype=float)
    ridge, unseen = fit_ridge(table, answers, [examples[place].truth.writer for place in owner], ALPHA_TEXT)
    short = [rows.category_row(scores, rules) for scores, rules in zip(unseen, heard, strict=True)]
    combiner = _combine(short, [label.value for label in labels], C_CATEGORY)
    guesses: list[list[dict[Category, float]]] = [[] for _ in examples]
    by_name = {category.value: category for category in CATEGORIES}
    for place, row in zip(owner, short, strict=True):
        guesses[place].append({by_name[name]: value for name, value in combiner.probabilities(row).items()})
    return ridge, combiner, guesses


def _fit_kinds(examples: Sequence[Example], features: TextFeatures) -> tuple[Ridge, Combiner]:
    """From the first issue of trouble of each mail that has a kind."""
    found = [
        (one, place)
        for one in examples
        if one.truth.kind is not None
        for place in [next((i for i, label in enumerate(one.labels) if label.category in _TROUBLE), None)]
        if place is not None
    ]
    texts = [one.issues[place].text for one, place in found]
    labels = [str(one.truth.kind) for one, _ in found]
    answers = np.array([[label == kind.value for kind in KINDS] for label in labels], dtype=float)
    table = features.of_texts(texts, [piece_lines(text) for text in texts])
    ridge, unseen = fit_ridge(table, answers, [one.truth.writer for one, _ in found], ALPHA_KIND)
    short = [rows.kind_row(scores, one.issues[place].kinds) for scores, (one, place) in zip(unseen, found, strict=True)]
    return ridge, _combine(short, labels, C_KIND)


def _fit_products(
    examples: Sequence[Example],
    tags: Sequence[NDArray[np.float64]],
    guesses: Sequence[Sequence[dict[Category, float]]],
    pack: Pack,
) -> Combiner:
    table: list[NDArray[np.float64]] = []
    labels: list[str] = []
    for one, tag, guess in zip(examples, tags, guesses, strict=True):
        for issue, truth, categories in zip(one.issues, one.labels, guess, strict=True):
            found = subject_rows(one.doc, issue.spans, one.named, pack, one.units, tag[:, SYMPTOM], categories)
            table += found.values()
            labels += ["yes" if product in truth.products else "no" for product in found]
    return _combine(table, labels, C_SECTION)


def _yes_no(labels: Iterable[object]) -> list[str]:
    return ["yes" if label else "no" for label in labels]


def _combine(table: Sequence[NDArray[np.float64]], labels: Sequence[str], strength: float) -> Combiner:
    """A logistic regression on standardised columns, the scaling folded into its weights."""
    if len(set(labels)) == 1:  # never seen otherwise: as sure as so many examples make one
        odds = np.log(len(labels) + 1.0) * (1 if labels[0] == "yes" else -1)
        return Combiner(("no", "yes"), np.zeros((1, len(table[0])), np.float32), np.array([odds], np.float32))
    values = np.stack(table)
    middle, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread < 1e-6] = 1.0
    model = LogisticRegression(C=strength, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit((values - middle) / spread, labels)
    coef = model.coef_ / spread
    return Combiner(
        tuple(str(one) for one in model.classes_),
        coef.astype(np.float32),
        (model.intercept_ - coef @ middle).astype(np.float32),
    )
