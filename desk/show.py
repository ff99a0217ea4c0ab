"""View models: what the templates print, made from the store's views. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.details import detail_text
from desk.highlight import Mark, highlighted
from desk.masking import masked
from desk.texts import REASONS, TOKENS, words
from models.assessment import Category, Section
from models.decision import Disposition
from models.erasing import erasure_of
from models.ticket import Rank

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from markupsafe import Markup

    from models.assessment import Assessment, Finding
    from models.controls import DeskEvent
    from models.decision import Reason
    from models.views import EventView, MailView, QueueRow
    from policy.pack import Pack

# Steps whose detail lists items or categories.
_WITHOUT_REPLY = frozenset({Category.ACKNOWLEDGEMENT.value, Category.OUT_UNRELATED.value})
_LISTING = frozenset({"missing", "unsure", "answered", "several_issues", "all_out_of_scope", "nothing_disclosed"})


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
        # The symptom is there, and something of it is lacking.
        out.append((name, "unsure" if section is Section.SYMPTOM and facets_missing and mark == "present" else mark))
    return out


def first_reason(row: QueueRow, language: str) -> str:
    """Why a ticket stands before the usual ones; empty if it does not."""
    w = words(language)
    if row.rank == Rank.INCIDENT:
        return w["first_incident"]
    if row.is_overdue:
        return w["first_overdue"]
    named = next((hint for hint in ("security", "complaint", "urgent") if hint in row.hints), "")
    return w[named] if row.rank == Rank.PRESSING and named else ""


def row_categories(row: QueueRow) -> list[str]:
    """The categories worth showing: of a mail that gets no reply, only those that say why."""
    said = row.categories
    return [one for one in said if row.disposition != Disposition.NO_REPLY.value or one in _WITHOUT_REPLY]


def rule_text(rule: str, language: str) -> str:
    """What proved a finding ("rule:clock_time", "model:0.93") for a person."""
    kind, sign, what = rule.partition(":" if ":" in rule else " ")
    said = TOKENS[language].get(kind, kind)
    return f"{said} {what}" if sign else said


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


def proof_text(mail: MailView, pack: Pack, language: str) -> tuple[Markup, Markup]:
    """(subject, own words) with the proof marked and secrets masked."""
    seen = mail.seen
    if seen is None:
        return highlighted(mail.subject, ()), highlighted(mail.reply_text, ())
    marks = [
        Mark(
            start=start,
            end=end,
            name=section.value,
            title=section.value if language == "en" else pack.sections[section][language],
        )
        for section, finding in seen.sections.items()
        for start, end in finding.spans
    ]
    secrets = [(secret.span.start, secret.span.end) for secret in seen.secrets]
    cut = len(mail.subject)
    body = [replace(m, start=max(0, m.start - cut - 1), end=m.end - cut - 1) for m in marks if m.end > cut + 1]
    own = [(max(0, start - cut - 1), end - cut - 1) for start, end in secrets if end > cut + 1]
    head = [m for m in marks if m.start < cut]
    return (
        highlighted(seen.text[:cut], head, [(start, min(end, cut)) for start, end in secrets if start < cut]),
        highlighted(seen.text[cut + 1 :], body, own),
    )


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
    elif reason.code == "hold_person_first":
        detail = " · ".join(REASONS[language].get(part, part) for part in parts)
    else:
        detail = detail_text(reason.detail, language, reason.code)
    return REASONS[language].get(reason.code, reason.code), detail


def silence_text(text: str, language: str) -> tuple[str, str]:
    """(what, detail) of a letter's reason ("code: detail"); what a server said stays in the server's words."""
    code, _, detail = text.partition(":")
    known = REASONS[language].get(code)
    if code == "hold_person_first":
        return REASONS[language][code], " · ".join(
            REASONS[language].get(one, one) for one in detail.strip().split(", ")
        )
    return (known, detail_text(detail.strip(), language, code)) if known else (detail_text(text, language), "")


def event_text(event: EventView, language: str) -> str:
    """What a line of history says besides its name, states and letters by theirs; a note is its writer's own."""
    w = words(language)
    if event.what == "note":
        return event.detail
    if event.what == "moved":
        moved, _, why = event.detail.partition(": ")
        states = " → ".join(w.get(state, state) for state in moved.split(" -> "))
        return f"{states} ({w.get(why, detail_text(why, language))})" if why else states
    parts = event.detail.split(", ")
    if len(parts) == 2 and all(part in w for part in parts):
        return " · ".join(w[part] for part in parts)
    kind, _, reason = event.detail.partition(" ")
    if kind in w:
        said = ": ".join(part for part in silence_text(reason, language) if part)
        return f"{w[kind]} ({said})" if said else w[kind]
    return detail_text(event.detail, language)


def desk_event_text(event: DeskEvent, language: str) -> str:
    """What a line of the desk's own history says besides its name."""
    w = words(language)
    first, *rest = event.detail.split(" ")
    if event.what in {"letters_stopped", "stopped_released"}:
        return w["in_letters"].format(count=event.detail)
    if event.what == "erased":
        told = erasure_of(event.at, event.by, event.detail)
        counts = {name: getattr(told.erased, name) for name in ("tickets", "mails", "letters")}
        said = w["erased_counts"].format(why=w.get(f"erased_{told.why}", told.why), **counts)
        return f"{said} · {w['erased_customer'].format(customer=told.customer)}" if told.customer else said
    if event.what == "mode_set" and rest:
        mode = w["as_pack"] if rest[0] == "pack" else TOKENS[language].get(rest[0], rest[0])
        return f"{w.get(first, first)} → {mode}"
    if event.what in {"text_saved", "text_restored"} and len(rest) > 1:
        tongue, number, *note = rest
        where = f"{w.get(first, first)} ({TOKENS[language].get(tongue, tongue)})"
        return " · ".join(part for part in (where, w["version"].format(number=number), " ".join(note)) if part)
    return detail_text(event.detail, language)


def product_names(ids: Sequence[str], pack: Pack, language: str) -> list[str]:
    """Names for a person; an id that the pack no longer knows stays an id."""
    return [pack.products[one].name[language] if one in pack.products else one for one in ids]


def item_name(item: str, pack: Pack, language: str) -> str:
    """An item's name for an agent: a section's own, not the line that a letter asks the customer to complete."""
    if item in set(Section):
        return pack.sections[Section(item)][language]
    question = pack.questions.get(item)
    return question.heading[language] if question else item
