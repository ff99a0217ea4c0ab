"""How a letter addresses its reader, out of a display name: 会社名 氏名様, 会社名 御中, or nothing.

Promises: one line, no address, link or control character; 様 for a person, 御中 only for an organisation alone.
Display names are what senders please to write: whether one may be used at all is the caller's question.
"""

from __future__ import annotations

import re

from responders.subject import one_line

LONGEST = 40
_UNFIT = re.compile(r"@|://|www\.|[<>{}\\^~]|\.(?:com|net|org|info|biz|jp|cn|xyz|top|example)\b", re.IGNORECASE)
_PARTS = re.compile(r"[/／|｜()（）【】\[\]<>＜＞,、]+")
_COMPANY = re.compile(r"㈱|\(株\)|（株）")
_ORGANISATION = re.compile(
    r"株式会社|有限会社|合同会社|一般社団法人|財団法人|学校法人|大学|協会|組合|銀行|事務局|センター|(?:部|課|室|係|窓口|チーム|担当|サポート|支店|本社|運用|保守|監視|企画|総務|経理|当直|当番|管理者|管理)$"
    r"|^(?:inc|ltd|llc|corp|corporation|gmbh|k\.?k|co|company|team|support|department|dept|group|division|desk)\.?$",
    re.IGNORECASE,
)
_HONORIFIC = re.compile(r"(?:(?<!\s)\s*(?:様|さま|さん|殿|氏|御中|先生))+$")


def addressee(display_name: str, language: str) -> str:
    """The name to write to, with its honorific in Japanese; empty where there is none to use."""
    orgs, person = _split(display_name)
    if language != "ja":
        return person or " ".join(orgs)
    if person:
        return f"{' '.join((*orgs, person))}{' ' if person.isascii() else ''}様"
    return f"{' '.join(orgs)} 御中" if orgs else ""


def _split(display_name: str) -> tuple[tuple[str, ...], str]:
    """The organisation's names and the person's, either of which may be missing."""
    name = _COMPANY.sub("株式会社", one_line(display_name).strip("\"'“”「」 "))
    if not name or len(name) > LONGEST or _UNFIT.search(name) or not any(char.isalpha() for char in name):
        return (), ""
    orgs: list[str] = []
    person = ""
    for part in filter(None, (_HONORIFIC.sub("", one.strip()) for one in _PARTS.split(name))):
        words = part.split()
        last = max((place for place, word in enumerate(words) if _ORGANISATION.search(word)), default=-1)
        orgs += [" ".join(words[: last + 1])] if last >= 0 else []
        person = person or " ".join(words[last + 1 :])
    return tuple(orgs), "" if _is_login(person) else person


def _is_login(text: str) -> bool:
    """`yamada123` or `info`: a mailbox's name, not a person's."""
    return text.isascii() and " " not in text and (text == text.lower() or any(char.isdigit() for char in text))
