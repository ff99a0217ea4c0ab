"""What an agent typed becomes a letter; what he edited in one becomes that letter. Pure and repeatable.

Promises: the same form gives the same Message-ID, so that one that is sent twice makes one letter; the message says
nothing of being automatic (RFC 3834), and its answers, and what comes back, find the ticket as those of every letter do;
no file is called what its bytes are not.
"""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from models.by_hand import LONGEST_SUBJECT, LONGEST_TEXT
from models.decision import HandLetter
from policy.sample import blank
from policy.sandbox import letters_of
from responders.context import desk_name, frame
from responders.html import html_of
from responders.letters import letter_languages, tidy
from responders.mime import Enclosure, Outgoing, message_bytes
from responders.own_words import MASK, secret_texts
from responders.questions import said
from responders.recipient import usable_address, without_plus
from responders.signing import message_id_for, plus_address
from responders.subject import one_line, reply_subject
from responders.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from email.message import Message

    from models.assessment import Assessment
    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity

MOST_RECIPIENTS = 20
MOST_QUOTED_LINES = 200
LONGEST_NAME = 120  # of a file
VARIABLES = ("ref", "customer_name", "agent", "product")  # of canned texts
_NO_SUBJECT = {"ja": "お問い合わせの件", "en": "Your request"}
_VARIABLE = re.compile(r"\{\{\s*([^{}]{0,40}?)\s*\}\}")
_HONORIFICS = ("様", "御中")
# With an honorific behind it, but not the beginning of another word: 様子, 様々.
_FILLED = re.compile(_VARIABLE.pattern + r"([ \u3000]*(?:様(?![子々式態相])|さま|さん|殿|御中))?")
# Quotes, commands and listings are not prose: no line of them is broken.
_AS_TYPED = re.compile(r"^(?:>|\t|[ \u3000]{2,}\S|[$#] )")
_LONGEST_PROSE = 5_000  # characters of one line; a longer one is a listing
_SPLIT = re.compile(r"[,;、，；\s]+")
_UNFIT_NAME = re.compile(r'[<>:"|?*\\/]')
_MAGIC: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "application/gzip": (b"\x1f\x8b",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (b"PK\x03\x04",),
    "application/msword": (b"\xd0\xcf\x11\xe0",),
    "application/vnd.ms-excel": (b"\xd0\xcf\x11\xe0",),
    "application/vnd.ms-powerpoint": (b"\xd0\xcf\x11\xe0",),
}
_TEXTS = {
    **dict.fromkeys((".txt", ".log", ".conf", ".cnf", ".ini", ".yaml", ".yml", ".toml", ".md", ".sh", ".sql"), "plain"),
    ".csv": "csv",
}
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What of the ticket a letter by hand goes by: the mail that it answers, in whose language."""

    ref: str
    language: str  # the customer's
    subject: str  # what stands in for an empty one
    message_id: str | None
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What an agent typed, its addresses checked (`addresses_in`)."""

    by: str
    key: str  # of the form that it was typed into
    to: str
    cc: tuple[str, ...]
    subject: str
    text: str
    then_state: str
    signed: str = ""  # what the customer reads as the agent's name; empty: `by`
    files: tuple[Enclosure, ...] = ()


def compose_by_hand(
    typed: Typed, answered: Answered, pack: Pack, identity: SenderIdentity, now: datetime
) -> HandLetter:
    """The whole letter."""
    language = letter_languages(answered.language, pack)[0]
    text = text_by_hand(typed.text, signature(pack, language, answered.ref, typed.signed or typed.by))
    subject = subject_by_hand(typed.subject or answered.subject, answered.ref, pack, language)
    message_id = message_id_for(answered.ref, f"agent:{typed.by}:{typed.key}", identity.domain, identity.secret)
    bounces_to = plus_address(identity.address, answered.ref, identity.secret, is_bounce=True)
    outgoing = Outgoing(
        from_name=sender_name(pack, language, typed.signed or typed.by),
        from_address=identity.address,
        reply_to=plus_address(identity.address, answered.ref, identity.secret),
        to=typed.to,
        cc=typed.cc,
        subject=subject,
        text=text,
        html=html_of(text, pack, language, {}) if pack.mail_form.has_html else "",
        sent_at=now.astimezone(ZoneInfo(pack.desk.timezone)),
        message_id=message_id,
        in_reply_to=answered.message_id,
        references=answered.references,
        instance=identity.instance,
        languages=(language,),
        charset=pack.mail_form.charset,
        is_by_hand=True,
        enclosures=typed.files,
    )
    return HandLetter(
        by=typed.by,
        language=answered.language,
        to=typed.to,
        cc=typed.cc,
        subject=subject,
        text=text,
        message_id=message_id,
        mail_from="" if identity.has_null_sender else bounces_to,
        raw=message_bytes(outgoing),
        then_state=typed.then_state,
    )


