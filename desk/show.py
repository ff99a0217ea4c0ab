"""View models: what the templates print, made from the store's views. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.highlight import Mark, highlighted, masked
from models.assessment import Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup

    from models.assessment import Assessment, Finding
    from models.views import MailView, QueueRow
    from policy.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the checklist. `mark` is present, answered, missing, unsure or absent."""

    item: str
    name: str
    mark: str
    confidence: int  # per cent
    proof: tuple[str, ...]
    rules: tuple[str, ...]
    is_facet: bool = False


def row_checks(row: QueueRow) -> list[tuple[str, str]]:
    """(section id, mark) of the seven sections, for the queue's glyphs."""
    missing, unsure = set(row.missing), set(row.unsure)
    facets_missing = any(item.startswith("facet:") for item in missing)
    out = []
    for section in Section:
        name = section.value
        mark = (
            "missing"
            if name in missing
            else "unsure"
            if name in unsure
            else "present"
            if name in row.present
            else "absent"
        )
        out.append((name, "missing" if section is Section.SYMPTOM and facets_missing and mark == "present" else mark))
    return out


def checklist(
    seen: Assessment, missing: Sequence[str], unsure: Sequence[str], pack: Pack, language: str
) -> list[Check]:
    """All sections with their proof, the kind's facets behind the symptom."""
    lines: list[Check] = []
    for section, finding in seen.sections.items():
        lines.append(_check(section.value, pack.sections[section][language], finding, seen, missing, unsure))
        if section is Section.SYMPTOM:
            for facet, found in seen.facets.items():
                item = f"facet:{facet.value}"
                lines.append(
                    _check(item, pack.questions[item].heading[language], found, seen, missing, unsure, is_facet=True)
                )
    return lines


def _check(
    item: str,
    name: str,
    finding: Finding,
    seen: Assessment,
    missing: Sequence[str],
    unsure: Sequence[str],
    *,
    is_facet: bool = False,
) -> Check:
    mark = (
        "present"
        if finding.present
        else "answered"
        if finding.answered
        else "missing"
        if item in missing
        else "unsure"
        if item in unsure
        else "absent"
    )
    text = masked(seen.text, [secret.span for secret in seen.secrets])
    excerpts = tuple(_short(text[start:end]) for start, end in finding.spans[:4] if end > start)
    return Check(
        item=item,
        name=name,
        mark=mark,
        confidence=round(finding.confidence * 100),
        proof=excerpts,
        rules=finding.proof,
        is_facet=is_facet,
    )


def _short(text: str, longest: int = 70) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def proof_text(mail: MailView) -> tuple[Markup, Markup]:
    """(subject, own words) with the proof marked and secrets masked."""
    seen = mail.seen
    if seen is None:
        return highlighted(mail.subject, ()), highlighted(mail.reply_text, ())
    marks = [
        Mark(start=start, end=end, name=section.value)
        for section, finding in seen.sections.items()
        for start, end in finding.spans
    ]
    secrets = [(secret.span.start, secret.span.end) for secret in seen.secrets]
    cut = len(mail.subject)
    body = [Mark(start=max(0, m.start - cut - 1), end=m.end - cut - 1, name=m.name) for m in marks if m.end > cut + 1]
    own = [(max(0, start - cut - 1), end - cut - 1) for start, end in secrets if end > cut + 1]
    head = [m for m in marks if m.start < cut]
    return (
        highlighted(seen.text[:cut], head, [(start, min(end, cut)) for start, end in secrets if start < cut]),
        highlighted(seen.text[cut + 1 :], body, own),
    )


def whole_text(mail: MailView) -> str:
    """All of the mail's text, with every known secret masked wherever it stands."""
    text = mail.text
    for secret in mail.seen.secrets if mail.seen else ():
        words = mail.seen.text[secret.span.start : secret.span.end] if mail.seen else ""
        text = text.replace(words, "•" * len(words)) if len(words) >= 4 else text
    return text


def age(at: datetime, now: datetime) -> str:
    """A short age: 5m, 3h, 2d."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 60 * 48 else f"{minutes // 1440}d"


def product_names(ids: Sequence[str], pack: Pack, language: str) -> list[str]:
    """Names for a person; an id that the pack no longer knows stays an id."""
    return [pack.products[one].name[language] if one in pack.products else one for one in ids]


def item_name(item: str, pack: Pack, language: str) -> str:
    """An item's name for a person."""
    question = pack.questions.get(item)
    return question.heading[language] if question else item
