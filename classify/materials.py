"""その他: further material — diagrams, parameter sheets, documents or procedures followed, attached configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.hits import Hit, find

if TYPE_CHECKING:
    from classify.segment import Document

_URL = r"https?://[^\s<>「」）)\"']*(?:help|doc|support|guide|manual|wiki|github|qiita|blog|zenn|registry\.terraform|api|reference|tutorial|faq|article|alibabacloud|aliyun)[^\s<>「」）)\"']*"
_DOCUMENT = (
    r"(?:公式)?(?:ドキュメント|マニュアル|手順書|ヘルプ(?:ページ|センター)?|ガイド|チュートリアル|リファレンス|技術資料|ユーザーガイド|ホワイトペーパー|ブログ記事|Qiita|仕様書)(?:ページ)?(?:「[^」]{2,40}」)?(?:の(?:通り|とおり|手順|記載|記述|説明|例)|を(?:参照|参考|見|確認|読|元|もと)|に(?:従|沿|は|よ|記載|書|ある|倣)|通り|どおり|では)"
    r"|(?:構成図|システム構成|ネットワーク図|パラメータシート|設計書|設定ファイル|設定値一覧|構成ファイル|ポリシー(?:の)?JSON|tfファイル|パラメーターシート|設定内容)(?:を|は)?.{0,8}(?:添付|送|付け|以下|下記|別紙|貼|共有)|(?:添付|別紙|別添)の?(?:構成図|設計書|資料|パラメータ|図|手順書|PDF|Excel|エクセル)|参考(?:資料|URL|にした)"
    r"|\b(?:according to|following|per|as per|followed|based on|as described in|as documented in|read|in|from) (?:the |your |this |official )*(?:\w+ ){0,3}(?:doc(?:s|ument(?:ation)?)?|guide|manual|tutorial|help (?:page|center)|reference|article|runbook|whitepaper|quick ?start)\b|\b(?:architecture|network|system)? ?diagram\b|\bparameter sheet\b|\b(?:terraform|config(?:uration)?|policy|manifest|yaml|json) (?:file )?(?:is |are )?(?:attached|below|follows)|\battached (?:the |our |is the |is our |my )*(?:\w+ )?(?:config|diagram|policy|manifest|\.tf|yaml|design|pdf|spec)"
)
_FILE = re.compile(
    r"\.(?:pdf|xlsx?|pptx?|docx?|drawio|vsdx?|tf|ya?ml|json|csv|conf|ini|toml|xml|md|svg|sql)$|構成|設計|diagram|architecture|手順|パラメータ|parameter|topology|sheet|policy|config",
    re.IGNORECASE,
)


def materials_hits(doc: Document) -> list[Hit]:
    """Evidence for the section."""
    lines = [line for line in doc.spoken() if line.number > 0 and not line.is_log]
    hits = list(find(_URL, lines, doc, "document_url", 0.85))
    hits += find(_DOCUMENT, lines, doc, "document", 0.78)
    return hits


def material_files(names: tuple[str, ...]) -> tuple[str, ...]:
    """Attached files that are neither screenshots nor logs."""
    return tuple(name for name in names if _FILE.search(name))
