"""The form that an agent writes a reply in: what it shows, what is wrong with what was typed, what he should look at again.

Promises: what is shown is masked as everywhere on the desk; whatever was typed is shown again until it has gone or was
discarded; nothing is written.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from classify.language import language_of
from classify.normalise import fold
from classify.segment import Document
from desk.masking import hidden, without_secrets
from desk.preview import overlaid
from desk.readings import quotable_mails
from desk.texts import TOKENS, words
from ingest.parse import parse_mail
from models.by_hand import LONGEST_TEXT, MOST_FILE_BYTES, Draft
from models.mail import Trust
from models.states import Cause, TicketState, moves_by
from responders.addressee import addressee
from responders.by_hand import (
    MOST_RECIPIENTS,
    Answered,
    addresses_in,
    appended,
    filled,
    opening,
    own_among,
    quoted,
    sender_name,
    signature,
    subject_by_hand,
    thread_of,
)
from responders.identity import SenderIdentity
from responders.letters import letter_languages
from responders.own_words import without_secrets as without_named_secrets
from responders.recipient import choose_recipient, without_plus
from responders.warnings import Facts, own_text, warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fastapi import Request

    from desk.frame import Desk
    from models.by_hand import CannedText, DraftFile, SavedDraft
    from models.mail import Mail
    from models.views import EventView, MailView, TicketView
    from policy.pack import Pack

# Where a ticket may stand behind a reply, the likeliest first.
AFTER = (TicketState.ANSWERED, TicketState.WAITING_CUSTOMER, TicketState.READY, TicketState.CLOSED)
_MOST_ASKED = 20_000  # characters of a mail that are looked through for what needs an identity check
_LONGEST_NEWS = 1_000  # characters of a mail that came meanwhile, on top of the form


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The ticket that is answered, as the form goes by it."""

    view: TicketView
    mails: tuple[MailView, ...]  # whose words a reply may hold: also those that the ticket is about in part
    mail: MailView  # the one that is answered
    head: Mail  # its headers
    pack: Pack  # with the texts that were saved at the desk
    identity: SenderIdentity
    agent: str
    signed: str  # what the customer reads as the agent's name

    @property
    def ref(self) -> str:
        """The ticket."""
        return self.view.row.ref or ""

    @property
    def language(self) -> str:
        """The language that the reply is framed in."""
        return letter_languages(self.view.row.language, self.pack)[0]

    @property
    def to(self) -> str:
        """Whom a letter would go to; empty where nobody can be written to."""
        found = choose_recipient(self.head)
        return found.address if found else ""

    @property
    def customer(self) -> str:
        """His name with its honorific; empty where there is none, or a forger wrote it."""
        is_forged = self.mail.trust == Trust.FAILED.value
        return "" if is_forged else addressee(self.mail.sender_name, self.language)

    @property
    def subject(self) -> str:
        """Of his mail, credentials masked."""
        seen = self.mail.seen
        return hidden(without_named_secrets(self.mail.subject, seen) if seen else self.mail.subject)

    @property
    def own(self) -> frozenset[str]:
        """The desk's own addresses."""
        return self.pack.desk.addresses | {self.identity.address.casefold()}

    def answered(self) -> Answered:
        """For composing."""
        return Answered(
            ref=self.ref,
            language=self.view.row.language,
            subject=self.subject,
            message_id=self.mail.message_id,
            references=thread_of(replace(self.head, message_id=self.mail.message_id)),
        )

    def others(self) -> tuple[str, ...]:
        """Who may be put in Cc: those who take part, without the desk and the recipient."""
        us = {*(without_plus(one) for one in self.own), without_plus(self.to)}
        writers = (mail.sender for mail in self.view.mails if mail.trust != Trust.FAILED.value)
        everyone = dict.fromkeys(one for one in (*self.view.participants, *writers) if one)
        return tuple(one for one in everyone if without_plus(one) not in us)

    def belonging(self) -> frozenset[str]:
        """The addresses that are no strangers to the ticket."""
        return frozenset(one for one in (self.to, self.view.row.sender, *self.others()) if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A mail that came while the agent wrote."""

    mail_id: int
    sender: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyForm:
    """Everything that `_reply.html` prints."""

    action: str
    page: str  # where the form was: the ticket's page, or its own
    key: str  # of this form: sent twice it makes one letter
    version: int
    seen_mail: int
    seen_events: int
    sender: str
    to: str
    offered: tuple[tuple[str, bool], ...]  # participants, and whether they are in Cc
    cc_more: str
    subject: str
    text: str
    signature: str
    states: tuple[str, ...]
    then_state: str
    files: tuple[DraftFile, ...]
    most_bytes: int
    canned: tuple[tuple[int, str, str], ...]  # id, name, the text as it would be put in
    disclaimer: str
    quote: bool
    problems: tuple[str, ...]
    warnings: tuple[tuple[str, str], ...]  # code, what to say
    news: tuple[News, ...]
    events: tuple[EventView, ...]
    others: tuple[tuple[str, str], ...]  # who else writes, since when
    notice: str = ""
    saved_at: str = ""
    is_stopped: bool = False
    held_others: int = 0  # letters by rule that wait for an agent, and that this one overtakes

    @property
    def is_open(self) -> bool:
        """Is there anything to look at, so that the form should not be folded away?"""
        return bool(self.problems or self.saved_at or self.news)


def subject_of(desk: Desk, view: TicketView, agent: str) -> Subject | None:
    """What a reply to this ticket goes by; None where none of its mails was read."""
    read = [mail for mail in view.mails if mail.seen is not None]
    # A ticket that was split off answers the mail that it is about in part, until its customer writes to it.
    mails = quotable_mails(desk, view)
    read = read or [mail for mail in mails if mail.seen is not None]
    people = [mail for mail in read if not (mail.automation and mail.automation.kind)]
    if not read:
        return None
    mail = (people or read)[-1]
    envelope = desk.store.envelope(mail.mail_id)
    identity = desk.settings.identity or _stand_in(desk, next(iter(envelope.rcpt_tos), ""))
    head = parse_mail(desk.store.mail_head(mail.mail_id), envelope, own_addresses=desk.pack.desk.addresses)
    return Subject(
        view=view,
        mails=mails,
        mail=mail,
        head=replace(head, trust=Trust(mail.trust)),
        pack=overlaid(desk),
        identity=identity,
        agent=agent,
        signed=desk.store.display_of(agent),
    )


def _stand_in(desk: Desk, delivered_to: str) -> SenderIdentity:
    """Who writes where nobody said so: the address that the mail was sent to."""
    address = without_plus(delivered_to) if "@" in delivered_to else "support@localhost"
    return SenderIdentity(
        address=address,
        domain=address.rpartition("@")[2],
        secret=desk.settings.secret,
        instance="desk",
        is_trusted=desk.settings.are_senders_trusted,
    )


def reply_context(desk: Desk, request: Request, view: TicketView, *, page: str = "ticket") -> ReplyForm | None:
    """The form for this agent on this ticket; None where there is nothing to answer."""
    agent = desk.agent(request) or ""
    about = subject_of(desk, view, agent)
    if about is None:
        return None
    saved = desk.store.draft(about.ref, agent)
    draft = saved.draft if saved else first_draft(about)
    language = desk.language(request)
    notice = request.query_params.get("reply", "")
    checked = check(about, draft)
    is_tried = saved is not None and notice == "wrong"
    in_cc = {one.casefold() for one in checked.cc}
    offered = tuple((one, one.casefold() in in_cc) for one in about.others())
    listed = {one.casefold() for one, _ in offered}
    states = states_after(view)
    others_held = [one for one in view.replies if one.state == "held" and one.kind != "agent"]
    return ReplyForm(
        action=f"/tickets/{about.ref}",
        page=page,
        key=secrets.token_hex(8),
        version=view.row.version,
        seen_mail=_latest(view),
        seen_events=len(view.events),
        sender=f"{sender_name(about.pack, about.language, about.signed)} <{about.identity.address}>",
        to=draft.to,
        offered=offered,
        cc_more=", ".join(one for one in draft.cc if one.casefold() not in listed),
        subject=draft.subject,
        text=draft.text,
        signature=signature(about.pack, about.language, about.ref, about.signed),
        states=states,
        then_state=draft.then_state if draft.then_state in states else states[0],
        files=saved.files if saved else (),
        most_bytes=MOST_FILE_BYTES,
        canned=_canned(desk.store.canned_texts(), about),
        disclaimer=about.pack.texts.get("disclaimer", {}).get(about.language, ""),
        quote=bool(about.mail.reply_text.strip()),
        problems=tuple(problem_text(one, language) for one in checked.problems) if is_tried else (),
        warnings=warning_lines(desk, about, draft, saved, language) if saved else (),
        news=_news(about, draft) if saved else (),
        events=view.events[draft.seen_events :] if saved else (),
        others=tuple((one.agent, local_time(desk, one.since)) for one in desk.store.others_writing(about.ref, agent)),
        notice=notice if f"replied_{notice}" in words(language) else "",
        saved_at=local_time(desk, saved.at) if saved else "",
        is_stopped=desk.store.letters_stopped() is not None,
        held_others=len(others_held),
    )


def first_draft(about: Subject) -> Draft:
    """With what a reply begins."""
    return Draft(
        to=about.to,
        subject=subject_by_hand(about.subject, about.ref, about.pack, about.language),
        text=opening(about.pack, about.language, about.ref, about.signed, about.customer) + "\n",
        seen_mail=_latest(about.view),
        seen_events=len(about.view.events),
    )


def states_after(view: TicketView) -> tuple[str, ...]:
    """Where the ticket may stand behind a reply: where an agent may move it, or where it is."""
    was = TicketState(view.row.state)
    legal = {was, *moves_by(Cause.AGENT, was)}
    found = [state.value for state in AFTER if state in legal]
    if was is TicketState.CLOSED:  # a word more on a closed ticket leaves it closed
        return (was.value, *(one for one in found if one != was.value))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was typed, as it would go; `problems` are codes with what they are about, "bad_cc: nobody"."""

    to: str
    cc: tuple[str, ...]
    problems: tuple[str, ...]


def check(about: Subject, draft: Draft) -> Checked:
    """What keeps a letter from going."""
    to, bad_to = addresses_in(draft.to)
    cc, bad_cc = addresses_in(", ".join(draft.cc))
    cc = tuple(one for one in cc if one.casefold() not in {two.casefold() for two in to})
    problems = []
    if bad_to or len(to) != 1:
        problems.append(f"bad_to: {draft.to.strip()}")
    if bad_cc:
        problems.append(f"bad_cc: {', '.join(bad_cc)}")
    if ours := own_among((*to, *cc), about.own):
        problems.append(f"own_address: {', '.join(ours)}")
    if len(cc) >= MOST_RECIPIENTS:
        problems.append(f"many_cc: {MOST_RECIPIENTS - 1}")
    if not own_text(draft.text).strip() or draft.text.strip() == _opening_of(about):
        problems.append("empty_text")
    if len(draft.text) > LONGEST_TEXT:
        problems.append(f"long_text: {LONGEST_TEXT:,}")
    return Checked(to=to[0] if to else "", cc=cc, problems=tuple(problems))


def _opening_of(about: Subject) -> str:
    return opening(about.pack, about.language, about.ref, about.signed, about.customer).strip()


def problem_text(problem: str, language: str) -> str:
    """One problem for a person."""
    code, _, what = problem.partition(": ")
    return words(language)[f"reply_problem_{code}"].format(what=hidden(what))


def warning_lines(
    desk: Desk, about: Subject, draft: Draft, saved: SavedDraft | None, language: str, *, more_files: int = 0
) -> tuple[tuple[str, str], ...]:
    """(code, what to say) of everything that the agent should look at again."""
    checked = check(about, draft)
    recipients = tuple(one for one in (checked.to, *checked.cc) if one)
    limits = about.pack.limits
    facts = Facts(
        text=draft.text,
        language=written_in(own_text(draft.text)),
        wanted=about.view.row.language,
        files=more_files + (len(saved.files) if saved else 0),
        holds_secret=_holds_secret(draft, about),
        asks=f"{about.mail.subject}\n{about.mail.reply_text}"[:_MOST_ASKED],
        trust=about.mail.trust,
        has_known_account=bool(about.view.known_accounts),
        recipients=recipients,
        participants=about.belonging(),
        standing=desk.store.standing_of(recipients, now=desk.clock(), bounce_hold=limits.bounce_hold),
    )
    w = words(language)
    lines = []
    for one in warnings_of(facts, about.pack):
        what = TOKENS[language].get(one.found, one.found) if one.code == "other_language" else one.found
        shown = without_secrets(hidden(what), about.mails)
        lines.append((one.code, w[f"reply_warning_{one.code}"].format(what=shown)))
    return tuple(lines)


def local_time(desk: Desk, at: datetime) -> str:
    """The time of day where the desk is; with the date where that is another than today."""
    zone = ZoneInfo(desk.pack.desk.timezone)
    then, now = at.astimezone(zone), desk.clock().astimezone(zone)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y/%m/%d %H:%M}"


