"""The guide's ★ checks: do evidence and goal belong to the symptom? By shared objects: ids, hosts, products, error words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classify.hits import Hit
    from classify.products import Mention
    from classify.segment import Document

_OBJECT = re.compile(
    r"(?<![\w.-])(?:[a-z]{1,5}-[a-z0-9]{10,22}|\d{1,3}(?:\.\d{1,3}){3}|[a-z]+[-_]?[a-z]*[-_]\d{1,3}|[a-z]+\d{2})(?![\w.-])",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"(?:別(?:の)?(?:サーバー?|インスタンス|ホスト|システム|環境|件|マシン)の(?:ログ|もの|結果|画面|キャプチャ)|(?:参考(?:まで)?に|ご参考).{0,16}(?:別|他)の?.{0,16}(?:ログ|結果|画面)|\b(?:log|output|trace|screenshot)s? (?:is |are )?(?:from|of|on) (?:another|a different|the other|our other) (?:server|host|instance|machine|system|project|environment))",
    re.IGNORECASE,
)


def evidence_link(doc: Document) -> bool:
    """False only for a clear sign: the words say it is another thing's, or logs name only objects that the prose never names."""
    if _OTHER.search(doc.text):
        return False
    logs = "\n".join(line.text for line in doc.lines if line.is_log)
    prose = "\n".join(line.text for line in doc.lines if not line.is_log)
    in_logs, in_prose = _objects(logs), _objects(prose)
    is_shared = bool(in_logs & in_prose) or bool(_hosts(logs) & _hosts(prose))
    return is_shared or not (_hosts(logs) and _hosts(prose))


def goal_link(doc: Document, goal: list[Hit], mentions: tuple[Mention, ...]) -> bool:
    """False if the goal names other products or objects than the rest of the mail, and none of its own."""
    if not goal:
        return True
    lines = [line for line in doc.lines if any(line.start <= hit.start < line.end for hit in goal)]
    inside = {
        m.product
        for m in mentions
        if any(line.start <= m.start < line.end for line in lines) and (m.is_strong or m.is_id)
    }
    outside = {
        m.product
        for m in mentions
        if not any(line.start <= m.start < line.end for line in lines) and (m.is_strong or m.is_id)
    }
    objects = _objects("\n".join(line.text for line in lines))
    others = _objects("\n".join(line.text for line in doc.lines if line not in lines))
    return not (inside and outside and not inside & outside and not objects & others)


def _objects(text: str) -> set[str]:
    return {match.lower() for match in _OBJECT.findall(text)}


def _hosts(text: str) -> set[str]:
    """Host-like names and ids only: addresses may be the other end's."""
    return {one for one in _objects(text) if not re.fullmatch(r"[\d.]+", one)}
