"""What a mail was understood to say: issues, sections, facets, links, accounts; each with the words that prove it.

The meaning of every label is the annotation guide's (docs/labels.md). Spans are half-open, in code points of
`Assessment.text`: the subject, a line break, the sender's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Span(NamedTuple):
    """Half-open interval [start, end) of code points."""

    start: int
    end: int


class Section(StrEnum):
    """The guide's sections, in its order (チケット起票の推奨記載内容について)."""

    SYMPTOM = "symptom"
    EVIDENCE = "evidence"
    WHEN = "when"
    WHERE = "where"
    WHO = "who"
    MATERIALS = "materials"
    GOAL = "goal"


class SymptomKind(StrEnum):
    """The guide's four kinds of symptom (現象 概要)."""

    ERROR = "error"
    CONNECTIVITY = "connectivity"
    DISPLAY = "display"
    BEHAVIOUR = "behaviour"


class Facet(StrEnum):
    """What each kind of symptom should bring along."""

    ERROR_MESSAGE = "error_message"
    STEPS = "steps"
    ENDPOINTS = "endpoints"
    COMMAND_RESULT = "command_result"
    PARAMETERS = "parameters"
    INTENDED = "intended"
    UNINTENDED = "unintended"
    REFERENCE = "reference"
    EXPECTED = "expected"
    ACTUAL = "actual"


FACETS_OF_KIND: Mapping[SymptomKind, tuple[Facet, ...]] = {
    SymptomKind.ERROR: (Facet.ERROR_MESSAGE, Facet.STEPS),
    SymptomKind.CONNECTIVITY: (Facet.ENDPOINTS, Facet.COMMAND_RESULT, Facet.PARAMETERS),
    SymptomKind.DISPLAY: (Facet.INTENDED, Facet.UNINTENDED, Facet.REFERENCE),
    SymptomKind.BEHAVIOUR: (Facet.EXPECTED, Facet.ACTUAL),
}


class Category(StrEnum):
    """What an issue asks for; the ids the models know. A pack names and rules them, it cannot add to them."""

    OVERVIEW_PRICING = "service.overview_pricing"
    PURCHASE_USAGE = "service.purchase_usage"
    PAYMENT_BILLING = "service.payment_billing"
    ACCOUNT = "service.account"
    HOW_TO = "product.how_to"
    TROUBLESHOOTING = "product.troubleshooting"
    INCIDENT = "product.incident"
    OUT_APPLICATION = "out.application"
    OUT_OS_PATCHING = "out.os_patching"
    OUT_DB_TUNING = "out.db_tuning"
    OUT_UNRELATED = "out.unrelated"
    UNDISCLOSED_INCIDENT = "undisclosed.incident_detail"
    UNDISCLOSED_PERFORMANCE = "undisclosed.performance"
    UNDISCLOSED_MAINTENANCE = "undisclosed.maintenance_history"
    ACKNOWLEDGEMENT = "acknowledgement"

    @property
    def is_out(self) -> bool:
        """Outside the desk's range (範囲外), spam and pitches included."""
        return self.value.startswith("out.")

    @property
    def is_undisclosed(self) -> bool:
        """Within the range, but the guide says it is not disclosed."""
        return self.value.startswith("undisclosed.")

    @property
    def is_answerable(self) -> bool:
        """The desk answers it: service.* or product.*."""
        return self.value.startswith(("service.", "product."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Is one section or facet there? `confidence` is the probability that `present` is right, in [0, 1]."""

    present: bool
    answered: bool = False  # present, or the customer said that he does not know or that there is none
    confidence: float
    spans: tuple[Span, ...] = ()
    proof: tuple[str, ...] = ()  # "rule:clock_time" or "model:0.93", for the explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One problem or question that could be answered and closed on its own."""

    gist: str
    category: Category
    products: tuple[str, ...] = ()
    context_products: tuple[str, ...] = ()
    account: str | None = None
    spans: tuple[Span, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A credential or card number in the mail; shown masked everywhere but in the raw bytes."""

    kind: str  # access_key, secret_key, password, private_key, card_number, token
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something an agent should know at a glance (urgent, once_recovered, deletes_resources, reseller ...), with its proof."""

    kind: str
    span: Span | None = None
    value: str = ""  # a normalised value: the region id, the resource id, an instant in ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Everything read from one mail. `sections` holds all seven, `facets` those of the kind (empty if there is none)."""

    text: str
    language: str  # ja, en, zh, other
    issues: tuple[Issue, ...]
    sections: Mapping[Section, Finding]
    symptom_kind: SymptomKind | None = None
    facets: Mapping[Facet, Finding] = field(default_factory=dict)
    evidence_linked: bool | None = None
    goal_linked: bool | None = None
    link_confidence: Mapping[Section, float] = field(
        default_factory=dict
    )  # of evidence and goal: that the verdict is right
    accounts: tuple[str, ...] = ()
    multiple_accounts: bool = False
    refers_elsewhere: bool = False
    has_permission_error: bool = False  # then `who` is required (the default policy's table)
    secrets: tuple[Secret, ...] = ()
    hints: tuple[Hint, ...] = ()
    confidence: float = 1.0  # that issues, categories and account findings are right; the decision lowers it further
    unknown_words: float | None = None  # share of its words that the models never saw; None: not measured
    explanation: tuple[tuple[str, str], ...] = ()  # (item, plain English sentence)
