"""The body: the best text of a MIME tree, and its attachments.

Promises: text of an attached mail (message/rfc822) stays an attachment; a blank plain part does not hide its HTML; no
text part at all still gives the raw payload. `part` numbers count the depth-first walk and are the key to the bytes.
"""

from __future__ import annotations

import mimetypes
import quopri
import re
import unicodedata
from email import message_from_bytes
from typing import TYPE_CHECKING

from ingest.charset import decode
from ingest.headers import as_bytes, lenient_base64, parameter, raw_headers
from ingest.html import html_to_text
from ingest.structure import Part
from models.mail import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from email.message import Message

MAX_PARTS = 2_000
MAX_DEPTH = 200
MAX_TEXT_BYTES = 4 * 2**20  # of one text part; what is longer is no letter but a log, and stays in the raw mail
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_SOFT_BLANKS = re.compile(rb"=[ \t]{1,80}(\r?\n)")  # RFC 2045 6.7 (3): blanks at a line's end were added on the way
_CODED = re.compile(rb"[A-Za-z0-9+/]{2,}={0,3}|={0,3}")
_WORDS = re.compile(rb"[A-Za-z] (?=[A-Za-z])")
_META = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_FOOTER_START = re.compile(rb"[_=*-]{4,}\s*$|-- \r?\n|[A-Za-z]+[ ,:].* ")
_LONGEST_PREAMBLE = 4_000
_OPENING = re.compile(rb"\A(?:[^\r\n]*\r?\n){0,3}?--([^\s][^\r\n]{0,200}?)[ \t]*\r?\ncontent-", re.IGNORECASE)
_METHOD = re.compile(rb"^METHOD:([A-Z-]{1,20})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_SEEN_AS = {"Cc": " ", "Cf": "", "Zl": " ", "Zp": " "}  # controls and line ends; direction marks and joiners
# A plain part that only says that the mail is HTML; the words are in the other one.
_LONGEST_STUB = 400
_STUB = re.compile(
    r"HTML(?:形式|メール|表示|対応)|HTML (?:e-?mail|mail|message|version|format|capable|compatible)|(?:view|see|read|display|support).{0,60}\bHTML\b"
    r"|\bHTML\b.{0,60}(?:view|reader|support|client|ご覧|表示|対応)|(?:不支持|支持|查看|显示).{0,20}HTML|HTML.{0,20}(?:邮件|郵件|格式)",
    re.IGNORECASE,
)
_UNNAMED_TEXT = frozenset({"text/plain", "text/html", "text/enriched", "application/pgp"})  # the last: Mutt before 2000


def walk(message: Message) -> Iterator[tuple[int, Message]]:
    """Every part with its number, depth first; attached mails are one part. Bounded in number and depth."""
    number = 0
    stack: list[tuple[Message, int]] = [(message, 0)]
    while stack and number < MAX_PARTS:
        part, depth = stack.pop()
        yield number, part
        number += 1
        if depth < MAX_DEPTH and content_type(part).startswith("multipart/"):
            stack.extend((child, depth + 1) for child in reversed(children(part)))


def children(part: Message) -> list[Message]:
    """The parts of a multipart; none if it has no readable parts."""
    payload = raw_payload(part)
    if isinstance(payload, list):
        return [child for child in payload if not isinstance(child, str)]
    return _parts_without_boundary(str(payload or "")) if content_type(part).startswith("multipart/") else []


def _parts_without_boundary(payload: str) -> list[Message]:
    """The parts of a multipart whose boundary is missing or wrong in its header, found by the first line that looks like one."""
    raw = as_bytes(payload)
    opening = _OPENING.match(raw.lstrip()[:_LONGEST_PREAMBLE])
    if opening is None:
        return []
    try:
        found = message_from_bytes(
            b'Content-Type: multipart/mixed; boundary="' + opening[1].replace(b'"', b"") + b'"\n\n' + raw, Part
        ).get_payload()
    except (ValueError, AttributeError, RecursionError):
        return []
    return [child for child in found if not isinstance(child, str)] if isinstance(found, list) else []


def raw_payload(part: Message) -> object:
    """The payload as it was parsed; `get_payload()` would already decode 8-bit bytes by the label, and lose them."""
    return getattr(part, "_payload", None)


def content_type(part: Message) -> str:
    """The content type in lower case; the standard's default when absent or broken."""
    return part.kind if isinstance(part, Part) else part.get_content_type()


def payload_bytes(part: Message) -> bytes:
    """The bytes of one part, transfer encoding undone, however broken."""
    payload = raw_payload(part)
    if isinstance(payload, list):
        return b""  # a container has no bytes of its own
    raw = as_bytes(str(payload or ""))
    encodings = raw_headers(part, "Content-Transfer-Encoding")
    encoding = encodings[0].decode("ascii", "replace").strip().strip('"').lower() if encodings else ""
    if encoding.startswith("base64"):
        return raw if _is_prose(raw) else lenient_base64(raw)
    if encoding.startswith("quoted") and not (b"\x1b$" in raw and b"=1B" not in raw):  # raw JIS was never encoded
        return quopri.decodestring(_SOFT_BLANKS.sub(rb"=\1", raw))
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        decoded = part.get_payload(decode=True)
        return decoded if isinstance(decoded, bytes) else raw
    return raw


def _is_prose(raw: bytes) -> bool:
    """Text under a wrong base64 label: words with blanks between them, or many bytes that base64 does not know."""
    sample = raw[:2000].strip()
    strange = len(_NOT_BASE64.findall(sample))
    return bool(sample) and (strange * 10 > len(sample) or len(_WORDS.findall(sample)) * 12 > len(sample))


def part_text(part: Message) -> str:
    """The decoded text of one text part, HTML turned into text, line ends made line feeds."""
    raw = _text_bytes(part)[:MAX_TEXT_BYTES]
    label = parameter(part, "Content-Type", "charset")
    if not label and content_type(part) == "text/html" and (meta := _META.search(raw[:4000])):
        label = meta[1].decode("ascii")
    text = decode(raw, label)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kind = content_type(part)
    if kind == "text/html" or (kind == "text/plain" and _is_html(text)):
        return html_to_text(text)
    if parameter(part, "Content-Type", "format").lower() == "flowed":
        return unflow(text, delsp=parameter(part, "Content-Type", "delsp").lower() == "yes")
    return text


def _text_bytes(part: Message) -> bytes:
    """The bytes of a text; plain lines that a list server put behind a base64 text are kept plain."""
    raw = as_bytes(str(raw_payload(part) or ""))
    encodings = raw_headers(part, "Content-Transfer-Encoding")
    if not (encodings and encodings[0].strip().lower().startswith(b"base64")):
        return payload_bytes(part)
    lines = raw.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not _CODED.fullmatch(line.strip())), len(lines))
    coded = [line.strip() for line in lines[:end] if line.strip()]
    is_ended = bool(coded) and (coded[-1].endswith(b"=") or len(coded[-1]) < len(coded[0]) or len(coded[-1]) % 4 == 0)
    if end == len(lines) or not is_ended or not _FOOTER_START.match(lines[end]):
        return payload_bytes(part)
    return lenient_base64(b"".join(coded)).rstrip(b"\r\n") + b"\n" + b"".join(lines[end:])


