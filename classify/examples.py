"""Labelled mails as the models read them: everything that depends on no fitted weight, and which units hold marked words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classify.issues import Piece, pieces
from classify.listen import listen, listen_to_issues
from classify.normalise import fold
from classify.products import mentions
from classify.segment import make_document
from classify.units import units_of
from models.assessment import Facet, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classify.labelled import LabelledIssue, LabelledMail
    from classify.products import Mention
    from classify.scorer import IssueVoice, Voice
    from classify.segment import Document
    from classify.units import Unit
    from policy.pack import Pack

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
        issues=listen_to_issues(doc, [part for part, _ in parts], named, pack),
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


def marked_units(one: Example) -> NDArray[np.float64]:
    """Which units hold marked words of which section or facet: shape (n_units, n_sections + n_facets), 0 or 1."""
    names = [*(s.value for s in Section), *(f.value for f in Facet)]
    table = np.zeros((len(one.units), len(names)))
    for column, name in enumerate(names):
        for text in one.truth.marks[name]:
            for start, end in _places(fold(text).text.strip(), one.doc.text):
                for row, unit in enumerate(one.units):
                    if unit.start < end and start < unit.end:
                        table[row, column] = 1.0
    return table


def border_units(one: Example) -> NDArray[np.float64]:
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


def _places(words: str, text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = text.find(words) if len(words) >= _SHORTEST_MARK else -1
    while at >= 0:
        found.append((at, at + len(words)))
        at = text.find(words, at + len(words))
    return found
