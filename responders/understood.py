"""What was understood, for the customer to check: recognised values only, never free text of his.

Hints carry normalised values; what they are is told by the pack (a region's id, a resource's pattern) and by ISO 8601.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from policy.once import once_for_each
from responders.own_words import has_link, holds_secret, mask_account
from responders.questions import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.assessment import Assessment, Span, SymptomKind
    from policy.pack import Pack

_LABELS = {
    "ja": {
        "product": "プロダクト",
        "matter": "お問い合わせの内容",
        "region": "リージョン",
        "resource": "対象のリソース",
        "when": "日時",
        "account": "アカウント",
        "zone": "{}として理解しております",
        "no_zone": "タイムゾーンの記載なし",
    },
    "en": {
        "product": "Product",
        "matter": "Your request",
        "region": "Region",
        "resource": "Resource",
        "when": "Time",
        "account": "Account",
        "zone": "taken as {}",
        "no_zone": "no time zone given",
    },
}
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_BRACKETS = re.compile(r"\s*[(（]([^()（）]+)[)）]\s*$")
_LONGEST_ABBREVIATION = 8
MOST_RESOURCES = 3
MOST_TIMES = 2
FARTHEST = timedelta(days=92)


def understood(
    seen: Assessment,
    kind: SymptomKind | None,
    pack: Pack,
    language: str,
    *,
    received: datetime,
    gist: str = "",
    matter: str = "",
    asks_zone: bool = False,
) -> list[dict[str, str]]:
    """Rows of label and value: the matter, product, region, resource, time with its zone, account (masked).

    Args:
        seen: The reading.
        kind: The kind of symptom, if any.
        pack: Names.
        language: The letter's.
        received: When the mail came.
        gist: The matter in the customer's words, made harmless; empty where they must not be repeated.
        matter: Its category's name, for matters without a kind of symptom.
        asks_zone: The letter asks for the zone of the time.
    """
    own = {key: said(label, language, pack) for key, label in pack.labels.items()}
    labels = {**_LABELS.get(language, _LABELS["en"]), **own}
    joint = "、" if language in {"ja", "zh"} else ", "
    named = said(pack.kinds[kind].name, language, pack) if kind is not None and kind in pack.kinds else matter
    rows = {
        "matter": [_matter(gist, named, language)] if named else [],
        "product": products_of(seen, pack, language),
        "region": regions_of(seen, pack, language),
        "resource": resources_of(seen, pack)[:MOST_RESOURCES],
        "when": times_of(seen, pack, language, around=received, asks_zone=asks_zone)[:MOST_TIMES],
        "account": [mask_account(account) for account in seen.accounts[:1]],
    }
    return [
        {"label": labels[key], "value": joint.join(dict.fromkeys(values))} for key, values in rows.items() if values
    ]


def _matter(gist: str, named: str, language: str) -> str:
    if not gist:
        return named
    return f"{gist}({named})" if language in {"ja", "zh"} else f"{gist} ({named})"


def products_of(seen: Assessment, pack: Pack, language: str) -> list[str]:
    """Names of the products that the mail asks about; only those of issues that the desk answers, if there are any."""
    answerable = [issue for issue in seen.issues if issue.category.is_answerable]
    ids = dict.fromkeys(product for issue in answerable or seen.issues for product in issue.products)
    named = (pack.products[one] for one in ids if one in pack.products and not pack.products[one].is_service)
    return [plain_name(said(one.name, language, pack)) for one in named]


def plain_name(name: str) -> str:
    """A product's name without a list of its kinds in brackets; an abbreviation there stays."""
    found = _BRACKETS.search(name)
    return name[: found.start()].strip() if found and "/" in found[1] else name.partition(" / ")[0]


def short_name(name: str) -> str:
    """A product's name for a subject line: its abbreviation where it has one in brackets, else without brackets."""
    found = _BRACKETS.search(name)
    if found is None:
        return name.partition(" / ")[0]
    is_short = found[1].isupper() and len(found[1]) <= _LONGEST_ABBREVIATION
    return found[1] if is_short else name[: found.start()].strip()


