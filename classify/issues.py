"""Issues: the problems and questions of a mail that could be answered and closed on their own.

A mail is one issue unless its discourse says otherwise: a bridge (別件ですが, separately), numbered items that each hold a
request or symptom of their own, or several questions about different products or matters. Steps, things tried, states
and occurrences are numbered too and stay one issue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from classify.goal import is_bare_request, questions
from classify.hits import compiled
from classify.segment import sentences

if TYPE_CHECKING:
    from classify.products import Mention
    from classify.segment import Document, Line
    from policy.pack import Pack

BRIDGE = compiled(
    r"^\s*(?:[・\-*■●◆○]\s*)?(?:それと|あと、?|また、?別件|別件(?:です|で|になり|として|ですが|なのですが)|別の(?:件|質問|相談|問題|話)|話は(?:変わり|別)|(?:それ|これ)とは別に|もう(?:一|1|ひと)(?:点|つ|件)|もう1つ|追加で|ついで(?:に|で|ながら)|併せて|あわせて|合わせて|加えて|さらに、?(?:もう|別|.{0,20}(?:教え|お願い|質問))|他に(?:も)?|ほかに(?:も)?|最後に|二つ目|2つ目|二点目|2点目|次に|なお、.{0,40}(?:教え|ご教示|お願い|でしょうか)"
    r"|also[, ]|in addition|another (?:question|issue|problem|thing|matter|topic)|one more|separately|on (?:a|an) (?:different|unrelated|another|other|separate) (?:note|matter|topic)|by the way|btw|second(?:ly)?[, ]|furthermore|besides|while (?:i'm|we're|we are|i am) at it|apart from (?:this|that)|unrelated|additionally|next[, ]|finally[, ]|lastly|另外|还有一个|此外|顺便)"
)
STRONG_BRIDGE = compiled(
    r"別件|別の(?:件|質問|相談|問題)|話は(?:変わり|別)|とは別に|もう(?:一|1|ひと)(?:点|つ|件)|ついで|二つ目|2つ目|二点目|2点目|another (?:question|issue|problem|matter|topic)|separately|(?:different|unrelated|separate) (?:note|matter|topic|question|issue)|one more|by the way|btw|while (?:i'm|we're|we are|i am) at it|unrelated|另外|还有一个|顺便"
)
_ANNOUNCED = compiled(
    r"(?:以下|下記|次の)?\s*(?P<n>[2-5２-５二三四五])\s*(?:点|つ|件|項目)(?:に(?:つい|関し)て|(?:ほど)?(?:質問|お伺い|確認|相談|お聞き|ご相談|教え|お願い|ございます|あります|困って|問題)|、)|\b(?P<e>two|three|four|2|3|4|couple of) (?:\w+ ){0,2}(?:questions|issues|problems|requests|things|topics|matters|points)\b"
)
_STEP_HEAD = compiled(
    r"手順|再現|操作|実施|試した|確認した|やったこと|経緯|時系列|経過|対応(?:履歴|内容)|切り分け|steps|reproduc|tried|timeline|procedure|what (?:i|we) (?:did|tried)|環境|構成|状態|状況|environment|条件|理由|要件|前提|設定(?:内容|値)|observ|checked|結果|発生(?:状況|履歴|日時)|log"
)
REQUEST = compiled(
    r"(?:教えて|ご教示|ご案内|お知らせ|ご説明|ご回答|ご確認|お願い(?:し|いたし|できま)|いただけ(?:ます|ない|れば)|ください|下さい|でしょうか|ですか|ますか|ませんか|のか[。?]?$|知りたい|したい(?:です|の)|希望|困って|ほしい|欲しい|\?)|\b(?:please|could you|can you|can we|can i|how|what|which|where|why|when|is it|is there|do you|does|would|should|need|want|like to|wonder)\b"
)
SYMPTOM = compiled(
    r"(?:エラー|失敗|タイムアウト|切断|遅(?:い|く)|落ち(?:る|ま)|止ま|文字化け|不具合|(?:でき|出来)(?:ない|ません|なく)|(?:れ|き|け|え|か|わ|ら)(?:ない|ません)(?!でしょうか|か[。?])|て(?:い|お)(?:ない|ません|りません)|おかしい|高い|消え)|\b(?:error|fail\w*|cannot|can't|unable|timed? ?out|denied|refused|not work\w*|does(?:n't| not)|broken|crash\w*|slow|missing|wrong|stuck|drops?)\b"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one issue: spans of the folded text."""

    spans: tuple[tuple[int, int], ...]

    def text(self, doc: Document) -> str:
        """Its words, span after span."""
        return "\n".join(doc.text[start:end] for start, end in self.spans)


