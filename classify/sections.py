"""The seven sections of the guide: for each its rules' hits, what a heading with content adds, what "unknown" answers.

A heading with nothing under it is absent, so is a placeholder; 不明 or 特になし under it is absent but answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classify.combine import finding
from classify.evidence import evidence_files, evidence_hits
from classify.goal import goal_hits, is_bare_request
from classify.hits import Hit, compiled
from classify.materials import material_files, materials_hits
from classify.segment import sentences
from classify.when import when_hits
from classify.where import where_hits
from classify.who import who_hits
from models.assessment import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from classify.scorer import Opinion, Voice
    from classify.segment import Document, Line
    from models.assessment import Finding
    from policy.pack import Pack

# "I do not know", wherever it stands in a sentence; "none" only where it is the whole answer to a heading.
_IGNORANCE = r"不明|(?:わか|分か|判)(?:り|ら)(?:ません|ない|ず|かね)|はっきり(?:と)?(?:し(?:ない|ません|て(?:い|お)(?:ない|ません|りません))|せず|わか|分か)|定かで(?:は|あり|な)|覚えて(?:い|お)?(?:ない|ません|りません|らず)|記憶(?:に|が)(?:ない|ありません|なく)|何とも(?:言|い)え|特定(?:が|は)?でき(?:て(?:い|お))?(?:ない|ません|りません|ず)|把握(?:でき|し)(?:て?(?:い|お))?(?:ない|ません|りません|ず|らず)|存じ(?:上げ)?ません|不清楚|不知道|不详|\b(?:not (?:exactly )?(?:known|sure|certain|clear)|unknown|unclear|(?:do|does|did)(?: not|n't) (?:know|remember|recall)|no idea|can(?:not|'t) (?:say|tell|remember|recall)|nobody (?:knows|remembers|noticed|looked)|hard to say)\b"
_NOTHING = r"特に?(?:は)?(?:なし|無し|ありません|ない|ございません)|な(?:し|い)(?:です)?|無し|該当(?:は)?(?:なし|無し|しません)|確認でき(?:ず|ません|て(?:い|お)(?:ない|りません))|未確認|同上|没有(?:特别的)?|无|-|ー|n/?a|none|nothing(?: in particular)?|tbd|not applicable"
_UNKNOWN = compiled(
    rf"^[\s:・\-*→]*(?:(?:{_IGNORANCE}).{{0,40}}|(?:{_NOTHING})(?:です|。)?\s*(?:[(、,].{{0,40}})?)[\s。.!)]*$"
)
_SAYS_UNKNOWN = compiled(_IGNORANCE)
_TOPIC = {
    Section.WHEN: compiled(r"いつ|時期|日時|時刻|時間帯|頻度|発生(?:し|時|日)|开始|时间|什么时候|\b(?:when|since|how (?:long|often)|start(?:ed|ing)?|beg[ai]n\w*|date|time)\b"),
    Section.WHO: compiled(r"誰(?!も)|どなた|どの(?:ID|アカウント|ユーザー)|アカウント|ユーザー(?!ガイド|マニュアル)|UID|操作(?:者|した)|担当者|账号|用户|\b(?:who|users?|accounts?|logged in as|uid)\b"),
    Section.WHERE: compiled(r"どこ|場所|リージョン|どの(?:サーバー?|インスタンス)|地域|地点|\b(?:where|regions?|which (?:instance|server|zone))\b"),
    Section.EVIDENCE: compiled(r"ログ|エラー(?:内容|メッセージ)|根拠|証跡|スクリーンショット|日志|\b(?:logs?|error messages?|screenshots?|evidence)\b"),
    Section.MATERIALS: compiled(r"資料|その他|資料|附件|\b(?:materials?|documents?|other)\b"),
    Section.GOAL: compiled(r"ゴール|解決(?:条件|か)|目標|目标|\b(?:goal|resolution|resolved when|solved)\b"),
}  # fmt: skip
_LONGEST_ANSWER = 120
_SHORT = 24  # a line no longer than this may be the question to the next one
_PLACEHOLDER = compiled(
    r"^[\s:・\-*]*(?:後(?:ほど|で|日)(?:お?送り|ご?連絡|記載|追記|共有|提出|添付)?.{0,12}|追って.{0,14}|調査中(?:です)?|確認中(?:です)?|準備中.{0,6}|(?:ここ|こちら)に.{0,10}(?:記入|記載|入力).{0,6}|[○〇●◯xX＊*?？_ー\-…・.]+|\(?(?:例|e\.g\.|ex)[:：.].*|(?:will|to) (?:be )?(?:send|sent|follow|add|provided?).{0,20}|later|tba|見積中|記載なし)[\s。.]*$"
)
_NO_RECORD = compiled(r"(?:ログ|エラー(?:メッセージ)?|記録|証跡|スクリーンショット|画面)(?:は|も|などは|等は|の類は)?.{0,8}(?:残って(?:い|お)(?:ない|ません|りません)|取得でき(?:ません|ず|ない)|取れて(?:い|お)(?:ない|ません|りません)|ありません|保存して(?:い|お)(?:ない|ません|りません)|控えて(?:い|お)(?:ない|ません|りません)|特になし)|\b(?:no (?:logs?|screenshots?|evidence|error messages?) (?:are |is |were )?(?:available|left|saved|kept|taken)|(?:don't|do not) have (?:any )?(?:logs?|screenshots?))")  # fmt: skip
_CONTENT = re.compile(r"[A-Za-z0-9]{2,}|[一-龥ァ-ヴー]{2,}|[ぁ-ん]{4,}")
_TROUBLE_WORD = compiled(
    r"(?:でき|出来|れ|き|け|え|か|わ|ら|さ)(?:ない|ません|なく|ず)|エラー|失敗|異常|不具合|落ち|止ま|停止|遅|重|切|消え|高|違|おかし|タイムアウト|真っ白|文字化け|5\d\d|4\d\d|\b(?:error|fail\w*|cannot|can't|unable|not|timed? ?out|denied|refused|down|slow|broken|crash\w*|wrong|missing|lost|drop\w*|stuck|higher|twice|charged)\b"
)
_VAGUE = compiled(
    r"^(?:(?:前(?:回)?と同じ|また|例の|同じ|いつもの)?(?:エラー|現象|事象|障害|不具合|トラブル|問題)(?:が|は|に|で)?(?:出|発生|起|で|です|なって).{0,12}|(?:サーバー?|システム|サイト|画面|ネット|サービス|DB|クラウド).{0,6}(?:落ち|止ま|死ん|動か|つなが|おかし|重).{0,8}|(?:うまく|正常に|正しく).{0,8}(?:いか|いき|でき|動).{0,8}|.{0,10}(?:not working|does(?:n't| not) work|is down|broken|the same (?:error|problem)(?: again)?).{0,12})[。.!！]*$"
)


# A question that asks how, which or how much is its own symptom and its own goal (docs/labels.md).
_OF_A_QUESTION = frozenset({Section.SYMPTOM, Section.GOAL})
_LEAST_OF_A_QUESTION = 0.88
_LEAST_OF_TOLD_TROUBLE = 0.2  # absent, but not surely


def section_hits(doc: Document, pack: Pack, asked: tuple[Hit, ...]) -> dict[Section, list[Hit]]:
    """What the rules find for each section, whatever the mail is about; `asked` are its questions."""
    hits: dict[Section, list[Hit]] = {
        Section.SYMPTOM: _symptom_hits(doc, asked),
        Section.EVIDENCE: evidence_hits(doc, pack),
        Section.WHEN: when_hits(doc, is_question=False),
        Section.WHERE: where_hits(doc, pack),
        Section.WHO: who_hits(doc),
        Section.MATERIALS: materials_hits(doc),
        Section.GOAL: goal_hits(doc),
    }
    for section in Section:
        hits[section] += _under_heading(doc, section)
    hits[Section.EVIDENCE] += _files(doc, evidence_files(doc.attachments), "attached_evidence", 0.95)
    hits[Section.MATERIALS] += _files(doc, material_files(doc.attachments), "attached_material", 0.9)
    return hits


def read_sections(
    doc: Document, voice: Voice, model: Mapping[Section, Opinion], *, is_question: bool, is_asking: bool
) -> dict[Section, Finding]:
    """All seven findings.

    Args:
        doc: The mail.
        voice: What the rules heard.
        model: The learned opinions, possibly none.
        is_question: The issues are how-to, service or like questions, not trouble.
        is_asking: The mail asks or complains at all.
    """
    hits = {section: list(found) for section, found in voice.sections.items()}
    if is_question:
        hits[Section.GOAL] += _the_question(doc, voice) if is_asking else []
        hits[Section.WHEN] = when_hits(doc, is_question=True)
    if not is_asking:
        hits[Section.SYMPTOM] = []
    return {
        section: finding(
            doc,
            hits[section],
            model.get(section),
            answered=section in voice.answered,
            floor=_FLOORS[section],
            whole=section in _SENTENCES,
            least=_least(section, hits[section], is_question=is_question and bool(voice.questions)),
        )
        for section in Section
    }


def _least(section: Section, hits: Iterable[Hit], *, is_question: bool) -> float:
    """The least probability: a question is its own symptom and goal; nobody is asked what happens who says what fails."""
    if is_question and section in _OF_A_QUESTION:
        return _LEAST_OF_A_QUESTION
    is_told = section is Section.SYMPTOM and any(hit.rule == "trouble" for hit in hits)
    return _LEAST_OF_TOLD_TROUBLE if is_told else 0.0


_SENTENCES = frozenset({Section.SYMPTOM, Section.EVIDENCE, Section.GOAL})


def _the_question(doc: Document, voice: Voice) -> list[Hit]:
    """The question that is its own goal."""
    found = [Hit(hit.start, hit.end, "the_question_is_the_goal", 0.9) for hit in voice.questions]
    first = next((line for line in doc.spoken()), None)
    return found or ([Hit(first.start, first.end, "the_question_is_the_goal", 0.85)] if first else [])


# How often a section is there although no rule saw it, by the corpus: the less, the surer an absence.
_FLOORS = {
    Section.SYMPTOM: 0.2,
    Section.EVIDENCE: 0.14,
    Section.WHEN: 0.1,
    Section.WHERE: 0.16,
    Section.WHO: 0.1,
    Section.MATERIALS: 0.08,
    Section.GOAL: 0.15,
}


def _files(doc: Document, names: tuple[str, ...], rule: str, weight: float) -> list[Hit]:
    """An attachment proves by its name, which stands nowhere in the text: the span is empty."""
    return [Hit(0, 0, rule, weight)] if names and doc.text else []


def _symptom_hits(doc: Document, question_hits: tuple[Hit, ...]) -> list[Hit]:
    """A concrete sentence of trouble, or the question itself; vague one-liners count little."""
    found = [Hit(hit.start, hit.end, "question", 0.85) for hit in question_hits]
    for line in doc.spoken():
        text = line.text
        if is_bare_request(text) or not _TROUBLE_WORD.search(text):
            continue
        words = _CONTENT.findall(text)
        weight = 0.35 if _VAGUE.match(text) or len(words) < 2 else 0.8 if len("".join(words)) >= 8 else 0.55
        found.append(Hit(line.start, line.end, "vague_trouble" if weight < 0.5 else "trouble", weight))
    if not found:
        longest = max((line for line in doc.prose()), key=lambda line: len(line.text), default=None)
        if longest is not None and len("".join(_CONTENT.findall(longest.text))) >= 8:
            found.append(Hit(longest.start, longest.end, "statement", 0.55))
    return found


def _under_heading(doc: Document, section: Section) -> list[Hit]:
    """Content under the section's own heading; 症状 under a shared heading (環境, 手順) weighs less for the others."""
    if section not in doc.fields:
        return []
    hits = []
    for line in doc.fields[section]:
        value = doc.text[line.value_start : line.end].strip()
        if not value or not _CONTENT.search(value):
            continue
        if len(value) <= _LONGEST_ANSWER and (_UNKNOWN.match(value) or _PLACEHOLDER.match(value)):
            continue
        if section is Section.GOAL and is_bare_request(value):
            continue
        if section is Section.WHEN and not re.search(
            r"\d|毎|今|昨|本日|先|頃|常|断続|不定|時|every|since|always|once|today|yester|on ", value, re.IGNORECASE
        ):
            continue
        hits.append(Hit(line.value_start, line.end, "under_its_heading", 0.85 if len(line.heading) == 1 else 0.6))
    return hits


