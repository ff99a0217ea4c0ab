"""An assessment becomes a decision: the default policy's order, step by step, every step leaving its reason.

Leaving out acknowledgements and unrelated issues: automatic mail, or nothing left -> no_reply; several accounts ->
account_notice; nothing that the desk answers -> out_of_scope or policy_notice; several answerable issues -> split;
required items missing -> request_information; else accept. Promises: pure; only items whose absence is surer than the
pack's threshold are asked for. Does not know whether a letter may go out: `brake` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.assessment import Category, Section
from models.decision import Decision, Disposition, LetterKind, Reason
from models.ticket import LinkKind
from responders.about import about_mail
from responders.answers import is_answer_here
from responders.confidence import decision_confidence
from responders.items import Checked, Presence, check, items_along, required_items
from responders.joined import has_asked, in_view_of, is_addendum, is_half_answer
from responders.letter_choice import choose_letter
from responders.matter import matter_of
from responders.questions import along_that_fits, asides_that_fit, is_incident
from responders.recipient import choose_recipient, without_plus
from responders.replies import asks_back, leads_to_another
from responders.thanks import needs_no_reader
from responders.understood import resources_of, times_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.assessment import Assessment
    from models.decision import History
    from models.mail import Mail
    from policy.pack import Pack
    from responders.matter import Matter

READ_LANGUAGES = frozenset({"ja", "en", "zh"})  # those of the corpus that the models learn from
MOST_ALONG = 3  # a letter should be read in a minute:
MOST_LINES = 6  # so many lines of the form, unless more is missing
OWN_MATTER = 60  # characters without blanks in which a matter can be told
PASSED_ON = 80  # characters below the own words from which a forwarded mail counts
_FORWARD = re.compile(r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|wg|tr|転送|轉寄|转发)\s*[:：]", re.IGNORECASE)
LEAST = frozenset({Section.MATERIALS.value})  # asked last
SURE_ANSWER = 0.85  # that a mail which answers us does nothing else
ZONE = "zone"  # the question after the time zone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """All that one decision looks at."""

    mail: Mail
    seen: Assessment
    history: History
    pack: Pack
    matter: Matter


def decide(mail: Mail, seen: Assessment, history: History, pack: Pack) -> Decision:
    """What the desk makes of a mail, with every reason by name. Pure: the same arguments give the same decision."""
    case = _Case(mail=mail, seen=seen, history=history, pack=pack, matter=matter_of(mail, seen, history, pack))
    if mail.automation.kind is not None:
        why = Reason(code="automatic", detail=f"{mail.automation.kind.value}: {'; '.join(mail.automation.evidence)}")
        return Decision(disposition=Disposition.NO_REPLY, reasons=(why,))
    if case.matter.is_empty:
        why = Reason(code="nothing_left", detail="only acknowledgements, unrelated matters or nothing at all")
        return _without_letter(case, why)
    settled = _by_issues(case)
    return _finish(case, *settled) if settled else _by_items(case)


def _by_issues(case: _Case) -> tuple[Disposition, Reason] | None:
    """The steps that look at issues only; None where the items decide."""
    matter = case.matter
    if _names_unknown_account(case):
        return Disposition.ACCOUNT_NOTICE, Reason(code="other_account", detail="no account known as the sender's")
    if case.seen.multiple_accounts:
        return Disposition.ACCOUNT_NOTICE, Reason(
            code="several_accounts", detail=f"{len(case.seen.accounts)} account ids named"
        )
    if not matter.answerable and matter.beside:
        categories = ", ".join(issue.category.value for issue in matter.beside)
        if all(issue.category.is_out for issue in matter.beside):
            return Disposition.OUT_OF_SCOPE, Reason(code="all_out_of_scope", detail=categories)
        return Disposition.POLICY_NOTICE, Reason(code="nothing_disclosed", detail=categories)
    if matter.is_several:
        return Disposition.SPLIT, Reason(
            code="several_issues", detail=", ".join(i.category.value for i in matter.answerable)
        )
    return None


def _names_unknown_account(case: _Case) -> bool:
    """Accounts are named and agents know the sender's, yet none of the named is among them (S66)."""
    named, known = set(case.seen.accounts), set(case.history.known_accounts)
    return bool(named and known and case.matter.answerable) and not named & known


