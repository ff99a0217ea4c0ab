"""The explanation: for each section and facet one plain sentence, with the words that proved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.assessment import Facet, Finding, Section

_ABSENT = {
    "symptom": "no concrete symptom or question found",
    "evidence": "no error text, log, command, screen or step found",
    "when": "no date, time, frequency or condition in time found",
    "where": "no region, resource, host, address or place of access found",
    "who": "no account, user or role that acted found",
    "materials": "no diagram, sheet or document referred to",
    "goal": "no state to reach or deliverable named",
}


def explain(
    sections: Mapping[Section, Finding], facets: Mapping[Facet, Finding], text: str
) -> tuple[tuple[str, str], ...]:
    """(item, sentence) for everything that a decision may rest on."""
    rows = [(section.value, _sentence(section.value, finding, text)) for section, finding in sections.items()]
    rows += [(f"facet:{facet.value}", _sentence(facet.value, finding, text)) for facet, finding in facets.items()]
    return tuple(rows)


def _sentence(name: str, finding: Finding, text: str) -> str:
    proof = ", ".join(finding.proof)
    if finding.present:
        words = " / ".join(_excerpt(text[start:end]) for start, end in finding.spans[:2])
        return f"present ({finding.confidence:.2f}): {words or 'by its attachment'} [{proof}]"
    if finding.answered:
        return f"absent but answered: the sender said that it is unknown or none ({finding.confidence:.2f})"
    return f"{_ABSENT.get(name, 'nothing of the kind found')} ({finding.confidence:.2f}) [{proof}]".replace(" []", "")


def _excerpt(text: str, longest: int = 60) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