def is_answered(doc: Document, section: Section) -> bool:
    """不明, 特になし or the like under the heading, or said in a sentence about it."""
    for line in doc.fields.get(section, []):
        if _is_unknown(doc.text[line.value_start : line.end].strip()):
            return True
    if section is Section.EVIDENCE and any(_NO_RECORD.search(doc.text, line.start, line.end) for line in doc.spoken()):
        return True
    topic = _TOPIC.get(section)
    if topic is None:
        return False
    key = ("not_known", 0)
    if key not in doc.found:
        doc.found[key] = tuple(_not_known(doc))
    return any(topic.search(asked) for asked in doc.found[key])


def _not_known(doc: Document) -> Iterator[str]:
    """What the sender says he does not know: each such sentence, after the short line that asks for it."""
    asked = ""
    for line in doc.lines:
        if line.number == 0 or line.is_log or not line.text:
            continue
        name, value = _asked_and_answer(line, doc)
        if _is_unknown(value):
            yield name or asked
        for start, end in sentences(doc.text[line.start : line.end], line.start):
            sentence = doc.text[start:end].strip()
            if _SAYS_UNKNOWN.search(sentence) and not sentence.endswith(("?", "か。", "か")):
                yield f"{asked}\n{sentence}"
        asked = line.text if len(line.text) <= _SHORT and not _ASKED.match(line.text) else ""


def _is_unknown(value: str) -> bool:
    """The whole answer is that nobody knows, or that there is none."""
    return 0 < len(value) <= _LONGEST_ANSWER and _UNKNOWN.match(value) is not None


def _asked_and_answer(line: Line, doc: Document) -> tuple[str, str]:
    """A line cut at its first colon or bracket: the short text before it, and what follows; the whole line else."""
    text = doc.text[line.start : line.end].strip()
    match = _ASKED.match(text)
    return (match[1], match[2].strip()) if match else ("", text)


_ASKED = re.compile(r"^[\s■□◆◇●○・*#【\[(<]*([^:】\]>]{1,24})[:】\]>]\s*(.+)$")
