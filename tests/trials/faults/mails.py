"""The mails of the trials: customers of one domain each, a word in each by which it is found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

DESK = "support@uketsuke.example"
OTHER_DESK = "tickets@otherdesk.example"
LEAD = "lead@uketsuke-people.example"
_LACKING = "RDS(rm-0iwa1b2c3d4e5f6g)でエラー 1290 が出ます。番号 {word}"
_COMPLETE = """お世話になっております。開発の佐藤です。
本日10時頃から東京リージョンの RDS for MySQL (rm-0iwa1b2c3d4e5f6g) でINSERTを実行すると次のエラーが返ってきます。{word}

ERROR 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement

手順: DMSでログイン → 対象データベースを選択 → INSERT文を実行。毎回発生します。
読み取り専用になった原因を知り、書き込みできる状態に戻すことがゴールです。
"""
_ENGLISH = "Hello,\n\nour ECS instance i-0iwa1b2c3d4e5f6g cannot be reached by SSH. {word}\n\nRegards, Sato\n"
_ANSWER = "本日10時頃からです。東京リージョンです。書き込みできる状態に戻すことがゴールです。{word}\n"
_KINDS = (_LACKING, _COMPLETE, _ENGLISH)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMail:
    """One mail as a customer's server hands it over, each time the same."""

    number: int
    sender: str
    message_id: str
    word: str  # found by the desk's search
    raw: bytes
    to: str = DESK
    answers: str = ""  # the Message-ID of the customer's first mail, of an answer to our letter
    is_poison: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


def question(number: int, *, poison: str = "", size: int = 0) -> TrialMail:
    """The first mail of a customer; `size` more bytes make a large one."""
    word = f"zq{number}xk"
    body = _KINDS[number % len(_KINDS)].format(word=word)
    body += "".join(f"\nlog {line:06d} nothing of note happened here at all" for line in range(size // 50))
    sender, message_id = f"user{number}@c{number}.example", f"<q{number}@c{number}.example>"
    head = [f"X-Trial-Poison: {poison}"] if poison else []
    return TrialMail(
        number=number,
        sender=sender,
        message_id=message_id,
        word=word,
        raw=_raw(sender, message_id, f"No {number}", body, head),
        is_poison=bool(poison),
    )


def answer(to: TrialMail, letter_id: str, address: str) -> TrialMail:
    """What that customer writes to our letter."""
    word = f"zr{to.number}xk"
    head = [f"In-Reply-To: {letter_id}", f"References: {to.message_id} {letter_id}"]
    message_id = f"<r{to.number}@c{to.number}.example>"
    return TrialMail(
        number=to.number,
        sender=to.sender,
        message_id=message_id,
        word=word,
        raw=_raw(to.sender, message_id, f"Re: No {to.number}", _ANSWER.format(word=word), head),
        to=address,
        answers=to.message_id,
    )


def _raw(sender: str, message_id: str, subject: str, body: str, head: list[str]) -> bytes:
    lines = [
        f"From: {sender}",
        f"To: {DESK}",
        f"Subject: {subject}",
        f"Message-ID: {message_id}",
        *head,
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body.replace("\n", "\r\n"),
    ]
    return "\r\n".join(lines).encode() + b"\r\n"
