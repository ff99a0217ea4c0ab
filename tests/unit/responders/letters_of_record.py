"""The letters kept as text under `golden/`, and how each comes about.

`python -m tests.unit.responders.letters_of_record` writes them anew; read the difference as a customer would.
"""

from __future__ import annotations

from dataclasses import replace
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
_BARE_TIME = Hint(kind="when", value="2026-11-24T08:30:00")
_WITH_KEY = "ECSに接続できません\nAccessKey LTAI5tExampleKey00000001 で Forbidden.RAM になります。"
_ASKED = ("when", "where", "goal", "facet:command_result")
_EN_SENDER = Address(addr="yamada@sample.example", name="Taro Yamada")


def _readings() -> dict[str, Assessment]:
    """One reading for each kind of letter and each combination, named by what makes it."""
    billing = issue(Category.PAYMENT_BILLING, gist="請求書の再発行をお願いしたい", products=())
    usage = issue(Category.PURCHASE_USAGE, gist="利用料金の内訳を知りたい", products=())
    backup = issue(Category.TROUBLESHOOTING, "rds", gist="バックアップが失敗する", spans=(Span(40, 80),))
    tuning = issue(Category.OUT_DB_TUNING, "rds", gist="クエリが遅い")
    patching = issue(Category.OUT_OS_PATCHING, gist="OSのパッチを適用してほしい")
    maintenance = issue(Category.UNDISCLOSED_MAINTENANCE, gist="過去のメンテナンスの履歴")
    performance = issue(Category.UNDISCLOSED_PERFORMANCE, gist="性能の目安")
    outage_detail = issue(Category.UNDISCLOSED_INCIDENT, gist="障害の原因の報告書")
    in_backup = (
        Hint(kind="region", value="ap-northeast-1", span=Span(42, 50)),
        Hint(kind="when", value="2026-11-23", span=Span(51, 60)),
    )
    everything = (
        "symptom", "facet:endpoints", "facet:command_result", "evidence", "when", "where", "goal", "who"
    )  # fmt: skip
    upload = issue(products=("oss",), gist="a.csvのアップロードがAccessDeniedになる")
    lifecycle = issue(products=("oss",), gist="ライフサイクルルールで削除されない")
    login = issue(products=("rds",), gist="アプリケーションからRDSに接続できない")
    redis = issue(products=("redis",), gist="Redisに接続できない")
    site = issue(products=("cdn",), gist="サイトが502になる")
    pods = issue(products=("ack",), gist="PodがPendingのままになる")
    users = issue(products=("ram",), gist="RAMユーザーの一覧が開けない")
    empty = issue(gist="インスタンスの一覧が空になる")
    how_to = issue(Category.HOW_TO, "oss", gist="使い方を教えてほしい")
    price = issue(Category.OVERVIEW_PRICING, products=(), gist="料金を教えてほしい")
    account = issue(Category.ACCOUNT, products=(), gist="登録情報の変更")
    outage = issue(Category.INCIDENT, gist="東京リージョンで一斉に通信が途絶えた")
    error = SymptomKind.ERROR
    return {
        "acknowledgement": seen(hints=_HINTS),
        "acknowledgement_refers_elsewhere": seen(hints=_HINTS, refers_elsewhere=True),
        "acknowledgement_with_notice": seen(issues=(how_to, performance), kind=None),
        "acknowledgement_incident": seen(hints=_HINTS, issues=(outage,), kind=None),
        "acknowledgement_deletes": seen(hints=(*_HINTS, Hint(kind="deletes_resources"))),
        "request_information": seen("evidence", "goal", "facet:command_result", hints=_HINTS),
        "request_everything": seen(*everything, issues=(issue(products=()),)),
        "request_error_rds": seen(
            "facet:error_message", "facet:steps", "where", "evidence", "goal", issues=(backup,), kind=error
        ),
        "request_error_oss": seen("when", "facet:error_message", issues=(upload,), kind=error),
        "request_error_ack": seen("facet:error_message", "facet:steps", "where", issues=(pods,), kind=error),
        "request_error_ram": seen("where", "facet:steps", "goal", issues=(users,), kind=error),
        "request_connectivity_rds": seen("facet:endpoints", "facet:command_result", "where", issues=(login,)),
        "request_connectivity_redis": seen("facet:endpoints", "where", "goal", issues=(redis,)),
        "request_connectivity_cdn": seen("facet:endpoints", "facet:command_result", "where", "goal", issues=(site,)),
        "request_display": seen(
            "facet:intended", "facet:unintended", "goal", issues=(empty,), kind=SymptomKind.DISPLAY
        ),
        "request_behaviour_oss": seen(
            "facet:expected", "facet:actual", "where", issues=(lifecycle,), kind=SymptomKind.BEHAVIOUR
        ),
        "request_zone": seen("goal", hints=(*_HINTS[:2], _BARE_TIME, Hint(kind="zone_missing"))),
        "request_links": seen(evidence_linked=False, goal_linked=False),
        "request_refers_elsewhere": seen("goal", hints=_HINTS, refers_elsewhere=True),
        "request_billing": seen("who", issues=(usage,), kind=None),
        "request_price": seen("symptom", issues=(price,), kind=None),
        "request_how_to": seen("symptom", "where", issues=(how_to,), kind=None),
        "request_account": seen("who", issues=(account,), kind=None),
        "request_with_notice": seen("who", issues=(billing, tuning), kind=None),
        "request_with_two_notices": seen("when", issues=(issue(), patching, maintenance)),
        "request_deletes": seen("when", hints=(*_HINTS[:2], Hint(kind="deletes_resources"))),
        "request_urgent": seen("when", hints=(*_HINTS[:2], Hint(kind="urgent"))),
        "request_incident": seen("when", "where", issues=(outage,), kind=None),
        "request_incident_with_notice": seen("when", issues=(outage, outage_detail), kind=None),
        "request_with_secret": seen(
            "who",
            has_permission_error=True,
            text=_WITH_KEY,
            issues=(upload,),
            secrets=(Secret(kind="access_key", span=Span(_WITH_KEY.index("LTAI"), _WITH_KEY.index(" で"))),),
            hints=(Hint(kind="resource", value="LTAI5tExampleKey00000001"),),
            kind=error,
        ),
        "recurrence": seen("evidence", "when", hints=(Hint(kind="once_recovered"), Hint(kind="not_reproducible"))),
        "split": seen(issues=(issue(), backup), hints=in_backup),
        "split_three_with_notices": seen(issues=(issue(), backup, billing, tuning, maintenance), hints=in_backup),
        "out_of_scope": seen(issues=(tuning,), kind=None),
        "out_of_scope_two": seen(issues=(tuning, issue(Category.OUT_APPLICATION), patching), kind=None),
        "policy_notice": seen(issues=(maintenance,), kind=None),
        "policy_notice_incident": seen(issues=(outage_detail,), kind=None),
        "policy_notice_mixed": seen(issues=(performance, patching), kind=None),
        "account_notice": seen(multiple_accounts=True, accounts=("5123456789012345", "5987654321098765")),
        "account_notice_unknown": seen(accounts=("5987654321098765",)),
    }


