"""ISO-2022-JP and what mailers made of it: bytes of escape sequences and pairs become text.

Covers RFC 1468, 1554 (ISO-2022-JP-2) and Microsoft's CP50220 to 50222: NEC row 13, IBM kanji, JIS X 0212, half-width kana
by ESC ( I and by SO/SI. Promises: never raises; a line end resets the state, unless what follows can only be kanji mode that
a gateway wrapped. Python's codecs refuse ①㈱髙 and half-width kana, and have no code page 5022x at all.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

REPLACEMENT = "\ufffd"
_SIGN = re.compile(rb"\x1b(?:\$[@AB]|\(I|\$\([CDO])")
_TOKEN = re.compile(
    rb"(?P<escape>\x1b(?:\$\([@BCDOPQ]|\$[@AB]|\([BHIJ]|&@|\.[AF]|N[ -~])?)|(?P<end>\r\n|[\r\n])|(?P<shift>[\x0e\x0f])"
    rb"|(?P<wide>[\x81-\x9f\xe0-\xfc].?|[\x80-\xff])|(?P<run>[^\x1b\r\n\x0e\x0f\x80-\xff]+)",
    re.DOTALL,
)
_LINE = re.compile(rb"[^\r\n\x1b]{1,2000}")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
_ASCII, _HALF_KANA = "ascii", "half-width kana"
_SECOND_SETS = {b"\x1b.A": "iso8859_1", b"\x1b.F": "iso8859_7"}  # RFC 1554: one character at a time, by ESC N


def has_jis(raw: bytes) -> bool:
    """Does an escape sequence say that characters follow that are no ASCII?"""
    return _SIGN.search(raw) is not None


def decode_jis(raw: bytes) -> str:
    """The text of these bytes."""
    return _Decoder(raw).text()


class _Decoder:
    """One pass over the bytes, with the state that escape sequences leave behind."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.mode, self.is_shifted, self.second, self.half = _ASCII, False, "", 0
        self.out: list[str] = []

    def text(self) -> str:
        """The text of the whole."""
        for token in _TOKEN.finditer(self.raw):
            match token.lastgroup:
                case "run":
                    self._run(token[0])
                case "end":
                    self._end(token)
                case "escape":
                    self._escape(token[0])
                case "shift":
                    self.is_shifted = token[0] == b"\x0e"
                case _:  # Shift_JIS in between: a server's footer, or a name that nobody coded
                    self.out.append(token[0].decode("cp932", "replace"))
        self._spill()
        return "".join(self.out)

    def _escape(self, sequence: bytes) -> None:
        self._spill()
        if sequence in _MODES:
            self.mode = _MODES[sequence]
        elif sequence in _SECOND_SETS:
            self.second = _SECOND_SETS[sequence]
        elif sequence[1:2] == b"N" and self.second:
            self.out.append(bytes((sequence[2] | 0x80,)).decode(self.second, "replace"))
        elif sequence != b"\x1b&@":  # that one announces the set of 1990, and says nothing else
            self.out.append(sequence.decode("ascii"))

    def _end(self, token: re.Match[bytes]) -> None:
        """A line end: the state is reset, or the line was only wrapped, perhaps within a pair."""
        if self.mode == "kanji" and _goes_on(self.raw, token.end() + (1 if self.half else 0)):
            self.out.append("" if self.half else token[0].decode("ascii"))
            return
        self._spill()
        self.mode, self.is_shifted = _ASCII, False
        self.out.append(token[0].decode("ascii"))

    def _spill(self) -> None:
        """Half a pair whose other half never came."""
        self.out.append(chr(self.half) if self.half else "")
        self.half = 0

    def _run(self, run: bytes) -> None:
        if self.is_shifted or self.mode == _HALF_KANA:
            self.out.append(_half_kana(run))
        elif self.mode == _ASCII:
            self.out.append(run.decode("ascii"))
        else:
            self._pairs(run)

    def _pairs(self, run: bytes) -> None:
        pair = _PAIRS[self.mode]
        for byte in run:
            if byte <= 0x20:  # blanks are no part of a pair
                self._spill()
                self.out.append(chr(byte))
            elif self.half:
                self.out.append(pair(self.half, byte))
                self.half = 0
            else:
                self.half = byte


def _goes_on(raw: bytes, at: int) -> bool:
    """Does kanji mode go on behind a line end? Only if what follows is whole pairs that read as Japanese."""
    line = _LINE.match(raw, at)
    run = line[0] if line else b""
    if len(run) < 6 or b" " in run:
        return False
    text = "".join(kanji(high, low) for high, low in zip(run[::2], run[1::2], strict=False))
    return REPLACEMENT not in text and len(_KANA.findall(text)) * 4 > len(text)


def _half_kana(run: bytes) -> str:
    return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in run).decode("cp932", "replace")


@cache  # at most 94 x 94 pairs, and every Japanese mail repeats the same few hundred
def kanji(high: int, low: int) -> str:
    """One JIS X 0208 pair (0x21-0x7e each) by way of its Shift_JIS pair, with cp932's characters."""
    if not (0x21 <= high <= 0x7E and 0x21 <= low <= 0x7E):
        return REPLACEMENT
    lead = (high + 1) // 2 + (0x70 if high < 0x5F else 0xB0)
    trail = low + (0x1F if low < 0x60 else 0x20) if high % 2 else low + 0x7E
    text = bytes((lead, trail)).decode("cp932", "replace")
    return text if len(text) == 1 else REPLACEMENT


def _supplement(high: int, low: int) -> str:
    """One pair of JIS X 0212."""
    return bytes((0x8F, high | 0x80, low | 0x80)).decode("euc_jp", "replace")[:1]


def _hanzi(high: int, low: int) -> str:
    """One pair of GB 2312."""
    return bytes((high | 0x80, low | 0x80)).decode("gb2312", "replace")[:1]


def _hangul(high: int, low: int) -> str:
    """One pair of KS C 5601."""
    return bytes((high | 0x80, low | 0x80)).decode("euc_kr", "replace")[:1]


_MODES = {
    **dict.fromkeys((b"\x1b(B", b"\x1b(J", b"\x1b(H"), _ASCII),  # H is an old mistake for J
    b"\x1b(I": _HALF_KANA,
    **dict.fromkeys((b"\x1b$@", b"\x1b$B", b"\x1b$(@", b"\x1b$(B", b"\x1b$(O", b"\x1b$(P", b"\x1b$(Q"), "kanji"),
    b"\x1b$(D": "supplement",
    b"\x1b$A": "hanzi",
    b"\x1b$(C": "hangul",
}
_PAIRS: dict[str, Callable[[int, int], str]] = {
    "kanji": kanji,
    "supplement": _supplement,
    "hanzi": _hanzi,
    "hangul": _hangul,
}
