"""A mail that goes on with a ticket, read as one: what would be said of it alone may not hold in the conversation. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from models.assessment import Category, Finding, Section
from responders.thanks import says_only_thanks

if TYPE_CHECKING:
    from models.assessment import Assessment
    from models.decision import OpenTicket
    from models.mail import Mail
    from policy.pack import Pack

_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
# A question is its own symptom and its own goal (docs/labels.md); asked back in a ticket about trouble it is neither.
_OF_A_QUESTION = (Section.SYMPTOM, Section.GOAL)
THE_QUESTION = "the_question_is_the_goal"  # the rule by which a question is its own goal
_TELLS_NOTHING = Finding(present=False, confidence=1.0)


def read_as_reply(seen: Assessment, ticket: OpenTicket) -> Assessment:
    """The reading of a reply in view of its ticket: a question back gives neither the trouble's symptom nor its goal."""
    if not asks_back(seen, ticket):
        return seen
    dropped = [one for one in _OF_A_QUESTION if not _is_told_besides(seen.sections[one])]
    sections = {**seen.sections, **dict.fromkeys(dropped, _TELLS_NOTHING)}
    return replace(seen, sections=sections, goal_linked=None, evidence_linked=None)


def _is_told_besides(found: Finding) -> bool:
    """Did words speak for it that are not the question's?"""
    rules = [one for one in found.proof if one.startswith("rule:")]
    return found.present and any(one != f"rule:{THE_QUESTION}" for one in rules)


def asks_back(seen: Assessment, ticket: OpenTicket | None) -> bool:
    """Does a mail in a ticket about trouble ask something, and report no trouble itself?"""
    if ticket is None or not _TROUBLE & set(ticket.categories):
        return False
    asked = [issue.category for issue in seen.issues if issue.category.is_answerable]
    return bool(asked) and not _TROUBLE & set(asked)


def leads_to_another(mail: Mail, pack: Pack) -> bool:
    """Does a reply turn to something else (別件ですが)?"""
    return any(_turns(line, pack) for line in _lines(mail))


def begins_with_another(mail: Mail, pack: Pack) -> bool:
    """Does it turn there before it says anything but a greeting?"""
    first = next((line for line in _lines(mail) if not says_only_thanks(line)), "")
    return _turns(first, pack)


def _lines(mail: Mail) -> list[str]:
    return [line.strip() for line in mail.reply_text.split("\n") if line.strip()]


def _turns(line: str, pack: Pack) -> bool:
    bridges = (regex for group in pack.cues.phrases.get("turns", {}).values() for regex in group)
    return any(re.match(regex, line, re.IGNORECASE) for regex in bridges)
