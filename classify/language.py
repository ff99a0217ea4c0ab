"""The language of newly written prose: ja, en, zh or other. Logs, product names and code do not count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classify.segment import Document

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HIRAGANA = re.compile("[\u3041-\u3096]")
_KANJI = re.compile("[\u4e00-\u9fff]")
_SIMPLIFIED = re.compile("[们这个请问说时间对过没还为么样么网络连问题实例无法务册号码账户报错认证应该样从关于谢您你]")
_ENGLISH = re.compile(
    r"\b(?:the|is|are|was|to|of|and|in|we|our|you|your|it|this|that|not|please|when|with|for|on|have|has|can|cannot|from|i|my|be|do|does|how|what|thanks?|hello|hi|regards)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z]{2,}")


def language_of(doc: Document) -> str:
    """The language most of the prose is written in."""
    prose = "\n".join(line.text for line in doc.lines if not line.is_log) or doc.text
    kana, kanji = len(_KANA.findall(prose)), len(_KANJI.findall(prose))
    if kana and not _HIRAGANA.search(prose) and _SIMPLIFIED.search(prose) and kanji > kana:
        return "zh"  # Chinese with a Japanese word in katakana
    words, english = len(_WORD.findall(prose)), len(_ENGLISH.findall(prose))
    if kana >= 2 and (kana + kanji) * 1.0 >= english * 2.5:
        return "ja"
    if kanji >= 4 and kana <= kanji * 0.05 and kanji > words:
        return "zh" if _SIMPLIFIED.search(prose) or kanji >= 10 else "ja"
    if english >= 1 or (words >= 2 and not kana + kanji):
        return "en" if english * 8 >= words or words <= 6 else "other"
    if kana or kanji:
        return "ja" if kana or not _SIMPLIFIED.search(prose) else "zh"
    return "other" if prose.strip() and not words else "en" if words else "other"
