"""Signatures, mobile footers, disclaimers and banners at the edges of a mail.

Promises: cuts only whole blocks with clear signs (a rule or "-- " with contact data, a known footer); a list of
"- item" answers, a ruled form and a pasted log are none of these and stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SIG_DASHES = re.compile(r"^-- ?$")
_RULE = re.compile(r"^\s*(?:[-‐‑–—―─━ー＝=_*＊+~～◆◇■□●○★☆∴∵:：.・#☁♪∞┌└├│┏┗]\s?){6,}\s*$")
_CONTACT = re.compile(
    r"〒\s?\d{3}|(?:\bTEL|ＴＥＬ|電話|电话|手机|手機|傳真|传真|\bMob|\bFAX|ＦＡＸ|携帯|\bMobile|\bPhone|内線|直通|\bCell)\s*[.:：/]?\s*[+(（0-9０-９]"
    r"|(?:e-?mail|mail|メール|ﾒｰﾙ)\s*[:：]\s*\S+@\S+|^\s*\S+@[\w.-]+\.\w+\s*$|(?:URL|HP|Web)\s*[:：]\s*\S+|^\s*https?://\S+\s*$"
    r"|^\s*\+?\(?\d[\d ().-]{8,}\d\s*$|株式会社|有限会社|合同会社|股份有限公司|有限公司|\bA/S\b|\bLtd\b|㈱|\(株\)|（株）|Co\.,?\s?Ltd|\bInc\.|\bGmbH\b|\bLLC\b|K\.K\."
    r"|(?:部|課|室|グループ|本部|事業部|支店|支社|センター)\s*$|(?:都|道|府|県).{1,12}(?:市|区|町|村|郡)",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"^\s*(?:(?:my |mein )?(?:iPhone|iPad|Android|スマートフォン|スマホ|Xperia|Galaxy|docomo|ドコモ)\S{0,12}から送信(?:されました)?"
    r"|(?:Yahoo!メール.{0,30}|Y!mobile|ワイモバイル|楽天モバイル|UQ mobile)から送信|(?:iOS|Android) ?版 ?Outlook を入手.{0,80}|Outlook for (?:iOS|Android)\s*(?:<[^>]*>\s*)?を入手.{0,30}|Windows(?: 1[01])? 版のメールから送信|Gmail アプリから送信|auのスマートフォンから送信.{0,10}"
    r"|Sent (?:from|via|with|using) (?:my |the )?\S.{0,60}|.{0,40}\bOutlook (?:for|para|für|pour|per|voor) (?:iOS|Android).{0,80}|发自我的.{0,30}|從我的.{0,30}傳送|Envoyé de mon \S+.*|Von meinem \S+ gesendet.*|Enviado (?:desde|do) mi? ?\S+.*)\s*$",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"(?:この|本)(?:電子)?(?:メール|Eメール|ﾒｰﾙ).{0,80}(?:機密|秘密|名宛人|宛先|受信者|誤って|誤送信|破棄|削除)"
    r"|this (?:e-?mail|message|communication).{0,100}(?:confidential|intended (?:only|solely)?\s*for|privileged)"
    r"|if you (?:are not the intended|have received this).{0,100}(?:delete|notify|destroy)|please consider the environment|請考慮環境|请考虑环境|(?:checked|scanned) (?:for viruses )?by .{0,60}(?:antivirus|avg|avast|norton)|virus[- ]free[.:]?|ウイルス(?:チェック|スキャン|検査).{0,30}(?:済|され|行)"
    r"|confidentiality notice|the information contained in this",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"(?:[\[【(（]?\s*(?:external(?: e-?mail| sender)?|caution|外部(?:メール|送信者)?|社外(?:メール)?)[\s/／・|]*(?:external|社外|外部)?\s*[\]】)）:：].{0,160}"
    r"|this (?:e-?mail|message) originated (?:from )?outside.{0,160}|you don'?t often get (?:e-?mail|email) from.{0,160}|注意[:：]?\s*このメールは外部から.{0,120})$",
    re.IGNORECASE,
)
# Labels of what a desk asks for: a block that gives them is an answer, however much it looks like contact data.
_ANSWER = re.compile(
    r"^\s*[■●▼【](?![□■◇◆●])(?!.*(?:会社|法人|㈱))|アカウント|\bUID\b|\bID\s*[:：]|インスタンス|リージョン|会社名|氏名|お名前|担当者|契約|ユーザー?名|account|instance|region|発生|現象",
    re.IGNORECASE,
)
# RFC 9580 7: what a cleartext signature puts around the words.
_ARMOR_HEAD = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\s*$")
_ARMOR_FIELD = re.compile(r"(?:Hash|NotDashEscaped): |\s*$")
_ARMOR_TAIL = re.compile(r"-----BEGIN PGP SIGNATURE-----\s*$")
_LONGEST_SIGNATURE = 16
_MOST_RULES = 2  # around a signature; more of them part the sections of a form
_SENTENCE = re.compile(r"[。．！?？]\s*$|(?:\S+ ){4,}\S*[a-z]{2,}(?<!Ltd)(?<!Inc)(?<!Corp)(?<!Co)[.!]\s*$")
_CODE = re.compile(r"^--\s?\S|;\s*$|^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|SET|FROM|WHERE|apiVersion|kind)\b")
_STRONG = re.compile(
    r"〒|\+\d[\d ()-]{7,}|\bext\.?\s?\d{2}|\b[TMPF]:\s?\+?\d{3}|\bTEL|ＴＥＬ|電話|电话|電話|手机|手機|傳真|传真|FAX|ＦＡＸ|Phone|Mobile|Mob\.|\S@\S|内線|携帯|www\.|https?://",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:よろしく|宜しく).{0,24}(?:願い|願)|^\s*(?:以上|敬具|草々)(?:です|となります|、.*)?[。.]?\s*$|失礼(?:いた|致)?します[。.]?\s*$"
    r"|^\s*(?:(?:best|kind|warm|many|with (?:best|kind)) )?(?:regards|wishes|thanks)\s*[,.!]?\s*$|^\s*(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?\s*[,.]?\s*$"
    r"|^\s*(?:thank you|thanks|cheers|br|rgds)\b.{0,30}[,.!]?\s*$|^\s*(?:mit freundlichen grüßen|viele grüße|beste grüße|cordialement|bien à vous|saludos|atentamente|un saludo)\b.{0,20}$"
    r"|^\s*(?:此致|敬礼|敬禮|谢谢|謝謝|祝好|顺颂商祺|順頌商祺|多谢|麻烦了)[!！。，,]?\s*$|敬上\s*$",
    re.IGNORECASE,
)
_POSTSCRIPT = re.compile(r"\s*(?:追伸|追記|二伸|P\.\s?P?\.?S\b|PS\s?[:：.]|又及|附言)", re.IGNORECASE)
_PICTURE = re.compile(r"\s*\[(?:cid|image)\s?:[^\]]{0,200}\]\s*$", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"^\s*[\w.+-]{1,64}@[\w.-]{1,200}\.\w{2,20}\s*$")
_LONGEST_BANNER = 6  # lines
_MOST_BLOCKS = 8  # signature, footer, disclaimer and what servers on the way added


def core(lines: Sequence[str], *, name: str = "", may_be_bare: bool = False) -> list[int]:
    """Where the words stand: what is above (banners) and below (signature, footer, disclaimer) is left out. May be empty.

    Args:
        lines: Lines of a mail, none of them long (`ingest.lines`).
        name: The sender's name, with which a signature may begin; empty if unknown.
        may_be_bare: The mail passes another on, so that a signature alone may stand above it.
    """
    start, end = _behind_banners(lines), len(lines)
    start, end = _inside_armor(lines, start)
    postscript = next((at for at in range(start, end) if _POSTSCRIPT.match(lines[at])), end)
    before = range(start, postscript)[
        : _tail(lines[start:postscript], name, _CUTS if postscript == end else _CUTS_BEFORE)
    ]
    kept = [*before, *range(postscript, end)[: _tail(lines[postscript:end], name, _CUTS)]]
    if may_be_bare and _is_bare_signature(_spoken([lines[at] for at in kept])):
        return []
    return kept


def _tail(lines: Sequence[str], name: str, cuts: Sequence[_Cut]) -> int:
    """Where the words end: block after block is taken away from below."""
    end = len(lines)
    for _ in range(_MOST_BLOCKS):
        before = end
        end = _last_block(lines[:end], name, cuts)
        if end == before:
            break
    return end


def _is_bare_signature(block: Sequence[str]) -> bool:
    is_short = 2 <= len(block) <= 8 and all(len(line) < 60 and not _SENTENCE.search(line) for line in block)
    return is_short and any(_STRONG.search(line) for line in block) and _is_contact(block)


def _behind_banners(lines: Sequence[str]) -> int:
    start = 0
    for at, line in enumerate(lines[:_LONGEST_BANNER]):
        if _BANNER.match(line.strip()):
            start = at + 1
        elif line.strip():
            break
    return start


def _inside_armor(lines: Sequence[str], start: int) -> tuple[int, int]:
    head = next((at for at in range(start, len(lines)) if lines[at].strip()), len(lines))
    if head == len(lines) or not _ARMOR_HEAD.match(lines[head]):
        return start, len(lines)
    head += 1
    while head < len(lines) and _ARMOR_FIELD.match(lines[head]):
        head += 1
    return head, next((at for at in range(head, len(lines)) if _ARMOR_TAIL.match(lines[at])), len(lines))


def _last_block(lines: Sequence[str], name: str, cuts: Sequence[_Cut]) -> int:
    """Where the last block that is not the sender's words begins; the end of the words if there is none."""
    end = _spoken_end(lines)
    for cut in cuts:
        at = cut(lines[:end])
        if at is not None:
            return _spoken_end(lines[:at])
    at = _named_block(lines[:end], name)
    return end if at is None else _spoken_end(lines[:at])


