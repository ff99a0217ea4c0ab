"""What follows DATA, chunk by chunk: the mail's bytes, with the dots of RFC 5321 4.5.2 taken away, or why it is refused.

Promises: only CR LF "." CR LF ends a mail, wherever the chunks are cut, so that no bare CR or LF can end one or smuggle a
second one in (CVE-2023-51764); such bytes are content and stay as they are. Never holds more than `max_bytes` and one
chunk; of a mail that is refused it holds four bytes. Says what aiosmtpd's line-by-line reader says; a single line that
breaks both limits may be told as the other of the two. Does no input of its own.
"""

from __future__ import annotations

import re
from enum import Enum

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"
_STUFFED = b"\r\n."
# Twice as fast as `find` on text full of line ends.
_FIND_END, _FIND_STUFFED = re.compile(re.escape(_END)).search, re.compile(re.escape(_STUFFED)).search
_KEPT_TO_SEE_THE_END = len(_END) - 1
_PARTIAL_END = len(b".\r")  # at most this much of what came after the last line may belong to the end


class Verdict(Enum):
    """What is to become of a mail's content."""

    FITS = "fits"
    TOO_LONG = "a line is too long"
    TOO_MUCH = "the mail is too large"


class Content:
    """The content of one mail while it comes in.

    Args:
        max_bytes: The largest mail, line ends and stuffed dots counted, the end not.
        max_line: The longest line, its CR LF and a stuffed dot counted.
    """

    def __init__(self, max_bytes: int, max_line: int) -> None:
        self._max_bytes, self._max_line = max_bytes, max_line
        # The CR LF that ended the DATA command: the first line is then a line like any other.
        self._held = bytearray(_CRLF)
        self._line_at = len(_CRLF)  # where the line begins that is not yet known to be short enough
        self.verdict = Verdict.FITS

    def feed(self, chunk: bytes | bytearray) -> bytes | None:
        """Take the next bytes; what came behind the end of the mail, or None while there is no end yet."""
        held = self._held
        seen = max(0, len(held) - _KEPT_TO_SEE_THE_END)
        held += chunk
        found = _FIND_END(held, seen)
        if found is None:
            self._judge(len(held))
            if self.verdict is not Verdict.FITS:
                del held[:-_KEPT_TO_SEE_THE_END]
            return None
        rest = bytes(memoryview(held)[found.end() :])
        del held[found.start() + len(_CRLF) :]
        self._judge(len(held), is_whole=True)
        if self.verdict is not Verdict.FITS:
            held.clear()
        return rest

    def take(self) -> bytes:
        """The mail, once its end has come and it fits; it is held here no longer."""
        held, self._held = self._held, bytearray()
        if _FIND_STUFFED(held):
            held = held.replace(_STUFFED, _CRLF)
        return bytes(memoryview(held)[len(_CRLF) :])

    def _judge(self, size: int, *, is_whole: bool = False) -> None:
        """Set the verdict as soon as it is certain; the first limit that is broken decides."""
        if self.verdict is not Verdict.FITS:
            return
        while size - self._line_at > self._max_line:
            # The last line end within reach: every line before it is short enough.
            end = self._held.rfind(_CRLF, self._line_at, self._line_at + self._max_line)
            if end < 0:
                is_too_much = self._line_at - len(_CRLF) > self._max_bytes
                self.verdict = Verdict.TOO_MUCH if is_too_much else Verdict.TOO_LONG
                return
            self._line_at = end + len(_CRLF)
        counted = size - len(_CRLF) - (0 if is_whole else _PARTIAL_END)
        if counted > self._max_bytes:
            self.verdict = Verdict.TOO_MUCH