def pieces(doc: Document, mentions: tuple[Mention, ...], pack: Pack) -> tuple[Piece, ...]:
    """The issues in order, at least one where the mail says anything."""
    body = [line for line in doc.spoken() if line.number > 0]
    if not body:
        return (Piece(((doc.lines[0].start, doc.lines[0].end),)),) if doc.lines and doc.lines[0].text else ()
    for cut in (_by_numbers, _by_bridges, _by_questions):
        found = cut(doc, body, mentions, pack)
        if len(found) > 1:
            return tuple(Piece(tuple(spans)) for spans in found)
    return (Piece(((doc.lines[0].start, body[-1].end),)),)


def _by_numbers(
    doc: Document, body: list[Line], mentions: tuple[Mention, ...], pack: Pack
) -> list[list[tuple[int, int]]]:
    """Numbered or bulleted items that each ask or complain, with all lines up to the next item."""
    numbered = [line for line in body if line.item is not None and not line.is_log]
    items = numbered if len(numbered) >= 2 and [line.item for line in numbered[:2]] == [1, 2] else _bulleted(body)
    if not 2 <= len(items) <= 6 or any(_STEP_HEAD.search(line.heading_text) for line in items):
        return []
    before = _line_before(doc, items[0])
    if before and _STEP_HEAD.search(before.text) and not _ANNOUNCED.search(before.text):
        return []
    blocks = _blocks(body, items)
    texts = ["\n".join(doc.text[start:end] for start, end in block) for block in blocks]
    own = [bool(REQUEST.search(text)) or bool(SYMPTOM.search(text)) for text in texts]
    if not all(own):
        return []
    asked = sum(1 for text in texts if REQUEST.search(text))
    announced = _ANNOUNCED.search(doc.text)
    subjects = [_products_in(block, mentions, pack) for block in blocks]
    differ = len({frozenset(subject) for subject in subjects if subject}) > 1
    if (
        announced
        or (asked == len(texts) and (differ or _are_apart(texts)))
        or (differ and all(SYMPTOM.search(text) for text in texts))
    ):
        return blocks
    return []


def _bulleted(body: list[Line]) -> list[Line]:
    """Bullets or 【...】 headings of one level that follow the mail's own order."""
    heads = [line for line in body if re.match(r"\s*(?:【[^】]{1,30}】|■|●|◆|▼|##?\s)", line.text) and not line.heading]
    return heads if len(heads) >= 2 else []


def _blocks(body: list[Line], items: list[Line]) -> list[list[tuple[int, int]]]:
    starts = [item.start for item in items]
    ends = [*starts[1:], body[-1].end]
    return [[(start, max(start, end))] for start, end in zip(starts, ends, strict=True)]


def _line_before(doc: Document, item: Line) -> Line | None:
    earlier = [line for line in doc.lines if line.end <= item.start and line.text]
    return earlier[-1] if earlier else None


def _by_bridges(
    doc: Document, body: list[Line], mentions: tuple[Mention, ...], pack: Pack
) -> list[list[tuple[int, int]]]:
    """A bridge before something that asks or complains by itself, after something that did."""
    first, last = body[0].start, body[-1].end
    cuts: list[int] = []
    for line in body:
        if line.is_log:
            continue
        for start, end in sentences(doc.text[line.start : line.end], line.start):
            sentence = doc.text[start:end]
            bridge = BRIDGE.search(sentence) or (STRONG_BRIDGE.search(sentence) if start > first else None)
            if bridge is None or start <= first:
                continue
            rest = doc.text[start:last]
            has_own = bool(REQUEST.search(rest[bridge.end() :]) or SYMPTOM.search(rest[bridge.end() :]))
            if not has_own or not _asks(doc.text[(cuts[-1] if cuts else first) : start]):
                continue
            if STRONG_BRIDGE.search(sentence) or _is_new_matter(
                doc, (cuts[-1] if cuts else doc.lines[0].start, start), (start, end), mentions, pack
            ):
                cuts.append(start)
    if not cuts:
        return []
    edges = [doc.lines[0].start, *cuts, last]
    return [[(start, end)] for start, end in pairwise(edges)]