def letters() -> dict[str, str]:
    """Every letter of record by file name: subject, a blank line, the text."""
    found: dict[str, str] = {}
    for language in ("ja", "en"):
        for name, reading in _readings().items():
            found[f"{language}_{name}"] = _letter(_in(reading, language), language)
        found[f"{language}_follow_up_with_notice"] = _letter(
            _in(_answer("goal", issues=(issue(), issue(Category.OUT_DB_TUNING, "rds"))), language),
            language,
            is_reply=True,
        )
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
            categories=(Category.TROUBLESHOOTING,),
            products=("ecs",),
            sender_name="株式会社サンプル 山田太郎" if language == "ja" else "Taro Yamada",
        )
        reminder = compose_reminder(due, pack(), identity(), NOW)
        found[f"{language}_reminder"] = f"{reminder.subject}\n\n{reminder.text}"
    chinese = replace(seen("when", "goal", hints=_HINTS), language="zh")
    found["zh_request_information"] = _letter(chinese, "ja")
    return found


def _answer(*absent: str, **changes: object) -> Assessment:
    return seen(*absent, findings={"facet:parameters": ABSENT, Section.MATERIALS.value: UNKNOWN}, **changes)  # type: ignore[arg-type]


_ENGLISH = {
    "a.csvのアップロードがAccessDeniedになる": "uploads of a.csv fail with AccessDenied",
    "ライフサイクルルールで削除されない": "the lifecycle rule deletes nothing",
    "アプリケーションからRDSに接続できない": "our application cannot connect to RDS",
    "Redisに接続できない": "cannot connect to Redis",
    "サイトが502になる": "our site answers with 502",
    "PodがPendingのままになる": "pods stay Pending",
    "RAMユーザーの一覧が開けない": "the list of RAM users does not open",
    "インスタンスの一覧が空になる": "the list of instances is empty",
    "使い方を教えてほしい": "how to use it",
    "料金を教えてほしい": "what it costs",
    "登録情報の変更": "change of our registered data",
    "東京リージョンで一斉に通信が途絶えた": "everything in Tokyo is unreachable",
    "請求書の再発行をお願いしたい": "reissue of an invoice",
    "利用料金の内訳を知りたい": "what the usage charges consist of",
    "バックアップが失敗する": "backups fail",
    "クエリが遅い": "slow queries",
}


def _in(reading: Assessment, language: str) -> Assessment:
    def english(one: Issue) -> Issue:
        return replace(one, gist=_ENGLISH.get(one.gist, "cannot connect to ECS"))

    if language == "ja":
        return reading
    return replace(reading, language=language, issues=tuple(english(one) for one in reading.issues))


def _letter(reading: Assessment, language: str, *, is_reply: bool = False) -> str:
    subject = reading.issues[0].gist if reading.issues else "ECSに接続できない"
    came = mail(subject=subject) if language == "ja" else mail(sender=_EN_SENDER, subject=subject)
    came = replace(came, thread_refs=("T000123",)) if is_reply else came
    asked = ticket(
        past(LetterKind.REQUEST_INFORMATION), asked=_ASKED, settled=("symptom", "evidence", "who"), language=language
    )
    known = ("5123456789012345",) if reading.accounts == ("5987654321098765",) else ()
    before = history(ticket=asked) if is_reply else history(known_accounts=known)
    reply = compose(came, reading, decide(came, reading, before, pack()), before, pack(), identity())
    assert reply is not None
    return f"{reply.subject}\n\n{reply.text}"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, text in letters().items():
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")