def _by_items(case: _Case) -> Decision:
    """Required items missing, or none."""
    checked = tuple(_checked(case))
    missing = tuple(one.item for one in checked if one.presence is Presence.ABSENT)
    unsure = tuple(one.item for one in checked if one.presence is Presence.UNSURE)
    disposition = Disposition.REQUEST_INFORMATION if missing else Disposition.ACCEPT
    why = (
        Reason(code="missing", detail=", ".join(missing))
        if missing
        else Reason(code="complete", detail="no required item is surely absent")
    )
    return _finish(case, disposition, why, checked=checked, missing=missing, unsure=unsure)


def _finish(
    case: _Case,
    disposition: Disposition,
    why: Reason,
    *,
    checked: tuple[Checked, ...] = (),
    missing: tuple[str, ...] = (),
    unsure: tuple[str, ...] = (),
) -> Decision:
    """The decision with its letter, what is asked along, its confidence, and whether an agent looks first."""
    notices = _notices(case)
    called_for = choose_letter(
        disposition,
        case.matter,
        case.seen,
        case.history.ticket,
        case.pack,
        unsure=unsure,
        has_notices=bool(notices),
        is_addendum=is_addendum(case.mail, case.history.ticket),
    )
    letter = None if _is_with_person(case) and called_for not in case.pack.by_hand.letters_after else called_for
    confidence = decision_confidence(disposition, _sureness(case), checked)
    holds = tuple(_holds(case, disposition, confidence, letter))
    return Decision(
        disposition=disposition,
        notices=notices,
        missing=missing,
        unsure=unsure,
        asked_along=_along(case, missing) if letter is LetterKind.REQUEST_INFORMATION and missing else (),
        confidence=confidence,
        hold=bool(holds),
        letter=letter,
        answers=case.matter.placed,
        is_other_matter=case.matter.is_new_in_thread,
        reasons=(
            *_context_reasons(case),
            why,
            *_unsure_reasons(unsure),
            *holds,
            *_letter_reasons(case, is_written=letter is not None),
        ),
    )


def _is_with_person(case: _Case) -> bool:
    """Has an agent written to this ticket by hand? Then he goes on with it, whatever its mails lack."""
    ticket = case.history.ticket
    return ticket is not None and ticket.has_person


def _sureness(case: _Case) -> float:
    """That the reading is right. Where thanks answer our question, the doubt whether they hold a matter has its answer."""
    is_thanks = all(issue.category is Category.ACKNOWLEDGEMENT for issue in case.seen.issues)
    return max(case.seen.confidence, SURE_ANSWER) if case.matter.answers and is_thanks else case.seen.confidence


def _without_letter(case: _Case, why: Reason) -> Decision:
    confidence = decision_confidence(Disposition.NO_REPLY, case.seen.confidence, ())
    holds = tuple(_holds(case, Disposition.NO_REPLY, confidence, None))
    return Decision(
        disposition=Disposition.NO_REPLY,
        confidence=confidence,
        hold=bool(holds),
        answers=case.matter.placed,
        is_thanks=needs_no_reader(case.mail.reply_text, case.pack),
        reasons=(*_context_reasons(case), why, *holds),
    )


def _checked(case: _Case) -> Iterator[Checked]:
    """Every required item with our verdict; what may stand in earlier mails is unsure, not absent."""
    matter, seen = case.matter, case.seen
    policies = matter.policies(case.pack)
    has_error = seen.has_permission_error or (matter.ticket is not None and matter.ticket.has_permission_error)
    for item in required_items(policies, matter.kind(seen), case.pack, has_permission_error=has_error):
        one = check(item, seen, matter.settled, case.pack.thresholds.ask)
        if one.presence is Presence.ABSENT and _is_shown(item, case):
            one = Checked(item=item, presence=Presence.UNSURE, absence=0.5)
        yield in_view_of(one, seen, matter.ticket, case.pack.thresholds.ask)


def _is_shown(item: str, case: _Case) -> bool:
    """Does the letter itself show something of the kind, read from the mail? Then asking for it would look foolish."""
    seen, pack = case.seen, case.pack
    if item == Section.WHEN.value:
        return bool(times_of(seen, pack, pack.default_language, around=case.mail.envelope.received_at))
    return (
        item == Section.WHERE.value
        and bool(resources_of(seen, pack))
        and any(hint.value in pack.regions for hint in seen.hints)
    )


