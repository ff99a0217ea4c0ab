"""Does a text say thanks and nothing else? Sentence by sentence, each by a pattern: what is not known is no thanks.

Stands where being wrong would bury a mail: behind a closed ticket nobody looks. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.pack import Pack

_PARTS = re.compile(r"(?<=[。.!！♪])\s*|\n")
# Greetings, thanks, consent, farewells, and who signs.
_KNOWN = re.compile(
    r"^(?:"
    r".{0,30}(?:様|御中|さん|各位|殿)[、。,]?"
    r"|(?:いつも|平素より)?(?:大変)?お世話に.{0,24}|お疲れ様.{0,12}"
    r"|(?:[一-鿿々ァ-ヶーA-Za-z・]{1,20}の(?=[一-鿿々]{1,5}で))?[一-鿿々ァ-ヶーA-Za-z ・]{1,24}(?:です|と申します|でございます)[。.]?"
    r"|.{0,48}(?:ありがとう|有難う|有り難う|感謝|恐れ入ります|助かりました).{0,24}"
    r"|.{0,12}(?:承知|了解|かしこまり)(?:いたし|致し|し|です).{0,10}|.{0,8}(?:わかりました|分かりました)[。.]?"
    r"|.{0,30}(?:解決|復旧|改善|確認|接続|ログイン|ログオン|再?起動|表示|更新|登録)(?:でき|出来|いたし|致し|し)(?:まし)?た(?:ので)?[。.、]?"
    r"|(?:本件|この件|チケット)?[はを]?、?(?:クローズ|完了)(?:して|で|に)?(?:いただいて|頂いて)?(?:結構|構いません|問題ありません|かまいません|大丈夫)(?:です)?[。.]?"
    r"|(?:今後とも|引き続き|以上|何卒|どうぞ|では|それでは)?.{0,14}(?:よろしく|宜しく)お願い.{0,12}|以上(?:です)?[。、]?"
    r"|(?:また)?(?:何か)?(?:あり|ござい)ましたら.{0,16}(?:お願い|連絡)(?:いた|致)?し?ます[。.]?"
    r"|(?:hi|hello|dear)\b[\w ,.'-]{0,40}|(?:many |much )?(?:thanks|thank you|thx)\b[^?]{0,60}|much appreciated[.!]?"
    r"|(?:ok(?:ay)?|noted|understood|got it|great|perfect|all good|no problem)[,.! ]{0,3}(?:thanks?(?: you)?)?[.!]?"
    r"|(?:it |that |everything |all |this )?(?:is |has been |was )?(?:now )?(?:works?|working|resolved|solved|fixed)(?: (?:now|fine|again|well))*[.!]?"
    r"|(?:best|kind|warm)?\s*regards,?|best(?: wishes)?,?|cheers,?|sincerely,?|have a (?:nice|good|great) .{0,16}"
    r"|[-_=*─━~ ]{2,}"
    r")$",
    re.IGNORECASE,
)
_NAMES = re.compile(r"^[一-鿿々ァ-ヶー・A-Za-z0-9@.:/()_ -]{1,40}$")
_NAME = re.compile(r"^[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){1,3},?$")
_MAY = re.compile(r"^(?:また)?(?:何か)?(?:あり|ござい)ましたら|(?:構いません|かまいません|問題ありません)[。.]?$")
_ASKS = re.compile(
    r"ください|下さい|ほしい|欲しい|お願いでき|いただけ|頂け|ませんか|でしょうか|[?？]|\b(?:please|can you|could you)\b",
    re.IGNORECASE,
)
# A wish, a question, a complaint: whatever else the sentence holds.
_WISH = re.compile(
    r"ください|下さい|ほしい|欲しい|お願いでき|いただけ|頂け|たいです|ませんか|ますか|でしょうか|[?？]|ていない|てない|ません|できない|出来ない|遅|再度|再開|また(?!何か|ご|よろしく)|まだ"
    r"|しかし|(?<!い)ただ|ですが|[^く]が[、,]|けど|至急|緊急|希望|対応(?!いただき|頂き|くださり|ありがとう|に感謝|の)|エラー|障害|不可|停止|削除|返金|電話|環境|本番|検証|番号"
    r"|\b(?:please|but|however|still|again\b(?!st)|not|n't|cannot|want|need|could|can you|would|reopen|refund|call|speak|error|fail\w*|wait\w*)\b",
    re.IGNORECASE,
)


def says_only_thanks(text: str) -> bool:
    """Is every sentence a greeting, thanks, consent or a name? False for an empty text."""
    parts = _parts(text)
    return bool(parts) and all(map(_is_known, parts))


def needs_no_reader(text: str, pack: Pack) -> bool:
    """Is every sentence of that kind, or the promise to write later?"""
    promises = [regex for group in pack.cues.phrases.get("promise", {}).values() for regex in group]
    parts = _parts(text)
    return bool(parts) and all(
        _is_known(part) or (not _ASKS.search(part) and any(re.search(regex, part, re.IGNORECASE) for regex in promises))
        for part in parts
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _PARTS.split(unicodedata.normalize("NFKC", text)) if part.strip()]


def _is_known(part: str) -> bool:
    if _WISH.search(part) and not _MAY.search(part):
        return False
    is_name = (_NAMES.match(part) is not None and not part.isascii()) or _NAME.match(part) is not None
    return is_name or _KNOWN.match(part) is not None
