"""Thanks are only thanks where nothing goes on."""

from __future__ import annotations

import pytest

from classify.categories import goes_on, is_acknowledgement


@pytest.mark.parametrize(
    "text",
    [
        "ご回答ありがとうございます。ご案内の設定に変更しましたが、まだ502が出ます。",
        "ご返信ありがとうございます。手順どおりに拡張しましたが、df -h では40Gのままです。",
        "ありがとうございます。依然としてSSH接続がタイムアウトします。",
        "一度は解決しましたが、今朝からまた接続できません。",
        "解決しました。別件ですが、保存期間はどこで変更できますか。",
        "Thank you, I followed the steps but ssh still times out.",
        "Thanks. What else should I check?",
        "ご連絡ありがとうございます。再接続を試しましたが、IKEのPhase1が確立しませんでした。解決次第クローズしていただいて構いません。",
        "ありがとうございます。ログを添付します。RequestId は 8f2c-11、リージョンは東京です。",
        "谢谢，但是还是无法连接。",
    ],
)
def test_thanks_that_hold_a_matter_are_no_acknowledgement(text: str) -> None:
    assert goes_on(text)
    assert not is_acknowledgement(text, has_question=False)


@pytest.mark.parametrize(
    "text",
    [
        "ありがとうございました。無事に接続できました。",
        "承知いたしました。明日の朝に試して、改めてご連絡いたします。",
        "Thanks a lot, the issue is resolved. You may close the ticket.",
        "谢谢，已解决。",
    ],
)
def test_mere_thanks_are_one(text: str) -> None:
    assert not goes_on(text)
    assert is_acknowledgement(text, has_question=False)