def _along(case: _Case, missing: tuple[str, ...]) -> tuple[str, ...]:
    """What the first request asks besides: only what is surely absent; nothing in an outage, nothing in a follow-up."""
    if is_incident(case.seen) or has_asked(case.history.ticket):
        return ()
    matter, ask = case.matter, case.pack.thresholds.ask
    candidates = items_along(matter.policies(case.pack), matter.kind(case.seen), case.pack)
    absent = [item for item in candidates if check(item, case.seen, matter.settled, ask).presence is Presence.ABSENT]
    if Section.WHEN.value not in missing and any(hint.kind == "zone_missing" for hint in case.seen.hints):
        absent.insert(0, ZONE)  # a time of day was given, but not where on earth
    along = along_that_fits(missing, absent, case.pack)
    asides = asides_that_fit((*missing, *along), about_mail(case.seen, None), case.pack)
    by_value = (*(item for item in along if item not in LEAST), *asides, *(item for item in along if item in LEAST))
    return by_value[: min(MOST_ALONG, max(0, MOST_LINES - len(missing)))]


def _notices(case: _Case) -> tuple[Disposition, ...]:
    """What the same letter says besides of issues that are no business of the desk."""
    if not case.matter.answerable:
        return ()
    has_out = any(issue.category.is_out for issue in case.matter.beside)
    has_undisclosed = any(issue.category.is_undisclosed for issue in case.matter.beside)
    named = ((has_out, Disposition.OUT_OF_SCOPE), (has_undisclosed, Disposition.POLICY_NOTICE))
    return tuple(notice for is_there, notice in named if is_there)


def _holds(case: _Case, disposition: Disposition, confidence: float, letter: LetterKind | None) -> Iterator[Reason]:
    """Why an agent looks before any letter goes."""
    # An outage report gets its short letter as soon as it is more likely right than wrong: asking never delays it.
    of_kind = case.pack.policy_of(letter).hold if letter and not is_incident(case.seen) else 0.0
    hold = max(case.pack.thresholds.hold, of_kind)
    if confidence < hold:
        yield Reason(code="hold_low_confidence", detail=f"{confidence:.2f} is under {hold:.2f}")
    yield from _matters_for_people(case)
    if letter:
        yield from _doubts_of_letter(case, letter)
    if disposition is not Disposition.NO_REPLY and case.matter.joins:
        yield from _doubts_of_thread(case, disposition)


def _matters_for_people(case: _Case) -> Iterator[Reason]:
    """What a person answers first, however sure the reading is."""
    hints = {hint.kind for hint in case.seen.hints}
    if "complaint" in hints:
        yield Reason(code="hold_complaint", detail="a complaint goes to a person first")
    if "security" in hints:
        yield Reason(code="hold_security", detail="a matter of security goes to a person first")
    if "sensitive" in hints:
        yield Reason(code="hold_sensitive", detail="law, abuse, a withdrawal or no more mail: a person answers")
    if _names_unknown_account(case):
        yield Reason(code="hold_other_account", detail="an agent makes sure whose account it is")
    ticket = case.history.ticket
    if ticket is not None and ticket.person_first and not case.history.is_awaited:
        why = ", ".join(ticket.person_first)
        yield Reason(code="hold_person_first", detail=why)


def _doubts_of_letter(case: _Case, letter: LetterKind) -> Iterator[Reason]:
    if case.seen.language not in READ_LANGUAGES:
        yield Reason(code="hold_unread_language", detail="the reading is not trained for this language")
    if _is_passed_on(case):
        yield Reason(code="hold_forwarded", detail="a forwarded mail may hold below what the letter asks for")
    if letter is LetterKind.REQUEST_INFORMATION and _says_nothing(case):
        yield Reason(code="hold_nothing_told", detail="neither a symptom nor a product, place or resource was found")
    if letter is LetterKind.REQUEST_INFORMATION and _goes_on_with_closed(case):
        yield Reason(code="hold_goes_on", detail="goes on with a closed ticket: what this mail lacks may stand there")
    limits, history = case.pack.limits, case.history
    if history.ticket is None and (
        history.unanswered_by_sender >= limits.unanswered_per_sender
        or history.unanswered_by_domain >= limits.unanswered_per_domain
    ):
        yield Reason(code="hold_no_dialogue", detail="many of our questions there were never answered")
    if not _is_addressed(case):
        yield Reason(code="hold_bcc", detail="the desk stands in neither To nor Cc: a blind copy or forwarded")


