"""Hints for the agent, each with the words that prove it; `docs/labels.md` maps each to its guide statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classify.hits import compiled
from classify.instants import instants
from classify.when import when_hits
from classify.where import accesses, regions, resource_hits
from models.assessment import Hint
from models.needles import are_met, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from classify.segment import Document
    from policy.pack import Pack

_WORDS = {
    "urgent": r"至急|大至急|緊急|早急|急ぎ|本番(?:環境)?(?:が|で|に).{0,12}(?:停止|影響|障害|止ま)|サービス停止|業務(?:が|に)(?:停止|影響|支障)|全断|本日中|\b(?:urgent(?:ly)?|asap|critical|production (?:is )?(?:down|impact\w*)|business impact|as soon as possible|P1|sev ?1)\b",
    "once_recovered": r"(?<!日に)(?<!時間に)(?<!1日)(?<!一日)(?<!毎日)(?<!分に)(?:一度|1回|一回)(?:だけ|のみ|きり)(?=[^。\n]{0,40}(?:発生し|発生いた|起き(?!る)|起こ(?!る)|切(?:れ|断)|途切|失敗し|エラー(?:が|に)|接続(?:でき|が)|つなが|停止し|落ち|応答))|(?:現在|今|その後|既に|すでに)(?:は)?.{0,10}(?:復旧|解消|回復|正常)(?:し(?:て(?!(?:い|お)?(?:ない|ませ|な[くか]|ら[ずれ])|ほし|もら|くだ|下さ|頂|いただ)|ました(?!ら)|た(?!ら|い))|済|に(?:戻(?!ら|りませ|せ|し)|動(?!か|きませ))|(?:です|な状態|で(?:す|ある)|化し(?:た|ました)))|(?:分|時間)(?:後|ほど(?:で|して)|程(?:で|して)|で)(?:に)?.{0,6}(?:復旧|解消|回復)(?:し(?:た|まし|て(?:い|お)(?:る|ります|ます)))|自然(?:に)?(?:復旧|解消|回復)|(?:has|have|it) (?:since )?(?:recovered|resolved itself|gone away|come back)|(?:happened|occurred|failed|dropped|appeared|saw it|went down) (?:only |just )?once|only happened once",
    "not_reproducible": r"再現(?:でき|し|せず|は(?:でき|し))(?:ない|ません|ず|て(?:い|お)(?:ない|ません|りません))|再現(?:性は|性が)(?:ない|ありません)|(?:cannot|can't|could not|couldn't|unable to|not able to) (?:be )?reproduce",
    "deletes_resources": r"(?:インスタンス|サーバー?|バケット|ディスク|環境|クラスター?|リソース|スナップショット|データベース|DB)(?:は|を|も)?.{0,10}(?:作り直す(?:予定|つもり|こと|ので|前)|(?:削除|解放|リリース|作り直|再作成)(?:し(?:た|まし|ます|よう|て(?:し|お)|予定)|済|する(?:予定|つもり)|の?予定))|\b(?:(?:will|going to|plan to|have|already|we) (?:delete|release|recreate|remove|destroy)d? (?:the |this |our )?(?:instance|server|bucket|disk|cluster|resource|environment|database))",
    "wants_close": r"クローズ(?:して|で|を(?:お願い)?|いただ|お願い)|解決(?:いたし|し)ました|\b(?:please close|can be closed|close (?:the|this) (?:ticket|case))\b",
    "reseller": r"代理店|リセラー|再販|パートナー(?:企業|として)|エンドユーザー(?:様)?(?:から|の|より)|弊社(?:の)?お客様(?:から|の|より|が)|\b(?:reseller|distributor|our (?:end[- ])?customer(?:'s)?|on behalf of (?:our|a|the) (?:client|customer))\b",
    "complaint": r"(?:何度(?:も|連絡して|メールして|問い?合わせて).{0,12}(?:返事|返信|回答|連絡)(?:が|も)(?:な|あり|来|こ|いただけ)|もう(?:解約|やめ)|いい加減|いつまで待|対応が(?:遅|悪|ひど)|納得(?:でき|がいき)ません|苦情|クレーム|責任(?:を|者)|ひどい|あり得(?:ない|ません)|ふざけ|誠意|損害(?:賠償)?|話にな(?:らない|りません)|不誠実|憤り|遺憾|怒り)|\b(?:unacceptable|complain\w*|ridiculous|outrageous|escalat\w+|disappoint\w+|fed up|terrible|legal action|compensation|third time i)\b",
    "security": r"不正(?:アクセス|ログイン|利用|使用)(?:が|を|の|に|と|され).{0,16}(?:疑|痕跡|可能性|被害|受け|され|あっ|あり|検知|発覚|思われ|みられ|見られ)|乗っ取(?:られ|り(?:の|が|被害))|(?:情報|キー|AccessKey|認証情報|パスワード|データ|個人情報)[^。\n]{0,12}(?:漏(?:えい|洩|れ)|流出)(?:し|が|の(?:疑|可能性|恐れ|おそれ)|させ)|身に覚えのない(?:ログイン|インスタンス|操作|請求|リソース|アクセス)|マルウェア(?:に|を|が)|ランサムウェア|フィッシング(?:に|サイト)|踏み台に(?:され|なって)|マイニング(?:に|され|プログラム)|脆弱性(?:を|の)(?:発見|報告)|(?:被泄露|被入侵|被盗)|\b(?:unauthori[sz]ed (?:access|login|use|charges)|(?:been|was|were|is|got) (?:hacked|compromised|hijacked|leaked|breached)|(?:key|credential|data|password)s? (?:leak|breach)|leaked (?:key|access|credential|password)|ransomware|malware|crypto ?min(?:er|ing)|phishing|(?:report|found|discovered) (?:a |an )?(?:security )?vulnerabilit\w+)\b",
    "sensitive": r"開示(?:の)?請求|発信者情報|弁護士|法律事務所|訴訟|内容証明|裁判所|警察|捜査(?:関係|機関|事項)|(?:メール|案内|配信)(?:を|の)?(?:送らないで|停止して|停止を(?:お願い|希望)|止めて)|配信(?:停止|解除)(?:を|の|し)(?:お願い|希望|て)|誤送信(?:です|しま|でした|いたし)|(?:無視|破棄)して(?:ください|下さい|いただ)|問い?合わせを?(?:取り下げ|撤回)|(?m:^)\s*テスト(?:です|メール|送信)|(?:貴社|御社|そちら)の?(?:ネットワーク|IP|サーバー?)[^。\n]{0,16}(?:から|より)[^。\n]{0,16}(?:攻撃|不正|スキャン|迷惑)|律师|\b(?:subpoena|lawyer|attorney|law firm|legal (?:notice|request)|court order|police|unsubscribe (?:me|us)|stop (?:sending (?:me|us|these|any|further|your)|mailing)|(?:ignore|disregard) (?:this|my|the) (?:e?-?mail|message|request|ticket)|sent (?:this )?by mistake|brute[- ]?force (?:attack|attempt|login)s?|abuse (?:report|complaint|desk)|attack(?:s|ing)? (?:from|coming from|originating from) your)\b",
    "connection_kind": r"リモートデスクトップ|(?<![A-Za-z])(?:RDP|SSH|VNC)(?![A-Za-z])|远程桌面",
    "ongoing": r"(?:今|現在|いま)も(?:続|継続|発生|同じ|なお|つなが|失敗|でき)|現在も(?!正常)|継続(?:中|して(?:い|お))|続いて(?:い|お)|未だに|いまだに|まだ(?:直|復旧|解消|続)|直って(?:い|お)(?:ない|ません|りません)|仍然|还是(?:一样|不行)|\b(?:still (?:happening|ongoing|failing|the same|occurring|going on|down|not|broken|there|unreachable)|ongoing|continues|to this (?:moment|minute))\b",
    "works_for": r"(?:別|他|ほか|同じ構成|同様|隣|もう(?:1|一)(?:台|つ)|手元|自宅|社内|スマホ|テザリング|[^\s、。]{2,12}(?:支店|拠点|オフィス|リージョン))(?:の?[^\s、。]{0,16})?(?:では|でも|からは|からも|からだと|なら|は).{0,20}(?:問題な|正常|接続でき(?:る|ます|て)|つなが(?:る|り(?!ませ))|繋が(?:る|り(?!ませ))|成功|でき(?:る|ます)|動(?:く|き(?!ませ)|いて)|開(?:く|け(?:る|ます)))|\b(?:works?|fine|ok|succeeds?|reachable|no problem)\b.{0,24}\b(?:from|on|in|for|with) (?:an?|the|my|our|another|other|all other|every other)\b|\b(?:another|other|second|different|sibling|neighbou?ring) \w+.{0,40}\b(?:works?|fine|ok|succeeds?|healthy|no problem|not affected)\b",
    "fails_for": r"(?:だけ|のみ)(?:が|で|に|は)?[^。\n]{0,24}(?:でき(?:ない|ません)|失敗|エラー|つなが(?:らない|りません)|繋が(?:らない|りません)|発生|起き|表示され(?:ない|ません)|遅)|\bonly (?:for|on|in|from|with|the|one|this|that|our)\b.{0,40}\b(?:fails?|error|affected|denied|unreachable|broken|slow|times? out)|\b(?:fails?|affected|denied|happens?|broken)\b.{0,16}\bonly (?:for|on|in|from|with)\b",
}
REFERS = compiled(
    r"(?:前回|以前|先日|先週|昨日|過去)(?:の|に|にも)?(?:チケット|お?問い?合わせ|ケース|ご?連絡|メール|質問|件|ご?回答|やり取り|やりとり)(?:した|いただいた|させていただいた|差し上げた)?(?:と同(?:じ|様)|の(?:件|続き|内容|通り|とおり|ログ|構成|環境|情報|手順|とき|時)|に(?:記載|書|添付)|を(?:参照|ご覧|ご確認)|で(?:お伝え|送|添付|記載)|のもの|です)|(?:前回|以前|前|先日)(?:お伝え|お送り|ご連絡|添付|記載|ご説明|ご報告)(?:し|いたし|させていただ)(?:た|まし|いた)|(?:前回|以前|前|先日|いつも)(?:の)?と(?:同じ|同様)(?:(?:の|です|の)?(?:環境|構成|エラー|現象|事象|内容|手順|条件|です|症状))"
    r"|(?:チケット|ケース|受付|問い?合わせ)(?:番号|No\.?|ID)?\s*[:#]?\s*[A-Z]{0,6}-?\d{4,}[\w-]*\s*(?:の|に|と同|を(?:参照|ご覧|ご確認)|で|参照|の件)|詳細は.{0,20}(?:前回|以前|チケット|別メール|別途|先)|\b(?:(?:as|see|refer to|per|mentioned in|described in|in|same as(?: in)?|like) (?:my|our|the|your|that)?\s*(?:previous|last|earlier|prior|other|old|former) (?:ticket|mail|e-?mail|message|case|request|inquiry|report|thread|one|time|issue)|(?:see|refer to|per|as in|described in|same as|in) (?:ticket|case|request)\s*(?:no\.?|number|id|#)?\s*[A-Z#]*-?\d{3,}|same (?:\w+ )?(?:as|like) (?:before|last time|previously|last week|last month)|as (?:before|i (?:wrote|said|explained|mentioned|described|reported)|we (?:wrote|said|explained|mentioned|described|reported)|previously|already) (?:wrote|described|explained|mentioned|reported|before|earlier|in)?)\b"
)
_PERMISSION = compiled(
    r"AccessDenied|NoPermission|Forbidden(?:\.RAM|\.\w+)?|Unauthorized(?:Operation)?|not authori[sz]ed|NotAuthorized|権限(?:が(?:ない|ありません|足り|不足)|エラー|不足|がなく|を(?:持って|付与)されて(?:い|お)?(?:ない|ません))|You (?:are not authorized|have no right|do not have)|permission denied|access denied|アクセス(?:が)?拒否|\b403\b"
)
_NOT_PERMISSION = compiled(r"Permission denied \((?:publickey|password)|hotlink|referer")


def hints_of(doc: Document, pack: Pack, sent_at: datetime | None, *, is_question: bool) -> tuple[Hint, ...]:
    """Every hint, regions, resources and times with their normalised values."""
    return tuple(_hints(doc, pack, sent_at, is_question=is_question))


def _hints(doc: Document, pack: Pack, sent_at: datetime | None, *, is_question: bool) -> Iterator[Hint]:
    for kind, regex in _WORDS.items():
        needs, pattern = needs_of(regex), compiled(regex)
        for line in doc.lines if are_met(needs, doc.pieces) else ():
            if line.is_shell or line.is_log or not are_met(needs, line.pieces):
                continue
            match = pattern.search(doc.text, line.start, line.end)
            if match:
                yield Hint(
                    kind=kind,
                    span=doc.back(match.start(), match.end()),
                    value=match[0] if kind == "connection_kind" else "",
                )
                break
    for start, end, region in {found[2]: found for found in regions(doc, pack) if found[2]}.values():
        yield Hint(kind="region", span=doc.back(start, end), value=region)
    named: set[str] = set()
    for hit, kind in resource_hits(doc, pack):
        value = doc.text[hit.start : hit.end]
        if (
            value not in named
            and kind not in {"uid", "arn", "api_endpoint", "sms_error", "ram_user", "ram_app"}
            and not any(value in other for other in named)
        ):
            named.add(value)
            yield Hint(kind="resource", span=doc.back(hit.start, hit.end), value=value)
    for hit in accesses(doc):
        yield Hint(kind="access_source", span=doc.back(hit.start, hit.end), value=doc.text[hit.start : hit.end])
        break
    yield from _times(doc, sent_at, is_question=is_question)


def _times(doc: Document, sent_at: datetime | None, *, is_question: bool) -> Iterator[Hint]:
    """The times as understood, a clock time whose zone nobody can know, how often, and under which condition."""
    hits = when_hits(doc, is_question=is_question)
    found = instants(doc, hits, sent_at)
    for instant in found:
        yield Hint(kind="when", span=doc.back(instant.start, instant.end), value=instant.value)
    for instant in found:
        if instant.has_clock and not instant.has_zone:
            yield Hint(kind="zone_missing", span=doc.back(instant.start, instant.end))
            break
    for rule, kind in (("frequency", "frequency"), ("condition_in_time", "condition")):
        first = min((hit for hit in hits if hit.rule == rule), key=lambda hit: hit.start, default=None)
        if first is not None:
            yield Hint(kind=kind, span=doc.back(first.start, first.end))


def refers_elsewhere(doc: Document) -> tuple[int, int] | None:
    """Content is left out by pointing to an earlier ticket or mail: where it says so."""
    for line in doc.spoken():
        match = REFERS.search(doc.text, line.start, line.end)
        if match:
            return match.start(), match.end()
    return None


def has_permission_error(doc: Document) -> bool:
    """The mail shows a permission error: then who acted matters."""
    return _PERMISSION.search(doc.text) is not None and _NOT_PERMISSION.search(doc.text) is None