def written_in(text: str) -> str:
    """The language of what an agent wrote: ja, en, zh or other."""
    return language_of(Document(folded=fold(text), lines=()))


def _holds_secret(draft: Draft, about: Subject) -> bool:
    """Does text or subject hold what looks like a credential, or one that the customer sent?"""
    whole = f"{draft.subject}\n{draft.text}"
    return without_secrets(hidden(whole), about.mails) != whole


def _latest(view: TicketView) -> int:
    return max((mail.mail_id for mail in view.mails), default=0)


def _news(about: Subject, draft: Draft) -> tuple[News, ...]:
    """The mails that came since the form was shown, the latest last."""
    fresh = [mail for mail in about.view.mails if mail.mail_id > draft.seen_mail]
    return tuple(
        News(
            mail_id=mail.mail_id,
            sender=mail.sender,
            at=mail.received_at,
            text=without_secrets(hidden(mail.reply_text or mail.text), about.mails)[:_LONGEST_NEWS],
        )
        for mail in fresh
    )


def _canned(texts: Sequence[CannedText], about: Subject) -> tuple[tuple[int, str, str], ...]:
    """The texts that fit the ticket's language, filled in; those of other languages behind, their language named."""
    fitting = sorted(texts, key=lambda one: (one.language != about.language, one.name))
    return tuple(
        (
            one.text_id,
            one.name if one.language == about.language else f"{one.name} ({one.language})",
            filled(one.text, values_for(about, one.language)),
        )
        for one in fitting
    )