def resources_of(seen: Assessment, pack: Pack) -> list[str]:
    """Resource ids that the mail names: hints whose value fits one of the pack's patterns as a whole, and is no secret."""
    is_resource = _test_of_resources(pack)
    values = [
        hint.value
        for hint in seen.hints
        if hint.kind not in {"account", "secret"}
        and hint.value not in pack.regions
        and not holds_secret(hint.value, seen)
        and not any(_overlap(hint.span, secret.span) for secret in seen.secrets)
    ]
    return list(dict.fromkeys(value for value in values if is_resource(value) and not has_link(value)))


@once_for_each
def _test_of_resources(pack: Pack) -> Callable[[str], bool]:
    """Is a value a resource's id? One letter asks several times of each."""
    patterns = [
        re.compile(one.regex) for one in pack.resource_patterns if one.product and "request_id" not in one.kind
    ]  # a RequestId is evidence of a call, no resource
    return lru_cache(maxsize=256)(lambda value: any(pattern.fullmatch(value) for pattern in patterns))


def _overlap(one: Span | None, other: Span) -> bool:
    return one is not None and one.start < other.end and other.start < one.end


def regions_of(seen: Assessment, pack: Pack, language: str) -> list[str]:
    """Names of the regions that the mail names, each once."""
    ids = dict.fromkeys(hint.value for hint in seen.hints if hint.value in pack.regions)
    return [said(pack.regions[one].name, language, pack) for one in ids]


def times_of(seen: Assessment, pack: Pack, language: str, *, around: datetime, asks_zone: bool = False) -> list[str]:
    """The times as read, the earliest first; days that such a time tells more exactly are left out.

    Args:
        seen: The reading.
        pack: Its zone.
        language: The letter's.
        around: When the mail came: a time after it, or long before it, is a deadline, a version or a misreading.
        asks_zone: The letter asks which zone is meant: then it does not say what it takes the time for.
    """
    values = dict.fromkeys(hint.value for hint in seen.hints if hint.kind == "when")
    exact = {value[:10] for value in values if not _DAY.match(value)}
    kept = sorted(value for value in values if not (_DAY.match(value) and value in exact))
    near = (value for value in kept if _is_near(value, around))
    return [shown for value in near if (shown := shown_time(value, pack, language, asks_zone=asks_zone))]


def _is_near(value: str, around: datetime) -> bool:
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return False
    return around.date() - FARTHEST <= day <= around.date() + timedelta(days=1)


def shown_time(value: str, pack: Pack, language: str, *, asks_zone: bool = False) -> str:
    """An ISO 8601 instant in the desk's zone, with the zone's name; a day stays a day; "" for anything else.

    A time without a zone is read as the desk's own, and the letter says so, for the customer to correct.
    """
    if _DAY.match(value):
        return value if language == "en" else value.replace("-", "/")
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return ""
    if at.tzinfo:
        return local_time(at, pack, language)
    here = at.replace(tzinfo=ZoneInfo(pack.desk.timezone))
    taken = _LABELS.get(language, _LABELS["en"])["no_zone" if asks_zone else "zone"].format(f"{here:%Z}")
    return f"{_clock(here, language)} ({taken})"


def local_time(at: datetime, pack: Pack, language: str) -> str:
    """An instant in the desk's zone, with the zone's name; in English with its offset too."""
    local = at.astimezone(ZoneInfo(pack.desk.timezone))
    offset = f"{local:%z}"
    hours = f"{offset[0]}{int(offset[1:3])}{':' + offset[3:5] if offset[3:5] != '00' else ''}"
    zone = f"{local:%Z}, UTC{hours}" if language == "en" else f"{local:%Z}"
    return f"{_clock(local, language)} ({zone})"


def _clock(at: datetime, language: str) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if language == "en" else f"{at:%Y/%m/%d %H:%M}"
