"""One mail's whole life, as an object for programs and as an account for a person. Pure; secrets are masked.

Promises: nothing is guessed. What the database does not say - how long the parsing of one mail took, which session of a peer it
was - is left out; durations are differences of instants that were stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk.masking import hidden, without_secrets
from desk.show import checklist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from models.mail import Envelope
    from models.trace import Traced
    from models.views import EventView, MailView, ReplyView, TicketView
    from policy.pack import Pack

_OF_LETTERS = frozenset({"reply_sent", "reply_deferred", "reply_failed", "reply_bounced", "reply_suppressed"})
_FILED = frozenset({"filed", "joined"})
_LANGUAGE = "en"


def trace_object(traced: Traced, view: TicketView | None, pack: Pack) -> dict[str, Any]:
    """The object of `uketsuke trace --json`; keys are only ever added."""
    mails = view.mails if view else (traced.mail,)

    def say(text: str) -> str:
        return without_secrets(hidden(text), mails)

    filed = _filing_of(traced.mail, view) if view else None
    letters = [(one, _tries(one, view)) for one in view.replies if one.reply_id in traced.letters] if view else []
    return {
        "mail": _mail(traced, say),
        "steps": _steps(traced, filed, letters),
        "read": _read(traced.mail, pack, say),
        "decision": _decision(traced.mail, say),
        "letters": [_letter(letter, tries, say) for letter, tries in letters],
        "ticket": _ticket(view, say) if view else None,
        "other_mails": [_other(one, say) for one in mails if one.mail_id != traced.mail.mail_id],
    }


def trace_account(life: dict[str, Any]) -> str:
    """The same for a person."""
    return "\n".join(_lines(life))


def _mail(traced: Traced, say: Callable[[str], str]) -> dict[str, Any]:
    mail, envelope = traced.mail, traced.envelope
    return {
        "id": mail.mail_id,
        "state": mail.state,
        "ref": traced.ref or None,
        "desk": traced.desk_address,
        "received_at": _iso(mail.received_at),
        "inlet": _inlet(envelope),
        "peer": envelope.peer or None,
        "helo": envelope.helo or None,
        "mail_from": envelope.mail_from if envelope.is_sender_known else None,
        "rcpt_tos": list(envelope.rcpt_tos),
        "size": mail.size,
        "deliveries": mail.deliveries,
        "message_id": mail.message_id,
        "sha256": mail.sha256,
        "content_sha256": traced.content_sha256,
        "subject": say(mail.subject),
        "attempts": traced.attempts,
        "error": mail.error or None,
        "claimed_until": _iso(traced.claimed_until) if traced.is_claimed else None,
        "not_before": _iso(traced.claimed_until) if mail.state == "received" and not traced.is_claimed else None,
        "waited_since": _iso(traced.waited_since),
    }


def _inlet(envelope: Envelope) -> str:
    """Which way it came, as far as its envelope tells."""
    if envelope.peer:
        return "smtp"
    if envelope.helo:
        return "lmtp"  # a local socket has no address
    return "file or mailbox" if envelope.is_from_file else "pipe"


def _steps(
    traced: Traced, filed: EventView | None, letters: Sequence[tuple[ReplyView, Sequence[EventView]]]
) -> list[dict[str, Any]]:
    """Instants that were stored, in their order, each with the seconds since the mail's receipt."""
    begun = traced.mail.received_at
    found = [("received", begun)]
    if traced.waited_since is not None:
        found.append(("put back for the mail that it answers", traced.waited_since))
    if filed is not None:
        found.append((f"{filed.what} {'as' if filed.what == 'filed' else 'to'} {traced.ref}", filed.at))
    for letter, tries in letters:
        found.append((f"letter {letter.kind} written", letter.created_at))
        found += [(event.what, event.at) for event in tries]
    found.sort(key=lambda step: step[1])
    return [{"step": step, "at": _iso(at), "after_s": _seconds(begun, at)} for step, at in found]


def _filing_of(mail: MailView, view: TicketView) -> EventView | None:
    """The line of history that this mail wrote. None where mails were moved between tickets, so that it cannot be told."""
    events = [event for event in view.events if event.what in _FILED]
    mails = [one for one in view.mails if one.state == "triaged"]
    if len(events) != len(mails) or mail not in mails:
        return None
    found = events[mails.index(mail)]
    return found if found.at >= mail.received_at else None


