"""The object of `uketsuke triage --json` (docs/contract.md): assessment, decision and letter of one mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.wire import assessment_object

if TYPE_CHECKING:
    from models.decision import Reply
    from runtime.triage import Triage


def triage_object(path: str, done: Triage) -> dict[str, object]:
    """Every key of the contract, plus `reasons` and the letter's `kind` and `state`."""
    kind = done.mail.automation.kind
    decision = done.decision
    explanation = [[item, sentence] for item, sentence in done.seen.explanation]
    explanation += [[f"decision:{reason.code}", reason.detail] for reason in decision.reasons]
    return {
        "path": path,
        "error": None,
        "automatic": kind.value if kind else None,
        **assessment_object(done.seen),
        "disposition": decision.disposition.value,
        "notices": [notice.value for notice in decision.notices],
        "missing": list(decision.missing),
        "unsure": list(decision.unsure),
        "asked_along": list(decision.asked_along),
        "confidence": round(decision.confidence, 4),
        "hold": decision.hold,
        "explanation": explanation,
        "reply": _letter(done.reply),
    }


def error_object(path: str, error: str) -> dict[str, object]:
    """The object of a file that could not be read: every key, and nothing but `path` and `error` says something."""
    return {
        "path": path,
        "error": error,
        "automatic": None,
        "language": None,
        "assessed_text": "",
        "issues": [],
        "sections": {},
        "symptom_kind": None,
        "facets": {},
        "links": {"evidence": None, "goal": None},
        "accounts": [],
        "multiple_accounts": False,
        "refers_elsewhere": False,
        "secrets": [],
        "hints": [],
        "unknown_words": None,
        "disposition": None,
        "notices": [],
        "missing": [],
        "unsure": [],
        "asked_along": [],
        "confidence": None,
        "hold": False,
        "explanation": [],
        "reply": None,
    }


def _letter(reply: Reply | None) -> dict[str, object] | None:
    if reply is None:
        return None
    return {
        "subject": reply.subject,
        "text": reply.text,
        "kind": reply.kind.value,
        "state": reply.state.value,
        "reason": reply.reason,
    }