def _by_questions(
    doc: Document, body: list[Line], mentions: tuple[Mention, ...], pack: Pack
) -> list[list[tuple[int, int]]]:
    """Several questions about different products, each sentence with its own."""
    found = [(start, end) for start, end in questions(doc) if start >= body[0].start]
    if len(found) < 2:
        return []
    subjects = [_products_in([span], mentions, pack) for span in found]
    groups: list[list[tuple[int, int]]] = []
    names: list[set[str]] = []
    for span, subject in zip(found, subjects, strict=True):
        if groups and (not subject or subject & names[-1]):
            groups[-1].append(span)
        else:
            groups.append([span])
            names.append(subject)
    if len(groups) < 2 or not all(names) or _related(names, pack):
        return []
    edges = [doc.lines[0].start, *(group[0][0] for group in groups[1:]), body[-1].end]
    return [[(start, end)] for start, end in pairwise(edges)]


def _asks(text: str) -> bool:
    return bool(SYMPTOM.search(text)) or any(
        REQUEST.search(line) and not is_bare_request(line) for line in text.split("\n")
    )


def _is_new_matter(
    doc: Document, before: tuple[int, int], span: tuple[int, int], mentions: tuple[Mention, ...], pack: Pack
) -> bool:
    """A weak bridge (また, also) counts only with another product and a request of its own."""
    here, there = _products_in([span], mentions, pack), _products_in([before], mentions, pack)
    return (
        bool(here)
        and not here & there
        and not _related([here, there], pack)
        and bool(REQUEST.search(doc.text[span[0] : span[1]]))
    )


def _products_in(spans: list[tuple[int, int]], mentions: tuple[Mention, ...], pack: Pack) -> set[str]:
    return {
        m.product
        for m in mentions
        if any(start <= m.start < end for start, end in spans)
        and (m.is_strong or m.is_id or not pack.products[m.product].is_service)
        and not pack.products[m.product].is_service
        and not pack.products[m.product].is_means
    }


def _related(names: list[set[str]], pack: Pack) -> bool:
    """The products of neighbouring groups often stand in one question."""
    for one, other in pairwise(names):
        pairs = [(a, b) for a in one for b in other]
        if not any(
            (a in g.anchor and (b in g.others or "ANY" in g.others))
            or (b in g.anchor and (a in g.others or "ANY" in g.others))
            for a, b in pairs
            for g in pack.related
        ):
            return False
    return True


def _are_apart(texts: list[str]) -> bool:
    """Items that share hardly a content word are about different matters."""
    bags = [
        set(re.findall(r"[A-Za-z][A-Za-z0-9-]{2,}|[ァ-ヴー]{3,}|[一-龥]{2,}", text.lower())) - _COMMON for text in texts
    ]
    pairs = list(pairwise(bags))
    return all(len(a & b) <= 0.2 * max(1, min(len(a), len(b))) for a, b in pairs)


_COMMON = frozenset(
    [
        "the",
        "and",
        "for",
        "you",
        "can",
        "please",
        "how",
        "what",
        "with",
        "場合",
        "方法",
        "確認",
        "設定",
        "質問",
        "利用",
        "可能",
        "以下",
        "下記",
        "教示",
        "お願い",
        "コンソール",
        "サーバー",
        "インスタンス",
    ]
)


def gist_of(doc: Document, piece: Piece, subject: str) -> str:
    """A short phrase: the subject for a mail of one issue, else the first sentence that asks or complains."""
    if subject and piece.spans[0][0] == 0:
        return subject[:80]
    for start, end in piece.spans:
        for from_, to in sentences(doc.text[start:end], start):
            sentence = doc.text[from_:to].strip()
            if REQUEST.search(sentence) or SYMPTOM.search(sentence):
                return " ".join(re.sub(r"^\s*(?:[(]?\d{1,2}[).、:.]|[①-⑳]|[・\-*■●◆])\s*", "", sentence).split())[:80]
    start, end = piece.spans[0]
    return " ".join(doc.text[start:end].split())[:80]