def values_for(about: Subject, language: str) -> dict[str, str]:
    """What the variables of canned texts stand for on this ticket."""
    names = [about.pack.products[one].name for one in about.view.row.products if one in about.pack.products]
    joint = "、" if language == "ja" else ", "
    product = joint.join(name.get(language) or name[about.pack.default_language] for name in names)
    is_forged = about.mail.trust == Trust.FAILED.value
    customer = "" if is_forged else addressee(about.mail.sender_name, language)
    w = words(language)
    return {
        "ref": about.ref,
        "agent": about.signed,
        "customer_name": customer or w["reply_customer"],
        "product": product or w["reply_product"],
    }


def with_canned(desk: Desk, about: Subject, draft: Draft, text_id: int) -> Draft:
    """The draft with a canned text below what was typed; as it is where that text is gone."""
    found = next((one for one in desk.store.canned_texts() if one.text_id == text_id), None)
    if found is None:
        return draft
    more = filled(found.text, values_for(about, found.language))
    return replace(draft, text=appended(draft.text, more))


def with_quote(about: Subject, draft: Draft) -> Draft:
    """The draft with the customer's words below, credentials masked."""
    mail = about.mail
    at = mail.received_at.astimezone(ZoneInfo(about.pack.desk.timezone))
    who = mail.sender_name or mail.sender
    lead = words(about.language)["reply_quote_lead"].format(at=f"{at:%Y/%m/%d %H:%M}", who=hidden(who))
    said = quoted(without_secrets(hidden(mail.reply_text), about.mails), lead, mail.seen)
    return replace(draft, text=appended(draft.text, said))


def with_disclaimer(about: Subject, draft: Draft) -> Draft:
    """The draft with the pack's disclaimer below what was typed."""
    sentence = about.pack.texts.get("disclaimer", {}).get(about.language, "")
    return replace(draft, text=appended(draft.text, sentence)) if sentence else draft
