"""Assessment becomes Decision: the contract's order over the pack's table, every step with a named reason.

Pure and total: no clock, no database; what happened before comes in as `History`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import Decision, Disposition, LetterKind, Reason, ReplyState
from responders.items import along_items, check, required_items

if TYPE_CHECKING:
    from models.assessment import Assessment, Issue
    from models.decision import History, OpenTicket
    from models.mail import Mail
    from policy.pack import Pack
    from responders.items import Checklist

_LETTERS = {
    Disposition.SPLIT: LetterKind.SPLIT,
    Disposition.OUT_OF_SCOPE: LetterKind.OUT_OF_SCOPE,
    Disposition.POLICY_NOTICE: LetterKind.POLICY_NOTICE,
    Disposition.ACCOUNT_NOTICE: LetterKind.ACCOUNT_NOTICE,
}
_REACHED = frozenset({ReplyState.QUEUED, ReplyState.SENT, ReplyState.HELD, ReplyState.SHADOW, ReplyState.BOUNCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorted:
    """The issues by what the desk does with them."""

    answerable: tuple[Issue, ...]
    out: tuple[Issue, ...]
    undisclosed: tuple[Issue, ...]


def decide(mail: Mail, seen: Assessment, history: History, pack: Pack) -> Decision:
    """What this mail becomes, which letter it calls for, and why."""
    if mail.automation.kind is not None:
        kind = mail.automation.kind.value
        return _silent(f"automatic:{kind}", "; ".join(mail.automation.evidence), 0.99)
    issues = _sort(seen)
    ticket = history.ticket
    if not (issues.answerable or issues.out or issues.undisclosed):
        if ticket is not None and _brings_something(seen, ticket):
            return _request_or_accept(seen, history, pack, issues)
        return _nothing_left(seen)
    if seen.multiple_accounts:
        reason = Reason(code="several_accounts", detail=", ".join(seen.accounts) or "the words speak of several accounts")
        return _notice(Disposition.ACCOUNT_NOTICE, seen, pack, reason)
    if not issues.answerable:
        return _out_or_policy(seen, issues, pack)
    if len(issues.answerable) > 1 and not _is_answer_to(ticket):
        gists = " / ".join(issue.gist for issue in issues.answerable)
        decision = _notice(Disposition.SPLIT, seen, pack, Reason(code="several_issues", detail=gists))
        return replace(decision, notices=_notices(issues))
    return _request_or_accept(seen, history, pack, issues)


def _sort(seen: Assessment) -> _Sorted:
    """Acknowledgements and unrelated issues are left out."""
    return _Sorted(
        answerable=tuple(issue for issue in seen.issues if issue.category.is_answerable),
        out=tuple(issue for issue in seen.issues if issue.category.is_out and issue.category is not Category.OUT_UNRELATED),
        undisclosed=tuple(issue for issue in seen.issues if issue.category.is_undisclosed),
    )


def _silent(code: str, detail: str, confidence: float) -> Decision:
    return Decision(disposition=Disposition.NO_REPLY, confidence=confidence, reasons=(Reason(code=code, detail=detail),))


def _nothing_left(seen: Assessment) -> Decision:
    if any(issue.category is Category.OUT_UNRELATED for issue in seen.issues):
        return _silent("unrelated", "nothing in it is a matter of this desk", seen.confidence)
    return _silent("nothing_asked", "only thanks or a notice: it asks nothing", seen.confidence)


def _brings_something(seen: Assessment, ticket: OpenTicket) -> bool:
    """An answer to our questions asks nothing, and still settles something that we asked for."""
    found = {section.value for section, finding in seen.sections.items() if finding.present or finding.answered}
    found |= {f"facet:{facet.value}" for facet, finding in seen.facets.items() if finding.present or finding.answered}
    return bool(found & (ticket.asked - ticket.settled))


def _is_answer_to(ticket: OpenTicket | None) -> bool:
    """We asked in this ticket: what comes back answers us, however many points it has."""
    return ticket is not None and bool(ticket.asked)


def _notices(issues: _Sorted) -> tuple[Disposition, ...]:
    found = (Disposition.OUT_OF_SCOPE,) if issues.out else ()
    return found + ((Disposition.POLICY_NOTICE,) if issues.undisclosed else ())


def _out_or_policy(seen: Assessment, issues: _Sorted, pack: Pack) -> Decision:
    names = ", ".join(dict.fromkeys(issue.category.value for issue in (*issues.out, *issues.undisclosed)))
    if not issues.undisclosed:
        return _notice(Disposition.OUT_OF_SCOPE, seen, pack, Reason(code="all_out_of_scope", detail=names))
    return _notice(Disposition.POLICY_NOTICE, seen, pack, Reason(code="not_disclosed", detail=names))


def _notice(disposition: Disposition, seen: Assessment, pack: Pack, reason: Reason) -> Decision:
    return _finish(
        Decision(disposition=disposition, confidence=seen.confidence, letter=_LETTERS[disposition], reasons=(reason,)), seen, pack
    )


def _request_or_accept(seen: Assessment, history: History, pack: Pack, issues: _Sorted) -> Decision:
    ticket = history.ticket
    categories = _categories(issues, ticket)
    kind = seen.symptom_kind or (ticket.symptom_kind if ticket else None)
    permission_error = seen.has_permission_error or (ticket.has_permission_error if ticket else False)
    required = required_items(categories, kind, pack, permission_error=permission_error)
    found = check(seen, ticket, required, along_items(categories, kind, pack), pack)
    disposition = Disposition.REQUEST_INFORMATION if found.missing else Disposition.ACCEPT
    decision = Decision(
        disposition=disposition,
        notices=_notices(issues),
        missing=found.missing,
        unsure=found.unsure,
        asked_along=found.along if found.missing else (),
        confidence=_confidence(seen, found),
        letter=_letter(disposition, found, seen, history, pack),
        reasons=_reasons(categories, found, ticket),
    )
    return _finish(decision, seen, pack)


def _categories(issues: _Sorted, ticket: OpenTicket | None) -> tuple[Category, ...]:
    """The category that rules: the ticket's, once it is open; else the mail's own."""
    if ticket is not None:
        earlier = tuple(category for category in ticket.categories if category.is_answerable)
        if earlier:
            return earlier[:1]
    return tuple(dict.fromkeys(issue.category for issue in issues.answerable))


def _letter(disposition: Disposition, found: Checklist, seen: Assessment, history: History, pack: Pack) -> LetterKind | None:
    ticket = history.ticket
    if ticket is None:
        if disposition is Disposition.ACCEPT:
            return LetterKind.ACKNOWLEDGEMENT if pack.acknowledges else None
        return LetterKind.RECURRENCE if _is_gone(seen) and len(found.missing) >= 2 else LetterKind.REQUEST_INFORMATION
    written = {letter.kind for letter in ticket.letters if letter.state in _REACHED}
    if disposition is Disposition.ACCEPT:
        has_asked = bool(written & {LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.REMINDER})
        return LetterKind.COMPLETED if has_asked and LetterKind.COMPLETED not in written else None
    if LetterKind.REQUEST_INFORMATION not in written:
        return LetterKind.REQUEST_INFORMATION
    return LetterKind.FOLLOW_UP if LetterKind.FOLLOW_UP not in written else None


def _is_gone(seen: Assessment) -> bool:
    """It happened once and is over, or cannot be reproduced (再現待ち)."""
    return bool({hint.kind for hint in seen.hints} & {"once_recovered", "not_reproducible"})


def _confidence(seen: Assessment, found: Checklist) -> float:
    """How sure the disposition is: the reading's own confidence, lowered by the least sure item and by what is unsure."""
    doubt = 0.9 ** len(found.unsure) if not found.missing else 0.97 ** len(found.unsure)
    return max(0.0, min(1.0, seen.confidence * (0.5 + 0.5 * found.certainty) * doubt))