def _read(mail: MailView, pack: Pack, say: Callable[[str], str]) -> dict[str, Any] | None:
    seen, decision = mail.seen, mail.decision
    if seen is None or decision is None:
        return None
    checks = checklist(seen, decision.missing, decision.unsure, pack, _LANGUAGE)
    return {
        "language": seen.language,
        "automatic": mail.automation.kind.value if mail.automation and mail.automation.kind else None,
        "trust": mail.trust,
        "trust_evidence": list(mail.trust_evidence),
        "warnings": list(mail.warnings),
        "issues": [
            {"category": one.category.value, "products": list(one.products), "gist": say(one.gist)}
            for one in seen.issues
        ],
        "items": [
            {
                "item": one.item,
                "mark": one.mark,
                "confidence": one.confidence / 100,
                "proof": [say(words) for words in one.proof],
                "rules": list(one.rules),
            }
            for one in checks
        ],
    }


def _decision(mail: MailView, say: Callable[[str], str]) -> dict[str, Any] | None:
    decision = mail.decision
    if decision is None:
        return None
    return {
        "disposition": decision.disposition.value,
        "confidence": decision.confidence,
        "hold": decision.hold,
        "missing": list(decision.missing),
        "unsure": list(decision.unsure),
        "reasons": [{"code": reason.code, "detail": say(reason.detail)} for reason in decision.reasons],
    }


def _letter(letter: ReplyView, tries: Sequence[EventView], say: Callable[[str], str]) -> dict[str, Any]:
    return {
        "kind": letter.kind,
        "state": letter.state,
        "reason": say(letter.reason) or None,
        "to": letter.to,
        "subject": say(letter.subject),
        "message_id": letter.message_id,
        "by": letter.by or None,
        "created_at": _iso(letter.created_at),
        "sent_at": _iso(letter.sent_at),
        "attempts": letter.attempts,
        "tries": [{"at": _iso(one.at), "what": one.what, "answer": say(one.detail)} for one in tries],
    }


def _tries(letter: ReplyView, view: TicketView) -> list[EventView]:
    """What history says of a letter: from its own first line to that of the ticket's next letter."""
    later = [one.created_at for one in view.replies if one.created_at > letter.created_at]
    until = min(later, default=None)
    return [
        event
        for event in view.events
        if event.what in _OF_LETTERS and event.at >= letter.created_at and (until is None or event.at < until)
    ]


def _ticket(view: TicketView, say: Callable[[str], str]) -> dict[str, Any]:
    row = view.row
    return {
        "ref": row.ref,
        "state": row.state,
        "opened_at": _iso(row.opened_at),
        "assignee": row.assignee or None,
        "links": [{"ref": one.ref, "kind": one.kind, "is_from_here": one.is_from_here} for one in view.links],
        "events": [
            {"at": _iso(one.at), "by": one.by, "what": one.what, "detail": say(one.detail)} for one in view.events
        ],
    }


def _other(mail: MailView, say: Callable[[str], str]) -> dict[str, Any]:
    return {
        "id": mail.mail_id,
        "received_at": _iso(mail.received_at),
        "sender": mail.sender,
        "subject": say(mail.subject),
        "state": mail.state,
        "disposition": mail.decision.disposition.value if mail.decision else None,
    }


def _lines(life: dict[str, Any]) -> Iterator[str]:
    mail = life["mail"]
    yield f"mail {mail['id']}  {mail['state']}  {mail['subject']}"
    yield from _came(mail)
    if life["steps"]:
        yield "\nwhen"
        yield from (f"  {_clock(one['at'])}  {one['after_s']:>+10.3f} s  {one['step']}" for one in life["steps"])
    yield from _understood(life["read"])
    yield from _decided(life["decision"])
    for letter in life["letters"]:
        yield from _written(letter)
    if life["decision"] and not life["letters"]:
        yield "\nno letter was written"
    if life["ticket"]:
        yield from _history(life["ticket"])
    if life["other_mails"]:
        yield "\nother mails of the ticket"
        for one in life["other_mails"]:
            yield f"  {_clock(one['received_at'])}  mail {one['id']}  {one['sender']}  {one['disposition'] or one['state']}  {one['subject']}"


