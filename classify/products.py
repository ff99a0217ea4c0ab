"""Which products a text asks about, and which are only the environment.

The gazetteer is the pack's catalogue. Strong aliases count alone; weak ones need a second signal (an id of that product or
a strong alias of it elsewhere in the mail). Service entries are never products of an issue; means (console, SDK, CLI, Terraform)
only where nothing else is asked about and the question is about them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from classify.hits import one_of
from classify.normalise import fold
from classify.where import resource_hits
from policy.once import once_for_each

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classify.segment import Document
    from policy.pack import Pack

# The sign that a product is the way or the place, not the subject: what stands behind it, and before it.
_CONTEXT_AFTER = re.compile(
    r"^\s*(?:[(（][^)）]{0,40}[)）])?(?:\s*(?:インスタンス|サーバー?|クラスター?|環境|仮想マシン|上|内|側|配下|ノード|Linux|instance|server|cluster|VM|host|[a-z0-9-]{6,30}))?\s*(?:から(?!の(?:ダウン|移行|メール|通知))|上の|上に|上で|内の|内から|配下の|経由(?:で|の|して)|を(?:経由|使って|利用して|通じて|踏み台)|で(?:動|稼働|運用|構築|ホスト|実行し|動か|立て)|にインストール|に(?:導入|デプロイ)した|の(?:前段|後段|背後|バックエンド)|と同じ(?:VPC|リージョン)"
    r"|\s(?:instance|server|host|VM|node)s?\s+(?:in|on|behind|inside|within) the same|\s*(?:instance|server|VM|host)?s?\s*(?:behind|as (?:the )?(?:origin|backend|client|bastion)))",
    re.IGNORECASE,
)
_CONTEXT_BEFORE = re.compile(
    r"(?:\bfrom (?:an?|our|the|my|inside|within|one of (?:our|the)|two|all|\w+)?\s*(?:\w+ ){0,2}|\b(?:on|in|inside|within|behind|through|via|using|hosted on|running on|deployed on) (?:an?|our|the|my|the same|\w+)?\s*(?:\w+ ){0,1}|同じ|同一(?:の)?|(?:経由|接続)元(?:は|の|:)?\s*|接続元\s*[:は]\s*)$",
    re.IGNORECASE,
)
_SUBJECT_AFTER = re.compile(
    r"^\s*(?:[(（][^)）]{0,60}[)）])?\s*(?:の(?:エラー|不具合|障害|接続|料金|価格|設定|使い方|操作|起動|停止|作成|件|質問|問題|利用|仕様|機能|費用|請求|アップグレード|更新|購入|コンソール)|に(?:つい(?:て)?|関(?:する|して)|接続|ログイン|アクセス|つなが|繋が|SSH|アップロード|保存|設定)|が|は|を|で|へ)"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A product named at [start, end) of the folded text."""

    start: int
    end: int
    product: str
    is_strong: bool
    is_id: bool = False


@lru_cache(maxsize=8)
def _gazetteer(entries: tuple[tuple[str, str, bool], ...]) -> tuple[re.Pattern[str], dict[str, tuple[str, bool]]]:
    """One expression over all aliases, longest first; names in Latin letters only between other letters' borders."""
    table: dict[str, tuple[str, bool]] = {}
    for alias, product, is_strong in entries:
        key = fold(alias).text.lower()
        if key not in table or (is_strong and not table[key][1]):
            table[key] = (product, is_strong)
    longest = sorted(table, key=len, reverse=True)
    latin = one_of([alias for alias in longest if _is_latin(alias[0])], _border)
    other = one_of([alias for alias in longest if not _is_latin(alias[0])], _border)
    return re.compile(rf"(?<![a-z0-9_.@/-])(?:{latin})|{other}"), table


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _border(alias: str) -> str:
    """What may not follow a name that ends in a Latin letter or a digit."""
    return r"(?![a-z0-9_@]|[-.][a-z0-9]{2,}\.)" if _is_latin(alias[-1]) else ""


def _entries(pack: Pack) -> tuple[tuple[str, str, bool], ...]:
    found = [(alias, product.id, True) for product in pack.products.values() for alias in product.strong]
    return tuple(found + [(alias, product.id, False) for product in pack.products.values() for alias in product.weak])


@once_for_each
def _names(pack: Pack) -> tuple[re.Pattern[str], dict[str, tuple[str, bool]]]:
    return _gazetteer(_entries(pack))


def mentions(doc: Document, pack: Pack) -> tuple[Mention, ...]:
    """Every product named in the sender's own text, logs left out, in order."""
    pattern, table = _names(pack)
    found: list[Mention] = []
    text = _lower(doc.text)
    for line in doc.lines:
        if line.is_shell or line.is_log:
            continue
        for match in pattern.finditer(text, line.start, line.end):
            key = re.sub(r"\s+", " ", match[0])
            entry = table.get(key) or table.get(key.replace(" ", "")) or _loose(key, table)
            if entry:
                found.append(Mention(match.start(), match.end(), entry[0], entry[1]))
    for hit, kind in resource_hits(doc, pack):
        product = next((p.product for p in pack.resource_patterns if p.kind == kind), "")
        if (
            product
            and not pack.products[product].is_service
            and kind not in {"api_endpoint", "arn", "ram_user", "ram_app", "hostname", "resource_group"}
        ):
            found.append(Mention(hit.start, hit.end, product, is_strong=False, is_id=True))
    return tuple(sorted(found, key=lambda mention: mention.start))