def _doubts_of_thread(case: _Case, disposition: Disposition) -> Iterator[Reason]:
    """Where a mail that joins a ticket may not belong to it, or says too little."""
    if case.history.is_awaited:
        return  # it is the ticket's own matter
    if disposition not in {Disposition.REQUEST_INFORMATION, Disposition.ACCEPT} or case.matter.is_new_in_thread:
        yield Reason(code="hold_new_matter", detail="a new matter in an open ticket: an agent decides where it belongs")
    elif leads_to_another(case.mail, case.pack) or _is_elsewhere(case):
        yield Reason(
            code="hold_new_matter", detail="words that lead to another matter: an agent decides where it belongs"
        )
    if asks_back(case.seen, case.matter.ticket):
        yield Reason(code="hold_asks_back", detail="the customer asks something: a person answers")
    has_asked_before = has_asked(case.history.ticket)
    settles_nothing = has_asked_before and not case.matter.answers
    says_something = is_answer_here(case.mail.reply_text, case.pack)
    if disposition is Disposition.REQUEST_INFORMATION and (
        settles_nothing or is_half_answer(case.seen, case.matter.answers, says_something=says_something)
    ):
        yield Reason(code="hold_half_answer", detail="the reply settles too little to be sure that it is an answer")


def _is_elsewhere(case: _Case) -> bool:
    """Does it answer nothing, and ask only about products that the ticket does not know?"""
    ticket, asked = case.history.ticket, {one for issue in case.matter.answerable for one in issue.products}
    if ticket is None or case.matter.answers:
        return False
    return bool(ticket.products and asked) and not asked & set(ticket.products)


def _is_passed_on(case: _Case) -> bool:
    """A first mail that hands another one on below its own words."""
    mail = case.mail
    is_first = case.history.ticket is None and not mail.in_reply_to
    below = len("".join(mail.text.split())) - len("".join(mail.reply_text.split()))
    return is_first and _FORWARD.match(mail.subject) is not None and below >= PASSED_ON


def _goes_on_with_closed(case: _Case) -> bool:
    """A mail on a closed ticket that does not stand by itself: "it still fails"."""
    link = case.history.link
    is_behind = link is not None and link.kind is LinkKind.FOLLOWS
    is_short = len("".join(case.mail.reply_text.split())) < OWN_MATTER
    return is_behind and (is_short or not case.seen.sections[Section.SYMPTOM].present)


def _says_nothing(case: _Case) -> bool:
    """A greeting, a test: asking for everything would look foolish."""
    seen, pack = case.seen, case.pack
    has_symptom = seen.sections[Section.SYMPTOM].present
    has_place = any(hint.kind in {"region", "resource"} for hint in seen.hints)
    return not (has_symptom or has_place or resources_of(seen, pack) or any(issue.products for issue in seen.issues))


def _is_addressed(case: _Case) -> bool:
    """Does To or Cc name the desk (autoreply rule 8)? Of a file nobody knows to whom it was delivered."""
    own = case.pack.desk.addresses
    if not own or case.mail.envelope.is_from_file:
        return True
    return any(without_plus(address.addr) in own for address in (*case.mail.to, *case.mail.cc))


def _context_reasons(case: _Case) -> Iterator[Reason]:
    if case.history.ticket is not None:
        yield Reason(code="joined", detail=case.history.ticket.ref)
        if _is_with_person(case):
            yield Reason(code="with_person", detail="a person answers here")
        elif has_asked(case.history.ticket) and is_addendum(case.mail, case.history.ticket):
            yield Reason(code="addendum", detail="goes on with the customer's own mail: our letter is not seen yet")
    elif case.history.link is not None:
        yield Reason(code=f"linked_{case.history.link.kind.value}", detail=case.history.link.other)
    if case.matter.answers:
        yield Reason(code="answered", detail=", ".join(sorted(case.matter.answers)))


def _unsure_reasons(unsure: tuple[str, ...]) -> Iterator[Reason]:
    if unsure:
        yield Reason(code="unsure", detail=", ".join(unsure))


def _letter_reasons(case: _Case, *, is_written: bool) -> Iterator[Reason]:
    """Which rule chose the recipient."""
    if not is_written:
        return
    recipient = choose_recipient(case.mail)
    yield Reason(code="recipient", detail=recipient.rule if recipient else "no usable address")
