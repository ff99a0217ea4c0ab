"""One mail through the pure core: assessed, decided, answered. No effects: what comes out is filed by the caller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from classify.assess import assess
from models.assessment import Category
from models.decision import Disposition, LetterKind, ReplyState
from models.ticket import TicketState
from responders.brake import brake, outbound_state
from responders.compose import compose
from responders.decide import decide
from responders.own_letters import texts_sent, without_our_words

if TYPE_CHECKING:
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


def triage(mail: Mail, history: History, rules: Rules) -> Triage:
    """Assess, decide, compose. Pure and repeatable: the same arguments give the same letter with the same id."""
    if history.ticket is not None:
        mail = without_our_words(mail, texts_sent(history.ticket.letters))
    seen = assess(mail, rules.pack, rules.scorer)
    decision = decide(mail, seen, history, rules.pack)
    reply = compose(mail, seen, decision, history, rules.pack, rules.identity)
    if reply is not None:
        silence = brake(mail, decision, history, rules.pack)
        state, reason = outbound_state(reply.kind, decision, silence, history, rules.pack, rules.mode)
        reply = replace(reply, state=state, reason=reason)
    return Triage(
        mail=mail, seen=seen, decision=decision, reply=reply, state=ticket_state(seen, decision, reply, history)
    )


def ticket_state(seen: Assessment, decision: Decision, reply: Reply | None, history: History) -> TicketState:
    """Where the ticket stands after this mail.

    A ticket waits for the customer only if a letter really asks him; whatever stays silent waits for an agent's eye.
    Where the ticket stands by the time of filing is `models.ticket.state_after`'s matter.
    """
    was = TicketState(history.ticket.state) if history.ticket else None
    if decision.disposition is Disposition.NO_REPLY:
        return was or TicketState.NEEDS_REVIEW
    if decision.hold:
        return TicketState.NEEDS_REVIEW
    if decision.disposition is Disposition.ACCEPT or _is_incident(seen):
        return TicketState.READY
    if reply is None or reply.state is not ReplyState.QUEUED:
        return TicketState.NEEDS_REVIEW  # nobody has written to the customer: an agent must
    if reply.kind is LetterKind.RECURRENCE:
        return TicketState.WAITING_RECURRENCE
    return TicketState.ANSWERED if decision.disposition in _ANSWERED_BY_NOTICE else TicketState.WAITING_CUSTOMER


def _is_incident(seen: Assessment) -> bool:
    return any(issue.category is Category.INCIDENT for issue in seen.issues)
