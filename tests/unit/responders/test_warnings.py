"""What an agent is warned of before his letter goes, and what he is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy.load import load_pack
from policy.pack import Pack
from responders.warnings import CODES, Facts, has_disclaimer, own_text, warnings_of

PACK = load_pack("alibabacloud_jp")
PLAIN_JA = "佐藤様\n\nお問い合わせいただき、ありがとうございます。内容を確認し、改めてご連絡いたします。\n"


def codes(text: str = PLAIN_JA, **more: object) -> list[str]:
    """What a text leads to, everything else being in order."""
    facts: dict[str, Any] = {"text": text, "language": "ja", "wanted": "ja", "files": 0, **more}
    return [one.code for one in warnings_of(Facts(**facts), PACK)]


def test_an_ordinary_letter_warns_of_nothing() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    "text",
    [
        "max_connections を 500 に変更してください。",
        "innodb_buffer_pool_size = 8G",
        "セキュリティグループのルールを追加していただけますでしょうか。",
        "パラメータの例をご案内いたします。",
        "下記のコマンドを実行してください。\n$ ss -ltn",
        "sudo systemctl restart sshd",
        "  # vi /etc/ssh/sshd_config",
        "ALTER TABLE orders ADD INDEX idx (created_at);",
    ],
)
def test_a_setting_or_command_needs_the_disclaimer(text: str) -> None:
    whole = f"佐藤様\n\n{text}\n"
    assert codes(whole) == ["no_disclaimer"]
    assert codes(f"{whole}\n{PACK.texts['disclaimer']['ja']}\n") == []
    wrapped = PACK.texts["disclaimer"]["ja"].replace("設定の変更", "設定\nの変更")
    assert codes(f"{whole}\n{wrapped}\n") == []
    assert codes(f"{whole}\n影響範囲をご考慮のうえ、お客様のご判断で実施をお願いいたします。\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "Please set the parameter max_connections to 500.",
        "Enable the option log_bin.",
        "Run the following command:\n$ ss -ltn",
    ],
)
def test_the_same_in_english(text: str) -> None:
    assert codes(text, language="en", wanted="en") == ["no_disclaimer"]
    said = f"{text}\n{PACK.texts['disclaimer']['en']}"
    assert codes(said, language="en", wanted="en") == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("原因は、弊社側の物理ホストの故障でした。", "internal_cause"),
        ("Alibaba Cloud 内部の障害が原因です。", "internal_cause"),
        ("障害の報告書を来週お送りいたします。", "internal_cause"),
        ("RCA を共有いたします。", "internal_cause"),
        ("The root cause was a defect of the hypervisor.", "internal_cause"),
        ("スループットは最大で 500 程度になります。", "performance_figure"),
        ("このインスタンスでは 3,000 IOPS が出ます。", "performance_figure"),
        ("応答時間は改善されます。", "performance_figure"),
        ("The latency will be 3 ms.", "performance_figure"),
        ("昨日メンテナンスを実施いたしました。", "maintenance_record"),
        ("過去のメンテナンスの履歴は次のとおりです。", "maintenance_record"),
        ("Maintenance was carried out last night.", "maintenance_record"),
        ("SLA により保証されます。", "sla"),
        ("SLAにより99.9%を保証します。", "sla"),
        ("SLAを保証いたします。", "sla"),
        ("RCAをお送りします。", "internal_cause"),
        ("応答は5msです。", "performance_figure"),
        ("弊社のSLAは次のとおりです。", "sla"),
        ("復旧をお約束します。", "sla"),
        ("明日までに復旧いたします。", "sla"),
        ("ご利用料金は返金いたします。", "sla"),
        ("We guarantee that it is fixed.", "sla"),
    ],
)
def test_what_the_desk_does_not_promise(text: str, code: str) -> None:
    assert codes(text, language="ja") == [code]


@pytest.mark.parametrize(
    "text",
    [
        "プロダクト内部の障害の詳細につきましては、ご説明いたしかねます。",
        "性能指標は、原則として公開しておりません。スループットは 500 などとご案内することはいたしかねます。",
        "メンテナンスの過去の実績や履歴は公開しておりません。",
        "SLA を超える保証はいたしかねます。",
        "SLAについては保証いたしかねます。",
        "We do not publish maintenance records.",
        "We cannot give a root cause analysis.",
    ],
)
def test_who_declines_promises_nothing(text: str) -> None:
    assert codes(text) == []


def test_declining_one_thing_does_not_cover_another() -> None:
    text = "性能指標は公開しておりません。なお、原因は、弊社側のホストの障害でした。"
    assert codes(text) == ["internal_cause"]


def test_quotes_and_signature_are_not_the_agents_words() -> None:
    quoted = f"{PLAIN_JA}\n> 原因は弊社側の障害と書かれていましたが。\n>   $ sudo reboot\n-- \nSLA 株式会社\n"
    assert codes(quoted) == []
    assert "SLA" not in own_text(quoted)


@pytest.mark.parametrize(
    "asks",
    [
        "アカウントの削除をお願いします。",
        "登録メールアドレスを変更したいです。",
        "MFA のスマートフォンを紛失し、ログインできません。解除してください。",
        "所有者を子会社に移管したい。",
        "保存されているデータをすべて削除してください。",
        "Please disable MFA for our root user.",
        "We want to transfer the ownership to our new company.",
        "please close our account",
    ],
)
def test_an_identity_check_is_due_until_an_account_is_confirmed(asks: str) -> None:
    assert codes(asks=asks) == ["identity_check"]
    assert codes(asks=asks, has_known_account=True) == []
    assert codes(asks=asks, has_known_account=True, trust="failed") == ["forged", "identity_check"]


def test_an_ordinary_question_needs_no_identity_check() -> None:
    asks = "ECS (i-abc) に SSH で接続できません。アカウントID は 5123456789012345 です。"
    assert codes(asks=asks) == []


@pytest.mark.parametrize(
    "text",
    [
        "手順書を添付いたします。",
        "添付のとおりです。",
        "構成図を添付しました。",
        "Please find the log attached.",
        "I have attached a screenshot.",
    ],
)
def test_an_attachment_that_is_not_there(text: str) -> None:
    assert codes(text) == ["no_attachment"]
    assert codes(text, files=1) == []


@pytest.mark.parametrize(
    "text", ["ログを添付いただけますでしょうか。", "添付いただいたログを拝見しました。", "Could you attach the log?"]
)
def test_what_the_customer_attaches_is_no_attachment_of_ours(text: str) -> None:
    assert codes(text) == []


def test_another_language() -> None:
    assert codes("Thank you.", language="en") == ["other_language"]
    assert codes("Thank you.", language="other") == []
    assert codes("Thank you.", language="en", wanted="zh") == []  # he gets the pair anyway
    assert codes("谢谢。", language="zh", wanted="zh") == []


def test_addresses() -> None:
    known = frozenset({"taro@example.com"})
    fine: dict[str, Any] = {"recipients": ("taro@example.com",), "participants": known}
    assert codes(**fine) == []
    assert codes(**{**fine, "recipients": ("Taro+x@example.com",)}) == []
    assert codes(**{**fine, "recipients": ("taro@example.com", "jiro@example.com")}) == ["stranger"]
    assert codes(**{**fine, "recipients": ("taro@example.com", "no-reply@example.com")}) == ["nobody_reads", "stranger"]
    assert codes(**fine, standing={"taro@example.com": "blocked"}) == ["blocked"]
    assert codes(**fine, standing={"taro@example.com": "bounced"}) == ["bounced"]
    assert codes(**fine, trust="failed") == ["forged"]


def test_a_credential_and_a_banned_word() -> None:
    assert codes(holds_secret=True) == ["secret"]
    assert codes("規則ですので、自己責任でお願いします。") == ["banned_word"]


def test_each_code_comes_once_and_in_order() -> None:
    text = "SLA です。SLA です。弊社側の障害です。下記のコマンドを実行してください。"
    found = codes(text, holds_secret=True)
    assert found == ["secret", "no_disclaimer", "internal_cause", "sla"]
    assert found == sorted(found, key=CODES.index)


def test_a_pack_without_cues_warns_only_of_what_needs_no_words() -> None:
    bare = replace(PACK, cues=replace(PACK.cues, phrases={}), banned_words={})
    facts = Facts(text="弊社側の障害です。SLA", language="ja", wanted="ja", holds_secret=True)
    assert [one.code for one in warnings_of(facts, bare)] == ["secret"]
    assert not has_disclaimer("ご判断でお願いします", without_texts(bare))


def without_texts(pack: Pack) -> Pack:
    return replace(pack, texts={})


def test_what_was_found_is_told_shortly() -> None:
    (one,) = warnings_of(Facts(text="メンテナンス" + "の" * 18 + "実績です", language="ja", wanted="ja"), PACK)
    assert one.found.startswith("メンテナンス")
    assert len(one.found) <= 60


@pytest.mark.parametrize(
    "piece",
    ["1,", "set ", "値を ", "a_", "\n", " ", "enable the ", "添付の", "原因は", "past ", "$ ", "1 ", "= ", "内部の"],
)
def test_a_text_of_nothing_but_beginnings_is_read_to_its_end(piece: str) -> None:
    """An expression that goes back over what it has read would take minutes here."""
    text = piece * (50_000 // len(piece))
    assert isinstance(codes(text, asks=text), list)
