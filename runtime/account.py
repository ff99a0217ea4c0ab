"""A readable account of one triage for a person: what was understood, which words proved it, what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.masking import without_words
from models.assessment import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.assessment import Assessment, Finding
    from policy.pack import Pack
    from runtime.triage import Triage


def readable_account(path: str, done: Triage, pack: Pack) -> str:
    """Several lines of text, one fact a line; credentials are masked."""
    secrets = {done.seen.text[secret.span.start : secret.span.end] for secret in done.seen.secrets}
    return without_words("\n".join(_lines(path, done, pack)) + "\n", secrets)


def _lines(path: str, done: Triage, pack: Pack) -> Iterator[str]:
    seen, decision = done.seen, done.decision
    yield f"{path}"
    yield f"  subject      {done.mail.subject}"
    yield f"  language     {seen.language}    automatic  {done.mail.automation.kind or '-'}{_new_words(seen)}"
    for number, issue in enumerate(seen.issues, 1):
        products = ", ".join(pack.products[p].name["en"] for p in issue.products if p in pack.products) or "-"
        yield f"  issue {number}      {issue.category.value}  [{products}]  {issue.gist}"
    for section in Section:
        yield f"  {section.value:<12} {_state(seen.sections[section], seen)}"
    if seen.symptom_kind:
        yield f"  kind         {seen.symptom_kind.value}"
    for facet, finding in seen.facets.items():
        yield f"    {facet.value:<16} {_state(finding, seen)}"
    yield f"  decision     {decision.disposition.value}  ({decision.confidence:.2f}{', held' if decision.hold else ''})"
    if decision.missing:
        yield f"  missing      {', '.join(decision.missing)}"
    if decision.unsure:
        yield f"  unsure       {', '.join(decision.unsure)}"
    for reason in decision.reasons:
        yield f"    because    {reason.code}: {reason.detail}"
    for evidence in done.mail.automation.evidence:
        yield f"    mail       {evidence}"
    if done.reply is None:
        yield "  letter       none"
    else:
        yield f"  letter       {done.reply.kind.value} ({done.reply.state.value}{': ' + done.reply.reason if done.reply.reason else ''})"
        yield from (f"    | {line}" for line in [done.reply.subject, "", *done.reply.text.splitlines()])


def _new_words(seen: Assessment) -> str:
    """How many of its words were not there in training; nothing where that is not measured."""
    return "" if seen.unknown_words is None else f"    new words  {seen.unknown_words:.0%}"


def _state(finding: Finding, seen: Assessment) -> str:
    word = "present" if finding.present else "answered" if finding.answered else "absent"
    proof = " / ".join(_excerpt(seen.text[start:end]) for start, end in finding.spans[:3])
    return f"{word:<9} {finding.confidence:.2f}  {proof}".rstrip()


def _excerpt(text: str, longest: int = 48) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
