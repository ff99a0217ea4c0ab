"""A letter as an edited text would make it of a real ticket: read, decided and masked as everywhere on the desk.

Promises: nothing is written or sent; a text that does not fit is told by line and what is wrong, never raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk.details import detail_text
from desk.masking import hidden, without_secrets
from desk.texts import words
from ingest.parse import parse_mail
from models.decision import History, LetterKind
from models.errors import NotFound
from models.mail import Trust
from models.views import DueReminder
from policy.verify import letter_findings
from responders.compose import compose, compose_reminder
from responders.identity import SenderIdentity

if TYPE_CHECKING:
    from desk.frame import Desk
    from models.decision import Reply
    from models.errors import PackError
    from models.views import MailView, TicketView
    from policy.pack import Pack

_LINE = re.compile(r"line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Subject and text of the letter, or why there is none."""

    subject: str = ""
    text: str = ""
    error: str = ""  # in the page's language
    is_unfit: bool = False  # the text itself is at fault, and is not saved


def overlaid(desk: Desk) -> Pack:
    """The pack with what is saved by now; what does not fit is the worker's to leave out, here it can be seen."""
    saved = {key: text for key, text in desk.store.letter_texts().items() if key in desk.pack.letters}
    return replace(desk.pack, letters={**desk.pack.letters, **saved})


def with_text(pack: Pack, name: str, language: str, text: str) -> Pack:
    """The pack with one more text in place of its own."""
    return replace(pack, letters={**pack.letters, (name, language): text})


def finding(pack: Pack, name: str, language: str) -> PackError | None:
    """The first thing that is wrong with this text in this pack; None if it may be used."""
    return next(letter_findings(pack, name, language), None)


def said(error: PackError, name: str, language: str) -> str:
    """What is wrong, for the page: the letter's name where it shows in another one than was edited, the line, the mend."""
    w = words(language)
    line = _LINE.fullmatch(error.key)
    where = w["at_line"].format(line=line[1]) if line else "" if error.key in {"-", "line ?"} else error.key
    what = detail_text(error.mend, language)
    file = error.file.rpartition("/")[2].removesuffix(".txt")
    elsewhere = "" if file == name else w.get(file, file)
    return ": ".join(part for part in (elsewhere, where, what) if part)


def preview(desk: Desk, ref: str, name: str, language: str, text: str, *, speaking: str) -> Preview:
    """The letter that this text makes of that ticket.

    Args:
        desk: Store, pack and settings.
        ref: The ticket.
        name: The template or part that is edited.
        language: Its language.
        text: What was typed.
        speaking: The page's language, for what goes wrong.
    """
    w = words(speaking)
    pack = with_text(overlaid(desk), name, language, text)
    wrong = finding(pack, name, language)
    if wrong is not None:
        return Preview(error=said(wrong, name, speaking), is_unfit=True)
    try:
        view = desk.store.ticket(ref)
    except NotFound as error:
        return Preview(error=detail_text(str(error), speaking))
    mail = next((one for one in reversed(view.mails) if one.seen is not None and one.decision is not None), None)
    if mail is None:
        return Preview(error=w["not_read"])
    try:
        letter = _letter(desk, pack, view, mail, kind_for(pack, name, language, mail), language)
    except Exception as error:  # noqa: BLE001 - a template is a program: whatever it raises on this ticket, its author must hear
        return Preview(error=detail_text(f"does not render: {error}", speaking), is_unfit=True)
    if letter is None:
        return Preview(error=w["no_address"])
    return Preview(
        subject=without_secrets(hidden(letter.subject), view.mails),
        text=without_secrets(hidden(letter.text), view.mails),
    )


def kind_for(pack: Pack, name: str, language: str, mail: MailView) -> LetterKind:
    """The kind of letter to show a text in: its own; for a part, the ticket's if it includes the part, else the first."""
    if not name.startswith("_"):
        return LetterKind(name)
    including = [kind for kind in LetterKind if includes(pack, kind.value, name, language)] or list(LetterKind)
    called_for = mail.decision.letter if mail.decision else None
    return called_for if called_for in including and called_for is not None else including[0]


def includes(pack: Pack, name: str, part: str, language: str, depth: int = 5) -> bool:
    """Does a template include a part, itself or through its parts?"""
    named = re.findall(r"{%-?\+?\s*include\s+[\"'](\w+)[\"']", pack.letters.get((name, language), ""))
    return part in named or (depth > 0 and any(includes(pack, one, part, language, depth - 1) for one in named))


def _letter(desk: Desk, pack: Pack, view: TicketView, shown: MailView, kind: LetterKind, language: str) -> Reply | None:
    envelope = desk.store.envelope(shown.mail_id)
    address = next(iter(envelope.rcpt_tos), "") or f"desk@{desk.settings.title}"
    identity = SenderIdentity(
        address=address,
        domain=address.rpartition("@")[2],
        secret=desk.settings.secret,
        instance="preview",
        is_trusted=desk.settings.are_senders_trusted,
    )
    assert shown.seen is not None and shown.decision is not None  # noqa: PT018 - one fact: the mail was read
    if kind is LetterKind.REMINDER:
        due = DueReminder(
            ref=view.row.ref or "",
            language=language,
            to=shown.sender,
            subject=shown.subject,
            asked=shown.decision.missing or view.row.missing,
            message_id=shown.message_id or "<preview@localhost>",
            mail_id=shown.mail_id,
            categories=tuple(dict.fromkeys(issue.category for issue in shown.seen.issues)),
            products=view.row.products,
            sender_name=shown.sender_name,
            trust=Trust(shown.trust),
        )
        return compose_reminder(due, pack, identity, desk.clock())
    mail = parse_mail(desk.store.raw_mail(shown.mail_id), envelope, own_addresses=desk.pack.desk.addresses)
    return compose(
        replace(mail, trust=Trust(shown.trust)),
        replace(shown.seen, language=language),
        replace(shown.decision, letter=kind),
        History(now=desk.clock(), ref=view.row.ref or ""),
        pack,
        identity,
    )
