"""[How] 現象の根拠: objective items — error texts, logs, commands with results, screens, steps taken, comparisons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.hits import Hit, find

if TYPE_CHECKING:
    from classify.segment import Document
    from policy.pack import Pack

_QUOTED_ERROR = r"[「『\"“'`](?=[^」』\"”'`\n]{4,200}[」』\"”'`])[^」』\"”'`\n]*(?:エラー|失敗|できません|ありません|無効|拒否|不正|error|fail|denied|invalid|not |unable|cannot|refused|timed? ?out|exceed|forbidden|unauthori|missing|unknown)[^」』\"”'`\n]*[」』\"”'`]"
_ERROR_LINE = r"(?:\bERROR\s*\d*|\b[A-Z][A-Za-z]+(?:Error|Exception)\b|\berror(?:\s+code)?\s*[:=]?\s*[\"']?[A-Z0-9][\w.-]{2,}|エラー(?:コード|番号|メッセージ)?\s*[:は「]?\s*[\"「]?[A-Z0-9][\w.-]{2,}|\bFATAL\b|\bpanic:|\bcode[:=]\s*\d{3,}|\bErrno\s*\d+|0x[0-9A-Fa-f]{6,8}|ERR_[A-Z_]+|\bexit (?:code|status) \d+)"
_STRICT_HTTP = r"(?:HTTP\S*\s*|status(?:\s*code)?[:=]?\s*|ステータス(?:コード)?\s*[:は]?\s*|エラー\s*|error\s*|\ba )(?<!\d)[45]\d\d(?!\d)|(?<!\d)[45]\d\d(?!\d)\s*(?:エラー|error|が返|を返|になり|になる|が出|Forbidden|Not Found|Bad Gateway|Service Unavailable|Service|Gateway|Internal|Unauthorized|Bad Request|Too Many|が発生|が表示|responses?\b|s\b)"
_REQUEST_ID = r"(?:Request\s?-?ID|リクエスト\s?ID|EagleEyeId|TraceId)\W{0,4}[0-9A-Fa-f-]{8,}|\b[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}\b"
_TRIED = (
    r"(?:再起動|再作成|再ログイン|再実行|再接続|再インストール|再設定|ログアウト|ログオフ|切り戻し|ロールバック|強制停止|キャッシュ(?:を)?(?:削除|クリア))(?:を)?(?:し|いたし|行|試|実施|かけ).{0,6}(?:ましたが|ても|したが|ておりますが|ましたところ|みま|みた|ています|ました|したところ)|(?:確認|試|実行|実施|検証|比較|調査|切り分け)(?:し|いたし|して(?:み|い|お)|ってみ|しました).{0,10}(?:ところ|が|結果|て(?:い|お)|ました|た)"
    r"|試し(?:て|まし|た|ました)|試みま|(?:再現|発生)(?:し(?:ます|ました|ません|ない|て)|する|性)|(?:別|他|同様|同じ構成)の?(?:インスタンス|環境|端末|回線|リージョン|ユーザー?|サーバー?|PC|ブラウザ|アカウント|バケット|VPC|クラスター?|ノード|関数|ドメイン)(?:では|でも|からは|からも|から(?:の)?|は|なら|だと).{0,24}(?:問題な|正常|発生し|接続でき|つなが|同じ|成功|でき|再現|エラー|起き)"
    r"|(?:手順|以下の(?:操作|コマンド|手順|ログ|エラー|メッセージ|結果|とおり|通り|内容))|(?:ログ|スクリーンショット|キャプチャ|画面(?:コピー|ショット|キャプチャ)|実行結果|スクショ)(?:を|は)?.{0,6}(?:添付|貼|送|お送り|付け|下記|以下|別添)|(?:コンソール|画面|モニタ(?:リング)?|メトリクス|グラフ|監視|ステータス|状態|管理画面|表示)(?:上)?(?:では|で|を見る(?:と|限り)|は|には|上は).{0,24}(?:「|正常|異常|Running|実行中|停止|表示|%|なって|ゼロ|0|Stopped|高|unhealthy|失敗|赤|エラー)"
    r"|ping\S{0,3}(?:は|も|が|を|では).{0,12}(?:通|応答|返|失敗|成功|飛)|(?:traceroute|tracert|telnet|curl|nslookup|dig|mtr|ping|openssl|tcpdump|netstat|top|df|free|dmesg|journalctl|kubectl|terraform|ossutil|aliyun|docker|mysql|psql|redis-cli|wget|systemctl|helm)\s+(?:-{1,2}\w+|[\w./:-]{2,})"
)
_TRIED_EN = (
    r"\b(?:(?:i|we|have|has|already|also)\s+(?:\w+ ){0,2}(?:tried|tested|checked|verified|confirmed|rebooted|restarted|reinstalled|recreated|re-?created|re-?ran|compared|reproduced|rolled back|cleared|disabled|enabled|increased|ran|captured|looked at|inspected|changed)|(?:can|could|cannot|can't|able to|not)\s+(?:be )?reproduc\w*|reproduc(?:es|ed|ible|tion)|same (?:result|error|behaviou?r|issue|problem|thing)"
    r"|(?:another|other|different|second|identical|same) (?:instance|server|region|account|user|network|environment|machine|bucket|cluster|node|browser|vpc|client|host|laptop|pc|function|domain)s?\b.{0,50}\b(?:works?|fine|ok|fails?|same|not affected|no problem|succeeds?)|works? (?:fine|ok|well|as expected|without|from|in|on|when)|(?:log|logs|output|screenshot|trace|stack ?trace|dump|response|result)s?\s+(?:is|are|was|below|attached|shows?|says?|follows?|from|:)|(?:see|find|here is|here are) (?:the )?(?:attached|below|log|output|screenshot)|attached (?:is|are|the|please|screenshot|log)|(?:as )?(?:below|attached|following)\s*[:.]|steps? to reproduce|(?:console|dashboard|monitor\w*|metrics?|graph|status|page|screen|ui)\s+(?:\w+ )?(?:shows?|says?|displays?|reports?|is|stays|remains|indicates)|the following (?:error|message|log|output|steps))\b"
    r"|\b(?:ping|traceroute|telnet|curl|nslookup|dig|mtr|openssl|tcpdump|kubectl|terraform|ossutil|aliyun|docker|mysql|psql|redis-cli|wget|nc|iperf3?|helm)\s+(?:-{1,2}\w+|[\w./:-]{3,})"
)
_SHOT = re.compile(
    r"\.(?:png|jpe?g|gif|bmp|webp|log|txt|har|pcap(?:ng)?|out|mp4|mov|heic|evtx|dmp|trace|gz|zip)$", re.IGNORECASE
)
_NO_SHOT = re.compile(
    r"構成|設計|diagram|architecture|手順|parameter|パラメータ|topology|ネットワーク図|図面|一覧|sheet|policy|config|logo|ロゴ|image00\d",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"(?:エラー|ログ|メッセージ|error|message|log)s?\s*(?:は|も|等は|などは)?\s*(?:特に)?(?:出て(?:い|お)?(?:ません|ない)|表示され(?:て)?(?:い)?(?:ません|ない)|ありません|なし|is shown|未取得|取れて|取得でき)",
    re.IGNORECASE,
)


def evidence_hits(doc: Document, pack: Pack) -> list[Hit]:
    """Evidence for the section (no pun)."""
    lines = list(doc.spoken())
    body = [line for line in lines if line.number > 0]
    text = doc.text
    patterns = pack.cues.patterns
    hits = [Hit(line.start, line.end, "log_line", 0.93) for line in body if line.is_log and len(line.text) > 12]
    for regex, rule, weight in (
        (patterns.get("error_code", r"(?!)"), "error_code", 0.8), (_QUOTED_ERROR, "quoted_error", 0.92), (_ERROR_LINE, "error_text", 0.88), (_STRICT_HTTP, "http_status", 0.85), (_REQUEST_ID, "request_id", 0.96),
        (patterns.get("stack_trace", r"(?!)"), "stack_trace", 0.97), (patterns.get("network_tool_output", r"(?!)"), "tool_output", 0.88), (_TRIED, "tried_or_shown", 0.78), (_TRIED_EN, "tried_or_shown", 0.75),
    ):  # fmt: skip
        for hit in find(
            regex,
            lines if rule in {"quoted_error", "error_text", "error_code", "http_status"} else body,
            doc,
            rule,
            weight,
        ):
            if rule == "error_code" and not _looks_like_code(text[hit.start : hit.end]):
                continue
            if not _NEGATED.search(text, max(0, hit.start - 4), hit.end + 20):
                hits.append(hit)
    return hits


def _looks_like_code(word: str) -> bool:
    """Dotted CamelCase like InvalidParameter.Size; not a host name, a file or a product like Node.js."""
    parts = word.split(".")
    return bool(
        re.search(
            r"[a-z][A-Z]|^(?:Forbidden|Throttling|AccessDenied|NoSuch|Invalid|Missing|Operation|Service|Quota|Signature)",
            parts[0],
        )
    ) or (len(parts) >= 2 and all(re.match(r"[A-Z][a-z]+", part) for part in parts))


def evidence_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Attached screenshots and logs; configuration and diagrams are material, not evidence."""
    return tuple(name for name in names if _SHOT.search(name) and not _NO_SHOT.search(name))