def _reasons(categories: tuple[Category, ...], found: Checklist, ticket: OpenTicket | None) -> tuple[Reason, ...]:
    reasons = [Reason(code="category", detail=", ".join(category.value for category in categories) or "none")]
    if ticket is not None:
        reasons.append(Reason(code="joined", detail=f"{ticket.ref}; settled before: {', '.join(sorted(ticket.settled)) or 'nothing'}"))
    reasons += [Reason(code="missing", detail=item) for item in found.missing]
    reasons += [Reason(code="unsure", detail=f"{item}: neither surely present nor surely absent, so it is not asked") for item in found.unsure]
    if not found.missing:
        reasons.append(Reason(code="nothing_missing", detail="everything required is there, or its absence is not sure"))
    return tuple(reasons)


def _finish(decision: Decision, seen: Assessment, pack: Pack) -> Decision:
    """Hold what is unsure, and complaints: a person reads those first."""
    reasons = list(decision.reasons)
    is_unsure = decision.confidence < pack.thresholds.hold
    is_complaint = any(hint.kind == "complaint" for hint in seen.hints)
    if is_unsure:
        reasons.append(Reason(code="held_unsure", detail=f"confidence {decision.confidence:.2f} is under {pack.thresholds.hold:.2f}"))
    if is_complaint:
        reasons.append(Reason(code="held_complaint", detail="a complaint is for a person to answer"))
    return replace(decision, hold=is_unsure or is_complaint, reasons=tuple(reasons))

