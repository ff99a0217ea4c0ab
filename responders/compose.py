"""Decision becomes letter: context, text, message — or None where no letter is called for.

Pure and repeatable: the same mail gives the same letter with the same Message-ID, so a crash between composing and
filing never makes two.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from models.decision import Reply
from responders.context import letter_context
from responders.letters import letter_language, render
from responders.mime import build_message, reply_subject
from responders.signing import message_id_for, plus_address

if TYPE_CHECKING:
    from datetime import datetime

    from models.assessment import Assessment
    from models.decision import Decision, History, LetterKind
    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity


def compose(
    mail: Mail, seen: Assessment, decision: Decision, history: History, pack: Pack, identity: SenderIdentity
) -> Reply | None:
    """The letter that a decision calls for; None if it calls for none or there is nobody to write to."""
    to = recipient(mail)
    if decision.letter is None or to is None:
        return None
    language = letter_language(history.ticket.language if history.ticket else seen.language, pack)
    context = letter_context(mail, seen, decision, history, pack, identity, language)
    return write(
        mail=mail, kind=decision.letter, language=language, to=to, context=context, pack=pack, identity=identity, ref=history.ref, now=history.now
    )


def write(
    *,
    mail: Mail,
    kind: LetterKind,
    language: str,
    to: str,
    context: dict[str, object],
    pack: Pack,
    identity: SenderIdentity,
    ref: str,
    now: datetime,
) -> Reply:
    """Render one letter and put it into its envelope."""
    text = render(kind.value, language, context, pack)
    quoted_subject = mail.subject if context.get("to_name") or identity.is_trusted else ""
    subject = reply_subject(quoted_subject, ref, pack.desk.subject_tag[language])
    message_id = message_id_for(ref, f"{kind.value}:{_mail_key(mail)}", identity.domain, identity.secret)
    return Reply(
        kind=kind,
        language=language,
        to=to,
        subject=subject,
        text=text,
        message_id=message_id,
        mail_from=plus_address(identity.address, ref, identity.secret, is_bounce=True),
        raw=build_message(
            mail=mail,
            pack=pack,
            identity=identity,
            ref=ref,
            kind=kind,
            language=language,
            to=to,
            subject=subject,
            text=text,
            message_id=message_id,
            now=now,
        ),
    )


def recipient(mail: Mail) -> str | None:
    """Whom to answer (autoreply.md 17): From; Reply-To only within From's own domain; the envelope's sender if From has none."""
    if mail.sender is None:
        return None
    for address in mail.reply_to[:1]:
        if address.domain == mail.sender.domain:
            return address.addr
    return mail.sender.addr


def _mail_key(mail: Mail) -> str:
    """The same for the same mail at every try."""
    seen = f"{mail.message_id}\0{mail.subject}\0{mail.text}"
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:20]
