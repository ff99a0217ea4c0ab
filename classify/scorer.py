"""The learned voice, behind a protocol: probabilities for what a mail holds, beside what the rules heard.

`NoModels` is the honest stand-in where no artefacts are installed: it has no opinion, and the rules decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from classify.hits import Hit
    from classify.segment import Document
    from models.assessment import Category, Facet, Section, SymptomKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What the rules heard in one mail, before any model speaks."""

    sections: Mapping[Section, tuple[Hit, ...]] = field(default_factory=dict)
    facets: Mapping[Facet, tuple[Hit, ...]] = field(default_factory=dict)
    questions: tuple[Hit, ...] = ()
    kinds: Mapping[SymptomKind, float] = field(default_factory=dict)
    categories: tuple[Mapping[Category, float], ...] = ()  # one for each issue
    answered: frozenset[Section] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The probability that something is present, and the units of the folded text that speak for it, best first."""

    probability: float
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Calibrated opinions; an empty mapping is none."""

    sections: Mapping[Section, Opinion] = field(default_factory=dict)
    kinds: Mapping[SymptomKind, float] = field(default_factory=dict)
    facets: Mapping[Facet, Opinion] = field(default_factory=dict)
    several: float | None = None  # the probability that the mail holds several issues
    categories: tuple[Mapping[Category, float], ...] = ()  # one for each issue


class Scorer(Protocol):
    """Something with an opinion on a mail."""

    def score(self, doc: Document, pieces: Sequence[str], voice: Voice) -> Scores:
        """The probabilities for one mail; `pieces` are the texts of its issues, folded."""


class NoModels:
    """No opinion at all."""

    def score(self, doc: Document, pieces: Sequence[str], voice: Voice) -> Scores:  # noqa: ARG002 - the protocol's shape
        """Nothing."""
        return Scores()
