"""Records as plain JSON values and back: what the database keeps of an envelope, an assessment, a decision.

Promise: `x_from_json(x_to_json(x)) == x`. A key that a newer version wrote is ignored, one that an older version did
not write takes its default, so that rows survive both an upgrade and a step back.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING

from models.assessment import Assessment, Category, Facet, Finding, Hint, Issue, Secret, Section, Span, SymptomKind
from models.conversation import How
from models.decision import Decision, Disposition, LetterKind, Reason
from models.mail import Attachment, AutomaticKind, Automation, Envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


# JSON's escape of a NUL: whole pairs of backslashes stand before it. With one more, the same letters are a customer's text.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: object) -> str:
    """Compact JSON, Japanese kept readable, without NUL (PostgreSQL refuses it)."""
    text = _encode(value)
    return _NUL.sub(r"\1", text) if "\\u0000" in text else text


def envelope_to_json(envelope: Envelope) -> str:
    """The envelope as one JSON object."""
    return dump(
        {
            "mail_from": envelope.mail_from,
            "rcpt_tos": list(envelope.rcpt_tos),
            "received_at": envelope.received_at.isoformat(),
            "peer": envelope.peer,
            "helo": envelope.helo,
            "is_from_file": envelope.is_from_file,
            "is_sender_known": envelope.is_sender_known,
        }
    )


def envelope_from_json(text: str) -> Envelope:
    """The envelope that `envelope_to_json` wrote."""
    value = json.loads(text)
    return Envelope(
        mail_from=value["mail_from"],
        rcpt_tos=tuple(value["rcpt_tos"]),
        received_at=datetime.fromisoformat(value["received_at"]),
        peer=value.get("peer", ""),
        helo=value.get("helo", ""),
        is_from_file=value.get("is_from_file", False),
        is_sender_known=value.get("is_sender_known", True),
    )


def automation_to_value(automation: Automation) -> dict[str, object]:
    """The verdict on automatic mail."""
    return {"kind": automation.kind, "may_reply": automation.may_reply, "evidence": list(automation.evidence)}


def automation_from_value(value: Mapping[str, Any]) -> Automation:
    """The record of `automation_to_value`."""
    kind = value.get("kind")
    return Automation(
        kind=AutomaticKind(kind) if kind else None,
        may_reply=value.get("may_reply", True),
        evidence=tuple(value.get("evidence", ())),
    )


def attachments_to_value(attachments: Iterable[Attachment]) -> list[dict[str, object]]:
    """A list of attachments."""
    return [
        {"filename": a.filename, "content_type": a.content_type, "size": a.size, "part": a.part} for a in attachments
    ]


def attachments_from_value(value: Iterable[Mapping[str, Any]]) -> tuple[Attachment, ...]:
    """The records of `attachments_to_value`."""
    return tuple(
        Attachment(filename=v["filename"], content_type=v["content_type"], size=v["size"], part=v["part"])
        for v in value
    )


def _spans(spans: Iterable[Span]) -> list[list[int]]:
    return [[start, end] for start, end in spans]


def _to_spans(value: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    return tuple(Span(*pair) for pair in value)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "present": finding.present,
        "answered": finding.answered,
        "confidence": round(finding.confidence, 4),
        "spans": _spans(finding.spans),
        "proof": list(finding.proof),
    }


def _to_finding(value: Mapping[str, Any]) -> Finding:
    return Finding(
        present=value["present"],
        answered=value.get("answered", False),
        confidence=value["confidence"],
        spans=_to_spans(value.get("spans", ())),
        proof=tuple(value.get("proof", ())),
    )


def _issue(issue: Issue) -> dict[str, object]:
    return {
        "gist": issue.gist,
        "category": issue.category.value,
        "products": list(issue.products),
        "context_products": list(issue.context_products),
        "account": issue.account,
        "spans": _spans(issue.spans),
        "confidence": round(issue.confidence, 4),
    }


def _to_issue(value: Mapping[str, Any]) -> Issue:
    return Issue(
        gist=value["gist"],
        category=Category(value["category"]),
        products=tuple(value.get("products", ())),
        context_products=tuple(value.get("context_products", ())),
        account=value.get("account"),
        spans=_to_spans(value.get("spans", ())),
        confidence=value.get("confidence", 1.0),
    )


def assessment_to_value(seen: Assessment) -> dict[str, object]:
    """An assessment as a JSON object."""
    return {
        "text": seen.text,
        "language": seen.language,
        "issues": [_issue(issue) for issue in seen.issues],
        "sections": {section.value: _finding(finding) for section, finding in seen.sections.items()},
        "symptom_kind": seen.symptom_kind,
        "facets": {facet.value: _finding(finding) for facet, finding in seen.facets.items()},
        "evidence_linked": seen.evidence_linked,
        "goal_linked": seen.goal_linked,
        "link_confidence": {section.value: round(p, 4) for section, p in seen.link_confidence.items()},
        "accounts": list(seen.accounts),
        "multiple_accounts": seen.multiple_accounts,
        "refers_elsewhere": seen.refers_elsewhere,
        "has_permission_error": seen.has_permission_error,
        "secrets": [{"kind": secret.kind, "span": list(secret.span)} for secret in seen.secrets],
        "hints": [{"kind": h.kind, "span": list(h.span) if h.span else None, "value": h.value} for h in seen.hints],
        "confidence": round(seen.confidence, 4),
        "unknown_words": None if seen.unknown_words is None else round(seen.unknown_words, 4),
        "explanation": [list(pair) for pair in seen.explanation],
    }


def assessment_from_value(value: Mapping[str, Any]) -> Assessment:
    """The record of `assessment_to_value`; confidences are kept to four places."""
    kind = value.get("symptom_kind")
    return Assessment(
        text=value["text"],
        language=value["language"],
        issues=tuple(_to_issue(issue) for issue in value["issues"]),
        sections={Section(key): _to_finding(finding) for key, finding in value["sections"].items()},
        symptom_kind=SymptomKind(kind) if kind else None,
        facets={Facet(key): _to_finding(finding) for key, finding in value.get("facets", {}).items()},
        evidence_linked=value.get("evidence_linked"),
        goal_linked=value.get("goal_linked"),
        link_confidence={Section(key): p for key, p in value.get("link_confidence", {}).items()},
        accounts=tuple(value.get("accounts", ())),
        multiple_accounts=value.get("multiple_accounts", False),
        refers_elsewhere=value.get("refers_elsewhere", False),
        has_permission_error=value.get("has_permission_error", False),
        secrets=tuple(Secret(kind=s["kind"], span=Span(*s["span"])) for s in value.get("secrets", ())),
        hints=tuple(
            Hint(kind=h["kind"], span=Span(*h["span"]) if h.get("span") else None, value=h.get("value", ""))
            for h in value.get("hints", ())
        ),
        confidence=value.get("confidence", 1.0),
        unknown_words=value.get("unknown_words"),
        explanation=tuple((pair[0], pair[1]) for pair in value.get("explanation", ())),
    )


def decision_to_value(decision: Decision) -> dict[str, object]:
    """A decision as a JSON object."""
    return {
        "disposition": decision.disposition.value,
        "notices": [notice.value for notice in decision.notices],
        "missing": list(decision.missing),
        "unsure": list(decision.unsure),
        "asked_along": list(decision.asked_along),
        "confidence": round(decision.confidence, 4),
        "hold": decision.hold,
        "letter": decision.letter.value if decision.letter else None,
        "answers": {item: how.value for item, how in decision.answers.items()},
        "is_other_matter": decision.is_other_matter,
        "reasons": [[reason.code, reason.detail] for reason in decision.reasons],
    }


def decision_from_value(value: Mapping[str, Any]) -> Decision:
    """The record of `decision_to_value`."""
    letter = value.get("letter")
    return Decision(
        disposition=Disposition(value["disposition"]),
        notices=tuple(Disposition(notice) for notice in value.get("notices", ())),
        missing=tuple(value.get("missing", ())),
        unsure=tuple(value.get("unsure", ())),
        asked_along=tuple(value.get("asked_along", ())),
        confidence=value.get("confidence", 1.0),
        hold=value.get("hold", False),
        letter=LetterKind(letter) if letter else None,
        answers={item: How(how) for item, how in value.get("answers", {}).items()},
        is_other_matter=value.get("is_other_matter", False),
        reasons=tuple(Reason(code=code, detail=detail) for code, detail in value.get("reasons", ())),
    )