def _came(mail: dict[str, Any]) -> Iterator[str]:
    where = f" from {mail['peer']}" if mail["peer"] else ""
    greeted = f", which called itself {mail['helo']}" if mail["helo"] else ""
    sender = "not known" if mail["mail_from"] is None else f"<{mail['mail_from']}>"
    yield f"  came by {mail['inlet']}{where}{greeted}, {_clock(mail['received_at'])} UTC"
    yield f"  envelope {sender} -> {', '.join(mail['rcpt_tos'])}  for {mail['desk']}"
    yield f"  {mail['size']} bytes, {mail['deliveries']} {'delivery' if mail['deliveries'] == 1 else 'deliveries'}"
    yield f"  Message-ID {mail['message_id'] or 'none'}"
    yield f"  sha256 {mail['sha256']}"
    if mail["content_sha256"] != mail["sha256"]:
        yield f"  without trace headers {mail['content_sha256']}"
    yield f"  taken up {mail['attempts']} {'time' if mail['attempts'] == 1 else 'times'}" + (
        f"; last failure: {mail['error']}" if mail["error"] else ""
    )
    if mail["claimed_until"]:
        yield f"  in a worker's hands until {_clock(mail['claimed_until'])}"
    if mail["not_before"]:
        yield f"  waits for a worker, not before {_clock(mail['not_before'])}"


def _understood(read: dict[str, Any] | None) -> Iterator[str]:
    if read is None:
        yield "\nnot read yet"
        return
    automatic = f", automatic: {read['automatic']}" if read["automatic"] else ""
    yield f"\nread: {read['language']}, sender {read['trust']}{automatic}"
    yield from (f"  sender check: {sentence}" for sentence in read["trust_evidence"])
    yield from (f"  warning: {warning}" for warning in read["warnings"])
    for issue in read["issues"]:
        products = f" ({', '.join(issue['products'])})" if issue["products"] else ""
        yield f"  issue {issue['category']}{products}: {issue['gist']}"
    for item in read["items"]:
        proof = "  ".join(f"「{words}」" for words in item["proof"])
        yield f"  {item['item']:<20} {item['mark']:<9} {item['confidence']:.2f}  {proof}".rstrip()


def _decided(decision: dict[str, Any] | None) -> Iterator[str]:
    if decision is None:
        return
    held = ", held for an agent" if decision["hold"] else ""
    yield f"\ndecided: {decision['disposition']} ({decision['confidence']:.2f}{held})"
    if decision["missing"]:
        yield f"  missing: {', '.join(decision['missing'])}"
    if decision["unsure"]:
        yield f"  unsure: {', '.join(decision['unsure'])}"
    yield from (f"  because {one['code']}: {one['detail']}".rstrip(": ") for one in decision["reasons"])


def _written(letter: dict[str, Any]) -> Iterator[str]:
    why = f" ({letter['reason']})" if letter["reason"] else ""
    writer = f" by {letter['by']}" if letter["by"] else ""
    yield f"\nletter {letter['kind']}{writer}: {letter['state']}{why}"
    yield f"  to {letter['to']}  {letter['subject']}"
    yield f"  Message-ID {letter['message_id']}"
    for one in letter["tries"]:
        yield f"  {_clock(one['at'])}  {one['what']}  {one['answer']}".rstrip()


def _history(ticket: dict[str, Any]) -> Iterator[str]:
    yield f"\nticket {ticket['ref']}  {ticket['state']}"
    for link in ticket["links"]:
        yield f"  {link['kind']} {'of' if link['is_from_here'] else 'by'} {link['ref']}"
    for event in ticket["events"]:
        yield f"  {_clock(event['at'])}  {event['by']:<10} {event['what']} {event['detail']}".rstrip()


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at is not None else None


def _seconds(begun: datetime, at: datetime) -> float:
    return round((at - begun).total_seconds(), 3)


def _clock(iso: str) -> str:
    return iso.removesuffix("+00:00").replace("T", " ")
