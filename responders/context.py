"""What a letter may say: the variables of every template, made from what was understood.

Promises: the customer's own words appear only where his trust is established, on one line, without links and secrets;
otherwise only recognised values (product names, regions, resource ids) do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.assessment import Category, Section
from models.decision import LetterKind
from models.mail import Trust
from models.ticket import LinkKind
from policy.bridges import without_bridge
from policy.sample import blank, letter_frame
from responders.about import about_mail
from responders.addressee import addressee
from responders.own_words import mask_account, own_words
from responders.questions import questions_for, said
from responders.split_drafts import split_drafts
from responders.understood import (
    MOST_RESOURCES,
    local_time,
    regions_of,
    resources_of,
    short_name,
    times_of,
    understood,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.assessment import Assessment, Issue, Span
    from models.decision import Decision, History
    from models.mail import Mail
    from policy.pack import Pack
    from responders.about import About
    from responders.identity import SenderIdentity
    from responders.questions import Asked

_WITH_QUESTIONS = frozenset({LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP})
_ASKING = _WITH_QUESTIONS | {LetterKind.RECURRENCE, LetterKind.SPLIT, LetterKind.ACCOUNT_NOTICE}
_WITH_TIPS = frozenset({LetterKind.REQUEST_INFORMATION})
_OUTAGES = frozenset({Category.INCIDENT, Category.UNDISCLOSED_INCIDENT})
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})
_MOST_TIPS = 2
_LONGEST_WORDS = 200


def may_quote(mail: Mail, identity: SenderIdentity) -> bool:
    """May letters repeat this sender's words? Only if he is proven, or the listener hears trusted senders only."""
    return may_quote_sender(mail.trust, identity)


def may_quote_sender(trust: Trust, identity: SenderIdentity) -> bool:
    """The same of a sender whose mail is not at hand."""
    return trust is Trust.ALIGNED or (identity.is_trusted and trust is not Trust.FAILED)


def desk_name(pack: Pack, language: str) -> str:
    """Who writes: organisation and desk."""
    return f"{said(pack.desk.organisation, language, pack)} {said(pack.desk.name, language, pack)}"


def letter_context(
    mail: Mail,
    seen: Assessment,
    decision: Decision,
    history: History,
    pack: Pack,
    identity: SenderIdentity,
    language: str,
) -> dict[str, object]:
    """The variables of a letter (docs/policy.md lists them)."""
    is_quotable = may_quote(mail, identity)
    about = about_mail(seen, history.ticket)
    received = local_time(mail.envelope.received_at, pack, language)
    questions = questions_for(decision, seen, pack) if decision.letter in _WITH_QUESTIONS else ()
    issues = _issues(mail, seen, pack, language, is_quotable=is_quotable)
    is_told = len(issues) == 1 and Section.SYMPTOM.value not in decision.missing
    gist = str(issues[0]["gist"]) if is_told else ""
    matter = str(issues[0]["category_name"]) if len(issues) == 1 else ""
    tips = about.tips(pack)[:_MOST_TIPS] if decision.letter in _WITH_TIPS else ()
    return {
        **blank(),
        **frame(pack, language, history.ref, received, history.link.other if history.link else ""),
        **_linked(history),
        **question_variables(questions, pack, language, about),
        **_flags(seen, pack),
        "asks": decision.letter in _ASKING,
        "tips_touch_settings": any(tip.changes_settings for tip in tips),
        "to_name": addressee(mail.sender.name, language) if is_quotable and mail.sender else "",
        "subject": own_words(mail.subject, seen) if is_quotable else "",
        "understood": understood(
            seen,
            about.kind,
            pack,
            language,
            received=mail.envelope.received_at,
            gist=gist,
            matter=matter,
            asks_zone="zone" in decision.asked_along,
        ),
        "issues": issues,
        "drafts": split_drafts(issues, history.ref, pack, identity, language),
        "kind_name": said(pack.kinds[about.kind].name, language, pack)
        if about.kind in pack.kinds and about.kind
        else "",
        "tips": [said(tip.text, language, pack) for tip in tips],
        "notices": _notices(seen, pack, language),
        "accounts": [mask_account(account) for account in seen.accounts],
    }


def _linked(history: History) -> dict[str, str]:
    """The ticket that this new one goes on with or was split from, where the customer wrote to that one."""
    link = history.link
    return {
        "follows": link.other if link and link.kind is LinkKind.FOLLOWS else "",
        "split_off": link.other if link and link.kind is LinkKind.SPLIT and not link.is_asked_for else "",
    }


