"""The kind of a symptom (現象 概要) and its facets: what the mail holds of what that kind should bring along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.evidence import _ERROR_LINE, _QUOTED_ERROR, _STRICT_HTTP, _looks_like_code, evidence_files
from classify.hits import Hit, compiled, find
from models.assessment import FACETS_OF_KIND, Facet, SymptomKind
from models.needles import may_match

if TYPE_CHECKING:
    from collections.abc import Callable

    from classify.segment import Document
    from policy.pack import Pack

_KIND_CUES = {
    SymptomKind.CONNECTIVITY: (
        (r"(?:接続|通信|疎通|アクセス|ログイン|サインイン|リモート(?:接続|デスクトップ)|SSH|RDP|VNC|ping|到達|名前解決|マウント|telnet)(?:が|も|は|を|に|で)?.{0,14}(?:でき(?:ない|ません|なく|ず)|出来(?:ない|ません|なく)|不可|失敗|タイムアウト|切断|切れ|途切れ|不通|落ち)", 3.0),
        (r"(?:つながら|繋がら|繋がり(?:ません|にく)|つながり(?:ません|にく)|応答(?:が|も)?(?:な|しな|あり?ません|しま(?:せん)?|返って)|反応(?:が|も)?(?:な|しな|しません|あり?ません)|届か(?:な|ず)|届きません|開けません|開けない|開かない|開きません|動かない|動きません|起動し(?:ない|ません|なく)|立ち上が(?:らな|りませ)|落ち(?:て|た|ま)|停止して(?:い|お|し)|ダウン|見れない|見られない|無応答|フリーズ|固ま)", 2.2),
        (r"\b(?:(?:can ?not|can't|cannot|could not|couldn't|unable to|failed to|fails to|not able to|won't|no longer) (?:connect|reach|access|log ?in|ssh|ping|open|mount|resolve|communicate|establish|rdp|start)|unreachable|no (?:response|connection|route|reply)|not respond\w*|(?:connection|request|ssh|session|ping|handshake|tunnel|link|vpn)s?\b.{0,24}\b(?:timed? ?out|times out|timeouts?|drops?|dropped|dropping|refused|reset|lost|disconnects?|disconnected|flapp\w+|down)|timed out|time-?outs?\b|is down\b|went down|hangs?\b|doesn't (?:respond|answer|start|boot)|packet loss|inaccessible)", 3.0),
    ),
    SymptomKind.ERROR: (
        (r"(?:エラー|例外|Exception|警告)(?:メッセージ|コード|画面)?(?:が|に|と|を|で|は|「|:|も).{0,12}(?:出|発生|表示|返|なり|なる|吐|起|で失敗|終|落ち|弾)|エラー(?:です|になる|になり|終了|が出|:)|(?:作成|実行|起動|更新|削除|保存|登録|デプロイ|アップロード|ダウンロード|インポート|移行|購入|発行|送信|設定|追加|変更|取得|拡張|バックアップ|復元|リストア|同期|ビルド|push|pull|申請|認証|適用|検証|ジョブ|タスク|処理)(?:が|に|は|を).{0,10}(?:失敗|エラー|でき(?:ない|ません|なく|ず)|拒否|弾か|中断|異常終了)", 2.4),
        (r"(?:権限(?:が|エラー)|拒否され|403|AccessDenied|Forbidden|NoPermission|Unauthorized|InvalidParameter|認証エラー|失敗し(?:ます|ました|て)|失敗する)", 1.6),
        (r"\b(?:(?:an?|the|this|following|these|same|get(?:ting|s)?|got|returns?|returned|throws?|threw|receiv\w+|see(?:ing)?|fails? with|with|an? \w+) (?:an? |the |this |following |\w+ ){0,3}(?:error|exception|errors)|fail(?:s|ed|ing|ure)?\b|error(?:ed| code| message|:)|denied|forbidden|not authori[sz]ed|rejected|exception|invalid \w+)", 1.8),
    ),
    SymptomKind.DISPLAY: (
        (r"(?:表示(?:が|も|は)?(?:され(?:ない|ません|なく|ず|て(?:い|お)(?:ない|ません|りません))|おかし|違|異な|崩れ|消え|古い|ずれ|化け|空|更新され|残)|見え(?:ない|ません|なく)|出てこ(?:ない|ません)|一覧(?:に|から|が).{0,14}(?:ない|ません|消え|出|空|載|表示)|(?:グラフ|メトリクス|数値|金額|残高|件数|ステータス|項目|ボタン|メニュー|アイコン|画像|文字|画面|値|データ|レポート|ダッシュボード|ページ)(?:が|に|は|も).{0,14}(?:表示され|出(?:ない|ませ|て(?:い|こ|き))|見え|消え|空|真っ白|白く|おかし|違|古い|ゼロ|0(?:の|に|と|件|円)|反映され|化け|英語|崩れ|更新され)|真っ白|文字化け|古い(?:まま|内容|ページ|画像|ファイル|データ)|以前の(?:内容|画像|ページ|ファイル))", 2.6),
        (r"\b(?:not (?:displayed|shown|visible|listed|appear\w*|show(?:ing)?(?: up)?)|(?:doesn't|does not|do not|don't|didn't|isn't|never) (?:show|appear|display|list|render)\w*|missing (?:from|in|on)|blank (?:page|screen|graph|chart)?|empty (?:list|page|graph|table)|garbled|mojibake|stale|outdated|old (?:version|content|image|page|file)s?|(?:shows?|displays?|displayed|displaying|showing)\b.{0,24}\b(?:wrong|old|zero|0|empty|nothing|different|incorrect|no data|blank|instead|another|english|previous)|wrong (?:value|number|amount|name|language|total|figure)|gr(?:eyed|ayed) out)\b", 2.6),
    ),
    SymptomKind.BEHAVIOUR: (
        (r"(?:意図|期待|想定|思った|指定|設定)(?:し(?:て|た)?(?:い)?(?:た)?)?(?:通り|どおり|とおり|よう|とは?(?:違|異)|と(?:異|違)|外)|(?:効か(?:ない|ず)|効きません|効いて(?:い|お)?(?:ない|ません|りません)|反映され(?:ない|ません|ず|て(?:い|お)(?:ない|ません|りません))|適用され(?:ない|ません|ず|て(?:い|お)(?:ない|ません|りません))|実行され(?:ない|ません|ず|て(?:い|お)(?:ない|ません|りません))|動作し(?:ない|ません)|スケール(?:アウト|イン|し)?.{0,8}(?:しない|しません|され)|発火し(?:ない|ません)|(?:届|送信され|通知|送ら)(?:い|れ)?(?:て)?(?:こ)?(?:ない|ません)|勝手に|二重に|重複|異なる(?:動作|結果|挙動)|(?:に)?ならない|なりません|変わら(?:ない|ず|ません)|増え(?:ない|ません|続け)|減ら(?:ない|ず|ません)|削除され(?:ない|ません|ず|て(?:しま|い))|止まら(?:ない|ず)|無視され|遅(?:い|く|れ|延)|重い|重く|時間がか|100%|張り付|(?:はず|べき)(?:です|な|の|だ)?(?:が|のに|ところ))", 2.0),
        (r"\b(?:not (?:as expected|working|take effect|applied|triggered|fired?|honou?red|respected|updated|replicat\w+|scal\w+|expire\w*|run|executed|sent|delivered|deleted|renewed)|(?:doesn't|does not|do not|don't|didn't|did not|isn't|is not|never|won't) (?:work|take effect|trigger|fire|run|execute|scale|apply|update|expire|rotate|send|delete|change|propagat\w+|sync\w*|rout\w+|honou?r|behave|release|renew|stop|start|pick|respect|fail ?over|balance)|unexpected(?:ly)?|instead of|expected\b.{0,60}\b(?:but|actual|got|however)|should(?: have)?\b.{0,60}\b(?:but|however|yet|instead)|ignored|twice|duplicate\w*|wrong (?:backend|target|order|zone|instance|server)|slow(?:er|ly|ness)?|latency|takes? (?:too |very )?long|high cpu|even though|although)\b", 1.8),
    ),
}  # fmt: skip
_STRONG_UNREACHABLE = re.compile(
    r"timed? ?out|タイムアウト|unreachable|no route|refused|接続できな|接続できませ|つながら|繋がら|疎通|到達|ping",
    re.IGNORECASE,
)

_STEPS = (
    r"(?:コンソール|画面|メニュー|ページ|タブ).{0,24}(?:から|で|の).{0,24}(?:クリック|選択|押|開|入力|操作|実行|設定|作成)|(?:「[^」]{1,30}」|\[[^\]]{1,30}\]|ボタン)(?:を|で|ボタンを)?(?:クリック|押|選択|選ん|実行)|[^\s>→]{1,24}\s*(?:>|→|->)\s*[^\s>→]{1,24}\s*(?:>|→|->)\s*\S{1,24}"
    r"|(?:実行|作成|設定|起動|削除|更新|変更|クリック|選択|入力|アップロード|ダウンロード|デプロイ|インポート|購入|保存|追加|ログイン|コピー|送信|登録|指定|適用|開こう|押(?:す|した)|しよう|コマンドを(?:実行|打)|呼び出|叩(?:く|い)|投げ|申請|拡張|アタッチ|マウント|接続)(?:を)?(?:し(?:た|て|ようと)|する|すると|した(?:ところ|際|とき|時|ら)|しました|したあと|後に|とすると|実施|い(?:た|て)|ると|たところ|時に|際に|を試み|にて)"
    r"|手順(?:は|:|\d|を|と|として|に)|(?:コマンド|API|スクリプト|SDK|terraform|CLI)(?:で|から|を|の).{0,20}(?:実行|呼|叩|投|apply|使)|^\s*(?:\[?[\w.-]+@[\w.-]+[^\]\n]{0,40}\]?\s?[#$%]|[$#%]\s)\s*\S+"
)
_STEPS_EN = r"\b(?:when(?:ever)? (?:i|we|our|trying|running|you|calling|clicking|opening|the \w+ (?:runs|calls|tries))|after (?:i|we|clicking|running|selecting|pressing|entering|creating)|(?:i|we|our \w+)(?:'ve| have| had)? (?:\w+ )?(?:click|select|ran|run|opened?|press|enter|creat|execut|call|upload|deploy|appl|try|tried|push|pull|start|follow|configur|set|attach|use|import|submit|chose|log|send|changed?|invoke|add|install|mount|restor|went|go)\w*|steps?(?: to reproduce| taken| i| we)?\s*[:.]|by (?:running|clicking|calling|executing|using)|running|calling|trying to|(?:console|menu|page|tab|button|wizard)\b.{0,20}\b(?:click|select|press|open|choose)|click(?:ed|ing)?\b|command\s*[:=]|terraform (?:apply|plan)|kubectl \w+|aliyun \w+|curl |ossutil \w+|docker \w+)"
_ENDPOINTS = (
    r"[\w.\-/()（）「」ァ-ヴー一-龥]{2,40}(?:から|より|発)(?!の(?:連絡|メール|返信|問|依頼|報告))[\w.\-/()「」・のァ-ヴー一-龥\s]{2,50}(?:へ|に(?:対し|向け|SSH|RDP|接続|アクセス|ping|通信|つな|繋|mysql|telnet)|まで|宛|への|の(?:\d+番|ポート|RDS|ECS|Redis|OSS|SLB|ALB|EIP)|を)|(?:接続元|送信元|アクセス元|クライアント|source)\s*[:はが].{2,80}(?:接続先|宛先|送信先|destination|サーバ)|(?:→|->|⇒|=>)\s*\S+.{0,20}(?:接続|通信|ポート|:\d{2,5}|不可|NG)|[\w.-]+\s*(?:→|->|⇒)\s*[\w.-]+"
    r"|\bfrom\b.{2,60}\b(?:to|into|towards|via)\b.{2,50}|\bbetween\b.{2,50}\band\b.{2,50}|\b(?:connect|ssh|rdp|ping|telnet|reach|access|log ?in|curl)\w*\s+(?:\w+ ){0,3}(?:to|into|the)?\s*\S+.{0,50}\bfrom\b.{2,50}"
)
_COMMAND_RESULT = (
    r"(?:ping|traceroute|tracert|telnet|curl|nslookup|dig|mtr|ssh|mysql|psql|redis-cli|nc|wget|openssl|mstsc|リモートデスクトップ|ブラウザ(?:ー)?|Chrome|Edge|Firefox|Safari|WinSCP|TeraTerm|Tera Term|PuTTY|kubectl|クライアント|mount|ossutil|mongo|sqlcmd|SSMS)(?:コマンド)?(?:は|も|を|の|で|では|が|すると|:|に|上|も?).{0,60}(?:応答|通(?:り|ら|る|ら)|返|失敗|成功|タイムアウト|timed? ?out|timeout|refused|エラー|error|「|\"|\d+%|loss|となり|切断|表示|ERR_|unreachable|no route|reset|denied|できません|できない|connected|NG|OK)"
    r"|\b(?:ping|traceroute|telnet|curl|nslookup|dig|mtr|ssh|mysql|psql|redis-cli|nc|wget|browser|chrome|kubectl|mount|client|rdp)\b.{0,80}\b(?:times? ?out|timed out|timeout|refused|reset|unreachable|no route|fails?|failed|returns?|loss|denied|error|works?|ok|no response|nothing|says?|shows?|closed|hangs?|succeeds?)"
    r"|(?:connect(?:ion)?|operation|request)\s*(?:to \S+ )?(?:port \d+ )?[:]?\s*(?:timed? ?out|refused|reset)|request timed out|要求がタイムアウト|\d+% (?:packet )?loss|time=\d|No route to host|ERR_[A-Z_]+|DNS_PROBE\w+|Could not resolve|Name or service not known|Network is unreachable|Host key|Permission denied \(|ERROR 20\d\d|Can't connect to|Connection (?:closed|reset|refused|timed out)|i/o timeout|context deadline|「[^」]*(?:応答|接続|タイムアウト|アクセス)[^」]*(?:ません|ない|しました)」"
)
_PARAMETERS = (
    r"\bsg-[a-z0-9*]{6,}|セキュリティ(?:グループ|G)(?:の|で|は|に|も|を|設定|ルール).{0,30}(?:許可|開放|設定|追加|開け|22|80|443|3389|0\.0\.0\.0|確認|問題|全)|(?:ポート|port)\s*[:：]?\s*\d{2,5}.{0,16}(?:許可|開放|開け|allow|open|設定)|\d{2,5}(?:番)?(?:/tcp|/udp|番ポート|ポート)?(?:を|は|も).{0,8}(?:許可|開放|開け)|(?:ルートテーブル|ルート|経路|route|ACL|ホワイトリスト|whitelist|IPホワイトリスト|許可リスト).{0,24}(?:設定|追加|登録|許可|あり|済|allow|added|contains|入れ|確認|includes?)|\b(?:ecs|rds|redis|mysql|polar)\.[a-z0-9]+[\w.-]*(?:large|small|medium|xlarge)\b|(?:スペック|インスタンスタイプ|仕様|帯域(?:幅)?|vCPU|メモリ)\s*[:はが]\s*\S+|\d+\s*(?:Mbps|vCPU|GiB)"
    r"|\bsecurity groups?\b.{0,60}\b(?:allow|open|permit|has|includes?|rule|inbound|0\.0\.0\.0)|\b(?:inbound|outbound|ingress|egress|firewall|acl|whitelist|allowlist|route table|routes?)\b.{0,60}\b(?:allow|open|permit|added|includes?|contains|set|configured|points?|0\.0\.0\.0)|\bport \d{2,5} (?:is |are )?(?:open|allowed|permitted)|\binstance type\b"
)
_INTENDED = r"(?:本来|通常|以前は|正しくは|期待|想定)(?:は|では|なら|として|どおり|であれば|の表示)?.{0,50}(?:表示|見え|出(?:る|て|た)|はず|べき|一覧|反映|なる)|(?:表示|反映|掲載|一覧に出|見え|追加)(?:さ)?(?:れ)?(?:る|て(?:い)?る)?(?:はず|べき|と思って)|.{2,40}(?:が|を)(?:表示|見)(?:され|でき)?(?:る(?:はず|よう)|たい)|\b(?:should|expected?|supposed to|used to|normally|ought to)\b.{2,80}\b(?:show|see|display|appear|list|be|have|contain|visible|include)\w*|\bexpect\w*\b.{2,60}"
_UNINTENDED = r"(?:実際|現在|今|ところが|しかし)(?:に)?(?:は|の表示は|には)?.{0,50}(?:表示|出(?:る|て|ます)|なって|見え|空|0|古い|のまま)|(?:と表示|が表示|だけ表示|しか表示|のまま(?:です|表示|で)|となって(?:い|お)|になって(?:い|お)|真っ白|空白|空(?:の|に|っぽ)|文字化け|古い.{1,12}(?:表示|のまま)|0(?:件|円|%)?(?:と|の|に)(?:表示|まま|なって)|「[^」]{1,40}」と(?:表示|出)|見え(?:ない|ません)|出て(?:い|き)(?:ない|ません)|表示され(?:ない|ません|て(?:い)?(?:ない|ません))|消え)|\b(?:shows?|displays?|displayed|showing|see(?:ing)?|appears?|is|are|remains?|stays?)\b.{0,50}\b(?:old|empty|blank|zero|0|nothing|wrong|instead|only|no data|stale|missing|different|previous|garbled|english|grey|gray)|\binstead\b|\b(?:not (?:shown|displayed|listed|visible)|missing|does(?:n't| not) (?:show|appear))"
_EXPECTED = r"(?:本来|通常|期待|想定|正しくは|仕様(?:上|では)|設定(?:上|では))(?:は|では|なら|として(?:は)?|どおり|であれば|する?(?:動作|結果|挙動|値)|される(?:動き|動作|結果)|値|動作|結果)?\s*[:は]?.{2,70}|.{2,50}(?:はず(?:です|な|の|だ|が|と)|べき(?:です|な|と|だ|ところ)|と(?:思って|想定して|考えて)(?:い|お)|ことを期待|つもり)|\d+.{1,20}(?:すると|したら|で).{2,40}(?:するよう(?:に)?設定|される設定|設定(?:して|に))|(?:ように|よう)(?:に)?(?:設定|指定|構成)(?:し|して|済|を)|\b(?:expect(?:ed|ing|ation)?|should(?: have)?|supposed to|meant to|intended|ought to|designed to|configured (?:to|it to|so))\b.{2,90}|\bset (?:it |the \w+ )?to\b.{2,60}"
_ACTUAL = r"(?:実際|現状|現在|しかし|ところが|ですが|なのに|のに|にもかかわらず|にも関わらず|けれど|が、|ものの|のですが)(?:は|には|の動き|の動作|の結果)?\s*[:、は]?.{2,70}(?:ない|ません|なって|なり|され|する|します|した|しま|いる|おり|まま|続|しか)|(?:まま(?:です|で|と|に)|(?:され|れ|き|け|せ|わら|えな|ら)(?:て(?:い|お))?(?:ません|ない(?:です|状態|まま|の)?)|勝手に.{1,30}|(?:二重|2回|重複).{1,24}|変わりません|変わらない|効きません|遅(?:い|く).{0,12}|かかり(?:ます|ました)|なりません|のまま)|\b(?:but|however|instead|actual(?:ly)?|in reality|yet|although|even though|nevertheless)\b.{2,90}|\b(?:does(?:n't| not)|did(?:n't| not)|is(?:n't| not)|never|not|no longer|still|keeps?|remains?|stays?)\b.{2,50}"
_REFERENCE = r"(?:ドキュメント|マニュアル|ヘルプ|手順書|ガイド|公式|資料|リファレンス|仕様書).{0,30}|https?://\S*(?:help|doc|guide|manual|support)\S*|\b(?:documentation|docs?|manual|guide|tutorial|help page|reference)\b"
_ERROR_NAME = r"(?:エラー(?:コード|番号|メッセージ|内容)?\s*(?:は|:|が|「|として|\()\s*[「\"]?[^\s。、]{4,}|「[^」]{6,160}」(?:という|との|と(?:表示|出|いう|エラー|返|なり|警告|書))|(?:message|error|exception|reason|says?|returns?|said)\s*(?:is|was|:|=)\s*[\"'`“]?[^\n]{6,}|[\"“`'][^\"”`'\n]{8,200}[\"”`'])"

_FACETS: dict[Facet, tuple[tuple[str, str, float], ...]] = {
    Facet.ERROR_MESSAGE: (
        (_QUOTED_ERROR, "quoted_error", 0.95),
        (_ERROR_LINE, "error_text", 0.85),
        (_STRICT_HTTP, "http_status", 0.82),
        (_ERROR_NAME, "quoted_text", 0.82),
    ),
    Facet.STEPS: ((_STEPS, "doing", 0.82), (_STEPS_EN, "doing", 0.8)),
    Facet.ENDPOINTS: ((_ENDPOINTS, "from_to", 0.88),),
    Facet.COMMAND_RESULT: ((_COMMAND_RESULT, "command_result", 0.85),),
    Facet.PARAMETERS: ((_PARAMETERS, "parameters", 0.85),),
    Facet.INTENDED: ((_INTENDED, "intended", 0.8),),
    Facet.UNINTENDED: ((_UNINTENDED, "unintended", 0.8),),
    Facet.REFERENCE: ((_REFERENCE, "document", 0.85),),
    Facet.EXPECTED: ((_EXPECTED, "expected", 0.8),),
    Facet.ACTUAL: ((_ACTUAL, "actual", 0.78),),
}


def kind_scores(text: str, subject: str = "") -> dict[SymptomKind, float]:
    """How strongly the words of one issue (folded) speak for each kind; `subject` counts besides for the only issue."""
    scores = dict.fromkeys(SymptomKind, 0.0)
    lines = text.split("\n")
    for kind, cues in _KIND_CUES.items():
        for regex, weight in cues:
            pattern = compiled(regex)
            if may_match(regex, text):
                count = sum(1 for line in lines for match in pattern.finditer(line) if match[0])
                scores[kind] += weight * min(count, 3) ** 0.5 if count else 0.0
            if subject and may_match(regex, subject):
                scores[kind] += 0.6 * weight if pattern.search(subject) else 0.0
    if _STRONG_UNREACHABLE.search(text):
        scores[SymptomKind.CONNECTIVITY] += 1.0
    return scores


def facet_hits(doc: Document, kind: SymptomKind, pack: Pack) -> dict[Facet, list[Hit]]:
    """Evidence for each facet of the kind."""
    lines = list(doc.spoken())
    found: dict[Facet, list[Hit]] = {}
    for facet in FACETS_OF_KIND[kind]:
        hits = [hit for regex, rule, weight in _FACETS[facet] for hit in find(regex, lines, doc, rule, weight)]
        extra: Callable[[Document, Pack], list[Hit]] | None = _EXTRA.get(facet)
        found[facet] = hits + (extra(doc, pack) if extra else [])
    return found


def _codes(doc: Document, pack: Pack) -> list[Hit]:
    regex = pack.cues.patterns.get("error_code", r"(?!)")
    return [
        hit
        for hit in find(regex, list(doc.spoken()), doc, "error_code", 0.85)
        if _looks_like_code(doc.text[hit.start : hit.end])
    ]


def _commands(doc: Document, _pack: Pack) -> list[Hit]:
    """A pasted command with the lines of its output below."""
    logs = [line for line in doc.lines if line.is_log]
    return [Hit(logs[0].start, logs[-1].end, "pasted_output", 0.85)] if len(logs) >= 2 else []


def _numbered(doc: Document, _pack: Pack) -> list[Hit]:
    items = [line for line in doc.lines if line.item is not None]
    return [Hit(items[0].start, items[-1].end, "numbered_steps", 0.6)] if len(items) >= 3 else []


_EXTRA: dict[Facet, Callable[[Document, Pack], list[Hit]]] = {
    Facet.ERROR_MESSAGE: _codes,
    Facet.COMMAND_RESULT: _commands,
    Facet.STEPS: _numbered,
}


def screenshot_facets(doc: Document, kind: SymptomKind) -> tuple[Facet, ...]:
    """Facets that an attached screenshot is likely to show."""
    if not evidence_files(doc.attachments):
        return ()
    return {SymptomKind.ERROR: (Facet.ERROR_MESSAGE,), SymptomKind.DISPLAY: (Facet.UNINTENDED,)}.get(kind, ())
