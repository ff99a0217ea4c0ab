"""The assessment's part of the object of `uketsuke triage --json` (docs/contract.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.assessment import Assessment, Finding, Issue


def assessment_object(seen: Assessment) -> dict[str, object]:
    """The keys from `language` to `hints`, and `unknown_words`; confidences to four places."""
    return {
        "language": seen.language,
        "assessed_text": seen.text,
        "issues": [_issue(issue) for issue in seen.issues],
        "sections": {section.value: _section(finding) for section, finding in seen.sections.items()},
        "symptom_kind": seen.symptom_kind.value if seen.symptom_kind else None,
        "facets": {facet.value: _facet(finding) for facet, finding in seen.facets.items()},
        "links": {"evidence": seen.evidence_linked, "goal": seen.goal_linked},
        "accounts": list(seen.accounts),
        "multiple_accounts": seen.multiple_accounts,
        "refers_elsewhere": seen.refers_elsewhere,
        "secrets": [{"kind": secret.kind, "span": list(secret.span)} for secret in seen.secrets],
        "hints": [
            {"kind": hint.kind, "span": list(hint.span) if hint.span else None, "value": hint.value}
            for hint in seen.hints
        ],
        "unknown_words": seen.unknown_words,
    }


def _issue(issue: Issue) -> dict[str, object]:
    return {
        "gist": issue.gist,
        "category": issue.category.value,
        "products": list(issue.products),
        "context_products": list(issue.context_products),
        "account": issue.account,
        "spans": [list(span) for span in issue.spans],
        "confidence": round(issue.confidence, 4),
    }


def _section(finding: Finding) -> dict[str, object]:
    return {"present": finding.present, "answered": finding.answered, **_common(finding)}


def _facet(finding: Finding) -> dict[str, object]:
    return {"present": finding.present, **_common(finding)}


def _common(finding: Finding) -> dict[str, object]:
    return {
        "confidence": round(finding.confidence, 4),
        "spans": [list(span) for span in finding.spans if span.end > span.start],
        "proof": list(finding.proof),
    }