def frame(pack: Pack, language: str, ref: str, received: str = "", other: str = "") -> dict[str, object]:
    """The variables that depend on pack, language, references and time of receipt only."""
    found = letter_frame(pack, language, ref, received, other)
    return {**found, "sign_off": desk_name(pack, language)}


def question_variables(questions: Sequence[Asked], pack: Pack, language: str, about: About) -> dict[str, object]:
    """The numbered questions, and the lines of the fill-in block: one for each item, because each is read back."""
    return {
        "questions": [
            {
                "n": number,
                "heading": asked.heading(pack, language, about),
                "text": asked.text(pack, language, about),
                "example": asked.example(pack, language, about),
                "find": asked.find(pack, language, about),
            }
            for number, asked in enumerate(questions, 1)
        ],
        "fields": [heading for asked in questions for heading in asked.headings(pack, language, about)],
    }


def _flags(seen: Assessment, pack: Pack) -> dict[str, bool]:
    hints = {hint.kind for hint in seen.hints}
    categories = {issue.category for issue in seen.issues}
    return {
        "has_resources": bool(categories & _TROUBLE) and bool(resources_of(seen, pack)),
        "will_delete": bool(categories & _TROUBLE) and "deletes_resources" in hints,
        "has_secrets": bool(seen.secrets),
        "is_incident": Category.INCIDENT in categories,
        "is_urgent": "urgent" in hints,
        "refers_elsewhere": seen.refers_elsewhere,
        "shows_status_page": bool(categories & _OUTAGES),
        "is_unknown_account": not seen.multiple_accounts,
    }


def _issues(mail: Mail, seen: Assessment, pack: Pack, language: str, *, is_quotable: bool) -> list[dict[str, object]]:
    found = [issue for issue in seen.issues if issue.category.is_answerable]
    return [_issue(n, issue, mail, seen, pack, language, is_quotable=is_quotable) for n, issue in enumerate(found, 1)]


def _issue(
    number: int, issue: Issue, mail: Mail, seen: Assessment, pack: Pack, language: str, *, is_quotable: bool
) -> dict[str, object]:
    names = [
        short_name(said(pack.products[one].name, language, pack)) for one in issue.products if one in pack.products
    ]
    about = ("・" if language == "ja" else " / ").join(names)
    category = said(pack.categories[issue.category].name, language, pack)
    colon = "：" if language == "ja" else ": "
    gist = own_words(without_bridge(issue.gist, pack.cues), seen) if is_quotable else ""
    matter = gist.rstrip("。. ") or category
    return {
        "n": number,
        "gist": gist,
        "category_name": category,
        "products": about,
        "proposed_subject": f"{about}{colon}{matter}" if about else matter,
        "is_first": number == 1,
        "has_symptom": issue.category in _TROUBLE,
        "words": _words_of(issue, seen, pack) if is_quotable else "",
        **_facts(issue, mail, seen, pack, language),
    }


def _words_of(issue: Issue, seen: Assessment, pack: Pack) -> str:
    """What the customer wrote about this issue, on one line, made harmless."""
    stretches = " ".join(seen.text[span.start : span.end] for span in issue.spans)
    return own_words(without_bridge(stretches, pack.cues), seen, longest=_LONGEST_WORDS) if stretches else ""


def _facts(issue: Issue, mail: Mail, seen: Assessment, pack: Pack, language: str) -> dict[str, str]:
    """Where and when, as far as the issue's own part of the mail tells."""
    own = [hint for hint in seen.hints if hint.span and any(_holds(span, hint.span) for span in issue.spans)]
    part = replace(seen, hints=tuple(own))
    joint = "、" if language in {"ja", "zh"} else ", "
    where = [*regions_of(part, pack, language), *resources_of(part, pack)[:MOST_RESOURCES]]
    return {
        "where": joint.join(where),
        "when": joint.join(times_of(part, pack, language, around=mail.envelope.received_at)),
    }


def _holds(whole: Span, part: Span) -> bool:
    return whole.start <= part.start and part.end <= whole.end


def _notices(seen: Assessment, pack: Pack, language: str) -> list[dict[str, str]]:
    """What is said of issues that are no business of the desk, each category once; of spam nothing is said."""
    found = []
    for category in dict.fromkeys(issue.category for issue in seen.issues):
        policy = pack.categories.get(category)
        if category is Category.OUT_UNRELATED or policy is None or policy.scope_note is None:
            continue
        found.append(
            {
                "kind": "out_of_scope" if category.is_out else "policy_notice",
                "category_name": said(policy.name, language, pack),
                "note": said(policy.scope_note, language, pack),
                "can_do": said(policy.can_do, language, pack) if policy.can_do else "",
            }
        )
    return found