def _spoken_end(lines: Sequence[str]) -> int:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _dashes(lines: Sequence[str]) -> int | None:
    """RFC 3676 4.3: "-- " alone on a line, with not too much below."""
    for at in range(len(lines) - 1, max(-1, len(lines) - 40), -1):
        if _SIG_DASHES.match(lines[at]):
            below = _spoken(lines[at + 1 :])
            return at if len(below) <= 25 and _is_signed_off(below) else None
    return None


def _is_signed_off(below: Sequence[str]) -> bool:
    """What stands below the dashes is no SQL comment, no dump and no sentence of the mail."""
    if any(_CODE.search(line) for line in below):
        return False
    is_prose = any(_SENTENCE.search(line) or "。" in line for line in below)
    return not is_prose or any(_STRONG.search(line) for line in below)


def _footer(lines: Sequence[str]) -> int | None:
    return len(lines) - 1 if lines and _FOOTER.match(lines[-1]) and len(lines[-1]) < 100 else None


def _disclaimer(lines: Sequence[str]) -> int | None:
    """A disclaimer paragraph at the end, together with the rule above it."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    if start == 0 or not _DISCLAIMER.search(" ".join(lines[start:])[:1500]):
        return None
    while start < len(lines) - 1 and not (_DISCLAIMER.search(lines[start]) or _RULE.match(lines[start])):
        if _DISCLAIMER.search(" ".join(lines[start : start + 3])):
            break
        start += 1
    return start


def _ruled_block(lines: Sequence[str]) -> int | None:
    """A rule, then a short block with contact data, reaching to the end (a closing rule may follow)."""
    end = len(lines)
    if end and _RULE.match(lines[end - 1]):
        end -= 1
    for at in range(end - 1, max(-1, end - _LONGEST_SIGNATURE - 1), -1):
        if not _RULE.match(lines[at]) or _is_in_table(lines, at):
            continue
        block = _spoken(lines[at + 1 : end])
        rules = sum(1 for line in lines if _RULE.match(line))
        if block and _is_contact(block, is_form=rules > _MOST_RULES):
            return at
    return None


def _is_in_table(lines: Sequence[str], at: int) -> bool:
    """Does the rule part the rows of a table?"""
    return any("|" in line for line in (*lines[max(0, at - 1) : at], *lines[at + 1 : at + 2]))


def _named_block(lines: Sequence[str], name: str) -> int | None:
    """The sender's full name with what he is below or beside it, up to the end; his name alone he may have typed himself."""
    wanted = _squeezed(name)
    if len(wanted) < 3 or (wanted.isascii() and " " not in name.strip()):
        return None
    end = len(lines)
    while end and (_RULE.match(lines[end - 1]) or _PICTURE.match(lines[end - 1]) or not lines[end - 1].strip()):
        end -= 1
    for at in range(end - 1, max(0, end - 1 - _LONGEST_SIGNATURE // 2), -1):
        if not _squeezed(lines[at]).startswith(wanted):
            continue
        block = _spoken(lines[at:end])
        says_more = len(block) > 1 or re.match(r".{2,40}?\s[|｜/／]\s?\S", block[0]) is not None
        is_alone = not lines[at - 1].strip() or _CLOSING.search(lines[at - 1]) is not None
        is_signature = not any(len(line) > 70 or _SENTENCE.search(line) or _ANSWER.search(line) for line in block)
        return at if says_more and is_alone and is_signature else None
    return None


def _squeezed(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _contact_block(lines: Sequence[str]) -> int | None:
    """A last paragraph that is nothing but contact data: at least two such lines, one with an address or number."""
    start = len(lines)
    while start and lines[start - 1].strip():
        start -= 1
    block = _spoken(lines[start:])
    strong = [line for line in block if _STRONG.search(line)]
    if (
        start
        and not any(_ANSWER.search(line) for line in block)
        and 2 <= len(block) <= 10
        and len(strong) >= 1
        and sum(1 for line in block if _CONTACT.search(line)) * 2 >= len(block)
    ):
        return (
            start
            if all(len(line) < 60 for line in block) and not any(re.search(r"[。?？]\s*$", line) for line in block)
            else None
        )
    return None


def _closing_block(lines: Sequence[str]) -> int | None:
    """Name, title and contact data below the closing words, with or without blank lines between."""
    for at in range(len(lines) - 1, max(-1, len(lines) - 2 * _LONGEST_SIGNATURE), -1):
        if not _CLOSING.search(lines[at]):
            continue
        below = _spoken(lines[at + 1 :])
        is_signature = (
            below
            and len(below) <= _LONGEST_SIGNATURE
            and any(_STRONG.search(line) for line in below)
            and not any(len(line) > 90 or _ANSWER.search(line) or _SENTENCE.search(line) for line in below)
        )
        return _behind_name(lines, at + 1) if is_signature else None
    return None


def _behind_name(lines: Sequence[str], at: int) -> int:
    """Behind a first name that the sender typed himself, with his full name in the signature below it."""
    spoken = [place for place in range(at, len(lines)) if lines[place].strip()]
    name = lines[spoken[0]].strip()
    is_typed = len(spoken) > 1 and " " not in name and lines[spoken[1]].strip().startswith(f"{name} ")
    return spoken[0] + 1 if is_typed else at


def _lone_address(lines: Sequence[str]) -> int | None:
    """Foxmail signs with the sender's bare address, apart from a finished sentence."""
    if len(lines) < 3 or not _BARE_ADDRESS.match(lines[-1]) or lines[-2].strip():
        return None
    above = _spoken(lines[:-1])
    return len(lines) - 1 if above and (_SENTENCE.search(above[-1]) or _CLOSING.search(above[-1])) else None


def _is_contact(block: Sequence[str], *, is_form: bool = False) -> bool:
    contact = [line for line in block if _CONTACT.search(line) or _STRONG.search(line)]
    if not contact or any(len(line) > 90 or _ANSWER.search(line) or line.rstrip().endswith("。") for line in block):
        return False
    if len(contact) >= 2:
        return True
    return not is_form and len(block) <= 4 and not any(_SENTENCE.search(line) for line in block)


def _spoken(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip() and not _RULE.match(line)]


_Cut: TypeAlias = "Callable[[Sequence[str]], int | None]"
_CUTS: tuple[_Cut, ...] = (
    _dashes, _footer, _disclaimer, _ruled_block, _contact_block, _closing_block, _lone_address
)  # fmt: skip
# A phone puts its footer behind a postscript: one before it is an example.
_CUTS_BEFORE: tuple[_Cut, ...] = tuple(cut for cut in _CUTS if cut is not _footer)
