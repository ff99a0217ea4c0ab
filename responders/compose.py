"""Decision becomes letter: context, text, message — or None where no letter is called for.

Pure and repeatable: the same mail gives the same letter with the same Message-ID, so a crash between composing and
filing never makes two. A customer whose language the pack does not speak gets the letter in the pack's pair of languages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.decision import LetterKind, Reply
from policy.sample import blank
from responders.about import About
from responders.addressee import addressee
from responders.context import desk_name, frame, letter_context, may_quote, may_quote_sender, question_variables
from responders.html import html_of
from responders.language import wanted_language
from responders.letters import joined, letter_languages, render
from responders.mime import Outgoing, message_bytes
from responders.own_words import has_link, without_any_secret, without_secrets
from responders.questions import grouped, kind_of_items, said
from responders.recipient import choose_recipient
from responders.signing import message_id_for, plus_address
from responders.subject import reply_subject

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from models.assessment import Assessment
    from models.decision import Decision, History
    from models.mail import Mail
    from models.views import DueReminder
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_NO_SUBJECT = {"ja": "お問い合わせの件", "en": "Your request"}
_AUTOMATIC = {"ja": "(自動応答)", "en": " (automatic reply)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One letter before it is put into its envelope."""

    kind: LetterKind
    wanted: str  # the customer's language
    languages: tuple[str, ...]  # those of the text
    to: str
    ref: str
    subject: str  # the customer's, as far as it may be repeated
    text: str
    seed: str  # the same for the same letter at every try
    in_reply_to: str | None
    references: tuple[str, ...]
    now: datetime
    links: Mapping[str, str] = field(default_factory=dict)  # what stands in for them in HTML


def compose(
    mail: Mail, seen: Assessment, decision: Decision, history: History, pack: Pack, identity: SenderIdentity
) -> Reply | None:
    """The letter that a decision calls for; None if it calls for none or there is nobody to write to."""
    recipient = choose_recipient(mail)
    if decision.letter is None or recipient is None:
        return None
    wanted = wanted_language(seen, history.ticket, pack)
    languages = letter_languages(wanted, pack)
    contexts = {
        language: letter_context(mail, seen, decision, history, pack, identity, language) for language in languages
    }
    texts = {language: render(decision.letter.value, language, context, pack) for language, context in contexts.items()}
    draft = _Draft(
        kind=decision.letter,
        wanted=wanted,
        languages=languages,
        to=recipient.address,
        ref=history.ref,
        subject=_subject_of(mail, seen, identity),
        text=without_any_secret(joined(texts, pack), seen),
        links={
            str(one["mailto"]): without_any_secret(str(one["whole_link"]), seen)
            for context in contexts.values()
            for one in context["drafts"]  # type: ignore[attr-defined]
        },
        seed=f"{decision.letter.value}:{_mail_key(mail)}",
        in_reply_to=mail.message_id,
        references=_thread_of(mail),
        now=history.now,
    )
    return _reply(draft, pack, identity)


def compose_reminder(due: DueReminder, pack: Pack, identity: SenderIdentity, now: datetime) -> Reply:
    """The one reminder to a customer who has not written back: the same questions, in the same thread.

    Written by the scheduler, so it is `auto-generated` (RFC 3834 5.2).
    """
    languages = letter_languages(due.language, pack)
    about = About(categories=due.categories, kind=kind_of_items(due.asked, pack), products=due.products)
    questions = grouped(due.asked, pack)
    is_quotable = may_quote_sender(due.trust, identity)
    texts = {
        language: render(
            LetterKind.REMINDER.value,
            language,
            {
                **blank(),
                **frame(pack, language, due.ref),
                **question_variables(questions, pack, language, about),
                "to_name": addressee(due.sender_name, language) if is_quotable else "",
                "asks": True,
            },
            pack,
        )
        for language in languages
    }
    draft = _Draft(
        kind=LetterKind.REMINDER,
        wanted=due.language,
        languages=languages,
        to=due.to,
        ref=due.ref,
        subject=due.subject,
        text=joined(texts, pack),
        seed=f"{LetterKind.REMINDER.value}:{due.message_id}",
        in_reply_to=due.message_id,
        references=(due.message_id,),
        now=now,
    )
    return _reply(draft, pack, identity)


def _reply(draft: _Draft, pack: Pack, identity: SenderIdentity) -> Reply:
    tags = pack.desk.subject_tag
    language = draft.languages[0]
    subject = reply_subject(
        draft.subject,
        draft.ref,
        said(tags, language, pack),
        tags=tags.values(),
        empty=_NO_SUBJECT.get(language, _NO_SUBJECT["en"]),
    )
    message_id = message_id_for(draft.ref, draft.seed, identity.domain, identity.secret)
    bounces_to = plus_address(identity.address, draft.ref, identity.secret, is_bounce=True)
    outgoing = Outgoing(
        from_name=f"{desk_name(pack, language)}{_AUTOMATIC.get(language, _AUTOMATIC['en'])}",
        from_address=identity.address,
        reply_to=plus_address(identity.address, draft.ref, identity.secret),
        to=draft.to,
        subject=subject,
        text=draft.text,
        html=html_of(draft.text, pack, language, draft.links) if pack.mail_form.has_html else "",
        sent_at=draft.now.astimezone(ZoneInfo(pack.desk.timezone)),
        message_id=message_id,
        in_reply_to=draft.in_reply_to,
        references=draft.references,
        instance=identity.instance,
        languages=draft.languages,
        charset=pack.mail_form.charset,
        is_reply=draft.kind is not LetterKind.REMINDER,
    )
    return Reply(
        kind=draft.kind,
        language=draft.wanted,
        to=draft.to,
        subject=subject,
        text=draft.text,
        message_id=message_id,
        mail_from="" if identity.has_null_sender else bounces_to,
        raw=message_bytes(outgoing),
    )


def _subject_of(mail: Mail, seen: Assessment, identity: SenderIdentity) -> str:
    """The customer's subject, secrets masked; a link in it is not passed on to an address that nobody has proven."""
    if has_link(mail.subject) and not may_quote(mail, identity):
        return ""
    return without_secrets(mail.subject, seen)


def _thread_of(mail: Mail) -> tuple[str, ...]:
    """The References of a reply (RFC 5322 3.6.4): the mail's own, or its single In-Reply-To, then its Message-ID."""
    earlier = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    return (*earlier, mail.message_id) if mail.message_id else earlier


def _mail_key(mail: Mail) -> str:
    """The same for the same mail at every try."""
    sender = mail.sender.folded if mail.sender else ""
    read = f"{mail.message_id}\0{sender}\0{mail.envelope.received_at.isoformat()}\0{mail.subject}\0{mail.text}"
    return hashlib.sha256(read.encode("utf-8", "replace")).hexdigest()