def edited_message(raw: bytes, subject: str, text: str, pack: Pack, now: datetime) -> bytes:
    """A letter of ours with another subject and text; everything else in its envelope stays as it is."""
    old = message_from_bytes(raw)
    languages = tuple(_header(old, "Content-Language").split(", "))
    name, address = parseaddr(_header(old, "From"))
    parts = list(old.walk())
    has_html = any(part.get_content_type() == "text/html" for part in parts)
    is_reply = _header(old, "Auto-Submitted") != "auto-generated"
    outgoing = Outgoing(
        from_name=str(make_header(decode_header(name))),
        from_address=address,
        reply_to=_header(old, "Reply-To"),
        to=_header(old, "To"),
        cc=tuple(filter(None, _header(old, "Cc").split(", "))),
        subject=subject,
        text=text,
        html=html_of(text, pack, languages[0], {}) if has_html else "",
        sent_at=now.astimezone(ZoneInfo(pack.desk.timezone)),
        message_id=_header(old, "Message-ID"),
        in_reply_to=_header(old, "In-Reply-To") or None,
        references=tuple(_header(old, "References").split()),
        instance=_header(old, "X-Uketsuke-Instance"),
        languages=languages,
        charset=pack.mail_form.charset,
        is_reply=is_reply,
        is_by_hand="Auto-Submitted" not in old,
        enclosures=tuple(_enclosure_of(part) for part in parts if part.get_content_disposition() == "attachment"),
    )
    return message_bytes(outgoing)


def _header(message: Message, name: str) -> str:
    """A header of a message of ours, unfolded; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())


def _enclosure_of(part: Message) -> Enclosure:
    content = part.get_payload(decode=True)
    return Enclosure(
        name=part.get_filename() or "attachment",
        content_type=_header(part, "Content-Type"),
        content=content if isinstance(content, bytes) else b"",
    )


def subject_by_hand(subject: str, ref: str, pack: Pack, language: str) -> str:
    """The subject as letters have it: one `Re:`, one bracket with the ticket, whatever was typed of them."""
    tags = pack.desk.subject_tag
    empty = _NO_SUBJECT.get(language, _NO_SUBJECT["en"])
    return reply_subject(subject[:LONGEST_SUBJECT], ref, said(tags, language, pack), tags=tags.values(), empty=empty)


def text_by_hand(text: str, signed: str) -> str:
    """The text of a letter: prose at the usual width, quotes and commands as they are, the signature below."""
    body = tidy(wrapped(plain_text(text)))
    return f"{body}\n-- \n{signed}"


def wrapped(text: str) -> str:
    """Prose at the usual width; what is quoted, indented or a command stays as it was typed."""
    return "\n".join(
        line if _AS_TYPED.match(line) or len(line) > _LONGEST_PROSE else wrap(line) for line in text.split("\n")
    )


def plain_text(text: str) -> str:
    """What came out of a form: lines end with LF, no NUL and no other control character."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")[:LONGEST_TEXT]
    return "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"})


def signature(pack: Pack, language: str, ref: str, agent: str) -> str:
    """The lines below the text."""
    return _part(pack, "_signature", language, ref, agent, "") or f"{desk_name(pack, language)}\n"


def opening(pack: Pack, language: str, ref: str, agent: str, to_name: str) -> str:
    """With what an agent's letter begins, for him to go on."""
    return _part(pack, "_opening", language, ref, agent, to_name)


def sender_name(pack: Pack, language: str, agent: str) -> str:
    """Who stands in From."""
    name = pack.by_hand.from_name.get(language, "{desk}")
    return one_line(name.replace("{desk}", desk_name(pack, language)).replace("{agent}", agent))


