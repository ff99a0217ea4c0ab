"""The texts of the IMAP settings."""

from __future__ import annotations

import pytest

from ingest.mailbox import Action, After, parse_after, parse_mailbox


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("imaps://taro@imap.example", "imaps://taro@imap.example:993/INBOX", ""),
        ("imap://support@desk.example@imap.example/", "imap://support@desk.example@imap.example:143/INBOX", ""),
        ("imaps://support%40desk.example:p%40%3Ass@h:1993/A/B", "imaps://support@desk.example@h:1993/A/B", "p@:ss"),
        ("IMAPS://u:pw@[::1]:99/受付 済み", "imaps://u@[::1]:99/%E5%8F%97%E4%BB%98%20%E6%B8%88%E3%81%BF", "pw"),
    ],
)
def test_a_mailbox_is_shown_without_its_password(url: str, shown: str, password: str) -> None:
    mailbox = parse_mailbox(url)
    assert (mailbox.shown, mailbox.password) == (shown, password)
    assert parse_mailbox(shown) == mailbox
    assert not password or password not in repr(mailbox) + mailbox.shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("imap.example", "begins with neither"),
        ("smtp://u:geheim@h", "begins with neither"),
        ("imaps://:geheim@h", "names no user"),
        ("imaps://u:geheim@", "names no host"),
        ("imaps://u:geheim@h:x/", "not readable"),
        ("imaps://u:geheim@h:0x1/", "not readable"),
        ("imaps://u:geheim@h/?x", "holds a ?"),
        ("imaps://u:geheim@h/a%0d%0aA1 LOGOUT", "control character"),
    ],
)
def test_a_wrong_url_is_told_without_repeating_it(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")) as caught:
        parse_mailbox(url)
    assert "geheim" not in str(caught.value)


def test_what_becomes_of_a_mail() -> None:
    assert parse_after("keep") == After(action=Action.KEEP)
    assert parse_after(" Seen ") == After(action=Action.SEEN)
    assert parse_after("move: Done/2026 ") == After(action=Action.MOVE, folder="Done/2026")
    for wrong in ("", "move", "move:", "seen:x", "burn"):
        with pytest.raises(ValueError, match="write keep, seen"):
            parse_after(wrong)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_only_this_machine_is_loopback(host: str) -> None:
    assert parse_mailbox(f"imap://u@{host}/").is_loopback
    assert not parse_mailbox("imap://u@10.0.0.1/").is_loopback


def test_a_host_that_only_begins_like_this_machine_is_another() -> None:
    assert not parse_mailbox("imap://u@localhost.evil.example/").is_loopback
    assert not parse_mailbox("imap://u@127.evil.example/").is_loopback
