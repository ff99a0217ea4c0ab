"""[shell] Fits the heads on the corpus. Deterministic: the same corpus gives the same weights."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

from classify.artefacts import save
from classify.features import SentenceEncoder, mask
from classify.learned import Head, TextFeatures, lines_of, new_vectorizers, piece_lines
from classify.normalise import fold
from classify.segment import make_document
from models.assessment import FACETS_OF_KIND, Category, Facet, Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from scipy.sparse import csr_matrix

    from classify.features import Encoder
    from classify.labelled import LabelledMail
    from classify.segment import Document
    from policy.pack import Pack

REGULARISATION = 4.0  # C of the logistic regressions
FEWEST = 5  # examples of a class below which a head is not fitted


def train(mails: Sequence[LabelledMail], folder: Path, pack: Pack, on: date) -> None:
    """Fit on all mails and write the artefacts."""
    features, heads = fit(mails, pack, SentenceEncoder())
    digest = hashlib.sha256("".join(f"{m.id}\0{m.mail.subject}\0{m.mail.text}" for m in mails).encode()).hexdigest()
    save(
        folder,
        features,
        heads,
        {
            "corpus_sha256": digest,
            "corpus_mails": str(len(mails)),
            "corpus_writers": str(len({m.writer for m in mails})),
            "scikit_learn": sklearn.__version__,
            "trained_on": on.isoformat(),
        },
    )


def document_of(labelled: LabelledMail, pack: Pack) -> Document:
    """The mail as the models read it."""
    mail = labelled.mail
    return make_document(mail.subject, mail.reply_text, tuple(a.filename for a in mail.attachments), pack.cues)


def fit(mails: Sequence[LabelledMail], pack: Pack, encoder: Encoder) -> tuple[TextFeatures, dict[str, Head]]:
    """Features and heads of these mails."""
    docs = [document_of(one, pack) for one in mails]
    pieces = [
        (piece, issue.category) for one, doc in zip(mails, docs, strict=True) for piece, issue in _pieces(one, doc)
    ]
    chars, tokens = new_vectorizers()
    texts = [mask(doc.text) for doc in docs]
    features = TextFeatures(encoder, chars.fit(texts), tokens.fit(texts))
    whole = features.transform([doc.text for doc in docs], [lines_of(doc) for doc in docs])
    heads: dict[str, Head] = {}
    for section in Section:
        _binary(heads, f"section:{section.value}", whole, [section in one.sections for one in mails])
    _binary(heads, "several", whole, [len(one.issues) > 1 for one in mails])
    with_kind = [place for place, one in enumerate(mails) if one.kind is not None]
    _multi(heads, "kind", whole[with_kind], [str(mails[place].kind) for place in with_kind])
    for facet in Facet:
        of_kind = [place for place in with_kind if facet in FACETS_OF_KIND[mails[place].kind]]  # type: ignore[index]
        _binary(heads, f"facet:{facet.value}", whole[of_kind], [facet in mails[place].facets for place in of_kind])
    spoken = [(text, category) for text, category in pieces if category is not Category.ACKNOWLEDGEMENT]
    issue_features = features.transform([text for text, _ in spoken], [piece_lines(text) for text, _ in spoken])
    _multi(heads, "category", issue_features, [category.value for _, category in spoken])
    return features, heads


def _pieces(one: LabelledMail, doc: Document):  # type: ignore[no-untyped-def]  # noqa: ANN202 - pairs of (text, issue)
    """The text of each issue: its marks, with the subject before the only one; the whole mail where there are no marks."""
    for issue in one.issues:
        if len(one.issues) == 1:
            yield doc.text, issue
        elif issue.text:
            yield fold(issue.text).text, issue


def _binary(heads: dict[str, Head], name: str, features: csr_matrix, labels: list[bool]) -> None:
    if min(sum(labels), len(labels) - sum(labels)) >= FEWEST:
        heads[name] = _fit(features, np.array(labels), ("no", "yes"))


def _multi(heads: dict[str, Head], name: str, features: csr_matrix, labels: list[str]) -> None:
    known = sorted(label for label, count in Counter(labels).items() if count >= 2)
    rows = [place for place, label in enumerate(labels) if label in known]
    if len(known) >= 3:
        heads[name] = _fit(features[rows], np.array([labels[place] for place in rows]), tuple(known))


def _fit(features: csr_matrix, labels: np.ndarray, classes: tuple[str, ...]) -> Head:
    model = LogisticRegression(C=REGULARISATION, max_iter=400)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(features, labels)
    return Head(classes=classes, coef=model.coef_.astype(np.float32), intercept=model.intercept_.astype(np.float32))
