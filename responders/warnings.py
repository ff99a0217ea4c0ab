"""What an agent should see before his letter goes: promises the desk does not make, what is missing, what is not sure. Pure.

A warning never stops a letter: he may know better. The words that lead to one are the pack's (`cues.toml`, agent.*),
looked for sentence by sentence in what he wrote himself; a sentence that declines is no promise.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from models.mail import Trust
from responders.letters import letter_languages
from responders.recipient import is_role_address, without_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.pack import Pack

CODES = (
    "forged",
    "blocked",
    "bounced",
    "nobody_reads",
    "stranger",
    "secret",
    "identity_check",
    "no_disclaimer",
    "internal_cause",
    "performance_figure",
    "maintenance_record",
    "sla",
    "no_attachment",
    "other_language",
    "banned_word",
)  # in the order in which they are shown
_PROMISES = ("internal_cause", "performance_figure", "maintenance_record", "sla")
_NEEDS_DISCLAIMER = ("agent.parameter_example", "agent.command")
_LANGUAGES = frozenset({"ja", "en", "zh"})  # those that can be told apart
_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=\.)\s+|\n")
_SIGNATURE = re.compile(r"^-- $", re.MULTILINE)
_LONGEST_FOUND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the warnings look at."""

    text: str  # as the agent typed it
    language: str  # that he wrote in, as far as it can be told
    wanted: str  # the customer's
    files: int = 0
    holds_secret: bool = False
    asks: str = ""  # the words of the mail that is answered
    trust: str = Trust.UNCHECKED.value  # of its sender
    has_known_account: bool = False  # an agent has confirmed an account as the sender's
    recipients: tuple[str, ...] = ()  # To, then Cc
    participants: frozenset[str] = frozenset()  # addresses that belong to the ticket, folded
    standing: Mapping[str, str] = field(default_factory=dict)  # address -> blocked | bounced


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One warning: `code` is stable, `found` are the words or the address that led to it."""

    code: str
    found: str = ""


def warnings_of(facts: Facts, pack: Pack) -> tuple[Warned, ...]:
    """Everything that the agent should look at again, the gravest first; each code once."""
    found: dict[str, Warned] = {}
    for one in _all(facts, pack):
        found.setdefault(one.code, one)
    return tuple(found[code] for code in CODES if code in found)


def has_disclaimer(text: str, pack: Pack) -> bool:
    """Does the text say that other ways may fit better, and that the customer decides (the guide's ご留意事項)?"""
    bare = "".join(text.split())
    own = pack.texts.get("disclaimer", {}).values()
    return any("".join(sentence.split()) in bare for sentence in own) or bool(_found("agent.disclaimer", text, pack))


def own_text(text: str) -> str:
    """What the agent wrote himself: no quoted lines, no signature."""
    body = _SIGNATURE.split(text.replace("\r\n", "\n"))[0]
    return "\n".join(line for line in body.split("\n") if not line.lstrip().startswith(">"))


def _all(facts: Facts, pack: Pack) -> Iterator[Warned]:
    yield from _about_recipients(facts)
    own = own_text(facts.text)
    if facts.holds_secret:
        yield Warned(code="secret")
    is_known = facts.has_known_account and facts.trust != Trust.FAILED.value
    if not is_known and (asked := _found("agent.identity_check", facts.asks, pack)):
        yield Warned(code="identity_check", found=asked)
    yield from _about_words(own, pack)
    if not facts.files and (said := _found("agent.attachment", own, pack)):
        yield Warned(code="no_attachment", found=said)
    fitting = {facts.wanted, *letter_languages(facts.wanted, pack)}
    if own.strip() and facts.language in _LANGUAGES and facts.wanted and facts.language not in fitting:
        yield Warned(code="other_language", found=facts.language)


def _about_recipients(facts: Facts) -> Iterator[Warned]:
    if facts.trust == Trust.FAILED.value:
        yield Warned(code="forged")
    known = {without_plus(one) for one in facts.participants}
    for address in facts.recipients:
        if facts.standing.get(address) in {"blocked", "bounced"}:
            yield Warned(code=facts.standing[address], found=address)
        if is_role_address(address):
            yield Warned(code="nobody_reads", found=address)
        if without_plus(address) not in known:
            yield Warned(code="stranger", found=address)


def _about_words(own: str, pack: Pack) -> Iterator[Warned]:
    instruction = next(filter(None, (_found(cue, own, pack) for cue in _NEEDS_DISCLAIMER)), "")
    if instruction and not has_disclaimer(own, pack):
        yield Warned(code="no_disclaimer", found=instruction)
    promising = [one for one in _sentences(own) if not _found("agent.declines", one, pack)]
    for code in _PROMISES:
        if said := next(filter(None, (_found(f"agent.{code}", one, pack) for one in promising)), ""):
            yield Warned(code=code, found=said)
    plain = own.casefold()
    for word in (word for words in pack.banned_words.values() for word in words):
        if word.casefold() in plain:
            yield Warned(code="banned_word", found=word)


def _sentences(text: str) -> list[str]:
    return [one for one in _SENTENCE.split(text) if one and one.strip()]


def _found(cue: str, text: str, pack: Pack) -> str:
    """The first words that a cue finds, on one line; empty for none."""
    folded = unicodedata.normalize("NFKC", text)
    for regexes in pack.cues.phrases.get(cue, {}).values():
        for pattern in _compiled(regexes):
            if match := pattern.search(folded):
                said = " ".join(match[0].split())
                return said if len(said) <= _LONGEST_FOUND else said[: _LONGEST_FOUND - 1] + "…"
    return ""


@lru_cache(maxsize=256)
def _compiled(regexes: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(regex, re.IGNORECASE) for regex in regexes)
