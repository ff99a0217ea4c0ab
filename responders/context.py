"""What a letter may say: the variables of every template, made from what was understood.

Promises: the customer's own words appear only where his trust is established, on one line, without links and secrets;
otherwise only recognised values (product names, regions, resource ids) do.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.assessment import Category, Section
from models.decision import LetterKind
from models.mail import Trust
from policy.sample import letter_frame
from responders.questions import questions_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.assessment import Assessment, Issue
    from models.decision import Decision, History
    from models.mail import Mail
    from policy.pack import Pack
    from responders.identity import SenderIdentity

_LABELS = {
    "ja": {"product": "プロダクト", "region": "リージョン", "resource": "対象", "when": "日時", "received": "受付日時"},
    "en": {"product": "Product", "region": "Region", "resource": "Resource", "when": "Time", "received": "Received"},
}
_LONGEST_WORDS = 60
_LINK = re.compile(r"(?:https?|ftp|file|javascript|data|mailto):\S*|www\.\S+|\S+@\S+|(?:[\w-]+\.)+[a-z]{2,}/\S*", re.IGNORECASE)


def letter_context(
    mail: Mail, seen: Assessment, decision: Decision, history: History, pack: Pack, identity: SenderIdentity, language: str
) -> dict[str, object]:
    """The variables of a letter (docs/policy.md lists them)."""
    may_quote = mail.trust is Trust.ALIGNED or identity.is_trusted
    questions = questions_for(decision, seen, pack, language)
    hints = {hint.kind for hint in seen.hints}
    resources = [hint.value for hint in seen.hints if hint.kind == "resource" and hint.value]
    kind = pack.kinds[seen.symptom_kind] if seen.symptom_kind else None
    asks = decision.letter in {LetterKind.REQUEST_INFORMATION, LetterKind.RECURRENCE}
    return {
        **letter_frame(pack, language, history.ref),
        "to_name": addressee(mail, language) if may_quote else "",
        "received": local_time(mail.envelope.received_at, pack),
        "subject": own_words(mail.subject, seen) if may_quote else "",
        "understood": understood(seen, resources, pack, language),
        "issues": _issues(seen, pack, language, may_quote=may_quote),
        "questions": questions,
        "fields": [question["heading"] for question in questions],
        "kind_name": kind.name[language] if kind else "",
        "tips": list(kind.tips.get(language, ()))[:2] if kind and asks else [],
        "notices": _notices(seen, pack, language),
        "accounts": [mask(account) for account in seen.accounts],
        "has_resources": bool(resources) and _is_trouble(seen),
        "will_delete": "deletes_resources" in hints,
        "has_secrets": bool(seen.secrets),
        "is_incident": any(issue.category is Category.INCIDENT for issue in seen.issues),
        "is_urgent": "urgent" in hints,
        "refers_elsewhere": seen.refers_elsewhere,
    }


def addressee(mail: Mail, language: str) -> str:
    """How the letter addresses its reader: 様 for a person, 御中 for an organisation; empty for a bare address."""
    name = " ".join(_LINK.sub("", mail.sender.name if mail.sender else "").replace("|", " ").split())
    name = re.sub(r"[\x00-\x1f<>\"]", "", name)[:_LONGEST_WORDS].strip()
    if not name or "@" in name or re.fullmatch(r"[\w.-]*\d[\w.-]*", name):
        return ""
    if language != "ja":
        return name
    name = re.sub(r"\s*(?:様|さん|殿|氏|さま|御中)$", "", name)
    is_organisation = re.search(r"(?:株式会社|有限会社|合同会社|協会|財団|大学|センター|事務局|部|課|室|窓口|担当|サポート|Inc\.?|Ltd\.?|LLC)\s*$", name)
    return f"{name} {'御中' if is_organisation else '様'}"


def local_time(at: datetime, pack: Pack) -> str:
    """An instant in the desk's zone, with the zone's name."""
    local = at.astimezone(ZoneInfo(pack.desk.timezone))
    return f"{local:%Y/%m/%d %H:%M} ({local:%Z})"


def understood(seen: Assessment, resources: Sequence[str], pack: Pack, language: str) -> list[dict[str, str]]:
    """The recognised values, for the customer to check; nothing in it is free text of his."""
    labels = _LABELS.get(language, _LABELS["en"])
    products = [pack.products[product].name[language] for issue in seen.issues for product in issue.products if product in pack.products]
    regions = [pack.regions[hint.value].name[language] for hint in seen.hints if hint.kind == "region" and hint.value in pack.regions]
    times = [_shown_time(hint.value, pack) for hint in seen.hints if hint.kind == "when" and hint.value]
    rows = (("product", products), ("region", regions), ("resource", resources[:3]), ("when", times[:1]))
    joiner = "、" if language == "ja" else ", "
    return [{"label": labels[key], "value": joiner.join(dict.fromkeys(values))} for key, values in rows if values]


def _shown_time(value: str, pack: Pack) -> str:
    """A normalised instant (ISO 8601) as the desk's readers write it; a day stays a day."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return at.strftime("%Y/%m/%d") if len(value) <= 10 else local_time(at, pack) if at.tzinfo else at.strftime("%Y/%m/%d %H:%M")