def _part(pack: Pack, name: str, language: str, ref: str, agent: str, to_name: str) -> str:
    if (name, language) not in pack.letters:
        return ""
    context = {**blank(), **frame(pack, language, ref), "to_name": to_name, "agent": agent}
    try:
        return tidy(letters_of(pack, language).get_template(name).render(context))
    except TemplateError:  # a text saved at the desk that does not fit must not keep a letter from going
        return ""


def addresses_in(typed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(usable addresses, what is none) of a line of addresses, each once; display names are left out."""
    good: dict[str, str] = {}
    bad: list[str] = []
    bare = re.sub(r'"[^"]{0,200}"', " ", typed)
    named = re.findall(r"<([^<>\s]{1,320})>", bare)
    for one in named or filter(None, _SPLIT.split(bare)):
        found = usable_address(one)
        if found is None:
            bad.append(one)
        else:
            good.setdefault(found.casefold(), found)
    return tuple(good.values()), tuple(bad)


def own_among(addresses: Iterable[str], own: Iterable[str]) -> tuple[str, ...]:
    """Those that are the desk's own, with or without a plus part."""
    ours = {without_plus(one) for one in own}
    return tuple(one for one in addresses if without_plus(one) in ours)


def thread_of(mail: Mail) -> tuple[str, ...]:
    """The References of an answer to a mail (RFC 5322 3.6.4)."""
    earlier = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    return (*earlier, mail.message_id) if mail.message_id else earlier


def quoted(text: str, lead: str, seen: Assessment | None) -> str:
    """A mail's words behind quote marks, its credentials masked."""
    for secret in secret_texts(seen) if seen else ():
        text = text.replace(secret, MASK)
    lines = plain_text(text).strip("\n").split("\n")
    kept = [f"> {line}".rstrip() for line in lines[:MOST_QUOTED_LINES]]
    return "\n".join((lead, *kept, *(["> …"] if len(lines) > MOST_QUOTED_LINES else []))) + "\n"


def filled(text: str, values: Mapping[str, str]) -> str:
    """A canned text with its variables filled in; what is no variable stays as it is.

    The customer's name brings its honorific along: one that was typed behind it is not said twice.
    """

    def value_of(found: re.Match[str]) -> str:
        name, typed = found[1], found[2] or ""
        value = values.get(name)
        if value is None:
            return found[0]
        return value if value.endswith(_HONORIFICS) else value + typed

    return _FILLED.sub(value_of, text)


def unknown_variables(text: str) -> tuple[str, ...]:
    """What stands in double braces and is no variable of canned texts."""
    return tuple(dict.fromkeys(one for one in _VARIABLE.findall(text) if one not in VARIABLES))


def appended(text: str, more: str) -> str:
    """A text with another one below it, a blank line between."""
    return f"{text.rstrip()}\n\n{more.strip()}\n" if text.strip() else f"{more.strip()}\n"


def file_name(name: str) -> str:
    """A name for an attachment: no path, one line, not endless; Japanese stays."""
    base = one_line(name.replace("\\", "/").rpartition("/")[2])
    clean = _UNFIT_NAME.sub("_", base).strip(". ")
    if len(clean) > LONGEST_NAME:
        stem, dot, ending = clean.rpartition(".")
        ending = f".{ending}" if dot and len(ending) <= 10 else ""
        clean = (stem if ending else clean)[: LONGEST_NAME - len(ending)] + ending
    return clean or "attachment"


def enclosure(name: str, content: bytes) -> Enclosure:
    """A file as it is sent: its type by name and bytes, never by what a browser said."""
    return Enclosure(name=file_name(name), content_type=content_type_of(name, content), content=content)


def content_type_of(name: str, content: bytes) -> str:
    """A type that the bytes bear out; whatever is not known, or could do something where it is opened, is only bytes."""
    ending = "." + name.casefold().rpartition(".")[2] if "." in name else ""
    if ending in _TEXTS:
        return f"text/{_TEXTS[ending]}; charset=utf-8" if _is_utf8(content) else _UNKNOWN
    guess = mimetypes.guess_type(f"x{ending}", strict=True)[0] or ""
    if ending == ".gz":
        guess = "application/gzip"
    return guess if any(content.startswith(magic) for magic in _MAGIC.get(guess, ())) else _UNKNOWN


def files_said(files: Sequence[Enclosure]) -> str:
    """The attachments' names for the history."""
    return ", ".join(one.name for one in files)


def _is_utf8(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
