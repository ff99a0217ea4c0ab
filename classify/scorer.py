"""The learned voice, behind a protocol: probabilities for what a mail holds, beside what the rules heard.

`NoModels` is the honest stand-in where no artefacts are installed: it has no opinion, and the rules decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from classify.hits import Hit
    from classify.issues import Piece
    from classify.learned import Reading
    from classify.products import Mention
    from classify.segment import Document
    from classify.units import Unit
    from models.assessment import Category, Facet, Section, SymptomKind
    from policy.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What the rules heard in one mail, before any model speaks."""

    sections: Mapping[Section, tuple[Hit, ...]] = field(default_factory=dict)
    facets: Mapping[Facet, tuple[Hit, ...]] = field(default_factory=dict)
    questions: tuple[Hit, ...] = ()
    answered: frozenset[Section] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueVoice:
    """What the rules heard in the words of one issue: scores, higher is more, 0 is nothing."""

    text: str  # folded
    spans: tuple[tuple[int, int], ...]  # of the folded text
    kinds: Mapping[SymptomKind, float]
    categories: Mapping[Category, float]
    goes_on: bool = False  # beside any thanks something persists, comes back or is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The taggers' scores of each unit, shape (n_units, n_tags), and where issues may begin; empty without models."""

    units: tuple[Unit, ...] = ()
    table: NDArray[np.float64] | None = None
    reading: Reading | None = None  # what the scores were made from
    borders: tuple[float, ...] = ()  # the probability that a unit begins another issue
    several: float | None = None  # the probability that the mail holds several issues
    mail: tuple[float, ...] = ()  # the scores of the whole mail, section by section


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The probability that something is present, and the units of the folded text that speak for it, best first.

    The threshold makes presence and absence equally well found; what stands between it and an even chance is unsure.
    """

    probability: float
    threshold: float = 0.5  # from which it is taken as present
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Calibrated opinions; empty ones where no model speaks."""

    sections: Mapping[Section, Opinion] = field(default_factory=dict)
    facets: Mapping[Facet, Opinion] = field(default_factory=dict)
    links: Mapping[Section, float] = field(default_factory=dict)  # that evidence, goal belong to the symptom
    kinds: tuple[Mapping[SymptomKind, float], ...] = ()  # one for each issue
    categories: tuple[Mapping[Category, float], ...] = ()  # one for each issue
    products: tuple[
        Mapping[str, float], ...
    ] = ()  # one for each issue: that it asks about a product named in it, or one its words sound like


class Scorer(Protocol):
    """Something with an opinion on a mail, asked twice: before it is cut into issues, and after."""

    def tag(self, doc: Document, voice: Voice, named: Sequence[Mention], rules: Sequence[Piece], pack: Pack) -> Tags:
        """The scores of the mail's units; `rules` is the rules' own cut into issues."""

    def score(
        self,
        doc: Document,
        tags: Tags,
        voice: Voice,
        issues: Sequence[IssueVoice],
        named: Sequence[Mention],
        pack: Pack,
    ) -> Scores:
        """The probabilities for the mail and for each of its issues."""


class NoModels:
    """No opinion at all."""

    def tag(
        self,
        doc: Document,  # noqa: ARG002 - the protocol's shape
        voice: Voice,  # noqa: ARG002
        named: Sequence[Mention],  # noqa: ARG002
        rules: Sequence[Piece],  # noqa: ARG002
        pack: Pack,  # noqa: ARG002
    ) -> Tags:
        """Nothing."""
        return Tags()

    def score(
        self,
        doc: Document,  # noqa: ARG002 - the protocol's shape
        tags: Tags,  # noqa: ARG002
        voice: Voice,  # noqa: ARG002
        issues: Sequence[IssueVoice],  # noqa: ARG002
        named: Sequence[Mention],  # noqa: ARG002
        pack: Pack,  # noqa: ARG002
    ) -> Scores:
        """Nothing."""
        return Scores()
