from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from models.errors import StoreUnavailable
from runtime.inlets import mail_of_pipe, mails_at

HEAD = b"From: a@x.example\nSubject: one\n\n"


def box(tmp_path: Path, content: bytes) -> list[bytes]:
    file = tmp_path / "box"
    file.write_bytes(content)
    return [raw for _, raw in mails_at(file)]


@pytest.mark.parametrize(
    "separator",
    [
        b"From taro@x.example Sun Nov 22 10:15:00 2026",
        b"From - Sun Nov  1 10:15:00 2026",
        b"From 1234567@xxx Sun Nov 22 10:15:00 +0000 2026",
        b"From MAILER-DAEMON Sun Nov 22 10:15 JST 2026",
        b'From "taro yamada"@x.example Sun, 22 Nov 2026 10:15:00 +0900',
    ],
)
def test_every_usual_separator_parts_mails(tmp_path: Path, separator: bytes) -> None:
    mail = HEAD + b"body\n"
    assert box(tmp_path, (separator + b"\n" + mail + b"\n") * 3) == [mail] * 3


@pytest.mark.parametrize(
    "line",
    [
        b"From now on it fails.",
        b"From 10:15 on: it fails.",
        b"From taro@x.example I heard on Nov 22 10:15 that",
        b"From taro@x.example Sun Nov 22 10:15:00 2026",
    ],
)
def test_a_line_of_the_body_parts_nothing(tmp_path: Path, line: bytes) -> None:
    mail = HEAD + b"It worked.\n\n" + line + b"\nPlease help.\n"
    assert box(tmp_path, b"From a@x.example Sun Nov 22 10:15:00 2026\n" + mail) == [mail]


def test_marks_of_quoted_lines_are_taken_off(tmp_path: Path) -> None:
    start = b"From a@x.example Sun Nov 22 10:15:00 2026\n"
    assert box(tmp_path, start + HEAD + b">From now on\n>>From then\n> From x\n") == [
        HEAD + b"From now on\n>From then\n> From x\n"
    ]


def test_a_file_that_only_begins_like_a_mailbox_is_one_mail(tmp_path: Path) -> None:
    assert box(tmp_path, b"From here on\n" + HEAD) == [b"From here on\n" + HEAD]


def test_capitals_of_a_files_name_do_not_matter(tmp_path: Path) -> None:
    for name in ("a.eml", "B.EML", "c.Eml", "d.txt"):
        (tmp_path / name).write_bytes(HEAD)
    assert len(list(mails_at(tmp_path))) == 3


@pytest.mark.parametrize("nothing", [b"", b"\n", b" \r\n"])
def test_an_empty_pipe_is_a_temporary_failure(nothing: bytes) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        mail_of_pipe(BytesIO(nothing))
    assert caught.value.temporary
    assert mail_of_pipe(BytesIO(HEAD)) == HEAD
