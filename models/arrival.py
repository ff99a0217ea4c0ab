"""What the door hands to the store: the raw bytes and the envelope of one mail for one desk address."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.mail import Envelope

# What servers put on top at each delivery (RFC 5321 4.4). Signatures (DKIM, ARC) are no trace: they belong to the mail.
_TRACE = re.compile(rb"(?:received|return-path|delivered-to|x-original-to)[ \t]*:", re.IGNORECASE)


def content_sha256(raw: bytes) -> str:
    """The hash of a mail without the trace headers on its top: the same for every delivery of one mail (RFC 5321 4.5.5)."""
    return hashlib.sha256(memoryview(raw)[_end_of_trace(raw) :]).hexdigest()


def _end_of_trace(raw: bytes) -> int:
    """Where the first header begins that no server on the way has put there."""
    at = 0
    while _TRACE.match(raw, at):
        at = _next_line(raw, at)
        while raw[at : at + 1] in {b" ", b"\t"}:
            at = _next_line(raw, at)
    return at


def _next_line(raw: bytes, at: int) -> int:
    end = raw.find(b"\n", at)
    return len(raw) if end < 0 else end + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One mail for one desk. The same mail for the same desk may be delivered again (lost 250, two MX hosts)."""

    raw: bytes
    envelope: Envelope
    desk_address: str  # without its plus part, domain casefolded

    # Worked out when first asked for: a hash of a large mail takes as long as parsing it.
    _sha256: str = field(default="", init=False, repr=False, compare=False)
    _content_sha256: str = field(default="", init=False, repr=False, compare=False)

    @property
    def sha256(self) -> str:
        """Of the raw bytes as received, in hexadecimal."""
        if not self._sha256:
            object.__setattr__(self, "_sha256", hashlib.sha256(self.raw).hexdigest())
        return self._sha256

    @property
    def content_sha256(self) -> str:
        """The same for every delivery of this mail: without the trace headers on its top."""
        if not self._content_sha256:
            has_trace = _TRACE.match(self.raw) is not None
            object.__setattr__(self, "_content_sha256", content_sha256(self.raw) if has_trace else self.sha256)
        return self._content_sha256
