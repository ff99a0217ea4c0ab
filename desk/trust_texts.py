"""The sender check's sentences in Japanese, by pattern, as `texts.DETAILS` holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What stands behind "dkim=result d=... s=...: ".
_SIGNATURE = {
    "the signature does not match": "署名が一致しない",
    "the body was changed": "署名後に本文が変更されている",
    "the signature is broken": "署名の形式が正しくない",
    "the signature is oversized": "署名が長すぎる",
    "it does not cover From": "署名の対象に From が含まれていない",
    r"it covers (\d+) of (\d+) bytes": "署名の対象は本文 {2} バイト中 {1} バイトのみ",
    "a field that it covers stands there once more": "署名対象のヘッダーが重複している",
    "it had expired": "署名の有効期限切れ",
    "SHA-1 is no proof any more": "SHA-1 の署名は無効",
    "its key is too short": "公開鍵が短すぎる",
    "there is no such key": "公開鍵がない",
    "the key is oversized": "公開鍵が長すぎる",
    "the key is broken": "公開鍵の形式が正しくない",
    "the key was withdrawn": "公開鍵は失効している",
    "the key is not for mail": "公開鍵がメール用ではない",
    "the key is not for subdomains": "公開鍵がサブドメイン用ではない",
    "the key is not for this kind of signature": "公開鍵と署名の方式が合わない",
    "this kind of signature cannot be verified here": "この方式の署名は検証できない",
    "the domain is only testing": "送信元ドメインがテスト中",
    "DNS did not answer": "DNS の応答なし",
}
# What stands behind "spf: not judged, ".
_PATH = {
    "the address of the server that spoke to us is not known": "接続元のアドレスが不明",
    "the trace of our own relays names no server of the sender": "自社の中継サーバーの記録に送信元サーバーがない",
    "a relay of ours does not say where the mail came from": "自社の中継サーバーの記録に受信元がない",
    "a relay of ours does not say clearly where the mail came from": "自社の中継サーバーの記録から受信元を特定できない",
    "the sender signed in at a relay of ours": "差出人は自社の中継サーバーで認証済み",
}
_OUTCOMES = {"aligned": "差出人のドメインと一致", "not aligned": "差出人のドメインと不一致", "undecided": "判定できず"}

TRUST_JA: Mapping[str, str] = {
    r"found by (\S+)": "{0} による確認",
    "not checked: From does not name exactly one sender": "差出人を一つに特定できないため未確認",
    "not checked: the mail came as a file, not from a server": "ファイルから取り込んだメールのため未確認",
    r"not checked: the check failed \((.*)\)": "確認の処理に失敗({0})",
    "dmarc: not judged, DNS did not answer": "dmarc: DNS の応答がないため判定せず",
    **{rf"dmarc: p=(\w+) by (\S+), {said}": f"dmarc: p={{0}}({{1}})、{ja}" for said, ja in _OUTCOMES.items()},
    **{rf"dmarc: no policy of (\S+), {said}": f"dmarc: {{0}} のポリシーなし、{ja}" for said, ja in _OUTCOMES.items()},
    r"spf=(\w+) (\S+) from (\S+)": "spf={0} {1}(送信元 {2})",
    r"spf: the envelope's sender is of another domain \((.*)\)": "spf: 配送時の差出人は別のドメイン({0})",
    "spf: no envelope sender": "spf: 配送時の差出人なし",
    **{rf"spf: not judged, {said}": f"spf: 判定せず({ja})" for said, ja in _PATH.items()},
    "dkim: no signature": "dkim: 署名なし",
    "dkim: the headers are not well-formed": "dkim: ヘッダーの形式が正しくない",
    r"dkim: signed by another domain only \((.*)\)": "dkim: 別のドメインの署名のみ({0})",
    r"dkim: only the first (\d+) signatures were looked at": "dkim: 先頭{0}件の署名のみ確認",
    **{rf"(dkim=.*): {said}": f"{{0}}({ja})" for said, ja in _SIGNATURE.items()},
}
