"""[Where][Which] 発生場所: anything that narrows the place beyond the product's name. And the resources and regions named."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from classify.hits import Hit, compiled, find, one_of
from policy.once import once_for_each

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from classify.segment import Document
    from policy.pack import Pack

_NO_PLACE = frozenset(
    {"uid", "ram_user", "ram_app", "arn", "sms_error", "request_id", "access_key", "policy", "api_endpoint"}
)
_NAMED = (
    r"(?:インスタンス|サーバー?|ホスト|クラスター?|バケット|関数|プロジェクト|データベース|ノード|ドメイン|Logstore|キュー|トピック|リスナー|名前空間|テーブル|リポジトリ|ワークスペース|環境|サービス)(?:名|ID)?\s*(?:は|が|の|:|「|『|\()?\s*[A-Za-z][\w.-]{2,}"
    r"|(?<![\w.-])[A-Za-z][\w-]*[-_]?(?:web|app|db|api|batch|bastion|prod|stg|dev|test|node|srv|host|vm|proxy|gw|master|slave|worker)[\w-]*\d{1,3}(?![\w.])|(?<![\w.-])(?:web|app|db|ap|srv|host|node|prod|stg|dev|batch)[-_]?[\w-]*\d{1,3}(?![\w.])"
    r"|\b(?:instance|server|host|cluster|bucket|function|project|database|node|domain|logstore|namespace|queue|topic|repository|workspace)s?(?: named| called| name is| name:| id:| id is|:)?\s+[\"'`(]?[a-z][a-z0-9]*[-_.][\w.-]+"
    r"|\boss://[\w.-]+|\bs3://[\w.-]+"
)
_PAGE = (
    r"(?:購入|作成|詳細|一覧|設定|管理|監視|概要|請求|支払い?|登録|ログイン|編集|確認|検索|更新|変更|ダッシュボード|メトリクス|モニタリング)(?:画面|ページ|タブ|パネル)|画面(?:左|右|上|下)|(?:コンソール|console)\s*(?:の|>|→|->)\s*[^\s。、]{2,20}"
    r"|\b(?:console|purchase|details?|list|settings|overview|monitoring|billing|payment|login|instances?|dashboard)\s+(?:page|screen|tab|panel)\b"
)
_FROM = (
    r"(?:社内|自宅|オフィス|本社|支社|支店|拠点|事務所|工場|店舗|オンプレ(?:ミス)?|データセンター?|日本|中国|海外|国内|インターネット|VPN|踏み台|ローカル|外部|社外|手元|PC|ノートPC|スマホ|携帯|モバイル回線|テザリング|在宅|現地|上海|北京|大阪|名古屋|香港|東京|[ァ-ヴー]{2,8}支社|パブリックIP|別回線)(?:の[^\s、。]{1,16})?(?:から|経由|側|内の?(?:PC|端末|ネットワーク))"
    r"|\bfrom (?:my|our|the|an?|home|within|inside|outside)\s*(?:\w+[ -]){0,2}(?:office|home|laptop|pc|network|on-?prem\w*|vpn|bastion|data ?cent(?:er|re)|machine|branch|headquarters|hotel|workstation|china|japan|vpc|internet|jump)\b|\bfrom (?:home|tokyo|osaka|china|japan|shanghai|beijing|singapore|india|our \w+ office)\b"
)
_ZONE = r"(?:東京|北京|上海|杭州|香港|シンガポール)?\s*(?:ゾーン|AZ|アベイラビリティゾーン|可用性ゾーン)\s*[A-Za-z](?![A-Za-z])|\bzone\s*[a-k]\b|\bAZ[- ]?[a-k]\b"
_DOMAIN = r"(?<![\w@.-])(?!(?:www\.)?(?:alibabacloud|aliyun)\.com)(?:[a-z0-9][a-z0-9-]{0,40}\.){1,4}(?:com|net|org|jp|cn|io|dev|app|example|test|local|internal|info|biz|cloud|tokyo|shop|xyz|co)(?![\w.-]*@)(?!\w)"
_IP = r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d|\*+|x+)(?:/\d{1,2})?(?![\d.])"
_VERSIONISH = compiled(r"(?:バージョン|version|ver\.?|v)\s*$")


def where_hits(doc: Document, pack: Pack) -> list[Hit]:
    """Evidence for the section."""
    lines = list(doc.spoken())
    text = doc.text
    hits = [Hit(h.start, h.end, "resource_id", 0.97) for h, kind in resource_hits(doc, pack) if kind not in _NO_PLACE]
    hits += [Hit(start, end, "region", 0.93) for start, end, _ in regions(doc, pack)]
    for regex, rule, weight in (
        (_ZONE, "zone", 0.93),
        (_NAMED, "named_resource", 0.85),
        (_PAGE, "console_page", 0.7),
        (_FROM, "access_from", 0.8),
    ):
        hits += find(regex, lines, doc, rule, weight)
    hits += [
        hit
        for hit in find(_IP, lines, doc, "ip_address", 0.9)
        if not _VERSIONISH.search(text[max(0, hit.start - 10) : hit.start])
    ]
    hits += [hit for hit in find(_DOMAIN, lines, doc, "domain", 0.72) if not _is_document(text, hit)]
    return hits


def accesses(doc: Document) -> Iterator[Hit]:
    """Where the sender says that he connects from."""
    return find(_FROM, [line for line in doc.prose() if line.number > 0], doc, "access_from", 0.8)


def _is_document(text: str, hit: Hit) -> bool:
    """A help page or a mail address is no place."""
    around = text[max(0, hit.start - 12) : hit.end + 24].lower()
    return "@" in text[max(0, hit.start - 1) : hit.start] or any(
        word in around for word in ("help", "/doc", "docs.", "support/", "github.com", "wordpress.org")
    )


def resource_hits(doc: Document, pack: Pack) -> tuple[tuple[Hit, str], ...]:
    """Every resource id, endpoint or identity of the pack's patterns, with its kind."""
    key = ("resources", id(pack))
    if key not in doc.found:
        lines = [line for line in doc.lines if line.text and not line.is_shell]
        doc.found[key] = tuple(
            (hit, pattern.kind)
            for pattern in pack.resource_patterns
            for hit in find(pattern.regex, lines, doc, "resource_id", 0.97)
        )
    found: tuple[tuple[Hit, str], ...] = doc.found[key]
    return found