def _lower(text: str) -> str:
    """Lower case, letter by letter where the whole would change its length (İ)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _loose(key: str, table: dict[str, tuple[str, bool]]) -> tuple[str, bool] | None:
    squeezed = key.replace(" ", "")
    return next((entry for alias, entry in table.items() if alias.replace(" ", "") == squeezed), None)


def products_of(
    doc: Document, spans: Iterable[tuple[int, int]], everything: tuple[Mention, ...], pack: Pack
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(asked about, context) among the mentions within the spans of one issue."""
    _, named = named_in(doc, spans, everything, pack)
    named = [m for m in named if not pack.products[m.product].is_service]
    ids_only = not any(not m.is_id for m in named)
    candidates = [
        m for m in named if ids_only or not m.is_id or m.product in {n.product for n in named if not n.is_id}
    ] or named
    scores: dict[str, float] = {}
    for mention in candidates:
        scores[mention.product] = scores.get(mention.product, 0.0) + subject_score(mention, doc)
    subjects = _subjects(scores, candidates, pack)
    context = [product for product in dict.fromkeys(m.product for m in named) if product not in subjects]
    return tuple(subjects), tuple(context)


def named_in(
    doc: Document, spans: Iterable[tuple[int, int]], everything: Iterable[Mention], pack: Pack
) -> tuple[list[Mention], list[Mention]]:
    """(all mentions within the spans, those that can be trusted to mean the product)."""
    everything, spans = list(everything), list(spans)
    inside = [m for m in everything if any(start <= m.start < end for start, end in spans)]
    confirmed = {m.product for m in everything if m.is_strong or m.is_id}
    trusted = [
        m
        for m in inside
        if m.is_strong
        or (m.is_id and not _is_quoted_id(doc, m))
        or m.product in confirmed
        or _stands_alone(m, doc, pack)
    ]
    return inside, trusted


def is_related(one: str, other: str, pack: Pack) -> bool:
    """The two often stand in one question (the pack's related groups)."""
    return any(
        (one in g.anchor and (other in g.others or "ANY" in g.others))
        or (other in g.anchor and (one in g.others or "ANY" in g.others))
        for g in pack.related
    )


def _stands_alone(mention: Mention, doc: Document, pack: Pack) -> bool:
    """A weak alias that is a proper abbreviation or product word in Latin letters (OSS, NAS, Redis, Kafka) is trusted alone."""
    words = doc.text[mention.start : mention.end]
    if pack.products[mention.product].is_means:
        return True
    return bool(re.fullmatch(r"[A-Z][A-Za-z0-9 ./-]{1,24}", words)) and words.lower() not in _COMMON


_COMMON = frozenset(
    [
        "vm",
        "api",
        "id",
        "gpu",
        "tag",
        "sms",
        "sso",
        "cname",
        "es",
        "tr",
        "ga",
        "mq",
        "as",
        "db",
        "server",
        "instance",
        "console",
        "account",
        "login",
        "billing",
        "invoice",
        "refund",
        "payment",
        "charge",
        "ticket",
        "quota",
        "smtp",
        "mqtt",
        "vpn",
        "dns",
        "nat",
        "http",
        "apm",
        "iot",
        "tls",
        "ssl",
        "cas",
        "cms",
        "ons",
        "eas",
        "dlc",
        "sas",
        "ebs",
        "ram",
        "smb",
        "nfs",
        "cpu",
        "das",
        "dbs",
        "csg",
    ]
) - frozenset(["vpn", "dns", "nat", "ram", "oss", "nas", "redis", "kafka", "cdn", "fc", "ebs", "sms"])


def _is_quoted_id(doc: Document, mention: Mention) -> bool:
    line = next((line for line in doc.lines if line.start <= mention.start < line.end), None)
    return line is not None and line.is_log


def subject_score(mention: Mention, doc: Document) -> float:
    """How much this mention speaks for the product being what is asked about; negative for context."""
    after = doc.text[mention.end : mention.end + 48].split("\n")[0]
    before = doc.text[max(0, mention.start - 40) : mention.start].split("\n")[-1]
    score = 1.0 if mention.is_strong else 0.7
    if mention.is_id:
        score = 0.4
    if _CONTEXT_AFTER.match(after) or _CONTEXT_BEFORE.search(before):
        score = -1.2
    elif _SUBJECT_AFTER.match(after):
        score += 0.8
    if doc.lines and mention.start < doc.lines[0].end:
        score += 1.6 if score > 0 else 0.4
    return score


def _subjects(scores: dict[str, float], candidates: list[Mention], pack: Pack) -> list[str]:
    real = {product: score for product, score in scores.items() if not pack.products[product].is_means}
    chosen = real or scores
    if not chosen:
        return []
    best = max(chosen.values())
    keep = [product for product, score in chosen.items() if score >= max(0.3, best * 0.5)] or [
        max(chosen, key=lambda product: chosen[product])
    ]
    if len(keep) > 1:
        keep = _without_related(keep, chosen, pack)
    places = {product: min(m.start for m in candidates if m.product == product) for product in keep}
    return sorted(keep, key=lambda product: places[product])


def _without_related(keep: list[str], scores: dict[str, float], pack: Pack) -> list[str]:
    """Of products that often stand in one question only the one most asked about, unless the others are nearly as strong."""
    best = max(keep, key=lambda product: scores[product])
    out = [best]
    for product in keep:
        if product == best:
            continue
        related = is_related(best, product, pack)
        if scores[product] >= scores[best] * (0.9 if related else 0.6):
            out.append(product)
    return out
