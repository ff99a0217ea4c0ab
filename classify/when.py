"""[When] 現象の発生日時、頻度: onset to within a day, frequency, regularity, or a condition in time.

A date counts only as the phenomenon's: deadlines, contracts, meetings and releases do not, "recently" is too vague.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.hits import Hit, compiled, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classify.segment import Document, Line

_YMD = r"(?P<y>20\d\d)\s*[-/.年]\s*(?P<mo>1[0-2]|0?[1-9])\s*[-/.月]\s*(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)\s*日?"
_ERA = (
    r"(?:令和|R)\s*(?P<ey>元|\d{1,2})\s*[年./]\s*(?P<emo>1[0-2]|0?[1-9])\s*[月./]\s*(?P<ed>3[01]|[12]\d|0?[1-9])\s*日?"
)
_MD = r"(?<![\d/.\-A-Za-z_])(?P<mo2>1[0-2]|0?[1-9])\s*(?:/|月)\s*(?P<d2>3[01]|[12]\d|0?[1-9])(?![\d/.\-%])\s*日?"
_EN_DATE = r"\b(?:(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<d3>\d{1,2})(?:st|nd|rd|th)?|(?P<d4>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon2>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\b(?:,?\s+(?P<y2>20\d\d))?"
_CLOCK = r"(?<![\d:.\w])(?:午前|午後|AM|PM)?\s*(?:2[0-9]|1\d|0?\d)(?::[0-5]\d(?::[0-5]\d)?(?![\d:])|時(?!間)(?:\s*(?:半|[0-5]?\d分))?)\s*(?:am|pm|a\.m\.|p\.m\.)?|\b(?:1[0-2]|[1-9])\s*(?:am|pm|a\.m\.|p\.m\.)\b"
DATE = re.compile(f"{_YMD}|{_ERA}|{_MD}|{_EN_DATE}", re.IGNORECASE)
_EXACT = (
    r"今朝|昨日|きのう|きょう|けさ|一昨日|おととい|本日|今日|昨夜|昨晩|ゆうべ|先ほど|さきほど|先程|さっき|たった今|今しがた|今日未明|今夜|今晩|昼頃から|夕方から|今朝方|(?:先週|今週)の?[月火水木金土日]曜日?|[月火水木金土日]曜(?:日)?(?:の)?(?:朝|昼|夕方|夜|深夜|未明)?から"
    r"|[1-6１-６一二三四五六]\s*日(?:ほど|くらい)?前|\d{1,2}\s*(?:分|時間)(?:ほど|くらい|ぐらい)?前|数(?:分|時間)前|半日前|今(?:から)?\d+分前|(?<![\d月/])(?:3[01]|[12]?\d)日(?:\([月火水木金土日]\))?(?:の?(?:早朝|朝|昼|夕方|夜|深夜|未明|午前|午後)?(?:から|以降|に(?:発生|なって|急))|の?(?:早朝|朝|夕方|夜|深夜|未明))"
)
_EXACT_EN = (
    r"\b(?:today|yesterday|this (?:morning|afternoon|evening)|tonight|last night|just now|(?:since|on|last|this|from|until) (?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:a|one|two|three|four|five|six|\d+|a couple of|a few|several)\s+(?:minutes?|mins?|hours?|hrs?)\s+ago|(?:one|two|three|four|five|six|[1-6])\s+days?\s+ago|(?:for|in) the (?:last|past) (?:\d+|few|couple of|two|three|several)?\s*(?:minutes?|hours?)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day (?:morning|afternoon|evening|night)|earlier today|since (?:noon|midnight|morning)|(?:since|from) the \d{1,2}(?:st|nd|rd|th)|(?:since|from) (?:about |around )?\d{1,2}[.:]\d{2}\s?(?:am|pm)?)\b"
)
_EXACT_ZH = r"昨天|前天|今天|昨晚|今早|刚才|刚刚|(?:上)?周[一二三四五六日](?:起|开始)?|[一二三四五六1-6]天前|(?:\d{1,2}|[一二三四五六两半])\s*个?(?:小时|分钟)前"
_FREQUENCY_ZH = r"每(?:次|天|晚|周|小时|分钟|隔)|偶尔|有时|间歇|反复|\d+次(?:中|里)|频繁|经常"
_FREQUENCY = (
    r"毎回(?!.{0,8}(?:丁寧|迅速|ありがとう|お世話))|毎(?:日|晩|朝|夜|週|時|月|分|秒)|断続的|時々|ときどき|時折|たまに|稀に|まれに|不定期|不規則|定期的に|必ず(?:発生|失敗|エラー|起き|落ち|出|なり|切)|常に|常時|ずっと|頻繁に|頻発|しばしば|一日に|1日に|週に|月に|\d+\s*(?:分|時間|日|秒)(?:に一度|に1回|に一回|おき|ごと|毎|間隔)"
    r"|\d+\s*回(?:中|に|ほど|くらい|発生|起|出|失敗|とも|目|に1|程度|以上|試)|何度(?:も|やって|試して|実行して|アクセスして|操作して)|一度(?:だけ|のみ|きり)|1回(?:だけ|のみ)|初めて発生|散発|突発|連続して(?:発生|失敗)|[日週月]に\d+回|再発(?:し|を)|今も(?:続|継続|発生|同じ)|現在も|今でも|継続(?:中|して(?:い|お|発))|続いて(?:い|お)|未だに|いまだに"
    r"|今も(?!あり)|(?:昼|夜|朝|夕方|深夜|未明|夜間|早朝|週末|平日|月初|月末)(?:だけ|のみ|にだけ|になると|に限って|に)(?:発生|起|遅|切|落|失敗|止)?"
)
_FREQUENCY_EN = (
    r"\b(?:every (?:time|day|night|morning|hour|week|few|other|\d+|single|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|each time|always (?:fail|happen|get|time|return|reset|the same)|intermittent(?:ly)?|sporadic(?:ally)?|occasional(?:ly)?|from time to time|randomly|at random|periodically|consistently|repeatedly|constantly|frequently"
    r"|once (?:an?|per|every|or twice|only)\b|only once|happened once|(?:\d+|two|three|several|a few|many|multiple) times\b|\d+ (?:out )?of (?:the )?\d+|twice (?:a|per)|hourly|nightly|daily at|still (?:happening|ongoing|failing|the same|occurring|going on|down|not)|ongoing|keeps? (?:happening|failing|dropping|disconnecting|restarting|returning|timing|crashing|getting))"
)
_CONDITION = (
    r"(?:高負荷|負荷(?:が|の)(?:高|上|かか)|ピーク(?:時|タイム)?|アクセス(?:が)?集中|夜間(?:バッチ)?|深夜(?:帯)?|バッチ(?:実行|処理)?(?:中|時|の(?:時|とき|間))|起動(?:時|直後)|(?:再起動|更新|アップデート|変更|デプロイ|切替|切り替え|移行|メンテナンス|リリース|適用|更新作業|設定変更|作業|アップグレード|交換|追加|再作成)(?:後|時|直後|中|以降|してから|した(?:後|あと|直後)|を(?:した|行った)(?:後|あと))"
    r"|(?:営業|業務)時間(?:中|内)|(?:大量|大きな|大容量)(?:に|の).{0,12}(?:時|場合|とき|ときだけ)|(?:した|する|の)(?:たび|度)に|(?:しばらく|\d+\s*(?:分|秒|時間))(?:放置|経過|待つ|待っ|経つ|する|たつ)|(?:ログイン|アクセス|接続|実行|保存|アップロード|送信|起動)(?:する|した)?(?:たび|度|都度))"
)
_CONDITION_EN = (
    r"\b(?:under (?:high |heavy )?load|(?:at|during|in) (?:the )?peak|at night|overnight|during (?:the )?(?:\w+ )?(?:batch|backup|deploy\w*|maintenance|business|office|nightly)|(?:right |just |immediately |shortly )?after (?:the |we |i |our |an? )?(?:\w+ ){0,2}(?:update|upgrade|reboot|restart|change|maintenance|migration|deploy\w*|release|renewal|switch\w*|failover|resiz\w+)"
    r"|whenever|when(?:ever)? (?:the )?(?:load|traffic|cpu)|since (?:the |we |our |i )(?:\w+ ){0,3}(?:update|upgrade|reboot|restart|change|maintenance|migration|deploy\w*|release|renewal|switch\w*|moved|changed|enabled|upgraded|migrated)|after (?:about |around |exactly )?\d+ (?:seconds?|minutes?|hours?)|every \d+)"
)
_NOT_ONSET = re.compile(
    r"(?:まで(?:に|の)?|期限|締切|締め切り|納期|納品|予定|リリース日|公開日|契約|打ち?合わせ|会議|面談|までの|お返事|ご返信|ご回答|回答を|希望|稼働開始|カットオーバー|本番公開|開催|発売|提出|公開予定|オープン|納入|生年月日|創業|設立|発表|に向け|見込|移行日|切替日"
    r"|\bby\b|deadline|due\b|before|release|go[- ]?live|launch|schedul|plan|contract|meeting|until|no later than|deliver|review on|audit|planned|upcoming|next\b)",
    re.IGNORECASE,
)
_NOT_TIME = re.compile(r"(?:バージョン|version|ver\.?|v|rev|build|port|ポート)\s*$", re.IGNORECASE)
_OFFICE = re.compile(r"(?:営業|対応|業務|就業|受付|勤務|開館|稼働)時間|平日|office hours|business hours", re.IGNORECASE)
_STARTS = re.compile(
    r"(?:から|より|以降|頃|ごろ|に(?:発生|なり|なっ|起|突然|は)|時点|にて|発生|since|from|around|at|started|began|occurred|happened|failed)",
    re.IGNORECASE,
)


def when_hits(doc: Document, *, is_question: bool) -> list[Hit]:
    """Evidence for the section. For how-to and service questions only a date that the matter turns on counts."""
    key = ("when", int(is_question))
    if key not in doc.found:
        doc.found[key] = tuple(_when_hits(doc, is_question=is_question))
    return list(doc.found[key])


def _when_hits(doc: Document, *, is_question: bool) -> list[Hit]:
    lines = list(doc.spoken())
    hits = list(_dates(doc, lines, is_question=is_question))
    if is_question:
        return hits
    hits += _log_times(doc, lines)
    prose = [line for line in lines if not line.is_log]
    text = doc.text
    for regex, rule, weight in (
        (_EXACT, "relative_time", 0.9), (_EXACT_EN, "relative_time", 0.9), (_EXACT_ZH, "relative_time", 0.9), (_FREQUENCY_ZH, "frequency", 0.85), (_FREQUENCY, "frequency", 0.85), (_FREQUENCY_EN, "frequency", 0.85),
        (_CONDITION, "condition_in_time", 0.72), (_CONDITION_EN, "condition_in_time", 0.72),
    ):  # fmt: skip
        hits += [hit for hit in find(regex, prose, doc, rule, weight) if not _is_other(text, hit.start, hit.end)]
    hits += _clocks(doc, prose)
    return hits


def _dates(doc: Document, lines: list[Line], *, is_question: bool) -> Iterator[Hit]:
    turning = compiled(
        r"失効|期限|満了|更新日|購入日|購入し|契約し|請求日|発行日|引き落とし|決済|解約|合併|登記|expir|renew|purchas|issued|merger|charged on|billed on|invoice"
    )
    for line in lines:
        if line.is_log:
            continue
        for match in DATE.finditer(doc.text, line.start, line.end):
            if is_question:
                if turning.search(doc.text, max(line.start, match.start() - 40), min(line.end, match.end() + 40)):
                    yield Hit(match.start(), match.end(), "date_that_matters", 0.7)
            elif not _is_other(doc.text, match.start(), match.end()):
                weight = 0.96 if _STARTS.search(doc.text, match.end(), min(line.end, match.end() + 24)) else 0.85
                yield Hit(match.start(), match.end(), "date", weight)


def _clocks(doc: Document, lines: list[Line]) -> Iterator[Hit]:
    for hit in find(_CLOCK, lines, doc, "clock_time", 0.75):
        before = doc.text[max(0, hit.start - 16) : hit.start]
        around = doc.text[max(0, hit.start - 20) : hit.end + 20]
        if not _NOT_TIME.search(before) and not _OFFICE.search(around) and not _is_other(doc.text, hit.start, hit.end):
            yield hit


def _log_times(doc: Document, lines: list[Line]) -> Iterator[Hit]:
    """Dated lines of a pasted log of the phenomenon."""
    dated = compiled(
        r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}(?::\d{2})?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}\s+\d{1,2}:\d{2}:\d{2}|\d{1,2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/\d{4}:\d{2}:\d{2}"
    )
    for line in lines:
        match = dated.search(doc.text, line.start, line.end)
        if match:
            yield Hit(match.start(), match.end(), "log_time", 0.85 if line.is_log else 0.75)


def _is_other(text: str, start: int, end: int) -> bool:
    """The time of something else than the phenomenon: a deadline, a contract, a meeting."""
    left = max(text.rfind("\n", 0, start), text.rfind("。", 0, start), start - 14) + 1
    right = min((place for place in (text.find("\n", end), text.find("。", end), end + 18) if place >= 0), default=end)
    if re.match(r"\s*(?:頃|ごろ)?\s*(?:から|より|以降|以来)", text[end : end + 10]):
        return False
    if re.match(r"since\b", text[start:end], re.IGNORECASE) or re.search(
        r"\bsince\s+$", text[left:start], re.IGNORECASE
    ):
        return False
    return _NOT_ONSET.search(text[left:start] + " " + text[end:right]) is not None
