"""View models: what the templates print, made from the store's views. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.highlight import Mark, highlighted, masked
from desk.texts import REASONS
from models.assessment import Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup

    from models.assessment import Assessment, Finding
    from models.decision import Reason
    from models.views import MailView, QueueRow
    from policy.pack import Pack

# Shorter ones (a PIN of two digits) would mask half of every date.
_SHORTEST_SECRET = 4
# Steps whose detail lists items or categories, and steps whose name says all that the English detail says.
_LISTING = frozenset({"missing", "unsure", "answered", "several_issues", "all_out_of_scope", "nothing_disclosed"})
_SAID_BY_NAME = frozenset({"nothing_left", "complete", "hold_complaint", "hold_new_matter", "hold_half_answer"})


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


def without_secrets(text: str, mails: Sequence[MailView]) -> str:
    """A text with every secret that these mails are known to hold masked wherever it stands."""
    for mail in mails:
        for secret in mail.seen.secrets if mail.seen else ():
            words = mail.seen.text[secret.span.start : secret.span.end] if mail.seen else ""
            text = text.replace(words, "•" * len(words)) if len(words) >= _SHORTEST_SECRET else text
    return text


def age(at: datetime, now: datetime, language: str) -> str:
    """A short age: 5m, 3h, 2d, or 5分, 3時間, 2日."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    minute, hour, day = ("分", "時間", "日") if language == "ja" else ("m", "h", "d")
    if minutes < 60:
        return f"{minutes}{minute}"
    return f"{minutes // 60}{hour}" if minutes < 60 * 48 else f"{minutes // 1440}{day}"


def reason_text(reason: Reason, pack: Pack, language: str) -> tuple[str, str]:
    """(what, detail) of one step of a decision, items and categories by name; a step without words keeps its code."""
    names = {category.value: policy.name[language] for category, policy in pack.categories.items()}
    parts = reason.detail.split(", ")
    if reason.code in _LISTING:
        detail = "、".join(names.get(part, item_name(part, pack, language)) for part in parts)
        detail = detail if language == "ja" else detail.replace("、", ", ")
    else:
        detail = "" if language == "ja" and reason.code in _SAID_BY_NAME else reason.detail
    return REASONS[language].get(reason.code, reason.code), detail


def silence_text(text: str, language: str) -> tuple[str, str]:
    """(what, detail) of a letter's reason ("code: detail"); Japanese names say it whole where there is one."""
    code, _, detail = text.partition(":")
    known = REASONS[language].get(code)
    return (known, detail.strip()) if known else (code, detail.strip())


def product_names(ids: Sequence[str], pack: Pack, language: str) -> list[str]:
    """Names for a person; an id that the pack no longer knows stays an id."""
    return [pack.products[one].name[language] if one in pack.products else one for one in ids]


def item_name(item: str, pack: Pack, language: str) -> str:
    """An item's name for a person."""
    question = pack.questions.get(item)
    return question.heading[language] if question else item
