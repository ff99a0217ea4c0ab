"""One ticket as text for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.views import TicketView


def ticket_account(view: TicketView) -> str:
    """Mails, understanding, letters and history, one after the other."""
    return "\n".join(_lines(view))


def _lines(view: TicketView) -> Iterator[str]:
    row = view.row
    yield f"{row.ref}  {row.state}  {row.subject}"
    yield f"  from {row.sender}, {row.opened_at:%Y-%m-%d %H:%M} UTC, {row.language}, {row.disposition}"
    if row.missing:
        yield f"  missing: {', '.join(row.missing)}"
    if row.proposal:
        yield f"  proposed: {row.proposal}"
    numbers = {mail.mail_id: number for number, mail in enumerate(view.mails, 1)}
    given = [
        f"{item} (mail {numbers[known.mail_id]}, {known.how})"
        for item, known in view.items.items()
        if known.mail_id in numbers
    ]
    if given:
        yield f"  given: {', '.join(given)}"
    for link in view.links:
        yield f"  {link.kind} {'of' if link.is_from_here else 'by'} {link.ref} ({link.state})"
    for mail in view.mails:
        yield f"\n--- mail {mail.mail_id}  {mail.received_at:%Y-%m-%d %H:%M} UTC  {mail.state}  deliveries {mail.deliveries}  sha256 {mail.sha256[:12]}"
        yield from (f"    {line}" for line in mail.reply_text.splitlines())
        if mail.trust_evidence:
            yield f"  sender check: {mail.trust}"
            yield from (f"    {sentence}" for sentence in mail.trust_evidence)
        if mail.decision:
            yield f"  decision: {mail.decision.disposition.value} ({mail.decision.confidence:.2f})"
            yield from (f"    because {reason.code}: {reason.detail}" for reason in mail.decision.reasons)
    for letter in view.replies:
        yield f"\n--- letter {letter.kind}  {letter.state}  {letter.reason}\n    {letter.subject}"
        yield from (f"    {line}" for line in letter.text.splitlines())
    yield "\n--- history"
    yield from (f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.by:<10} {event.what} {event.detail}" for event in view.events)
