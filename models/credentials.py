"""Credentials and card numbers, told by their shape or by the word before them. Pure; knows nothing of mails.

Stands on this floor because the index of the search must leave out what the study finds and the desk masks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "•"
SHORTEST_WORD = 4  # of a secret that is masked wherever it stands: a shorter one would mask half of every date
_PATTERNS = (
    (
        "access_key",
        re.compile(
            r"(?<![A-Za-z0-9])(?:LTAI[A-Za-z0-9]{12,26}|AKIA[A-Z0-9]{16}|STS\.[A-Za-z0-9]{16,40})(?![A-Za-z0-9])"
        ),
    ),
    (
        "secret_key",
        re.compile(
            r"(?i:(?:(?:access\s?key\s?)?secret(?:\s?(?:access\s?)?key)?|api[\s_-]?key|token|sk|(?:アクセスキー)?シークレット(?:キー)?|トークン)\s{0,4}(?:は|is|[:=「]|\s)\s{0,4}[\"'「]?)(?=[A-Za-z/+=_-]{0,63}\d)(?=[\d/+=_-]{0,63}[A-Za-z])([A-Za-z0-9/+=_-]{16,64})(?![A-Za-z0-9])"
        ),
    ),
    (
        "password",
        re.compile(
            r"(?i:(?:(?:password|passwd|pwd)(?:\s(?:for|of|to|on)\s(?:[a-z0-9_.-]{1,20}\s){1,4})?|パス(?:ワード)?|暗証番号|密码)\s*(?:は|is|[:=「『])\s*[\"'「]?)([^\s\"'、。」』,;()<>]{4,64})"
        ),
    ),
    ("password", re.compile(r"(?<![a-z])[a-z][a-z0-9+]{1,15}://[^\s:/@]{1,64}:([^\s:/@]{3,64})@", re.IGNORECASE)),
    (
        "password",
        re.compile(
            r"(?i:\b(?:mysql|mysqldump|redis-cli|sshpass)\b[^\n|]{0,80}?\s-[pa]\s?)(?=[^\s]{0,63}[\d!#$%&@])([^\s-][^\s]{3,63})"
        ),
    ),
    (
        "card_code",
        re.compile(r"(?i:\b(?:cvv2?|cvc2?|security code)|セキュリティコード)\s*(?:は|is|[:=])?\s*(\d{3,4})(?!\d)"),
    ),
    (
        "private_key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
    (
        "token",
        re.compile(
            r"(?<![A-Za-z0-9])(?:sk-[A-Za-z0-9]{20,64}|eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{10,}|gh[pous]_[A-Za-z0-9]{30,}|xox[baprs]-[A-Za-z0-9-]{20,})(?![A-Za-z0-9])"
        ),
    ),
)
_CARD = re.compile(r"(?<![\d-])(?:\d[ -]?){13,18}\d(?![\d-])")
_NOT_PASSWORD = re.compile(
    r"^(?:(?:\*+|x{2,}|●+|・+)$|変更|再設定|忘れ|不明|間違|正し|入力|認証|合って|設定|ポリシー|incorrect|wrong|reset|expired|required|不正|.{0,6}(?:です|ます|でき|しま|れた|ない|。).*)",
    re.IGNORECASE,
)


def credentials_in(text: str) -> list[tuple[int, int, str]]:
    """(start, end, kind) of every credential in a folded text (`models.folding`), in order, without overlaps."""
    found: list[tuple[int, int, str]] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = 1 if match.lastindex else 0
            if kind == "password" and _NOT_PASSWORD.match(match[group]):
                continue
            found.append((match.start(group), match.end(group), kind))
    found += [(match.start(), match.end(), "card_number") for match in _CARD.finditer(text) if _is_card(text, match)]
    out: list[tuple[int, int, str]] = []
    end = -1
    for start, stop, kind in sorted(found):
        if start >= end:
            out.append((start, stop, kind))
            end = stop
    return out


def without_words(text: str, words: Iterable[str]) -> str:
    """A text with each of these words masked wherever it stands, the longest first; its length is kept."""
    for one in sorted(words, key=len, reverse=True):
        if len(one) >= SHORTEST_WORD:
            text = text.replace(one, MASK * len(one))
    return text


def _is_card(text: str, match: re.Match[str]) -> bool:
    """A card number; a bare 16-digit number that could be an account id is one only where a card is spoken of."""
    digits = re.sub(r"\D", "", match[0])
    if not is_card_number(digits):
        return False
    return match[0] != digits or not digits.startswith("5") or speaks_of_card(text, match.start())


def speaks_of_card(text: str, at: int) -> bool:
    """A card is spoken of shortly before this place."""
    return re.search(r"カード|card|visa|master|amex|jcb", text[max(0, at - 40) : at], re.IGNORECASE) is not None


def is_card_number(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1) and the prefix and length of a card scheme."""
    if not re.fullmatch(
        r"(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|5\d\d)\d{12})",
        digits,
    ):
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
