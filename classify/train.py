"""[shell] Fits taggers, ridges and combiners on the corpus. Deterministic: the same corpus gives the same weights.

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
from classify.features import SentenceEncoder, mask
from classify.issues import Piece, pieces
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
from classify.listen import listen, listen_to_issues
from classify.normalise import fold
from classify.products import mentions
from classify.ridge import Ridge, fit_ridge
from classify.segment import make_document
from classify.subjects import subject_rows
from classify.units import units_of
from models.assessment import Category

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from classify.features import Encoder
    from classify.labelled import LabelledIssue, LabelledMail
    from classify.products import Mention
    from classify.scorer import IssueVoice, Voice
    from classify.segment import Document
    from classify.units import Unit
    from policy.pack import Pack

ALPHA_UNIT, ALPHA_TEXT, ALPHA_KIND = 2.0, 0.5, 0.3  # penalties of the ridges
C_SECTION, C_KIND, C_CATEGORY = 0.5, 0.5, 0.2  # of the combiners
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
_SHORTEST_MARK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled mail as the models read it."""

    truth: LabelledMail
    doc: Document
    voice: Voice
    units: tuple[Unit, ...]
    named: tuple[Mention, ...]
    rules: tuple[Piece, ...]  # the rules' cut into issues
    issues: tuple[IssueVoice, ...]  # the labelled issues
    labels: tuple[LabelledIssue, ...]  # of the labelled issues


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


def examples_of(mails: Sequence[LabelledMail], pack: Pack) -> tuple[Example, ...]:
    """The mails with all that depends on no fitted weight."""
    return tuple(_example(one, pack) for one in mails)


def _example(one: LabelledMail, pack: Pack) -> Example:
    mail = one.mail
    doc = make_document(mail.subject, mail.reply_text, tuple(a.filename for a in mail.attachments), pack.cues)
    named = mentions(doc, pack)
    parts = _issue_parts(one, doc)
    return Example(
        truth=one,
        doc=doc,
        voice=listen(doc, pack),
        units=units_of(doc),
        named=named,
        rules=pieces(doc, named, pack),
        issues=listen_to_issues(doc, [part for part, _ in parts], named),
        labels=tuple(label for _, label in parts),
    )


def _issue_parts(one: LabelledMail, doc: Document) -> list[tuple[Piece, LabelledIssue]]:
    """Where each issue stands: its marked stretches; the whole mail for the only one."""
    if len(one.issues) == 1:
        return [(Piece(((doc.lines[0].start, len(doc.text)),)), one.issues[0])]
    found = []
    for issue in one.issues:
        spans = tuple(
            places[0] for text in issue.stretches for places in [_places(fold(text).text.strip(), doc.text)] if places
        )
        if spans:
            found.append((Piece(spans), issue))
    return found


