"""What a letter may say: the variables of every template, made from what was understood.

Promises: the customer's own words appear only where his trust is established, on one line, without links and secrets;
otherwise only recognised values (product names, regions, resource ids) do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.assessment import Category
from models.decision import LetterKind
from models.mail import Trust
from policy.sample import letter_frame
from responders.addressee import addressee
from responders.own_words import mask_account, own_words
from responders.questions import questions_for, said
from responders.understood import local_time, resources_of, understood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.assessment import Assessment, Issue, SymptomKind
    from models.decision import Decision, History
    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity
    from responders.questions import Asked

_ASKING = frozenset({LetterKind.REQUEST_INFORMATION, LetterKind.FOLLOW_UP, LetterKind.RECURRENCE})
_WITH_TIPS = frozenset({LetterKind.REQUEST_INFORMATION})
_OUTAGES = frozenset({Category.INCIDENT, Category.UNDISCLOSED_INCIDENT})
_TROUBLE = frozenset({Category.TROUBLESHOOTING, Category.INCIDENT})


def may_quote(mail: Mail, identity: SenderIdentity) -> bool:
    """May letters repeat this sender's words? Only if he is proven, or the listener hears trusted senders only."""
    return mail.trust is Trust.ALIGNED or (identity.is_trusted and mail.trust is not Trust.FAILED)


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
    kind = (history.ticket.symptom_kind if history.ticket else None) or seen.symptom_kind
    questions = questions_for(decision, seen, pack) if decision.letter in _ASKING else ()
    return {
        **frame(pack, language, history.ref),
        **question_variables(questions, pack, language, kind, has_permission_error=seen.has_permission_error),
        **_flags(seen, pack),
        "to_name": addressee(mail.sender.name, language) if is_quotable and mail.sender else "",
        "received": local_time(mail.envelope.received_at, pack),
        "subject": own_words(mail.subject, seen) if is_quotable else "",
        "understood": understood(seen, kind, pack, language),
        "issues": _issues(seen, pack, language, is_quotable=is_quotable),
        "kind_name": said(pack.kinds[kind].name, language, pack) if kind in pack.kinds and kind else "",
        "tips": _tips(kind, pack, language) if decision.letter in _WITH_TIPS else [],
        "notices": _notices(seen, pack, language),
        "accounts": [mask_account(account) for account in seen.accounts],
    }


def frame(pack: Pack, language: str, ref: str) -> dict[str, object]:
    """The variables that depend on pack, language and reference only."""
    found = letter_frame(pack, language, ref)
    desk = pack.desk
    sign_off = f"{said(desk.organisation, language, pack)} {said(desk.name, language, pack)}"
    return {**found, "sign_off": sign_off}


def question_variables(
    questions: Sequence[Asked],
    pack: Pack,
    language: str,
    kind: SymptomKind | None = None,
    *,
    has_permission_error: bool = False,
) -> dict[str, object]:
    """The numbered questions, and the lines of the fill-in block: one for each item, because each is read back."""
    items = [item for asked in questions for item in asked.items]
    return {
        "questions": [
            {
                "n": number,
                "heading": asked.heading(pack, language),
                "text": asked.text(pack, language, has_permission_error=has_permission_error),
                "example": asked.example(pack, language, kind, has_permission_error=has_permission_error),
            }
            for number, asked in enumerate(questions, 1)
        ],
        "fields": [said(pack.questions[item].heading, language, pack) for item in items],
    }


def _flags(seen: Assessment, pack: Pack) -> dict[str, bool]:
    hints = {hint.kind for hint in seen.hints}
    categories = {issue.category for issue in seen.issues}
    return {
        "has_resources": bool(categories & _TROUBLE) and bool(resources_of(seen, pack)),
        "will_delete": "deletes_resources" in hints,
        "has_secrets": bool(seen.secrets),
        "is_incident": Category.INCIDENT in categories,
        "is_urgent": "urgent" in hints,
        "refers_elsewhere": seen.refers_elsewhere,
        "shows_status_page": bool(categories & _OUTAGES),
    }


def _tips(kind: SymptomKind | None, pack: Pack, language: str) -> list[str]:
    return list(pack.kinds[kind].tips.get(language, ()))[:2] if kind is not None and kind in pack.kinds else []


def _issues(seen: Assessment, pack: Pack, language: str, *, is_quotable: bool) -> list[dict[str, object]]:
    found = [issue for issue in seen.issues if issue.category.is_answerable]
    return [_issue(n, issue, seen, pack, language, is_quotable=is_quotable) for n, issue in enumerate(found, 1)]


def _issue(
    number: int, issue: Issue, seen: Assessment, pack: Pack, language: str, *, is_quotable: bool
) -> dict[str, object]:
    names = [said(pack.products[one].name, language, pack) for one in issue.products if one in pack.products]
    about = ("・" if language == "ja" else " / ").join(names)
    category = said(pack.categories[issue.category].name, language, pack)
    colon = "：" if language == "ja" else ": "
    return {
        "n": number,
        "gist": own_words(issue.gist, seen) if is_quotable else "",
        "category_name": category,
        "products": about,
        "proposed_subject": f"{about}{colon}{category}" if about else category,
        "is_first": number == 1,
    }


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