def regions(doc: Document, pack: Pack) -> list[tuple[int, int, str]]:
    """Regions by id or by a name that means the region: (start, end, region id), in order."""
    key = ("regions", id(pack))
    if key not in doc.found:
        doc.found[key] = sorted(_regions(doc, pack))
    found: list[tuple[int, int, str]] = doc.found[key]
    return found


def _regions(doc: Document, pack: Pack) -> Iterator[tuple[int, int, str]]:
    code = compiled(pack.cues.patterns["region"])
    named, told, table = _names(pack)
    by_length = sorted(pack.regions, key=len, reverse=True)
    for line in doc.lines:
        if not line.is_shell:
            for match in code.finditer(doc.text, line.start, line.end):
                yield (
                    match.start(),
                    match.end(),
                    next((id_ for id_ in by_length if match[0].lower().startswith(id_)), ""),
                )
            for match in named.finditer(doc.text, line.start, line.end):
                yield match.start(), match.end(), table[(match["guarded"] or match["alone"]).lower()]
        for match in told.finditer(doc.text, line.start, line.end):
            yield match.start(), match.end(), table[match["told"].lower()]


@once_for_each
def _names(pack: Pack) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    return _region_names(
        tuple(
            (name, region.id)
            for region in pack.regions.values()
            for name in (*region.aliases, *region.name.values())
            if len(name) >= 2
        )
    )


@lru_cache(maxsize=8)
def _region_names(names: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, str]]:
    """(names in any text, names behind "in" or "region", name to region id), the longest names first.

    A city counts as a region only with リージョン, "region" or the like beside it; a full name counts alone.
    """
    table = {name.removesuffix("リージョン").lower(): region for name, region in reversed(names)}
    bases = sorted({name.removesuffix("リージョン") for name, _ in names}, key=len, reverse=True)
    alone = one_of([name for name in bases if "(" in name])
    guarded = one_of([name for name in bases if "(" not in name])
    told = one_of([name for name in bases if "(" not in name and name.isascii()])
    beside = r"\s*(?:リージョン|region|の?(?:データセンター|DC)|\(?(?:cn|ap|us|eu|me)-)"
    return (
        compiled(rf"(?P<alone>{alone})|(?P<guarded>{guarded}){beside}"),
        compiled(rf"\b(?:in|region:?|to)\s+(?:the\s+)?(?P<told>{told})\b(?!\s+(?:office|branch|time|team))"),
        table,
    )