def fit(examples: Sequence[Example], encoder: Encoder, pack: Pack) -> Fitted:
    """All weights from these examples."""
    chars, tokens = new_vectorizers()
    texts = [mask(unit.text) for one in examples for unit in one.units]
    features = TextFeatures(encoder, chars.fit(texts), tokens.fit(texts))
    groups = [one.truth.writer for one in examples]
    whole = features.of_texts([one.doc.text for one in examples], [lines_of(one.doc) for one in examples])
    unit, tags = _fit_units(examples, features)
    sections = np.array([[s in one.truth.sections for s in SECTIONS] for one in examples])
    several = np.array([[len(one.truth.issues) > 1] for one in examples])
    mail, seen = fit_ridge(whole, np.concatenate([sections, several], axis=1).astype(float), groups, ALPHA_TEXT)
    category, combined_category, guesses = _fit_categories(examples, features)
    combiners = {"category": combined_category}
    about = [rows.about(one.doc, guess, one.voice) for one, guess in zip(examples, guesses, strict=True)]
    for place, section in enumerate(SECTIONS):
        table = [
            rows.section_row(section, tag[:, place], score[place], what, one.doc, one.voice)
            for one, tag, score, what in zip(examples, tags, seen, about, strict=True)
        ]
        combiners[f"section:{section.value}"] = _combine(table, _yes_no(sections[:, place]), C_SECTION)
    combiners["border"], borders = _fit_borders(examples, tags, encoder, pack)
    table = [
        several_row(border, score[-1], one.doc, len(one.voice.questions), one.rules)
        for one, score, border in zip(examples, seen, borders, strict=True)
    ]
    combiners["several"] = _combine(table, _yes_no(several[:, 0]), C_SECTION)
    for place, facet in enumerate(FACETS, len(SECTIONS)):
        of_kind = [
            (one, tag) for one, tag in zip(examples, tags, strict=True) if one.truth.kind is KIND_OF_FACET[facet]
        ]
        table = [rows.facet_row(facet, tag[:, place], one.voice, len(one.units)) for one, tag in of_kind]
        labels = _yes_no(np.array([facet in one.truth.facets for one, _ in of_kind]))
        combiners[f"facet:{facet.value}"] = _combine(table, labels, C_SECTION)
    combiners["product"] = _fit_products(examples, tags, guesses, pack)
    kind, combiners["kind"] = _fit_kinds(examples, features)
    return Fitted(features, {"unit": unit, "mail": mail, "kind": kind, "category": category}, combiners)


def _fit_units(examples: Sequence[Example], features: TextFeatures) -> tuple[Ridge, list[NDArray[np.float64]]]:
    """The taggers, and each example's tags from taggers that had not seen its writer."""
    table = vstack([features.of_units(one.units, one.voice) for one in examples]).tocsr()
    owner = np.concatenate([[place] * len(one.units) for place, one in enumerate(examples)]).astype(int)
    groups = [examples[place].truth.writer for place in owner]
    marked = np.concatenate([_marked_units(one) for one in examples])
    n = len(SECTIONS)
    ridge, tags = fit_ridge(table, marked[:, :n], groups, ALPHA_UNIT)
    border, at_borders = fit_ridge(table, np.concatenate([_begins(one) for one in examples]), groups, ALPHA_UNIT)
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


def _marked_units(one: Example) -> NDArray[np.float64]:
    """Which units hold marked words of which section or facet: shape (n_units, n_sections + n_facets), 0 or 1."""
    names = [*(s.value for s in SECTIONS), *(f.value for f in FACETS)]
    table = np.zeros((len(one.units), len(names)))
    for column, name in enumerate(names):
        for text in one.truth.marks[name]:
            for start, end in _places(fold(text).text.strip(), one.doc.text):
                for row, unit in enumerate(one.units):
                    if unit.start < end and start < unit.end:
                        table[row, column] = 1.0
    return table


def _begins(one: Example) -> NDArray[np.float64]:
    """With which units another issue begins: shape (n_units, 1), 0 or 1."""
    table = np.zeros((len(one.units), 1))
    starts = sorted(
        places[0][0]
        for issue in one.truth.issues
        if issue.stretches
        for places in [_places(fold(issue.stretches[0]).text.strip(), one.doc.text)]
        if places
    )
    for start in starts[1:]:
        row = next((row for row, unit in enumerate(one.units) if unit.end > start), None)
        if row is not None:
            table[row, 0] = 1.0
    return table


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
    labels = _yes_no(np.concatenate([_begins(one)[:, 0] for one in examples]) > 0)
    combiner = _combine(list(np.concatenate(tables)), labels, C_SECTION)
    return combiner, [np.array([combiner.probabilities(row)["yes"] for row in table]) for table in tables]


def _places(words: str, text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = text.find(words) if len(words) >= _SHORTEST_MARK else -1
    while at >= 0:
        found.append((at, at + len(words)))
        at = text.find(words, at + len(words))
    return found


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


def _yes_no(labels: NDArray[np.bool_]) -> list[str]:
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
