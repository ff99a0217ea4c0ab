"""Answers known by their place: what stands under a question of ours answers it, whatever the words alone would tell.

Turns a mail that goes on with a ticket into the asked items it answers, each with how: a line of the fill-in block, an
answer between the quoted lines, one under the number of its question, or the answer to the only question, which must sound
like one. "不明" is an answer; a promise, a question back and an empty line are none. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from models.conversation import How
from models.decision import ASKING, UNSEEN
from models.states import TicketState
from responders.answers import completed_in_quote, completed_items, headings_of, is_answer_here, says_unknown
from responders.items import is_given
from responders.questions import slot_of
from responders.replies import leads_to_another
from responders.sounds import sounds_like

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from models.assessment import Assessment
    from models.decision import OpenTicket
    from models.mail import Mail
    from policy.pack import Pack

_NUMBER = re.compile(r"^\s*(?:[(（]?(\d{1,2})[)）.．、:：]|([①-⑨]))\s*(.*)$")
_CIRCLED = {chr(0x2460 + n): n + 1 for n in range(9)}
_LEAST, _SHORT = 3, 200  # characters: what is shorter tells nothing, a longer text is read by its words
_LONGEST = 4_000  # characters of a mail in which a short answer may stand
# What every answer may hold and none consists of: greetings, thanks, consent, requests to hurry.
_EMPTY = re.compile(
    r"^(?:.{0,30}(?:様|御中|さん|各位|殿)[、。]?|(?:いつも)?(?:大変)?お世話に.*|お疲れ.*|(?:早速の?|ご|迅速な).{0,24}(?:ありがとう|感謝).*|ありがとうございま.*"
    r"|.{0,24}(?:回答|返信|連絡|送付)(?:いたし|し|させていただき)ます[。：:]?|(?:以上|何卒|どうぞ|では|引き続き)?.{0,14}(?:よろしく|宜しく)お願い.*|以上(?:です)?[。、]?"
    r"|(?:はい|ええ|いいえ|なるほど)?[、。]?(?:承知|了解|かしこまり|わかり|分かり)(?:です|(?:いたし|し|致し)?ました).*|(?:はい|ええ|いいえ|OK)(?:です)?[。]?"
    r"|.{0,24}(?:対応|確認|調査|検討|回答|返信|返事|連絡|復旧|手配|対処|協力)(?:の(?:ほど|程))?[をにもは]?.{0,8}(?:お願い|願い|よろしく|ください|下さい|頂け|いただけ|待).*"
    r"|.{0,16}(?:急いで|急ぎ|至急|まだ|お待ち|待って|どうなって|困って)[^0-9]{0,24}"
    r"|(?:hi|hello|dear|hey)\b.*|(?:many )?thanks?(?: you)?\b.*|thank you\b.*|(?:best|kind|warm)?\s*regards,?|best,?|cheers,?|sincerely,?"
    r"|(?:noted|understood|ok(?:ay)?|got it|sure|will do|roger|great|perfect)\b[^0-9]{0,40}|see (?:my )?(?:answers?|below).*"
    r"|(?:yes|no)(?:[,.! ]+(?:thanks?|please|problem|worries|understood|noted|sure|ok(?:ay)?)\b.{0,30})?[,.!]?"
    r"|(?:please|pls|kindly)\b.{0,12}(?:help|check|fix|advise|hurry|respond|reply|look|investigate|confirm|update)\b.*"
    r"|(?:any|is there) (?:news|update|progress).*"
    r"|.{0,20}\b(?:waiting|urgent(?:ly)?|asap)\b[^0-9]{0,40})$",
    re.IGNORECASE,
)


def placed_answers(mail: Mail, seen: Assessment, ticket: OpenTicket | None, pack: Pack) -> dict[str, How]:
    """The asked items that this mail answers by their place, with how it does."""
    if ticket is None or not ticket.asked:
        return {}
    headings = headings_of(pack)
    found = _only(mail, seen, ticket, pack)
    found |= _numbered(mail.reply_text, seen, ticket, headings, pack)
    found |= _inline(mail, seen, ticket, headings, pack)
    form = completed_items(mail.reply_text, ticket.asked, pack) | completed_in_quote(mail.text, ticket.asked, pack)
    return found | {item: _how(value, How.FORM, pack, (item,)) for item, value in form.items()}


def _how(text: str, how: How, pack: Pack, items: Collection[str]) -> How:
    return How.UNKNOWN if says_unknown(text, pack, items) else how


def _inline(
    mail: Mail, seen: Assessment, ticket: OpenTicket, headings: Mapping[str, str], pack: Pack
) -> dict[str, How]:
    found: dict[str, How] = {}
    for pair in mail.inline_answers:
        asked = _asked_by(pair.question, ticket.asked, headings, pack)
        if asked and is_answer_here(pair.answer, pack, asked, has_files=bool(mail.attachments)):
            found |= dict.fromkeys(_of_one_question(asked, seen), _how(pair.answer, How.INLINE, pack, asked))
    return found


def _asked_by(question: str, asked: Collection[str], headings: Mapping[str, str], pack: Pack) -> tuple[str, ...]:
    """The asked items that a quoted paragraph of ours asks for: by its numbered title, else by the question's own words."""
    lines = [unicodedata.normalize("NFKC", line).strip(" >|■*・\t") for line in question.split("\n")]
    for line in reversed(lines):
        numbered = _NUMBER.match(line)
        if items := _titled(numbered[3] if numbered else line.rstrip(":"), headings):
            return tuple(item for item in items if item in asked)
    said = {
        item: {
            unicodedata.normalize("NFKC", sentence).strip()
            for text in question.text.values()
            for sentence in re.split(r"(?<=[。?.])\s*", text)
            if len(sentence) >= 8
        }
        for item, question in pack.questions.items()
        if item in asked
    }
    whole = "".join("".join(lines).split())
    return tuple(item for item, own in said.items() if any("".join(one.split()) in whole for one in own))


