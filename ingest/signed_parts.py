"""A mail as DKIM sees it: its header fields as they stand, and its body in a canonical form (RFC 6376 3.4).

Promises: a time linear in the bytes, whatever they are. dkimpy's own forms are quadratic in runs of blanks; given a body that
is canonical already, it has nothing left to do. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

Field: TypeAlias = tuple[bytes, bytes]  # name, value with its folds and its line end, as dkimpy keeps them

MAX_HEAD = 262_144
_MOST_FIELDS = 1_000
_CRLF = b"\r\n"
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_FIELD = re.compile(rb"\A([!-9;-~]+):(.*)", re.DOTALL)


class SignedParts(NamedTuple):
    """Header fields, and the body with all its lines ended by CRLF."""

    fields: list[Field]
    body: bytes


def signed_parts(raw: bytes) -> SignedParts | None:
    """The parts of a mail; None where its head is not well-formed or of no sane size."""
    end = _END_OF_HEAD.search(raw, 0, MAX_HEAD)
    if end is None and len(raw) > MAX_HEAD:
        return None
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw.rstrip(_CRLF), b"")
    if _BARE_CR.search(head):  # it ends a line for some readers, and for others not
        return None
    fields: list[tuple[bytes, list[bytes]]] = []
    for number, line in enumerate(re.split(rb"\r?\n", head)):
        found = _FIELD.fullmatch(line)
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1].append(line)
        elif found:
            fields.append((found[1], [found[2]]))
        elif number or not line.startswith(b"From "):  # the first line may be an mbox file's
            return None
    if len(fields) > _MOST_FIELDS:
        return None
    whole = [(name, b"".join(line + _CRLF for line in lines)) for name, lines in fields]
    return SignedParts(whole, body.replace(_CRLF, b"\n").replace(b"\n", _CRLF))


def canonical_body(body: bytes, *, is_relaxed: bool) -> bytes:
    """The body in its relaxed or simple form."""
    if is_relaxed:
        body = _with_single_blanks(body).replace(b" \r\n", _CRLF)
    if body.endswith(_CRLF):
        text_end = len(body.rstrip(_CRLF))
        body = body[: max(text_end, body.rfind(b"\r\r", text_end) + 1)]  # a CR alone is text
    return b"" if is_relaxed and not body else body + _CRLF


def _with_single_blanks(body: bytes) -> bytes:
    body = body.replace(b"\t", b" ")
    while b"  " in body:  # runs are halved each time
        body = body.replace(b"  ", b" ")
    return body
