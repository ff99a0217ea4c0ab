"""Text that was decoded wrongly once and encoded again, and JIS that lost its escape bytes: the step is taken back.

Promises: text changes only where the result decodes strictly and reads as an Asian language that the damaged form cannot be;
everything else comes back as it was.
"""

from __future__ import annotations

import re

from ingest.jis import decode_jis

# UTF-8 of kana, kanji and hangul, seen as Latin: a lead byte of E3 to ED and two of 80 to BF.
_TRACE = re.compile(
    "[\u00e3-\u00ed][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]{2}"
)
_ASIAN = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_ENOUGH = 4  # characters; fewer may be a foreign word by chance
_LOST_ESCAPES = re.compile(rb"(?<!\x1b)\$[@B]((?:[\x21-\x74][\x21-\x7e]){1,2000}?)(?<!\x1b)\([BJ]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")


def undoubled(text: str) -> str:
    """UTF-8 that was taken for Latin-1 or Windows-1252 and encoded again, as what it was."""
    if len(_TRACE.findall(text[:20_000])) < _ENOUGH:
        return text
    octets = bytearray()
    for char in text:
        code = ord(char)
        if code < 0x100:
            octets.append(code)
            continue
        try:
            octets += char.encode("cp1252")
        except UnicodeEncodeError:
            return text
    try:
        restored = octets.decode("utf-8")
    except UnicodeDecodeError:
        return text
    return restored if len(_ASIAN.findall(restored)) >= _ENOUGH else text


def with_escapes(raw: bytes) -> bytes:
    """ISO-2022-JP whose escape bytes a gateway took away, with them; unchanged where that does not give Japanese."""
    if b"\x1b" in raw or (b"(B" not in raw and b"(J" not in raw):
        return raw
    restored = _LOST_ESCAPES.sub(lambda run: b"\x1b$B" + run[1] + b"\x1b(B", raw)
    if restored == raw:
        return raw
    text = decode_jis(restored)
    return restored if "\ufffd" not in text and len(_KANA.findall(text)) >= 2 else raw