def _titled(title: str, headings: Mapping[str, str]) -> tuple[str, ...]:
    """The items of a title such as 「コマンドと結果・関連する設定値」; none if a part of it is no heading of ours."""
    parts = [part for part in re.split(r"[・]| / ", title) if part.strip()]
    items = [headings.get(part.strip().casefold(), "") for part in parts]
    return tuple(items) if items and all(items) else ()


def _numbered(
    reply_text: str, seen: Assessment, ticket: OpenTicket, headings: Mapping[str, str], pack: Pack
) -> dict[str, How]:
    """Answers under the numbers of our questions: as many numbers as questions at most, one of them read as its answer."""
    questions = _numbered_questions(ticket, headings)
    answers = _numbered_lines(reply_text)
    if not answers or not set(answers) <= set(questions):
        return {}
    found: dict[str, How] = {}
    is_ours = False  # or a list of the customer's own, perhaps of steps
    for number, text in answers.items():
        asked = tuple(item for item in questions[number] if item in ticket.asked)
        how = _how(text, How.NUMBERED, pack, asked)
        if is_answer_here(text, pack, asked):
            found |= dict.fromkeys(_of_one_question(asked, seen), how)
            is_ours = is_ours or how is How.UNKNOWN or any(is_given(item, seen) for item in asked)
    return found if is_ours else {}


def _numbered_questions(ticket: OpenTicket, headings: Mapping[str, str]) -> dict[int, tuple[str, ...]]:
    """The questions of the latest letter that asked, by their numbers."""
    asking = [letter for letter in ticket.letters if letter.kind in ASKING and letter.state not in UNSEEN]
    found: dict[int, tuple[str, ...]] = {}
    for line in asking[-1].text.split("\n") if asking else ():
        numbered = _NUMBER.match(unicodedata.normalize("NFKC", line))
        if numbered and numbered[1] and (items := _titled(numbered[3].strip(), headings)):
            found[int(numbered[1])] = items
    return found


def _numbered_lines(text: str) -> dict[int, str]:
    """What stands behind each number, with the lines below it; empty if a number comes twice or there is but one."""
    found: dict[int, str] = {}
    current: int | None = None
    for line in text.split("\n"):
        numbered = _NUMBER.match(line) or _NUMBER.match(unicodedata.normalize("NFKC", line))
        if numbered:  # circled digits as they stand: folded they look like the text's own
            current = int(numbered[1]) if numbered[1] else _CIRCLED[numbered[2]]
            if current in found:
                return {}
            found[current] = numbered[3].strip()
        elif current is not None and line.strip():
            found[current] += f"\n{line.strip()}"
        else:
            current = None if not line.strip() else current
    return found if len(found) > 1 else {}


def _only(mail: Mail, seen: Assessment, ticket: OpenTicket, pack: Pack) -> dict[str, How]:
    """The one question that is open, if a short text answers nothing else, asks nothing and sounds like its answer.

    That he does not know counts for all that is still open in it; else each item must be sounded.
    """
    still = tuple(item for item in ticket.missing if item in ticket.asked)
    if ticket.state == TicketState.WAITING_RECURRENCE.value:
        return {}  # what its letter lists is to be noted the next time
    if len({slot_of(item) for item in still}) != 1 or len(mail.reply_text) > _LONGEST:
        return {}
    is_other = any(issue.category.is_answerable and issue.category not in ticket.categories for issue in seen.issues)
    if leads_to_another(mail, pack) or is_other or any(h.kind == "wants_close" for h in seen.hints):
        return {}
    said = _without_courtesies(mail.reply_text)
    if says_unknown(said, pack, still):
        return dict.fromkeys(still, How.UNKNOWN)
    has_files = bool(mail.attachments)
    is_short = _LEAST <= len("".join(said.split())) <= _SHORT
    if not is_short or not is_answer_here(said, pack, still, has_files=has_files):
        return {}
    told = (item for item in _of_one_question(still, seen) if sounds_like(item, said, pack, has_files=has_files))
    return dict.fromkeys(told, How.ONLY)


def _without_courtesies(text: str) -> str:
    """The sentences that tell something."""
    sentences = (part.strip() for part in re.split(r"(?<=[。.!！])\s+|(?<=[。！])|\n|(?<=ですので)[、,]", text))
    return "\n".join(part for part in sentences if part and not _EMPTY.match(part))


def _of_one_question(asked: tuple[str, ...], seen: Assessment) -> frozenset[str]:
    """Of several items under one title those that the words give; all of them where the words tell nothing."""
    told = frozenset(item for item in asked if is_given(item, seen))
    return told or frozenset(asked)
