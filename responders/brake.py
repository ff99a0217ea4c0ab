"""The brake: reasons to stay silent although a letter was called for. Each has a stable code; nothing is hidden by it.

Follows RFC 3834 section 2 and the rate limits of the pack. Pure: counts and times come in as `History`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from models.decision import LetterKind, ReplyState, Silence
from models.mail import Trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.decision import Decision, History
    from models.mail import Mail
    from policy.pack import Pack

_ROLE = re.compile(
    r"^(?:mailer-daemon|postmaster|owner-.*|.*-owner|.*-request|bounces?[-+.].*|bounces?|no-?_?reply.*|.*[-_.]no-?reply|do-?not-?reply.*|noreply.*|listserv|majordomo|daemon|root|nobody)$",
    re.IGNORECASE,
)
_ECHO = timedelta(seconds=60)
_COUNTED = frozenset({ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD})


def brake(mail: Mail, decision: Decision, history: History, pack: Pack) -> Silence | None:
    """Why no letter may go out to this mail now; None if one may."""
    return next((silence for rule in _RULES if (silence := rule(mail, decision, history, pack)) is not None), None)


def outbound_state(decision: Decision, silence: Silence | None, mode: str) -> tuple[ReplyState, str]:
    """The state in which a composed letter is filed, and the reason where it is not simply queued."""
    if silence is not None:
        return ReplyState.SUPPRESSED, f"{silence.code}: {silence.detail}".removesuffix(": ")
    if mode == "shadow":
        return ReplyState.SHADOW, "shadow mode: only shown"
    if decision.hold:
        return ReplyState.HELD, "held for an agent: " + ", ".join(r.code for r in decision.reasons if r.code.startswith("held"))
    if mode == "approve":
        return ReplyState.HELD, "approve mode: an agent releases it"
    return ReplyState.QUEUED, ""


def _automatic(mail: Mail, _decision: Decision, _history: History, _pack: Pack) -> Silence | None:
    if mail.automation.kind is None and mail.automation.may_reply:
        return None
    return Silence(code="not_a_person", detail="; ".join(mail.automation.evidence))


def _forged(mail: Mail, _decision: Decision, _history: History, _pack: Pack) -> Silence | None:
    match mail.trust:
        case Trust.FAILED:
            return Silence(code="sender_not_authentic", detail="the sender's domain disowns this mail")
        case Trust.ALIGNED | Trust.UNCHECKED:
            return None
        case _ as never:
            assert_never(never)


def _null_sender(mail: Mail, _decision: Decision, _history: History, _pack: Pack) -> Silence | None:
    if mail.envelope.is_sender_known and not mail.envelope.mail_from:
        return Silence(code="null_sender", detail="MAIL FROM:<> is never answered")
    return None


def _address(mail: Mail, _decision: Decision, _history: History, _pack: Pack) -> Silence | None:
    if mail.sender is None or not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", mail.sender.addr):
        return Silence(code="no_address", detail="there is no usable address to answer to")
    if _ROLE.match(mail.sender.addr.rpartition("@")[0]):
        return Silence(code="role_address", detail=mail.sender.addr)
    return None


def _bounced(_mail: Mail, _decision: Decision, history: History, _pack: Pack) -> Silence | None:
    return Silence(code="bounce_hold", detail="letters to this address came back lately") if history.has_bounced else None


def _repeat(_mail: Mail, _decision: Decision, history: History, _pack: Pack) -> Silence | None:
    return Silence(code="repeated_mail", detail="the same text came from this sender within the hour") if history.is_repeat_body else None


def _echo(mail: Mail, _decision: Decision, history: History, _pack: Pack) -> Silence | None:
    """An answer within a minute of our letter and without new words is a machine's."""
    letters = history.ticket.letters if history.ticket else ()
    is_quick = any(timedelta(0) <= history.now - letter.at < _ECHO for letter in letters if letter.state in _COUNTED)
    return Silence(code="instant_echo", detail="an empty answer within a minute") if is_quick and not mail.reply_text.strip() else None


def _already_written(_mail: Mail, decision: Decision, history: History, _pack: Pack) -> Silence | None:
    if history.ticket is None or decision.letter is None:
        return None
    written = {letter.kind for letter in history.ticket.letters if letter.state in _COUNTED}
    once = {LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.REMINDER, LetterKind.COMPLETED, LetterKind.SPLIT}
    return Silence(code="already_written", detail=decision.letter.value) if decision.letter in written & once else None


def _rates(_mail: Mail, _decision: Decision, history: History, pack: Pack) -> Silence | None:
    limits = pack.limits
    for code, count, limit in (
        ("sender_hour", history.letters_to_sender_hour, limits.per_sender_hour),
        ("sender_day", history.letters_to_sender_day, limits.per_sender_day),
        ("domain_hour", history.letters_to_domain_hour, limits.per_domain_hour),
        ("total_10min", history.letters_total_10min, limits.total_10min),
    ):
        if count >= limit:
            return Silence(code=f"rate_{code}", detail=f"{count} letters written, {limit} allowed")
    return None


_RULES: tuple[Callable[[Mail, Decision, History, Pack], Silence | None], ...] = (
    _automatic,
    _forged,
    _null_sender,
    _address,
    _bounced,
    _repeat,
    _echo,
    _already_written,
    _rates,
)
