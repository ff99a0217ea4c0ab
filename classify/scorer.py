"""The learned voice, behind a protocol: probabilities for what a mail holds. Rules and models are kept apart until the end.

`NoModels` is the honest stand-in where no artefacts are installed: it has no opinion, and the rules decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classify.segment import Document
    from models.assessment import Category, Facet, Section, SymptomKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Probabilities in [0, 1]; an empty mapping is no opinion."""

    sections: Mapping[Section, float] = field(default_factory=dict)
    kinds: Mapping[SymptomKind, float] = field(default_factory=dict)
    facets: Mapping[Facet, float] = field(default_factory=dict)
    several: float | None = None  # that the mail holds several issues
    categories: tuple[Mapping[Category, float], ...] = ()  # one for each piece of text


class Scorer(Protocol):
    """Something with an opinion on a mail."""

    def score(self, doc: Document, pieces: Sequence[str]) -> Scores:
        """The probabilities for one mail; `pieces` are the texts of its issues, folded."""


class NoModels:
    """No opinion at all."""

    def score(self, doc: Document, pieces: Sequence[str]) -> Scores:  # noqa: ARG002 - the protocol's shape
        """Nothing."""
        return Scores()
