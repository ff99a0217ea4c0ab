"""May this letter go out? The loop, consent and rate brake: a `Silence` with its reason, or None.

Follows RFC 3834 section 2 for a service responder that speaks for a group. Pure: what was written to whom is in the
`History`; the same counts are checked again where the letter is queued, in the same transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from models.decision import ASKING, LetterCounts, LetterKind, LetterMode, ReplyState, Silence, most_careful, over_limit
from models.mail import Trust
from models.states import TicketState
from responders.joined import letters_written
from responders.recipient import choose_recipient, is_role_address, without_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.decision import Decision, History
    from models.mail import Mail
    from policy.pack import Pack

QUICK = timedelta(seconds=60)  # nobody reads a letter and answers it in less (autoreply rule 15)


def brake(mail: Mail, decision: Decision, history: History, pack: Pack) -> Silence | None:
    """Why the letter of this decision must not go out; None if it may. The first reason counts."""
    return next(_silences(mail, decision, history, pack), None)


def outbound_state(
    kind: LetterKind, decision: Decision, silence: Silence | None, history: History, pack: Pack, mode: str
) -> tuple[ReplyState, str]:
    """Where a composed letter stands at first, and why: "code: detail", empty for one that goes out.

    Args:
        kind: The letter's.
        decision: Holds the letter back where an agent must look first.
        silence: The brake's answer; it wins over everything. Only the limit of all letters lets a letter wait that would
            have gone by itself: it says nothing about this one (autoreply rule 14).
        history: Tells what the desk has switched.
        pack: Its mode for this kind of letter holds where the desk has set none.
        mode: The whole installation's; the most careful of them all counts.
    """
    why_silent = silence.reason if silence else ""
    if silence is not None and silence.code != "rate_total":
        return ReplyState.SUPPRESSED, why_silent
    chosen = letter_mode(kind, history.modes, pack, mode)
    held = next(
        (f"{reason.code}: {reason.detail}" for reason in decision.reasons if reason.code.startswith("hold_")), "hold"
    )
    if chosen is LetterMode.OFF:
        return ReplyState.SUPPRESSED, f"mode_off: {kind.value}"
    if chosen is LetterMode.SHADOW:
        return ReplyState.SHADOW, held if decision.hold else "mode: shadow"
    if decision.hold:
        return ReplyState.HELD, held
    # What an agent must release anyway is held for that, whatever else holds it: a stop's letters are released together.
    mode_holds = "mode: approve" if chosen is LetterMode.APPROVE else ""
    why_held = mode_holds or why_silent or ("stopped" if history.is_stopped else "")
    return (ReplyState.HELD if why_held else ReplyState.QUEUED), why_held


def letter_mode(kind: LetterKind, modes: Mapping[str, str], pack: Pack, mode: str) -> LetterMode:
    """How far letters of this kind go by themselves: the more careful of the installation's mode and the kind's.

    What is set in the desk for a kind (`modes`) stands in the pack's place.
    """
    return most_careful(mode, modes.get(kind.value, pack.policy_of(kind).mode.value))


def _silences(mail: Mail, decision: Decision, history: History, pack: Pack) -> Iterator[Silence]:
    yield from _machines(mail)
    yield from _addresses(mail, history, pack)
    yield from _repeats(mail, decision, history, pack)
    yield from _rates(history, pack)


def _machines(mail: Mail) -> Iterator[Silence]:
    """Never a letter to a machine (rules 1 to 6), nor to a sender who is proven not to be who he says (rule 9)."""
    automation, envelope = mail.automation, mail.envelope
    if automation.kind is not None:
        yield Silence(code="automatic", detail=f"{automation.kind.value}: {'; '.join(automation.evidence)}")
    if not automation.may_reply:
        yield Silence(code="may_not_reply", detail="; ".join(automation.evidence))
    if envelope.is_sender_known and not envelope.mail_from.strip("<> "):
        yield Silence(code="null_sender", detail="the envelope sender is <>")
    if mail.trust is Trust.FAILED:
        yield Silence(code="trust_failed", detail="the sender's identity check failed")


def _addresses(mail: Mail, history: History, pack: Pack) -> Iterator[Silence]:
    recipient = choose_recipient(mail)
    if recipient is None:
        yield Silence(code="no_usable_address", detail="neither From nor envelope sender can be written to")
        return
    names = {"recipient": recipient.address, "from": mail.sender.addr if mail.sender else ""}
    for name, address in {**names, "envelope sender": mail.envelope.mail_from.strip("<> ")}.items():
        if without_plus(address) in pack.desk.addresses:
            yield Silence(code="own_address", detail=f"{name}: the desk would write to itself")
    if history.is_blocked:
        yield Silence(code="blocked", detail="the desk's block list names this address")
    if history.is_allowed:
        return
    for name, address in names.items():
        if is_role_address(address):
            yield Silence(code="role_address", detail=f"{name}: nobody reads at an address of this form")
    if history.has_bounced:
        yield Silence(code="bounce_hold", detail="a letter to this address came back lately")


def _repeats(mail: Mail, decision: Decision, history: History, pack: Pack) -> Iterator[Silence]:
    """Not twice for the same text or the same gap (rules 11, 13, 15)."""
    if history.is_repeat_body and not pack.limits.of_letters.are_off:
        yield Silence(code="repeated_body", detail="same text as an earlier mail of the sender")
    ticket = history.ticket
    if ticket is None:
        return
    if ticket.state == TicketState.CLOSED.value:
        yield Silence(code="closed", detail=f"{ticket.ref} is closed: an agent opens it again, or a new one goes on")
    written = letters_written(ticket)
    if decision.letter in written:
        yield Silence(code="letter_spent", detail=f"{ticket.ref} has had this kind of letter")
    if decision.letter in ASKING and LetterKind.FOLLOW_UP in written:
        yield Silence(
            code="letters_spent", detail=f"{ticket.ref} has had its request and its follow-up; a person goes on"
        )
    latest = max((letter.at for letter in ticket.letters), default=None)
    if latest is not None and mail.envelope.received_at - latest < QUICK and not mail.reply_text.strip():
        yield Silence(code="quick_reply", detail="came within a minute of our letter and says nothing new")


def _rates(history: History, pack: Pack) -> Iterator[Silence]:
    """How much we write to whom (rules 12 and 14); the last one is the breaker of all letters, which nobody is spared."""
    counts = LetterCounts(
        recipient_hour=history.letters_to_sender_hour,
        recipient_day=history.letters_to_sender_day,
        domain_hour=history.letters_to_domain_hour,
        total_10min=history.letters_total_10min,
    )
    if history.is_allowed:
        counts = LetterCounts(total_10min=counts.total_10min)
    silence = over_limit(counts, pack.limits.of_letters)
    if silence is not None:
        yield silence