def _issues(seen: Assessment, pack: Pack, language: str, *, may_quote: bool) -> list[dict[str, object]]:
    found = [issue for issue in seen.issues if issue.category.is_answerable]
    return [_issue(number, issue, seen, pack, language, may_quote=may_quote) for number, issue in enumerate(found, 1)]


def _issue(number: int, issue: Issue, seen: Assessment, pack: Pack, language: str, *, may_quote: bool) -> dict[str, object]:
    names = [pack.products[product].name[language] for product in issue.products if product in pack.products]
    category = pack.categories[issue.category].name[language]
    about = (" / " if language == "en" else "・").join(names)
    subject = {"ja": f"{about}：{category}" if about else category, "en": f"{about}: {category}" if about else category}
    return {
        "n": number,
        "gist": own_words(issue.gist, seen) if may_quote else "",
        "category_name": category,
        "products": about,
        "proposed_subject": subject.get(language, subject["en"]),
        "is_first": number == 1,
    }


def _notices(seen: Assessment, pack: Pack, language: str) -> list[dict[str, str]]:
    found = []
    for category in dict.fromkeys(issue.category for issue in seen.issues):
        policy = pack.categories[category]
        if (category.is_out or category.is_undisclosed) and category is not Category.OUT_UNRELATED and policy.scope_note is not None:
            found.append(
                {
                    "kind": "out_of_scope" if category.is_out else "policy_notice",
                    "category_name": policy.name[language],
                    "note": policy.scope_note[language],
                    "can_do": policy.can_do[language] if policy.can_do else "",
                }
            )
    return found


def own_words(text: str, seen: Assessment) -> str:
    """Words of the customer on one line: secrets masked, links out, cut to a readable length."""
    for secret in seen.secrets:
        text = text.replace(seen.text[secret.span.start : secret.span.end], "****")
    flat = " ".join(_LINK.sub("", re.sub(r"[\x00-\x1f\x7f]", " ", text)).split())
    return flat if len(flat) <= _LONGEST_WORDS else flat[: _LONGEST_WORDS - 1] + "…"


def mask(account: str) -> str:
    """An account id that its owner recognises and nobody else learns."""
    return account[:4] + "*" * max(0, len(account) - 8) + account[-4:] if len(account) > 8 else account[:1] + "***"


def _is_trouble(seen: Assessment) -> bool:
    kinds: Iterable[Category] = (issue.category for issue in seen.issues)
    return any(category in {Category.TROUBLESHOOTING, Category.INCIDENT} for category in kinds) and Section.WHERE in seen.sections
