"""The letters kept as text under `golden/`, and how each comes about.

`python -m tests.unit.responders.letters_of_record` writes them anew; read the difference as a customer would.
"""

from __future__ import annotations

from pathlib import Path

from models.assessment import Assessment, Category, Hint, Issue, Secret, Section, Span, SymptomKind
from models.decision import LetterKind
from models.mail import Address
from models.views import DueReminder
from responders.compose import compose, compose_reminder
from responders.decide import decide
from tests.unit.responders.builders import (
    ABSENT,
    NOW,
    UNKNOWN,
    history,
    identity,
    issue,
    mail,
    pack,
    past,
    seen,
    ticket,
)

GOLDEN = Path(__file__).parent / "golden"
_HINTS = (
    Hint(kind="region", value="ap-northeast-1"),
    Hint(kind="resource", value="i-6we0a1b2c3d4e5f6g7h8"),
    Hint(kind="when", value="2026-11-24T08:30:00+09:00"),
)
_WITH_KEY = "ECSに接続できません\nAccessKey LTAI5tExampleKey00000001 で Forbidden.RAM になります。"
_ASKED = ("when", "where", "goal", "facet:command_result")
_EN_MAIL = {"subject": "Cannot connect to ECS", "sender": Address(addr="yamada@sample.example", name="Taro Yamada")}


def _readings() -> dict[str, Assessment]:
    """One reading for each kind of letter, named by what makes it."""
    second = issue(Category.PAYMENT_BILLING, gist="請求書の再発行をお願いしたい")
    tuning = issue(Category.OUT_DB_TUNING, "rds", gist="クエリが遅い")
    history_of_maintenance = issue(Category.UNDISCLOSED_MAINTENANCE, gist="過去のメンテナンスの履歴")
    return {
        "acknowledgement": seen(hints=_HINTS),
        "request_information": seen("when", "goal", "facet:command_result", hints=_HINTS),
        "request_everything": seen(
            "symptom",
            "facet:endpoints",
            "facet:command_result",
            "evidence",
            "when",
            "where",
            "goal",
            "who",
            issues=(issue(products=()),),
        ),
        "request_with_notice": seen("who", issues=(second, tuning), kind=None),
        "request_incident": seen("when", "where", issues=(issue(Category.INCIDENT),), kind=None),
        "request_with_secret": seen(
            "who",
            has_permission_error=True,
            text=_WITH_KEY,
            secrets=(Secret(kind="access_key", span=Span(_WITH_KEY.index("LTAI"), _WITH_KEY.index(" で"))),),
            hints=(Hint(kind="resource", value="LTAI5tExampleKey00000001"),),
            kind=SymptomKind.ERROR,
            refers_elsewhere=True,
        ),
        "recurrence": seen("evidence", "when", hints=(Hint(kind="once_recovered"), Hint(kind="not_reproducible"))),
        "split": seen(issues=(issue(), second)),
        "out_of_scope": seen(issues=(tuning,), kind=None),
        "policy_notice": seen(issues=(history_of_maintenance,), kind=None),
        "account_notice": seen(multiple_accounts=True, accounts=("5123456789012345", "5987654321098765")),
    }


def letters() -> dict[str, str]:
    """Every letter of record by file name: subject, a blank line, the text."""
    found: dict[str, str] = {}
    for language in ("ja", "en"):
        for name, reading in _readings().items():
            found[f"{language}_{name}"] = _letter(_in(reading, language), language)
        found[f"{language}_follow_up"] = _letter(
            _in(_answer("goal", "facet:command_result"), language), language, is_reply=True
        )
        found[f"{language}_completed"] = _letter(_in(_answer(), language), language, is_reply=True)
        due = DueReminder(
            ref="T000123",
            language=language,
            to="yamada@sample.example",
            subject="ECSに接続できません" if language == "ja" else "Cannot connect to ECS",
            asked=_ASKED,
            message_id="<request@uketsuke.example>",
            mail_id=1,
        )
        reminder = compose_reminder(due, pack(), identity(), NOW)
        found[f"{language}_reminder"] = f"{reminder.subject}\n\n{reminder.text}"
    return found


def _answer(*absent: str) -> Assessment:
    return seen(*absent, findings={"facet:parameters": ABSENT, Section.MATERIALS.value: UNKNOWN})


def _in(reading: Assessment, language: str) -> Assessment:
    from dataclasses import replace  # noqa: PLC0415 - used here only

    def english(one: Issue) -> Issue:
        words = {"請求書の再発行をお願いしたい": "reissue of an invoice", "クエリが遅い": "slow queries"}
        return replace(one, gist=words.get(one.gist, "cannot connect to ECS"))

    if language == "ja":
        return reading
    return replace(reading, language=language, issues=tuple(english(one) for one in reading.issues))


def _letter(reading: Assessment, language: str, *, is_reply: bool = False) -> str:
    came = mail() if language == "ja" else mail(**_EN_MAIL)
    asked = ticket(
        past(LetterKind.REQUEST_INFORMATION), asked=_ASKED, settled=("symptom", "evidence", "who"), language=language
    )
    before = history(ticket=asked) if is_reply else history()
    reply = compose(came, reading, decide(came, reading, before, pack()), before, pack(), identity())
    assert reply is not None
    return f"{reply.subject}\n\n{reply.text}"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, text in letters().items():
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")