def _is_html(text: str) -> bool:
    return re.match(r"\s*(?:<!doctype html|<html[\s>])", text, re.IGNORECASE) is not None


def unflow(text: str, *, delsp: bool) -> str:
    r"""RFC 3676: soft line breaks joined; with delsp (Apple Mail in Japanese) without a blank."""
    out: list[list[str]] = []
    depth_before, is_open = -1, False
    for line in text.split("\n"):
        marks = re.match(r">*", line)
        depth = len(marks[0]) if marks else 0
        body = line[depth:].removeprefix(" ") if depth or line.startswith(" ") else line
        is_soft = body.endswith(" ") and body != "-- "
        content = body[:-1] if is_soft and delsp else body
        if is_open and depth == depth_before and body != "-- ":
            out[-1].append(content)
        else:
            out.append(["> ", ">" * (depth - 1), content] if depth else [content])
        depth_before, is_open = depth, is_soft
    return "\n".join("".join(pieces) for pieces in out)


def body_text(message: Message) -> str:
    """The best text of the whole mail: of each alternative one, the rest one after the other."""
    texts = [text for text in _texts(message, 0) if text.strip()] or _named_texts(message)
    if texts:
        return "\n".join(text.strip("\n") for text in texts)
    return _raw_fallback(message)


def _named_texts(message: Message) -> list[str]:
    """Where no nameless text says anything: the first named text that was not sent as an attachment."""
    for _, part in walk(message):
        if content_type(part) in _UNNAMED_TEXT and not _is_attached(part) and (text := part_text(part)).strip():
            return [text]
    return []


