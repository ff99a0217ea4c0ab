"""One mail through the pure core: assessed, decided, answered. No effects: what comes out is filed by the caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from classify.assess import assess
from models.assessment import Category
from models.decision import Disposition, LetterKind, ReplyState
from models.states import TicketState
from models.ticket import WAITS_FOR_CUSTOMER
from responders.brake import brake, outbound_state
from responders.compose import compose
from responders.decide import decide
from responders.joined import as_seen_by
from responders.own_letters import texts_sent, without_our_words
from responders.placement import is_inherited, may_lead_elsewhere, place
from responders.replies import leads_to_another, read_as_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from classify.scorer import Scorer
    from models.assessment import Assessment
    from models.decision import Decision, History, Reply
    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_ANSWERED_BY_NOTICE = frozenset({Disposition.OUT_OF_SCOPE, Disposition.POLICY_NOTICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every mail of this desk is measured by."""

    pack: Pack
    scorer: Scorer
    identity: SenderIdentity
    mode: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """What became of one mail: everything a filing needs."""

    mail: Mail
    seen: Assessment
    decision: Decision
    reply: Reply | None
    state: TicketState
    history: History  # with the ticket that the mail joins by its matter, or a link in its place


def triage(mail: Mail, history: History, rules: Rules, lap: Callable[[str], None] = lambda _stage: None) -> Triage:
    """Assess, decide, compose. Pure and repeatable: the same arguments give the same letter with the same id.

    Args:
        mail: As it was parsed.
        history: What was there before.
        rules: What it is measured by.
        lap: Hears of each stage that is over: `assess`, then `decide`.
    """
    if history.ticket is not None:
        mail = without_our_words(mail, texts_sent(history.ticket.letters))
        history = replace(history, ticket=as_seen_by(mail, history.ticket))
    seen, history = _read(mail, history, rules)
    lap("assess")
    decision = decide(mail, seen, history, rules.pack)
    reply = compose(mail, seen, decision, history, rules.pack, rules.identity)
    if reply is not None:
        silence = brake(mail, decision, history, rules.pack)
        goes, reason = outbound_state(reply.kind, decision, silence, history, rules.pack, rules.mode)
        reply = replace(reply, state=goes, reason=reason)
    state = ticket_state(seen, decision, reply, history)
    lap("decide")
    return Triage(mail=mail, seen=seen, decision=decision, reply=reply, state=state, history=history)


def _read(mail: Mail, history: History, rules: Rules) -> tuple[Assessment, History]:
    """The reading of a mail, and the history that it belongs into.

    A reply is read with its ticket's symptom in mind. One that seems to be about something else is read once more without
    the subject, which is the ticket's, and goes by that.
    """
    ticket = history.ticket
    if ticket is None or history.is_awaited:
        return assess(mail, rules.pack, rules.scorer), history
    seen = assess(mail, rules.pack, rules.scorer, kind=ticket.symptom_kind)
    as_reply = read_as_reply(seen, ticket)
    if not may_lead_elsewhere(mail, seen, ticket, rules.pack):
        return as_reply, history
    # Of a closed ticket it may go on with the symptom that the subject names.
    is_done = ticket.state == TicketState.CLOSED.value and not leads_to_another(mail, rules.pack)
    alone = assess(mail, rules.pack, rules.scorer, reads_subject=is_done or not is_inherited(mail))
    placed = place(mail, alone, history, rules.pack)
    return (alone, placed) if placed.ticket is None else (as_reply, history)


def ticket_state(seen: Assessment, decision: Decision, reply: Reply | None, history: History) -> TicketState:
    """Where the ticket stands after this mail.

    A ticket waits for the customer only if a letter really asks him; whatever stays silent waits for an agent's eye.
    Where the ticket stands by the time of filing is `models.ticket.state_after`'s matter.
    """
    was = TicketState(history.ticket.state) if history.ticket else None
    if decision.disposition is Disposition.NO_REPLY and was:
        return was
    if decision.hold or decision.disposition is Disposition.NO_REPLY:
        return TicketState.NEEDS_REVIEW
    if decision.disposition is Disposition.ACCEPT or _is_incident(seen):
        return TicketState.READY
    if was in WAITS_FOR_CUSTOMER and any(reason.code == "addendum" for reason in decision.reasons):
        return was
    return _where_letter_puts(decision, reply)


def _where_letter_puts(decision: Decision, reply: Reply | None) -> TicketState:
    if reply is None or reply.state is not ReplyState.QUEUED:
        return TicketState.NEEDS_REVIEW  # nobody has written to the customer: an agent must
    if reply.kind is LetterKind.RECURRENCE:
        return TicketState.WAITING_RECURRENCE
    return TicketState.ANSWERED if decision.disposition in _ANSWERED_BY_NOTICE else TicketState.WAITING_CUSTOMER


def _is_incident(seen: Assessment) -> bool:
    return any(issue.category is Category.INCIDENT for issue in seen.issues)
