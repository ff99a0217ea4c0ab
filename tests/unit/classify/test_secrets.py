from __future__ import annotations

import pytest

from classify.secrets import find_secrets, masked
from classify.segment import make_document
from policy.pack import Pack


@pytest.mark.parametrize(
    ("words", "kind", "secret"),
    [
        ("AccessKey ID: LTAI5tAbCdEfGhIjKlMnOpQr を使っています", "access_key", "LTAI5tAbCdEfGhIjKlMnOpQr"),
        ("Secret: abcDEF123ghiJKL456mno", "secret_key", "abcDEF123ghiJKL456mno"),
        ("シークレットは「q8Zr5tYw2pLk9sDf3gHj」です", "secret_key", "q8Zr5tYw2pLk9sDf3gHj"),
        ("パスワード: Hunter2Hunter2", "password", "Hunter2Hunter2"),
        ("カード番号 4111 1111 1111 1111 で払えません", "card_number", "4111 1111 1111 1111"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private_key", "-----BEGIN RSA"),
    ],
)
def test_a_secret_is_found_with_its_span(words: str, kind: str, secret: str, pack: Pack) -> None:
    (found,) = find_secrets(make_document("件名", words, (), pack.cues))
    text = f"件名\n{words}"
    assert found.kind == kind
    assert text[found.span.start : found.span.end].startswith(secret)


@pytest.mark.parametrize(
    "words",
    [
        "パスワードを変更したいです",
        "password: incorrect と表示されます",
        "アカウント 5123456789012345 の件です",
        "the secret of success is testing",
        "RequestId: 0005f1b2-33aa-7c4d-9e21-8d0b0a66f1e2",
    ],
)
def test_what_is_no_secret_is_left_alone(words: str, pack: Pack) -> None:
    assert find_secrets(make_document("件名", words, (), pack.cues)) == ()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("My password for the console is Summer2026! in case you need it.", "Summer2026!"),
        ("rootのパスはHanako1234!です。", "Hanako1234!です"),
        ("mongodb://root:Xy77zzPass@dds-6we1.mongodb.rds.aliyuncs.com:3717/admin", "Xy77zzPass"),
        ("mysql -h rm-0iw.mysql.rds.aliyuncs.com -u app -pTiger#8812", "Tiger#8812"),
        ("CVV 123 です。", "123"),
    ],
)
def test_secrets_told_in_passing_are_found(text: str, secret: str, pack: Pack) -> None:
    doc = make_document("件名", text, (), pack.cues)
    found = find_secrets(doc)
    whole = f"件名\n{text}"
    assert [whole[slice(*one.span)] for one in found] == [secret]
    assert secret not in masked(whole, found)
    assert len(masked(whole, found)) == len(whole)


@pytest.mark.parametrize(
    "text", ["パスは通っています。", "http://host:8080/a@b", "ssh -p 2222 root@host", "パスワードを忘れました。"]
)
def test_no_secret_is_seen_where_none_is(text: str, pack: Pack) -> None:
    assert find_secrets(make_document("件名", text, (), pack.cues)) == ()
