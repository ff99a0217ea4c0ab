"""本トラブルのゴール: a state to reach or a concrete deliverable. A bare "please help" or 原因を教えてください is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.hits import find
from classify.segment import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classify.hits import Hit
    from classify.segment import Document

_STATE = (
    r"(?:(?:できる|出来る|なる|される|する|ある|返る|表示される|つながる|繋がる|届く|消える|戻る|動く|済む|減る|揃う|下がる|収まる|通る)こと(?:が|を|で|です|。|$|\s*$).{0,16}(?:ゴール|解決|目標|完了|クローズ|希望|目的|望|条件|と(?:考え|し))?)|(?:ように|状態に)なれば.{0,24}(?:解決|完了|クローズ|問題な|結構|十分|OK|ありがた|助か)"
    r"|(?:できれば|出来れば|なれば|戻れば|されれば|通れば|分かれば|消えれば|動けば|いただければ|もらえれば|入れば|つながれば|届けば).{0,14}(?:解決|クローズ|完了|完結|ゴール|結構です|十分です|OKです|大丈夫です)|(?:ように|状態に|形に|まで)(?:し|戻し|復旧し|回復し|なっ|改善し)?(?:たい|て(?:ほしい|欲しい|いただき|もらい|頂き)|なってほしい|なって欲しい|できれば)"
    r"|(?:でき|出来|使え|見え|接続でき|ログインでき|送れ|受け取れ|保存でき|表示でき|つながる|動く|起動でき|届く|戻る)(?:る)?ように(?:し|して|なり|なって|戻し|お願い|願)|(?:ゴール|解決(?:条件|の定義|とみなす|とします|としたい|と考え)|完了条件|クローズ条件|目標)(?:は|:|としては|として)|(?:元|以前|正常|通常)(?:の状態|の表示|の動作)?(?:に|へ)(?:戻し|戻り|復旧し|戻って)(?:たい|て(?:ほしい|欲しい|いただき))"
    r"|(?:一覧|報告書|レポート|手順書|回答書|見積書|請求書|領収書|設定例|サンプル|リスト|暫定対応|回避策|代替案|対応表|状況報告|経過報告|進捗)(?:を|が|の).{0,14}(?:ほしい|欲しい|いただきたい|頂きたい|いただけ|送|提示|提供|必要|共有|ください|発行|作成)|\d+分(?:ごと|毎|おき)に.{0,14}(?:報告|連絡|共有)"
    r"|(?:復旧|再開|解消|解除|復元|回復|正常化|移行|削減|完了|作成|接続|表示|起動)(?:さ)?(?:せ|でき|し)(?:たい(?:です|と|。|の)|ていただきたい|てほしい|て欲しい)|を(?:最終)?ゴールと|(?:せれば|られれば|なれば|取れれば|出来れば|いただければ|もらえれば|届けば|戻れば|動けば|通れば)(?:、?(?:と|OK|結構|十分|助か|ありがた|大丈夫|完了|解決|それで)|[。、]?\s*$)|だけでも(?:いただ|教え|結構|助か)|(?:さえ|まで).{0,14}(?:れば|できれば).{0,8}(?:OK|結構|十分)"
)
_STATE_EN = (
    r"\b(?:(?:it|this|the (?:issue|ticket|case|problem|matter)|we|i)(?:'ll| will| would| can| could)? (?:counts?|consider(?:ed)?|call|be|is|are|treat|close|regard)\b.{0,30}\b(?:solved|resolved|closed|done|fixed|complete|finished)\b.{0,10}\b(?:when|once|if|as soon as)|(?:solved|resolved|closed|done|fixed|complete|success|happy|good|finished) (?:for us |for me |means |is )?(?:when|once|if|as soon as|:)"
    r"|(?:our |my |the |expected )?(?:goal|desired (?:outcome|state|result)|definition of done|acceptance criteri\w+|success criteri\w+|what we want|resolution|outcome)(?: here| for us)?\s*(?:is|:|=|would be)|(?:we|i)(?:'d| would)? (?:want|like|need|expect|hope|wish|require|aim)\b(?: to be able)?(?: the| our| this| that| all| it| every| both| these| each)?\b.{2,60}\b(?:to (?:be|work|start|succeed|connect|reach|return|finish|complete|come|run|see|have|get|log|upload|stay|show|go|stop|receive|boot|mount|restore|pass|appear|respond|keep|reboot|resolve|access|use|deploy|pull|push)|working|restored|resolved|back|reachable|available|again|running|online|removed|visible|accessible|fixed)"
    r"|(?:need|want|would like|please (?:send|provide|give|share)|send (?:me|us)|provide (?:me|us)|give (?:me|us)) (?:me |us )?(?:a|an|the|some) (?:\w+ ){0,3}(?:list|report|status|update|eta|workaround|example|sample|summary|invoice|receipt|quote|quotation|document|config\w*|statement|confirmation|fix|plan|copy)|so that (?:we|i|our|the)\b.{0,40}\b(?:can|could|able|works?|is|are)|(?:should|must|has to|needs to) (?:be able to |be (?:back|reachable|restored|available|up|working)|work|succeed|return|respond|start|come back)\b.{0,20}(?:again|without|from|with)?|status (?:update )?every \d+|\b(?:must|has to|have to|needs? to|ought to) (?:end up|be (?:able|open|back|reachable|visible|listed|shown|finished|gone|\w+ed)|connect|work|stay|pass|show|run|finish|start|stop|answer|reach|appear)\b|\bwould like to (?:have|see|get|be able)\b)"
)
_ONLY_TELL = re.compile(r"(?:教えて|ご教示)(?:いただけ|頂け|ください|くださ)")
_BARE = re.compile(
    r"^(?:.{0,30}(?:原因|対処(?:方|法)?|対応(?:方法)?|解決(?:策|方法)?|ご確認|調査|ご教示|ご対応|ご支援|ご助力|確認)(?:を|について|のほど)?.{0,6}(?:教えて|ご教示|お願い|いただ|ください|調べ|願い|お知らせ|知りたい).{0,16}|please (?:help|advise|check|fix|investigate|assist|look into|let (?:me|us) know).{0,40})$",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"(?:(?:方法|手順|仕方|やり方|場所|違い|費用|料金|価格|単価|値段|設定|操作|上限|条件|期限|必要なもの|対応状況|可否|流れ|意味|種類|一覧|対象|範囲|可能か|できるか|どれ|いつ|どこ|いくら|何|どう).{0,24}(?:教え|ご教示|知りた|お聞き|伺い|うかが|確認(?:させて|したく)|ご案内|お知らせ|ご説明|でしょうか|ですか|ますか|か[。?])"
    r"|(?:可能(?:です|でしょう)|でき(?:ます|るの?でしょう|るもの?でしょう)|出来ます|あります(?:でしょう)?|必要(?:です|でしょう)|必要があります|対応して(?:い|お)?(?:ます|りますでしょう)|いただけ(?:ます|ますでしょう)|よい(?:の)?(?:です|でしょう)|良い(?:の)?(?:です|でしょう)|いい(?:の)?(?:です|でしょう)|ですか|ますか|でしょう)か?(?:[。?]|$)(?<=か。|か\?|.か|す。)|(?:どう|どのよう|どこ|いくら|何|なに|いつ|どれ|どちら|どの).{0,40}(?:か[。?]?$|か[。?]|か、|ですか|ますか|でしょうか)|したい(?:の)?ですが|したいと(?:思|考)|(?:依頼|申請|変更|停止|解約|再発行|追加|登録|発行|登録)(?:を|の手続き)?.{0,8}(?:お願い|したい|希望|したく)"
    r"|\b(?:how (?:do|can|to|should|would|many|much|long|often|does)|what(?:'s| is| are| does| would)|which|where (?:do|can|is|are)|when (?:will|does|is)|is it possible|is there (?:a|any)|are there|can (?:i|we|you)|could (?:you|we|i)|do (?:you|we|i)|does (?:the|it|this|your|alibaba)|would (?:it|you)|should (?:we|i)|may (?:i|we)|why (?:is|are|was|were|did|do|does)|whether|i(?:'d| would) like to (?:know|ask|understand|confirm)|please (?:tell|explain|let (?:me|us) know|send|provide|issue|clarify|confirm|quote))\b)",
    re.IGNORECASE,
)


def goal_hits(doc: Document) -> list[Hit]:
    """Evidence for a stated end state or concrete deliverable."""
    lines = [line for line in doc.spoken() if not line.is_log]
    hits: list[Hit] = []
    for regex, rule, weight in ((_STATE, "end_state", 0.82), (_STATE_EN, "end_state", 0.78)):
        found = find(regex, lines, doc, rule, weight)
        hits += [hit for hit in found if not _ONLY_TELL.search(doc.text[hit.start : hit.end + 6])]
    return hits


def is_bare_request(text: str) -> bool:
    """A request that names neither state nor deliverable."""
    return _BARE.match(text.strip()) is not None


def questions(doc: Document) -> tuple[tuple[int, int], ...]:
    """Sentences that ask how, which, how much, whether; spans in the folded text."""
    key = ("questions", 0)
    if key not in doc.found:
        doc.found[key] = tuple(_questions(doc))
    found: tuple[tuple[int, int], ...] = doc.found[key]
    return found


def _questions(doc: Document) -> Iterator[tuple[int, int]]:
    for line in doc.prose():
        for start, end in sentences(doc.text[line.value_start : line.end], line.value_start):
            sentence = doc.text[start:end].strip()
            if _QUESTION.search(sentence) and not is_bare_request(sentence):
                yield start, end
