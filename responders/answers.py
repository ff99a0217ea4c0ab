"""Reads back the fill-in block of an earlier letter: which of its lines did the customer complete?

The headings are the pack's own; a line counts when something stands behind its colon or below it before the next
heading. "不明" counts as well: it is an answer. A promise, a question back, a mere mark and a hint at another text are none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from models.assessment import Section
from responders.sounds import said_in, sounds_like

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from policy.pack import Pack

# A promise is no answer, and no pack needs to say so.
_LATER = re.compile(r"^\W*(?:後ほど|のちほど|追って|後日|別途|確認中|調査中|to follow|later|tbd)", re.IGNORECASE)
_ASKS_BACK = re.compile(r"[?？]\s*$|(?:でしょうか|ですか|ますか|教えてください|ご教示ください)[。.]?\s*$", re.MULTILINE)
# A mark of doubt behind a value (11/23 22時頃?) asks nothing.
_DOUBTS = re.compile(r"(?<![かの])[?？]\s*$")
_ASKING_WORD = re.compile(
    r"どこ|どの|どれ|どう|どち|何|なに|いつ(?!も)|いくつ|誰|だれ|なぜ|\b(?:what|where|which|when|who|why|how|do|does|is|are|can|could|should)\b",
    re.IGNORECASE,
)
LONGEST_UNKNOWN = 40  # characters: behind more words something is told besides
_DITTO = re.compile(r"(?:同上|上に同じ|〃|ditto|same as above)(?:です)?[。.\s]*", re.IGNORECASE)
_MARKS = "■*・●◆□>＞# \t-"
_ROUND = " 。.、,!~()（）[]【】<>「」『』※*・…\t\n"
_SORRY = r"(?:(?:大変|誠に)?(?:申し訳(?:ありません|ございません|ない)|すみません|すいません|恐れ入ります|sorry|apologies)(?:が|けど)?[、。,.!\s]*)?"
_ASKED_WORD = r"いつ|どこ|どれ|どの|誰|だれ|何|どう|正確|詳細|詳し|具体的|はっきり|それ|こちら|その点"
_SPEAKER = r"(?:(?:but|well|unfortunately|honestly)[,\s]+)*(?:(?:i|we)(?:'m|'re| am| are)?\s+)?(?:really |just |honestly |also )*"
_END = (
    r"(?:でした|です|でございます|である|だ|となります|になります|との?こと|と思います|な?状況|な?状態|ね|よ|ので|が|けど"
    r"|すみません|申し訳[^。]{0,12}|[。、.,!~\s…]|\([^()]*\)"
    r"|(?:sorry|thanks|at the moment|right now|exactly|any ?more|for sure|unfortunately|yet|(?:about )?(?:that|this|it)\b"
    r"|(?:when|where|which|who|the)\b[^?]*))*$"
)


def completed_items(reply_text: str, asked: Collection[str], pack: Pack) -> dict[str, str]:
    """The asked items whose line in the fill-in block now holds an answer, with it.

    What stands below an empty line goes on with the line above it only where it sounds like its answer: mostly the mail
    ends there, with thanks and a name.
    """
    headings = headings_of(pack)
    found: dict[str, str] = {}
    current: str | None = None
    is_apart = False
    for line in reply_text.splitlines():
        item, value = _heading_line(line, headings)
        if item is not None:
            above = found.get(current or "", "")
            current, found[item], is_apart = item, above if _DITTO.fullmatch(value) else value, False
        elif line.strip(" \t-―─=＝_"):
            if current is not None and (not is_apart or (not found[current] and sounds_like(current, line, pack))):
                found[current] = f"{found[current]}\n{line.strip()}".strip()
                is_apart = False
        else:
            current, is_apart = (None if _is_rule(line) else current), True
    return {item: value for item, value in found.items() if item in asked and _fills_in(item, value, pack)}


def completed_in_quote(text: str, asked: Collection[str], pack: Pack) -> dict[str, str]:
    """The asked items whose line was completed within the quoted letter, with the answer: there every line was empty."""
    headings = headings_of(pack)
    found: dict[str, str] = {}
    above = ""
    for line in text.splitlines():
        item, value = _heading_line(line.lstrip("> |＞"), headings) if line[:1] in {">", "＞", "|"} else (None, "")
        if item is not None:
            above = above if _DITTO.fullmatch(value) else value
            found[item] = above or found.get(item, "")  # an older letter further down has the line again, empty
    return {item: value for item, value in found.items() if item in asked and _fills_in(item, value, pack)}


def _fills_in(item: str, value: str, pack: Pack) -> bool:
    """Is the line completed: by all that stands there, or by its first line alone, whatever is said below?"""
    first = value.partition("\n")[0]
    return is_answer_here(value, pack, (item,)) or (first != value and is_answer_here(first, pack, (item,)))


def headings_of(pack: Pack) -> dict[str, str]:
    """Item by heading, in every language; the general headings win over those that advice.toml gives."""
    particular = {_folded(text): one.item for one in pack.answers if one.heading for text in one.heading.values()}
    general = {_folded(text): item for item, one in pack.questions.items() for text in one.heading.values()}
    return {**particular, **general}


def _heading_line(line: str, headings: dict[str, str]) -> tuple[str | None, str]:
    head, colon, value = unicodedata.normalize("NFKC", line).partition(":")
    return (headings.get(_folded(head)), value.strip()) if colon else (None, "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(_MARKS).casefold()


def _is_rule(line: str) -> bool:
    return len(line.strip()) >= 10


def says_unknown(value: str, pack: Pack, items: Iterable[str] = ()) -> bool:
    """Is the answer that he does not know, or that there is none (不明, 特になし)?

    Args:
        value: The answer, whole: more than such words tells something besides.
        pack: Its words and headings.
        items: What was asked for, where it may be named first (発生日時は不明です).
    """
    said = unicodedata.normalize("NFKC", value).replace("’", "'").strip().casefold()
    if not said or len(said) > LONGEST_UNKNOWN:
        return False
    words = {word for group in pack.cues.words.get("unknown_answers", {}).values() for word in group}
    known = "|".join(re.escape(unicodedata.normalize("NFKC", word).casefold()) for word in sorted(words, key=len)[::-1])
    topic = _topic(items, pack)
    return re.match(rf"[(（※*\s]*{_SORRY}{topic}{_SPEAKER}(?:{known}){_END}", said) is not None if words else False


def _topic(items: Iterable[str], pack: Pack) -> str:
    """What may stand before: the thing asked for, by a heading of it, or the word that asks for it."""
    wanted = tuple(items)
    if not wanted:
        return ""
    titles = {title for title, item in headings_of(pack).items() if item in wanted}
    sections = (section for section in Section if section.value in wanted)
    titles |= {_folded(one) for section in sections for group in pack.cues.headings[section].values() for one in group}
    named = "|".join(re.escape(one) for one in sorted(titles, key=len)[::-1] if one)
    return (
        rf"(?:(?:{_ASKED_WORD}|{named})[^。\n]{{0,16}}?(?:は|が|も|か|に|の|、|について|に関して|まで|:)\s*"
        rf"|(?:(?:the|an?|exact|precise|its?)\s+)*(?:{named})\s+(?:is|are|was)\s+)?"
    )


def is_answer(value: str) -> bool:
    """Is anything said, in letters or digits, and not only promised?"""
    return any(one.isalnum() for one in value) and _LATER.match(value) is None


def is_answer_here(text: str, pack: Pack, items: Collection[str] = (), *, has_files: bool = False) -> bool:
    """Something is said that is no promise for later, no question back, no hint at another text and no placeholder.

    Args:
        text: The words.
        pack: Its cues.
        items: What was asked for: what sounds like it tells a doubt (22時頃?) from a question, and what is known from
            what is still being looked into (22時に発生を確認しております).
        has_files: Files came with the text: then words that point to them are an answer.
    """
    if says_unknown(text, pack, items):
        return True
    plain = unicodedata.normalize("NFKC", text).strip(_ROUND)
    if not is_answer(plain) or _is_any("promise", plain, pack) or _is_wholly("not_filled_in", plain, pack):
        return False
    if not has_files and _is_wholly("points_elsewhere", plain, pack):
        return False
    is_meant = any(sounds_like(item, plain, pack) for item in items)
    if _ASKS_BACK.search(text) and not (is_meant and _DOUBTS.search(text) and not _ASKING_WORD.search(plain)):
        return False
    return is_meant or not _is_any("checking", plain, pack)


def _is_any(name: str, text: str, pack: Pack) -> bool:
    return any(re.search(regex, text, re.IGNORECASE) for regex in said_in(name, pack))


def _is_wholly(name: str, text: str, pack: Pack) -> bool:
    return any(re.fullmatch(rf"(?:{regex})(?:です|でした)?", text, re.IGNORECASE) for regex in said_in(name, pack))
