"""How mails speak for a ticket's page: corrected, and only the part that is the ticket's; looked up once a request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk.masking import hidden, masked, without_secrets
from models.ticket import LinkKind

if TYPE_CHECKING:
    from fastapi import Request

    from desk.frame import Desk
    from models.assessment import Assessment, Issue, Span
    from models.shaping import PartReading, TicketPart
    from models.views import MailView, TicketView

MOST_MAILS = 30  # of a long thread, the newest


def readings_of(desk: Desk, request: Request, view: TicketView) -> dict[int, PartReading]:
    """The newest mails' readings, and those of the mails that the ticket is about in part; by mail."""
    kept: dict[str, dict[int, PartReading]] = getattr(request.state, "readings", {})
    ref = view.row.ref or ""
    if ref not in kept:
        ids = [mail.mail_id for mail in view.mails[-MOST_MAILS:]]
        ids += [part.mail.mail_id for part in parts_of(desk, request, view)]
        kept[ref] = {one.mail_id: one for one in desk.store.readings(ref, ids)} if ids else {}
        request.state.readings = kept
    return kept[ref]


def as_corrected(desk: Desk, request: Request, view: TicketView) -> TicketView:
    """The ticket with its mails as they speak for it now: what agents corrected or split off is not shown as it was read."""
    readings = readings_of(desk, request, view)
    mails = tuple(
        replace(mail, seen=readings[mail.mail_id].seen) if mail.mail_id in readings else mail for mail in view.mails
    )
    return replace(view, mails=mails)


def parts_of(desk: Desk, request: Request, view: TicketView) -> tuple[TicketPart, ...]:
    """The mails that the ticket is about in part."""
    kept: dict[str, tuple[TicketPart, ...]] = getattr(request.state, "parts", {})
    ref = view.row.ref or ""
    if ref not in kept:
        kept[ref] = _parts(desk, view)
        request.state.parts = kept
    return kept[ref]


def quotable_mails(desk: Desk, view: TicketView) -> tuple[MailView, ...]:
    """The mails whose words a ticket's texts may hold: its own, and those that it is about in part."""
    return (*view.mails, *(part.mail for part in _parts(desk, view)))


def _parts(desk: Desk, view: TicketView) -> tuple[TicketPart, ...]:
    took_in = any(link.kind == LinkKind.MERGED.value and not link.is_from_here for link in view.links)
    may_have = bool(view.row.split_from) or not view.mails or took_in
    return desk.store.ticket_parts(view.row.ref or "") if may_have else ()


def safe_text(seen: Assessment) -> str:
    """The text of a reading with its credentials masked, as long as it was."""
    return masked(seen.text, [secret.span for secret in seen.secrets])


def words_of(seen: Assessment, issue: Issue) -> str:
    """The words of one issue, credentials masked."""
    text = safe_text(seen)
    return hidden("\n".join(text[start:end].strip() for start, end in issue.spans if end > start))


def gist_of(issue: Issue, mails: tuple[MailView, ...]) -> str:
    """The issue in a phrase, credentials masked."""
    return without_secrets(hidden(issue.gist), mails)


def pieces_of(part: TicketPart) -> list[tuple[bool, str]]:
    """The mail's subject and own words cut where the part begins and ends: (is it the part's, words)."""
    seen = part.mail.seen
    if seen is None:
        return []
    text = safe_text(seen)
    pieces, at = [], 0
    for start, end in _joined(part.spans, len(text)):
        pieces += [(False, text[at:start]), (True, text[start:end])]
        at = end
    return [(is_own, words) for is_own, words in [*pieces, (False, text[at:])] if words]


def _joined(spans: tuple[Span, ...], length: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start, end = max(0, start), min(end, length)  # noqa: PLW2901 - a text that was read anew may be shorter
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > start:
            found.append((start, end))
    return found
