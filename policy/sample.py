"""Sample contexts for letters, used to check templates.

One with everything, one with as little as there can be, and both with each single variable the other way round: whatever
a template does only `if` something is there, is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy.pack import Pack

FLAGS = (
    "has_resources",
    "will_delete",
    "has_secrets",
    "is_incident",
    "is_urgent",
    "refers_elsewhere",
    "shows_status_page",
    "is_unknown_account",
    "asks",
    "tips_touch_settings",
)
PLAIN = ("to_name", "received", "subject", "kind_name", "follows", "split_off")  # texts that may be empty
LISTS = ("understood", "issues", "drafts", "questions", "fields", "tips", "notices", "accounts")
_TOGETHER = (("asks", "questions", "fields"), ("issues", "drafts"))  # there together or not at all
_VARYING = (
    *_TOGETHER,
    *((name,) for name in (*FLAGS, *PLAIN, *LISTS) if not any(name in names for names in _TOGETHER)),
)


def sample_contexts(pack: Pack, language: str, text: str) -> tuple[dict[str, object], ...]:
    """The contexts that a letter of a pack must render with (docs/policy.md lists the variables).

    Args:
        pack: Its words.
        language: The letter's.
        text: The letter's template with its parts: variables that it does not name are not turned.
    """
    rich, bare = _rich(pack, language), _bare(pack, language)
    turned = [
        {**one, **{name: other[name] for name in names}}
        for one, other in ((rich, bare), (bare, rich))
        for names in _VARYING
        if any(name in text for name in names)
    ]
    return rich, bare, *turned


def letter_frame(pack: Pack, language: str, ref: str, received: str = "", other: str = "") -> dict[str, object]:
    """The variables that depend on pack, language, references and time of receipt only: desk, texts, scope list.

    `other` is the ticket that a new one is linked with.
    """
    desk = pack.desk
    known = {"{ref}": ref, "{received}": received, "{other}": other}
    texts = {key: text[language] for key, text in pack.texts.items()}
    for name, value in known.items():
        texts = {key: text.replace(name, value) for key, text in texts.items()}
    return {
        "ref": ref,
        "received": received,
        "recurrence_days": pack.limits.recurrence.days,
        "desk": {
            "name": desk.name[language],
            "organisation": desk.organisation[language],
            "hours": desk.hours[language],
            "support_url": desk.support_url,
            "status_url": desk.status_url,
        },
        "t": texts,
        "scope_list": list(pack.scope_list.get(language, ())),
    }


def _bare(pack: Pack, language: str) -> dict[str, object]:
    return {**blank(), **letter_frame(pack, language, "T000123")}


def blank() -> dict[str, object]:
    """Every variable of a letter that says nothing."""
    return {**dict.fromkeys(PLAIN, ""), **dict.fromkeys(LISTS, ()), **dict.fromkeys(FLAGS, False)}


def _rich(pack: Pack, language: str) -> dict[str, object]:
    questions = [pack.questions[item] for item in pack.question_order[: pack.limits.max_questions]]
    kind = next(iter(pack.kinds.values()))
    flags = dict.fromkeys(FLAGS, True)
    return {
        **_bare(pack, language),
        **flags,
        "to_name": "株式会社サンプル 山田様" if language == "ja" else "Taro Yamada",
        **letter_frame(pack, language, "T000123", "2026/11/24 10:15 (JST)", "T000007"),
        "follows": "T000007",
        "split_off": "T000007",
        "subject": "ECS",
        "understood": [{"label": "Product", "value": "Elastic Compute Service (ECS)"}],
        "issues": [
            {
                "n": n,
                "gist": f"gist {n}",
                "category_name": "x",
                "products": "ECS",
                "proposed_subject": f"s {n}",
                "is_first": n == 1,
                "has_symptom": True,
                "words": f"words {n}",
            }
            for n in (1, 2)
        ],
        "drafts": [
            {
                "n": 2,
                "to": "support+split.T000123.2.aaaaaaaaaaaaaaaa@uketsuke.example",
                "subject": "s 2",
                "lines": ["gist 2"],
                "mailto": "mailto:support+split.T000123.2.aaaaaaaaaaaaaaaa@uketsuke.example?subject=s%202",
            }
        ],
        "questions": [
            {
                "n": n,
                "heading": q.heading[language],
                "text": q.text[language],
                "example": q.example[language],
                "find": (q.find or q.example)[language],
            }
            for n, q in enumerate(questions, 1)
        ],
        "fields": [question.heading[language] for question in questions],
        "kind_name": kind.name[language],
        "tips": [tip.text[language] for tip in pack.tips[:2]],
        "notices": [
            {
                "kind": "out_of_scope",
                "category_name": policy.name[language],
                "note": policy.scope_note[language],
                "can_do": (policy.can_do or {}).get(language, ""),
            }
            for policy in pack.categories.values()
            if policy.scope_note
        ],
        "accounts": ["5123********2345"],
    }
