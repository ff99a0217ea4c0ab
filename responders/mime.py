"""A letter as a complete RFC 5322 message.

Follows RFC 3834 section 3 (autoreply.md 16 to 23): Auto-Submitted, one recipient, In-Reply-To and References, plain
text in UTF-8 and base64. Deterministic: the same letter gives the same bytes.
"""

from __future__ import annotations

import base64
import re
from email.header import Header
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING

from models.decision import LetterKind
from responders.signing import plus_address

if TYPE_CHECKING:
    from datetime import datetime

    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_REPLY_PREFIX = re.compile(r"^\s*(?:(?:re|aw|sv|返信|返|回复|答复)\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*)+", re.IGNORECASE)
_LONGEST_SUBJECT = 200
_SUFFIX = {"ja": "（自動応答）", "en": " (automatic reply)"}


def reply_subject(subject: str, ref: str, tag: str) -> str:
    """`Re: ` + the customer's subject + the reference in one bracket, never stacked."""
    bare = " ".join(_REPLY_PREFIX.sub("", subject).split())
    bare = re.sub(rf"\s*\[[^\[\]]{{0,20}}\b{re.escape(ref)}\]", "", bare).strip()[:_LONGEST_SUBJECT]
    return f"Re: {bare} [{tag} {ref}]".replace("Re:  ", "Re: ")


def build_message(
    *,
    mail: Mail,
    pack: Pack,
    identity: SenderIdentity,
    ref: str,
    kind: LetterKind,
    language: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    now: datetime,
) -> bytes:
    """The message with CRLF line ends, header lines of at most 76 characters where they can be folded."""
    name = f"{pack.desk.organisation[language]} {pack.desk.name[language]}{_SUFFIX.get(language, '')}"
    auto = "auto-generated" if kind is LetterKind.REMINDER else "auto-replied"
    headers = [
        ("From", _address(name, identity.address)),
        ("To", to),
        ("Reply-To", plus_address(identity.address, ref, identity.secret)),
        ("Subject", _folded(subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", message_id),
        *_thread_headers(mail),
        ("Auto-Submitted", auto),
        ("X-Auto-Response-Suppress", "All"),
        ("Precedence", "auto_reply"),
        ("X-Uketsuke-Instance", identity.instance),
        ("Content-Language", language),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "base64"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    body = base64.encodebytes(text.replace("\n", "\r\n").encode("utf-8")).replace(b"\n", b"\r\n")
    return head.encode("utf-8") + b"\r\n" + body


def _thread_headers(mail: Mail) -> list[tuple[str, str]]:
    """In-Reply-To and References (RFC 5322 3.6.4); ids with odd characters would break the header and are left out."""
    if not mail.message_id or not _is_clean_id(mail.message_id):
        return []
    earlier = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    chain = [one for one in dict.fromkeys((*earlier, mail.message_id)) if _is_clean_id(one)]
    kept = chain if len(chain) <= 20 else [chain[0], *chain[-19:]]
    return [("In-Reply-To", mail.message_id), ("References", "\r\n ".join(kept))]


def _is_clean_id(message_id: str) -> bool:
    return re.fullmatch(r"<[!-;=?-~]{1,900}>", message_id) is not None


def _address(name: str, addr: str) -> str:
    return formataddr((name, addr)) if name.isascii() else f"{_folded(name, first=6)} <{addr}>"


def _folded(text: str, first: int = 9) -> str:
    """Encoded words of at most 75 characters, never cut inside a character; plain ASCII stays readable."""
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, maxlinelen=74, header_name="x" * (first - 2)).encode(linesep="\r\n")
