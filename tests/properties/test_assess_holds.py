"""Whatever a mail says: reading it never raises, its spans lie in the text, its probabilities are probabilities."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classify.assess import assess
from classify.load import load_scorer
from classify.scorer import NoModels, Scorer
from models.assessment import FACETS_OF_KIND, Section, Span
from models.mail import Address, Envelope, Mail
from policy.pack import Pack

WORDS = st.sampled_from(
    [
        "ECSに接続できません。", "昨日の夕方から", "i-6we1a2b3c4d5e6f7g8h9", "ERROR 1290 (HY000)", "■現象", "【ゴール】", "不明", "1. ", "2) ", "\n", "\n\n",
        "$ ping 10.0.0.1\n", "ｶﾞ㍻①", "また、", "別件ですが、", "料金はいくらですか？", "Please help", "It fails since 10:15 JST.", "𠮟", "e\u0301", "\u3000", "お世話になっております。", "> ",
        "5123456789012345", "password: Hunter2Hunter2", "谢谢", '{"a":', "\t",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(WORDS, st.text(max_size=12)), max_size=24).map("".join)


def mail(subject: str, body: str) -> Mail:
    clean = body.replace("\x00", "").encode("utf-8", "replace").decode()
    return Mail(
        envelope=Envelope(mail_from="a@example.com", rcpt_tos=(), received_at=datetime(2026, 11, 22, tzinfo=UTC)),
        sender=Address(addr="a@example.com"),
        subject=subject.replace("\x00", "").replace("\n", " ").encode("utf-8", "replace").decode(),
        text=clean,
        reply_text=clean,
    )


@pytest.fixture(scope="module", params=["rules", "models"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return NoModels() if request.param == "rules" else load_scorer()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=TEXT, body=TEXT)
def test_any_text_is_read_with_spans_inside_it(subject: str, body: str, scorer: Scorer, pack: Pack) -> None:
    seen = assess(mail(subject, body), pack, scorer)
    spans: list[Span] = [span for finding in seen.sections.values() for span in finding.spans]
    spans += [span for finding in seen.facets.values() for span in finding.spans]
    spans += [span for issue in seen.issues for span in issue.spans]
    spans += [secret.span for secret in seen.secrets]
    assert all(0 <= start <= end <= len(seen.text) for start, end in spans)
    assert set(seen.sections) == set(Section)
    assert set(seen.facets) == (set(FACETS_OF_KIND[seen.symptom_kind]) if seen.symptom_kind else set())
    assert all(0.0 <= f.confidence <= 1.0 for f in (*seen.sections.values(), *seen.facets.values()))
    assert 0.0 <= seen.confidence <= 1.0


@pytest.mark.parametrize(
    ("subject", "body", "language"),
    [
        ("", "", "other"),
        ("", "\n\n\n", "other"),
        ("スクリーンショット", "", "ja"),
        ("Re: 接続できません", "", "ja"),
        ("😀", "😀" * 60_000, "other"),
        ("x", "a" * 2_000_000, "en"),
        ("接続", "サーバーに接続できません。" * 40_000, "ja"),
        ("混在", "ECSに connect できない 连接失败 서버 Сервер", "ja"),
        ("Сервер", "Сервер не отвечает с утра. Помогите, пожалуйста.", "other"),
        ("서버", "서버에 접속할 수 없습니다. 도와주세요.", "other"),
        ("الخادم", "لا يمكن الوصول إلى الخادم منذ الصباح", "other"),
        ("ログ", "2026-11-24 10:15:00 ERROR 1040 Too many connections\n" * 30_000, "other"),
    ],
)
def test_bad_mails_get_a_well_formed_answer(subject: str, body: str, language: str, scorer: Scorer, pack: Pack) -> None:
    seen = assess(mail(subject, body), pack, scorer)
    assert seen.text.startswith(subject)
    assert set(seen.sections) == set(Section)
    assert 0.0 <= seen.confidence <= 1.0
    if language != "other":
        assert seen.language == language
