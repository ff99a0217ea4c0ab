"""How an answer sounds: whether some words can be meant as the answer to one of our questions.

Turns a text and an item into yes or no by the pack's own patterns (`answer.<item>` of cues.toml, its regions and its
resource ids). Promises: sentences about people, calls, absence, wishes and days to come never sound like an answer; an
item without a pattern has no answer that sounds like it. It does not tell whether the answer is true or complete. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.pack import Pack

_LONGEST = 1_000  # characters that are looked at
_PATTERNS = {  # those of the pack that find the thing itself
    "when": tuple(f"absolute_time_{number}" for number in range(1, 7)),
    "where": ("region", "ip_address"),
    "evidence": ("error_code", "http_status", "command_prompt_line", "stack_trace", "log_line_with_time"),
    "facet:error_message": ("error_code", "http_status", "stack_trace"),
    "facet:steps": ("console_path", "command_prompt_line"),
    "facet:endpoints": ("ip_address", "port_number"),
    "facet:command_result": ("network_tool_output", "command_prompt_line"),
    "facet:parameters": ("ip_address", "port_number"),
}
_SAME_AS = {"link:goal": "goal"}  # asked for in the same words
_WISHED = "goal"  # what it asks for is a wish
_BY_FILE = ("evidence", "materials", "symptom", "facet:")  # what a file may show
_SENTENCES = re.compile(
    r"(?<=[。!?])|(?<=\.)\s+|\n|(?<=ので)[、,]?|(?<=[すんただ]が)[、,]|(?<=ございます)[、,]|,\s+(?=(?:so )?(?:please|could|can|would)\b)"
)
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A name of something that runs (web-01), an address in the net, a name at the end of a place's.
_NAMED = re.compile(
    r"https?://\S"
    r"|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,6}(?:com|net|org|jp|cn|io|info|example|local|internal|dev|app|cloud)\b"
    r"|(?<![\w.-])(?!T\d{6}\b)(?=[a-z])[a-z0-9]{1,30}(?:[-_][a-z0-9]{1,30}){0,6}[-_]?\d{1,6}(?:[-_][a-z0-9]{1,30})?(?![\w-])",
    re.IGNORECASE,
)
_NO_PLACE = re.compile(r"request_id|key|error|uid|^ram_")  # kinds of ids that stand for no place
_KATAKANA = "ァ-ヶー"
# Behind a place's name these are no part of another name (東京電力, タイムアウト); nor is it a person's (東京の鈴木です).
_BEHIND = "(?!の\\s?[一-龥々]{1,4}(?:です|でござ|と申し))(?:リージョン|ゾーン|サイト|サーバ|地域|国内|側|近郊|本番|検証|(?![一-龥々ァ-ヶー]))"


def sounds_like(item: str, text: str, pack: Pack, *, has_files: bool = False) -> bool:
    """Can some sentence of the text be meant as the answer to this item?

    Args:
        item: What was asked for.
        text: The customer's words.
        pack: Its patterns.
        has_files: Files came with them: then words that hand them over answer what a file may show.
    """
    kind = _SAME_AS.get(item, item)
    regexes = [
        *said_in(f"answer.{kind}", pack),
        *(pack.cues.patterns.get(one, "(?!)") for one in _PATTERNS.get(kind, ())),
    ]
    if has_files and kind.startswith(_BY_FILE):
        regexes += said_in("answer.attached", pack)
    return any(_any(regexes, one) or (kind == "where" and _is_place(one, pack)) for one in _telling(text, kind, pack))


def said_in(name: str, pack: Pack) -> list[str]:
    """The regular expressions of one group of phrases, of all languages: people mix them."""
    return [regex for group in pack.cues.phrases.get(name, {}).values() for regex in group]


def _telling(text: str, kind: str, pack: Pack) -> Iterator[str]:
    """The sentences that can tell something: none about people, and none that only wish, unless a wish is asked for."""
    left_out = said_in("beside", pack) + ([] if kind == _WISHED else said_in("wish", pack))
    for sentence in _SENTENCES.split(unicodedata.normalize("NFKC", text[:_LONGEST])):
        if sentence.strip() and not _any(left_out, sentence):
            yield sentence.strip()


def _any(regexes: Iterable[str], text: str) -> bool:
    return any(re.search(regex, text, re.IGNORECASE) for regex in regexes)


def _is_place(sentence: str, pack: Pack) -> bool:
    """Names it a region, a resource, a host?"""
    said = _MAIL_ADDRESS.sub(" ", sentence)
    if _NAMED.search(said):
        return True
    ids = (one for one in pack.resource_patterns if one.product and not _NO_PLACE.search(one.kind))
    return any(re.search(one.regex, said) for one in ids) or any(
        _names(alias, said) for alias in _names_of_regions(pack)
    )


def _names_of_regions(pack: Pack) -> Iterator[str]:
    for region in pack.regions.values():
        yield region.id
        yield from region.aliases
        for name in region.name.values():  # Japan (Tokyo): people say either
            yield from (part.strip() for part in re.split(r"[()]| - ", name) if len(part.strip()) > 1)


def _names(alias: str, text: str) -> bool:
    """Does the text name the region by this word, which is no part of another one there?"""
    if alias.isascii():
        flags = re.NOFLAG if alias.isupper() else re.IGNORECASE  # US is a place, us are people
        return re.search(rf"(?<![A-Za-z]){re.escape(alias)}(?![A-Za-z])(?! team\b)", text, flags) is not None
    before = f"(?<![{_KATAKANA}])" if re.match(f"[{_KATAKANA}]", alias) else ""
    return re.search(f"{before}{re.escape(alias)}{_BEHIND}", text) is not None