def _is_attached(part: Message) -> bool:
    disposition = raw_headers(part, "Content-Disposition")
    return bool(disposition) and disposition[0].strip().lower().startswith(b"attachment")


def _texts(part: Message, depth: int) -> list[str]:
    kind = content_type(part)
    if depth > MAX_DEPTH or kind.startswith("message/"):
        return []
    if kind.startswith("multipart/"):
        parts = children(part)[:MAX_PARTS]
        if kind == "multipart/alternative":
            return _best_alternative(parts, depth)
        return [text for child in parts for text in _texts(child, depth + 1)]
    return [part_text(part)] if is_body_text(part) else []


def _best_alternative(parts: list[Message], depth: int) -> list[str]:
    """The plain one if it says anything, else the richest that does; text that stands beside (a disclaimer) is kept."""
    plain = [texts for part in parts if content_type(part) == "text/plain" and (texts := _spoken(part, depth))]
    if plain and not any(_STUB.search(text[:_LONGEST_STUB]) and len(text) < _LONGEST_STUB for text in plain[0]):
        return plain[0]
    rich = [texts for part in parts if content_type(part) != "text/plain" and (texts := _spoken(part, depth))]
    if plain and (not rich or _letters("".join(plain[0])) in _letters("".join(rich[-1]))):
        return plain[0]  # the sender writes about HTML, and says the same in both
    return rich[-1] if rich else []


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _spoken(part: Message, depth: int) -> list[str]:
    """The texts of one alternative; none if they say nothing."""
    texts = _texts(part, depth + 1)
    return texts if any(text.strip() for text in texts) else []


def is_body_text(part: Message) -> bool:
    """A text part that belongs to the body: not attached, not named (a named plain text is a file)."""
    if content_type(part) not in _UNNAMED_TEXT:
        return False
    return not _is_attached(part) and not part_name(part)


def _raw_fallback(message: Message) -> str:
    """No text part: a multipart without a boundary, or the whole mail is one odd part."""
    payload = raw_payload(message)
    if (
        isinstance(payload, str)
        and content_type(message).startswith(("multipart/", "text/"))
        and not part_name(message)
    ):
        disposition = raw_headers(message, "Content-Disposition")
        if not (disposition and disposition[0].strip().lower().startswith(b"attachment")):
            return decode(payload_bytes(message), parameter(message, "Content-Type", "charset")).replace("\r\n", "\n")
    for part in (part for _, part in walk(message)):
        if content_type(part).startswith("multipart/") and isinstance(raw_payload(part), str):
            return decode(payload_bytes(part), parameter(part, "Content-Type", "charset")).replace("\r\n", "\n")
    return ""


def part_name(part: Message) -> str:
    """The file name that the part itself gives, without folders and characters that nobody sees; empty if it has none."""
    name = parameter(part, "Content-Disposition", "filename") or parameter(part, "Content-Type", "name")
    name = "".join(_SEEN_AS.get(unicodedata.category(char), char) for char in name)
    name = " ".join(name.replace("\\", "/").rstrip("/ ").rpartition("/")[2].split())
    name = unicodedata.normalize("NFC", name)  # macOS writes が as か and a mark
    return "" if name in {".", ".."} else name


def calendar_methods(parts: Iterable[tuple[int, Message]]) -> tuple[str, ...]:
    """What the calendar parts that a mail program sent along want (RFC 5546: REQUEST, CANCEL, REPLY), in capitals."""
    found: list[str] = []
    for _, part in parts:
        if content_type(part) != "text/calendar" or _is_attached(part):
            continue
        inside = _METHOD.search(payload_bytes(part)[:_LONGEST_PREAMBLE])
        method = parameter(part, "Content-Type", "method") or (inside[1].decode("ascii") if inside else "")
        found += [method.strip().upper()] if method else []
    return tuple(found)


def attachments_of(parts: Iterable[tuple[int, Message]]) -> tuple[Attachment, ...]:
    """Every part that is neither a container nor body text, in order."""
    found = []
    for number, part in parts:
        kind = content_type(part)
        if kind.startswith("multipart/") or is_body_text(part):
            continue
        found.append(
            Attachment(
                filename=part_name(part) or _made_up_name(part, number),
                content_type=kind,
                size=len(payload_bytes(part)),
                part=number,
            )
        )
    return tuple(found)


def _made_up_name(part: Message, number: int) -> str:
    kind = content_type(part)
    if kind == "message/rfc822":
        return f"part-{number}.eml"
    return f"part-{number}{mimetypes.guess_extension(kind) or '.bin'}"
