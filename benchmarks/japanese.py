"""A customer's mail of about 800 characters, in as many versions as wanted: same length and shape, other words in its lines.

The sentence encoder remembers lines that it saw. So a version says which lines are new: all of them, or, as in life, those
that tell the matter, while greetings, headings and closings stay what everybody writes.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロ"  # 43, coprime to the stride
# Lines that every mail of this house style holds; {n} makes them new where every line shall be.
_COMMON = (
    "サポートセンター{n} 御中",
    "いつも{n}お世話になっております。",
    "サンプル商事{n}の田中です。",
    "■{n} 現象",
    "■{n} 根拠",
    "■{n} 発生日時",
    "■{n} 発生場所",
    "■{n} 操作アカウント",
    "■{n} ゴール",
    "お忙しいところ恐れ入りますが、{n}の件のご確認をお願いいたします。",
    "以上{n}、よろしくお願いいたします。",
)
# Lines of the matter, in the order of the headings above; {n} always varies.
_MATTER = (
    "社内の端末{n}からECSインスタンス web{h} へSSHで接続できなくなりました。",
    "接続元は{n}本社 203.0.113.{b}、接続先は i-6we0a1b2c3d4e5{h} (198.51.100.{b}) の22番ポートです。",
    "他の拠点の端末{n}からも試しましたが、同じ結果になりました。",
    "端末{n}で実行したコマンドと結果は次のとおりです。",
    "ssh: connect to host 198.51.100.{b} port 22: Connection timed out ({n})",
    "{n}の web{h} を再起動しても状況は変わりませんでした。",
    "{n}のセキュリティグループ sg-6we0a1b2c3d4e5{h} では 22/TCP を 203.0.113.{b}/32 に許可しています。",
    "2026年11月20日 09:{m} JST 頃から、{n}から何回か試しましたが、現在も継続しています。",
    "東京リージョン (ap-northeast-1) ゾーンA、VPC vpc-6we0a1b2c3d4e5{h} ({n}) です。",
    "RAMユーザー tanaka{h}@5123456789{h} ({n}) で操作しました。",
    "{n}の 203.0.113.{b} から web{h} にSSHでログインできること。",
    "業務{n}に影響が出ておりますので、原因と対処方法を教えていただけますと幸いです。",
)
_SHAPE = (
    ("common", 0, 4), ("matter", 0, 3),
    ("common", 4, 5), ("matter", 3, 7),
    ("common", 5, 6), ("matter", 7, 8),
    ("common", 6, 7), ("matter", 8, 9),
    ("common", 7, 8), ("matter", 9, 10),
    ("common", 8, 9), ("matter", 10, 12),
    ("common", 9, 11),
)  # fmt: skip


def support_mail(number: int, *, is_all_new: bool) -> bytes:
    """The mail as ISO-2022-JP, the way Japanese mail programs send it.

    Args:
        number: Which version; equal numbers give equal bytes. From 0 to 899,999; the length is the same for all.
        is_all_new: No line is shared with another version's; else the common lines are.
    """
    lines: list[str] = []
    for kind, start, end in _SHAPE:
        if kind == "matter":
            lines += [_varied(line, number) for line in _MATTER[start:end]]
        else:
            lines += [_varied(line, number if is_all_new else 0) for line in _COMMON[start:end]]
    message = EmailMessage(policy=SMTP)
    message["From"] = f"tanaka{number}@shouji.example"
    message["To"] = "support@uketsuke.example"
    message["Subject"] = f"ECS web{number} にSSHで接続できません"
    message["Message-ID"] = f"<assess.{number}@shouji.example>"
    message["Date"] = "Wed, 25 Nov 2026 09:00:00 +0900"
    message.set_content("\n".join(lines) + "\n", charset="iso-2022-jp", cte="7bit")
    return message.as_bytes()


def _varied(line: str, number: int) -> str:
    return line.format(n=_name(number), h=100_000 + number, b=100 + number % 150, m=f"{number % 60:02}")


def _name(number: int) -> str:
    """A made-up word for a number: digits alone would be masked, and what is masked alike may be remembered."""
    rest, word = (number + 1) * 1_234_567 % len(_KANA) ** 4, ""
    for _ in range(4):
        rest, place = divmod(rest, len(_KANA))
        word += _KANA[place]
    return word
