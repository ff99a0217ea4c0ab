"""Sample contexts for letters: one with everything, one with as little as there can be. Used to check templates."""

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
)


def sample_contexts(pack: Pack, language: str) -> tuple[dict[str, object], ...]:
    """The contexts that every letter of a pack must render with (docs/policy.md lists the variables)."""
    return _rich(pack, language), _bare(pack, language)


def letter_frame(pack: Pack, language: str, ref: str) -> dict[str, object]:
    """The variables that depend on pack, language and reference only: desk, texts, scope list."""
    desk = pack.desk
    return {
        "ref": ref,
        "desk": {
            "name": desk.name[language],
            "organisation": desk.organisation[language],
            "hours": desk.hours[language],
            "support_url": desk.support_url,
            "status_url": desk.status_url,
        },
        "t": {key: text[language].replace("{ref}", ref) for key, text in pack.texts.items()},
        "scope_list": list(pack.scope_list.get(language, ())),
    }


def _bare(pack: Pack, language: str) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(
        ("understood", "issues", "questions", "fields", "tips", "notices", "accounts"), ()
    )
    flags = dict.fromkeys(FLAGS, False)
    texts = dict.fromkeys(("to_name", "received", "subject", "kind_name"), "")
    return {**letter_frame(pack, language, "T000123"), **empty, **flags, **texts}


def _rich(pack: Pack, language: str) -> dict[str, object]:
    questions = [pack.questions[item] for item in pack.question_order[: pack.limits.max_questions]]
    kind = next(iter(pack.kinds.values()))
    flags = dict.fromkeys(FLAGS, True)
    return {
        **_bare(pack, language),
        **flags,
        "to_name": "株式会社サンプル 山田様" if language == "ja" else "Taro Yamada",
        "received": "2026/11/24 10:15 (JST)",
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
            }
            for n in (1, 2)
        ],
        "questions": [
            {"n": n, "heading": q.heading[language], "text": q.text[language], "example": q.example[language]}
            for n, q in enumerate(questions, 1)
        ],
        "fields": [question.heading[language] for question in questions],
        "kind_name": kind.name[language],
        "tips": list(kind.tips.get(language, ())),
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
